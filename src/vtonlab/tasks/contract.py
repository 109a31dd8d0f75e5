"""What a feature and the queue promise each other. Each feature's ``jobs.py`` registers its kinds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.types import JsonValue

T = TypeVar("T")

Save = Callable[[AsyncSession], Awaitable[Mapping[str, JsonValue]]]
"""Keeps what the job made, in the transaction that finishes the task; the task's ``result``. An ``image_id`` in it is
also written to the row. It may be run again, from its start, when the database asks for that: it does nothing that a
rollback cannot undo."""


@dataclass(frozen=True)
class Done:
    """The job is done. ``save`` runs only where this attempt still holds the task; ``undo`` (not awaited in any
    transaction) removes what was prepared outside the database when it does not."""

    save: Save
    undo: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True)
class WaitUntil:
    """Not done: call the handler again after ``seconds`` (a provider is polled). Holds no place meanwhile."""

    seconds: float
    progress: float | None = None
    stage: str | None = None


Outcome = Done | WaitUntil


class Job(Protocol):
    """One attempt at a task, as its handler sees it."""

    task_id: str
    user_id: str
    kind: str
    parameters: Mapping[str, JsonValue]
    attempt: int
    remote_id: str | None
    state: Mapping[str, JsonValue]

    async def report(self, fraction: float, stage: str) -> None:
        """Tell how far it is (0–1). Raises ``Cancelled`` when somebody asked it to stop, or the lease was lost."""

    async def check(self) -> None:
        """Ask the row itself, right before what cannot be taken back. Raises ``Cancelled`` when somebody asked the
        task to stop, or another attempt has it."""

    async def remember(self, *, remote_id: str | None = None, state: Mapping[str, JsonValue] | None = None) -> None:
        """Write to the row at once what the next attempt must know. Raises ``Cancelled`` when the lease was lost."""

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """``work(*arguments, report)`` in a thread; ``report(fraction, stage)`` as above, blocking, raises
        ``Cancelled``. For engines that wait for others."""

    async def in_process(self, work: Callable[..., T], *arguments: Any) -> T:
        """The same in a process of this machine, for engines that compute; everything must pickle."""


Handler = Callable[[Job], Awaitable[Outcome]]


class Seat(StrEnum):
    """What one place of a lane costs, by which the number of places is chosen where no setting says it."""

    COMPUTE = "compute"
    """A processor core: as many as ``workers``."""
    WAIT = "wait"
    """Only waiting: as many as ``remote_workers``."""


@dataclass(frozen=True)
class JobKind:
    """A kind of task. ``handler`` may be called again for the same task, after any of its steps."""

    kind: str
    handler: Handler
    seat: Seat | Callable[[str], Seat] = Seat.WAIT
    """What a place costs; or how that is found by the lane, for kinds whose lanes are engines of both sorts."""
    max_failures: int = 3
    back_off: timedelta = field(default=timedelta(seconds=2))
    """Before the second attempt after a retryable error; doubled each time, with jitter, at most 5 minutes."""
    patience: timedelta = field(default=timedelta(minutes=2))
    """How long ``in_process`` work may go without a report; then it hangs, and its process is ended."""

    def seat_in(self, lane: str) -> Seat:
        """What a place of ``lane`` costs."""
        return self.seat if isinstance(self.seat, Seat) else self.seat(lane)
