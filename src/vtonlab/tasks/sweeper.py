"""What finds tasks again: runs that went silent, and rests that are over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.database import Database
from vtonlab.errors import WorkerLost
from vtonlab.tasks import repository
from vtonlab.tasks.groups import derive
from vtonlab.tasks.models import GROUP_LANE, Status, Task
from vtonlab.tasks.moves import Moves, write_error

AT_ONCE = 200
"""Rows that one transaction moves."""


class Sweeper:
    """Looks after what no worker looks after. Any number may do so at the same time."""

    def __init__(self, database: Database, moves: Moves) -> None:
        self._database = database
        self._moves = moves

    async def expire_all(self) -> int:
        """End every lease: for who knows that no worker is left of those that hold them. How many there were."""
        moment = self._moves.clock() - timedelta(seconds=1)
        return await self._database.write(lambda session: repository.expire(session, moment))

    async def find_lost(self) -> int:
        """Queue again what runs although its lease ran out; after too many failures end it. How many there were."""
        moment = self._moves.clock()
        async with self._database.read() as session:
            if not await repository.has_lost(session, moment):
                return 0

        async def work(session: AsyncSession) -> int:
            lost = await repository.lock_lost(session, moment, AT_ONCE)
            for task in lost:
                self._lose(session, task)
            return len(lost)

        return await self._database.write(work)

    def _lose(self, session: AsyncSession, task: Task) -> None:
        if task.cancel_requested:
            self._moves.end(session, task, Status.CANCELLED)
            return
        self._moves.note(task, "lost", WorkerLost.code)
        task.failures += 1
        if task.failures < task.max_failures:
            self._moves.queue_again(session, task, None)
        else:
            task.error = write_error(WorkerLost())
            self._moves.end(session, task, Status.FAILED)

    async def wake(self) -> datetime | None:
        """Queue what has waited until now; the moment when the next one is due."""
        moment = self._moves.clock()
        async with self._database.read() as session:
            due = await repository.next_due(session)
        if due is None or due > moment:
            return due

        async def work(session: AsyncSession) -> datetime | None:
            for task in await repository.lock_due(session, moment, AT_ONCE):
                task.status = Status.QUEUED  # told as queued before, too: nobody need hear of it
            await session.flush()
            return await repository.next_due(session)

        return await self._database.write(work)

    async def derive(self, group_id: str) -> None:
        """Bring what a group says in step with its children."""

        async def work(session: AsyncSession) -> None:
            group = await repository.lock(session, group_id)
            if group is not None and group.lane == GROUP_LANE:
                await derive(session, self._moves, group)

        await self._database.write(work)
