"""The tables of what left this machine."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from vtonlab.db.base import Base, new_id, now
from vtonlab.db.types import UtcDateTime, identifier, words


class Departure(Base):
    """Pictures of a user that were sent to somebody: written before they went."""

    __tablename__ = "departures"
    __table_args__ = (Index(None, "user_id", "at", "id"),)

    id: Mapped[str] = mapped_column(identifier(), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(identifier(), ForeignKey("users.user_id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    engine: Mapped[str] = mapped_column(identifier(64))
    host: Mapped[str] = mapped_column(words(255))
    """To whom: a host name, with a port where it is not the usual one."""
    pictures: Mapped[int] = mapped_column(Integer)
    bytes: Mapped[int] = mapped_column(BigInteger)
    price: Mapped[float] = mapped_column(Float, default=0.0)
    """US dollars that this was taken to cost."""
    task_id: Mapped[str | None] = mapped_column(identifier())
    """For which task; it may be gone."""


class Spending(Base):
    """What paid engines cost on a day (UTC), all users together; kept when accounts go."""

    __tablename__ = "spendings"

    day: Mapped[str] = mapped_column(identifier(10), primary_key=True)
    """``2026-11-22``."""
    pictures: Mapped[int] = mapped_column(Integer, default=0)
    price: Mapped[float] = mapped_column(Float, default=0.0)
    """US dollars."""
