"""A batch as a task: handed in once, asked about for as long as it takes, its pictures kept one by one.

    hand in → wait … wait → read the answers in order, keep each at once → end

Where it stands is on its rows, so any attempt goes on where the last one was cut off: what may have been bought is
looked for instead of bought again, and what was kept is left alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Generator, Iterator
from datetime import timedelta
from typing import Final

from vtonlab import crash_points
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.engines.contract import Report, silent
from vtonlab.engines.generating import (
    OVER,
    BatchAnswer,
    BatchingEngine,
    BatchRequest,
    BatchState,
    BatchStatus,
    GenerateRequest,
)
from vtonlab.errors import (
    AnswerLost,
    BatchExpired,
    BatchFailed,
    EngineError,
    EngineUnavailable,
    NoPicture,
    NotThatService,
    PartsFailed,
    VtonError,
)
from vtonlab.errors.retold import retell
from vtonlab.generation.batch_rounds import Round, Rounds
from vtonlab.generation.batch_stopping import name_round
from vtonlab.generation.choosing import PASSED_ON, Providers
from vtonlab.generation.models import GenerationBatch
from vtonlab.generation.offers import takes_batches
from vtonlab.generation.pictures import Pictures, Told
from vtonlab.library.ingest import Prepared
from vtonlab.library.service import Library
from vtonlab.remote.errand import LONGEST_REMOTE_ID, TaskErrand
from vtonlab.remote.service import Outbound
from vtonlab.tasks.contract import Done, Job, Outcome, WaitUntil
from vtonlab.tasks.moves import write_error

SHORTEST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 60.0
"""Seconds between two questions how a batch stands."""
SHARE_OF_AGE: Final = 0.1
"""A pause, as a share of how long the service has had the batch: it is told of at most so much later."""
TROUBLE_PAUSE: Final = 2.0
"""Seconds before a service that did not answer is asked again; doubled each time."""
MOST_REFUSALS: Final = 5
"""How often a service may refuse to be asked (a wrong key) before people are told."""

AHEAD: Final = 2
"""Pictures that become files while the one before them is kept."""

log = logging.getLogger(__name__)


class BatchJobs:
    """The handler of the kind ``batch``."""

    def __init__(
        self, database: Database, library: Library, outbound: Outbound, providers: Providers, pictures: Pictures
    ) -> None:
        self._outbound = outbound
        self._providers = providers
        self._pictures = pictures
        self._rounds = Rounds(database, library, pictures)

    async def handle(self, job: Job) -> Outcome:
        """One attempt: a step, and then a rest until the next one."""
        here = await self._rounds.begin(job)
        batch = here.batch
        if batch.is_over:
            return self._end(job, here)
        if batch.remote_id is not None and job.remote_id is None:
            await job.remember(remote_id=batch.remote_id)  # tried again while the service still has it
        try:
            engine = await self._find_engine(batch.provider)
            if batch.handed_in_at is None:
                return await self._hand_in(job, engine, here)
            return await self._follow(job, engine, here)
        except BatchFailed as error:
            return await self._conclude(job, here, error)
        except EngineError as error:
            if batch.handed_in_at is None:
                raise
            return await self._bear(job, here, error)

    async def _find_engine(self, name: str) -> BatchingEngine:
        engine = await self._providers.engines.get(name)
        if not takes_batches(engine):
            raise EngineUnavailable(engine=name)
        await self._providers.engines.check(engine)
        return engine

    # ---- handing in

    async def _hand_in(self, job: Job, engine: BatchingEngine, here: Round) -> WaitUntil:
        shown = here.earlier / here.batch.total, "hand_in"
        await job.report(*shown)
        await job.check()
        errand = BatchErrand(self._outbound, self._rounds, job, here.batch, asyncio.get_running_loop())
        try:
            remote_id = await job.in_thread(_submit, engine, _request(here, errand), errand, shown)
        except AnswerLost:
            # Nobody can say whether it was bought: whoever tries again buys it, knowing that.
            await self._rounds.close(here.batch)
            raise
        crash_points.reach("batch.handed_in")
        await self._rounds.remember(here.batch, remote_id, is_known=True)
        await job.remember(remote_id=remote_id, state={})
        crash_points.reach("batch.remembered")
        log.info("batch %s: %d prompts are with %s", here.batch.batch_name, len(here.prompts), engine.name)
        return self._rest(here, 0, SHORTEST_PAUSE)

    # ---- waiting

    async def _follow(self, job: Job, engine: BatchingEngine, here: Round) -> Outcome:
        remote_id = here.batch.remote_id or ""
        done = int(job.state.get("done", 0))
        state: BatchState = await job.in_thread(_poll, engine, remote_id, _shown(here, done))
        if state.status not in OVER:
            if job.state.get("done") != state.finished or "trouble" in job.state:
                await job.remember(state={"done": state.finished})
            return self._rest(here, max(done, state.finished), _pause(here.batch))
        crash_points.reach("batch.ended")
        if state.status is not BatchStatus.FAILED:
            await self._collect(job, engine, here, done)
        return await self._conclude(job, here, _fault(state, engine.name))

    def _rest(self, here: Round, done: int, seconds: float) -> WaitUntil:
        return WaitUntil(seconds, *_shown(here, done))

    async def _bear(self, job: Job, here: Round, error: EngineError) -> WaitUntil:
        """A service that cannot be asked now may be asked later: it goes on with the batch meanwhile. Raises ``error``
        where that will not help."""
        if not error.retryable and not isinstance(error, EngineUnavailable):
            raise error
        trouble = int(job.state.get("trouble", 0)) + 1
        refusals = int(job.state.get("refusals", 0)) + (not error.retryable)
        if refusals >= MOST_REFUSALS:
            await job.remember(state={"done": job.state.get("done", 0)})
            raise error
        await job.remember(state={**job.state, "trouble": trouble, "refusals": refusals})
        log.warning("batch %s: %s", here.batch.batch_name, error)
        progress, _ = _shown(here, int(job.state.get("done", 0)))
        return WaitUntil(min(LONGEST_PAUSE, TROUBLE_PAUSE * 2 ** min(trouble - 1, 8)), progress, "remote_trouble")

    # ---- collecting

    async def _collect(self, job: Job, engine: BatchingEngine, here: Round, before: int) -> None:
        """Keep what came, in order, each at once. ``before``: how many were told as done already."""
        settled, total = set(here.settled), here.batch.total
        reader = Reader(engine, here.batch.remote_id or "", _request(here, None))
        least = (here.earlier + before) / total
        coming: deque[tuple[BatchAnswer, asyncio.Task[Prepared | None]]] = deque()

        async def tell() -> None:
            done = here.earlier + len(settled)
            reader.shown = max(least, done / total), f"collect done={done} of={total}"
            await job.report(*reader.shown)

        try:
            await tell()
            has_more = True
            while has_more:
                answer: BatchAnswer | None = await job.in_thread(reader.take)
                has_more = answer is not None
                if answer is not None and here.prompts[answer.index].number not in settled:
                    coming.append((answer, asyncio.create_task(self._prepare(job, here, answer))))
                while coming and (len(coming) > AHEAD or not has_more):
                    settled.add(await self._take_in(job, here, *coming.popleft()))
                    await tell()
        finally:
            reader.close()
            await self._let_go([preparing for _, preparing in coming])

    async def _prepare(self, job: Job, here: Round, answer: BatchAnswer) -> Prepared | None:
        """The picture of an answer as files; None where there is none."""
        if answer.result is None:
            return None
        batch, row = here.batch, here.prompts[answer.index]
        told = Told(
            prompt=row.prompt,
            provider=batch.provider,
            model=batch.model,
            aspect_ratio=batch.aspect_ratio,
            resolution=batch.resolution,
            task_id=job.task_id,
            negative_prompt=batch.negative_prompt,
            batch_name=batch.batch_name,
            index=row.number,
        )
        return await self._pictures.prepare(job.user_id, answer.result, told)

    async def _take_in(
        self, job: Job, here: Round, answer: BatchAnswer, preparing: asyncio.Task[Prepared | None]
    ) -> int:
        """Keep what became of a prompt; its number."""
        prepared, number = await preparing, here.prompts[answer.index].number
        crash_points.reach("batch.files_kept")
        try:
            await job.check()
        except BaseException:
            if prepared is not None:
                await self._pictures.discard(prepared)
            raise
        if prepared is None:
            error = answer.error or NoPicture(engine=here.batch.provider)
            await self._rounds.fail(here.batch, [number], error)
        else:
            await self._rounds.keep(here.batch, number, prepared)
            crash_points.reach("batch.picture_kept")
        return number

    async def _let_go(self, preparing: list[asyncio.Task[Prepared | None]]) -> None:
        """Remove the files of pictures that were on their way."""
        for one in preparing:
            one.cancel()
        for found in await asyncio.gather(*preparing, return_exceptions=True):
            if isinstance(found, Prepared):
                await self._pictures.discard(found)

    # ---- the end

    async def _conclude(self, job: Job, here: Round, error: VtonError | None) -> Done:
        """Nothing more comes. Raises ``error``, or that nothing came."""
        await job.check()
        left = [row.number for row in here.prompts]
        await self._rounds.fail(here.batch, left, error or NoPicture(engine=here.batch.provider))
        now_here = await self._rounds.look(here)
        if now_here.batch.succeeded == now_here.batch.total:
            error = None  # however the service calls it
        elif error is None and not now_here.batch.succeeded:
            error = PartsFailed(failed=now_here.batch.failed, total=now_here.batch.total)
        if error is None:
            return self._end(job, now_here)
        await job.remember(state={"error": write_error(error)})
        await self._rounds.close(here.batch)
        raise error

    def _end(self, job: Job, here: Round) -> Done:
        """The end of the task; again, where it was cut off there. Raises what was the matter then."""
        told = job.state.get("error")
        if told is not None and here.batch.is_over and job.remote_id is not None:
            raise retell(told)
        return Done(lambda session: self._rounds.finish(session, job.user_id, here.batch))


class BatchErrand(TaskErrand):
    """The errand of one attempt at a batch: what the engine remembers is on the batch's row too, for whoever tells the
    service to stop. Made in the loop, used in the thread."""

    def __init__(
        self,
        outbound: Outbound,
        rounds: Rounds,
        job: Job,
        batch: GenerationBatch,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(outbound, job, batch.provider, loop)
        self.remote_id = batch.remote_id
        self._rounds = rounds
        self._batch = batch

    def keep(self, remote_id: str) -> None:
        """See ``Errand``. Raises ``NotThatService`` for what is too long to be kept."""
        if len(remote_id) > LONGEST_REMOTE_ID:
            raise NotThatService(engine=self._engine)
        self._wait_for(lambda: self._remember(remote_id))
        self.remote_id = remote_id

    async def _remember(self, remote_id: str) -> None:
        crash_points.reach("batch.remembering")
        # The batch first: what was bought is to be known even where this attempt has lost its task.
        await self._rounds.remember(self._batch, remote_id)
        await self._job.remember(remote_id=remote_id)

    async def _depart(self, host: str, pictures: int, size: int, price: float, bought: int) -> None:
        await super()._depart(host, pictures, size, price, bought)
        await self._rounds.charge(self._batch, price)


class Reader:
    """Reads the answers of a batch one by one, each in a thread. ``shown`` is what is told meanwhile."""

    def __init__(self, engine: BatchingEngine, remote_id: str, request: BatchRequest) -> None:
        self.shown = (0.0, "")
        self._engine = engine
        self._remote_id = remote_id
        self._request = request
        self._report: Report = silent
        self._answers: Iterator[BatchAnswer] | None = None

    def take(self, report: Report) -> BatchAnswer | None:
        """The next one; None at the end. Raises the errors of the engine."""
        self._report = report
        if self._answers is None:
            self._answers = iter(self._engine.fetch_batch(self._remote_id, self._request, self._tell))
        return next(self._answers, None)

    def close(self) -> None:
        """Let go of what is open."""
        if isinstance(self._answers, Generator):
            try:
                self._answers.close()
            except ValueError:  # its thread was left behind, and closes it
                log.info("a batch's answers are still being read")

    def _tell(self, _fraction: float, _stage: str) -> None:
        self._report(*self.shown)


def _submit(
    engine: BatchingEngine, request: BatchRequest, errand: BatchErrand, shown: tuple[float, str], report: Report
) -> str:
    remote_id = engine.submit_batch(request, lambda _fraction, _stage: report(*shown))
    if errand.remote_id != remote_id:
        errand.keep(remote_id)
    return remote_id


def _poll(engine: BatchingEngine, remote_id: str, shown: tuple[float, str], report: Report) -> BatchState:
    return engine.poll_batch(remote_id, lambda _fraction, _stage: report(*shown))


def _request(here: Round, errand: BatchErrand | None) -> BatchRequest:
    batch = here.batch
    requests = tuple(
        GenerateRequest(
            row.prompt,
            negative_prompt=batch.negative_prompt,
            aspect_ratio=PASSED_ON.get(batch.aspect_ratio, batch.aspect_ratio),
            resolution=batch.resolution,
            model=batch.model,
        )
        for row in here.prompts
    )
    return BatchRequest(name_round(batch), requests, errand)


def _shown(here: Round, done: int) -> tuple[float, str]:
    """What is told while the service works: the share of finished prompts. ``done``: of this round."""
    finished = min(here.earlier + done, here.batch.total)
    return finished / here.batch.total, f"batch done={finished} of={here.batch.total}"


def _pause(batch: GenerationBatch) -> float:
    """Seconds until the next question: the longer the service has it, the longer."""
    age = now() - (batch.handed_in_at or now())
    return min(LONGEST_PAUSE, max(SHORTEST_PAUSE, SHARE_OF_AGE * (age / timedelta(seconds=1))))


def _fault(state: BatchState, engine: str) -> VtonError | None:
    """Why a batch that is over is no success; None where it ended as it should."""
    if state.status is BatchStatus.ENDED:
        return None
    kind = BatchExpired if state.status is BatchStatus.EXPIRED else BatchFailed
    return state.error or kind(engine=engine)
