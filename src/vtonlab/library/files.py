"""The files of pictures: found for their owner, thumbnails made anew where they are missing."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from sqlalchemy import Row, false, select

from vtonlab.db.database import Database
from vtonlab.errors import PICTURE, BadRequest, NotThere, VtonError
from vtonlab.imaging.read import Limits
from vtonlab.library.links import VERSION_DIGITS
from vtonlab.library.models import Image
from vtonlab.library.pictures import THUMBNAIL_SIZES, make_picture, thumbnail_key
from vtonlab.storage.contract import Entry, Storage

THUMBNAIL_TYPE: Final = "image/webp"
KEPT_LIMITS: Final = Limits(size=10**9)
"""What was let in once is not judged again."""
MADE_AT_ONCE = 2
"""Thumbnails made anew at the same time: each holds a picture in memory."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,96}")
_COLUMNS = (
    Image.id,
    Image.user_id,
    Image.filename,
    Image.storage_key,
    Image.media_type,
    Image.content_hash,
    Image.original_name,
    Image.page_title,
    Image.in_trash,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A file that exists and may be sent to ``user_id``."""

    user_id: str
    image_id: str
    key: str
    size: int
    """Bytes, as they are in the storage."""
    media_type: str
    tag: str
    """The ETag, with its quotes: the content hash, and a thumbnail's side."""
    version: str
    """What ``v`` in an address must be for the answer never to change."""
    name: str
    """For the person who saves it."""
    in_trash: bool


class Files:
    """Finds what may be sent. Every method raises ``NotThere`` for what the user does not have."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self.database = database
        self.storage = storage
        self._making: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(MADE_AT_ONCE)

    async def named(self, user_id: str, filename: str, side: int | None = None) -> PictureFile:
        """The picture of ``user_id`` called ``filename``, not in the trash; ``side``: its thumbnail of that side."""
        if _NAME.fullmatch(filename) is None or filename in {".", ".."}:
            raise NotThere(thing=PICTURE, id=_show(filename))
        query = select(*_COLUMNS).where(
            Image.user_id == user_id, Image.filename == filename, Image.in_trash.is_(false())
        )
        return await self._find(query.order_by(Image.id.desc()).limit(1), filename, side)

    async def by_id(
        self, user_id: str, image_id: str, side: int | None = None, *, with_trash: bool = False
    ) -> PictureFile:
        """The picture ``image_id`` of ``user_id``; ``with_trash``: also where it is in the trash."""
        if _NAME.fullmatch(image_id) is None:
            raise NotThere(thing=PICTURE, id=_show(image_id))
        query = select(*_COLUMNS).where(Image.id == image_id, Image.user_id == user_id)
        return await self._find(query if with_trash else query.where(Image.in_trash.is_(false())), image_id, side)

    async def _find(self, query, asked: str, side: int | None) -> PictureFile:  # type: ignore[no-untyped-def] # noqa: ANN001
        async with self.database.read() as session:
            row = (await session.execute(query)).first()
        if row is None:
            raise NotThere(thing=PICTURE, id=_show(asked))
        found = _describe(row)
        try:
            if side is None:
                kept = await self.storage.stat(found.key)
            else:
                found = _as_thumbnail(found, side)
                kept = await self._stat_thumbnail(row.storage_key, found.key, side)
        except FileNotFoundError as error:
            log.warning("the file of picture %s is missing (%s)", found.image_id, found.key)
            raise NotThere(thing=PICTURE, id=_show(asked)) from error
        return replace(found, size=kept.size)

    async def _stat_thumbnail(self, picture: str, key: str, side: int) -> Entry:
        try:
            return await self.storage.stat(key)
        except FileNotFoundError:
            log.info("thumbnail %s is made anew", key)
        making = self._making.get(key)
        if making is None:
            making = asyncio.create_task(self._make_thumbnail(picture, key, side))
            self._making[key] = making
            making.add_done_callback(lambda _: self._making.pop(key, None))
        await asyncio.shield(making)  # who goes away does not stop it for the others
        return await self.storage.stat(key)

    async def _make_thumbnail(self, picture: str, key: str, side: int) -> None:
        async with self._places:
            data = await self.storage.load(picture)
            try:
                made = await asyncio.to_thread(_make_as_at_first, data, side)
            except VtonError as error:
                log.warning("no thumbnail can be made of %s: %s", picture, error.say())
                raise FileNotFoundError(key) from error
            await self.storage.put(key, made)


def _make_as_at_first(data: bytes, side: int) -> bytes:
    """The same bytes as when the picture came in, so that the ETag still holds."""
    made = make_picture(data, limits=KEPT_LIMITS, max_side=sys.maxsize, as_made=True)
    return made.thumbnails[side]


def read_side(text: str | None) -> int:
    """The side of a thumbnail from an address; the smaller one where none is named. Raises ``BadRequest``."""
    if not text:
        return THUMBNAIL_SIZES[0]
    if text not in {str(side) for side in THUMBNAIL_SIZES}:
        raise BadRequest(part="size")
    return int(text)


def name_for_people(row: Row[tuple[object, ...]] | Image) -> str:
    """What a person would call the picture's file: its title or the name it came with, and its true suffix."""
    suffix = PurePosixPath(row.filename).suffix
    title = (row.page_title or "").strip()
    stem = title or PurePosixPath(row.original_name.replace("\\", "/")).stem or PurePosixPath(row.filename).stem
    stem = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\u2028\u2029]+', " ", stem).strip(" .")[:100].rstrip(" .")
    return (stem or PurePosixPath(row.filename).stem) + suffix


def _describe(row: Row[tuple[object, ...]]) -> PictureFile:
    return PictureFile(
        user_id=row.user_id,
        image_id=row.id,
        key=row.storage_key,
        size=0,
        media_type=row.media_type,
        tag=f'"{row.content_hash}"',
        version=row.content_hash[:VERSION_DIGITS],
        name=name_for_people(row),
        in_trash=row.in_trash,
    )


def _as_thumbnail(picture: PictureFile, side: int) -> PictureFile:
    stem = PurePosixPath(picture.name).stem
    return replace(
        picture,
        key=thumbnail_key(picture.key, side),
        media_type=THUMBNAIL_TYPE,
        tag=f'{picture.tag[:-1]}-{side}"',
        name=f"{stem} {side}.webp",
    )


def _show(text: str) -> str:
    return "".join(letter for letter in text[:96] if letter.isprintable())
