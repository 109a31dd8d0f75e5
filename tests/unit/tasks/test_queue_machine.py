"""Random lives of a queue: several workers, a clock that jumps, and crashes. Whatever happens, every task ends exactly
once, and what it made is kept exactly once or not at all."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.tasks.house import Clock, add, lease_of, make_people, make_tasks

from vtonlab.accounts.models import AuditEntry
from vtonlab.db.base import Base
from vtonlab.db.database import Database
from vtonlab.errors import AlreadyEnded, Conflict, EngineBusy, NoPersonFound
from vtonlab.tasks.models import ENDED, Status, Task
from vtonlab.tasks.queue import Finish, Lease

PEOPLE = ("ann", "bob")
SECOND = timedelta(seconds=1)
workers = st.integers(0, 3)
picks = st.integers(0, 10**6)


class Lives(RuleBasedStateMachine):
    """``held`` is what each worker believes it has; a worker that slept may be wrong about it."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.database = Database(f"sqlite:///{Path(self.folder.name) / 'lives.db'}")
        self.do(self.open())
        self.held: dict[int, tuple[Lease, str]] = {}
        self.known: list[str] = []
        self.succeeded: set[str] = set()
        self.revisions: dict[str, int] = {}

    def do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def open(self) -> None:
        async with self.database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await make_people(self.database, *PEOPLE)
        self.tasks = make_tasks(self.database, self.clock)

    def teardown(self) -> None:
        self.do(self.end_everything())
        self.do(self.database.close())
        self.loop.close()
        self.folder.cleanup()

    # People

    @rule(person=st.sampled_from(PEOPLE), key=st.none() | st.sampled_from(["k1", "k2"]))
    def ask(self, person: str, key: str | None) -> None:
        task = self.do(add(self.tasks, person, idempotency_key=key))
        if task.task_id not in self.known:
            self.known.append(task.task_id)

    @precondition(lambda self: self.known)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        try:
            self.do(self.tasks.orders.cancel(self.known[pick % len(self.known)]))
        except AlreadyEnded:
            return

    @precondition(lambda self: self.known)
    @rule(pick=picks)
    def retry(self, pick: int) -> None:
        task_id = self.known[pick % len(self.known)]
        try:
            self.do(self.tasks.orders.retry(task_id))
        except Conflict:
            assert task_id in self.succeeded or self.rows()[0][task_id].status not in ENDED

    # Workers

    @rule(worker=workers)
    def claim(self, worker: int) -> None:
        """Also when it has one: that attempt is then forgotten, as by a crash."""
        for task in self.do(self.tasks.queue.claim("lane", ["job"], 1)):
            self.held[worker] = (lease_of(task), task.user_id)

    @precondition(lambda self: self.held)
    @rule(pick=picks)
    def crash(self, pick: int) -> None:
        del self.held[sorted(self.held)[pick % len(self.held)]]

    def take(self, pick: int) -> tuple[Lease, str]:
        return self.held.pop(sorted(self.held)[pick % len(self.held)])

    @precondition(lambda self: self.held)
    @rule(pick=picks, dies_after=st.booleans())
    def finish(self, pick: int, dies_after: bool) -> None:
        lease, user_id = self.take(pick)

        async def save(session: AsyncSession) -> dict[str, str]:
            session.add(AuditEntry(action="kept", target=lease.task_id, details={"attempt": lease.attempt}))
            return {"attempt": str(lease.attempt)}

        if self.do(self.tasks.queue.finish(lease, user_id, save)) is Finish.SAVED:
            assert lease.task_id not in self.succeeded
            self.succeeded.add(lease.task_id)
        if dies_after:  # and whoever restarts it tries to finish the same attempt again
            assert self.do(self.tasks.queue.finish(lease, user_id, save)) is not Finish.SAVED

    @precondition(lambda self: self.held)
    @rule(pick=picks, retryable=st.booleans())
    def fail(self, pick: int, retryable: bool) -> None:
        lease, _ = self.take(pick)
        error = EngineBusy(engine="x") if retryable else NoPersonFound()
        self.do(self.tasks.queue.fail(lease, error, 10 * SECOND))

    @precondition(lambda self: self.held)
    @rule(pick=picks, seconds=st.integers(0, 100))
    def poll_later(self, pick: int, seconds: int) -> None:
        lease, _ = self.take(pick)
        self.do(self.tasks.queue.wait(lease, seconds, None, None))

    @precondition(lambda self: self.held)
    @rule(pick=picks)
    def give_back(self, pick: int) -> None:
        lease, _ = self.take(pick)
        self.do(self.tasks.queue.give_back(lease))

    @precondition(lambda self: self.held)
    @rule(pick=picks, fraction=st.floats(0, 1))
    def report(self, pick: int, fraction: float) -> None:
        lease, _ = self.held[sorted(self.held)[pick % len(self.held)]]
        self.do(self.tasks.queue.progress(lease, fraction, "on"))

    @precondition(lambda self: self.held)
    @rule()
    def renew(self) -> None:
        self.do(self.tasks.queue.renew([lease for lease, _ in self.held.values()]))

    # Time

    @rule(seconds=st.sampled_from([1, 20, 61, 400]))
    def pass_time(self, seconds: int) -> None:
        self.clock.move(seconds)

    @rule()
    def sweep(self) -> None:
        self.do(self.tasks.sweeper.find_lost())
        self.do(self.tasks.sweeper.wake())

    # What always holds

    def rows(self) -> tuple[dict[str, Task], Counter[str]]:
        async def read() -> tuple[dict[str, Task], Counter[str]]:
            async with self.database.read() as session:
                tasks = (await session.execute(select(Task))).scalars().all()
                kept = (await session.execute(select(AuditEntry.target))).scalars().all()
                return {task.task_id: task for task in tasks}, Counter(kept)

        rows: tuple[dict[str, Task], Counter[str]] = self.do(read())
        return rows

    @invariant()
    def every_task_is_there_and_kept_exactly_if_it_succeeded(self) -> None:
        tasks, kept = self.rows()
        assert set(tasks) == set(self.known)
        for task in tasks.values():
            assert kept[task.task_id] == (1 if task.status == Status.SUCCEEDED else 0)
            assert (task.status == Status.SUCCEEDED) == (task.task_id in self.succeeded)
            assert (task.finished_at is not None) == (task.status in ENDED)
            assert (task.lease_until is not None) == (task.status == Status.RUNNING)
            assert (task.error is not None) == (task.status == Status.FAILED)
            assert task.failures <= task.max_failures
            assert task.revision >= self.revisions.get(task.task_id, 0)
            self.revisions[task.task_id] = task.revision

    @invariant()
    def no_two_workers_hold_the_same_attempt(self) -> None:
        owners = [lease.owner for lease, _ in self.held.values()]
        assert len(owners) == len(set(owners))

    async def end_everything(self) -> None:
        """From wherever it stands, honest workers bring every task to its end."""
        for _ in range(60):
            self.clock.move(400)
            await self.tasks.sweeper.find_lost()
            await self.tasks.sweeper.wake()
            claimed = await self.tasks.queue.claim("lane", ["job"], 50)
            for task in claimed:

                async def save(_: AsyncSession) -> dict[str, str]:
                    return {}

                assert await self.tasks.queue.finish(lease_of(task), task.user_id, save) is not Finish.LOST
            async with self.database.read() as session:
                open_still = select(Task.task_id).where(Task.status.not_in(ENDED)).limit(1)
                if (await session.execute(open_still)).first() is None:
                    return
        raise AssertionError("a task never ended")


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=8, stateful_step_count=40, deadline=None)


class ManyLives(Lives):
    """The same, for longer."""


TestManyLives = pytest.mark.deep(ManyLives.TestCase)
TestManyLives.settings = settings(max_examples=300, stateful_step_count=80, deadline=None)
