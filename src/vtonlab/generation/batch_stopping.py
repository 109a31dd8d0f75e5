"""Services are told of batches that nobody wants any more, so that nobody pays for them.

What waits for a service is cancelled in our line at once, and by whoever may: nobody works on it then. So this looks,
when it starts, when a batch is cancelled and every minute, which batches were cancelled and are not over. Those end in
one transaction that also writes down whom to tell; the note stays until the service has heard it. A stop of the
machine anywhere between leaves either the batch to be found, or the note.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.engines.generating import BatchingEngine, BatchRequest
from vtonlab.errors import AnswerLost, BatchGone, Cancelled, EngineError, ServiceError, UnknownEngine
from vtonlab.generation import batch_repository as repository
from vtonlab.generation.models import GenerationBatch, GenerationStop
from vtonlab.generation.offers import takes_batches
from vtonlab.generation.orders import BATCH_KIND
from vtonlab.providers.engines import Engines
from vtonlab.tasks.events import TaskState
from vtonlab.tasks.models import Status
from vtonlab.tasks.service import Tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOK_SECONDS: Final = 60.0
"""How often it is looked, whatever was heard: another server may have been asked to cancel."""
STOP_SECONDS: Final = 2.0
"""How long it may take to end."""
FIRST_PAUSE: Final = timedelta(seconds=5)
"""Before a service that did not hear is told again; later a quarter of how long that has been so."""
LOST_FOR: Final = timedelta(minutes=10)
"""How long a batch is looked for of which nobody knows whether the service has it: it may be about to come there."""
TOLD_FOR: Final = timedelta(days=3)
"""Until it is given up: by then services have ended it by themselves."""

log = logging.getLogger(__name__)


def name_round(batch: GenerationBatch) -> str:
    """What the service is told as the name of the batch's present round."""
    return f"{batch.batch_name}-{batch.round}"


def make_stop(batch: GenerationBatch, remote_id: str, *, is_known: bool) -> GenerationStop:
    """The note that the service is to be told to stop this round."""
    moment = now()
    return GenerationStop(
        provider=batch.provider,
        model=batch.model,
        remote_name=name_round(batch),
        remote_id=remote_id,
        is_known=is_known,
        run_at=moment,
        created_at=moment,
    )


class Stopping:
    """Tells them. Used in one event loop."""

    def __init__(self, database: Database, tasks: Tasks, engines: Engines) -> None:
        self._database = database
        self._engines = engines
        self._working: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._is_stopping = False
        tasks.events.hear(self._heard)

    def start(self) -> None:
        """Begin; to be called in a running event loop."""
        if self._working is None:
            self._wake = asyncio.Event()
            self._is_stopping = False
            self._working = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """End; what was not told is told after the next start."""
        working, self._working = self._working, None
        if working is not None:
            # It ends by itself: MariaDB's driver makes an error of its own of being cancelled.
            self._is_stopping = True
            self._wake.set()
            if not (await asyncio.wait({working}, timeout=STOP_SECONDS))[0]:
                working.cancel()  # a service that does not answer
                await asyncio.wait({working}, timeout=STOP_SECONDS)

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def _heard(self, state: TaskState) -> None:
        if state.kind == BATCH_KIND and state.status is Status.CANCELLED:
            self._wake.set()

    async def _work(self) -> None:
        while not self._is_stopping:
            self._wake.clear()
            pause = LOOK_SECONDS
            try:
                await self.look()
                if await self.tell():
                    pause = FIRST_PAUSE / timedelta(seconds=1)
            except (SQLAlchemyError, ServiceError, OSError):
                log.exception("services could not be told of cancelled batches; it is tried again in a minute")
            try:
                async with asyncio.timeout(0 if self._is_stopping else pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """End the batches that were cancelled, and write down whom to tell."""
        async with self._database.read() as session:
            found = await repository.unwanted(session)
        for task_id, name in found:
            await self._database.write(_End(task_id, name))

    async def tell(self) -> int:
        """Tell those who are to be told by now; how many could not be told."""
        async with self._database.read() as session:
            due = await repository.due_stops(session, now())
        left = 0
        for stop in due:
            is_done = await self._tell(stop)
            left += not is_done
            if is_done:
                await self._database.write(lambda session, stop=stop: repository.forget_stop(session, stop.id))  # type: ignore[misc]
            else:
                again = now() + max(FIRST_PAUSE, (now() - stop.created_at) / 4)
                await self._database.write(
                    lambda session, stop=stop, again=again: repository.delay_stop(session, stop.id, again)  # type: ignore[misc]
                )
        return left

    async def _tell(self, stop: GenerationStop) -> bool:
        """Whether nothing more is to be told."""
        age = now() - stop.created_at
        try:
            engine = await self._engines.get(stop.provider)
            if not takes_batches(engine):
                return True
            await asyncio.to_thread(_stop, engine, stop)
        except BatchGone:
            return True
        except (Cancelled, AnswerLost):  # the service has no batch of that name
            return age > LOST_FOR
        except (EngineError, UnknownEngine) as error:
            log.warning("batch %s could not be stopped: %s", stop.remote_name, error)
            return age > TOLD_FOR
        log.info("%s was told to stop batch %s", stop.provider, stop.remote_name)
        return True


class _End:
    """Ends a cancelled batch, in one transaction; not where it is being tried again."""

    def __init__(self, task_id: str, batch_name: str) -> None:
        self._task_id = task_id
        self._batch_name = batch_name

    async def __call__(self, session: AsyncSession) -> None:
        if not await repository.lock_cancelled(session, self._task_id):
            return
        batch = await repository.lock(session, self._batch_name)
        if batch is not None and not batch.is_over:
            await repository.give_up(session, batch.batch_name, now())
            add_stops(session, [batch])
            batch.is_over = True
            batch.updated_at = now()


def add_stops(session: AsyncSession, batches: Sequence[GenerationBatch]) -> None:
    """Write down that services are to be told of these, where they may have them."""
    for batch in batches:
        if batch.remote_id is not None:
            session.add(make_stop(batch, batch.remote_id, is_known=batch.handed_in_at is not None))


class _Looking:
    """The errand of who only looks for a batch: nothing may leave, nothing is bought."""

    def __init__(self, remote_id: str) -> None:
        self.remote_id: str | None = remote_id

    def leaving(self, host: str, pictures: int, size: int, price: float = 0.0, bought: int = 1) -> None:  # noqa: ARG002
        """See ``Errand``: the engine did not find it, and would buy it."""
        raise Cancelled

    def keep(self, remote_id: str) -> None:
        """See ``Errand``."""
        self.remote_id = remote_id


def _stop(engine: BatchingEngine, stop: GenerationStop) -> None:
    remote_id = stop.remote_id
    if not stop.is_known:
        remote_id = engine.submit_batch(BatchRequest(stop.remote_name, (), _Looking(remote_id)))
    engine.cancel_batch(remote_id)
