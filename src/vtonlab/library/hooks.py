"""What an account's export, deletion and merging mean for its pictures."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.hooks import ExportedFile
from vtonlab.db.database import Database
from vtonlab.library import changes, ownership, repository
from vtonlab.library.browsing import sum_categories
from vtonlab.library.listings import Filter, Listing, Sort
from vtonlab.library.repository import Entry
from vtonlab.storage.contract import Storage

PAGE = 500

log = logging.getLogger(__name__)


class LibraryHook:
    """The library's part in what happens to accounts; see ``vtonlab.accounts.hooks``."""

    name = "library"

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    async def export(self, user_id: str) -> AsyncIterator[ExportedFile]:
        """``library.json``, what is known of each picture, and the pictures, those of the trash in a folder of it."""
        yield ExportedFile("library.json", self._write(user_id))
        async for entry in self._entries(user_id):
            key = await self._key(user_id, entry.id)
            if key is None:
                continue
            try:
                await self._storage.stat(key)
            except FileNotFoundError:
                log.warning("a file is missing in an export: %s", key)
                continue
            yield ExportedFile(_name(entry), self._storage.read(key))

    async def delete(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """Every picture and thumbnail, the trash too. Files go after the commit, or by the start-up sweep."""
        images, size = await ownership.forget_user(session, user_id, self._storage)
        return {"images": images, "bytes": size}

    async def merge(self, session: AsyncSession, guest_id: str, user_id: str) -> None:
        """The guest's pictures are the user's from now on."""
        await ownership.hand_over(session, guest_id, user_id, self._storage)

    async def usage(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """``images`` outside the trash, those in ``trash``, and the ``bytes`` of both."""
        totals = await repository.read_totals(session, user_id)
        trash = changes.TRASH
        return {
            "images": sum_categories(totals.images),
            "trash": totals.images.get(trash, 0),
            "bytes": sum_categories(totals.bytes) + totals.bytes.get(trash, 0),
        }

    async def _entries(self, user_id: str) -> AsyncIterator[Entry]:
        """All pictures, those in the trash last; no transaction stays open between two pages."""
        for listing in (
            Listing(user_id, Filter(), Sort.OLDEST),
            Listing(user_id, Filter(trash=True), Sort.DELETED),
        ):
            after = None
            while True:
                async with self._database.read() as session:
                    rows = await repository.read_rows(session, listing, PAGE, from_key=after)
                for row in rows:
                    yield row
                if len(rows) < PAGE:
                    break
                after = ((getattr(rows[-1], listing.column), rows[-1].id), False)

    async def _key(self, user_id: str, image_id: str) -> str | None:
        async with self._database.read() as session:
            found = await repository.find_images(session, user_id, [image_id])
        return found[0].storage_key if found else None

    async def _write(self, user_id: str) -> AsyncIterator[bytes]:
        mark = b'{"images": ['
        async for entry in self._entries(user_id):
            yield mark + b"\n" + json.dumps(_describe(entry), ensure_ascii=False).encode("utf-8", "replace")
            mark = b","
        yield b"\n]}\n" if mark == b"," else mark + b"]}\n"


def _name(entry: Entry) -> str:
    folder = "trash" if entry.deleted_at else entry.category
    return f"pictures/{folder}/{entry.filename}"


def _describe(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "file": _name(entry),
        "category": entry.category,
        "title": entry.page_title,
        "original_name": entry.original_name,
        "original_url": entry.original_url,
        "page_url": entry.page_url,
        "context": entry.context_info,
        "garment_kind": entry.garment_kind or None,
        "saved_at": entry.saved_at.isoformat(),
        "deleted_at": _moment(entry.deleted_at),
        "favorited_at": _moment(entry.favorited_at),
        "rating": entry.rating,
        "width": entry.image_width,
        "height": entry.image_height,
        "bytes": entry.file_size,
        "sha256": entry.content_hash,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
