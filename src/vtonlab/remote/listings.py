"""Pages of the log of what left."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.errors import BadRequest
from vtonlab.remote import repository
from vtonlab.remote.models import Departure

MOST_PER_PAGE = 100
DEEPEST_PAGE = 1_000_000
FIRST_YEAR, LAST_YEAR = 2000, 9000
"""Moments that every database can compare with."""


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
    number, after = _read_cursor(wanted.cursor) if wanted.cursor else (wanted.page, None)
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
    cursor = _write_cursor(number + 1, rows[-1]) if has_more else None
    return Page(rows, await repository.count(session, user_id), number, size, cursor)


def _write_cursor(number: int, last: Departure) -> str:
    content = json.dumps([number, last.at.isoformat(), last.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[int, tuple[datetime, str]]:
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        number, moment, departure_id = json.loads(content)
        after = datetime.fromisoformat(moment).astimezone(UTC)
        is_ours = number == int(number) > 0 and FIRST_YEAR <= after.year <= LAST_YEAR
        if not is_ours or not departure_id.isascii() or not departure_id.isalnum():
            raise BadRequest(part="cursor")
    except (binascii.Error, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadRequest(part="cursor") from error
    return int(number), (after, departure_id[:64])
