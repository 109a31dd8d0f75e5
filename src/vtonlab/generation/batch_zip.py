"""The pictures of a batch in one zip, made while it is sent, with a list of its prompts that spreadsheets can open."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Final

from vtonlab.accounts.hooks import ExportedFile
from vtonlab.db.database import Database
from vtonlab.errors import NotThere
from vtonlab.generation.batch_orders import ToldBatch, ToldPrompt
from vtonlab.generation.models import PromptStatus
from vtonlab.library.models import Image
from vtonlab.library.service import Library
from vtonlab.library.wording import clean
from vtonlab.library.zip_places import ZipPlaces
from vtonlab.library.zips import BOM, FORMULA
from vtonlab.storage.contract import Storage
from vtonlab.tasks.events import tell_error

LIST: Final = "prompts.csv"
COLUMNS: Final = ("number", "prompt", "status", "file", "image_id", "width", "height", "error")
MISSING: Final = "missing"
"""Status of a picture that came, and was deleted since."""
NAME_LETTERS: Final = 60

log = logging.getLogger(__name__)


class BatchZips:
    """Makes them."""

    def __init__(self, database: Database, storage: Storage, library: Library) -> None:
        self._database = database
        self._storage = storage
        self._library = library
        self._places = ZipPlaces()

    def begin(self, told: ToldBatch) -> AsyncGenerator[bytes, None]:
        """The bytes of the zip. Raises ``TooManyRequests``. It must be closed by whoever stops early."""
        self.check(told)
        return self._places.make(told.batch.user_id, self._files(told))

    def check(self, told: ToldBatch) -> None:
        """Raises what ``begin`` would."""
        self._places.check(told.batch.user_id)

    async def _files(self, told: ToldBatch) -> AsyncGenerator[ExportedFile, None]:
        lines = [_write_line(COLUMNS)]
        for one in told.prompts:
            if one.status is not PromptStatus.SUCCEEDED:
                lines.append(_describe(one, "", None))
                continue
            image = await self._find(told.batch.user_id, one)
            pieces = None if image is None else self._storage.read(image.storage_key)
            first = None if pieces is None else await _first(pieces)
            if image is None or pieces is None or first is None:
                lines.append(_describe(one, "", None))
                continue
            name = f"{one.row.number + 1:03d}{_stem(one.row.prompt)}.{image.filename.rpartition('.')[2]}"
            lines.append(_describe(one, name, image))
            yield ExportedFile(name, _chain(first, pieces))
        yield ExportedFile(LIST, (BOM + "".join(lines)).encode("utf-8", "replace"))

    async def _find(self, user_id: str, one: ToldPrompt) -> Image | None:
        try:
            async with self._database.read() as session:
                return await self._library.find(session, user_id, one.row.image_id or "")
        except NotThere:
            return None


async def _first(pieces: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(pieces, b"")
    except FileNotFoundError:
        log.warning("the file of a picture of a batch is missing")
        return None


async def _chain(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        if first:
            yield first
        async for piece in others:
            yield piece
    finally:
        if isinstance(others, AsyncGenerator):
            await others.aclose()


def _stem(prompt: str) -> str:
    """The first words of a prompt, as any system takes them in a file's name.

    >>> _stem("A red coat: on/off?  "), _stem("../..")
    (' A red coat on off', '')
    """
    words = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\u2028\u2029]+', " ", clean(prompt, NAME_LETTERS * 2))
    words = " ".join(words.split())[:NAME_LETTERS].strip(" .")
    return f" {words}" if words else ""


def _describe(one: ToldPrompt, name: str, image: Image | None) -> str:
    is_missing = one.status is PromptStatus.SUCCEEDED and not name
    error = tell_error(one.row.error, "en")
    return _write_line(
        [
            str(one.row.number + 1),
            one.row.prompt,
            MISSING if is_missing else one.status.value,
            name,
            one.row.image_id or "",
            str(image.image_width) if image else "",
            str(image.image_height) if image else "",
            str(error["message"]) if error else "",
        ]
    )


def _write_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
    return line.getvalue()
