"""What is told of tasks while it happens, inside one process.

A state is published once it is committed. Who reads as fast as things happen is told of every step. For who falls
behind, the newest state of a task takes the place of the one before: they miss steps in between, never how things
stand, and take no more memory than tasks are being told of.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from json import dumps

from vtonlab.db.types import JsonValue
from vtonlab.errors.base import LANGUAGES
from vtonlab.tasks.models import Status, Task

LANGUAGE_OF_OTHERS = LANGUAGES[0]

ROOM = 256
"""States that may wait to be told to a listener before steps in between are left out."""
REMEMBERED = 10_000
"""Tasks whose newest told revision is remembered."""


@dataclass(frozen=True, eq=False)
class TaskState:
    """What is told of a task. ``status`` is the told one: what waits is queued."""

    task_id: str
    user_id: str
    revision: int
    kind: str
    status: Status
    progress: float
    stage: str
    result: Mapping[str, JsonValue] | None
    error: Mapping[str, JsonValue] | None
    finished_at: datetime | None

    @classmethod
    def of(cls, task: Task) -> TaskState:
        """The state of ``task`` as its row says."""
        return cls(
            task_id=task.task_id,
            user_id=task.user_id,
            revision=task.revision,
            kind=task.kind,
            status=told_status(task.status),
            progress=task.progress,
            stage=task.stage,
            result=task.result,
            error=task.error,
            finished_at=task.finished_at,
        )


def told_status(status: str) -> Status:
    """The status people are told: what waits until a moment is queued."""
    return Status.QUEUED if status == Status.WAITING else Status(status)


def tell_error(error: Mapping[str, JsonValue] | None, language: str) -> dict[str, JsonValue] | None:
    """``{"code", "message", "hint"}`` in ``language``, of an error as a task's row keeps it."""
    if error is None:
        return None
    said = error.get(language) or error.get(LANGUAGE_OF_OTHERS) or {}
    return {"code": error.get("code", "error"), "message": said.get("message", ""), "hint": said.get("hint", "")}


@lru_cache(maxsize=512)
def update_message(state: TaskState, language: str) -> str:
    """The ``task_update`` message of api.md; written once, however many are told."""
    message: dict[str, JsonValue] = {
        "type": "task_update",
        "task_id": state.task_id,
        "kind": state.kind,
        "status": state.status.value,
        "progress": round(state.progress, 4),
        "stage": state.stage,
    }
    if state.result is not None:
        message["result"] = dict(state.result)
    if state.error is not None:
        message["error"] = tell_error(state.error, language)
    if state.finished_at is not None:
        message["finished_at"] = state.finished_at.isoformat()
    return dumps(message, ensure_ascii=False, separators=(",", ":"))


class Subscription:
    """One listener to the tasks of one user: to all of them, or to those it watches."""

    def __init__(self, hub: Hub, user_id: str) -> None:
        self.user_id = user_id
        self._hub = hub
        self._watched: set[str] = set()
        self._pending: OrderedDict[tuple[str, int], TaskState] = OrderedDict()
        self._newest: dict[str, int] = {}
        self._ready = asyncio.Event()

    @property
    def watched(self) -> frozenset[str]:
        """The tasks it watches; none: all of the user's."""
        return frozenset(self._watched)

    def watch(self, task_id: str) -> None:
        """Hear of this task; the first one ends hearing of all."""
        if not self._watched:
            self._pending.clear()
            self._newest.clear()
        self._watched.add(task_id)

    def unwatch(self, task_id: str) -> None:
        """No longer hear of it. After the last one it hears of all again."""
        self._watched.discard(task_id)
        if self._watched and self._newest.pop(task_id, None) is not None:
            for key in [key for key in self._pending if key[0] == task_id]:
                del self._pending[key]

    def offer(self, state: TaskState) -> None:
        """Take ``state`` in, where it is of interest and news. With ``ROOM`` states waiting to be told, in the place of
        the task's own that waits."""
        if self._watched and state.task_id not in self._watched:
            return
        known = self._newest.get(state.task_id)
        if known is not None:
            if known >= state.revision:
                return
            if len(self._pending) >= ROOM:
                del self._pending[state.task_id, known]
        self._newest[state.task_id] = state.revision
        self._pending[state.task_id, state.revision] = state
        self._ready.set()

    async def next(self) -> TaskState:
        """The next state to be told."""
        while not self._pending:
            self._ready.clear()
            await self._ready.wait()
        (task_id, revision), state = self._pending.popitem(last=False)
        if self._newest.get(task_id) == revision:
            del self._newest[task_id]
        return state

    def close(self) -> None:
        """Hear no more."""
        self._hub.leave(self)


class Hub:
    """Who listens to whose tasks. Used in one event loop."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Subscription]] = {}
        # Transactions that commit one after the other may be told of the other way round.
        self._newest: OrderedDict[str, int] = OrderedDict()
        self._hearers: list[Callable[[TaskState], None]] = []

    def hear(self, hearer: Callable[[TaskState], None]) -> None:
        """For features: call ``hearer``, which takes no time, with every state of anybody's tasks that is told here."""
        self._hearers.append(hearer)

    def subscribe(self, user_id: str) -> Subscription:
        """A new listener to the tasks of ``user_id``; close it."""
        subscription = Subscription(self, user_id)
        self._listeners.setdefault(user_id, set()).add(subscription)
        return subscription

    def publish(self, state: TaskState) -> None:
        """Tell everyone who listens, unless a newer state was told already."""
        if not self.is_news(state):
            return
        self._newest[state.task_id] = state.revision
        self._newest.move_to_end(state.task_id)
        while len(self._newest) > REMEMBERED:
            self._newest.popitem(last=False)
        for listener in self._listeners.get(state.user_id, ()):
            listener.offer(state)
        for hearer in self._hearers:
            hearer(state)

    def is_news(self, state: TaskState) -> bool:
        """Whether no newer state of the task was published."""
        return self._newest.get(state.task_id, -1) <= state.revision

    def leave(self, subscription: Subscription) -> None:
        """Forget a listener."""
        of_user = self._listeners.get(subscription.user_id)
        if of_user is not None:
            of_user.discard(subscription)
            if not of_user:
                del self._listeners[subscription.user_id]
