"""Rows and files brought back in step."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.databases import any_database, mariadb_server, postgresql_server
from tests.unit.library.arriving import ANN, House, open_house, photo

from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.library import changes, companions
from vtonlab.library.incoming import Incoming
from vtonlab.library.models import Erasure, Image
from vtonlab.library.sweep import PAGE

pytestmark = pytest.mark.anyio
__all__ = ["any_database", "mariadb_server", "postgresql_server"]

YEAR = timedelta(days=365)


async def fill(house: House, count: int) -> list[Image]:
    for number in range(count):
        await house.ingest.add(ANN, Incoming(photo(number)))
    return await house.rows()


def age(house: House, key: str, by: timedelta = YEAR) -> None:
    path = house.storage.path(key)
    assert path is not None
    moment = time.time() - by.total_seconds()
    os.utime(path, (moment, moment))


def named(moment: datetime, tail: str = "0badf00d.jpg") -> str:
    return f"images/{ANN}/clothes/clothes_{moment:%Y%m%d_%H%M%S}_{tail}"


async def test_nothing_is_done_where_all_is_well(any_database: Database, tmp_path: Path) -> None:
    async with open_house(any_database, tmp_path) as house:
        rows = await fill(house, 3)
        before = await house.keys()
        for alone in (True, False):
            report = await house.sweep.run(alone=alone)
            assert (report.rows, report.files) == (3, 9)
            assert (report.orphans, report.missing, report.unfinished, report.uploads, report.purged) == (0,) * 5
        assert await house.keys() == before
        assert await house.rows() != []
        assert {row.status for row in rows} == {"ready"}


async def test_files_without_a_row_go_and_rows_without_a_file_say_so(any_database: Database, tmp_path: Path) -> None:
    async with open_house(any_database, tmp_path) as house:
        first, second, third = await fill(house, 3)
        orphan = named(datetime(2026, 1, 1, tzinfo=UTC))
        for key in changes.files_of(orphan):
            await house.storage.put(key, b"left by a crash")
        await house.storage.delete(second.storage_key)
        report = await house.sweep.run(alone=True)
        assert (report.orphans, report.missing, report.found_again) == (3, 1, 0)
        assert [row.status for row in await house.rows()] == ["ready", "missing", "ready"]
        kept = [key for row in (first, second, third) for key in changes.files_of(row.storage_key)]
        assert sorted(await house.keys()) == sorted(set(kept) - {second.storage_key})
        assert (await house.sweep.run(alone=True)).missing == 0  # told once
        await house.storage.put(second.storage_key, photo(1))
        assert (await house.sweep.run()).found_again == 1
        assert {row.status for row in await house.rows()} == {"ready"}


async def test_other_servers_writes_are_left_alone(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        await fill(house, 1)
        fresh, copied, old = named(now(), "0000000a.jpg"), named(now(), "0000000b.jpg"), named(now() - YEAR)
        for key in (fresh, copied, old):
            await house.storage.put(key, b"x")
        age(house, copied)  # a hard link shows the time of the file it was made from
        age(house, old)
        report = await house.sweep.run(alone=False)
        assert report.orphans == 1
        assert {fresh, copied} < set(await house.keys())
        assert old not in await house.keys()


async def test_a_lost_database_costs_no_picture(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        for number in range(40):
            key = named(datetime(2026, 1, 1, tzinfo=UTC), f"{number:08x}.jpg")
            await house.storage.put(key, b"a picture whose row was lost")
        report = await house.sweep.run(alone=True)
        assert (report.orphans, report.left_alone) == (0, 40)
        assert len(await house.keys()) == 40


async def test_what_uploads_and_writes_left_is_removed(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        for folder, name in (("tmp", "0-a"), (".unfinished", f"{1:016x}-a")):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).write_bytes(b"half")
        os.utime(tmp_path / "tmp" / "0-a", (1, 1))
        with house.ingest.scratch.several() as files:
            mine = files.new()
            os.utime(mine, (1, 1))
            report = await house.sweep.run(alone=True)
            assert (report.uploads, report.unfinished) == (1, 1)
            assert mine.exists()  # an upload that is still coming in
        assert house.leftovers() == []


async def test_the_trash_forgets_after_its_days(any_database: Database, tmp_path: Path) -> None:
    async with open_house(any_database, tmp_path, trash_days=30) as house:
        old, fresh, kept = await fill(house, 3)
        await house.library.trash(ANN, [old.id, fresh.id])
        then = now() - timedelta(days=31)
        await house.database.write(
            lambda session: session.execute(update(Image).where(Image.id == old.id).values(deleted_at=then))
        )
        assert (await house.sweep.run()).purged == 1
        assert [row.id for row in await house.rows()] == [fresh.id, kept.id]
        assert len(await house.keys()) == 6


async def test_more_rows_than_a_page(database: Database, tmp_path: Path) -> None:
    """Pages join without a gap: of many rows exactly those without a file are found."""
    count = 2 * PAGE + 7
    async with open_house(database, tmp_path) as house:
        (row,) = await fill(house, 1)
        fields = {column.name: getattr(row, column.name) for column in Image.__table__.columns}

        async def add(session) -> None:
            for number in range(count):
                key = named(datetime(2026, 1, 1, tzinfo=UTC), f"{number * 7919:08x}.jpg")
                session.add(Image(**{**fields, "id": f"{number:032x}", "storage_key": key}))

        await house.database.write(add)
        gone = set(range(0, count, 13))
        for number in set(range(count)) - gone:
            key = named(datetime(2026, 1, 1, tzinfo=UTC), f"{number * 7919:08x}.jpg")
            path = house.storage.path(key)
            assert path is not None
            path.write_bytes(b"x")
        report = await house.sweep.run(alone=True)
        assert (report.missing, report.orphans, report.rows) == (len(gone), 0, count + 1)
        missing = {int(each.id, 16) for each in await house.rows() if each.status == "missing"}
        assert missing == gone


async def test_files_of_pictures_forgotten_for_good_go_however_many(any_database: Database, tmp_path: Path) -> None:
    """A crash between the commit that forgets them and the removal of their files: no limit protects those."""
    async with open_house(any_database, tmp_path) as house:
        rows = await fill(house, 12)
        keys = [key for row in rows[:10] for key in changes.files_of(row.storage_key)]
        kept = {key: await house.storage.load(key) for key in keys}

        async def purge(session: AsyncSession) -> None:
            await changes.trash(session, rows[:10])
            await changes.purge(session, rows[:10], house.storage)

        await house.database.write(purge)
        for key, data in kept.items():  # as if the machine had stopped before they went
            await house.storage.put(key, data)
        report = await house.sweep.run(alone=True)
        assert (report.erased, report.orphans, report.left_alone) == (30, 0, 0)
        assert sorted(await house.keys()) == sorted(k for row in rows[10:] for k in changes.files_of(row.storage_key))
        assert (await house.sweep.run(alone=True)).erased == 0
        async with house.database.read() as session:
            assert (await session.execute(select(Erasure))).all() == []


async def test_what_is_kept_beside_a_picture_goes_when_it_goes(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        kept, purged = (row.storage_key for row in await fill(house, 2))
        orphan = named(datetime(2026, 1, 1, tzinfo=UTC)).replace("/clothes/", "/vton_results/")
        for key in (kept, purged, orphan):
            for beside in companions.keys_of(key):
                await house.storage.put(beside, b"found out")
        assert len(companions.keys_of(orphan)) == 3
        second = (await house.rows())[1]

        async def purge(session: AsyncSession) -> None:
            await changes.trash(session, [second])
            await changes.purge(session, [second], house.storage)

        await house.database.write(purge)
        report = await house.sweep.run(alone=True)
        assert (report.orphans, report.erased) == (3, 0)
        assert sorted(await house.keys()) == sorted([*changes.files_of(kept), *companions.keys_of(kept)])


async def test_a_picture_that_a_backup_brought_back_is_not_erased(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        (row,) = await fill(house, 1)

        async def note(session: AsyncSession) -> None:
            session.add(Erasure(storage_key=row.storage_key))

        await house.database.write(note)
        report = await house.sweep.run(alone=True)
        assert (report.erased, report.missing) == (0, 0)
        assert sorted(await house.keys()) == sorted(changes.files_of(row.storage_key))
