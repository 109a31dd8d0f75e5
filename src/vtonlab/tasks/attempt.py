"""One attempt at a task, as its handler sees it."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Protocol, TypeVar

from vtonlab.db.types import JsonValue
from vtonlab.errors import Cancelled
from vtonlab.tasks.contract import JobKind
from vtonlab.tasks.models import Task
from vtonlab.tasks.processes import OBEY_SECONDS, Processes
from vtonlab.tasks.queue import Lease, Queue
from vtonlab.tasks.threads import Threads

T = TypeVar("T")


class Reason(Enum):
    """Why an attempt is to stop."""

    ASKED = "asked"
    """Somebody cancelled the task."""
    LOST = "lost"
    """It no longer holds the task."""
    SHUTDOWN = "shutdown"
    """The worker ends; another attempt shall have the task."""


class Surroundings(Protocol):
    """What an attempt needs of its runner."""

    queue: Queue
    threads: Threads
    processes: Processes

    def noted(self, attempt: Attempt) -> None:
        """Its progress is to be written."""


class Attempt:
    """The :class:`vtonlab.tasks.contract.Job` that handlers are given."""

    def __init__(self, task: Task, kind: JobKind, surroundings: Surroundings) -> None:
        self.task_id = task.task_id
        self.user_id = task.user_id
        self.kind = task.kind
        self.lane = task.lane
        self.parameters: Mapping[str, JsonValue] = task.parameters
        self.attempt = task.attempts
        self.remote_id = task.remote_id
        self.state: Mapping[str, JsonValue] = task.state or {}
        self.lease = Lease(task.task_id, task.attempts, task.lease_owner or "")
        self.job_kind = kind
        self.newest: tuple[float, str] = (task.progress, task.stage)
        self.reason: Reason | None = None
        self._around = surroundings
        self._told_to_stop = threading.Event()
        self._stopping = asyncio.Event()

    def stop(self, reason: Reason) -> None:
        """Ask it to stop: the next report raises ``Cancelled``. The first reason counts."""
        if self.reason is None:
            self.reason = reason
            self._told_to_stop.set()
            self._stopping.set()

    async def until_stopped(self) -> None:
        """Wait until it is asked to stop."""
        await self._stopping.wait()

    async def report(self, fraction: float, stage: str) -> None:
        """See ``Job``."""
        self._note(fraction, stage)
        if self.reason is not None:
            raise Cancelled

    def _note(self, fraction: float, stage: str) -> None:
        if self.reason is None:
            self.newest = (fraction, stage)
            self._around.noted(self)

    async def check(self) -> None:
        """See ``Job``."""
        is_wanted = await self._around.queue.is_wanted(self.lease)
        if not is_wanted:
            self.stop(Reason.LOST if is_wanted is None else Reason.ASKED)
        if self.reason is not None:
            raise Cancelled

    async def remember(self, *, remote_id: str | None = None, state: Mapping[str, JsonValue] | None = None) -> None:
        """See ``Job``."""
        if not await self._around.queue.remember(self.lease, remote_id, state):
            self.stop(Reason.LOST)
            raise Cancelled
        self.remote_id = remote_id if remote_id is not None else self.remote_id
        self.state = dict(state) if state is not None else self.state

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """See ``Job``."""
        loop = asyncio.get_running_loop()

        def report(fraction: float, stage: str, *_: object) -> None:
            if self._told_to_stop.is_set():
                raise Cancelled
            loop.call_soon_threadsafe(self._note, fraction, stage)

        return await self._or_stopped(functools.partial(work, *arguments, report), OBEY_SECONDS)

    async def in_process(self, work: Callable[..., T], *arguments: Any) -> T:
        """See ``Job``."""
        loop = asyncio.get_running_loop()

        def report(fraction: float, stage: str) -> None:
            loop.call_soon_threadsafe(self._note, fraction, stage)

        call: Callable[[], T] = functools.partial(
            self._around.processes.run,
            work,
            arguments,
            report,
            self._told_to_stop,
            self.job_kind.patience.total_seconds(),
        )
        # The process is ended by whoever waits for it, so this takes a little longer than that.
        return await self._or_stopped(call, OBEY_SECONDS + 1)

    async def _or_stopped(self, work: Callable[[], T], grace: float) -> T:
        """What ``work`` returns; ``Cancelled`` when it does not end within ``grace`` seconds of being asked to."""
        running = asyncio.create_task(self._around.threads.run(work, f"task-{self.task_id}"))
        stopping = asyncio.create_task(self.until_stopped())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                await asyncio.wait({running}, timeout=grace)
            if running.done():
                return running.result()
            raise Cancelled
        finally:
            stopping.cancel()
            running.cancel()
