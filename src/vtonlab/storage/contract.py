"""What a place for bytes can do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

CHUNK = 256 * 1024
"""Bytes read or written at a time."""


@dataclass(frozen=True)
class Entry:
    """A kept file: its key, size in bytes, and when it was written (UTC)."""

    key: str
    size: int
    modified: datetime


class Storage(Protocol):
    """Keys are ``/``-separated names, made by the program, never taken from a client; each part is
    ``[A-Za-z0-9._-]+`` and is not ``.`` or ``..``. A wrong key raises ``ValueError``.

    A key that is not there raises ``FileNotFoundError``; a store that does not answer or has no room raises
    ``StorageUnavailable`` or ``StorageFull`` (vtonlab.errors).
    """

    name: str
    """``local`` or ``s3``."""

    async def put(self, key: str, source: bytes | Path | AsyncIterator[bytes]) -> int:
        """Keep ``source`` under ``key``; the bytes written. When it returns, they outlive a power cut.

        Nobody ever reads a part of it: it is written under another name first. What was there is replaced.
        """

    async def copy(self, key: str, to: str) -> None:
        """Keep the same bytes under a second key (a hard link, a server-side copy)."""

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Bytes ``start`` (inclusive) to ``end`` (exclusive, None: to the last), ``CHUNK`` or less at a time."""

    async def load(self, key: str) -> bytes:
        """All bytes at once: for what is known to be small."""

    async def stat(self, key: str) -> Entry:
        """What is kept under ``key``."""

    async def delete(self, key: str) -> bool:
        """Forget ``key``; whether it was there."""

    async def delete_all(self, prefix: str) -> int:
        """Forget everything whose key begins with ``prefix`` (which ends in ``/``); how many."""

    def list(self, prefix: str = "") -> AsyncIterator[Entry]:
        """Everything whose key begins with ``prefix``; unfinished writes are not among it."""

    async def sweep(self, older_than: datetime) -> int:
        """Remove unfinished writes begun before ``older_than``; how many."""

    def path(self, key: str) -> Path | None:
        """The file of this machine that holds ``key``, for those who can send files fast; None where there is none.
        Says nothing about whether it exists."""

    async def ping(self) -> None:
        """Raises ``StorageUnavailable`` when nothing could be kept there now."""

    async def close(self) -> None:
        """Let go of connections."""
