"""A worker in a process of its own: ``python -m tests.unit.tasks.worker ADDRESS LEASE_SECONDS [CRASH_POINT]``.

Runs tasks of the kind ``job`` until it is killed. What a task makes is an entry of the audit log. With a crash point it
kills itself there, one time in ten.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.tasks.house import make_tasks

from vtonlab import crash_points
from vtonlab.accounts.models import AuditEntry
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.errors import EngineBusy
from vtonlab.tasks.contract import Done, Job, JobKind, Outcome, WaitUntil

NEVER_GIVE_UP = 10_000


async def handle(job: Job) -> Outcome:
    """Some work: now and then busy, polled once, else kept."""
    await job.report(0.5, "half")
    await asyncio.sleep(random.uniform(0, 0.02))
    if random.random() < 0.05:
        raise EngineBusy(engine="x")
    if not job.state:
        await job.remember(state={"polled": True})
        return WaitUntil(random.uniform(0, 0.05))

    async def save(session: AsyncSession) -> dict[str, int]:
        session.add(AuditEntry(action="kept", target=job.task_id, details={"attempt": job.attempt}))
        await session.flush()
        await asyncio.sleep(random.uniform(0, 0.01))  # killed here, nothing may be kept
        return {"attempt": job.attempt, "pid": os.getpid()}

    return Done(save)


KIND = JobKind("job", handle, max_failures=NEVER_GIVE_UP, back_off=timedelta(milliseconds=20))


def die_at(point: str) -> None:
    """Be killed at ``point``, one time in ten."""

    def listener(reached: str) -> None:
        if reached == point and random.random() < 0.1:
            os.kill(os.getpid(), signal.SIGKILL)

    crash_points.listen(listener)


async def work(address: str, lease: float) -> None:
    """Until killed."""
    tasks = make_tasks(Database(address), now, task_lease_seconds=lease, remote_workers=4)  # type: ignore[arg-type]
    tasks.register(KIND)
    await tasks.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    if len(sys.argv) > 3:
        die_at(sys.argv[3])
    asyncio.run(work(sys.argv[1], float(sys.argv[2])))
