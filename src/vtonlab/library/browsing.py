"""Looking through a library: pages by number and by cursor, at the same cost wherever they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.database import Database
from vtonlab.library import changes, repository
from vtonlab.library.listings import Filter, Listing, Sort, read_cursor, write_cursor
from vtonlab.library.marks import Places
from vtonlab.library.models import Category
from vtonlab.library.repository import Entry, FileRow, Totals

MOST_A_PAGE = 100


@dataclass(frozen=True)
class Page:
    """A page of a listing: page ``number`` (from 1) of pages of ``size``, of ``total`` entries in all."""

    items: Sequence[Entry]
    total: int
    number: int
    size: int
    next_cursor: str | None
    """With it the next page follows this one exactly, whatever came or went meanwhile. None at the end."""

    @property
    def pages(self) -> int:
        """How many there are."""
        return -(-self.total // self.size)


class Browsing:
    """The reading half of the library."""

    def __init__(self, database: Database, places: Places | None = None) -> None:
        self.database = database
        self._places = places or Places()

    async def browse(
        self,
        user_id: str | None,
        chosen: Filter,
        sort: Sort = Sort.NEWEST,
        *,
        page: int = 1,
        size: int = 20,
        cursor: str | None = None,
    ) -> Page:
        """A page of the pictures of ``user_id`` (None: of nobody) that ``chosen`` lets through.

        ``page`` from 1, beyond the end it is empty; ``size`` is cut to ``MOST_A_PAGE``. With a ``cursor``, what
        follows it; raises ``BadRequest`` for one that is not of this listing.
        """
        page, size = max(page, 1), min(max(size, 1), MOST_A_PAGE)
        if user_id is None:
            return Page([], 0, page, size, None)
        listing = Listing(user_id, chosen, sort)
        after = read_cursor(listing, cursor) if cursor else None
        async with self.database.read() as session:
            totals = await repository.read_totals(session, user_id)
            total = await self._total(session, listing, totals)
            if after is not None:
                rows = await repository.read_rows(session, listing, size + 1, from_key=(after, False))
            else:
                rows = await self._rows(session, listing, (page - 1) * size, size + 1, total, totals.version)
        cursor = None
        if len(rows) > size:
            last = rows[size - 1]
            cursor = write_cursor(listing, (getattr(last, listing.column), last.id))
        return Page(rows[:size], total, page, size, cursor)

    async def list_ids(self, user_id: str | None, chosen: Filter, sort: Sort = Sort.NEWEST) -> list[str]:
        """The ids of all pictures of ``user_id`` (None: of nobody) that ``chosen`` lets through, in order."""
        if user_id is None:
            return []
        listing = Listing(user_id, chosen, sort)
        async with self.database.read() as session:
            if listing.is_indexed:
                return await repository.read_ids(session, listing)
            totals = await repository.read_totals(session, user_id)
            return await self._places.found(session, listing, totals.version)

    async def totals(self, user_id: str | None) -> Totals:
        """How many pictures and bytes the user has, by name."""
        if user_id is None:
            return Totals(0, {}, {})
        async with self.database.read() as session:
            return await repository.read_totals(session, user_id)

    async def count(self, user_id: str | None) -> int:
        """Pictures of the user outside the trash."""
        return sum_categories((await self.totals(user_id)).images)

    async def files(self, user_id: str) -> list[FileRow]:
        """The files of the user's pictures outside the trash, the newest first."""
        async with self.database.read() as session:
            return await repository.read_files(session, user_id)

    async def _total(self, session: AsyncSession, listing: Listing, totals: Totals) -> int:
        if not listing.is_indexed:
            return len(await self._places.found(session, listing, totals.version))
        chosen = listing.filter
        if chosen.colour or chosen.garment_kind:
            return await self._places.count(session, listing, totals.version)
        if chosen.trash:
            return totals.images.get(changes.TRASH, 0)
        if chosen.favorite:
            return totals.images.get(changes.FAVORITES, 0)
        if chosen.category:
            return totals.images.get(chosen.category, 0)
        return sum_categories(totals.images)

    async def _rows(
        self, session: AsyncSession, listing: Listing, rank: int, limit: int, total: int, version: int
    ) -> list[Entry]:
        """At most ``limit`` entries, from the one on that has ``rank`` before it."""
        if rank >= total:
            return []
        if not listing.is_indexed:
            ids = await self._places.found(session, listing, version)
            return await repository.read_entries(session, listing.user_id, ids[rank : rank + limit])
        if rank <= self._places.every:
            return await repository.read_rows(session, listing, limit, skip=rank)
        limit = min(limit, total - rank)
        behind = total - rank - limit
        if behind > self._places.every:
            start = await self._places.find(session, listing, rank, total, version)
            if start is not None:
                return await repository.read_rows(session, listing, limit, from_key=start.from_key, skip=start.skip)
            if rank <= behind:
                return await repository.read_rows(session, listing, limit, skip=rank)
        rows = await repository.read_rows(session, listing, limit, skip=behind, backwards=True)
        return rows[::-1]


def sum_categories(numbers: dict[str, int]) -> int:
    """Of a user's totals, the sum over the categories: each picture once, those in the trash not."""
    return sum(numbers.get(category, 0) for category in Category)
