"""What the library asks the database; changes are in ``vtonlab.library.changes``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, false, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.listings import Use
from vtonlab.db.types import JsonValue
from vtonlab.library.listings import Key, Listing, beyond
from vtonlab.library.models import TRASH, Category, Image, KindBy, LibraryState, LibraryTotal

AT_ONCE = 500
"""Values of one statement."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture as it is listed; fields are those of ``Image``."""

    id: str
    user_id: str
    filename: str
    original_url: str | None
    page_url: str | None
    page_title: str | None
    original_name: str
    media_type: str
    context_info: dict[str, JsonValue]
    category: str
    status: str
    saved_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    file_size: int
    image_width: int
    image_height: int
    thumbhash: str
    content_hash: str
    colour: str
    garment_kind: str
    kind_by: str
    sort_name: str
    is_favorited: bool
    favorited_at: datetime | None
    rating: int
    cloud_synced: bool


NAMES = tuple(field.name for field in fields(Entry))
SHOWN = tuple(getattr(Image, name) for name in NAMES)


@dataclass(frozen=True)
class Totals:
    """Pictures and bytes of a user by name (a category, ``trash``, ``favorites``), and their listings' version."""

    version: int
    images: dict[str, int]
    bytes: dict[str, int]


async def read_totals(session: AsyncSession, user_id: str) -> Totals:
    """Of ``user_id``; nothing of anybody without pictures."""
    query = (
        select(LibraryState.version, LibraryTotal.name, LibraryTotal.images, LibraryTotal.bytes)
        .select_from(LibraryState)
        .outerjoin(LibraryTotal, LibraryTotal.user_id == LibraryState.user_id)
        .where(LibraryState.user_id == user_id)
    )
    rows = (await session.execute(query)).all()
    named = [row for row in rows if row.name is not None]
    return Totals(
        version=rows[0].version if rows else 0,
        images={row.name: row.images for row in named},
        bytes={row.name: row.bytes for row in named},
    )


async def use_of(session: AsyncSession, user_ids: Collection[str]) -> dict[str, Use]:
    """What each of ``user_ids`` keeps, the bytes of the trash too; who keeps nothing may be left out."""
    if not user_ids:
        return {}
    kept = LibraryTotal.name.in_([category.value for category in Category])
    everything = kept | (LibraryTotal.name == TRASH)
    query = (
        select(
            LibraryTotal.user_id,
            func.sum(case((kept, LibraryTotal.images), else_=0)),
            func.sum(LibraryTotal.bytes),
        )
        .where(LibraryTotal.user_id.in_(user_ids), everything)
        .group_by(LibraryTotal.user_id)
    )
    return {user_id: Use(int(images), int(size)) for user_id, images, size in await session.execute(query)}


async def read_rows(
    session: AsyncSession,
    listing: Listing,
    limit: int,
    *,
    from_key: tuple[Key, bool] | None = None,
    skip: int = 0,
    backwards: bool = False,
) -> list[Entry]:
    """At most ``limit`` entries in the listing's order, after leaving out ``skip``.

    ``from_key``: beginning beyond that key, or with it where the second is True. ``backwards``: counted from the end,
    the last entry first.
    """
    upwards = listing.is_ascending is not backwards
    conditions, prefix = listing.conditions(), []
    if from_key:
        key, inclusive = from_key
        dialect = _dialect(session)
        if not upwards and listing.is_indexed and dialect in {"mysql", "mariadb"}:
            # Downwards they would read all above the key, too, as long as the user is said to be equal to something.
            conditions[:1] = [Image.user_id >= listing.user_id, Image.user_id <= listing.user_id]
            prefix = [Image.user_id.desc()]
        conditions.append(beyond(listing, key, upwards=upwards, inclusive=inclusive, dialect=dialect))
    query = select(*SHOWN).where(*conditions).limit(limit).order_by(*prefix)
    if skip:
        query = query.offset(skip)
    rows = await session.execute(_order(query, listing, upwards=upwards))
    return [Entry(*row) for row in rows]


async def read_marks(session: AsyncSession, listing: Listing, every: int, above: Key | None = None) -> list[Key]:
    """Of the listing's keys in ascending order, the one after each ``every``: by one pass over its index.

    ``above``: only of those from that key on.
    """
    order = func.row_number().over(order_by=(listing.value, Image.id))
    inner = select(listing.value.label("value"), Image.id.label("id"), order.label("rank")).where(*listing.conditions())
    if above:
        inner = inner.where(beyond(listing, above, upwards=True, inclusive=True, dialect=_dialect(session)))
    ranked = inner.subquery()
    query = select(ranked.c.value, ranked.c.id).where(ranked.c.rank % every == 1 % every, ranked.c.rank > 1)
    return [(value, image_id) for value, image_id in await session.execute(query.order_by(ranked.c.rank))]


async def count(session: AsyncSession, listing: Listing) -> int:
    """How many are in ``listing``."""
    return (await session.execute(select(func.count()).select_from(Image).where(*listing.conditions()))).scalar_one()


