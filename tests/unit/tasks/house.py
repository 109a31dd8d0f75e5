# ruff: noqa: ASYNC110 - what is waited for happens in the database
"""People with tasks, over any database, and a clock that only moves when it is told to."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import BUILT_IN_ROLES, Caller, CallerKind, Via
from vtonlab.accounts.models import Role, User
from vtonlab.accounts.service import Accounts
from vtonlab.db.database import Database
from vtonlab.settings import Settings
from vtonlab.tasks.contract import Done, Job, JobKind
from vtonlab.tasks.models import Task
from vtonlab.tasks.queue import Lease
from vtonlab.tasks.service import Tasks

BEGIN = datetime(2026, 11, 22, 8, tzinfo=UTC)
SECRET = b"a secret for tests, long enough!"


class Clock:
    """A moment that stands still."""

    def __init__(self) -> None:
        self.moment = BEGIN

    def __call__(self) -> datetime:
        return self.moment

    def move(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Ticking(Clock):
    """A clock by which no two things happen at once."""

    def __call__(self) -> datetime:
        self.moment += timedelta(microseconds=1)
        return self.moment


async def make_people(database: Database, *names: str) -> None:
    """Users with these ids, in the role of editors."""

    async def work(session: AsyncSession) -> None:
        if await session.get(Role, "editor") is None:
            session.add(Role(name="editor", permissions=[], is_built_in=True))
            await session.flush()
        session.add_all(User(user_id=name, username=name, username_key=name) for name in names)

    await database.write(work)


def make_tasks(database: Database, clock: Clock | None = None, **settings: Any) -> Tasks:
    """The service, with nothing registered."""
    chosen = Settings(**settings)
    accounts = Accounts(database, chosen, SECRET, [])
    return Tasks(database, chosen, accounts, clock=clock or Ticking(), chance=random.Random(1))


async def add(tasks: Tasks, user_id: str = "ann", kind: str = "job", lane: str = "lane", **more: Any) -> Task:
    """A task put in line in a transaction of its own."""
    parameters = more.pop("parameters", {})
    return await tasks.database.write(
        lambda session: tasks.add(session, user_id=user_id, kind=kind, lane=lane, parameters=parameters, **more)
    )


async def claim_one(tasks: Tasks, lane: str = "lane", kind: str = "job") -> tuple[Task, Lease]:
    """A task that was claimed, and the right to it."""
    (task,) = await tasks.queue.claim(lane, [kind], 1)
    return task, lease_of(task)


def lease_of(task: Task) -> Lease:
    return Lease(task.task_id, task.attempts, task.lease_owner or "")


async def read(tasks: Tasks, task_id: str) -> Task:
    """The row as it is now."""
    async with tasks.database.read() as session:
        return (await session.execute(select(Task).where(Task.task_id == task_id))).scalar_one()


def save(result: Mapping[str, Any]) -> Callable[[AsyncSession], Awaitable[Mapping[str, Any]]]:
    """Keeps nothing but the result."""

    async def work(_: AsyncSession) -> Mapping[str, Any]:
        return result

    return work


def caller(user_id: str, role: str = "editor") -> Caller:
    """Somebody who is signed in."""
    return Caller(CallerKind.USER, user_id, user_id, role, BUILT_IN_ROLES[role], Via.COOKIE)


def kind_of(handler: Callable[[Job], Awaitable[Any]], **more: Any) -> JobKind:
    """A kind ``job`` that is handled by ``handler``, whose outcome is done with its result unless it says otherwise."""

    async def handle(job: Job) -> Any:
        outcome = await handler(job)
        return Done(save(outcome or {})) if outcome is None or isinstance(outcome, dict) else outcome

    return JobKind("job", handle, **more)


async def until(tasks: Tasks, task_id: str, *statuses: str, seconds: float = 20) -> Task:
    """The task once it is in one of ``statuses``."""
    async with asyncio.timeout(seconds):
        while (task := await read(tasks, task_id)).status not in statuses:
            await asyncio.sleep(0.01)
    return task
