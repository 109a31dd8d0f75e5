"""The audit log, read: by administrators, and by everybody what is about themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vtonlab.accounts import repository
from vtonlab.accounts.ground import Ground
from vtonlab.accounts.listings import is_id
from vtonlab.accounts.models import AuditEntry
from vtonlab.accounts.repository import AuditFilter
from vtonlab.errors import BadRequest

LARGEST = 2**63 - 1


@dataclass(frozen=True)
class AuditPage:
    """Some entries, how many there are, and where it goes on."""

    items: Sequence[AuditEntry]
    total: int
    next_cursor: str | None
    names: Mapping[str, str]
    """Of those entries' targets that are users who are still there, by id."""


class Audit:
    """Pages of the log."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def list(self, wanted: AuditFilter, page: int, page_size: int, cursor: str | None = None) -> AuditPage:
        """Newest first. A ``cursor`` goes on where a page ended, however many entries came since; without one,
        ``page`` counts from the newest. Raises ``BadRequest`` for a cursor that is not ours."""
        before = None if cursor is None else _read_cursor(cursor)
        ids = (wanted.user_id, wanted.about, wanted.action, wanted.target)
        if not all(text is None or is_id(text) for text in ids):
            return AuditPage((), 0, None, {})
        async with self._ground.database.read() as session:
            total = await repository.count_audit(session, wanted)
            found = await repository.list_audit(session, wanted, page_size + 1, (page - 1) * page_size, before)
            shown = found[:page_size]
            names = await repository.names_of(session, {entry.target for entry in shown if entry.target})
        return AuditPage(shown, total, str(shown[-1].number) if len(found) > page_size else None, names)

    async def list_actions(self) -> Sequence[str]:
        """Every action there is an entry of, by name."""
        async with self._ground.database.read() as session:
            return await repository.list_actions(session)


def _read_cursor(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdecimal()) or len(cursor) > 19 or int(cursor) > LARGEST:
        raise BadRequest(part="cursor")
    return int(cursor)
