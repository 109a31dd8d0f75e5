"""What fittings ask the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.fitting.models import VtonHistory

MOST_LAYERS = 5
"""Results that are looked at for a first run's picture; any of them may have been deleted."""


async def find(session: AsyncSession, user_id: str, entry_id: str) -> VtonHistory | None:
    """The user's entry of that id."""
    query = select(VtonHistory).where(VtonHistory.id == entry_id, VtonHistory.user_id == user_id)
    return (await session.execute(query)).scalar_one_or_none()


async def page(
    session: AsyncSession, user_id: str, skip: int, limit: int, after: tuple[datetime, str] | None = None
) -> list[VtonHistory]:
    """The user's entries, the newest first, after leaving out ``skip``; ``after``: only those behind the one of this
    moment and id.

    Their ids are found in an index alone, so that leaving out many costs little.
    """
    newest = (VtonHistory.created_at.desc(), VtonHistory.id.desc())
    ids = select(VtonHistory.id).where(VtonHistory.user_id == user_id)
    if after is not None:
        moment, last_id = after
        earlier = (VtonHistory.created_at < moment) | (VtonHistory.id < last_id)
        ids = ids.where(VtonHistory.created_at <= moment, earlier)
    wanted = list((await session.execute(ids.order_by(*newest).offset(skip).limit(limit))).scalars())
    rows = (await session.execute(select(VtonHistory).where(VtonHistory.id.in_(wanted)))).scalars()
    found = {row.id: row for row in rows}
    return [found[each] for each in wanted if each in found]


async def count(session: AsyncSession, user_id: str) -> int:
    """How many the user has."""
    query = select(func.count()).select_from(VtonHistory).where(VtonHistory.user_id == user_id)
    return (await session.execute(query)).scalar_one()


async def find_layers(session: AsyncSession, user_id: str, layer_key: str) -> list[str]:
    """Ids of the newest results beside which the picture of that first run may lie."""
    query = select(VtonHistory.result_image_id).where(
        VtonHistory.user_id == user_id, VtonHistory.layer_key == layer_key, VtonHistory.result_image_id.is_not(None)
    )
    newest = query.order_by(VtonHistory.created_at.desc(), VtonHistory.id.desc()).limit(MOST_LAYERS)
    return [image_id for image_id in (await session.execute(newest)).scalars() if image_id]


async def after(session: AsyncSession, user_id: str, last: VtonHistory | None, limit: int) -> Sequence[VtonHistory]:
    """The user's entries after ``last``, the oldest first."""
    query = select(VtonHistory).where(VtonHistory.user_id == user_id)
    if last is not None:
        later = (VtonHistory.created_at == last.created_at) & (VtonHistory.id > last.id)
        query = query.where(VtonHistory.created_at >= last.created_at).where(
            (VtonHistory.created_at > last.created_at) | later
        )
    return (await session.execute(query.order_by(VtonHistory.created_at, VtonHistory.id).limit(limit))).scalars().all()


async def forget(session: AsyncSession, user_id: str) -> int:
    """Delete all of the user's; how many."""
    number = await count(session, user_id)
    await session.execute(delete(VtonHistory).where(VtonHistory.user_id == user_id))
    return number


async def hand_over(session: AsyncSession, guest_id: str, user_id: str) -> None:
    """The guest's entries are the user's from now on."""
    await session.execute(update(VtonHistory).where(VtonHistory.user_id == guest_id).values(user_id=user_id))
