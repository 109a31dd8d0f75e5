"""What single pictures and templates ask the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.models import User
from vtonlab.generation.models import PromptTemplate
from vtonlab.generation.orders import KIND, UPLOADS
from vtonlab.tasks.models import ENDED, Task

AT_ONCE = 500
"""Rows read at a time."""


async def uploads_in_use(session: AsyncSession) -> set[str]:
    """Storage keys of the reference pictures that tasks need which are not over."""
    found: set[str] = set()
    last = ""
    query = select(Task.task_id, Task.parameters).where(Task.kind == KIND, Task.status.not_in(ENDED))
    while True:
        page = (await session.execute(query.where(Task.task_id > last).order_by(Task.task_id).limit(AT_ONCE))).all()
        for _, parameters in page:
            found.update(parameters.get(UPLOADS) or ())
        if len(page) < AT_ONCE:
            return found
        last = page[-1].task_id


# ---- templates


async def hold_user(session: AsyncSession, user_id: str) -> None:
    """Let nobody else change the user's templates until this transaction ends."""
    await session.execute(select(User.user_id).where(User.user_id == user_id).with_for_update())


async def templates(session: AsyncSession, user_id: str) -> Sequence[PromptTemplate]:
    """The user's own, the oldest first."""
    query = select(PromptTemplate).where(PromptTemplate.user_id == user_id)
    return (await session.execute(query.order_by(PromptTemplate.created_at, PromptTemplate.id))).scalars().all()


async def find_template(session: AsyncSession, user_id: str, template_id: str) -> PromptTemplate | None:
    """The user's own of that id."""
    query = select(PromptTemplate).where(PromptTemplate.user_id == user_id, PromptTemplate.id == template_id)
    return (await session.execute(query)).scalar_one_or_none()


async def count_templates(session: AsyncSession, user_id: str) -> int:
    """How many the user has."""
    query = select(func.count()).select_from(PromptTemplate).where(PromptTemplate.user_id == user_id)
    return (await session.execute(query)).scalar_one()


async def forget_templates(session: AsyncSession, user_id: str) -> int:
    """Delete the user's own; how many."""
    count = await count_templates(session, user_id)
    gone = delete(PromptTemplate).where(PromptTemplate.user_id == user_id)
    await session.execute(gone.execution_options(synchronize_session=False))
    return count


async def hand_over_templates(session: AsyncSession, from_user: str, to_user: str) -> None:
    """Make one user's another's."""
    moved = update(PromptTemplate).where(PromptTemplate.user_id == from_user).values(user_id=to_user)
    await session.execute(moved.execution_options(synchronize_session=False))
