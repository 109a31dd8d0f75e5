# ruff: noqa: ASYNC110 - what is waited for happens in a thread and in the database
"""Errands of engines that run as tasks: a thread's calls into the server's loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.remote.jobs import FakeJob
from tests.unit.tasks.house import add, caller, kind_of, make_people, make_tasks, read, until

from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.engines.contract import Errand, Report
from vtonlab.errors import BudgetSpent, Cancelled, EngineBusy, NotThatService, VtonError
from vtonlab.remote.errand import TaskErrand
from vtonlab.remote.listings import Wanted
from vtonlab.remote.models import Departure
from vtonlab.remote.service import Outbound
from vtonlab.settings import Settings
from vtonlab.tasks.contract import Job
from vtonlab.tasks.models import Status, Task
from vtonlab.tasks.service import Tasks

pytestmark = pytest.mark.anyio

Engine = Callable[[Errand, Report], dict[str, Any] | None]
"""What an engine does in its thread."""


@pytest.fixture(autouse=True)
async def people(database: Database) -> None:
    await make_people(database, "ann")


@asynccontextmanager
async def running(database: Database, engine: Engine, budget: float = 5.0) -> AsyncIterator[Tasks]:
    outbound = Outbound(database, Settings(remote_budget=budget))

    async def handle(job: Job) -> dict[str, Any] | None:
        errand = TaskErrand(outbound, job, "far", asyncio.get_running_loop())
        return await job.in_thread(engine, errand)

    tasks = make_tasks(database, now)  # type: ignore[arg-type]
    tasks.register(kind_of(handle, back_off=timedelta(seconds=0.01)))
    await tasks.start()
    try:
        yield tasks
    finally:
        await tasks.stop()


async def departures(database: Database) -> list[Departure]:
    page = await Outbound(database, Settings()).list(caller("ann"), Wanted(newest_first=False))
    return list(page.items)


async def test_an_engine_says_what_leaves_and_what_to_remember(database: Database) -> None:
    kept: list[str | None] = []

    def engine(errand: Errand, report: Report) -> dict[str, Any]:
        kept.append(errand.remote_id)
        report(0.1, "sending")
        errand.leaving("far.example", 2, 1_000, 0.25)
        errand.keep("job-7")
        kept.append(errand.remote_id)
        return {"done": True}

    async with running(database, engine) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.SUCCEEDED, Status.FAILED)
    assert (task.status, task.remote_id, kept) == (Status.SUCCEEDED, "job-7", [None, "job-7"])
    (row,) = await departures(database)
    assert (row.user_id, row.engine, row.host, row.task_id) == ("ann", "far", "far.example", task.task_id)
    assert (row.pictures, row.bytes, row.price) == (2, 1_000, 0.25)


async def test_what_is_said_is_durable_when_the_call_returns(database: Database) -> None:
    """Seen by a connection that knows nothing of the one that wrote."""
    import sqlite3

    seen: list[tuple[Any, ...]] = []

    def look(question: str) -> None:
        assert database.file is not None
        connection = sqlite3.connect(database.file)
        seen.append(connection.execute(question).fetchone())
        connection.close()

    def engine(errand: Errand, _: Report) -> None:
        errand.leaving("far.example", 2, 1_000)
        look("SELECT count(*) FROM departures")
        errand.keep("job-7")
        look("SELECT remote_id FROM tasks")

    async with running(database, engine) as tasks:
        await until(tasks, (await add(tasks)).task_id, Status.SUCCEEDED, Status.FAILED)
    assert seen == [(1,), ("job-7",)]


async def test_the_next_attempt_knows_what_the_last_one_bought(database: Database) -> None:
    known: list[str | None] = []

    def engine(errand: Errand, _: Report) -> None:
        known.append(errand.remote_id)
        if errand.remote_id is None:
            errand.leaving("far.example", 2, 1_000, 0.25)
            errand.keep("job-7")
            raise EngineBusy(engine="far")

    async with running(database, engine) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.SUCCEEDED, Status.FAILED)
    assert (task.status, known) == (Status.SUCCEEDED, [None, "job-7"])
    assert len(await departures(database)) == 1


async def test_a_spent_budget_fails_the_task_before_anything_is_sent(database: Database) -> None:
    sent: list[str] = []

    def engine(errand: Errand, _: Report) -> None:
        errand.leaving("far.example", 2, 1_000, 0.25)
        sent.append("pictures")

    async with running(database, engine, budget=0.2) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.FAILED, Status.SUCCEEDED)
    assert (task.error or {})["code"] == BudgetSpent.code
    assert task.attempts == 1
    assert (sent, await departures(database)) == ([], [])


async def change(database: Database, task_id: str, **values: Any) -> None:
    async def work(session: AsyncSession) -> None:
        await session.execute(update(Task).where(Task.task_id == task_id).values(**values))

    await database.write(work)


@pytest.mark.parametrize(
    ("values", "status"),
    [({"cancel_requested": True}, Status.CANCELLED), ({"lease_owner": "another attempt"}, Status.RUNNING)],
    ids=["stopped", "lost"],
)
async def test_nothing_leaves_that_nobody_wants_any_more(
    database: Database, values: dict[str, Any], status: Status
) -> None:
    """The row is asked, not what this process was told: another process may have changed it a moment ago."""
    begun, go_on = threading.Event(), threading.Event()
    raised: list[type[Exception]] = []

    def engine(errand: Errand, _: Report) -> None:
        begun.set()
        go_on.wait(10)
        try:
            errand.leaving("far.example", 2, 1_000, 0.25)
        except VtonError as error:
            raised.append(type(error))
            raise

    async with running(database, engine) as tasks:
        task = await add(tasks)
        await asyncio.to_thread(begun.wait, 10)
        await change(database, task.task_id, **values)
        go_on.set()
        async with asyncio.timeout(10):
            while not raised or (await read(tasks, task.task_id)).status != status:
                await asyncio.sleep(0.01)
    assert raised == [Cancelled]
    assert await departures(database) == []


async def test_what_was_bought_is_kept_even_where_it_is_not_wanted(database: Database) -> None:
    """So that it can be called off there."""
    begun, go_on = threading.Event(), threading.Event()

    def engine(errand: Errand, report: Report) -> None:
        errand.leaving("far.example", 2, 1_000, 0.25)
        begun.set()
        go_on.wait(10)
        errand.keep("job-7")
        while True:
            report(0.5, "waiting")
            time.sleep(0.01)

    async with running(database, engine) as tasks:
        task = await add(tasks)
        await asyncio.to_thread(begun.wait, 10)
        await change(database, task.task_id, cancel_requested=True)
        go_on.set()
        ended = await until(tasks, task.task_id, Status.CANCELLED)
    assert ended.remote_id == "job-7"


async def test_an_id_that_is_too_long_to_be_kept(database: Database) -> None:
    def engine(errand: Errand, _: Report) -> None:
        errand.keep("x" * 201)

    async with running(database, engine) as tasks:
        task = await until(tasks, (await add(tasks)).task_id, Status.FAILED, Status.SUCCEEDED)
    assert (task.error or {})["code"] == NotThatService.code


async def test_a_database_that_fails_is_told_to_the_engine(database: Database) -> None:
    job = FakeJob()
    errand = TaskErrand(Outbound(database, Settings()), job, "far", asyncio.get_running_loop())  # type: ignore[arg-type]
    with pytest.raises(VtonError, match="Something went wrong"):
        await asyncio.to_thread(errand.leaving, "far.example", 2, 1_000)  # nobody of that name
    async with database.read() as session:
        assert (await session.execute(select(Departure))).first() is None


async def test_a_call_that_runs_out_of_time_is_not_waited_for_again(database: Database) -> None:
    job = FakeJob(error=TimeoutError())
    errand = TaskErrand(Outbound(database, Settings()), job, "far", asyncio.get_running_loop())  # type: ignore[arg-type]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.to_thread(errand.keep, "job-7"), 10)
