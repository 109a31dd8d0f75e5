"""What an account's export, deletion and merging mean for its tasks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.hooks import ExportedFile
from vtonlab.db.database import Database, after_commit
from vtonlab.tasks import repository
from vtonlab.tasks.events import told_status
from vtonlab.tasks.models import Task
from vtonlab.tasks.moves import Moves

PAGE = 500


class TasksHook:
    """The part of tasks in what happens to accounts; see ``vtonlab.accounts.hooks``."""

    name = "tasks"

    def __init__(self, database: Database, moves: Moves) -> None:
        self._database = database
        self._moves = moves

    async def export(self, user_id: str) -> AsyncIterator[ExportedFile]:
        """One file with a JSON object a line, oldest first."""
        yield ExportedFile("tasks.jsonl", self._write(user_id))

    async def _write(self, user_id: str) -> AsyncIterator[bytes]:
        after = None
        while True:
            async with self._database.read() as session:
                tasks = await repository.page(
                    session,
                    repository.Filter(user_id=user_id),
                    newest_first=False,
                    after=after,
                    skip=0,
                    limit=PAGE,
                )
            if not tasks:
                return
            yield "".join(json.dumps(_write_down(task), ensure_ascii=False) + "\n" for task in tasks).encode()
            after = (tasks[-1].created_at, tasks[-1].task_id)

    async def delete(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """Delete them all; what runs is stopped, and what it made is undone."""
        count = await repository.count(session, repository.Filter(user_id=user_id))
        for task_id in await repository.delete_of(session, user_id):
            after_commit(session, _Stop(self._moves, task_id))
        return {"tasks": count}

    async def merge(self, session: AsyncSession, guest_id: str, user_id: str) -> None:
        """Hand them over. What runs is done again for the account: what it made would be the guest's."""
        await repository.hand_over(session, guest_id, user_id)

    async def usage(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """How many there are."""
        return {"tasks": await repository.count(session, repository.Filter(user_id=user_id))}


class _Stop:
    """Asks a task to stop, later."""

    def __init__(self, moves: Moves, task_id: str) -> None:
        self._moves = moves
        self._task_id = task_id

    def __call__(self) -> None:
        self._moves.stop_asked(self._task_id)


def _write_down(task: Task) -> dict[str, Any]:
    def moment(name: str) -> str | None:
        value = getattr(task, name)
        return value.isoformat() if value else None

    return {
        "id": task.task_id,
        "kind": task.kind,
        "status": told_status(task.status).value,
        "parent_id": task.parent_id,
        "parameters": task.parameters,
        "result": task.result,
        "error": task.error,
        "attempts": task.attempts,
        "history": task.history or [],
        **{name: moment(name) for name in ("created_at", "started_at", "finished_at")},
    }
