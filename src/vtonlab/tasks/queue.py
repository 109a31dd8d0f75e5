"""The states of a task and what moves it from one to the next.

    queued → running → succeeded | failed | cancelled
       ↑        ↓
       └─── waiting (until a moment)

Every move compares first and sets then, on a locked row: a queued task is claimed by one attempt, and what an attempt
does to a running task holds only while its number and its lease's name are still on the row.
"""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from heapq import heappop, heappush

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.database import Database
from vtonlab.db.types import JsonValue
from vtonlab.errors import BadRequest, Conflict, Text, VtonError
from vtonlab.tasks import repository
from vtonlab.tasks.contract import Save
from vtonlab.tasks.models import GROUP_LANE, Status, Task
from vtonlab.tasks.moves import Moves, write_error

LONGEST_BACK_OFF = timedelta(minutes=5)
LONGEST_KEY = 80
LONGEST_STAGE = 64


@dataclass(frozen=True)
class Lease:
    """The right of one attempt to a task."""

    task_id: str
    attempt: int
    owner: str


class Finish(Enum):
    """What became of a job that was done."""

    SAVED = "saved"
    STOPPED = "stopped"
    """Somebody had asked it to stop before."""
    LOST = "lost"
    """Another attempt has it, or the task is gone or another user's now."""


