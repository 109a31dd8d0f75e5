"""Decoded pictures and analyses of those used last, in memory: shared by try-ons and previews of one process."""

from __future__ import annotations

from collections.abc import Callable

from vtonlab.engines.contract import Picture
from vtonlab.fitting.memory import Memory


class Kept:
    """Safe to use from several threads; whoever asks for what another thread is just making waits for that one."""

    def __init__(self, size_bytes: int) -> None:
        """``size_bytes``: what everything kept may take together."""
        self._memory = Memory(size_bytes)

    def picture(self, content_hash: str, side: int, make: Callable[[], Picture]) -> Picture:
        """The picture of that file, its longer side at most ``side`` px; ``make`` reads it where it is not kept. Not
        to be written to."""
        return self._memory.recall(("picture", content_hash, side), make, lambda picture: picture.nbytes)

    def analysis(self, engine: str, role: str, content_hash: str, make: Callable[[], bytes]) -> bytes:
        """What ``engine`` found out about that file as a ``role`` (``person``, ``garment-upper`` …, whatever tells two
        analyses of one file apart); ``make`` analyses it, or takes what is stored beside it."""
        return self._memory.recall(("analysis", engine, role, content_hash), make, len)
