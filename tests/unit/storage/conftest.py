"""Both places for bytes: a folder, and a bucket of an S3 server that really runs."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.s3_server import BUCKET, KEYS, run_s3_server

from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.storage.open import open_storage


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 server."""
    with run_s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture
def s3_settings(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A prefix of its own in the bucket."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return Settings(storage_url=f"s3://{BUCKET}/{secrets.token_hex(8)}", storage_endpoint=s3_server)


@pytest.fixture(params=["local", "s3"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """Each of the two, empty."""
    if request.param == "local":
        opened = open_storage(Settings(data=tmp_path / "data"))
    else:
        opened = open_storage(request.getfixturevalue("s3_settings"))
    assert opened.name == request.param
    yield opened
    await opened.close()


@pytest.fixture
def unfinished(storage: Storage, request: pytest.FixtureRequest) -> Callable[[], list[str]]:
    """What is left of writes that did not end."""
    if storage.name == "local":
        folder = request.getfixturevalue("tmp_path") / "data" / ".unfinished"
        return lambda: sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    chosen: Settings = request.getfixturevalue("s3_settings")

    def ask() -> list[str]:
        answer = httpx.get(f"{chosen.storage_endpoint}/{BUCKET}?uploads", trust_env=False)
        prefix = chosen.storage_url.rpartition("/")[2]
        return [part for part in answer.text.split("<Key>")[1:] if part.startswith(prefix)]

    return ask
