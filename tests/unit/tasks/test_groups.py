"""Groups, lists and places in line, on each database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.tasks.house import (
    Clock,
    Ticking,
    add,
    caller,
    claim_one,
    kind_of,
    lease_of,
    make_people,
    make_tasks,
    read,
    save,
    until,
)

from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.errors import AlreadyEnded, BadRequest, Conflict, NoPersonFound, NotThere
from vtonlab.tasks.contract import Job
from vtonlab.tasks.listings import Wanted, count_before
from vtonlab.tasks.models import Status, Task
from vtonlab.tasks.repository import Line
from vtonlab.tasks.service import Tasks

pytestmark = pytest.mark.anyio
SECOND = timedelta(seconds=1)
ANN = caller("ann")


@pytest.fixture
def clock() -> Clock:
    return Ticking()


@pytest.fixture
async def tasks(any_database: Database, clock: Clock) -> Tasks:
    await make_people(any_database, "ann", "bob")
    return make_tasks(any_database, clock)


async def make_group(tasks: Tasks, count: int, key: str | None = None) -> tuple[Task, list[Task]]:
    async def work(session: AsyncSession) -> tuple[Task, list[Task]]:
        group = await tasks.add_group(session, user_id="ann", kind="job", parameters={"n": count}, idempotency_key=key)
        children = []
        for number in range(count):
            own: dict[str, Any] = {"idempotency_key": f"{key}:{number}"} if key else {}
            child = await tasks.add(
                session,
                user_id="ann",
                kind="job",
                lane="lane",
                parameters={"number": number},
                parent_id=group.task_id,
                **own,
            )
            children.append(child)
        return group, children

    return await tasks.database.write(work)


async def test_a_group_says_what_its_children_come_to(tasks: Tasks) -> None:
    group, children = await make_group(tasks, 4)
    assert {task.task_id for task in await tasks.queue.claim("lane", ["job"], 9)} == {c.task_id for c in children}

    async def stands() -> tuple[str, float]:
        await tasks.sweeper.derive(group.task_id)
        row = await read(tasks, group.task_id)
        return row.status, row.progress

    leases = [lease_of(await read(tasks, child.task_id)) for child in children]
    assert await stands() == (Status.RUNNING, 0.0)
    await tasks.queue.progress(leases[0], 0.5, "x")
    assert await stands() == (Status.RUNNING, 0.125)
    await tasks.queue.finish(leases[0], "ann", save({}))
    await tasks.queue.finish(leases[1], "ann", save({}))
    assert await stands() == (Status.RUNNING, 0.5)
    await tasks.queue.fail(leases[2], NoPersonFound(), SECOND)
    await tasks.queue.finish(leases[3], "ann", save({}))
    assert await stands() == (Status.FAILED, 1.0)
    ended = await read(tasks, group.task_id)
    assert ended.result == {"counts": {"total": 4, "succeeded": 3, "failed": 1, "cancelled": 0}}
    assert (ended.error or {})["en"]["message"] == "1 of 4 failed."
    assert ended.finished_at is not None

    again = await tasks.orders.retry(group.task_id, "ann")
    assert again is not None
    assert (again.status, again.error, again.finished_at) == (Status.RUNNING, None, None)
    claimed, lease = await claim_one(tasks)
    assert claimed.task_id == children[2].task_id
    await tasks.queue.finish(lease, "ann", save({}))
    assert await stands() == (Status.SUCCEEDED, 1.0)
    with pytest.raises(Conflict):
        await tasks.orders.retry(group.task_id, "ann")


async def test_cancelling_a_group_cancels_its_children(tasks: Tasks) -> None:
    group, children = await make_group(tasks, 3)
    _, lease = await claim_one(tasks)
    running = await tasks.orders.cancel(group.task_id, "ann")
    assert running is not None
    assert running.status == Status.RUNNING
    assert await tasks.queue.progress(lease, 0.5, "x") is False
    await tasks.queue.stopped(lease)
    await tasks.sweeper.derive(group.task_id)
    rows = [await read(tasks, task.task_id) for task in (group, *children)]
    assert {row.status for row in rows} == {Status.CANCELLED}
    with pytest.raises(AlreadyEnded):
        await tasks.orders.cancel(group.task_id, "ann")
    again = await tasks.orders.retry(group.task_id, "ann")
    assert again is not None
    assert again.status == Status.QUEUED
    assert len(await tasks.queue.claim("lane", ["job"], 9)) == 3


async def test_a_group_without_children_can_be_cancelled_and_is_never_claimed(tasks: Tasks) -> None:
    group, _ = await make_group(tasks, 0)
    await tasks.sweeper.derive(group.task_id)
    assert (await read(tasks, group.task_id)).status == Status.QUEUED
    assert await tasks.queue.claim(group.lane, ["job"], 1) == []
    cancelled = await tasks.orders.cancel(group.task_id, "ann")
    assert cancelled is not None
    assert cancelled.status == Status.CANCELLED


async def test_a_group_asked_for_twice_is_one_group(tasks: Tasks) -> None:
    first, children = await make_group(tasks, 3, key="k")
    again, same = await make_group(tasks, 3, key="k")
    assert (again.task_id, [one.task_id for one in same]) == (first.task_id, [one.task_id for one in children])


async def test_a_runner_keeps_groups_in_step_by_itself(any_database: Database) -> None:
    await make_people(any_database, "ann")
    tasks = make_tasks(any_database, now)  # type: ignore[arg-type]

    async def handle(job: Job) -> None:
        await job.report(0.5, "half")
        if job.parameters["number"] == 1:
            raise NoPersonFound

    tasks.register(kind_of(handle))
    await tasks.start()
    try:
        group, _ = await make_group(tasks, 3)
        ended = await until(tasks, group.task_id, Status.FAILED, Status.SUCCEEDED)
    finally:
        await tasks.stop()
    assert ended.result == {"counts": {"total": 3, "succeeded": 2, "failed": 1, "cancelled": 0}}


async def test_lists_go_by_pages_and_by_cursor_and_show_nothing_hidden(tasks: Tasks) -> None:
    made = [(await add(tasks, kind="job" if number % 2 else "other")).task_id for number in range(7)]
    await add(tasks, "bob")
    await tasks.database.write(
        lambda session: tasks.record_upload(session, user_id="ann", image_id="i", result={"x": 1})
    )
    first = await tasks.list(ANN, Wanted(page_size=3))
    assert [item.task.task_id for item in first.items] == made[:-4:-1]
    assert (first.total, first.page, first.page_size) == (7, 1, 3)
    newer = (await add(tasks)).task_id
    second = await tasks.list(ANN, Wanted(page_size=3, cursor=first.next_cursor))
    assert [item.task.task_id for item in second.items] == made[-4:-7:-1]
    assert second.page == 2
    third = await tasks.list(ANN, Wanted(page_size=3, cursor=second.next_cursor))
    assert ([item.task.task_id for item in third.items], third.next_cursor) == (made[:1], None)
    by_number = await tasks.list(ANN, Wanted(page_size=3, page=2))
    assert [item.task.task_id for item in by_number.items] == made[-3:-6:-1]
    assert (await tasks.list(ANN, Wanted(page=10**9))).items == []
    oldest = await tasks.list(ANN, Wanted(newest_first=False))
    assert [item.task.task_id for item in oldest.items] == [*made, newer]
    of_kind = await tasks.list(ANN, Wanted(kind="other"))
    assert (of_kind.total, {item.task.kind for item in of_kind.items}) == (4, {"other"})
    task, lease = await claim_one(tasks)
    await tasks.queue.wait(lease, 60, None, None)
    queued = await tasks.list(ANN, Wanted(status=Status.QUEUED))
    assert queued.total == 8
    assert task.task_id in {item.task.task_id for item in queued.items}
    for cursor in ("nonsense", "W10", "eyJh", "bnVsbA", "WzEsIjAwMDEtMDEtMDFUMDA6MDA6MDArMTQ6MDAiLCJhIl0", "[" * 300):
        with pytest.raises(BadRequest):
            await tasks.list(ANN, Wanted(cursor=cursor))


async def test_the_place_in_line_is_the_order_in_which_tasks_then_begin(tasks: Tasks, clock: Clock) -> None:
    for user in ("ann", "ann", "ann", "bob", "ann", "bob", "ann"):
        await add(tasks, user)
    places: dict[int, str] = {}
    for user in ("ann", "bob"):
        for item in (await tasks.list(caller(user), Wanted())).items:
            assert item.queue_position is not None
            places[item.queue_position] = item.task.task_id
    assert sorted(places) == list(range(1, 8))
    began = []
    for _ in range(7):
        clock.move(1)
        task, lease = await claim_one(tasks)
        began.append(task.task_id)
        await tasks.queue.finish(lease, task.user_id, save({}))
    assert began == [places[number] for number in sorted(places)]
    assert (await tasks.get(ANN, began[0])).queue_position is None


def test_others_are_counted_as_often_as_they_come_before() -> None:
    lines = [Line("a", 2), Line("b", 1), Line("me", 9), Line("c", 9)]
    assert [count_before(lines, "me", rank) for rank in (1, 2, 3)] == [2, 5, 7]


async def test_ids_that_are_none_are_not_there(tasks: Tasks) -> None:
    for task_id in ("", "x", "任务", "a\0b", "x" * 1000, "';--"):
        for ask in (tasks.get, tasks.get_any, tasks.cancel, tasks.retry):
            with pytest.raises(NotThere):
                await ask(ANN, task_id)


async def test_reading_while_many_write_meets_no_deadlock(tasks: Tasks) -> None:
    group, children = await make_group(tasks, 8)
    await tasks.queue.claim("lane", ["job"], 8)
    async with tasks.database.read() as session:
        rows = (await session.execute(select(Task).where(Task.parent_id == group.task_id))).scalars().all()
    await asyncio.gather(
        *(tasks.queue.finish(lease_of(row), "ann", save({})) for row in rows[:4]),
        *(tasks.sweeper.derive(group.task_id) for _ in range(4)),
        tasks.orders.cancel(group.task_id, "ann"),
        *(tasks.queue.progress(lease_of(row), 0.5, "x") for row in rows),
        tasks.list(ANN, Wanted()),
    )
    for row in rows[4:]:
        await tasks.queue.stopped(lease_of(row))
    await tasks.sweeper.derive(group.task_id)
    assert (await read(tasks, group.task_id)).status in {Status.CANCELLED, Status.SUCCEEDED}
    assert len(children) == 8
