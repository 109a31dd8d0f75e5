"""What was found out within the last two seconds, and is forgotten at once where it may no longer be true."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

SECONDS = 2.0
"""How long another process's change may go unnoticed."""
SHORT_SECONDS = 0.5
"""The same, of what comes from where it may have been remembered already."""


IDLE_SECONDS = 60.0
"""How long a value that is no longer recent may lie about, to be compared with."""


class Recent(Generic[K, V]):
    """Values by key, each for ``seconds``; at most ``most`` of them, and ``room`` by their ``weight``.

    A value is looked for once at a time, however many ask. What was looked for while something was forgotten is given
    to who asked and not kept: it may be older than what made us forget.
    """

    def __init__(
        self, most: int, seconds: float = SECONDS, room: int = 0, weigh: Callable[[V], int] = lambda _: 0
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._room = room
        self._weigh = weigh
        self._weight = 0
        self._kept: dict[K, tuple[float, V]] = {}
        self._looking: dict[K, asyncio.Task[V]] = {}
        self._forgotten = 0

    def get(self, key: K) -> V | None:
        """The value, where it is known and recent."""
        found = self._kept.get(key)
        return found[1] if found is not None and found[0] > time.monotonic() else None

    def last(self, key: K) -> V | None:
        """The value, where it is known, however old: nothing to go by but to compare with."""
        found = self._kept.get(key)
        return None if found is None else found[1]

    async def find(self, key: K, look: Callable[[], Awaitable[V]]) -> V:
        """The value of ``key``, by ``look`` where it is not known. Raises what ``look`` raises."""
        known = self.get(key)
        if known is not None:
            return known
        looking = self._looking.get(key)
        if looking is None:
            looking = asyncio.create_task(self._look(key, look))
            self._looking[key] = looking
            looking.add_done_callback(lambda done: self._looked(key, done))
        return await asyncio.shield(looking)

    def forget(self, is_meant: Callable[[K, V], bool] | None = None) -> None:
        """Forget everything, or what ``is_meant``."""
        self._forgotten += 1
        self._looking.clear()  # who comes now looks anew
        for key in [key for key, (_, value) in self._kept.items() if is_meant is None or is_meant(key, value)]:
            self._drop(key)

    async def _look(self, key: K, look: Callable[[], Awaitable[V]]) -> V:
        before, moment = self._forgotten, time.monotonic()
        value = await look()
        if before == self._forgotten:
            self._drop(key)
            self._kept[key] = (moment + self._seconds, value)
            self._weight += self._weigh(value)
            self._tidy(moment)
        return value

    def _tidy(self, moment: float) -> None:
        """Drop what is too much, the oldest first, and what nobody has asked for in a minute."""
        while self._kept:
            oldest, (until, _) = next(iter(self._kept.items()))
            if len(self._kept) <= self._most and self._weight <= self._room and until + IDLE_SECONDS > moment:
                return
            self._drop(oldest)

    def _looked(self, key: K, done: asyncio.Task[V]) -> None:
        if self._looking.get(key) is done:
            del self._looking[key]
        if not done.cancelled():
            done.exception()  # told to those who wait, where anybody still does

    def _drop(self, key: K) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._weight -= self._weigh(found[1])
