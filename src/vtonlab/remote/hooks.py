"""What an account's export, deletion and merging mean for the log of what left."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.hooks import ExportedFile
from vtonlab.db.database import Database
from vtonlab.remote import repository
from vtonlab.remote.models import Departure

PAGE = 500


class RemoteHook:
    """The log's part in what happens to accounts; see ``vtonlab.accounts.hooks``."""

    name = "remote"

    def __init__(self, database: Database) -> None:
        self._database = database

    async def export(self, user_id: str) -> AsyncIterator[ExportedFile]:
        """``departures.json``, oldest first."""
        yield ExportedFile("departures.json", self._write(user_id))

    async def _write(self, user_id: str) -> AsyncIterator[bytes]:
        after, mark = None, b"["
        while True:
            async with self._database.read() as session:
                found = await repository.page(session, user_id, newest_first=False, after=after, limit=PAGE)
            for departure in found:
                yield mark + b"\n" + json.dumps(_write_down(departure), ensure_ascii=False).encode()
                mark = b","
            if len(found) < PAGE:
                yield b"\n]\n" if mark == b"," else b"[]\n"
                return
            after = (found[-1].at, found[-1].id)

    async def delete(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """How many lines there were; they go with the user's row. What a day cost stays, it names nobody."""
        return {"departures": await repository.count(session, user_id)}

    async def merge(self, session: AsyncSession, guest_id: str, user_id: str) -> None:
        """The guest's pictures were the user's."""
        await repository.hand_over(session, guest_id, user_id)

    async def usage(self, session: AsyncSession, user_id: str) -> dict[str, int]:  # noqa: ARG002 - of AccountHook
        """Nothing that counts."""
        return {}


def _write_down(departure: Departure) -> dict[str, Any]:
    return {
        "id": departure.id,
        "at": departure.at.isoformat(),
        "engine": departure.engine,
        "host": departure.host,
        "pictures": departure.pictures,
        "bytes": departure.bytes,
        "price": departure.price,
        "task_id": departure.task_id,
    }
