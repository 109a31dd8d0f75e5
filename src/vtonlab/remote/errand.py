"""The errand of an engine that works elsewhere, run as a task: from the engine's thread into the server's loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Awaitable, Callable

from vtonlab.errors import Cancelled, NotThatService
from vtonlab.remote.service import Outbound
from vtonlab.tasks.contract import Job

LONGEST_REMOTE_ID = 200
LOOK_SECONDS = 0.5
"""How often a thread that waits looks whether there is still a loop that could answer it."""


class TaskErrand:
    """The :class:`vtonlab.engines.contract.Errand` of one attempt at a task. Made in the loop, used in the thread."""

    def __init__(self, outbound: Outbound, job: Job, engine_name: str, loop: asyncio.AbstractEventLoop) -> None:
        self.remote_id = job.remote_id
        self._outbound = outbound
        self._job = job
        self._engine = engine_name
        self._loop = loop

    def leaving(self, host: str, pictures: int, size: int, price: float = 0.0, bought: int = 1) -> None:
        """See ``Errand``. Nothing is written, and nothing may leave, where the attempt does not hold its task."""
        self._wait_for(lambda: self._depart(host, pictures, size, price, bought))

    def keep(self, remote_id: str) -> None:
        """See ``Errand``. Raises ``NotThatService`` for what is too long to be kept."""
        if len(remote_id) > LONGEST_REMOTE_ID:
            raise NotThatService(engine=self._engine)
        self._wait_for(lambda: self._job.remember(remote_id=remote_id))
        self.remote_id = remote_id

    async def _depart(self, host: str, pictures: int, size: int, price: float, bought: int) -> None:
        # What is known here may be old: an attempt whose task was stopped or given to another must not send or buy.
        await self._job.check()
        await self._outbound.depart(
            self._job.user_id, self._engine, host, pictures, size, price, self._job.task_id, bought=bought
        )

    def _wait_for(self, call: Callable[[], Awaitable[None]]) -> None:
        """Do ``call`` in the loop; ``Cancelled`` where that has ended, or is ending."""
        work = _do(call)
        try:
            waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError as error:  # the loop is closed
            work.close()
            raise Cancelled from error
        while True:
            try:
                return waiting.result(LOOK_SECONDS)
            except concurrent.futures.CancelledError as error:
                raise Cancelled from error
            except TimeoutError as error:
                if waiting.done():  # the call's own
                    raise
                if not self._loop.is_running():
                    raise Cancelled from error


async def _do(call: Callable[[], Awaitable[None]]) -> None:
    await call()
