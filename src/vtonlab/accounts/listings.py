"""Pages of users: which are asked for, in which order, and what the database is asked for them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.models import User
from vtonlab.errors import BadRequest


class UserSort(StrEnum):
    """What a listing goes by."""

    NEWEST = "newest"
    NAME = "name"
    LAST_SEEN = "last_seen"
    """Whoever was here last comes first."""


@dataclass(frozen=True)
class UserFilter:
    """Which users are asked for; None: all."""

    words: str | None = None
    """In the name or e-mail address, NFKC, case folded."""
    kind: str | None = None
    role: str | None = None
    is_active: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What such a row meets."""
        found: list[ColumnElement[bool]] = []
        if self.words:
            columns = (User.username_key, User.email_key)
            found.append(or_(*(column.contains(self.words, autoescape=True) for column in columns)))
        if self.kind is not None:
            found.append(User.kind == self.kind)
        if self.role is not None:
            found.append(User.role == self.role)
        if self.is_active is not None:
            found.append(User.is_active.is_(self.is_active))
        return found


@dataclass(frozen=True)
class Use:
    """What a user keeps: pictures outside the trash, and the bytes of all, the trash too."""

    images: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class UserPage:
    """Some users, how many there are, and where it goes on."""

    items: Sequence[User]
    total: int
    next_cursor: str | None
    uses: dict[str, Use]
    """By user id; whoever keeps nothing is not in it."""


async def list_users(
    session: AsyncSession, wanted: UserFilter, sort: UserSort, limit: int, offset: int, cursor: str | None
) -> Sequence[User]:
    """Users from ``offset``, or from behind the one of ``cursor``. Raises ``BadRequest`` for one that is not ours."""
    query = select(User).where(*wanted.conditions()).limit(limit)
    if cursor is None:
        query = query.offset(offset)
    if sort is UserSort.NAME:
        query = query.order_by(User.username_key)
        if cursor is not None:
            query = query.where(User.username_key > _read_name(cursor))
    else:
        column = User.last_seen_at if sort is UserSort.LAST_SEEN else User.created_at
        query = query.order_by(column.desc(), User.user_id.desc())
        if cursor is not None:
            moment, user_id = _read_moment(cursor)
            query = query.where(or_(column < moment, and_(column == moment, User.user_id < user_id)))
    return (await session.execute(query)).scalars().all()


async def count_users(session: AsyncSession, wanted: UserFilter) -> int:
    """How many there are."""
    return (await session.execute(select(func.count(User.user_id)).where(*wanted.conditions()))).scalar_one()


def make_cursor(user: User, sort: UserSort) -> str:
    """Where a listing goes on behind ``user``."""
    if sort is UserSort.NAME:
        place = user.username_key
    else:
        moment = user.last_seen_at if sort is UserSort.LAST_SEEN else user.created_at
        place = f"{moment.isoformat()} {user.user_id}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def _read_cursor(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor).decode()
    except (binascii.Error, ValueError) as error:
        raise BadRequest(part="cursor") from error


def _read_name(cursor: str) -> str:
    name = _read_cursor(cursor)
    if not name.isprintable():
        raise BadRequest(part="cursor")
    return name


def _read_moment(cursor: str) -> tuple[datetime, str]:
    moment, _, user_id = _read_cursor(cursor).partition(" ")
    try:
        found = datetime.fromisoformat(moment)
    except ValueError as error:
        raise BadRequest(part="cursor") from error
    if found.utcoffset() != timedelta(0) or not is_id(user_id):
        raise BadRequest(part="cursor")
    return found, user_id


def is_id(text: str) -> bool:
    """Whether an id could read so. What is not ASCII, or holds a NUL, no database would even compare."""
    return text.isascii() and text.isprintable() and len(text) <= 64
