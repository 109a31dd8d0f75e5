"""Downloads that a browser fetches by an address: no address has room for thousands of ids, and none may carry them, so
they wait in the database under a ticket. It is good once, for a minute, and for who asked for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.ground import digest, new_secret
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.errors import DownloadGone, TooManyRequests
from vtonlab.library.models import DownloadTicket
from vtonlab.library.zip_places import WAIT_SECONDS
from vtonlab.library.zips import Zips

LASTS: Final = timedelta(minutes=1)
MOST_DOWNLOADED: Final = 50_000
"""Pictures of one zip: a zip's directory and list take about a kilobyte of memory for each."""
MOST_OPEN: Final = 8
"""Tickets of one user that were not used yet."""


@dataclass(frozen=True)
class Ticket:
    """What its owner is given; only a hash of ``secret`` is kept."""

    secret: str
    expires_at: datetime


class Tickets:
    """Makes and redeems them."""

    def __init__(self, database: Database, zips: Zips) -> None:
        self._database = database
        self._zips = zips

    async def make(self, user_id: str, image_ids: Sequence[str]) -> Ticket:
        """For a zip of these pictures. Raises ``NotThere`` where none of them is there, and ``TooManyRequests``."""
        wanted = list(dict.fromkeys(image_ids))
        await self._zips.check(user_id, wanted)
        ticket = Ticket(new_secret(), now() + LASTS)

        async def work(session: AsyncSession) -> None:
            await session.execute(delete(DownloadTicket).where(DownloadTicket.expires_at <= now()))
            count = select(func.count()).select_from(DownloadTicket).where(DownloadTicket.user_id == user_id)
            if (await session.execute(count)).scalar_one() >= MOST_OPEN:
                raise TooManyRequests(seconds=WAIT_SECONDS)
            shown = digest(ticket.secret)
            row = DownloadTicket(ticket_hash=shown, user_id=user_id, image_ids=wanted, expires_at=ticket.expires_at)
            session.add(row)

        await self._database.write(work)
        return ticket

    async def redeem(self, user_id: str, secret: str) -> AsyncGenerator[bytes, None]:
        """The bytes of the zip; the generator must be closed by whoever stops early.

        Raises ``DownloadGone`` for a ticket that is unknown, another's, used or too old, and what ``Zips.begin`` does,
        which leaves it unused.
        """
        mine = (DownloadTicket.ticket_hash == digest(secret), DownloadTicket.user_id == user_id)
        async with self._database.read() as session:
            query = select(DownloadTicket.image_ids).where(*mine, DownloadTicket.expires_at > now())
            wanted = (await session.execute(query)).scalar_one_or_none()
        if wanted is None:
            raise DownloadGone
        pieces = await self._zips.begin(user_id, image_ids=wanted)

        async def work(session: AsyncSession) -> bool:
            # Of two that come with the same ticket one finds it gone.
            taken = await session.execute(delete(DownloadTicket).where(*mine))
            return bool(taken.rowcount)  # type: ignore[attr-defined]

        if not await self._database.write(work):
            await pieces.aclose()
            raise DownloadGone
        return pieces
