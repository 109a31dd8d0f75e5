"""What engines found out about a picture, kept in a zip beside it: ``analyses/{stem}.zip``.

    {engine}-{version of its package}/{role}      person-1024, garment-upper-2048 …

A cache: nothing is ever wrong without it. Whoever cannot read or write it goes on without; of two who write at the same
time, the later one's file stays, and what the other had found is found again some day.
"""

from __future__ import annotations

import asyncio
import functools
import io
import logging
import zipfile
from collections.abc import Mapping
from typing import Final

from vtonlab.engines import registry
from vtonlab.errors import ServiceError
from vtonlab.library.companions import Companion, companion_key
from vtonlab.storage.contract import Storage

MOST_KEPT: Final = 12
"""Analyses beside one picture; the oldest go."""
LARGEST: Final = 64 * 2**20
"""Bytes of a file of ours at most: a larger one is not read."""

log = logging.getLogger(__name__)


def name_analysis(engine: str, role: str) -> str:
    """What the analysis of a picture by ``engine`` as a ``role`` is called; another one for each version of the package
    that the engine comes from, so that one of an older version is made anew."""
    return f"{engine}-{_versions().get(engine, '')}/{role}"


def name_role(role: str, side: int) -> str:
    """A ``role`` (``person``, ``garment-upper`` …) in a picture whose longer side is ``side`` px: what is found out
    holds for a picture of that size."""
    return f"{role}-{side}"


@functools.cache
def _versions() -> Mapping[str, str]:
    return {one.name: one.version for one in registry.installed()}


class Analyses:
    """Reads and writes them. Never raises for the storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def load(self, storage_key: str) -> dict[str, bytes]:
        """What is kept of the picture ``storage_key``, by name; nothing where nothing is, or where it is damaged."""
        key = companion_key(storage_key, Companion.ANALYSES)
        try:
            if (await self._storage.stat(key)).size > LARGEST:
                return {}
            return await asyncio.to_thread(unpack, await self._storage.load(key))
        except FileNotFoundError:
            return {}
        except (ServiceError, OSError) as error:
            log.warning("analyses of a picture could not be read: %s", error)
            return {}

    async def add(self, storage_key: str, found: Mapping[str, bytes]) -> None:
        """Keep ``found``, by name, with what is kept of the picture."""
        if not found:
            return
        key = companion_key(storage_key, Companion.ANALYSES)
        known = await self.load(storage_key)
        merged = {name: data for name, data in known.items() if name not in found} | dict(found)
        newest = dict(list(merged.items())[-MOST_KEPT:])
        try:
            await self._storage.put(key, await asyncio.to_thread(pack, newest))
            await self._follow(storage_key, key)
        except (ServiceError, OSError) as error:
            log.warning("analyses of a picture could not be kept: %s", error)

    async def _follow(self, storage_key: str, key: str) -> None:
        """Go where the picture went meanwhile: a picture's own file is removed before what lies beside it."""
        try:
            await self._storage.stat(storage_key)
        except FileNotFoundError:
            await self._storage.delete(key)


def pack(found: Mapping[str, bytes]) -> bytes:
    """A zip of ``found``, whose values are compressed already."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in found.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # no times in it: the same content is the same file
    return file.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """What :func:`pack` packed; nothing where it is damaged.

    >>> unpack(pack({"engine-1/person-64": b"found"})), unpack(b"PK"), unpack(pack({"a/b": b"found"})[:-40])
    ({'engine-1/person-64': b'found'}, {}, {})
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            stored = [one for one in archive.infolist() if one.compress_type == zipfile.ZIP_STORED]
            return {one.filename: archive.read(one) for one in stored}
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        log.warning("analyses of a picture are damaged: %s", error)
        return {}
