"""Threads for work that waits for others. They never keep the program from ending."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from vtonlab.tasks.outcomes import Outcome

T = TypeVar("T")


class Threads:
    """At most ``most`` threads at a time; what comes later waits for one to end.

    Not an executor of the standard library: that waits for its threads when the program ends, and one that hangs in a
    connection would keep it from ending.
    """

    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)

    async def run(self, work: Callable[[], T], name: str) -> T:
        """What ``work`` returns or raises. When the waiting is cancelled the thread goes on, and keeps its place."""
        loop = asyncio.get_running_loop()
        await self._free.acquire()
        done: asyncio.Future[Outcome[T]] = loop.create_future()

        def tell(outcome: Outcome[T]) -> None:
            self._free.release()
            if not done.done():
                done.set_result(outcome)

        def run() -> None:
            outcome: Outcome[T] = Outcome()
            with outcome:
                outcome.value = work()
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, outcome)

        threading.Thread(target=run, name=name, daemon=True).start()
        return (await done).unwrap()
