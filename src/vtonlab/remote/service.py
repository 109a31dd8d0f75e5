"""What leaves this machine: written down before it goes, and paid engines within the day's budget."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller, Permission
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.errors import BudgetSpent, ServiceError
from vtonlab.remote import repository
from vtonlab.remote.hooks import RemoteHook
from vtonlab.remote.listings import Page, Wanted, read_page
from vtonlab.remote.models import Departure
from vtonlab.settings import Settings
from vtonlab.tasks.moves import Clock

LONGEST_HOST = 255
CENTS_OF_CENTS = 6
"""Decimals of a dollar that sums are kept to, so that twenty times 0.05 is 1."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Today:
    """What paid engines were taken to cost today (UTC), all users together. ``limit`` None: there is none."""

    day: str
    pictures: int
    price: float
    limit: float | None


class Outbound:
    """The door through which pictures leave."""

    def __init__(self, database: Database, settings: Settings, *, clock: Clock = now) -> None:
        """``clock`` is for tests."""
        self._database = database
        self._limit = settings.remote_budget
        self._clock = clock
        self.hook = RemoteHook(database)

    async def depart(
        self,
        user_id: str,
        engine: str,
        host: str,
        pictures: int,
        size: int,
        price: float = 0.0,
        task_id: str | None = None,
        *,
        bought: int = 1,
    ) -> None:
        """Write down that ``pictures`` of ``size`` bytes together are about to be sent to ``host``, and that the answer
        will cost ``price`` US dollars for ``bought`` new pictures; both in one transaction, before anything is sent.

        Whoever sends them comes here first: what is not in the log does not leave. Something free needs no budget.
        Raises ``BudgetSpent`` where the day's budget does not hold ``price``, ``ServiceError`` where there is no such
        user any more.
        """
        cost = round(max(price, 0.0), CENTS_OF_CENTS)
        host = name_host(host)

        async def work(session: AsyncSession) -> None:
            moment = self._clock()
            if cost:
                await self._spend(session, moment.date().isoformat(), cost, engine, bought)
            session.add(
                Departure(
                    user_id=user_id,
                    at=moment,
                    engine=engine,
                    host=host,
                    pictures=pictures,
                    bytes=size,
                    price=cost,
                    task_id=task_id,
                )
            )

        try:
            await self._database.write(work)
        except IntegrityError as error:
            # A guest who just got an account has the task there: it is tried again as theirs.
            raise ServiceError from error
        log.info("%d pictures (%d bytes) leave for %s (%s)", pictures, size, host, engine)

    async def _spend(self, session: AsyncSession, day: str, cost: float, engine: str, bought: int) -> None:
        spending = await repository.take_day(session, day)
        total = round(spending.price + cost, CENTS_OF_CENTS)
        if self._limit and total > self._limit:
            raise BudgetSpent(engine=engine, limit=f"{self._limit:g}")
        spending.price = total
        spending.pictures += bought

    async def list(self, caller: Caller, wanted: Wanted) -> Page:
        """A page of what left of the caller's. Raises ``BadRequest`` for a cursor that is none of ours."""
        user_id = caller.require(Permission.TASKS_READ, signed_in=False)
        async with self._database.read() as session:
            return await read_page(session, user_id, wanted)

    async def today(self) -> Today:
        """What was spent today."""
        day = self._clock().date().isoformat()
        async with self._database.read() as session:
            spending = await repository.read_day(session, day)
        limit = self._limit or None
        return Today(day, spending.pictures, spending.price, limit) if spending else Today(day, 0, 0.0, limit)


def name_host(address: str) -> str:
    """The host, and port, of an address: what may stand in a log. An address may hold a password.

    >>> name_host("https://me:secret@gpu.example:7860/tryon?key=1"), name_host("api.fashn.ai")
    ('gpu.example:7860', 'api.fashn.ai')
    """
    place = re.split(r"[/?#]", address.split("//", 1)[-1], maxsplit=1)[0]
    return place.rpartition("@")[2][:LONGEST_HOST]