async def read_ids(session: AsyncSession, listing: Listing) -> list[str]:
    """The ids of all in ``listing``, in its order."""
    query = select(Image.id).where(*listing.conditions())
    found = await session.execute(_order(query, listing, upwards=listing.is_ascending))
    return list(found.scalars())


async def read_entries(session: AsyncSession, user_id: str, ids: Sequence[str]) -> list[Entry]:
    """Those of ``ids`` that are the user's, trash included, in the order of ``ids``."""
    found: dict[str, Entry] = {}
    for start in range(0, len(ids), AT_ONCE):
        # By id alone: SQLite would take an index that begins with the user, and read all their pictures.
        query = select(*SHOWN).where(Image.id.in_(ids[start : start + AT_ONCE]))
        found |= {row.id: Entry(*row) for row in await session.execute(query)}
    return [found[each] for each in ids if each in found and found[each].user_id == user_id]


async def find_images(session: AsyncSession, user_id: str, ids: Sequence[str]) -> list[Image]:
    """The rows themselves, for who changes them; as ``read_entries``."""
    found: dict[str, Image] = {}
    for start in range(0, len(ids), AT_ONCE):
        query = select(Image).where(Image.id.in_(ids[start : start + AT_ONCE]))
        found |= {row.id: row for row in (await session.execute(query)).scalars()}
    return [found[each] for each in ids if each in found and found[each].user_id == user_id]


async def find_named(session: AsyncSession, user_id: str, name_or_id: str) -> Image | None:
    """The picture outside the trash whose id or filename it is."""
    for column in (Image.id, Image.filename):
        query = select(Image).where(Image.user_id == user_id, column == name_or_id, Image.in_trash == false()).limit(1)
        found = (await session.execute(query)).scalar_one_or_none()
        if found is not None:
            return found
    return None


async def read_looks_like(
    session: AsyncSession, user_id: str, parts: Sequence[Sequence[int]], limit: int
) -> list[tuple[str, str]]:
    """Ids and looks of the user's pictures of which one part of the perceptual hash is among those given for it."""
    found: dict[str, str] = {}
    columns = (Image.look_a, Image.look_b, Image.look_c, Image.look_d)
    for column, values in zip(columns, parts, strict=True):  # one index each; an OR of all would use none
        query = select(Image.id, Image.look, Image.in_trash).where(Image.user_id == user_id, column.in_(values))
        found |= {image_id: look for image_id, look, gone in await session.execute(query.limit(limit)) if not gone}
    return list(found.items())


@dataclass(frozen=True, slots=True)
class FileRow:
    """Where a picture's file is. ``size`` in bytes."""

    filename: str
    category: str
    storage_key: str
    size: int
    saved_at: datetime


async def read_files(session: AsyncSession, user_id: str) -> list[FileRow]:
    """Files of the user's pictures outside the trash, the newest first."""
    query = select(Image.filename, Image.category, Image.storage_key, Image.file_size, Image.saved_at)
    query = query.where(Image.user_id == user_id, Image.in_trash == false())
    rows = await session.execute(query.order_by(Image.saved_at.desc(), Image.id.desc()))
    return [FileRow(*row) for row in rows]


async def count_colours(session: AsyncSession, user_id: str) -> dict[str, int]:
    """Pictures of the user outside the trash by main colour, the most frequent first."""
    query = select(Image.colour, func.count()).where(Image.user_id == user_id, Image.in_trash == false())
    rows = (await session.execute(query.group_by(Image.colour))).all()
    return {colour: number for colour, number in sorted(rows, key=lambda row: -row[1]) if colour}


async def read_untold(session: AsyncSession, limit: int) -> list[Image]:
    """Clothes of anybody of which nobody told the kind yet, the newest first."""
    query = select(Image).where(
        Image.category == Category.CLOTHES.value, Image.kind_by == KindBy.NOBODY.value, Image.in_trash == false()
    )
    return list((await session.execute(query.order_by(Image.saved_at.desc()).limit(limit))).scalars())


async def read_trash(session: AsyncSession, user_id: str, until: datetime, limit: int) -> list[Image]:
    """Pictures that the user put into the trash no later than ``until``."""
    query = select(Image).where(Image.user_id == user_id, Image.in_trash == true(), Image.deleted_at <= until)
    return list((await session.execute(query.limit(limit))).scalars())


async def read_old_trash(session: AsyncSession, before: datetime, limit: int) -> list[Image]:
    """Pictures of anybody that were put into the trash before ``before``, the oldest first."""
    query = select(Image).where(Image.in_trash == true(), Image.deleted_at < before)
    return list((await session.execute(query.order_by(Image.deleted_at).limit(limit))).scalars())


def _order(query: Select[Any], listing: Listing, *, upwards: bool) -> Select[Any]:
    if upwards:
        return query.order_by(listing.value.asc(), Image.id.asc())
    return query.order_by(listing.value.desc(), Image.id.desc())


def _dialect(session: AsyncSession) -> str:
    return session.get_bind().dialect.name
