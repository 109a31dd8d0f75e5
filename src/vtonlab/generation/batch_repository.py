"""What batches ask the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.generation.models import GenerationBatch, GenerationPrompt, GenerationStop, PromptStatus
from vtonlab.tasks.models import Status, Task

AT_ONCE = 200
"""Rows of one statement."""
NO_SYNC = {"synchronize_session": False}


async def find(session: AsyncSession, user_id: str, batch_name: str) -> tuple[GenerationBatch, Task] | None:
    """The user's batch of that name, with its task."""
    query = (
        select(GenerationBatch, Task)
        .join(Task, Task.task_id == GenerationBatch.task_id)
        .where(GenerationBatch.batch_name == batch_name, GenerationBatch.user_id == user_id)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])


async def find_by_task(session: AsyncSession, task_id: str) -> GenerationBatch | None:
    """The batch that the task stands for."""
    query = select(GenerationBatch).where(GenerationBatch.task_id == task_id)
    return (await session.execute(query)).scalar_one_or_none()


async def lock(session: AsyncSession, batch_name: str) -> GenerationBatch | None:
    """The batch as it is now, which nobody else changes until the transaction ends."""
    query = select(GenerationBatch).where(GenerationBatch.batch_name == batch_name)
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(fresh)).scalar_one_or_none()


async def lock_prompt(session: AsyncSession, batch_name: str, number: int) -> GenerationPrompt | None:
    """One prompt, likewise."""
    query = select(GenerationPrompt).where(GenerationPrompt.batch_name == batch_name, GenerationPrompt.number == number)
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(fresh)).scalar_one_or_none()


async def prompts(session: AsyncSession, batch_name: str, round_number: int | None = None) -> list[GenerationPrompt]:
    """The prompts in their order; of one round, those that were handed in with it."""
    query = select(GenerationPrompt).where(GenerationPrompt.batch_name == batch_name)
    if round_number is not None:
        query = query.where(GenerationPrompt.round == round_number)
    return list((await session.execute(query.order_by(GenerationPrompt.number))).scalars())


async def begin_round(session: AsyncSession, batch: GenerationBatch) -> int:
    """Queue again, for the batch's present round, what did not succeed; how many prompts that is."""
    rest = (
        GenerationPrompt.batch_name == batch.batch_name,
        GenerationPrompt.status != PromptStatus.SUCCEEDED.value,
    )
    again = {"status": PromptStatus.QUEUED.value, "round": batch.round, "error": None, "finished_at": None}
    await session.execute(update(GenerationPrompt).where(*rest).values(**again).execution_options(**NO_SYNC))
    return (await session.execute(select(func.count()).select_from(GenerationPrompt).where(*rest))).scalar_one()


async def give_up(session: AsyncSession, batch_name: str, moment: datetime) -> None:
    """What had not come of a batch that was cancelled."""
    rest = (GenerationPrompt.batch_name == batch_name, GenerationPrompt.status == PromptStatus.QUEUED.value)
    ended = {"status": PromptStatus.CANCELLED.value, "finished_at": moment}
    await session.execute(update(GenerationPrompt).where(*rest).values(**ended).execution_options(**NO_SYNC))


# ---- telling services to stop


async def unwanted(session: AsyncSession) -> list[tuple[str, str]]:
    """Batches (their task's id, their name) that were cancelled and are not over yet."""
    query = (
        select(GenerationBatch.task_id, GenerationBatch.batch_name)
        .join(Task, Task.task_id == GenerationBatch.task_id)
        .where(GenerationBatch.is_over == false(), Task.status == Status.CANCELLED)
        .limit(AT_ONCE)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def lock_cancelled(session: AsyncSession, task_id: str) -> bool:
    """Whether the task is cancelled; nobody tries it again until the transaction ends."""
    query = select(Task.status).where(Task.task_id == task_id).with_for_update()
    return (await session.execute(query)).scalar_one_or_none() == Status.CANCELLED


async def open_of(session: AsyncSession, user_id: str) -> Sequence[GenerationBatch]:
    """The user's batches that a service may still be working on."""
    query = select(GenerationBatch).where(
        GenerationBatch.user_id == user_id, GenerationBatch.is_over == false(), GenerationBatch.remote_id.is_not(None)
    )
    return (await session.execute(query)).scalars().all()


async def due_stops(session: AsyncSession, moment: datetime) -> Sequence[GenerationStop]:
    """Of whom services are to be told now."""
    query = select(GenerationStop).where(GenerationStop.run_at <= moment).order_by(GenerationStop.run_at)
    return (await session.execute(query.limit(AT_ONCE))).scalars().all()


async def delay_stop(session: AsyncSession, stop_id: str, moment: datetime) -> None:
    """Tell of it again then."""
    later = update(GenerationStop).where(GenerationStop.id == stop_id).values(run_at=moment)
    await session.execute(later.execution_options(**NO_SYNC))


async def forget_stop(session: AsyncSession, stop_id: str) -> None:
    """The service was told, or has nothing to stop."""
    await session.execute(delete(GenerationStop).where(GenerationStop.id == stop_id).execution_options(**NO_SYNC))


# ---- accounts


async def page(
    session: AsyncSession, user_id: str, last: GenerationBatch | None, limit: int
) -> Sequence[GenerationBatch]:
    """The user's batches after ``last``, the oldest first."""
    query = select(GenerationBatch).where(GenerationBatch.user_id == user_id)
    if last is not None:
        query = query.where(_is_behind(last))
    query = query.order_by(GenerationBatch.created_at, GenerationBatch.batch_name).limit(limit)
    return (await session.execute(query)).scalars().all()


def _is_behind(last: GenerationBatch) -> ColumnElement[bool]:
    same = and_(GenerationBatch.created_at == last.created_at, GenerationBatch.batch_name > last.batch_name)
    return or_(GenerationBatch.created_at > last.created_at, same)


async def count(session: AsyncSession, user_id: str) -> int:
    """How many batches the user has."""
    query = select(func.count()).select_from(GenerationBatch).where(GenerationBatch.user_id == user_id)
    return (await session.execute(query)).scalar_one()


async def forget(session: AsyncSession, user_id: str) -> int:
    """Delete the user's batches with their prompts; how many batches there were."""
    number = await count(session, user_id)
    names = list(
        (await session.execute(select(GenerationBatch.batch_name).where(GenerationBatch.user_id == user_id))).scalars()
    )
    for some in _pieces(names):
        await session.execute(
            delete(GenerationPrompt).where(GenerationPrompt.batch_name.in_(some)).execution_options(**NO_SYNC)
        )
    own = delete(GenerationBatch).where(GenerationBatch.user_id == user_id)
    await session.execute(own.execution_options(**NO_SYNC))
    return number


async def hand_over(session: AsyncSession, from_user: str, to_user: str) -> None:
    """Make one user's batches another's."""
    moved = update(GenerationBatch).where(GenerationBatch.user_id == from_user).values(user_id=to_user)
    await session.execute(moved.execution_options(**NO_SYNC))


def _pieces(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE))
