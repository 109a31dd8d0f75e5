"""What every move of a task does to its row, and whom it tells after the commit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.base import now
from vtonlab.db.database import after_commit
from vtonlab.db.types import JsonValue
from vtonlab.errors import LANGUAGES, VtonError
from vtonlab.tasks.events import Hub, TaskState
from vtonlab.tasks.models import Status, Task

Clock = Callable[[], datetime]

MOST_HISTORY = 20


class Moves:
    """Changes to a row that is locked in the session given, each told of once it holds."""

    def __init__(self, hub: Hub, clock: Clock = now) -> None:
        self._hub = hub
        self.clock = clock
        self.queued: Callable[[str], None] = lambda _: None
        """Called with the lane in which a task was queued."""
        self.resting: Callable[[datetime], None] = lambda _: None
        """Called with the moment until which a task waits."""
        self.group_changed: Callable[[str], None] = lambda _: None
        """Called with the id of a group of which a child changed."""
        self.stop_asked: Callable[[str], None] = lambda _: None
        """Called with the id of a running task that is to stop."""

    def end(self, session: AsyncSession, task: Task, status: Status) -> None:
        """It is over."""
        # The lease's name stays: it says which attempt ended it.
        task.status = status
        task.lease_until = None
        task.finished_at = self.clock()
        if status is Status.CANCELLED:
            self.note(task, "cancelled", None)
        self.change(session, task)

    def rest(self, session: AsyncSession, task: Task, pause: timedelta) -> None:
        """It waits for ``pause``, and holds no place meanwhile."""
        task.status = Status.WAITING
        task.run_at = self.clock() + pause
        task.lease_owner = task.lease_until = None
        self.change(session, task)

    def queue_again(self, session: AsyncSession, task: Task, why: str | None) -> None:
        """It goes back into its line; ``why`` for its history."""
        if why:
            self.note(task, why, None)
        task.status = Status.QUEUED
        task.run_at = self.clock()
        task.lease_owner = task.lease_until = None
        self.change(session, task)

    def note(self, task: Task, outcome: str, code: str | None) -> None:
        """Add to its history what became of the attempt."""
        entry = {"attempt": task.attempts, "outcome": outcome, "at": self.clock().isoformat()}
        task.history = [*(task.history or []), entry | ({"code": code} if code else {})][-MOST_HISTORY:]

    def change(self, session: AsyncSession, task: Task) -> None:
        """Every change of what is told ends here."""
        task.revision += 1
        task.updated_at = self.clock()
        self.tell(session, task)

    def tell(self, session: AsyncSession, task: Task) -> None:
        """Tell of it as it is now, once that is committed."""
        if task.is_hidden:
            return
        state = TaskState.of(task)
        after_commit(session, lambda: self._hub.publish(state))
        if task.status == Status.QUEUED:
            lane = task.lane
            after_commit(session, lambda: self.queued(lane))
        elif task.status == Status.WAITING:
            moment = task.run_at
            after_commit(session, lambda: self.resting(moment))
        if task.parent_id is not None:
            parent_id = task.parent_id
            after_commit(session, lambda: self.group_changed(parent_id))


def write_error(error: VtonError) -> dict[str, JsonValue]:
    """``error`` as a task's row keeps it: in every language."""
    said = {language: {"message": error.say(language), "hint": error.advise(language)} for language in LANGUAGES}
    return {"code": error.code, "retryable": error.retryable, **said}