class Queue:
    """Moves tasks. Every method but :meth:`add` is a transaction of its own, and tells of what it did after it."""

    def __init__(self, database: Database, moves: Moves, lease: timedelta, chance: random.Random | None = None) -> None:
        """``lease``: how long a claim holds without being renewed."""
        self._database = database
        self._moves = moves
        self._lease = lease
        self._chance = chance or random.Random()  # noqa: S311 - spreads attempts, hides nothing

    # Putting in line

    async def add(self, session: AsyncSession, task: Task) -> Task:
        """Put ``task`` in line, or find the user's task of the same key. Raises ``Conflict`` where that is another."""
        moment = self._moves.clock()
        task.created_at = task.updated_at = task.run_at = moment
        if task.idempotency_key is None:
            session.add(task)
            await session.flush()
        else:
            check_key(task.idempotency_key)
            first = await repository.find_by_key(session, task.user_id, task.idempotency_key)
            first = first or await self._insert_first(session, task, task.idempotency_key)
            if first is not None:
                _check_same(first, task)
                return first
        self._moves.tell(session, task)
        return task

    async def _insert_first(self, session: AsyncSession, task: Task, key: str) -> Task | None:
        """None when ``task`` was inserted, else the one that came first at the same time."""
        try:
            async with session.begin_nested():
                session.add(task)
                await session.flush()
        except IntegrityError:
            first = await repository.find_by_key(session, task.user_id, key)
            if first is None:
                raise
            return first
        return None

    # Attempts

    async def claim(self, lane: str, kinds: Collection[str], places: int) -> list[Task]:
        """Begin an attempt at up to ``places`` queued tasks of ``lane``, one a user and turn."""
        if lane == GROUP_LANE:
            return []

        async def work(session: AsyncSession) -> list[Task]:
            claimed: list[Task] = []
            users = await repository.turns(session, lane, kinds, places + repository.SPARE_TURNS)
            turns = [(running, place, user_id) for place, (user_id, running) in enumerate(users)]
            while turns and len(claimed) < places:
                running, place, user_id = heappop(turns)
                task = await repository.take_head(session, lane, kinds, user_id)
                if task is not None:
                    self._begin(session, task)
                    claimed.append(task)
                    heappush(turns, (running + 1, place + len(users), user_id))
            return claimed

        return await self._database.write(work)

    def _begin(self, session: AsyncSession, task: Task) -> None:
        moment = self._moves.clock()
        task.status = Status.RUNNING
        task.attempts += 1
        task.lease_owner = secrets.token_hex(16)
        task.lease_until = moment + self._lease
        task.claimed_at = moment
        task.started_at = task.started_at or moment
        self._moves.change(session, task)

    async def renew(self, leases: Collection[Lease]) -> None:
        """Hold each task that is still held for the length of a lease from now."""

        async def work(session: AsyncSession) -> None:
            until = self._moves.clock() + self._lease
            await repository.renew(session, [(x.task_id, x.attempt, x.owner) for x in leases], until)

        await self._database.write(work)

    async def progress(self, lease: Lease, fraction: float, stage: str) -> bool | None:
        """Note how far it is. None when the lease was lost, False when somebody asked it to stop."""

        def note(session: AsyncSession, task: Task) -> bool:
            task.progress, task.stage = _fraction(fraction), stage[:LONGEST_STAGE]
            self._moves.change(session, task)
            return not task.cancel_requested

        return await self._as_holder(lease, note)

    async def is_wanted(self, lease: Lease) -> bool | None:
        """Whether the attempt is to go on: None when the lease was lost, False when somebody asked it to stop."""
        async with self._database.read() as session:
            found = (await repository.look_after(session, [lease.task_id])).get(lease.task_id)
        return None if found is None or found[0] != lease.owner else not found[1]

    async def remember(self, lease: Lease, remote_id: str | None, state: Mapping[str, JsonValue] | None) -> bool:
        """Write what the next attempt must know. False when the lease was lost."""

        def note(session: AsyncSession, task: Task) -> bool:  # noqa: ARG001 - tells nobody
            if remote_id is not None:
                task.remote_id = remote_id
            if state is not None:
                task.state = dict(state)
            return True

        return bool(await self._as_holder(lease, note))

    async def finish(self, lease: Lease, user_id: str, save: Save) -> Finish:
        """End it as succeeded, with what ``save`` keeps in the same transaction. ``user_id``: whose it was when the
        attempt began. Raises what ``save`` raises; then nothing was changed."""

        async def work(session: AsyncSession) -> Finish:
            task = await repository.hold(session, lease.task_id, lease.attempt, lease.owner)
            if task is None:
                return Finish.LOST
            if task.cancel_requested:
                self._moves.end(session, task, Status.CANCELLED)
                return Finish.STOPPED
            if task.user_id != user_id:  # a guest's, who has an account by now: do it for the right one
                self._moves.queue_again(session, task, "merged")
                return Finish.LOST
            result = dict(await save(session))
            task.result = result
            task.image_id = result.get("image_id", task.image_id)
            task.progress = 1.0
            self._moves.end(session, task, Status.SUCCEEDED)
            return Finish.SAVED

        return await self._database.write(work)

    async def is_finished_by(self, lease: Lease) -> bool:
        """Whether this very attempt ended the task as succeeded."""
        async with self._database.read() as session:
            task = await repository.find(session, lease.task_id)
        return task is not None and task.status == Status.SUCCEEDED and task.lease_owner == lease.owner

    async def wait(self, lease: Lease, seconds: float, fraction: float | None, stage: str | None) -> bool:
        """Let it rest until ``seconds`` have passed; then it is queued again. Counts as no failure."""

        def rest(session: AsyncSession, task: Task) -> bool:
            if fraction is not None:
                task.progress = _fraction(fraction)
            if stage is not None:
                task.stage = stage[:LONGEST_STAGE]
            if task.cancel_requested:
                self._moves.end(session, task, Status.CANCELLED)
            else:
                self._moves.rest(session, task, timedelta(seconds=max(0.0, seconds)))
            return True

        return bool(await self._as_holder(lease, rest))

    async def fail(self, lease: Lease, error: VtonError, back_off: timedelta) -> bool:
        """End the attempt with ``error``: tried again after a pause where that may help, else for good."""

        def end(session: AsyncSession, task: Task) -> bool:
            if task.cancel_requested:
                self._moves.end(session, task, Status.CANCELLED)
                return True
            self._moves.note(task, "failed", error.code)
            task.failures += 1
            if error.retryable and task.failures < task.max_failures:
                longest = min(back_off * 2 ** (task.failures - 1), LONGEST_BACK_OFF)
                self._moves.rest(session, task, longest * self._chance.uniform(0.5, 1.0))
            else:
                task.error = write_error(error)
                self._moves.end(session, task, Status.FAILED)
            return True

        return bool(await self._as_holder(lease, end))

    async def stopped(self, lease: Lease) -> bool:
        """End it as cancelled: it obeyed."""

        def end(session: AsyncSession, task: Task) -> bool:
            self._moves.end(session, task, Status.CANCELLED)
            return True

        return bool(await self._as_holder(lease, end))

    async def give_back(self, lease: Lease) -> bool:
        """Let another attempt have it at once: this worker ends. Counts as no failure."""

        def free(session: AsyncSession, task: Task) -> bool:
            if task.cancel_requested:
                self._moves.end(session, task, Status.CANCELLED)
            else:
                self._moves.queue_again(session, task, "given_back")
            return True

        return bool(await self._as_holder(lease, free))

    async def _as_holder(self, lease: Lease, change: Callable[[AsyncSession, Task], bool]) -> bool | None:
        async def work(session: AsyncSession) -> bool | None:
            task = await repository.hold(session, lease.task_id, lease.attempt, lease.owner)
            return None if task is None else change(session, task)

        return await self._database.write(work)


def check_key(key: str) -> None:
    """Raises ``BadRequest`` for a key that is no short word."""
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise BadRequest(part="Idempotency-Key")


def _check_same(first: Task, asked: Task) -> None:
    parameters = json.loads(json.dumps(asked.parameters))  # as the row would give them back
    if (first.kind, first.lane, first.parameters, first.parent_id) != (
        asked.kind,
        asked.lane,
        parameters,
        asked.parent_id,
    ):
        reason = Text("this idempotency key was used for something else", "这个幂等键（Idempotency-Key）已用于其他请求")
        raise Conflict(reason=reason)


def _fraction(value: float) -> float:
    return min(1.0, max(0.0, value))
