"""Many pictures in one zip, made while it is sent: stored, not deflated (pictures are), named for people, with a list.

One picture's piece at a time is in memory. What grows with the number of pictures is the zip's own directory and the
list, about a kilobyte a picture.
"""

from __future__ import annotations

import csv
import io
import logging
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from sqlalchemy import false, select

from vtonlab.accounts.hooks import ExportedFile
from vtonlab.db.database import Database
from vtonlab.errors import PICTURE, NotThere
from vtonlab.library.files import name_for_people
from vtonlab.library.models import Category, Image
from vtonlab.library.zip_places import ZipPlaces
from vtonlab.storage.contract import Storage

AT_ONCE: Final = 500
"""Rows read in one statement."""
INDEX: Final = "index.csv"
MISSING: Final = "missing"
KEPT: Final = "ok"
COLUMNS: Final = (
    "file",
    "status",
    "id",
    "category",
    "title",
    "original_name",
    "saved_at",
    "width",
    "height",
    "bytes",
    "sha256",
    "favorite",
    "page_url",
    "original_url",
)
BOM: Final = "\ufeff"
"""By which spreadsheets know UTF-8."""

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""With what a spreadsheet would take a page's title for something to compute."""
RESERVED: Final = frozenset({"con", "prn", "aux", "nul"} | {f"{name}{n}" for name in ("com", "lpt") for n in range(10)})
"""Names that Windows gives no file."""

_SHOWN = (
    Image.id,
    Image.filename,
    Image.storage_key,
    Image.category,
    Image.page_title,
    Image.original_name,
    Image.saved_at,
    Image.image_width,
    Image.image_height,
    Image.file_size,
    Image.content_hash,
    Image.is_favorited,
    Image.page_url,
    Image.original_url,
)

log = logging.getLogger(__name__)


class Zips:
    """Makes them."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage
        self._places = ZipPlaces()

    async def begin(
        self, user_id: str, *, image_ids: Sequence[str] | None = None, category: Category | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The bytes of a zip of these pictures, of a category, or of everything that is not in the trash.

        What of ``image_ids`` is not there is told in the list. Raises ``NotThere`` where none is, and
        ``TooManyRequests``. The generator must be closed by whoever stops early.
        """
        if image_ids is not None:
            image_ids = list(dict.fromkeys(image_ids))
        await self.check(user_id, image_ids)
        return self._places.make(user_id, self._files(user_id, image_ids, category))

    async def check(self, user_id: str, image_ids: Sequence[str] | None) -> None:
        """Raises what ``begin`` would."""
        if image_ids is not None and not await self._has_any(user_id, image_ids):
            raise NotThere(thing=PICTURE, id=image_ids[0][:96] if image_ids else "")
        self._places.check(user_id)

    async def _files(
        self, user_id: str, image_ids: Sequence[str] | None, category: Category | None
    ) -> AsyncGenerator[ExportedFile, None]:
        names, lines, seen = Names(), [_write_line(COLUMNS)], set[str]()
        async for row in self._rows(user_id, image_ids, category):
            seen.add(row.id)
            pieces = self._storage.read(row.storage_key)
            try:
                first = await anext(pieces, b"")
            except FileNotFoundError:
                log.warning("the file of picture %s is missing (%s)", row.id, row.storage_key)
                lines.append(_describe("", MISSING, row))
                continue
            name = names.choose(row.category, name_for_people(row))
            lines.append(_describe(name, KEPT, row))
            yield ExportedFile(name, _chain(first, pieces))
        lines += [_write_line(["", MISSING, image_id[:96]]) for image_id in image_ids or () if image_id not in seen]
        yield ExportedFile(INDEX, (BOM + "".join(lines)).encode())

    async def _rows(
        self, user_id: str, image_ids: Sequence[str] | None, category: Category | None
    ) -> AsyncIterator[Any]:
        """Rows in the order asked for, else the oldest first; no transaction is open while they are worked on."""
        if image_ids is not None:
            for at in range(0, len(image_ids), AT_ONCE):
                some = image_ids[at : at + AT_ONCE]
                found = {row.id: row for row in await self._read(_own(user_id).where(Image.id.in_(some)))}
                for image_id in some:
                    if image_id in found:
                        yield found[image_id]
            return
        query = _own(user_id).order_by(Image.id).limit(AT_ONCE)
        if category is not None:
            query = query.where(Image.category == category.value)
        last = ""
        while rows := await self._read(query.where(Image.id > last)):
            for row in rows:
                yield row
            last = rows[-1].id

    async def _read(self, query: Any) -> Sequence[Any]:
        async with self._database.read() as session:
            rows: Sequence[Any] = (await session.execute(query)).all()
            return rows

    async def _has_any(self, user_id: str, image_ids: Sequence[str]) -> bool:
        for at in range(0, len(image_ids), AT_ONCE):
            if await self._read(_own(user_id).where(Image.id.in_(image_ids[at : at + AT_ONCE])).limit(1)):
                return True
        return False


class Names:
    """Names inside a zip, no two the same on any system (Windows and macOS do not tell ``A`` from ``a``)."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def choose(self, folder: str, name: str) -> str:
        """``folder/name``, numbered where it is taken already.

        >>> names = Names()
        >>> [names.choose("clothes", name) for name in ("a.jpg", "A.jpg", "a (2).jpg", "a.jpg", "con.png")]
        ['clothes/a.jpg', 'clothes/A (2).jpg', 'clothes/a (2) (2).jpg', 'clothes/a (3).jpg', 'clothes/con_.png']
        """
        path = PurePosixPath(unicodedata.normalize("NFC", name))
        stem = f"{path.stem}_" if path.stem.partition(".")[0].casefold() in RESERVED else path.stem
        wanted = f"{folder}/{stem}{path.suffix}"
        number = self._taken.get(_same(wanted), 0) + 1
        chosen = wanted if number == 1 else f"{folder}/{stem} ({number}){path.suffix}"
        while _same(chosen) in self._taken:
            number += 1
            chosen = f"{folder}/{stem} ({number}){path.suffix}"
        self._taken[_same(wanted)] = number
        self._taken.setdefault(_same(chosen), 1)
        return chosen


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def _own(user_id: str) -> Any:  # a query whose rows are typed by twice as many letters as it has columns
    return select(*_SHOWN).where(Image.user_id == user_id, Image.in_trash == false())


async def _chain(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        if first:
            yield first
        async for piece in others:
            yield piece
    finally:
        if isinstance(others, AsyncGenerator):
            await others.aclose()


def _describe(name: str, status: str, row: Any) -> str:
    return _write_line(
        [
            name,
            status,
            row.id,
            row.category,
            row.page_title or "",
            row.original_name,
            row.saved_at.isoformat(),
            str(row.image_width),
            str(row.image_height),
            str(row.file_size),
            row.content_hash,
            "1" if row.is_favorited else "0",
            row.page_url or "",
            row.original_url or "",
        ]
    )


def _write_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
    return line.getvalue()
