"""Libraries that change hands, and those that end."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, false, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.database import after_commit
from vtonlab.library.changes import purge
from vtonlab.library.ledger import (
    all_files_of,
    count_up,
    describe,
    note,
    note_erasures,
    open_library,
    pass_by,
    portions,
    remove_files,
    take_away,
)
from vtonlab.library.listeners import Place, Step, tell_gone
from vtonlab.library.models import DownloadTicket, Favorite, Image
from vtonlab.storage.contract import Storage


async def hand_over(session: AsyncSession, guest_id: str, user_id: str, storage: Storage) -> int:
    """Give all pictures of a guest to a user; how many. Their keys, which nobody reads a user from, stay.

    What the user has in the same category already, byte for byte, is purged.
    """
    for owner in sorted({guest_id, user_id}):  # always in this order, so that no two transactions wait for each other
        await open_library(session, owner)
    rows = list((await session.execute(select(Image).where(Image.user_id == guest_id).order_by(Image.id))).scalars())
    known = await _read_contents(session, user_id, rows)
    twice = [row for row in rows if not row.in_trash and (row.content_hash, row.category) in known]
    await purge(session, twice, storage)
    kept = [row for row in rows if row not in twice]
    left, entered = await open_library(session, guest_id), await open_library(session, user_id)
    for row in kept:
        row.user_id = user_id
        left.append(Step(Place.of(row), None))
        entered.append(Step(None, Place.of(row)))
    await session.flush()
    await session.execute(update(Favorite).where(Favorite.user_id == guest_id).values(user_id=user_id))
    counts = [change for row in kept for change in take_away(row)]
    await count_up(session, guest_id, counts)
    await count_up(session, user_id, [(name, -images, -size) for name, images, size in counts])
    await note(session, user_id, "create", kept, describe)
    return len(kept)


async def _read_contents(session: AsyncSession, user_id: str, like: Sequence[Image]) -> set[tuple[str, str]]:
    """Content hash and category of the user's pictures outside the trash that have a content of ``like``."""
    found: set[tuple[str, str]] = set()
    for some in portions(list({row.content_hash for row in like})):
        query = select(Image.content_hash, Image.category).where(
            Image.user_id == user_id, Image.content_hash.in_(some), Image.in_trash == false()
        )
        found |= {(content, category) for content, category in await session.execute(query)}
    return found


async def forget_user(session: AsyncSession, user_id: str, storage: Storage) -> tuple[int, int]:
    """Delete every picture of a user, their trash included, and all their files; how many pictures and bytes.

    Their journal and totals hang on the user's row and go with it.
    """
    await open_library(session, user_id)
    await session.execute(delete(DownloadTicket).where(DownloadTicket.user_id == user_id))
    query = select(Image.id, Image.storage_key, Image.file_size).where(Image.user_id == user_id)
    rows = (await session.execute(query)).all()
    own = f"images/{user_id}/"
    # Pictures of a guest who became a user keep their keys: others' may lie in this folder, and one's own elsewhere.
    within = Image.storage_key.between(own, own[:-1] + chr(ord("/") + 1))  # a range of its index
    others = select(Image.id).where(within, Image.user_id != user_id).limit(1)
    shared = (await session.execute(others)).first() is not None
    keys = [
        key for row in rows if shared or not row.storage_key.startswith(own) for key in all_files_of(row.storage_key)
    ]
    await session.execute(delete(Favorite).where(Favorite.user_id == user_id))
    await note_erasures(session, [row.storage_key for row in rows])
    await session.execute(delete(Image).where(Image.user_id == user_id).execution_options(synchronize_session=False))
    pass_by(session, "delete")
    ids = [row.id for row in rows]
    after_commit(session, lambda: tell_gone(user_id, ids))
    after_commit(session, lambda: remove_files(storage, keys, None if shared else own))
    return len(rows), sum(row.file_size for row in rows)
