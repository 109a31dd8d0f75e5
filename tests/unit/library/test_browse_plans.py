"""What the databases do for a listing: each is read from an index in its order; nothing is sorted, no table scanned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from benchmarks._library import fill
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from vtonlab.db.database import Database
from vtonlab.library import repository
from vtonlab.library.listings import INDEXED, Filter, Listing, Sort

USER = "u1"
FILTERS = {
    "": Filter(),
    "category": Filter(category="clothes"),
    "colour": Filter(colour="red"),
    "garment_kind": Filter(garment_kind="upper"),
    "favorite": Filter(favorite=True),
    "trash": Filter(trash=True),
}
SORTS = {"saved_at": (Sort.NEWEST, Sort.OLDEST), "sort_name": (Sort.NAME,), "file_size": (Sort.LARGEST,)}
SORTS |= {"favorited_at": (Sort.LIKED,), "deleted_at": (Sort.DELETED,)}
LISTINGS = [
    Listing(USER, FILTERS[name], sort)
    for name, columns in INDEXED.items()
    for column in sorted(columns)
    for sort in SORTS[column]
]
PICTURES = 2_500
"""Of each of two users: enough for the databases' planners to prefer an index where there is one."""


@contextmanager
def statements(session: AsyncSession) -> Iterator[list[tuple[str, Any]]]:
    """What is asked through ``session``, with its values."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    connection = session.sync_session.connection()
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(connection, "before_cursor_execute", note)


async def explain(connection: AsyncConnection, statement: str, values: Any) -> str:
    """The plan, in the words of the database."""
    dialect = connection.dialect.name
    before = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN ", "mysql": "EXPLAIN FORMAT=JSON "}[dialect]
    rows = (await connection.exec_driver_sql(before + statement, values)).all()
    return "\n".join(" ".join(str(value) for value in row) for row in rows)


def judge(dialect: str, plan: str) -> list[str]:
    """What is wrong with a plan of one listing."""
    if dialect == "sqlite":
        bad = [line for line in plan.splitlines() if "TEMP B-TREE" in line or ("SCAN images" in line)]
        return bad if "USING INDEX" in plan or "USING COVERING INDEX" in plan else [*bad, "no index"]
    if dialect == "postgresql":
        return [line for line in plan.splitlines() if "Seq Scan on images" in line or "Sort" in line.split("(")[0]]
    bad = [word for word in ("filesort", '"access_type": "ALL"') if word in plan]
    table = json.dumps(json.loads(plan))
    return bad if '"key": "ix_images' in table or '"key": "PRIMARY' in table else [*bad, "no index"]


async def prepare(database: Database, pictures: int = PICTURES) -> None:
    await fill(database, USER, pictures)
    await fill(database, "u2", pictures)
    async with database.engine.connect() as connection:
        await connection.execute(text("ANALYZE TABLE images" if connection.dialect.name == "mysql" else "ANALYZE"))
        await connection.commit()


@pytest.mark.anyio
async def test_no_listing_sorts_or_scans(any_database: Database) -> None:
    await prepare(any_database)
    faults: dict[str, list[str]] = {}
    async with any_database.read() as session:
        connection = await session.connection()
        dialect = connection.dialect.name
        for listing in LISTINGS:
            asked = await ask(session, listing)
            if dialect == "postgresql":  # where both ways cost nearly nothing, it is asked whether the index can do it
                for way in ("seqscan", "bitmapscan", "sort"):
                    await session.execute(text(f"SET LOCAL enable_{way} = off"))
            for what, statement, values in asked:
                plan = await explain(connection, statement, values)
                if bad := judge(dialect, plan):
                    faults[f"{listing.filter} {listing.sort} {what}"] = [*bad, plan]
    assert not faults


async def ask(session: AsyncSession, listing: Listing) -> list[tuple[str, str, Any]]:
    """Every way in which pages of ``listing`` are read."""
    rows = await repository.read_rows(session, listing, 3, skip=5)
    assert len(rows) == 3, f"no pictures in {listing}"
    key = getattr(rows[0], listing.column), rows[0].id
    asked: list[tuple[str, str, Any]] = []
    for what, work in {
        "first page": lambda: repository.read_rows(session, listing, 21),
        "near the start": lambda: repository.read_rows(session, listing, 21, skip=100),
        "near the end": lambda: repository.read_rows(session, listing, 21, skip=10, backwards=True),
        "after a cursor": lambda: repository.read_rows(session, listing, 21, from_key=(key, False)),
        "from a mark": lambda: repository.read_rows(session, listing, 21, from_key=(key, True), skip=100),
    }.items():
        with statements(session) as found:
            await work()
        ((statement, values),) = found
        asked.append((what, statement, values))
    return asked


@pytest.mark.anyio
async def test_reading_from_a_key_reads_no_more_than_the_page(any_database: Database) -> None:
    """With hundreds of pictures of the same size, a key in the middle is still the beginning of a range."""
    await prepare(any_database, 700)

    async def work(session: AsyncSession) -> None:
        await session.execute(text("UPDATE images SET file_size = 5"))

    await any_database.write(work)
    async with any_database.read() as session:
        for sort in (Sort.LARGEST, Sort.NEWEST, Sort.OLDEST, Sort.NAME):
            listing = Listing(USER, Filter(), sort)
            rows = await repository.read_rows(session, listing, 600)
            middle = (getattr(rows[400], listing.column), rows[400].id)
            counts = any_database.engine.dialect.name == "mysql"
            before = await rows_read(session) if counts else 0
            after = await repository.read_rows(session, listing, 20, from_key=(middle, False))
            if counts:
                assert await rows_read(session) - before < 100, sort
            assert [row.id for row in after] == [row.id for row in rows[401:421]]


async def rows_read(session: AsyncSession) -> int:
    """MariaDB: rows and index entries read by this connection so far."""
    rows = await session.execute(text("SHOW SESSION STATUS LIKE 'Handler_read_%'"))
    return sum(int(value) for _, value in rows)


@pytest.mark.anyio
async def test_the_judge_knows_a_missing_index(database: Database) -> None:
    await prepare(database)

    async def work(session: AsyncSession) -> None:
        for name in ("category_file_size", "file_size"):  # by the second it would go, and leave out what does not fit
            await session.execute(text(f"DROP INDEX ix_images_user_id_in_trash_{name}_id"))

    await database.write(work)
    async with database.read() as session:
        asked = await ask(session, Listing(USER, FILTERS["category"], Sort.LARGEST))
        plans = [await explain(await session.connection(), statement, values) for _, statement, values in asked]
    assert all(judge("sqlite", plan) for plan in plans)
