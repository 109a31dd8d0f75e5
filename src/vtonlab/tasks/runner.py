"""The embedded runner: claims tasks, runs their handlers, and writes down what came of them.

It sleeps until a task is queued in this process, a rest is over or an attempt ended, and looks every second for what
other processes queued or left behind.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.exc import InterfaceError, OperationalError

from vtonlab import crash_points
from vtonlab.db.database import Database
from vtonlab.errors import Cancelled, DatabaseUnavailable, TaskFault, VtonError, WorkerLost
from vtonlab.settings import Settings
from vtonlab.tasks import repository
from vtonlab.tasks.attempt import Attempt, Reason
from vtonlab.tasks.contract import Done, JobKind, Seat, WaitUntil
from vtonlab.tasks.contract import Outcome as Wish
from vtonlab.tasks.models import Task
from vtonlab.tasks.moves import Moves
from vtonlab.tasks.outcomes import Outcome, outcome_of, read_task
from vtonlab.tasks.processes import OBEY_SECONDS, Processes
from vtonlab.tasks.queue import Finish, Queue
from vtonlab.tasks.sweeper import Sweeper
from vtonlab.tasks.threads import Threads

POLL_SECONDS = 1.0
"""How often it looks for what other processes did."""
TELL_SECONDS = 0.2
"""Progress is written at most this often."""
STOP_SECONDS = 3.5
"""How long what runs may take to end when the server does."""
GROUPS_EVERY = 10
"""Every so many polls all open groups are looked at: whoever should have told of them may have died."""

log = logging.getLogger(__name__)


class Runner:
    """Runs tasks of the registered kinds in this process."""

    def __init__(self, database: Database, queue: Queue, sweeper: Sweeper, moves: Moves, settings: Settings) -> None:
        self.queue = queue
        self.processes = Processes()
        self._database = database
        self._sweeper = sweeper
        self._moves = moves
        self._settings = settings
        self._kinds: dict[str, JobKind] = {}
        self._workers = settings.workers or max(1, (os.cpu_count() or 1) // 2)
        # By the lease's name: an attempt that lost its task may still run here beside the next one.
        self._running: dict[str, tuple[Attempt, asyncio.Task[None]]] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._noted: dict[str, Attempt] = {}
        self._groups: set[str] = set()
        self._lanes: set[str] | None = None
        """Lanes in which something may be queued; None: in any."""
        self._due: datetime | None = None
        self._is_stopping = False
        moves.queued = self._was_queued
        moves.resting = self._rests_until
        moves.group_changed = self._group_changed
        moves.stop_asked = self._stop

    def register(self, kind: JobKind) -> None:
        """Run tasks of this kind here."""
        self._kinds[kind.kind] = kind

    @property
    def kinds(self) -> Mapping[str, JobKind]:
        """What it runs."""
        return self._kinds

    @property
    def is_running(self) -> bool:
        """Whether what is put in line would be worked on now."""
        return bool(self._loops) and not self._is_stopping and not any(loop.done() for loop in self._loops)

    async def start(self) -> None:
        """Begin; once an event loop."""
        self._is_stopping = False
        self._wake = asyncio.Event()
        self._tell = asyncio.Event()
        configured = sum(self._settings.engine_concurrency.values())
        self.threads = Threads(2 * (self._workers + self._settings.remote_workers) + configured)
        for work in (self._look(), self._look_after(), self._tell_progress()):
            self._loops.append(asyncio.create_task(work))

    async def stop(self) -> None:
        """Claim no more, ask what runs to stop, and give back what it did not finish."""
        if not self._loops:
            return
        looking, *others = self._loops
        # It ends by itself: what it is just claiming must not be claimed for nobody.
        self._is_stopping = True
        self._wake.set()
        await asyncio.wait({looking}, timeout=STOP_SECONDS)
        looking.cancel()
        for attempt, _ in self._running.values():
            attempt.stop(Reason.SHUTDOWN)
        tasks = {task for _, task in self._running.values()}
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for attempt, task in list(self._running.values()):
            task.cancel()
            await self._settled(attempt, self.queue.give_back(attempt.lease))
        await asyncio.to_thread(self.processes.close)
        for loop in others:
            loop.cancel()
        await asyncio.wait(self._loops)
        self._loops.clear()
        self._report(await outcome_of(self._write_progress()), "writing progress")

    # What it is told

    def wake(self) -> None:
        """Look for tasks now, wherever they may be queued."""
        self._lanes = None
        if self._loops:
            self._wake.set()

    def _was_queued(self, lane: str) -> None:
        if self._lanes is not None:
            self._lanes.add(lane)
        if self._loops:
            self._wake.set()

    def noted(self, attempt: Attempt) -> None:
        """The attempt has progress to be written."""
        self._noted[attempt.lease.owner] = attempt
        self._tell.set()

    def _group_changed(self, group_id: str) -> None:
        self._groups.add(group_id)
        if self._loops:
            self._tell.set()

    def _rests_until(self, moment: datetime) -> None:
        if self._due is None or moment < self._due:
            self._due = moment
            if self._loops:
                self._wake.set()  # to sleep less long

    def _stop(self, task_id: str) -> None:
        for attempt, _ in self._running.values():
            if attempt.task_id == task_id:
                attempt.stop(Reason.ASKED)

    # Looking for work

    async def _look(self) -> None:
        polled_at = float("-inf")
        clock = asyncio.get_running_loop().time
        polls = 0
        while not self._is_stopping:
            self._wake.clear()
            is_poll = clock() - polled_at >= POLL_SECONDS
            if is_poll:
                self._lanes = None
                polled_at = clock()
                polls += 1
                self._report(await outcome_of(self._sweep(with_groups=polls % GROUPS_EVERY == 1)), "sweeping")
            elif self._due is not None and self._due <= self._moves.clock():
                self._lanes = None
                self._report(await outcome_of(self._find_due()), "waking")
            self._report(await outcome_of(self._claim()), "claiming")
            pause = POLL_SECONDS
            if self._due is not None:
                pause = min(pause, max(0.01, (self._due - self._moves.clock()).total_seconds()))
            await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        # Not wait_for: on Python 3.11 it may lose a cancellation that comes together with what it waits for.
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _report(self, outcome: Outcome[None], what: str) -> None:
        if outcome.error is not None and not isinstance(outcome.error, asyncio.CancelledError):
            log.error("%s failed; it is tried again", what, exc_info=outcome.error)

    async def _sweep(self, *, with_groups: bool) -> None:
        await self._find_due()
        lost = await self._sweeper.find_lost()
        if lost:
            log.warning("%d tasks had lost their workers", lost)
        if with_groups:
            async with self._database.read() as session:
                self._groups |= set(await repository.open_groups(session))
            self._tell.set()
        self.processes.close_idle()

    async def _find_due(self) -> None:
        self._due = None
        due = await self._sweeper.wake()
        if due is not None:
            self._rests_until(due)  # unless it was told of an earlier one meanwhile

    async def _claim(self) -> None:
        lanes, self._lanes = self._lanes, set()
        if lanes is None:
            async with self._database.read() as session:
                lanes = set(await repository.lanes_in_use(session, self._kinds))
        for lane in sorted(lanes):
            for seat in Seat:
                kinds = [kind.kind for kind in self._kinds.values() if kind.seat_in(lane) is seat]
                free = self._places(lane, seat) - self._used(lane, seat)
                if kinds and free > 0:
                    for task in await self.queue.claim(lane, kinds, free):
                        crash_points.reach("task.claimed")
                        self._begin(task)

    def _places(self, lane: str, seat: Seat) -> int:
        chosen = self._settings.engine_concurrency.get(lane)
        if chosen is not None:
            return chosen - self._used(lane, Seat.WAIT if seat is Seat.COMPUTE else Seat.COMPUTE)
        return self._workers if seat is Seat.COMPUTE else self._settings.remote_workers

    def _used(self, lane: str, seat: Seat) -> int:
        used = Counter((attempt.lane, attempt.job_kind.seat_in(attempt.lane)) for attempt, _ in self._running.values())
        return used[lane, seat]

    # Running

    def _begin(self, task: Task) -> None:
        attempt = Attempt(task, self._kinds[task.kind], self)
        running = asyncio.create_task(self._run(attempt), name=f"task-{task.task_id}")
        self._running[attempt.lease.owner] = (attempt, running)
        running.add_done_callback(lambda _: self._ended(attempt))

    def _ended(self, attempt: Attempt) -> None:
        self._running.pop(attempt.lease.owner, None)
        self._noted.pop(attempt.lease.owner, None)
        self._was_queued(attempt.lane)  # or may have been before, when there was no place

    async def _run(self, attempt: Attempt) -> None:
        log.info("task %s (%s) begins, attempt %d", attempt.task_id, attempt.kind, attempt.attempt)
        handling = asyncio.create_task(_handle(attempt))
        stopping = asyncio.create_task(attempt.until_stopped())
        try:
            await asyncio.wait({handling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not handling.done():  # asked to stop: in_process may need its time to end its process
                await asyncio.wait({handling}, timeout=3 * OBEY_SECONDS)
            if not handling.done():
                handling.cancel()
                await asyncio.wait({handling}, timeout=OBEY_SECONDS)
        finally:
            stopping.cancel()
            handling.cancel()
        outcome: Outcome[Wish] = read_task(handling) if handling.done() else Outcome(error=Cancelled())
        await self._settle(attempt, outcome)

    async def _settle(self, attempt: Attempt, outcome: Outcome[Wish]) -> None:
        """Write down what came of the attempt."""
        error = outcome.error
        if error is None and isinstance(outcome.value, Done):
            await self._finish(attempt, outcome.value)
        elif error is None and isinstance(outcome.value, WaitUntil):
            wish = outcome.value
            rest = self.queue.wait(attempt.lease, wish.seconds, wish.progress, wish.stage)
            await self._settled(attempt, rest)
        elif attempt.reason is Reason.SHUTDOWN and isinstance(error, Cancelled | WorkerLost | asyncio.CancelledError):
            await self._settled(attempt, self.queue.give_back(attempt.lease))
        elif attempt.reason is Reason.LOST:
            log.warning("task %s: attempt %d lost its lease", attempt.task_id, attempt.attempt)
        elif attempt.reason is Reason.ASKED or isinstance(error, Cancelled):
            await self._settled(attempt, self.queue.stopped(attempt.lease))
        else:
            await self._fail(attempt, error)

    async def _finish(self, attempt: Attempt, done: Done) -> None:
        crash_points.reach("task.before_finish")
        finished = await outcome_of(self.queue.finish(attempt.lease, attempt.user_id, done.save))
        if finished.error is not None:
            # The connection may have gone after the commit: only the row knows.
            known = await outcome_of(self.queue.is_finished_by(attempt.lease))
            if known.error is not None:
                log.error("task %s: not known whether it was saved", attempt.task_id, exc_info=known.error)
                return
            finished = Outcome(value=Finish.SAVED) if known.value else finished
        if finished.value is Finish.SAVED:
            crash_points.reach("task.finished")
            log.info("task %s succeeded", attempt.task_id)
            return
        if done.undo is not None:
            undone = await outcome_of(_undo(done))
            if undone.error is not None:
                log.error("task %s: could not be undone", attempt.task_id, exc_info=undone.error)
        if finished.error is not None:
            await self._fail(attempt, finished.error)

    async def _fail(self, attempt: Attempt, error: BaseException | None) -> None:
        told = _tell_to_people(error)
        if isinstance(told, TaskFault):
            log.error("task %s failed unexpectedly", attempt.task_id, exc_info=error)
        else:
            log.info("task %s: %s", attempt.task_id, told)
        await self._settled(attempt, self.queue.fail(attempt.lease, told, attempt.job_kind.back_off))

    async def _settled(self, attempt: Attempt, move: object) -> None:
        outcome: Outcome[bool] = await outcome_of(move)  # type: ignore[arg-type]
        if outcome.error is not None:
            # Its lease runs out; then the sweeper finds it.
            log.error("task %s could not be written to", attempt.task_id, exc_info=outcome.error)

    # Looking after what runs

    async def _look_after(self) -> None:
        clock = asyncio.get_running_loop().time
        lease = self._settings.task_lease_seconds
        renewed_at = clock()
        while True:
            await asyncio.sleep(min(POLL_SECONDS, lease / 4))
            attempts = [attempt for attempt, _ in self._running.values()]
            if not attempts:
                continue
            if clock() - renewed_at >= lease / 3:
                renewed_at = clock()
                self._report(await outcome_of(self.queue.renew([attempt.lease for attempt in attempts])), "renewing")
            self._report(await outcome_of(self._check(attempts)), "looking after tasks")

    async def _check(self, attempts: list[Attempt]) -> None:
        async with self._database.read() as session:
            known = await repository.look_after(session, [attempt.task_id for attempt in attempts])
        for attempt in attempts:
            owner, asked = known.get(attempt.task_id, ("", False))
            if owner != attempt.lease.owner:
                attempt.stop(Reason.LOST)
            elif asked:
                attempt.stop(Reason.ASKED)

    async def _tell_progress(self) -> None:
        while True:
            await self._tell.wait()
            self._tell.clear()
            self._report(await outcome_of(self._write_progress()), "writing progress")
            await asyncio.sleep(TELL_SECONDS)

    async def _write_progress(self) -> None:
        noted, self._noted = self._noted, {}
        for attempt in noted.values():
            goes_on = await self.queue.progress(attempt.lease, *attempt.newest)
            if not goes_on:
                attempt.stop(Reason.LOST if goes_on is None else Reason.ASKED)
        groups, self._groups = self._groups, set()
        for group in groups:
            await self._sweeper.derive(group)


async def _handle(attempt: Attempt) -> Wish:
    return await attempt.job_kind.handler(attempt)


async def _undo(done: Done) -> None:
    if done.undo is not None:
        await done.undo()


def _tell_to_people(error: BaseException | None) -> VtonError:
    if isinstance(error, VtonError):
        return error
    if isinstance(error, OperationalError | InterfaceError):
        return DatabaseUnavailable()
    return TaskFault()
