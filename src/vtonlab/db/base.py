"""The class every table derives from, and the ids and moments they share."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraints have names, so that a migration can find them in every dialect."""


class Base(DeclarativeBase):
    """Tables of the server; the cloud server has its own."""

    metadata = MetaData(naming_convention=NAMES)


def new_id() -> str:
    """A new opaque id: 32 hexadecimal digits that sort by the time they were made (48 bits of it, in milliseconds),
    the rest random. As RFC 9562's UUID 7, without its fixed bits."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)
