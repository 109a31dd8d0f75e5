"""Every change of a picture or of a favourite, in the transaction of whoever makes it.

    async def work(session):
        image = await changes.add(session, Image(...))
        await changes.favour(session, image)
    await database.write(work)

What depends on the rows is kept in step here and nowhere else: the totals, the version of the user's listings, the
words a search looks at, and the change journal. The first change of a transaction takes the user's ``LibraryState``
row, so that two changes of one library never happen at the same time, on any database; rows are read again after it.
Make no savepoint around these functions: what a listener is told follows the transaction as a whole.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab import crash_points
from vtonlab.db import journal
from vtonlab.db.base import new_id, now
from vtonlab.db.database import after_commit
from vtonlab.db.types import JsonValue
from vtonlab.errors import ServiceError
from vtonlab.library.listeners import Changed, Place, Step, on_change, on_steps, tell
from vtonlab.library.models import Category, Favorite, Image, LibraryState, LibraryTotal
from vtonlab.library.wording import TITLE_LETTERS, clean, write_words
from vtonlab.storage.contract import Storage

TRASH = "trash"
FAVORITES = "favorites"
"""Totals that are no category."""

AT_ONCE = 500
"""Rows named in one statement; databases bound how many values that may be."""

log = logging.getLogger(__name__)


async def add(session: AsyncSession, image: Image) -> Image:
    """Insert ``image``, a new row whose files are kept already; its ``sort_name`` and ``search_text`` are made here.

    It is in no trash and nobody's favourite yet.
    """
    image.id = image.id or new_id()
    image.saved_at = image.saved_at or now()
    image.updated_at = now()
    image.in_trash, image.is_favorited = False, False
    image.deleted_at, image.favorited_at = None, None
    image.colour = image.colour or ""
    write_words(image)
    steps = await _open(session, image.user_id)
    session.add(image)
    await session.flush()
    await _count(session, image.user_id, [(image.category, 1, image.file_size)])
    await _note(session, image.user_id, "create", [image], _describe)
    steps.append(Step(None, Place.of(image)))
    return image


async def retitle(session: AsyncSession, image: Image, title: str | None) -> Image:
    """Give ``image`` the title ``title`` (cleaned and cut); None or nothing but blanks takes it away."""
    kept = clean(title or "", TITLE_LETTERS) or None

    def change(row: Image) -> bool:
        if row.page_title == kept:
            return False
        row.page_title = kept
        write_words(row)
        return True

    await _change(session, [image], change, "set", lambda row: {"page_title": row.page_title})
    return image


async def move(session: AsyncSession, image: Image, category: Category | str) -> Image:
    """Put ``image`` into ``category``: the row alone, filename and key stay."""
    return (await move_all(session, [image], category) or [image])[0]


async def move_all(session: AsyncSession, images: Sequence[Image], category: Category | str) -> list[Image]:
    """Put ``images`` of one user into ``category``; those that were elsewhere."""
    name = Category(category).value

    def change(row: Image) -> bool:
        if row.category == name:
            return False
        row.category = name
        return True

    return await _change(session, images, change, "set", lambda row: {"category": row.category})


async def trash(session: AsyncSession, images: Sequence[Image]) -> list[Image]:
    """Put ``images`` of one user into the trash; those that were not there yet. They stay favourites, unlisted."""
    moment = now()

    def change(row: Image) -> bool:
        if row.in_trash:
            return False
        row.in_trash, row.deleted_at = True, moment
        return True

    done = await _change(session, images, change, "delete", _name_version)
    _pass_by(session, "delete")
    return done


async def restore(session: AsyncSession, images: Sequence[Image]) -> list[Image]:
    """Take ``images`` of one user out of the trash, into the category they were in; those that were there."""

    def change(row: Image) -> bool:
        if not row.in_trash:
            return False
        row.in_trash, row.deleted_at = False, None
        return True

    done = await _change(session, images, change, "restore", lambda row: {"category": row.category})
    _pass_by(session, "restore")
    return done


async def purge(session: AsyncSession, images: Sequence[Image], storage: Storage) -> int:
    """Forget ``images`` of one user for good; how many there were. Their files go once the transaction holds; what a
    crash leaves of them, the start-up sweep removes.

    An entry made from the same bytes has a key, and so a file, of its own.
    """
    user_id = _owner(images)
    if user_id is None:
        return 0
    steps = await _open(session, user_id)
    rows = await _read_again(session, user_id, images)
    ids = [row.id for row in rows]
    for some in _portions(ids):
        await session.execute(delete(Favorite).where(Favorite.image_id.in_(some)))
        await session.execute(delete(Image).where(Image.id.in_(some)).execution_options(synchronize_session=False))
    await _count(session, user_id, [change for row in rows for change in _leave(row)])
    await _note(session, user_id, "purge", rows, _name_version)
    steps.extend(Step(Place.of(row), None) for row in rows)
    keys = [key for row in rows for key in files_of(row.storage_key)]
    for row in rows:
        session.expunge(row)
    _pass_by(session, "delete")
    after_commit(session, lambda: _remove_files(storage, keys))
    return len(rows)


async def favour(session: AsyncSession, image: Image, favorite_type: str = "image") -> bool:
    """Like ``image``; whether that is new. One likes a picture once, however one came to it (``favorite_type``)."""
    moment = now()

    def change(row: Image) -> bool:
        if row.is_favorited or row.in_trash:
            return False
        row.is_favorited, row.favorited_at = True, moment
        return True

    liked = await _change(session, [image], change, "tag", lambda _: {"favorite": True, "type": favorite_type})
    for row in liked:
        session.add(Favorite(user_id=row.user_id, image_id=row.id, favorite_type=favorite_type, created_at=moment))
    return bool(liked)


async def unfavour(session: AsyncSession, image: Image) -> bool:
    """Like ``image`` no longer; whether one did."""

    def change(row: Image) -> bool:
        if not row.is_favorited or row.in_trash:
            return False
        row.is_favorited, row.favorited_at = False, None
        return True

    done = await _change(session, [image], change, "tag", lambda _: {"favorite": False})
    for row in done:
        await session.execute(delete(Favorite).where(Favorite.image_id == row.id))
    return bool(done)


def files_of(key: str) -> list[str]:
    """Every key of the picture kept under ``key``: itself and its thumbnails."""
    folder, _, name = key.rpartition("/")
    stem = name.rpartition(".")[0]
    return [key, *(f"{folder}/thumbnails/{stem}_{size}.webp" for size in (320, 640))]


async def _change(
    session: AsyncSession,
    images: Sequence[Image],
    change: Callable[[Image], bool],
    action: str,
    tell_fields: Callable[[Image], dict[str, JsonValue]],
) -> list[Image]:
    """``change`` every row of ``images`` that still exists, as it is now; those for which it did something."""
    user_id = _owner(images)
    if user_id is None:
        return []
    steps = await _open(session, user_id)
    changed: list[Image] = []
    counts: list[tuple[str, int, int]] = []
    moment = now()
    for row in await _read_again(session, user_id, images):
        before, left = Place.of(row), _leave(row)
        if change(row):
            row.updated_at = moment
            changed.append(row)
            counts += left + [(name, -images, -size) for name, images, size in _leave(row)]
            steps.append(Step(before, Place.of(row)))
    await session.flush()
    await _count(session, user_id, counts)
    await _note(session, user_id, action, changed, tell_fields)
    return changed


def _owner(images: Sequence[Image]) -> str | None:
    owners = {image.user_id for image in images}
    if len(owners) > 1:
        raise ValueError("pictures of several users in one change")
    return owners.pop() if owners else None


async def _open(session: AsyncSession, user_id: str) -> list[Step]:
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


def _begin_state(session: AsyncSession, user_id: str):  # type: ignore[no-untyped-def] # noqa: ANN202
    """The row of a user who has none; also where somebody else is just making it."""
    values = {"user_id": user_id, "version": 0}
    match session.get_bind().dialect.name:
        case "sqlite":
            return sqlite.insert(LibraryState).values(values).on_conflict_do_nothing()
        case "postgresql":
            return postgresql.insert(LibraryState).values(values).on_conflict_do_nothing()
        case _:
            return mysql.insert(LibraryState).values(values).on_duplicate_key_update(user_id=user_id)


async def _read_again(session: AsyncSession, user_id: str, images: Sequence[Image]) -> list[Image]:
    """The rows of ``images`` as they are now that nobody else can change them, in the order given."""
    await session.flush()
    ids = list(dict.fromkeys(image.id for image in images))
    found: dict[str, Image] = {}
    for some in _portions(ids):
        query = select(Image).where(Image.user_id == user_id, Image.id.in_(some))
        rows = await session.execute(query.execution_options(populate_existing=True))
        found |= {row.id: row for row in rows.scalars()}
    return [found[each] for each in ids if each in found]


def _portions(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]


def _leave(row: Image) -> list[tuple[str, int, int]]:
    """What the totals lose with ``row`` as it is: name, pictures, bytes."""
    if row.in_trash:
        return [(TRASH, -1, -row.file_size)]
    liked = [(FAVORITES, -1, -row.file_size)] if row.is_favorited else []
    return [(row.category, -1, -row.file_size), *liked]


async def _count(session: AsyncSession, user_id: str, counts: Sequence[tuple[str, int, int]]) -> None:
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


async def _note(
    session: AsyncSession,
    user_id: str,
    action: str,
    rows: Sequence[Image],
    tell_fields: Callable[[Image], dict[str, JsonValue]],
) -> None:
    await journal.note(session, user_id, [journal.Entry("image", row.id, action, tell_fields(row)) for row in rows])


def _describe(row: Image) -> dict[str, JsonValue]:
    """What another device needs to have the same entry."""
    same = ("category", "filename", "media_type", "content_hash", "file_size", "image_width", "image_height")
    told = ("original_name", "original_url", "page_url", "page_title", "context_info")
    return {name: getattr(row, name) for name in (*same, *told)} | {"saved_at": _moment(row.saved_at)}


def _name_version(row: Image) -> dict[str, JsonValue]:
    """Which bytes the person saw when they deleted it."""
    return {"content_hash": row.content_hash}


def _moment(moment: datetime) -> str:
    return moment.isoformat()


def _pass_by(session: AsyncSession, name: str) -> None:
    crash_points.reach(f"{name}.before_commit")
    after_commit(session, lambda: crash_points.reach(f"{name}.after_commit"))


async def _remove_files(storage: Storage, keys: Sequence[str]) -> None:
    try:
        for key in keys:
            await storage.delete(key)
    except (ServiceError, OSError) as error:
        log.warning("files of purged pictures are left to the sweep: %s", error)
    crash_points.reach("delete.files_gone")


__all__ = [
    "FAVORITES",
    "TRASH",
    "Changed",
    "Place",
    "Step",
    "add",
    "favour",
    "files_of",
    "move",
    "move_all",
    "on_change",
    "on_steps",
    "purge",
    "restore",
    "retitle",
    "trash",
    "unfavour",
]
