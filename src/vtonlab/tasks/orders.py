"""What people ask of tasks: to stop, to be tried again."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.database import Database, after_commit
from vtonlab.errors import AlreadyEnded, Conflict, Text
from vtonlab.tasks import repository
from vtonlab.tasks.groups import derive
from vtonlab.tasks.models import ENDED, GROUP_LANE, Status, Task
from vtonlab.tasks.moves import Moves

MAY_BE_RETRIED = (Status.FAILED, Status.CANCELLED)

STATUS_WORDS = {
    Status.SUCCEEDED: Text("succeeded", "已完成"),
    Status.FAILED: Text("failed", "已失败"),
    Status.CANCELLED: Text("cancelled", "已取消"),
}


class Orders:
    """Stopping and trying again; each is a transaction of its own."""

    def __init__(self, database: Database, moves: Moves) -> None:
        self._database = database
        self._moves = moves

    async def cancel(self, task_id: str, user_id: str | None = None) -> Task | None:
        """Stop a task, or a group's children: at once what does not run, the rest when it hears of it.

        None when there is none (of ``user_id``). Raises ``AlreadyEnded``.
        """

        async def work(session: AsyncSession) -> Task | None:
            task = await repository.lock(session, task_id, user_id=user_id)
            if task is None or task.is_hidden:
                return None
            if task.status in ENDED:
                raise AlreadyEnded(status=STATUS_WORDS[Status(task.status)])
            if task.lane == GROUP_LANE:
                task.cancel_requested = True
                for child in await repository.lock_children(session, task_id, repository.OPEN):
                    self._cancel(session, child)
                await derive(session, self._moves, task)
            else:
                self._cancel(session, task)
            return task

        return await self._database.write(work)

    def _cancel(self, session: AsyncSession, task: Task) -> None:
        if task.status == Status.RUNNING:
            task.cancel_requested = True
            after_commit(session, lambda: self._moves.stop_asked(task.task_id))
        else:
            self._moves.end(session, task, Status.CANCELLED)

    async def retry(self, task_id: str, user_id: str | None = None) -> Task | None:
        """Queue a failed or cancelled task again, or those children of a group. Raises ``Conflict`` for others."""

        async def work(session: AsyncSession) -> Task | None:
            task = await repository.lock(session, task_id, user_id=user_id)
            if task is None or task.is_hidden:
                return None
            if task.status not in MAY_BE_RETRIED:
                reason = Text("only a failed or cancelled task can be tried again", "只有失败或已取消的任务可以重试")
                raise Conflict(reason=reason)
            if task.lane == GROUP_LANE:
                task.cancel_requested = False
                for child in await repository.lock_children(session, task_id, MAY_BE_RETRIED):
                    self._restart(session, child)
                await derive(session, self._moves, task)
            else:
                self._restart(session, task)
            return task

        return await self._database.write(work)

    def _restart(self, session: AsyncSession, task: Task) -> None:
        if task.status == Status.CANCELLED or not (task.error or {}).get("retryable"):
            # What a provider refused for good would only be refused again; what it may still have is asked for.
            task.remote_id = None
        task.failures = 0
        task.cancel_requested = False
        task.error = task.result = task.finished_at = task.lease_owner = None
        task.progress, task.stage = 0.0, ""
        task.status = Status.QUEUED
        task.run_at = self._moves.clock()
        self._moves.change(session, task)
