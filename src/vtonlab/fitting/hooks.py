"""What an account's export, deletion and merging mean for its fittings."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.hooks import ExportedFile
from vtonlab.db import journal
from vtonlab.db.database import Database
from vtonlab.fitting import repository
from vtonlab.fitting.models import VtonHistory
from vtonlab.fitting.results import ENTITY, tell

PAGE = 500
NOT_TOLD = frozenset({"user_id", "mask_image", "layer_key"})
"""Columns that say nothing to a person."""


class FittingHook:
    """The part of fittings in what happens to accounts; see ``vtonlab.accounts.hooks``. Their pictures, masks and
    analyses are files of the library, and go with its entries."""

    name = "fitting"

    def __init__(self, database: Database) -> None:
        self._database = database

    async def export(self, user_id: str) -> AsyncIterator[ExportedFile]:
        """One file, oldest first."""
        yield ExportedFile("history.json", self._write(user_id))

    async def _write(self, user_id: str) -> AsyncIterator[bytes]:
        mark, last = b'{"history": [', None
        while True:
            async with self._database.read() as session:
                rows = await repository.after(session, user_id, last, PAGE)
            for row in rows:
                yield mark + b"\n" + json.dumps(_write_down(row), ensure_ascii=False).encode("utf-8", "replace")
                mark = b","
            if len(rows) < PAGE:
                yield b"\n]}\n" if mark == b"," else mark + b"]}\n"
                return
            last = rows[-1]

    async def delete(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """Every entry."""
        return {"fittings": await repository.forget(session, user_id)}

    async def merge(self, session: AsyncSession, guest_id: str, user_id: str) -> None:
        """The guest's fittings are the user's from now on, and news to the user's other devices."""
        last = None
        while rows := await repository.after(session, guest_id, last, PAGE):
            last = rows[-1]
            entries = [journal.Entry(ENTITY, row.id, "create", tell(row)) for row in rows]
            await journal.note(session, user_id, entries)
        await repository.hand_over(session, guest_id, user_id)

    async def usage(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """How many there are."""
        return {"fittings": await repository.count(session, user_id)}


def _write_down(row: VtonHistory) -> dict[str, Any]:
    told = {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in NOT_TOLD}
    return told | {"created_at": row.created_at.isoformat()}
