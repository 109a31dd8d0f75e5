"""The moves of the queue, on each database."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.tasks.house import BEGIN, Clock, add, claim_one, lease_of, make_people, make_tasks, read, save

from vtonlab.accounts.models import AuditEntry, User
from vtonlab.db.database import Database
from vtonlab.errors import (
    AlreadyEnded,
    BadRequest,
    Conflict,
    EngineBusy,
    EngineUnavailable,
    ImageTooSmall,
    NoPersonFound,
    TaskFault,
)
from vtonlab.tasks.events import tell_error
from vtonlab.tasks.models import Status, Task
from vtonlab.tasks.queue import Finish
from vtonlab.tasks.service import Tasks

pytestmark = pytest.mark.anyio
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def tasks(any_database: Database, clock: Clock) -> Tasks:
    await make_people(any_database, "ann", "bob", "cyd")
    return make_tasks(any_database, clock)


async def test_a_task_is_claimed_once_and_finished_with_what_it_saved(tasks: Tasks, clock: Clock) -> None:
    added = await add(tasks, parameters={"text": "你好 🙂", "list": [1, 2.5, None]})
    assert added.status == Status.QUEUED
    task, lease = await claim_one(tasks)
    assert (task.task_id, task.status, task.attempts) == (added.task_id, Status.RUNNING, 1)
    assert task.lease_until == BEGIN + timedelta(seconds=60)
    assert await tasks.queue.claim("lane", ["job"], 5) == []

    clock.move(3)

    async def keep(session: AsyncSession) -> dict[str, str]:
        session.add(AuditEntry(action="test.kept", details={}))
        return {"image_id": "img", "url": "/x"}

    assert await tasks.queue.finish(lease, "ann", keep) is Finish.SAVED
    ended = await read(tasks, task.task_id)
    assert (ended.status, ended.progress, ended.image_id) == (Status.SUCCEEDED, 1.0, "img")
    assert ended.result == {"image_id": "img", "url": "/x"}
    assert ended.parameters == {"text": "你好 🙂", "list": [1, 2.5, None]}
    assert (ended.started_at, ended.finished_at) == (BEGIN, BEGIN + 3 * SECOND)
    async with tasks.database.read() as session:
        assert (await session.execute(select(func.count()).select_from(AuditEntry))).scalar_one() == 1


async def test_only_the_attempt_that_holds_it_changes_it(tasks: Tasks, clock: Clock) -> None:
    await add(tasks)
    task, stale = await claim_one(tasks)
    clock.move(61)
    assert await tasks.sweeper.find_lost() == 1
    _, fresh = await claim_one(tasks)
    assert fresh.attempt == 2

    async def must_not_run(_: AsyncSession) -> dict[str, str]:
        raise AssertionError

    assert await tasks.queue.finish(stale, "ann", must_not_run) is Finish.LOST
    assert not await tasks.queue.fail(stale, NoPersonFound(), SECOND)
    assert not await tasks.queue.wait(stale, 1, None, None)
    assert not await tasks.queue.give_back(stale)
    assert not await tasks.queue.stopped(stale)
    assert not await tasks.queue.remember(stale, "remote", None)
    assert await tasks.queue.progress(stale, 0.9, "late") is None
    row = await read(tasks, task.task_id)
    assert (row.status, row.progress, row.lease_owner) == (Status.RUNNING, 0.0, fresh.owner)
    assert await tasks.queue.finish(fresh, "ann", save({})) is Finish.SAVED
    assert await tasks.queue.is_finished_by(fresh)
    assert not await tasks.queue.is_finished_by(stale)


async def test_a_lease_that_is_renewed_is_not_lost(tasks: Tasks, clock: Clock) -> None:
    await add(tasks)
    _, lease = await claim_one(tasks)
    for _ in range(4):
        clock.move(40)
        await tasks.queue.renew([lease])
        assert await tasks.sweeper.find_lost() == 0
    clock.move(61)
    assert await tasks.sweeper.find_lost() == 1
    await tasks.queue.renew([lease])
    assert await tasks.queue.finish(lease, "ann", save({})) is Finish.LOST


async def test_who_is_alone_takes_up_at_once_what_was_cut_off(tasks: Tasks) -> None:
    first, second = await add(tasks), await add(tasks)
    _, stale = await claim_one(tasks)
    assert await tasks.sweeper.find_lost() == 0
    assert await tasks.sweeper.expire_all() == 1
    assert await tasks.sweeper.find_lost() == 1
    assert await tasks.sweeper.expire_all() == 0
    assert {(await read(tasks, task.task_id)).status for task in (first, second)} == {Status.QUEUED}
    assert await tasks.queue.finish(stale, "ann", save({})) is Finish.LOST


async def test_what_kills_every_worker_ends_as_failed(tasks: Tasks, clock: Clock) -> None:
    task = await add(tasks)
    for _ in range(3):
        await claim_one(tasks)
        clock.move(61)
        assert await tasks.sweeper.find_lost() == 1
    ended = await read(tasks, task.task_id)
    assert ended.status == Status.FAILED
    assert ended.error is not None
    assert ended.error["code"] == "worker_lost"
    assert [entry["outcome"] for entry in ended.history or []] == ["lost"] * 3


async def test_a_retryable_error_backs_off_ever_longer_up_to_the_limit(tasks: Tasks, clock: Clock) -> None:
    task = await add(tasks)
    pauses = []
    for failure in range(3):
        _, lease = await claim_one(tasks)
        assert await tasks.queue.fail(lease, EngineBusy(engine="x"), 10 * SECOND)
        row = await read(tasks, task.task_id)
        assert row.failures == failure + 1
        if row.status == Status.FAILED:
            break
        pauses.append((row.run_at - clock()).total_seconds())
        assert await tasks.sweeper.wake() == row.run_at
        assert await tasks.queue.claim("lane", ["job"], 1) == []
        clock.move(pauses[-1])
        assert await tasks.sweeper.wake() is None
    assert row.status == Status.FAILED
    assert 5 <= pauses[0] <= 10 <= pauses[1] <= 20
    assert tell_error(row.error, "en") == {
        "code": "engine_busy",
        "message": "The engine “x” is busy.",
        "hint": "Try again in a moment.",
    }
    assert (tell_error(row.error, "zh-CN") or {})["message"] == "引擎“x”正忙。"


async def test_the_pause_is_never_longer_than_five_minutes(tasks: Tasks, clock: Clock) -> None:
    await add(tasks)
    for _ in range(2):
        task, lease = await claim_one(tasks)
        await tasks.queue.fail(lease, EngineBusy(engine="x"), timedelta(hours=9))
        assert (await read(tasks, task.task_id)).run_at <= clock() + timedelta(minutes=5)
        clock.move(300)
        await tasks.sweeper.wake()


@pytest.mark.parametrize("error", [NoPersonFound(), TaskFault()])
async def test_another_error_fails_at_once(tasks: Tasks, error: NoPersonFound) -> None:
    task = await add(tasks)
    _, lease = await claim_one(tasks)
    assert await tasks.queue.fail(lease, error, SECOND)
    row = await read(tasks, task.task_id)
    assert (row.status, row.failures) == (Status.FAILED, 1)
    assert (row.error or {})["code"] == error.code


async def test_waiting_for_a_provider_is_no_failure_and_keeps_what_it_knows(tasks: Tasks, clock: Clock) -> None:
    task = await add(tasks)
    for poll in range(6):
        claimed, lease = await claim_one(tasks)
        assert claimed.remote_id == (None if poll == 0 else "job-7")
        assert claimed.state == (None if poll == 0 else {"poll": poll - 1})
        assert await tasks.queue.remember(lease, "job-7" if poll == 0 else None, {"poll": poll})
        assert await tasks.queue.wait(lease, 5, poll / 10, "polling")
        row = await read(tasks, task.task_id)
        assert (row.status, row.failures, row.stage) == (Status.WAITING, 0, "polling")
        assert await tasks.queue.claim("lane", ["job"], 1) == []
        clock.move(5)
        await tasks.sweeper.wake()
    assert (await read(tasks, task.task_id)).progress == 0.5


async def test_cancelling_what_does_not_run_ends_it_at_once(tasks: Tasks) -> None:
    queued = await add(tasks)
    assert await tasks.orders.cancel(queued.task_id, "bob") is None
    cancelled = await tasks.orders.cancel(queued.task_id, "ann")
    assert cancelled is not None
    assert cancelled.status == Status.CANCELLED
    with pytest.raises(AlreadyEnded) as caught:
        await tasks.orders.cancel(queued.task_id, "ann")
    assert caught.value.say("zh") == "该任务已结束（已取消）。"
    waiting = await add(tasks)
    _, lease = await claim_one(tasks)
    await tasks.queue.wait(lease, 60, None, None)
    await tasks.orders.cancel(waiting.task_id)
    assert (await read(tasks, waiting.task_id)).status == Status.CANCELLED
    assert await tasks.sweeper.wake() is None


@pytest.mark.parametrize("move", ["finish", "fail", "wait", "give_back", "stopped", "lost"])
async def test_however_a_cancelled_attempt_ends_the_task_ends_cancelled(tasks: Tasks, clock: Clock, move: str) -> None:
    task = await add(tasks)
    _, lease = await claim_one(tasks)
    running = await tasks.orders.cancel(task.task_id)
    assert running is not None
    assert running.status == Status.RUNNING
    assert await tasks.queue.progress(lease, 0.3, "x") is False
    match move:
        case "finish":
            assert await tasks.queue.finish(lease, "ann", save({"x": 1})) is Finish.STOPPED
        case "fail":
            await tasks.queue.fail(lease, EngineUnavailable(engine="x"), SECOND)
        case "wait":
            await tasks.queue.wait(lease, 1, None, None)
        case "give_back":
            await tasks.queue.give_back(lease)
        case "stopped":
            await tasks.queue.stopped(lease)
        case "lost":
            clock.move(61)
            await tasks.sweeper.find_lost()
    ended = await read(tasks, task.task_id)
    assert (ended.status, ended.result, ended.error) == (Status.CANCELLED, None, None)
    assert ended.finished_at is not None


async def test_retrying_queues_it_again_and_keeps_its_history(tasks: Tasks) -> None:
    task = await add(tasks)
    _, lease = await claim_one(tasks)
    await tasks.queue.remember(lease, "paid", None)
    await tasks.queue.fail(lease, ImageTooSmall(name="x", found="1", limit="2"), SECOND)
    again = await tasks.orders.retry(task.task_id, "ann")
    assert again is not None
    assert (again.status, again.failures, again.error, again.finished_at) == (Status.QUEUED, 0, None, None)
    assert again.remote_id is None
    assert [(entry["attempt"], entry["code"]) for entry in again.history or []] == [(1, "image_too_small")]
    second, lease = await claim_one(tasks)
    assert second.attempts == 2
    with pytest.raises(Conflict):
        await tasks.orders.retry(task.task_id, "ann")
    await tasks.queue.finish(lease, "ann", save({}))
    with pytest.raises(Conflict):
        await tasks.orders.retry(task.task_id, "ann")
    assert await tasks.orders.retry(task.task_id, "bob") is None


async def test_what_was_paid_for_is_asked_for_again_after_a_retryable_failure(tasks: Tasks, clock: Clock) -> None:
    task = await add(tasks)
    for _ in range(3):
        _, lease = await claim_one(tasks)
        await tasks.queue.remember(lease, "paid", None)
        await tasks.queue.fail(lease, EngineUnavailable(engine="x"), SECOND)
        clock.move(300)
        await tasks.sweeper.wake()
    again = await tasks.orders.retry(task.task_id, "ann")
    assert again is not None
    assert again.remote_id == "paid"


async def test_the_same_key_is_the_same_task(tasks: Tasks) -> None:
    first = await add(tasks, idempotency_key="k", parameters={"a": 1.0, "b": (1, 2)})
    again = await add(tasks, idempotency_key="k", parameters={"b": [1, 2], "a": 1.0})
    assert again.task_id == first.task_id
    with pytest.raises(Conflict):
        await add(tasks, idempotency_key="k", parameters={"a": 2})
    with pytest.raises(Conflict):
        await add(tasks, idempotency_key="k", lane="other", parameters={"a": 1.0, "b": [1, 2]})
    assert (await add(tasks, "bob", idempotency_key="k")).task_id != first.task_id
    for bad in ("", "é", "x" * 81, "a\n"):
        with pytest.raises(BadRequest):
            await add(tasks, idempotency_key=bad)


async def test_requests_of_one_key_at_the_same_time_make_one_task(tasks: Tasks) -> None:
    made = await asyncio.gather(*(add(tasks, idempotency_key="k", parameters={"n": 1}) for _ in range(8)))
    assert len({task.task_id for task in made}) == 1
    async with tasks.database.read() as session:
        assert (await session.execute(select(func.count()).select_from(Task))).scalar_one() == 1


async def test_one_key_with_two_bodies_at_the_same_time_makes_one_task_and_conflicts(tasks: Tasks) -> None:
    made = await asyncio.gather(
        *(add(tasks, idempotency_key="k", parameters={"n": number}) for number in range(6)), return_exceptions=True
    )
    kinds = Counter(type(one).__name__ for one in made)
    assert kinds == {"Task": 1, "Conflict": 5}


async def test_turns_go_round_however_much_one_user_queued(tasks: Tasks, clock: Clock) -> None:
    for _ in range(20):
        await add(tasks, "ann")
    first, ann = await claim_one(tasks)
    clock.move(1)
    await add(tasks, "bob")
    await add(tasks, "bob")
    await add(tasks, "cyd")
    order = [first.user_id]
    leases = [ann]
    for _ in range(6):
        clock.move(1)
        await tasks.queue.finish(leases[-1], order[-1], save({}))
        task, lease = await claim_one(tasks)
        order.append(task.user_id)
        leases.append(lease)
    assert order == ["ann", "bob", "cyd", "ann", "bob", "ann", "ann"]


async def test_several_places_go_to_those_who_have_fewest(tasks: Tasks, clock: Clock) -> None:
    for user in ("ann",) * 9 + ("bob",) * 2 + ("cyd",):
        await add(tasks, user)
    claimed = await tasks.queue.claim("lane", ["job"], 6)
    assert Counter(task.user_id for task in claimed) == {"ann": 3, "bob": 2, "cyd": 1}
    await add(tasks, "cyd")
    clock.move(1)
    assert (await claim_one(tasks))[0].user_id == "cyd"


async def test_a_users_own_tasks_begin_in_their_order(tasks: Tasks, clock: Clock) -> None:
    made = []
    for _ in range(5):
        clock.move(0.001)
        made.append((await add(tasks)).task_id)
    claimed = [(await claim_one(tasks))[0].task_id for _ in made]
    assert claimed == made


async def test_only_registered_kinds_of_the_lane_are_claimed(tasks: Tasks) -> None:
    await add(tasks, kind="other")
    await add(tasks, lane="elsewhere")
    assert await tasks.queue.claim("lane", ["job"], 5) == []
    assert len(await tasks.queue.claim("lane", ["job", "other"], 5)) == 1


async def test_claims_at_the_same_time_never_give_one_task_twice(tasks: Tasks) -> None:
    for number in range(30):
        await add(tasks, ("ann", "bob", "cyd")[number % 3])
    rounds = await asyncio.gather(*(tasks.queue.claim("lane", ["job"], 3) for _ in range(10)))
    claimed = [task.task_id for one in rounds for task in one]
    assert len(claimed) == len(set(claimed))
    rest = await tasks.queue.claim("lane", ["job"], 30)
    assert len(claimed) + len(rest) == 30


async def test_what_save_raises_changes_nothing(tasks: Tasks) -> None:
    task = await add(tasks)
    _, lease = await claim_one(tasks)

    async def fail(session: AsyncSession) -> dict[str, str]:
        session.add(AuditEntry(action="test.lost", details={}))
        await session.flush()
        raise NoPersonFound

    with pytest.raises(NoPersonFound):
        await tasks.queue.finish(lease, "ann", fail)
    assert (await read(tasks, task.task_id)).status == Status.RUNNING
    async with tasks.database.read() as session:
        assert (await session.execute(select(AuditEntry))).first() is None


async def test_a_guests_running_task_is_done_again_for_the_account(tasks: Tasks) -> None:
    key = {"idempotency_key": "k"}
    task = await add(tasks, "bob", **key)
    await add(tasks, "ann", **key)
    (of_bob,) = [one for one in await tasks.queue.claim("lane", ["job"], 2) if one.user_id == "bob"]
    await tasks.database.write(lambda session: tasks.hook.merge(session, "bob", "ann"))
    assert await tasks.queue.finish(lease_of(of_bob), "bob", save({"of": "bob"})) is Finish.LOST
    row = await read(tasks, task.task_id)
    assert (row.user_id, row.status, row.result, row.failures) == ("ann", Status.QUEUED, None, 0)


async def test_deleting_an_account_deletes_its_tasks_and_stops_them(tasks: Tasks) -> None:
    group = await tasks.database.write(
        lambda session: tasks.add_group(session, user_id="ann", kind="matrix", parameters={})
    )
    await add(tasks, parent_id=group.task_id)
    await add(tasks, "bob")
    claimed = {task.user_id: task for task in await tasks.queue.claim("lane", ["job"], 5)}
    told: list[str] = []
    tasks._moves.stop_asked = told.append
    assert await tasks.database.write(lambda session: tasks.hook.usage(session, "ann")) == {"tasks": 2}
    assert await tasks.database.write(lambda session: tasks.hook.delete(session, "ann")) == {"tasks": 2}
    assert told == [claimed["ann"].task_id]
    assert await tasks.queue.finish(lease_of(claimed["ann"]), "ann", save({})) is Finish.LOST
    async with tasks.database.read() as session:
        assert (await session.execute(select(Task.user_id))).scalars().all() == ["bob"]
        assert await session.get(User, "ann") is not None


async def test_an_account_is_exported_with_its_tasks(tasks: Tasks) -> None:
    for number in range(3):
        await add(tasks, parameters={"number": number})
    await add(tasks, "bob")
    (file,) = [file async for file in tasks.hook.export("ann")]
    assert file.name == "tasks.jsonl"
    assert not isinstance(file.data, bytes)
    text = b"".join([piece async for piece in file.data]).decode()
    assert [f'"number": {number}' in line for number, line in enumerate(text.splitlines())] == [True] * 3


async def test_an_upload_is_an_ended_row_that_no_list_shows(tasks: Tasks) -> None:
    task_id = await tasks.database.write(
        lambda session: tasks.record_upload(session, user_id="ann", image_id="img", result={"filename": "f"})
    )
    row = await read(tasks, task_id)
    assert (row.status, row.kind, row.image_id, row.is_hidden) == (Status.SUCCEEDED, "upload", "img", True)
    assert await tasks.database.write(lambda session: tasks.hook.usage(session, "ann")) == {"tasks": 0}
    assert await tasks.orders.retry(task_id, "ann") is None
    assert await tasks.orders.cancel(task_id, "ann") is None
