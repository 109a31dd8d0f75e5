"""Both places for bytes: a folder, and a bucket of an S3 server that really runs."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.storage.open import open_storage

KEYS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
BUCKET = "pictures"
SECONDS_TO_START = 60.0


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 server of its own process."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    program = "from moto.server import main; main()"
    folder = tmp_path_factory.mktemp("s3")
    with subprocess.Popen(
        [sys.executable, "-c", program, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TMPDIR": str(folder)},
    ) as server:
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while True:
                try:
                    httpx.put(f"{address}/{BUCKET}", trust_env=False).raise_for_status()
                    break
                except httpx.HTTPError:
                    assert time.monotonic() < deadline, "the S3 server does not start"
                    time.sleep(0.1)
            yield address
        finally:
            server.terminate()
            server.wait()


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
