"""Pages of the log of what left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.remote import repository
from vtonlab.remote.models import Departure
from vtonlab.tasks.cursors import read_cursor, write_cursor

MOST_PER_PAGE = 100
DEEPEST_PAGE = 1_000_000


@dataclass(frozen=True)
class Wanted:
    """Which page. A ``cursor`` leads on from a page and outweighs ``page``."""

    newest_first: bool = True
    page: int = 1
    page_size: int = 20
    cursor: str | None = None


@dataclass(frozen=True)
class Page:
    """A page, and how many departures there are altogether."""

    items: Sequence[Departure]
    total: int
    page: int
    page_size: int
    next_cursor: str | None


async def read_page(session: AsyncSession, user_id: str, wanted: Wanted) -> Page:
    """A page of the departures of ``user_id``. Raises ``BadRequest`` for a cursor that is none of ours."""
    size = min(wanted.page_size, MOST_PER_PAGE)
    number, after = read_cursor(wanted.cursor) if wanted.cursor else (wanted.page, None)
    number = min(number, DEEPEST_PAGE)
    rows = await repository.page(
        session,
        user_id,
        newest_first=wanted.newest_first,
        after=after,
        skip=0 if after else (number - 1) * size,
        limit=size + 1,
    )
    has_more, rows = len(rows) > size, rows[:size]
    cursor = write_cursor(number + 1, rows[-1].at, rows[-1].id) if has_more else None
    return Page(rows, await repository.count(session, user_id), number, size, cursor)
