"""How the work goes: lines of tasks, days, and who keeps most. Counted by the database for ``/api/v1/admin/stats``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from statistics import median

from pydantic import BaseModel, Field
from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.models import User
from vtonlab.library.models import TRASH, Category, LibraryTotal
from vtonlab.remote.models import Spending
from vtonlab.tasks.models import ENDED, GROUP_LANE, Status, Task

DAYS = 14
LARGEST = 10
TIMED = 200
"""Of a line's last tasks, how many its usual time is taken from."""


class Lane(BaseModel):
    """A line of tasks: those of an engine, or of a kind. Days are UTC's."""

    lane: str
    queued: int
    running: int
    waiting: int = Field(description="for a service's answer, or until they are tried again")
    oldest_seconds: float | None = Field(description="how long the oldest queued one stands there; null: none does")
    done_today: int
    failed_today: int
    median_seconds: float | None = Field(
        description=f"how long work took: the middle of the last {TIMED} that succeeded within {DAYS} days"
    )


class Day(BaseModel):
    """What ended on a day, and what paid engines were taken to cost on it."""

    day: str = Field(description="in UTC")
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    pictures: int = Field(0, description="bought from paid engines")
    price: float = Field(0.0, description="US dollars")


class Keeper(BaseModel):
    """A user who keeps much."""

    user_id: str
    username: str
    images: int = Field(description="outside the trash")
    bytes: int = Field(description="of all their pictures, the trash too")


async def tell_lanes(session: AsyncSession, counts: Mapping[tuple[str, str], int], moment: datetime) -> list[Lane]:
    """Every line with something in it, or in which something ended within 14 days, by name. ``counts`` is of tasks by
    line and status."""
    today = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    seconds = await _recent_seconds(session, today - timedelta(days=DAYS - 1))
    ended = await _ended_since(session, today)
    queued = select(Task.lane, func.min(Task.created_at)).where(
        Task.status == Status.QUEUED, Task.is_hidden.is_(False), Task.lane != GROUP_LANE
    )
    oldest = {lane: since for lane, since in await session.execute(queued.group_by(Task.lane))}  # noqa: C416
    open_ones = {lane for (lane, status), count in counts.items() if count and Status(status) not in ENDED}
    names = (open_ones | seconds.keys() | {lane for lane, _ in ended}) - {GROUP_LANE}
    return [
        Lane(
            lane=lane,
            queued=counts.get((lane, Status.QUEUED), 0),
            running=counts.get((lane, Status.RUNNING), 0),
            waiting=counts.get((lane, Status.WAITING), 0),
            oldest_seconds=_seconds(oldest[lane], moment) if lane in oldest else None,
            done_today=ended.get((lane, Status.SUCCEEDED), 0),
            failed_today=ended.get((lane, Status.FAILED), 0),
            median_seconds=round(median(seconds[lane]), 2) if lane in seconds else None,
        )
        for lane in sorted(names)
    ]


async def tell_days(session: AsyncSession, moment: datetime) -> list[Day]:
    """The last 14 days, today last; days on which nothing happened are there too."""
    dates = [(moment - timedelta(days=DAYS - 1 - number)).date() for number in range(DAYS)]
    days = {date.isoformat(): Day(day=date.isoformat()) for date in dates}
    starts = [datetime(date.year, date.month, date.day, tzinfo=UTC) for date in dates]
    which = case(
        *((Task.finished_at < start, number) for number, start in enumerate(starts[1:])), else_=DAYS - 1
    ).label("which")
    ended = select(which, Task.status).where(
        Task.is_hidden.is_(False), Task.lane != GROUP_LANE, Task.finished_at >= starts[0]
    )
    # A query within: PostgreSQL does not see that an expression with values is the one it groups by.
    inner = ended.subquery()
    rows = await session.execute(
        select(inner.c.which, inner.c.status, func.count()).group_by(inner.c.which, inner.c.status)
    )
    for number, status, count in rows:
        setattr(days[dates[number].isoformat()], status, count)
    spent = await session.execute(select(Spending).where(Spending.day >= dates[0].isoformat()))
    for row in spent.scalars():
        if row.day in days:
            days[row.day].pictures, days[row.day].price = row.pictures, round(row.price, 4)
    return list(days.values())


async def tell_largest(session: AsyncSession) -> list[Keeper]:
    """Those who keep the most bytes, the largest first."""
    kept = LibraryTotal.name.in_([category.value for category in Category])
    size = func.sum(LibraryTotal.bytes)
    sums = (
        select(LibraryTotal.user_id, func.sum(case((kept, LibraryTotal.images), else_=0)), size)
        .where(kept | (LibraryTotal.name == TRASH))
        .group_by(LibraryTotal.user_id)
        .having(size > 0)
        .order_by(size.desc(), LibraryTotal.user_id)
        .limit(LARGEST)
    )
    rows = (await session.execute(sums)).all()
    found = await session.execute(select(User.user_id, User.username).where(User.user_id.in_([row[0] for row in rows])))
    names = {user_id: name for user_id, name in found}  # noqa: C416 - rows are no tuples
    return [
        Keeper(user_id=user_id, username=names.get(user_id, ""), images=int(images), bytes=int(total))
        for user_id, images, total in rows
    ]


async def _ended_since(session: AsyncSession, moment: datetime) -> dict[tuple[str, str], int]:
    query = select(Task.lane, Task.status, func.count()).where(Task.is_hidden.is_(False), Task.finished_at >= moment)
    rows = await session.execute(query.group_by(Task.lane, Task.status))
    return {(lane, status): count for lane, status, count in rows}


async def _recent_seconds(session: AsyncSession, since: datetime) -> dict[str, list[float]]:
    """How long each line's last tasks took that succeeded."""
    place = func.row_number().over(partition_by=Task.lane, order_by=Task.finished_at.desc()).label("place")
    last = (
        select(Task.lane, Task.started_at, Task.finished_at, place)
        .where(
            Task.is_hidden.is_(False),
            Task.lane != GROUP_LANE,
            Task.status == Status.SUCCEEDED,
            Task.finished_at >= since,
            Task.started_at.is_not(None),
        )
        .subquery()
    )
    query = select(last.c.lane, last.c.started_at, last.c.finished_at).where(last.c.place <= TIMED)
    found: dict[str, list[float]] = {}
    for lane, started, finished in await session.execute(query):
        found.setdefault(lane, []).append(_seconds(started, finished))
    return found


def _seconds(since: datetime, until: datetime) -> float:
    return round(max((until - since).total_seconds(), 0.0), 2)
