"""Entries of a library that are the same picture: by the file as it came, by what is kept of it, by its looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.library import repository
from vtonlab.library.look import ALIKE_BITS, Look, count_differences
from vtonlab.library.models import Image

MOST_CANDIDATES: Final = 500
MOST_NAMED: Final = 12

READY: Final = "ready"
MISSING: Final = "missing"
"""``status`` of an entry whose file is gone; it is nobody's twin."""


async def by_source(session: AsyncSession, user_id: str, source_hash: str) -> list[Image]:
    """Entries of the user made from this very file, trash included, the first made first."""
    query = select(Image).where(Image.user_id == user_id, Image.source_hash == source_hash, Image.status == READY)
    found = await session.execute(query.order_by(Image.id).execution_options(populate_existing=True))
    return list(found.scalars())


async def by_content(session: AsyncSession, user_id: str, content_hash: str, category: str) -> list[Image]:
    """Entries of the user in ``category`` of whose files every byte is the same; those outside the trash first."""
    query = select(Image).where(
        Image.user_id == user_id,
        Image.content_hash == content_hash,
        Image.category == category,
        Image.status == READY,
    )
    found = await session.execute(query.order_by(Image.in_trash, Image.id).execution_options(populate_existing=True))
    return list(found.scalars())


async def by_look(session: AsyncSession, user_id: str, look: Look) -> tuple[str, ...]:
    """Ids of the user's entries outside the trash that differ from ``look`` in at most ``ALIKE_BITS``, the most alike
    first."""
    parts = [[part] for part in look.parts]
    candidates = await repository.read_looks_like(session, user_id, parts, MOST_CANDIDATES)
    apart = sorted((count_differences(look.text, other), image_id) for image_id, other in candidates)
    return tuple(image_id for bits, image_id in apart if bits <= ALIKE_BITS)[:MOST_NAMED]


async def mark(session: AsyncSession, ids: Sequence[str], status: str) -> None:
    """Write ``status`` to these entries: whether their files are there is no change of the library."""
    await session.execute(
        update(Image).where(Image.id.in_(ids)).values(status=status).execution_options(synchronize_session=False)
    )
