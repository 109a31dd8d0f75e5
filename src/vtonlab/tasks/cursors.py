"""Cursors of listings by moment and id: where a page ended, as text that a client hands back."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime

from vtonlab.errors import BadRequest

FIRST_YEAR, LAST_YEAR = 2000, 9000
"""Moments that every database can compare with."""
LONGEST_ID = 64


def write_cursor(number: int, moment: datetime, row_id: str) -> str:
    """Leads to page ``number``, which begins behind the row ``row_id`` of ``moment``."""
    content = json.dumps([number, moment.isoformat(), row_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[int, tuple[datetime, str]]:
    """The page's number, and the row that it begins behind (moment in UTC, id). Raises ``BadRequest`` for a text that
    is no cursor of ours."""
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        number, moment, row_id = json.loads(content)
        after = datetime.fromisoformat(moment).astimezone(UTC)
        is_ours = number == int(number) > 0 and FIRST_YEAR <= after.year <= LAST_YEAR
        if not is_ours or not row_id.isascii() or not row_id.isalnum():
            raise BadRequest(part="cursor")
    except (binascii.Error, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadRequest(part="cursor") from error
    return int(number), (after, row_id[:LONGEST_ID])
