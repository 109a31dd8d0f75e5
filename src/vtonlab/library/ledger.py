"""What a change of a library keeps in step with its rows: the version of the listings, the totals, the journal, the
listeners, the files. For ``vtonlab.library.changes`` and ``vtonlab.library.ownership`` alone.

The first change of a transaction takes the user's ``LibraryState`` row, so that two changes of one library never happen
at the same time, on any database; rows are read again after it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Insert, insert, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab import crash_points
from vtonlab.db import journal
from vtonlab.db.base import now
from vtonlab.db.database import after_commit
from vtonlab.db.types import JsonValue
from vtonlab.errors import ServiceError
from vtonlab.library import companions
from vtonlab.library.links import THUMBNAIL_SIZES
from vtonlab.library.listeners import Changed, Step, tell
from vtonlab.library.models import TRASH, Erasure, Image, LibraryState, LibraryTotal
from vtonlab.storage.contract import Storage

FAVORITES = "favorites"
"""A total that is no category."""

AT_ONCE = 500
"""Rows named in one statement; databases bound how many values that may be."""

log = logging.getLogger(__name__)


def owner_of(images: Sequence[Image]) -> str | None:
    """Whose they are; None for none. Raises ``ValueError`` for pictures of several users."""
    owners = {image.user_id for image in images}
    if len(owners) > 1:
        raise ValueError("pictures of several users in one change")
    return owners.pop() if owners else None


async def open_library(session: AsyncSession, user_id: str) -> list[Step]:
    """Take the user's library for this transaction, and give its listings a new version; the steps made so far."""
    opened: dict[str, Changed] = session.info.setdefault("library_changes", {})
    if user_id not in opened:
        after = await _next_version(session, user_id)
        opened[user_id] = changed = Changed(user_id, after - 1, after, [])
        after_commit(session, lambda: tell(changed))
    return opened[user_id].steps


async def _next_version(session: AsyncSession, user_id: str) -> int:
    moved = update(LibraryState).where(LibraryState.user_id == user_id).values(version=LibraryState.version + 1)
    if not (await session.execute(moved)).rowcount:  # type: ignore[attr-defined]
        await session.execute(_begin_state(session, user_id))
        await session.execute(moved)
    found = await session.execute(select(LibraryState.version).where(LibraryState.user_id == user_id))
    return found.scalar_one()


def _begin_state(session: AsyncSession, user_id: str) -> Insert:
    """The row of a user who has none; also where somebody else is just making it."""
    values = {"user_id": user_id, "version": 0}
    match session.get_bind().dialect.name:
        case "sqlite":
            return sqlite.insert(LibraryState).values(values).on_conflict_do_nothing()
        case "postgresql":
            return postgresql.insert(LibraryState).values(values).on_conflict_do_nothing()
        case _:
            return mysql.insert(LibraryState).values(values).on_duplicate_key_update(user_id=user_id)


async def read_again(session: AsyncSession, user_id: str, images: Sequence[Image]) -> list[Image]:
    """The rows of ``images`` as they are now that nobody else can change them, in the order given."""
    await session.flush()
    ids = list(dict.fromkeys(image.id for image in images))
    found: dict[str, Image] = {}
    for some in portions(ids):
        query = select(Image).where(Image.id.in_(some))
        rows = await session.execute(query.execution_options(populate_existing=True))
        found |= {row.id: row for row in rows.scalars() if row.user_id == user_id}
    return [found[each] for each in ids if each in found]


def portions(ids: Sequence[str]) -> list[Sequence[str]]:
    """``ids`` in parts that fit into a statement."""
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]


def take_away(row: Image) -> list[tuple[str, int, int]]:
    """What the totals lose with ``row`` as it is: name, pictures, bytes."""
    if row.in_trash:
        return [(TRASH, -1, -row.file_size)]
    liked = [(FAVORITES, -1, -row.file_size)] if row.is_favorited else []
    return [(row.category, -1, -row.file_size), *liked]


async def count_up(session: AsyncSession, user_id: str, counts: Sequence[tuple[str, int, int]]) -> None:
    """Add ``counts`` (name, pictures, bytes) to the user's totals."""
    images: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for name, more, larger in counts:
        images[name] += more
        size[name] += larger
    for name in sorted(images):  # always in this order, so that no two transactions wait for each other
        if images[name] == size[name] == 0:
            continue
        moved = await session.execute(
            update(LibraryTotal)
            .where(LibraryTotal.user_id == user_id, LibraryTotal.name == name)
            .values(images=LibraryTotal.images + images[name], bytes=LibraryTotal.bytes + size[name])
            .execution_options(synchronize_session=False)
        )
        if not moved.rowcount:  # type: ignore[attr-defined]
            session.add(LibraryTotal(user_id=user_id, name=name, images=images[name], bytes=size[name]))
            await session.flush()


async def note(
    session: AsyncSession,
    user_id: str,
    action: str,
    rows: Sequence[Image],
    tell_fields: Callable[[Image], dict[str, JsonValue]],
) -> None:
    """Write into the user's journal what was done to ``rows``."""
    await journal.note(session, user_id, [journal.Entry("image", row.id, action, tell_fields(row)) for row in rows])


def describe(row: Image) -> dict[str, JsonValue]:
    """What another device needs to have the same entry."""
    same = ("category", "filename", "media_type", "content_hash", "file_size", "image_width", "image_height")
    told = ("original_name", "original_url", "page_url", "page_title", "context_info")
    return {name: getattr(row, name) for name in (*same, *told)} | {"saved_at": _moment(row.saved_at)}


def name_version(row: Image) -> dict[str, JsonValue]:
    """Which bytes the person saw when they deleted it."""
    return {"content_hash": row.content_hash}


def _moment(moment: datetime) -> str:
    return moment.isoformat()


def files_of(key: str) -> list[str]:
    """What every picture has: the key itself and its thumbnails'."""
    folder, _, name = key.rpartition("/")
    stem = name.rpartition(".")[0]
    return [key, *(f"{folder}/thumbnails/{stem}_{size}.webp" for size in THUMBNAIL_SIZES)]


def all_files_of(key: str) -> list[str]:
    """Every key that goes when the picture ``key`` goes: with those of what other features may keep beside it."""
    return [*files_of(key), *companions.keys_of(key)]


def pass_by(session: AsyncSession, name: str) -> None:
    """Reach the crash points before and after the commit of ``session``."""
    crash_points.reach(f"{name}.before_commit")
    after_commit(session, lambda: crash_points.reach(f"{name}.after_commit"))


async def note_erasures(session: AsyncSession, keys: Sequence[str]) -> None:
    """Note, in the transaction that forgets the pictures kept under ``keys``, that their files have to go."""
    moment = now()
    for some in portions(keys):
        await session.execute(insert(Erasure), [{"storage_key": key, "noted_at": moment} for key in some])


async def remove_files(storage: Storage, keys: Sequence[str], folder: str | None = None) -> None:
    """Remove files of rows that are gone for good; what cannot be removed now, the sweep does: it was noted."""
    try:
        if folder is not None:
            await storage.delete_all(folder)
        for key in keys:
            await storage.delete(key)
    except (ServiceError, OSError) as error:
        log.warning("files of purged pictures are left to the sweep: %s", error)
    crash_points.reach("delete.files_gone")
