"""The errands of a fitting that an engine elsewhere makes in one run, or an outfit in two.

A task's row has room for what a service calls one job. When the first of two runs has ended, its name moves to the
row's ``state``, in one write; so an attempt that takes over asks for both jobs again and buys neither twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, cast

from vtonlab.db.types import JsonValue
from vtonlab.engines.contract import Errand, Report
from vtonlab.fitting.dressing import BEGUN, Dressed, Dressing, dress
from vtonlab.fitting.kept import Kept
from vtonlab.remote.errand import TaskErrand
from vtonlab.remote.service import Outbound
from vtonlab.tasks.contract import Job

FIRST_RUN: Final = "first_run"
"""In the row's ``state``: what the service called the first of two runs; empty where that had no name."""


class Legs:
    """Gives them out. Made in the event loop."""

    def __init__(self, outbound: Outbound, job: Job, engine: str, *, two: bool) -> None:
        self._outbound = outbound
        self._job = job
        self._engine = engine
        self._two = two
        self._loop = asyncio.get_running_loop()
        self._first: Errand | None = None
        self.furthest = 0.0
        """Progress that was reported."""

    def dress(self, dressing: Dressing, kept: Kept, report: Report) -> Dressed:
        """As :func:`vtonlab.fitting.dressing.dress`; for a thread."""

        def listen(fraction: float, stage: str) -> None:
            self.furthest = max(self.furthest, fraction)
            report(fraction, stage)

        return dress(dressing, kept, self.begin, listen)

    @property
    def has_begun(self) -> bool:
        """Whether the service was reached: an engine tells of progress from then on."""
        return self.furthest > BEGUN

    def begin(self, run: int) -> Errand:
        """See ``vtonlab.fitting.dressing.Errands``; for the engine's thread."""
        if not self._two:
            return self._errand(self._job)
        is_over = FIRST_RUN in self._job.state
        if run == 0:
            self._first = self._errand(_AfterAll(self._job) if is_over else self._job)
            return self._first
        if not is_over:
            name = self._first.remote_id if self._first else None
            self._errand(_MovesOn(self._job, name or "")).keep("")
        return self._errand(self._job)

    def _errand(self, job: Job | _View) -> TaskErrand:
        errand = TaskErrand(self._outbound, cast("Job", job), self._engine, self._loop)
        errand.remote_id = errand.remote_id or None
        return errand


class _View:
    """A job, as far as errands need it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.task_id = job.task_id
        self.user_id = job.user_id
        self.remote_id = job.remote_id

    async def check(self) -> None:
        await self.job.check()


class _AfterAll(_View):
    """The first run, begun again after it had ended: by another attempt, which does not have its picture."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.remote_id = job.state[FIRST_RUN]

    async def remember(self, *, remote_id: str | None = None, state: Mapping[str, JsonValue] | None = None) -> None:
        """The service had forgotten that one, and there is another now."""
        await self.job.remember(state={**self.job.state, **(state or {}), FIRST_RUN: remote_id or ""})


class _MovesOn(_View):
    """The first run has ended; the row's place is the second one's from now on."""

    def __init__(self, job: Job, name: str) -> None:
        super().__init__(job)
        self._name = name

    async def remember(self, *, remote_id: str | None = None, state: Mapping[str, JsonValue] | None = None) -> None:
        await self.job.remember(remote_id=remote_id, state={**self.job.state, **(state or {}), FIRST_RUN: self._name})
