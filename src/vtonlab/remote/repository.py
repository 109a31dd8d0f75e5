"""All SQL about what left this machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Insert, func, select, tuple_, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.remote.models import Departure, Spending


async def take_day(session: AsyncSession, day: str) -> Spending:
    """The row of ``day``, made where there is none, which nobody else changes until the transaction ends."""
    await session.execute(_begin_day(session, day))
    query = select(Spending).where(Spending.day == day).with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one()


def _begin_day(session: AsyncSession, day: str) -> Insert:
    """Also where somebody else is just making it."""
    values = {"day": day, "pictures": 0, "price": 0.0}
    match session.get_bind().dialect.name:
        case "sqlite":
            return sqlite.insert(Spending).values(values).on_conflict_do_nothing()
        case "postgresql":
            return postgresql.insert(Spending).values(values).on_conflict_do_nothing()
        case _:
            return mysql.insert(Spending).values(values).on_duplicate_key_update(day=day)


async def read_day(session: AsyncSession, day: str) -> Spending | None:
    """The row of ``day``."""
    return await session.get(Spending, day)


async def count(session: AsyncSession, user_id: str) -> int:
    """How often something of the user's left."""
    query = select(func.count()).select_from(Departure).where(Departure.user_id == user_id)
    return (await session.execute(query)).scalar_one()


async def page(
    session: AsyncSession,
    user_id: str,
    *,
    newest_first: bool = True,
    after: tuple[datetime, str] | None = None,
    skip: int = 0,
    limit: int,
) -> Sequence[Departure]:
    """The user's departures by their moment, from behind ``after`` (moment, id)."""
    place = tuple_(Departure.at, Departure.id)
    ids = select(Departure.id).where(Departure.user_id == user_id)
    if after is not None:
        ids = ids.where(place < after if newest_first else place > after)
    order = (Departure.at.desc(), Departure.id.desc()) if newest_first else (Departure.at.asc(), Departure.id.asc())
    # What is skipped is skipped in the index alone; the rows are read for the page only.
    chosen = ids.order_by(*order).offset(skip).limit(limit).subquery()
    query = select(Departure).join(chosen, chosen.c.id == Departure.id).order_by(*order)
    return (await session.execute(query)).scalars().all()


async def hand_over(session: AsyncSession, from_user: str, to_user: str) -> None:
    """Make the departures of one user another's."""
    moved = update(Departure).where(Departure.user_id == from_user).values(user_id=to_user)
    await session.execute(moved.execution_options(synchronize_session=False))
