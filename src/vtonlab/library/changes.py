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

from collections.abc import Callable, Sequence

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.base import new_id, now
from vtonlab.db.database import after_commit
from vtonlab.db.types import JsonValue
from vtonlab.library.ledger import (
    FAVORITES,
    all_files_of,
    count_up,
    describe,
    files_of,
    name_version,
    note,
    note_erasures,
    open_library,
    owner_of,
    pass_by,
    portions,
    read_again,
    remove_files,
    take_away,
)
from vtonlab.library.listeners import Changed, Place, Step, on_change, on_steps
from vtonlab.library.models import TRASH, Category, Favorite, GarmentKind, Image, KindBy
from vtonlab.library.wording import TITLE_LETTERS, clean, write_words
from vtonlab.storage.contract import Storage


async def hold(session: AsyncSession, user_id: str) -> None:
    """Take the user's library until this transaction ends: what is read of it from now on stays true until then."""
    await open_library(session, user_id)


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
    image.garment_kind, image.kind_by = image.garment_kind or "", image.kind_by or ""
    write_words(image)
    steps = await open_library(session, image.user_id)
    session.add(image)
    await session.flush()
    await count_up(session, image.user_id, [(image.category, 1, image.file_size)])
    await note(session, image.user_id, "create", [image], describe)
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


async def tell_kind(session: AsyncSession, image: Image, kind: GarmentKind | str, by: KindBy) -> bool:
    """Note what ``image`` dresses; whether that is new. What a person told, only a person changes: with ``NOBODY`` they
    leave it to the engine again."""
    name = GarmentKind(kind).value

    def change(row: Image) -> bool:
        if (row.garment_kind, row.kind_by) == (name, by) or (by is KindBy.ENGINE and row.kind_by == KindBy.PERSON):
            return False
        row.garment_kind, row.kind_by = name, by.value
        return True

    return bool(await _change(session, [image], change, "set", _tell_kind))


def _tell_kind(row: Image) -> dict[str, JsonValue]:
    return {"garment_kind": row.garment_kind, "kind_by": row.kind_by}


async def trash(session: AsyncSession, images: Sequence[Image]) -> list[Image]:
    """Put ``images`` of one user into the trash; those that were not there yet. They stay favourites, unlisted."""
    moment = now()

    def change(row: Image) -> bool:
        if row.in_trash:
            return False
        row.in_trash, row.deleted_at = True, moment
        return True

    done = await _change(session, images, change, "delete", name_version)
    pass_by(session, "delete")
    return done


async def restore(session: AsyncSession, images: Sequence[Image]) -> list[Image]:
    """Take ``images`` of one user out of the trash, into the category they were in; those that were there."""

    def change(row: Image) -> bool:
        if not row.in_trash:
            return False
        row.in_trash, row.deleted_at = False, None
        return True

    done = await _change(session, images, change, "restore", lambda row: {"category": row.category})
    pass_by(session, "restore")
    return done


async def purge(session: AsyncSession, images: Sequence[Image], storage: Storage) -> int:
    """Forget ``images`` of one user for good; how many there were. Their files go once the transaction holds; what a
    crash leaves of them, the start-up sweep removes.

    An entry made from the same bytes has a key, and so a file, of its own.
    """
    user_id = owner_of(images)
    if user_id is None:
        return 0
    steps = await open_library(session, user_id)
    rows = await read_again(session, user_id, images)
    ids = [row.id for row in rows]
    for some in portions(ids):
        await session.execute(delete(Favorite).where(Favorite.image_id.in_(some)))
        await session.execute(delete(Image).where(Image.id.in_(some)).execution_options(synchronize_session=False))
    await count_up(session, user_id, [change for row in rows for change in take_away(row)])
    await note(session, user_id, "purge", rows, name_version)
    steps.extend(Step(Place.of(row), None) for row in rows)
    await note_erasures(session, [row.storage_key for row in rows])
    keys = [key for row in rows for key in all_files_of(row.storage_key)]
    for row in rows:
        session.expunge(row)
    pass_by(session, "delete")
    after_commit(session, lambda: remove_files(storage, keys))
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


async def _change(
    session: AsyncSession,
    images: Sequence[Image],
    change: Callable[[Image], bool],
    action: str,
    tell_fields: Callable[[Image], dict[str, JsonValue]],
) -> list[Image]:
    """``change`` every row of ``images`` that still exists, as it is now; those for which it did something."""
    user_id = owner_of(images)
    if user_id is None:
        return []
    steps = await open_library(session, user_id)
    changed: list[Image] = []
    counts: list[tuple[str, int, int]] = []
    moment = now()
    for row in await read_again(session, user_id, images):
        before, left = Place.of(row), take_away(row)
        if change(row):
            row.updated_at = moment
            changed.append(row)
            counts += left + [(name, -images, -size) for name, images, size in take_away(row)]
            steps.append(Step(before, Place.of(row)))
    await session.flush()
    await count_up(session, user_id, counts)
    await note(session, user_id, action, changed, tell_fields)
    return changed


__all__ = [
    "FAVORITES",
    "TRASH",
    "Changed",
    "Place",
    "Step",
    "add",
    "favour",
    "files_of",
    "hold",
    "move",
    "move_all",
    "on_change",
    "on_steps",
    "purge",
    "restore",
    "retitle",
    "tell_kind",
    "trash",
    "unfavour",
]
