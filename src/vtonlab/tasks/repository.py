"""Every question the queue puts to the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    bindparam,
    case,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.tasks.models import ENDED, GROUP_LANE, Status, Task

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
OPEN = (Status.QUEUED, Status.WAITING, Status.RUNNING)
SPARE_TURNS = 8
"""Users looked at beyond the free places: other processes may hold the first ones' tasks this very moment."""


@dataclass(frozen=True)
class Line:
    """How many tasks a user has queued in a lane. Lines come in the order of their turns."""

    user_id: str
    queued: int


@dataclass(frozen=True)
class Filter:
    """Which tasks are listed. None: of any."""

    user_id: str | None = None
    status: Status | None = None
    kind: str | None = None
    parent_id: str | None = None
    kinds: tuple[str, ...] = ()
    """One of these; empty: any."""
    lane: str | None = None


@dataclass(frozen=True)
class Children:
    """What the children of a group come to. ``progress`` is their sum; an ended one counts 1."""

    count: int
    progress: float
    by_status: dict[Status, int]
    started_at: datetime | None
    finished_at: datetime | None


async def find(session: AsyncSession, task_id: str, *, user_id: str | None = None) -> Task | None:
    """The task; with ``user_id``, only where it is theirs."""
    query = select(Task).where(Task.task_id == task_id)
    if user_id is not None:
        query = query.where(Task.user_id == user_id)
    return (await session.execute(query)).scalar_one_or_none()


async def find_by_key(session: AsyncSession, user_id: str, key: str) -> Task | None:
    """The user's task of that idempotency key."""
    query = select(Task).where(Task.user_id == user_id, Task.idempotency_key == key)
    return (await session.execute(query)).scalar_one_or_none()


async def lock(session: AsyncSession, task_id: str, *, user_id: str | None = None) -> Task | None:
    """The task as it is now, which nobody else changes until the transaction ends."""
    query = select(Task).where(Task.task_id == task_id)
    if user_id is not None:
        query = query.where(Task.user_id == user_id)
    return await _locked(session, query)


async def hold(session: AsyncSession, task_id: str, attempt: int, owner: str) -> Task | None:
    """The running task, locked, where this attempt still holds it: the comparison before everything an attempt sets."""
    query = select(Task).where(
        Task.task_id == task_id,
        Task.status == Status.RUNNING,
        Task.attempts == attempt,
        Task.lease_owner == owner,
    )
    return await _locked(session, query)


async def _locked(session: AsyncSession, query: Select[Task]) -> Task | None:
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(fresh)).scalar_one_or_none()


