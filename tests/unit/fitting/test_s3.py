"""Fittings whose pictures live in a bucket: nothing is read from a folder of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.s3_server import BUCKET, KEYS
from tests.unit.fitting.engines import Script
from tests.unit.fitting.house import ANNS, RED, open_house, order
from tests.unit.library.arriving import decode
from tests.unit.storage.conftest import s3_server

from vtonlab.db.database import Database
from vtonlab.errors import NotThere
from vtonlab.storage.s3 import S3Storage

pytestmark = pytest.mark.anyio
__all__ = ["s3_server"]


async def test_fittings_over_a_bucket(
    database: Database, tmp_path: Path, script: Script, s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    storage = S3Storage(BUCKET, "fitting", endpoint=s3_server)
    async with open_house(database, tmp_path, storage=storage) as house:
        person, top, trousers = await house.wardrobe()
        fitted = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(person, top))).task_id)
        assert tuple(decode(fitted.data)[75, 75]) == RED
        assert await house.fitting.mask(ANNS, fitted.entry.id)
        for _ in range(2):
            asked = order(person, top, trousers, engine="single")
            await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, asked)).task_id)
        assert [name for name, _ in script.calls] == ["painter", "single", "single", "single"]
        kinds = {key.split("/")[-2] for key in await house.keys()}
        assert {"analyses", "masks", "layers", "thumbnails"} <= kinds
        await storage.delete(top.storage_key)
        task = await house.fitting.ask(ANNS, order(person, top))
        with pytest.raises(NotThere):
            await house.fitting.wait(ANNS, task.task_id)
        report = await house.sweep.run(alone=True)
        assert (report.orphans, report.missing) == (0, 1)
