"""Passwords are hashed with argon2id, off the event loop, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from os import cpu_count
from typing import Final, TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from vtonlab.errors import TooManyRequests

T = TypeVar("T")

MOST_WAITING: Final = 64
"""More than that is a flood: each takes 64 MiB and tens of milliseconds."""


class Passwords:
    """Hashes and checks. ``hasher`` by default has argon2-cffi's cost: 64 MiB, 3 passes (RFC 9106 4, second choice)."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._hasher = PasswordHash((hasher or Argon2Hasher(),))
        self._places = asyncio.Semaphore(max(2, min(4, cpu_count() or 2)))
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """A new hash. Raises ``TooManyRequests`` in a flood."""
        return await self._work(lambda: self._hasher.hash(password))

    async def check(self, password: str | None, kept: str | None) -> tuple[bool, str | None]:
        """Whether ``kept`` is a hash of ``password``, and a better hash where today's cost is another.

        Where there is none to compare with, as much is computed, so that the time taken does not tell.
        """
        if password is None or kept is None:
            await self._work(lambda: self._hasher.hash(password or "nobody's"))
            return False, None
        return await self._work(lambda: self._hasher.verify_and_update(password, kept))

    async def _work(self, work: Callable[[], T]) -> T:
        async with self._place():
            return await asyncio.to_thread(work)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._waiting >= MOST_WAITING:
            raise TooManyRequests(seconds=2)
        self._waiting += 1
        try:
            async with self._places:
                yield
        finally:
            self._waiting -= 1
