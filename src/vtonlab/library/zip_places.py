"""How many zips are made at the same time: each holds a connection and reads a disk for as long as it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from vtonlab.accounts.export import zip_files
from vtonlab.accounts.hooks import ExportedFile
from vtonlab.errors import TooManyRequests

MOST_FOR_ONE: Final = 2
MOST: Final = 8
"""Zips made at the same time: for one user, and for all."""
WAIT_SECONDS: Final = 5


class ZipPlaces:
    """Gives them out. Used in one event loop."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}

    def check(self, user_id: str) -> None:
        """Raises ``TooManyRequests`` where ``user_id``, or everybody together, has as many as may be."""
        if self._running.get(user_id, 0) >= MOST_FOR_ONE or sum(self._running.values()) >= MOST:
            raise TooManyRequests(seconds=WAIT_SECONDS)

    async def make(self, user_id: str, files: AsyncGenerator[ExportedFile, None]) -> AsyncGenerator[bytes, None]:
        """The bytes of a zip of ``files``; its place is taken until the end, or until it is closed."""
        self._running[user_id] = self._running.get(user_id, 0) + 1
        try:
            async with aclosing(zip_files(files)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._running[user_id] -= 1
            if not self._running[user_id]:
                del self._running[user_id]
