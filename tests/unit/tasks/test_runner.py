# ruff: noqa: ASYNC110, ASYNC240 - what is waited for happens in other processes and in the database
"""The embedded runner: what becomes of handlers, threads and processes."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.tasks import computing
from tests.unit.tasks.house import add, kind_of, make_people, make_tasks, read, save, until

from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.errors import EngineBusy, NoPersonFound, NoRoomLeft
from vtonlab.tasks import processes
from vtonlab.tasks.contract import Done, Job, Seat, WaitUntil
from vtonlab.tasks.events import TaskState
from vtonlab.tasks.models import Status, Task
from vtonlab.tasks.service import Tasks

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def running(database: Database, handler: Callable[[Job], Any], **more: Any) -> AsyncIterator[Tasks]:
    settings = more.pop("settings", {})
    tasks = make_tasks(database, now, **settings)  # type: ignore[arg-type]
    tasks.register(kind_of(handler, **more))
    await tasks.start()
    try:
        yield tasks
    finally:
        await tasks.stop()


@pytest.fixture(autouse=True)
async def people(database: Database) -> None:
    await make_people(database, "ann", "bob")


async def test_a_task_runs_and_every_state_is_told(database: Database) -> None:
    async def handle(job: Job) -> dict[str, Any]:
        await job.report(0.5, "half")
        await asyncio.sleep(0.3)
        return {"image_id": "img", "of": job.user_id, "with": job.parameters}

    async with running(database, handle) as tasks:
        alive = [tasks.runner.is_running]
        listener = tasks.events.subscribe("ann")
        others = tasks.events.subscribe("bob")
        task = await add(tasks, parameters={"x": 1})
        states: list[TaskState] = []
        while not states or states[-1].status is not Status.SUCCEEDED:
            states.append(await asyncio.wait_for(listener.next(), 10))
        assert {state.task_id for state in states} == {task.task_id}
        assert [state.revision for state in states] == sorted({state.revision for state in states})
        assert ("half", 0.5) in {(state.stage, state.progress) for state in states}
        assert states[-1].result == {"image_id": "img", "of": "ann", "with": {"x": 1}}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(others.next(), 0.05)
    assert [*alive, tasks.runner.is_running] == [True, False]
    assert (await read(tasks, task.task_id)).image_id == "img"


async def test_an_unexpected_error_tells_people_nothing_and_the_log_everything(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(_: Job) -> None:
        raise ValueError("/home/somebody/secret")

    async with running(database, handle) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.FAILED)
    assert (task.error or {})["code"] == "task_fault"
    assert "secret" not in str(task.error) + str(task.history)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert task.task_id in record.getMessage()
    assert "secret" in str(record.exc_info)


async def test_a_handler_that_returns_nonsense_fails_alone(database: Database) -> None:
    async def handle(job: Job) -> Any:
        return {} if job.parameters else 7

    async with running(database, handle) as tasks:
        assert (await until(tasks, (await add(tasks)).task_id, Status.FAILED)).failures == 1
        await until(tasks, (await add(tasks, parameters={"good": True})).task_id, Status.SUCCEEDED)


async def test_a_retryable_error_is_tried_again_after_its_pause(database: Database) -> None:
    begun: list[float] = []

    async def handle(_: Job) -> None:
        begun.append(time.monotonic())
        if len(begun) < 3:
            raise EngineBusy(engine="x")

    async with running(database, handle, back_off=timedelta(seconds=0.1)) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.SUCCEEDED, Status.FAILED)
    assert (task.status, task.attempts, task.failures) == (Status.SUCCEEDED, 3, 2)
    assert begun[1] - begun[0] >= 0.05


async def test_an_error_that_is_no_ones_fault_fails_at_once(database: Database) -> None:
    async def handle(_: Job) -> None:
        raise NoPersonFound

    async with running(database, handle) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.FAILED)
    assert (task.attempts, (task.error or {})["code"]) == (1, "no_person_found")


async def test_polling_holds_no_place(database: Database) -> None:
    polls: dict[str, int] = {}

    async def handle(job: Job) -> Any:
        polls[job.task_id] = polls.get(job.task_id, 0) + 1
        if job.remote_id is None:
            await job.remember(remote_id="r-" + job.task_id, state={"submitted": True})
        assert job.state == {"submitted": True}
        return WaitUntil(0.05, progress=0.4) if polls[job.task_id] < 4 else {"remote": job.remote_id}

    async with running(database, handle, settings={"engine_concurrency": {"lane": 1}}) as tasks:
        made = [await add(tasks) for _ in range(3)]
        ended = [await until(tasks, task.task_id, Status.SUCCEEDED, Status.FAILED) for task in made]
    assert [task.result for task in ended] == [{"remote": "r-" + task.task_id} for task in made]
    assert [(task.attempts, task.failures) for task in ended] == [(4, 0)] * 3


async def test_a_lane_has_its_own_number_of_places(database: Database) -> None:
    now_running: dict[str, int] = {"slow": 0, "other": 0}
    most = dict(now_running)

    async def handle(job: Job) -> None:
        lane = str(job.parameters["lane"])
        now_running[lane] += 1
        most[lane] = max(most[lane], now_running[lane])
        await asyncio.sleep(0.1)
        now_running[lane] -= 1

    settings = {"engine_concurrency": {"slow": 2}, "remote_workers": 3}
    async with running(database, handle, settings=settings) as tasks:
        made = [await add(tasks, lane=lane, parameters={"lane": lane}) for lane in ("slow", "other") * 6]
        for task in made:
            await until(tasks, task.task_id, Status.SUCCEEDED)
    assert most == {"slow": 2, "other": 3}


async def test_computing_takes_as_many_places_as_there_are_workers(database: Database) -> None:
    running_now, most = 0, 0

    async def handle(_: Job) -> None:
        nonlocal running_now, most
        running_now += 1
        most = max(most, running_now)
        await asyncio.sleep(0.1)
        running_now -= 1

    async with running(database, handle, seat=Seat.COMPUTE, settings={"workers": 2}) as tasks:
        for task in [await add(tasks) for _ in range(6)]:
            await until(tasks, task.task_id, Status.SUCCEEDED)
    assert most == 2


async def test_cancelling_stops_a_running_handler_at_its_next_report(database: Database) -> None:
    begun = asyncio.Event()

    async def handle(job: Job) -> None:
        begun.set()
        while True:
            await job.report(0.1, "on")
            await asyncio.sleep(0.01)

    async with running(database, handle) as tasks:
        task = await add(tasks)
        await asyncio.wait_for(begun.wait(), 10)
        await tasks.orders.cancel(task.task_id)
        ended = await until(tasks, task.task_id, Status.CANCELLED, Status.FAILED, Status.SUCCEEDED)
    assert ended.status == Status.CANCELLED


async def test_a_cancel_by_another_server_is_heard_too(database: Database) -> None:
    begun = asyncio.Event()

    async def handle(job: Job) -> None:
        begun.set()
        while True:
            await asyncio.sleep(0.01)
            if getattr(job, "reason", None) is not None:  # without a report: only the row says it
                await job.report(0.1, "on")

    async with running(database, handle) as tasks:
        task = await add(tasks)
        await asyncio.wait_for(begun.wait(), 10)
        other = make_tasks(database, now)  # type: ignore[arg-type]
        await other.orders.cancel(task.task_id)
        assert (await until(tasks, task.task_id, Status.CANCELLED)).finished_at is not None


async def test_work_in_a_thread_reports_and_obeys(database: Database) -> None:
    names: list[str] = []

    def work(number: int, report: Callable[[float, str], None]) -> int:
        names.append(threading.current_thread().name)
        report(0.5, "thread")
        return number + 1

    def endless(report: Callable[[float, str], None]) -> None:
        while True:
            report(0.2, "endless")
            time.sleep(0.01)

    async def handle(job: Job) -> dict[str, Any]:
        if job.parameters:
            await job.in_thread(endless)
        return {"number": await job.in_thread(work, 41)}

    async with running(database, handle) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.SUCCEEDED)
        assert task.result == {"number": 42}
        assert names == [f"task-{task.task_id}"]
        stopping = await add(tasks, parameters={"endless": True})
        await until(tasks, stopping.task_id, Status.RUNNING)
        await tasks.orders.cancel(stopping.task_id)
        await until(tasks, stopping.task_id, Status.CANCELLED)
        await gone(f"task-{stopping.task_id}")


async def gone(thread: str) -> None:
    async with asyncio.timeout(10):
        while any(one.name == thread for one in threading.enumerate()):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "error", [concurrent.futures.CancelledError, asyncio.CancelledError, StopIteration, SystemExit]
)
async def test_what_a_thread_raises_never_passes_for_the_servers_own(
    database: Database, error: type[BaseException]
) -> None:
    def work(_: Callable[[float, str], None]) -> None:
        raise error

    async def handle(job: Job) -> None:
        await job.in_thread(work)

    async with running(database, handle) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.FAILED, Status.CANCELLED)
    assert (task.status, (task.error or {}).get("code")) == (Status.FAILED, "task_fault")


async def test_work_in_a_process_is_spawned_kept_and_never_forked(database: Database) -> None:
    async def handle(job: Job) -> dict[str, Any]:
        number, pid = await job.in_process(computing.double, 21)
        again = await job.in_process(computing.double, 4)
        fresh = await job.in_process(computing.is_fresh)
        size = len(await job.in_process(computing.large, 5_000_000))
        return {"number": number, "pids": [pid, again[1]], "fresh": fresh, "size": size}

    async with running(database, handle, seat=Seat.COMPUTE) as tasks:
        listener = tasks.events.subscribe("ann")
        task = await until(tasks, (await add(tasks)).task_id, Status.SUCCEEDED, Status.FAILED)
        stages = {(await listener.next()).stage for _ in range(1)}
    assert task.result is not None
    first, second = task.result["pids"]
    assert (task.result["number"], task.result["fresh"], task.result["size"]) == (42, True, 5_000_000)
    assert first == second != os.getpid()
    assert stages
    assert not is_alive(first)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")  # who ended may still be waited for
    return not status.exists() or "State:\tZ" not in status.read_text()


@pytest.mark.parametrize(
    ("work", "code"),
    [
        (computing.refuse, "garment_not_understood"),
        (computing.break_down, "task_fault"),
        (computing.cannot_be_sent, "task_fault"),
    ],
)
async def test_what_a_process_raises_arrives(database: Database, work: Callable[..., Any], code: str) -> None:
    async def handle(job: Job) -> None:
        await job.in_process(work)

    async with running(database, handle, seat=Seat.COMPUTE) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.FAILED)
    assert task.error is not None
    assert task.error["code"] == code
    assert "secret" not in str(task.error)


@pytest.mark.parametrize("work", [computing.obey, computing.ignore])
async def test_a_cancelled_process_stops_whether_it_obeys_or_not(
    database: Database, tmp_path: Path, work: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "OBEY_SECONDS", 0.5)
    begun = tmp_path / "begun"

    async def handle(job: Job) -> None:
        await job.in_process(work, str(begun))

    async with running(database, handle, seat=Seat.COMPUTE) as tasks:
        task = await add(tasks)
        pid = await written(begun)
        await tasks.orders.cancel(task.task_id)
        await until(tasks, task.task_id, Status.CANCELLED)
        assert is_alive(pid) is (work is computing.obey)
        assert (tmp_path / "obeyed").exists() is (work is computing.obey)
    assert not is_alive(pid)


async def written(path: Path) -> int:
    async with asyncio.timeout(20):
        while not path.exists() or not path.read_text():
            await asyncio.sleep(0.01)
    return int(path.read_text())


async def test_a_process_that_dies_is_an_attempt_that_failed(database: Database, tmp_path: Path) -> None:
    async def handle(job: Job) -> dict[str, Any]:
        return {"said": await job.in_process(computing.die, str(tmp_path / "died"))}

    async with running(database, handle, seat=Seat.COMPUTE, back_off=timedelta(seconds=0.01)) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.SUCCEEDED, Status.FAILED)
    assert (task.status, task.result, task.failures, task.attempts) == (Status.SUCCEEDED, {"said": "alive"}, 1, 2)
    assert (task.history or [])[0]["code"] == "worker_lost"


async def test_a_process_that_hangs_is_ended(database: Database, tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    async def handle(job: Job) -> None:
        await job.in_process(computing.ignore, str(begun))

    hanging = {"patience": timedelta(seconds=1.5), "max_failures": 1}
    async with running(database, handle, seat=Seat.COMPUTE, **hanging) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.FAILED)
        assert (task.error or {})["code"] == "worker_lost"
        assert not is_alive(int(begun.read_text()))


async def test_a_process_does_not_outlive_a_server_that_was_killed(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    program = (
        "import sys, threading; from tests.unit.tasks import computing; from vtonlab.tasks.processes import Worker; "
        "Worker().call(computing.ignore, (sys.argv[1],), print, threading.Event(), 60)"
    )
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(begun), cwd=ROOT)
    pid = await written(begun)
    server.kill()
    await server.wait()
    async with asyncio.timeout(10):
        while is_alive(pid):
            await asyncio.sleep(0.02)


async def test_stopping_gives_back_what_runs_and_the_next_server_does_it(database: Database, tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    async def handle(job: Job) -> dict[str, Any]:
        if job.attempt == 1:
            await job.in_process(computing.obey, str(begun))
        return {"attempt": job.attempt}

    async with running(database, handle, seat=Seat.COMPUTE) as tasks:
        task = await add(tasks)
        pid = await written(begun)
    row = await read(tasks, task.task_id)
    assert (row.status, row.failures, row.lease_owner) == (Status.QUEUED, 0, None)
    assert not is_alive(pid)
    async with running(database, handle, seat=Seat.COMPUTE) as tasks:
        ended = await until(tasks, task.task_id, Status.SUCCEEDED)
    assert ended.result == {"attempt": 2}


async def test_stopping_does_not_wait_for_a_thread_that_never_ends(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtonlab.tasks.attempt.OBEY_SECONDS", 0.2)
    release = threading.Event()
    begun = threading.Event()

    def stuck(_: Callable[[float, str], None]) -> None:
        begun.set()
        release.wait(60)

    async def handle(job: Job) -> None:
        await job.in_thread(stuck)

    async with running(database, handle) as tasks:
        task = await add(tasks)
        await asyncio.to_thread(begun.wait, 10)
    assert (await read(tasks, task.task_id)).status == Status.QUEUED
    release.set()
    await gone(f"task-{task.task_id}")


async def test_what_was_prepared_is_undone_when_it_is_not_kept(database: Database) -> None:
    undone: list[str] = []

    async def handle(job: Job) -> Done:
        async def undo() -> None:
            undone.append(str(job.parameters["how"]))

        async def refuse(_: AsyncSession) -> dict[str, str]:
            raise NoRoomLeft(used="1", limit="1")

        async def lose(session: AsyncSession) -> None:
            await session.execute(update(Task).where(Task.task_id == job.task_id).values(lease_owner="another"))

        match job.parameters["how"]:
            case "lost":
                await database.write(lose)
            case "cancelled":
                await tasks.orders.cancel(job.task_id)
            case "refused":
                return Done(refuse, undo)
        return Done(save({}), undo)

    async with running(database, handle) as tasks:
        made = {how: await add(tasks, parameters={"how": how}) for how in ("kept", "cancelled", "refused", "lost")}
        await until(tasks, made["kept"].task_id, Status.SUCCEEDED)
        await until(tasks, made["cancelled"].task_id, Status.CANCELLED)
        refused = await until(tasks, made["refused"].task_id, Status.FAILED)
        assert (refused.error or {})["code"] == "no_room_left"
        async with asyncio.timeout(10):
            while len(undone) < 3:
                await asyncio.sleep(0.01)
    assert sorted(undone) == ["cancelled", "lost", "refused"]
    assert (await read(tasks, made["lost"].task_id)).lease_owner == "another"


async def test_a_lease_is_renewed_while_it_runs(database: Database) -> None:
    async def handle(job: Job) -> dict[str, int]:
        await asyncio.sleep(2.5)
        return {"attempt": job.attempt}

    async with running(database, handle, settings={"task_lease_seconds": 0.8}) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.SUCCEEDED, Status.FAILED)
    assert (task.status, task.result, task.failures) == (Status.SUCCEEDED, {"attempt": 1}, 0)


async def test_a_runner_goes_on_after_the_database_was_away(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(_: Job) -> None:
        return None

    async with running(database, handle) as tasks:
        with monkeypatch.context() as away:
            away.setattr(Database, "read", lambda _: (_ for _ in ()).throw(OSError("away")))
            tasks.runner.wake()
            async with asyncio.timeout(5):
                while "claiming failed" not in caplog.text:
                    await asyncio.sleep(0.01)
        await until(tasks, (await add(tasks)).task_id, Status.SUCCEEDED)


async def test_one_task_begins_while_anothers_500_wait(database: Database) -> None:
    order: list[str] = []

    async def handle(job: Job) -> None:
        order.append(job.user_id)
        await asyncio.sleep(0.01)

    async with running(database, handle, settings={"engine_concurrency": {"lane": 1}}) as tasks:

        async def many(session: AsyncSession) -> None:
            for _ in range(500):
                await tasks.add(session, user_id="ann", kind="job", lane="lane", parameters={})

        await database.write(many)
        async with asyncio.timeout(10):
            while not order:
                await asyncio.sleep(0.005)
        before = len(order)
        task = await add(tasks, "bob")
        await until(tasks, task.task_id, Status.SUCCEEDED)
    assert order.index("bob") <= before + 2


async def test_tasks_that_another_process_queued_are_found(database: Database) -> None:
    async def handle(_: Job) -> None:
        return None

    async with running(database, handle) as tasks:
        other = make_tasks(database, now)  # type: ignore[arg-type]
        task = await add(other)
        await until(tasks, task.task_id, Status.SUCCEEDED)
