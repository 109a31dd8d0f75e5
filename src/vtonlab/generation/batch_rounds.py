"""What happens to a batch's rows while it is worked on; every method is a transaction of its own.

A batch is handed in once, and again (its next round, under another name) each time somebody tries the rest of it again
after it had ended. Who works on it reads from its rows where it stands: not handed in, handed in, over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab import crash_points
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.db.types import JsonValue
from vtonlab.errors import Cancelled, NotThere, ServiceError, VtonError
from vtonlab.generation import batch_repository as repository
from vtonlab.generation.batch_orders import write_result
from vtonlab.generation.batch_stopping import make_stop
from vtonlab.generation.models import GenerationBatch, GenerationPrompt, PromptStatus
from vtonlab.generation.pictures import Pictures, show
from vtonlab.library.ingest import Prepared
from vtonlab.library.service import Library
from vtonlab.tasks.contract import Job
from vtonlab.tasks.moves import write_error


@dataclass(frozen=True)
class Round:
    """A batch and the prompts of its present round, as they were when an attempt began."""

    batch: GenerationBatch
    prompts: Sequence[GenerationPrompt]

    @property
    def earlier(self) -> int:
        """Prompts that succeeded in rounds before."""
        return self.batch.total - len(self.prompts)

    @property
    def settled(self) -> frozenset[int]:
        """Numbers of those of which is known what came."""
        return frozenset(row.number for row in self.prompts if row.status != PromptStatus.QUEUED)


class Rounds:
    """Those of all batches."""

    def __init__(self, database: Database, library: Library, pictures: Pictures) -> None:
        self._database = database
        self._library = library
        self._pictures = pictures

    async def begin(self, job: Job) -> Round:
        """Where the batch of the task stands. What was over, and is tried again, begins its next round: only then does
        the task remember nothing of the service. Raises ``Cancelled`` where the batch is gone with its account."""

        async def work(session: AsyncSession) -> Round:
            found = await repository.find_by_task(session, job.task_id)
            batch = found and await repository.lock(session, found.batch_name)
            if batch is None:
                raise Cancelled
            if batch.is_over and job.remote_id is None:
                await _begin_next(session, batch)
            return Round(batch, await repository.prompts(session, batch.batch_name, batch.round))

        return await self._database.write(work)

    async def look(self, here: Round) -> Round:
        """The same as it is now. Raises ``Cancelled`` where it is gone."""
        async with self._database.read() as session:
            batch = await session.get(GenerationBatch, here.batch.batch_name)
            if batch is None:
                raise Cancelled
            return Round(batch, await repository.prompts(session, batch.batch_name, here.batch.round))

    async def remember(self, batch: GenerationBatch, remote_id: str, *, is_known: bool = False) -> None:
        """Write down what the engine remembers of this round; ``is_known``: the service has taken it, and calls it so.
        Where nobody wants it any more by now, the service will be told."""

        async def work(session: AsyncSession) -> None:
            row = await repository.lock(session, batch.batch_name)
            if row is not None and row.round == batch.round:
                row.remote_id = remote_id or None
                row.handed_in_at = now() if is_known else None
                row.updated_at = now()
            is_wanted = row is not None and row.round == batch.round and not row.is_over
            if remote_id and not is_wanted:
                session.add(make_stop(batch, remote_id, is_known=is_known))

        await self._database.write(work)

    async def charge(self, batch: GenerationBatch, price: float) -> None:
        """What this round is taken to cost."""

        async def work(session: AsyncSession) -> None:
            row = await repository.lock(session, batch.batch_name)
            if row is not None:
                row.price = round(price if row.round == 1 else row.price + price, 6)

        await self._database.write(work)

    async def keep(self, batch: GenerationBatch, number: int, prepared: Prepared) -> bool:
        """Into the library with the picture of prompt ``number``; False where one came before, or nobody wants it.
        Raises ``NoRoomLeft``; what is not kept leaves no file."""

        async def work(session: AsyncSession) -> bool:
            row = await repository.lock(session, batch.batch_name)
            prompt = await repository.lock_prompt(session, batch.batch_name, number)
            if row is None or prompt is None or prompt.status in _FINAL or prompt.round != batch.round:
                return False
            image = await self._pictures.keep(session, prepared)
            row.failed -= prompt.status == PromptStatus.FAILED
            row.succeeded += 1
            row.updated_at = prompt.finished_at = now()
            prompt.status, prompt.image_id, prompt.error = PromptStatus.SUCCEEDED.value, image.id, None
            crash_points.reach("batch.before_commit")
            return True

        try:
            is_kept = await self._database.write(work)
        except BaseException:
            if not await self._may_be_kept(batch, number, prepared):
                await self._pictures.discard(prepared)
            raise
        if not is_kept:
            await self._pictures.discard(prepared)
        return is_kept

    async def _may_be_kept(self, batch: GenerationBatch, number: int, prepared: Prepared) -> bool:
        """Whether the row may be there: a connection that breaks during a commit does not say how it ended."""
        try:
            async with self._database.read() as session:
                prompt = await session.get(GenerationPrompt, (batch.batch_name, number))
                return prompt is not None and prompt.image_id == prepared.image_id
        except (SQLAlchemyError, ServiceError, OSError):
            return True  # the sweep finds the files, if they are nobody's

    async def fail(self, batch: GenerationBatch, numbers: Sequence[int], error: VtonError) -> None:
        """No picture comes of these prompts, because of ``error``."""

        async def work(session: AsyncSession) -> None:
            row = await repository.lock(session, batch.batch_name)
            for number in numbers:
                prompt = await repository.lock_prompt(session, batch.batch_name, number)
                if row is None or prompt is None or prompt.status != PromptStatus.QUEUED:
                    continue
                row.failed += 1
                row.updated_at = prompt.finished_at = now()
                prompt.status, prompt.error = PromptStatus.FAILED.value, write_error(error)

        await self._database.write(work)

    async def close(self, batch: GenerationBatch) -> None:
        """Nothing more comes of this round."""

        async def work(session: AsyncSession) -> None:
            await _close(session, batch)

        await self._database.write(work)

    async def finish(self, session: AsyncSession, user_id: str, batch: GenerationBatch) -> Mapping[str, JsonValue]:
        """The same in the transaction that ends the task; its ``result``."""
        row = await _close(session, batch)
        prompts = await repository.prompts(session, batch.batch_name)
        images = []
        for prompt in prompts:
            if prompt.image_id is not None:
                try:
                    images.append(show(await self._library.find(session, user_id, prompt.image_id)))
                except NotThere:
                    continue  # deleted meanwhile
        return write_result(row, images)


_FINAL = (PromptStatus.SUCCEEDED, PromptStatus.CANCELLED)


async def _begin_next(session: AsyncSession, batch: GenerationBatch) -> None:
    batch.round += 1
    if not await repository.begin_round(session, batch):
        batch.round -= 1  # nothing is left to be done
        return
    batch.is_over = False
    batch.remote_id = batch.handed_in_at = None
    batch.failed = 0
    batch.updated_at = now()


async def _close(session: AsyncSession, batch: GenerationBatch) -> GenerationBatch:
    row = await repository.lock(session, batch.batch_name)
    if row is None:
        raise Cancelled
    if row.round == batch.round:
        row.is_over = True
        row.updated_at = now()
    return row
