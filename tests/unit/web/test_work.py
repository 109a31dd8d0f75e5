"""How the work goes, counted on each of the three databases over rows that a test wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.listings import Use
from vtonlab.accounts.models import Role, User
from vtonlab.db.database import Database
from vtonlab.library.models import LibraryTotal
from vtonlab.library.repository import use_of
from vtonlab.remote.models import Spending
from vtonlab.tasks.models import GROUP_LANE, Task
from vtonlab.web import stats, work

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def make_task(lane: str, status: str, *, began: datetime | None = None, seconds: float = 0, **more: Any) -> Task:
    """One that was made, and began, at ``began``, and ended ``seconds`` later if it did."""
    moment = began or NOON
    ended = status in {"succeeded", "failed", "cancelled"}
    told = {"finished_at": moment + timedelta(seconds=seconds), "started_at": moment} if ended else {}
    values = {"user_id": "ann", "kind": "tryon", "parameters": {}, "created_at": moment} | told | more
    return Task(lane=lane, status=status, **values)


async def fill(database: Database, *rows: Any) -> None:
    """``rows``, with ann, bob and cid whose they are."""

    async def work_(session: AsyncSession) -> None:
        if await session.get(Role, "editor") is None:
            session.add(Role(name="editor", permissions=[], is_built_in=True))
            await session.flush()
        for name in ("ann", "bob", "cid"):
            session.add(User(user_id=name, username=name.title(), username_key=name, role="editor"))
        await session.flush()
        session.add_all(rows)

    await database.write(work_)


async def test_lines_say_what_stands_in_them_and_how_long_work_takes(any_database: Database) -> None:
    yesterday = NOON - timedelta(days=1)
    await fill(
        any_database,
        make_task("instant", "queued", began=NOON - timedelta(seconds=90)),
        make_task("instant", "queued", began=NOON - timedelta(seconds=30), user_id="bob"),
        make_task("instant", "running"),
        *(make_task("instant", "succeeded", seconds=seconds) for seconds in (1.0, 2.0, 60.0)),
        make_task("instant", "succeeded", seconds=4.0, began=yesterday),
        make_task("instant", "failed", seconds=500.0),
        make_task("gemini", "waiting"),
        make_task("fashn", "failed", began=NOON - timedelta(days=13, hours=13)),  # the day before the first
        make_task("idm_vton", "succeeded", began=yesterday, seconds=8.5),
        make_task("upload", "succeeded", is_hidden=True),
        make_task(GROUP_LANE, "running"),
    )
    async with any_database.read() as session:
        lanes = await work.tell_lanes(session, await stats.count_tasks(session), NOON)
    assert [lane.lane for lane in lanes] == ["gemini", "idm_vton", "instant"]
    gemini, idm, instant = lanes
    assert (gemini.waiting, gemini.oldest_seconds, gemini.median_seconds) == (1, None, None)
    assert (idm.done_today, idm.median_seconds) == (0, 8.5)
    assert (instant.queued, instant.running, instant.waiting) == (2, 1, 0)
    assert (instant.done_today, instant.failed_today) == (3, 1)
    assert (instant.oldest_seconds, instant.median_seconds) == (90.0, 3.0)


async def test_only_the_last_of_a_line_are_timed(any_database: Database) -> None:
    long_ago = [make_task("a", "succeeded", began=NOON - timedelta(days=2), seconds=900.0) for _ in range(300)]
    lately = [make_task("a", "succeeded", seconds=2.0) for _ in range(work.TIMED)]
    await fill(any_database, *long_ago, *lately)
    async with any_database.read() as session:
        (lane,) = await work.tell_lanes(session, {}, NOON)
    assert (lane.median_seconds, lane.done_today) == (2.0, work.TIMED)


async def test_every_one_of_fourteen_days_is_told(any_database: Database) -> None:
    midnight = NOON.replace(hour=0)
    await fill(
        any_database,
        make_task("a", "succeeded"),
        make_task("a", "succeeded", began=midnight),
        make_task("a", "failed", began=midnight - timedelta(microseconds=1)),
        make_task("a", "cancelled", began=midnight - timedelta(days=13)),
        make_task("a", "failed", began=midnight - timedelta(days=13, microseconds=1)),
        make_task("a", "running"),
        make_task(GROUP_LANE, "succeeded"),
        make_task("upload", "succeeded", is_hidden=True),
        Spending(day="2026-11-21", pictures=7, price=0.273),
        Spending(day="2026-11-08", pictures=9, price=9.0),
    )
    async with any_database.read() as session:
        days = await work.tell_days(session, NOON)
    assert [day.day for day in days] == [f"2026-11-{number:02}" for number in range(9, 23)]
    told = {day.day[-2:]: (day.succeeded, day.failed, day.cancelled, day.pictures, day.price) for day in days}
    assert told.pop("22") == (2, 0, 0, 0, 0.0)
    assert told.pop("21") == (0, 1, 0, 7, 0.273)
    assert told.pop("09") == (0, 0, 1, 0, 0.0)
    assert set(told.values()) == {(0, 0, 0, 0, 0.0)}


async def test_who_keeps_most_comes_first(any_database: Database) -> None:
    def total(user: str, name: str, images: int, size: int) -> LibraryTotal:
        return LibraryTotal(user_id=user, name=name, images=images, bytes=size)

    await fill(
        any_database,
        *(total("ann", "clothes", 3, 300), total("ann", "char", 1, 100), total("ann", "favorites", 2, 250)),
        *(total("bob", "generated", 2, 350), total("bob", "trash", 1, 100)),
        total("cid", "clothes", 0, 0),
    )
    async with any_database.read() as session:
        largest = await work.tell_largest(session)
        uses = await use_of(session, ["ann", "bob", "nobody"])
        assert await use_of(session, []) == {}
    assert [(one.username, one.images, one.bytes) for one in largest] == [("Bob", 2, 450), ("Ann", 4, 400)]
    assert uses == {"ann": Use(4, 400), "bob": Use(2, 450)}
