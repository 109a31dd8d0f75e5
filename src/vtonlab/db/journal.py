"""The change journal: what was changed, in the order it became true, written in the transaction that changed it.

Sync reads it; nobody calls sync. The number of an entry comes from the user's own counter row, taken inside the
transaction: with a sequence of the database a lower number could commit later and be skipped for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from vtonlab.db.base import Base, now
from vtonlab.db.types import JsonValue, UtcDateTime, identifier, json


class ChangeCounter(Base):
    """The last number given to a change of ``user_id``."""

    __tablename__ = "change_counters"

    user_id: Mapped[str] = mapped_column(
        identifier(), ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True
    )
    last: Mapped[int] = mapped_column(BigInteger, default=0)


class Change(Base):
    """One change of one thing of one user."""

    __tablename__ = "changes"
    __table_args__ = (Index(None, "user_id", "entity", "entity_id"),)

    user_id: Mapped[str] = mapped_column(
        identifier(), ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entity: Mapped[str] = mapped_column(identifier(32))
    """``image``, ``favorite``, ``history``, ``setting`` …"""
    entity_id: Mapped[str] = mapped_column(identifier(96))
    action: Mapped[str] = mapped_column(identifier(16))
    """``create``, ``content``, ``set``, ``tag``, ``event``, ``delete``, ``restore``, ``purge`` (as sync's ops)."""
    fields: Mapped[dict[str, JsonValue]] = mapped_column(json())
    at: Mapped[datetime] = mapped_column(UtcDateTime())


@dataclass(frozen=True)
class Entry:
    """A change to be noted."""

    entity: str
    entity_id: str
    action: str
    fields: Mapping[str, JsonValue]


async def note(session: AsyncSession, user_id: str, entries: Sequence[Entry]) -> int:
    """Append ``entries`` to the journal of ``user_id``, who exists; the number of the last one."""
    count = len(entries)
    if not count:
        return 0
    if not await _count_on(session, user_id, count):
        await _begin_to_count(session, user_id, count)
    last = (await session.execute(select(ChangeCounter.last).where(ChangeCounter.user_id == user_id))).scalar_one()
    moment = now()
    session.add_all(
        Change(
            user_id=user_id,
            number=last - count + place,
            entity=entry.entity,
            entity_id=entry.entity_id,
            action=entry.action,
            fields=dict(entry.fields),
            at=moment,
        )
        for place, entry in enumerate(entries, 1)
    )
    return last


async def _count_on(session: AsyncSession, user_id: str, count: int) -> bool:
    """Move the counter, and keep others from moving it until this transaction ends; whether there is one."""
    move = update(ChangeCounter).where(ChangeCounter.user_id == user_id).values(last=ChangeCounter.last + count)
    return bool((await session.execute(move)).rowcount)  # type: ignore[attr-defined]


async def _begin_to_count(session: AsyncSession, user_id: str, count: int) -> None:
    try:
        async with session.begin_nested():
            await session.execute(insert(ChangeCounter).values(user_id=user_id, last=count))
    except IntegrityError:
        # Somebody's first change came first; where the user does not exist, there is still no counter.
        if not await _count_on(session, user_id, count):
            raise


async def read(session: AsyncSession, user_id: str, since: int = 0, limit: int = 500) -> Sequence[Change]:
    """Changes of ``user_id`` after number ``since``, oldest first."""
    query = select(Change).where(Change.user_id == user_id, Change.number > since).order_by(Change.number).limit(limit)
    return (await session.execute(query)).scalars().all()
