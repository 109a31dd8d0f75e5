"""Reference pictures: of the library by id or filename, or brought along as data-URLs.

What is brought along is decoded, made smaller, and kept without anything its file said besides, under
``references/{user}/{sha256}.jpg``: for the task that asked for it, and for those who try it again. It goes with the
account, ``KEPT`` after it was last brought, or as the oldest of more than ``MOST_KEPT``, unless a task that is not over
needs it. No name is ever taken for a path of this machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.engines.contract import Picture
from vtonlab.errors import PICTURE, BadOption, ImageUnreadable, NotThere, ServiceError, Text
from vtonlab.generation import repository
from vtonlab.generation.orders import Reference
from vtonlab.imaging.read import Limits, read_picture
from vtonlab.imaging.write import encode_picture
from vtonlab.library.ingest import Ingest
from vtonlab.library.models import Image
from vtonlab.library.receiving import LongText, write_data_url
from vtonlab.library.service import Library
from vtonlab.storage.contract import Storage

PREFIX: Final = "references/"
SIDE: Final = 2048
"""Longer side that a reference picture is kept at, and sent, px."""
QUALITY: Final = 95
KEPT: Final = timedelta(days=30)
MOST_KEPT: Final = 400
"""Of one user: some 200 MB. They count in no quota."""
NAMED: Final = "reference_images"
KEPT_LIMITS: Final = Limits(size=10**9)
"""What was let in once is not judged again."""

PATH: Final = Text(
    "it is an image id, a filename of your library or a data-URL; the server reads no paths of files",
    "请使用图片 ID、图库中的文件名或 data-URL；服务器不会读取任何文件路径",
)
_PATH_LIKE: Final = re.compile(r"[/\\\x00]|^\.\.?$|\.\.|^file:|^~", re.IGNORECASE)

log = logging.getLogger(__name__)


def is_data_url(name: str | LongText) -> bool:
    """Whether a picture was brought along."""
    head = name[:5] if isinstance(name, str) else name.head(5)
    return head.lower() == "data:"


def check_names(names: Sequence[str | LongText]) -> None:
    """Raises ``BadOption`` where one of them is neither a data-URL nor a name that a picture could have."""
    for name in names:
        if not is_data_url(name) and (isinstance(name, LongText) or _PATH_LIKE.search(name)):
            raise BadOption(option=NAMED, reason=PATH)


class References:
    """Takes them in, and finds them again. Used in one event loop."""

    def __init__(self, database: Database, storage: Storage, library: Library, ingest: Ingest) -> None:
        self._database = database
        self._storage = storage
        self._library = library
        self._ingest = ingest
        self._decoding = asyncio.Lock()

    async def take(self, user_id: str, names: Sequence[str | LongText]) -> tuple[Reference, ...]:
        """The pictures of these names, those that were brought along kept for the task.

        Raises ``BadOption`` for paths, ``NotThere``, ``ImageUnreadable``, ``ImageTooLarge`` and storage errors.
        """
        check_names(names)
        async with self._database.read() as session:
            found = {
                name: (await self._library.find(session, user_id, name)).id
                for name in names
                if isinstance(name, str) and not is_data_url(name)
            }
        return tuple(
            [
                Reference(found[name])
                if isinstance(name, str) and name in found
                else Reference(key=await self._keep(user_id, name, f"{NAMED}.{place}"))
                for place, name in enumerate(names)
            ]
        )

    async def load(self, user_id: str, references: Sequence[Reference]) -> tuple[Picture, ...]:
        """Their pixels, the longer side at most ``SIDE``. Raises ``NotThere`` where one is gone."""
        return tuple([await self._load(user_id, one) for one in references])

    async def tidy(self) -> int:
        """Remove what is kept for longer than ``KEPT`` and no task needs that is not over; how many."""
        before, old = now() - KEPT, list[str]()
        async for entry in self._storage.list(PREFIX):
            if entry.modified < before:
                old.append(entry.key)
        if not old:
            return 0
        async with self._database.read() as session:
            needed = await repository.uploads_in_use(session)
        removed = 0
        for key in old:
            if key not in needed and await self._is_older(key, before):
                removed += await self._storage.delete(key)
        return removed

    async def forget(self, user_id: str) -> None:
        """Remove all of a user's. Never raises for the storage: what is left goes with its age."""
        try:
            await self._storage.delete_all(f"{PREFIX}{user_id}/")
        except (ServiceError, OSError) as error:
            log.warning("reference pictures of a deleted account are left to their age: %s", error)

    # ----

    async def _keep(self, user_id: str, data_url: str | LongText, called: str) -> str:
        with self._ingest.scratch.several() as folder:
            path = folder.new()
            async with self._decoding:  # one at a time: unpacked, a picture may take hundreds of megabytes
                data = await asyncio.to_thread(self._shrink, data_url, path, called)
        key = f"{PREFIX}{user_id}/{hashlib.sha256(data).hexdigest()}.jpg"
        await self._make_room(user_id)
        await self._storage.put(key, data)
        return key

    async def _make_room(self, user_id: str) -> None:
        kept = [entry async for entry in self._storage.list(f"{PREFIX}{user_id}/")]
        if len(kept) < MOST_KEPT:
            return
        async with self._database.read() as session:
            needed = await repository.uploads_in_use(session)
        for entry in sorted(kept, key=lambda one: one.modified)[: len(kept) - MOST_KEPT + 1]:
            if entry.key not in needed:
                await self._storage.delete(entry.key)

    def _shrink(self, data_url: str | LongText, path: Path, called: str) -> bytes:
        limits = self._ingest.limits
        write_data_url(data_url, path, limits.size, called)
        try:
            picture = read_picture(path.read_bytes(), limits=limits, reduce_to=SIDE)
        except ImageUnreadable as error:
            raise ImageUnreadable(**{**error.values, "name": called}) from error
        return encode_picture(picture, ".jpg", quality=QUALITY)

    async def _load(self, user_id: str, reference: Reference) -> Picture:
        key, name = reference.key, NAMED
        if key is None:
            async with self._database.read() as session:
                image: Image = await self._library.find(session, user_id, reference.image_id or "")
            key, name = image.storage_key, image.filename
        try:
            path = self._storage.path(key)
            data = await self._storage.load(key) if path is None else await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError as error:
            log.warning("the file of a reference picture is missing (%s)", key)
            raise NotThere(thing=PICTURE, id=name) from error
        return await asyncio.to_thread(_read, data)

    async def _is_older(self, key: str, before: datetime) -> bool:
        """Whether it still is: it may have been brought again meanwhile."""
        try:
            return (await self._storage.stat(key)).modified < before
        except FileNotFoundError:
            return False


def _read(data: bytes) -> Picture:
    return read_picture(data, limits=KEPT_LIMITS, reduce_to=SIDE)