async def lock_children(session: AsyncSession, parent_id: str, statuses: Collection[Status]) -> Sequence[Task]:
    """The children in one of ``statuses``, locked, always in the same order."""
    query = (
        select(Task)
        .where(Task.parent_id == parent_id, Task.status.in_(statuses))
        .order_by(Task.task_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.execute(query)).scalars().all()


async def lanes_in_use(session: AsyncSession, kinds: Collection[str]) -> list[str]:
    """Lanes in which something of ``kinds`` is queued; a step in the index for each, however many tasks there are."""
    lanes: list[str] = []
    last = ""
    while True:
        query = select(func.min(Task.lane)).where(
            Task.status == Status.QUEUED, Task.lane > last, Task.lane != GROUP_LANE, Task.kind.in_(kinds)
        )
        lane = (await session.execute(query)).scalar_one_or_none()
        if lane is None:
            return lanes
        lanes.append(lane)
        last = lane


async def turns(session: AsyncSession, lane: str, kinds: Collection[str], limit: int) -> list[tuple[str, int]]:
    """The users with something of ``kinds`` queued in ``lane``, and how many of theirs run there; whose turn it is
    first: fewest running, then served longest ago, then waiting longest.

    Users are found with a step in the index for each, however many tasks they queued.
    """
    values = {"lane": lane, "kinds": list(kinds), "most": limit}
    return [(user_id, running) for user_id, running in await session.execute(_turns(), values)]


@cache
def _turns() -> Select[str, int]:
    # Built once: that takes longer than to carry it out.
    lane: BindParameter[str] = bindparam("lane")
    kinds: BindParameter[list[str]] = bindparam("kinds", expanding=True)
    queued = (Task.status == Status.QUEUED, Task.lane == lane, Task.kind.in_(kinds))
    # The first by its order, not the least: SQLite would look at every row for that.
    first = select(Task.user_id).where(*queued).order_by(Task.user_id).limit(1).scalar_subquery()
    waiting = select(first.label("user_id")).cte("waiting", recursive=True)
    following = select(Task.user_id).where(*queued, Task.user_id > waiting.c.user_id).order_by(Task.user_id).limit(1)
    next_one = following.correlate(waiting).scalar_subquery()
    waiting = waiting.union_all(select(next_one).where(waiting.c.user_id.is_not(None)))
    since = select(Task.created_at).where(*queued, Task.user_id == waiting.c.user_id).order_by(Task.created_at).limit(1)
    in_order = _in_order(lane, waiting, since.correlate(waiting).scalar_subquery())
    return in_order.limit(bindparam("most", type_=Integer))


async def lines(session: AsyncSession, lane: str) -> list[Line]:
    """The users with something queued in ``lane`` and how many tasks; whose turn it is first."""
    waiting = (
        select(Task.user_id, func.count().label("queued"), func.min(Task.created_at).label("since"))
        .where(Task.status == Status.QUEUED, Task.lane == lane)
        .group_by(Task.user_id)
        .subquery("waiting")
    )
    in_turn = (await session.execute(_in_order(lane, waiting, waiting.c.since))).all()
    counts = await session.execute(select(waiting.c.user_id, waiting.c.queued))
    queued = {row[0]: row[1] for row in counts}
    return [Line(user_id, queued[user_id]) for user_id, _ in in_turn if user_id in queued]


def _in_order(lane: str | BindParameter[str], waiting: FromClause, since: ColumnElement[datetime]) -> Select[str, int]:
    running = (
        select(Task.user_id, func.count().label("running"))
        .where(Task.status == Status.RUNNING, Task.lane == lane)
        .group_by(Task.user_id)
        .subquery("running")
    )
    served = Task.__table__.alias("served")
    last = (
        select(func.max(served.c.claimed_at))
        .where(served.c.lane == lane, served.c.user_id == waiting.c.user_id)
        .correlate(waiting)
        .scalar_subquery()
    )
    count = func.coalesce(running.c.running, 0)
    return (
        select(waiting.c.user_id, count)
        .outerjoin(running, running.c.user_id == waiting.c.user_id)
        .where(waiting.c.user_id.is_not(None))
        .order_by(count, func.coalesce(last, NEVER), since, waiting.c.user_id)
    )


async def take_head(session: AsyncSession, lane: str, kinds: Collection[str], user_id: str) -> Task | None:
    """The user's oldest queued task of the lane that no other process is just taking, locked."""
    query = (
        select(Task)
        .where(Task.status == Status.QUEUED, Task.lane == lane, Task.user_id == user_id, Task.kind.in_(kinds))
        .order_by(Task.created_at, Task.task_id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def renew(session: AsyncSession, leases: Iterable[tuple[str, int, str]], until: datetime) -> None:
    """Move the end of each lease (task, attempt, owner) that still holds."""
    for task_id, attempt, owner in leases:
        await session.execute(
            update(Task)
            .where(
                Task.task_id == task_id,
                Task.status == Status.RUNNING,
                Task.attempts == attempt,
                Task.lease_owner == owner,
            )
            .values(lease_until=until)
            .execution_options(synchronize_session=False)
        )


async def expire(session: AsyncSession, moment: datetime) -> int:
    """End every lease at ``moment``; how many ran longer."""
    ended = await session.execute(
        update(Task)
        .where(Task.status == Status.RUNNING, Task.lease_until > moment)
        .values(lease_until=moment)
        .execution_options(synchronize_session=False)
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]


async def look_after(session: AsyncSession, task_ids: Collection[str]) -> dict[str, tuple[str, bool]]:
    """Of the tasks that run: the name of the lease, and whether somebody asked it to stop."""
    query = select(Task.task_id, Task.lease_owner, Task.cancel_requested).where(
        Task.task_id.in_(task_ids), Task.status == Status.RUNNING
    )
    return {task_id: (owner or "", asked) for task_id, owner, asked in await session.execute(query)}


async def lock_lost(session: AsyncSession, moment: datetime, limit: int) -> Sequence[Task]:
    """Running tasks whose lease ran out before ``moment``, locked."""
    query = (
        select(Task)
        .where(Task.status == Status.RUNNING, Task.lease_until < moment)
        .order_by(Task.lease_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(query)).scalars().all()


async def has_lost(session: AsyncSession, moment: datetime) -> bool:
    """Whether :func:`lock_lost` would find any."""
    query = select(Task.task_id).where(Task.status == Status.RUNNING, Task.lease_until < moment).limit(1)
    return (await session.execute(query)).first() is not None


async def next_due(session: AsyncSession) -> datetime | None:
    """The moment the first waiting task waits for."""
    return (await session.execute(select(func.min(Task.run_at)).where(Task.status == Status.WAITING))).scalar_one()


async def lock_due(session: AsyncSession, moment: datetime, limit: int) -> Sequence[Task]:
    """Waiting tasks whose moment has come, locked."""
    query = (
        select(Task)
        .where(Task.status == Status.WAITING, Task.run_at <= moment)
        .order_by(Task.run_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return (await session.execute(query)).scalars().all()


async def open_groups(session: AsyncSession) -> list[str]:
    """Groups that have not ended."""
    query = select(Task.task_id).where(Task.status.in_(OPEN), Task.lane == GROUP_LANE)
    return list((await session.execute(query)).scalars())


async def sum_up(session: AsyncSession, parent_id: str) -> Children:
    """What the children of a group come to."""
    share = case((Task.status.in_(ENDED), 1.0), else_=Task.progress)
    query = (
        select(Task.status, func.count(), func.sum(share), func.min(Task.started_at), func.max(Task.finished_at))
        .where(Task.parent_id == parent_id)
        .group_by(Task.status)
    )
    rows = (await session.execute(query)).all()
    return Children(
        count=sum(row[1] for row in rows),
        progress=sum(float(row[2]) for row in rows),
        by_status={Status(row[0]): row[1] for row in rows},
        started_at=min((row[3] for row in rows if row[3] is not None), default=None),
        finished_at=max((row[4] for row in rows if row[4] is not None), default=None),
    )


async def children_of(session: AsyncSession, parents: Collection[str]) -> dict[str, list[str]]:
    """The ids of each parent's children, in the order they were added."""
    found: dict[str, list[str]] = {parent: [] for parent in parents}
    if parents:
        query = (
            select(Task.parent_id, Task.task_id)
            .where(Task.parent_id.in_(parents))
            .order_by(Task.created_at, Task.task_id)
        )
        for parent_id, task_id in await session.execute(query):
            found[str(parent_id)].append(task_id)
    return found


async def ranks(session: AsyncSession, user_id: str, lane: str, task_ids: Collection[str]) -> dict[str, int]:
    """The place of each task among the user's own in the lane, from 1; of those that are queued."""
    place = func.row_number().over(order_by=(Task.created_at, Task.task_id)).label("place")
    own = (
        select(Task.task_id, place)
        .where(Task.status == Status.QUEUED, Task.lane == lane, Task.user_id == user_id)
        .subquery()
    )
    query = select(own.c.task_id, own.c.place).where(own.c.task_id.in_(task_ids))
    return {task_id: place for task_id, place in await session.execute(query)}  # noqa: C416 - rows are no tuples


async def count(session: AsyncSession, which: Filter) -> int:
    """How many tasks there are; hidden ones are not."""
    return (await session.execute(select(func.count()).select_from(Task).where(*_conditions(which)))).scalar_one()


async def count_open(session: AsyncSession, user_id: str, kind: str) -> int:
    """How many tasks of that kind the user has that are not over; groups are none."""
    query = select(func.count()).select_from(Task)
    query = query.where(Task.user_id == user_id, Task.is_hidden.is_(False), Task.status.in_(OPEN))
    return (await session.execute(query.where(Task.kind == kind, Task.lane != GROUP_LANE))).scalar_one()


async def page(
    session: AsyncSession,
    which: Filter,
    *,
    newest_first: bool,
    after: tuple[datetime, str] | None,
    skip: int,
    limit: int,
) -> Sequence[Task]:
    """Tasks by when they were made, from behind ``after`` (moment, id); hidden ones are not listed."""
    place = tuple_(Task.created_at, Task.task_id)
    ids = select(Task.task_id).where(*_conditions(which))
    if after is not None:
        ids = ids.where(place < after if newest_first else place > after)
    order = (
        (Task.created_at.desc(), Task.task_id.desc()) if newest_first else (Task.created_at.asc(), Task.task_id.asc())
    )
    # What is skipped is skipped in the index alone; the rows are read for the page only.
    chosen = ids.order_by(*order).offset(skip).limit(limit).subquery()
    query = select(Task).join(chosen, chosen.c.task_id == Task.task_id).order_by(*order)
    return (await session.execute(query)).scalars().all()


def _conditions(which: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Task.is_hidden.is_(False)]
    if which.user_id is not None:
        conditions.append(Task.user_id == which.user_id)
    if which.kind is not None:
        conditions.append(Task.kind == which.kind)
    if which.kinds:
        conditions.append(Task.kind.in_(which.kinds))
    if which.lane is not None:
        conditions.append(Task.lane == which.lane)
    if which.parent_id is not None:
        conditions.append(Task.parent_id == which.parent_id)
    if which.status is Status.QUEUED:
        conditions.append(Task.status.in_((Status.QUEUED, Status.WAITING)))
    elif which.status is not None:
        conditions.append(Task.status == which.status)
    return conditions


async def delete_of(session: AsyncSession, user_id: str) -> list[str]:
    """Delete every task of the user, hidden ones too; the ids of those that ran."""
    running = select(Task.task_id).where(Task.user_id == user_id, Task.status == Status.RUNNING)
    ids = list((await session.execute(running)).scalars())
    no_sync = {"synchronize_session": False}
    # Children first: MariaDB checks the key of each row as it goes.
    children = delete(Task).where(Task.user_id == user_id, Task.parent_id.is_not(None))
    await session.execute(children.execution_options(**no_sync))
    await session.execute(delete(Task).where(Task.user_id == user_id).execution_options(**no_sync))
    return ids


async def hand_over(session: AsyncSession, from_user: str, to_user: str) -> None:
    """Make every task of one user another's. Keys are forgotten: the other may have used the same."""
    moved = update(Task).where(Task.user_id == from_user).values(user_id=to_user, idempotency_key=None)
    await session.execute(moved.execution_options(synchronize_session=False))
