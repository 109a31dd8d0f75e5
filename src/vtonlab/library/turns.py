"""Who works next: a bounded number at once, and between users in turn, however much each of them brings."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """``places`` at once. A free place goes to the user who waited longest since their last turn."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def take(self, user_id: str) -> AsyncIterator[None]:
        """A place for what is inside, in the name of ``user_id``."""
        await self._wait(user_id)
        try:
            yield
        finally:
            self._free += 1
            self._call_next()

    async def _wait(self, user_id: str) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user_id, deque()).append(called)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():  # called and cancelled at the same moment
                self._free += 1
                self._call_next()
            raise

    def _call_next(self) -> None:
        while self._free and self._waiting:
            user_id, line = self._waiting.popitem(last=False)
            called = line.popleft()
            if line:
                self._waiting[user_id] = line  # behind all others
            if not called.done():
                self._free -= 1
                called.set_result(None)
