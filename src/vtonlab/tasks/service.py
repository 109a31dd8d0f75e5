"""The long jobs of the house: put in line, told about, stopped, tried again."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller, Permission
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.db.types import JsonValue
from vtonlab.errors import NotThere, Text
from vtonlab.settings import Settings
from vtonlab.tasks import repository
from vtonlab.tasks.contract import JobKind
from vtonlab.tasks.events import Hub
from vtonlab.tasks.hooks import TasksHook
from vtonlab.tasks.listings import Listed, Page, Wanted, look_closer, read_page
from vtonlab.tasks.models import GROUP_LANE, Status, Task
from vtonlab.tasks.moves import Clock, Moves
from vtonlab.tasks.orders import Orders
from vtonlab.tasks.queue import Queue
from vtonlab.tasks.runner import Runner
from vtonlab.tasks.sweeper import Sweeper
from vtonlab.tasks.topics import Topics

if TYPE_CHECKING:
    from vtonlab.accounts.service import Accounts

log = logging.getLogger(__name__)

UPLOAD = "upload"
TASK = Text("task", "任务")
LONGEST_ID = 64


class Tasks:
    """What features and routes ask of the queue."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        accounts: Accounts,
        *,
        clock: Clock = now,
        chance: random.Random | None = None,
    ) -> None:
        """``clock`` and ``chance`` are for tests."""
        self.database = database
        self.settings = settings
        self.accounts = accounts
        self.events = Hub()
        self.topics = Topics()
        self._moves = Moves(self.events, clock)
        self.queue = Queue(database, self._moves, timedelta(seconds=settings.task_lease_seconds), chance)
        self.orders = Orders(database, self._moves)
        self.sweeper = Sweeper(database, self._moves)
        self.runner = Runner(database, self.queue, self.sweeper, self._moves, settings)
        self.hook = TasksHook(database, self._moves)

    # For features

    def register(self, kind: JobKind) -> None:
        """Let tasks of this kind be run here."""
        self.runner.register(kind)

    async def start(self, *, alone: bool = False) -> None:
        """Start the embedded runner and the sweeper. ``alone``: no other process works on this database, so whatever
        runs in it was cut off, and is taken up at once instead of when its lease runs out."""
        if alone and (ended := await self.sweeper.expire_all()):
            log.info("%d tasks were cut off when the last server stopped; they are taken up again", ended)
        await self.runner.start()

    async def stop(self) -> None:
        """Stop both; what runs is given back."""
        await self.runner.stop()

    async def add(
        self,
        session: AsyncSession,
        *,
        user_id: str,
        kind: str,
        lane: str,
        parameters: Mapping[str, JsonValue],
        idempotency_key: str | None = None,
        parent_id: str | None = None,
    ) -> Task:
        """Put a task in line, in the caller's transaction; the runner hears of it after the commit.

        With the ``idempotency_key`` of an earlier one of the user, that one. Raises ``Conflict`` where it asked for
        something else.
        """
        known = self.runner.kinds.get(kind)
        task = Task(
            user_id=user_id,
            kind=kind,
            lane=lane,
            parameters=dict(parameters),
            idempotency_key=idempotency_key,
            parent_id=parent_id,
        )
        if known is not None:
            task.max_failures = known.max_failures
        return await self.queue.add(session, task)

    async def find_first(self, session: AsyncSession, user_id: str, idempotency_key: str) -> Task | None:
        """The user's task that was asked for with that key."""
        return await repository.find_by_key(session, user_id, idempotency_key)

    async def add_group(
        self,
        session: AsyncSession,
        *,
        user_id: str,
        kind: str,
        parameters: Mapping[str, JsonValue],
        idempotency_key: str | None = None,
    ) -> Task:
        """A task that only stands for its children, which are added with its id as ``parent_id`` (in the same
        transaction; with keys made of its own, so that a request repeated finds them too). Nobody runs it."""
        return await self.add(
            session,
            user_id=user_id,
            kind=kind,
            lane=GROUP_LANE,
            parameters=parameters,
            idempotency_key=idempotency_key,
        )

    async def count_open(self, session: AsyncSession, user_id: str, kind: str) -> int:
        """How many tasks of that kind the user has that are not over."""
        return await repository.count_open(session, user_id, kind)

    async def record_upload(
        self, session: AsyncSession, *, user_id: str, image_id: str, result: Mapping[str, JsonValue]
    ) -> str:
        """The id of a new hidden ended row: the ``taskId`` of an upload answer."""
        moment = self._moves.clock()
        task = Task(
            user_id=user_id,
            kind=UPLOAD,
            lane=UPLOAD,
            status=Status.SUCCEEDED,
            progress=1.0,
            parameters={},
            result=dict(result),
            image_id=image_id,
            is_hidden=True,
            run_at=moment,
            created_at=moment,
            updated_at=moment,
            started_at=moment,
            finished_at=moment,
        )
        session.add(task)
        await session.flush()
        return task.task_id

    # For people

    async def _find(self, user_id: str, task_id: str) -> Task | None:
        async with self.database.read() as session:
            return await repository.find(session, check_id(task_id), user_id=user_id)

    async def get(self, caller: Caller, task_id: str) -> Listed:
        """A task of the caller's. Raises ``NotThere``."""
        user_id = caller.require(Permission.TASKS_READ, signed_in=False)
        task = await self._find(user_id, task_id)
        return await self._found(None if task is None or task.is_hidden else task, task_id)

    async def get_any(self, caller: Caller, task_id: str) -> Task:
        """The same for the wardrobe interface: the rows behind uploads too."""
        user_id = caller.require(Permission.TASKS_READ, signed_in=False)
        task = await self._find(user_id, task_id)
        if task is None:
            raise NotThere(thing=TASK, id=task_id[:LONGEST_ID])
        return task

    async def list(self, caller: Caller, wanted: Wanted) -> Page:
        """A page of the caller's tasks."""
        user_id = caller.require(Permission.TASKS_READ, signed_in=False)
        async with self.database.read() as session:
            return await read_page(session, user_id, wanted)

    async def cancel(self, caller: Caller, task_id: str) -> Listed:
        """Stop it. Raises ``NotThere``, or ``AlreadyEnded``."""
        user_id = caller.require(Permission.TASKS_CONTROL, signed_in=False)
        return await self._found(await self.orders.cancel(check_id(task_id), user_id), task_id)

    async def retry(self, caller: Caller, task_id: str) -> Listed:
        """Try it again. Raises ``NotThere``, or ``Conflict`` where it has neither failed nor been cancelled."""
        user_id = caller.require(Permission.TASKS_CONTROL, signed_in=False)
        return await self._found(await self.orders.retry(check_id(task_id), user_id), task_id)

    async def _found(self, task: Task | None, task_id: str) -> Listed:
        if task is None:
            raise NotThere(thing=TASK, id=task_id[:LONGEST_ID])
        async with self.database.read() as session:
            return (await look_closer(session, [task]))[0]

    # For administrators

    async def list_all(self, caller: Caller, wanted: Wanted, user_id: str | None = None) -> Page:
        """A page of everybody's tasks, or of one user's."""
        caller.require(Permission.TASKS_MANAGE)
        async with self.database.read() as session:
            return await read_page(session, user_id, wanted)

    async def names_of(self, caller: Caller, tasks: Sequence[Task]) -> dict[str, str]:
        """The names of those whose tasks these are, by user id, in one question."""
        caller.require(Permission.TASKS_MANAGE)
        async with self.database.read() as session:
            return await self.accounts.names_of(session, {task.user_id for task in tasks})

    async def cancel_any(self, caller: Caller, task_id: str) -> Listed:
        """Stop anybody's task; kept in the audit log."""
        caller.require(Permission.TASKS_MANAGE)
        stopped = await self._found(await self.orders.cancel(check_id(task_id)), task_id)
        await self._record(caller, "tasks.cancel", stopped.task)
        return stopped

    async def retry_any(self, caller: Caller, task_id: str) -> Listed:
        """Try anybody's task again; kept in the audit log."""
        caller.require(Permission.TASKS_MANAGE)
        queued = await self._found(await self.orders.retry(check_id(task_id)), task_id)
        await self._record(caller, "tasks.retry", queued.task)
        return queued

    async def _record(self, caller: Caller, action: str, task: Task) -> None:
        async def work(session: AsyncSession) -> None:
            await self.accounts.record(session, caller, action, task.task_id, user_id=task.user_id)

        await self.database.write(work)


def check_id(task_id: str) -> str:
    """``task_id``, where it could be one. Raises ``NotThere``: some databases refuse even to compare what is not."""
    if not (len(task_id) <= LONGEST_ID and task_id.isascii() and task_id.isprintable()):
        raise NotThere(thing=TASK, id=task_id[:LONGEST_ID])
    return task_id
