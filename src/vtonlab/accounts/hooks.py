"""What an account's export, deletion and merging mean for a feature: the feature says it here, accounts knows none.

A hook runs inside the transaction of what it belongs to; files are removed in a step after the commit
(``vtonlab.db.database.after_commit``), or by the feature's own start-up sweep.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class ExportedFile:
    """A file of an account's export: its name inside the zip, and its bytes (as bytes, or a piece at a time)."""

    name: str
    data: bytes | AsyncIterator[bytes]


class AccountHook(Protocol):
    """A feature's part in what happens to accounts."""

    name: str
    """Of the feature, as it stands in the answer of a deletion."""

    def export(self, user_id: str) -> AsyncIterator[ExportedFile]:
        """Everything the feature keeps of the user."""

    async def delete(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """Delete all of it; what and how much (``{"images": 12, "bytes": 3456}``). Rows of tables that hang on
        ``users`` by a cascading key may be left to it."""

    async def merge(self, session: AsyncSession, guest_id: str, user_id: str) -> None:
        """Hand what the guest made to the user who just registered or signed in."""

    async def usage(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """What the user has (``{"images": 12, "bytes": 3456}``), for the profile and the quota."""
