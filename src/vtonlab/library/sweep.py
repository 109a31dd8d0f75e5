"""Rows and files brought back in step: at start, and once a day.

Rows and files are walked side by side, both in the order of their keys, a page at a time, so memory stays flat however
many there are. What looks wrong in passing is looked at again by itself before anything is done: an order of keys that
differs between database and storage costs time, never a picture.

Several servers may share one storage. A file without a row may then be one that another server is just writing, so it
is left alone for an hour; only who knows to be alone (the one server of a folder, before it serves) removes it at once.

A crash leaves a few files without rows. Very many of them are not what a crash leaves, but a database that was lost or
replaced by an older one: then nothing is removed, and the log says so.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.library import twins
from vtonlab.library.ledger import all_files_of
from vtonlab.library.models import Erasure, Image
from vtonlab.library.scratch import Scratch
from vtonlab.library.service import Library
from vtonlab.storage.contract import Storage

GRACE: Final = timedelta(hours=1)
"""How long a write may take, from its first file to its row."""
PAGE: Final = 500
PREFIX: Final = "images/"
FEW: Final = 1_000
"""Files without rows that are removed in any case …"""
FEW_WITHOUT_ROWS: Final = 24
"""… or so many, where there is no row at all."""
SHARE: Final = 0.1
"""And this share of all files; more are a sign of another mishap."""
EXTENSIONS: Final = ("jpg", "png", "webp")

_BESIDE: Final = re.compile(
    r"(?P<folder>.+)/(?:thumbnails/(?P<thumbnail>[^/]+)_(?:320|640)\.webp"
    r"|(?:analyses|masks|layers)/(?P<companion>[^/]+)\.(?:zip|png))"
)
"""Thumbnails, and what other features keep beside a picture (``vtonlab.library.companions``)."""
_MADE_AT: Final = re.compile(r"_(\d{8}_\d{6})_[0-9a-f]{8}(?:_\d+)?\.\w+$")

log = logging.getLogger(__name__)


@dataclass
class Report:
    """What a sweep found and did."""

    rows: int = 0
    files: int = 0
    orphans: int = 0
    """Files without a row, removed."""
    left_alone: int = 0
    """Files without a row that are too many to be removed."""
    missing: int = 0
    """Rows that were found to have no file, and now say so."""
    found_again: int = 0
    """Rows whose file is back."""
    unfinished: int = 0
    """Writes that nobody ended, removed."""
    uploads: int = 0
    """Files of uploads that nobody ended, removed."""
    purged: int = 0
    """Pictures that the trash has forgotten."""
    erased: int = 0
    """Files that should have gone with their pictures and had not, removed."""

    def __str__(self) -> str:
        return ", ".join(f"{field.name} {getattr(self, field.name)}" for field in fields(self))


@dataclass(frozen=True)
class _Row:
    key: str
    image_id: str
    status: str


class Sweep:
    """Over one database and storage; ``library`` forgets old trash, ``scratch`` is where uploads come in."""

    def __init__(self, database: Database, storage: Storage, library: Library, scratch: Scratch) -> None:
        self.database = database
        self.storage = storage
        self._library = library
        self._scratch = scratch

    async def run(self, *, alone: bool = False) -> Report:
        """Bring everything in step. ``alone``: nobody else uses this database and storage, and nothing is being
        written by this process either."""
        report = Report()
        # Alone, whatever is there is old; a name tells the second it was made in, which may not be over yet.
        before = now() + timedelta(seconds=2) if alone else now() - GRACE
        report.uploads = await asyncio.to_thread(self._scratch.sweep, before)
        report.unfinished = await self.storage.sweep(before)
        report.purged = await self._library.purge_old_trash()
        await self._end_erasures(report)
        await self._walk(before, report)
        log.info("sweep: %s", report)
        return report

    async def _end_erasures(self, report: Report) -> None:
        """Remove the files of pictures that were forgotten for good, where a crash left any: however many they are."""
        last = ""
        while True:
            query = select(Erasure.storage_key).where(Erasure.storage_key > last).order_by(Erasure.storage_key)
            async with self.database.read() as session:
                keys = list((await session.execute(query.limit(PAGE))).scalars())
            if not keys:
                return
            last = keys[-1]
            known = await self._known([keys])  # a backup brought back may hold such a picture again
            for key in keys:
                if key not in known:
                    for file in all_files_of(key):
                        report.erased += await self.storage.delete(file)
            await self.database.write(partial(_forget_erasures, keys=keys))

    async def _walk(self, before: datetime, report: Report) -> None:
        rows = _Peeking(self._rows())
        strangers: list[tuple[str, datetime]] = []
        lost: list[_Row] = []
        back: list[str] = []
        orphans: list[str] = []
        async for entry in self.storage.list(PREFIX):
            report.files += 1
            while (row := await rows.peek()) is not None and row.key < entry.key:
                lost.append(row)
                await rows.take()
            if row is not None and row.key == entry.key:
                if row.status == twins.MISSING:
                    back.append(row.image_id)
                await rows.take()
            else:
                strangers.append((entry.key, _made_at(entry.key, entry.modified)))
            if len(strangers) >= PAGE or len(lost) >= PAGE:
                await self._settle(strangers, lost, before, orphans, report)
        while (row := await rows.take()) is not None:
            lost.append(row)
            if len(lost) >= PAGE:
                await self._settle(strangers, lost, before, orphans, report)
        await self._settle(strangers, lost, before, orphans, report)
        report.rows = rows.count
        report.found_again += await self._mark(back, twins.READY)
        await self._remove(orphans, report)

    async def _remove(self, orphans: Sequence[str], report: Report) -> None:
        most = max(FEW if report.rows else FEW_WITHOUT_ROWS, int(SHARE * report.files))
        if len(orphans) > most:
            report.left_alone = len(orphans)
            log.warning(
                "%d files belong to no picture of the database, such as %s: too many for a crash. Nothing was removed; "
                "was the database lost, or replaced by an older one?",
                len(orphans),
                orphans[0],
            )
            return
        for key in orphans:
            report.orphans += await self.storage.delete(key)

    async def _settle(
        self,
        strangers: list[tuple[str, datetime]],
        lost: list[_Row],
        before: datetime,
        orphans: list[str],
        report: Report,
    ) -> None:
        """Look again at what was noticed, and act; files without rows are only noted yet."""
        old = [key for key, made in strangers if made < before]
        known = await self._known([_candidates(key) for key in old])
        orphans += [key for key in old if known.isdisjoint(_candidates(key))]
        gone = [row for row in lost if not await self._is_there(row.key)]
        newly = [row.image_id for row in gone if row.status == twins.READY]
        report.missing += await self._mark(newly, twins.MISSING)
        for row in gone:
            log.warning("the file of picture %s is missing (%s)", row.image_id, row.key)
        again = [row.image_id for row in lost if row.status == twins.MISSING and row not in gone]
        report.found_again += await self._mark(again, twins.READY)
        strangers.clear()
        lost.clear()

    async def _rows(self) -> AsyncIterator[_Row]:
        """Every row, by its key."""
        last = ""
        while True:
            query = select(Image.storage_key, Image.id, Image.status).where(Image.storage_key > last)
            async with self.database.read() as session:
                page = (await session.execute(query.order_by(Image.storage_key).limit(PAGE))).all()
            for key, image_id, status in page:
                yield _Row(key, image_id, status)
            if len(page) < PAGE:
                return
            last = page[-1].storage_key

    async def _known(self, candidates: Sequence[Sequence[str]]) -> set[str]:
        """Those of the keys that rows have."""
        keys = [key for some in candidates for key in some]
        found: set[str] = set()
        async with self.database.read() as session:
            for start in range(0, len(keys), PAGE):
                query = select(Image.storage_key).where(Image.storage_key.in_(keys[start : start + PAGE]))
                found.update((await session.execute(query)).scalars())
        return found

    async def _is_there(self, key: str) -> bool:
        try:
            await self.storage.stat(key)
        except FileNotFoundError:
            return False
        return True

    async def _mark(self, ids: Sequence[str], status: str) -> int:
        async def work(session: AsyncSession) -> None:
            await twins.mark(session, ids, status)

        if ids:
            await self.database.write(work)
        return len(ids)


async def _forget_erasures(session: AsyncSession, keys: Sequence[str]) -> None:
    await session.execute(delete(Erasure).where(Erasure.storage_key.in_(keys)))


class _Peeking:
    """Rows one at a time, the next of which may be looked at."""

    def __init__(self, rows: AsyncIterator[_Row]) -> None:
        self._rows = rows
        self._next: _Row | None = None
        self.count = 0

    async def peek(self) -> _Row | None:
        if self._next is None:
            self._next = await anext(self._rows, None)
        return self._next

    async def take(self) -> _Row | None:
        row = await self.peek()
        self._next = None
        self.count += row is not None
        return row


def _candidates(key: str) -> list[str]:
    """Keys of the pictures that the file ``key`` may belong to: itself, or what it lies beside."""
    found = _BESIDE.fullmatch(key)
    if found is None:
        return [key]
    stem = found["thumbnail"] or found["companion"]
    return [f"{found['folder']}/{stem}.{extension}" for extension in EXTENSIONS]


def _made_at(key: str, modified: datetime) -> datetime:
    """When ``key`` was given to its file: a hard link shows the time of what it was made from, its name its own."""
    found = _MADE_AT.search(key)
    if found is None:
        return modified
    try:
        named = datetime.strptime(found[1], "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return modified
    return max(named + timedelta(seconds=1), modified)  # names hold whole seconds
