"""Pictures that come in to a bucket instead of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.s3_server import BUCKET, KEYS
from tests.unit.library.arriving import ANN, open_house, photo
from tests.unit.storage.conftest import s3_server

from vtonlab.db.database import Database
from vtonlab.library import changes
from vtonlab.library.incoming import Incoming
from vtonlab.storage.s3 import S3Storage

pytestmark = pytest.mark.anyio
__all__ = ["s3_server"]


async def test_pictures_in_a_bucket(
    database: Database, tmp_path: Path, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    storage = S3Storage(BUCKET, "ingest", endpoint=s3_server)
    async with open_house(database, tmp_path, storage) as house:
        one = await house.ingest.add(ANN, Incoming(photo(1)))
        other = await house.ingest.add(ANN, Incoming(photo(1), "char"))
        again = await house.ingest.add(ANN, Incoming(photo(1), "char"))
        assert again.duplicate_of == other.image.id
        keys = [*changes.files_of(one.image.storage_key), *changes.files_of(other.image.storage_key)]
        assert sorted(await house.keys()) == sorted(keys)
        await storage.put(f"images/{ANN}/clothes/clothes_20260101_000000_0badf00d.jpg", b"left by a crash")
        await storage.delete(other.image.storage_key)
        report = await house.sweep.run(alone=True)
        assert (report.orphans, report.missing, report.rows) == (1, 1, 2)
        assert sorted(await house.keys()) == sorted(set(keys) - {other.image.storage_key})
