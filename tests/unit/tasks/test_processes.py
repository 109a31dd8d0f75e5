"""Several real workers over one database, killed at any moment and at every named place: each task is done once."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.tasks.house import make_people, make_tasks
from tests.unit.tasks.worker import KIND

from vtonlab.accounts.models import AuditEntry
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.tasks.models import Status, Task

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]
PEOPLE = ("ann", "bob", "cyd")
WORKERS = 3
LEASE_SECONDS = 2.0
POINTS = ("task.claimed", "task.before_finish", "task.finished")


class Crew:
    """Worker processes; whoever is gone is replaced."""

    def __init__(self, database: Database, points: tuple[str | None, ...]) -> None:
        self._address = database.url.render_as_string(hide_password=False)
        self._points = points
        self._workers: list[subprocess.Popen[bytes]] = []
        self.killed = 0

    def fill(self) -> None:
        """Replace those that are gone."""
        for worker in [worker for worker in self._workers if worker.poll() is not None]:
            worker.wait()
            self._workers.remove(worker)
            self.killed += 1
        while len(self._workers) < WORKERS:
            point = self._points[(len(self._workers) + self.killed) % len(self._points)]
            command = [sys.executable, "-m", "tests.unit.tasks.worker", self._address, str(LEASE_SECONDS)]
            command += [point] if point else []
            self._workers.append(subprocess.Popen(command, cwd=ROOT))

    def kill_one(self, chance: random.Random) -> None:
        chance.choice(self._workers).kill()

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait()


async def live(database: Database, seed: int, count: int, kills: int, points: tuple[str | None, ...]) -> None:
    """``count`` tasks, and workers that are killed again and again, until all tasks ended; then look."""
    chance = random.Random(seed)
    await make_people(database, *PEOPLE)
    tasks = make_tasks(database, now)  # type: ignore[arg-type]
    tasks.register(KIND)

    async def fill(session: AsyncSession) -> None:
        for number in range(count):
            await tasks.add(session, user_id=PEOPLE[number % 3], kind="job", lane="lane", parameters={"n": number})

    await database.write(fill)
    crew = Crew(database, points)
    began = time.monotonic()
    # Spread over the work rather than over time: however fast the machine is, they come while there is some.
    marks = sorted(chance.sample(range(1, count * 3 // 4), kills))
    try:
        while open_still := await left(database):
            assert time.monotonic() - began < 120, "tasks were lost"
            crew.fill()
            while marks and count - open_still >= marks[0]:
                crew.kill_one(chance)
                marks.pop(0)
            await asyncio.sleep(0.05)
    finally:
        crew.close()
    assert crew.killed or not kills
    await look(database, count)


async def left(database: Database) -> int:
    async with database.read() as session:
        open_still = select(func.count()).select_from(Task).where(Task.status != Status.SUCCEEDED)
        return (await session.execute(open_still)).scalar_one()


async def look(database: Database, count: int) -> None:
    async with database.read() as session:
        tasks = (await session.execute(select(Task))).scalars().all()
        kept = (await session.execute(select(AuditEntry))).scalars().all()
    assert len(tasks) == count
    assert Counter(entry.target for entry in kept) == Counter(task.task_id for task in tasks)
    attempts = {entry.target: entry.details["attempt"] for entry in kept}
    for task in tasks:
        assert task.result is not None
        assert task.result["attempt"] == attempts[task.task_id] == task.attempts
        assert task.lease_until is None


async def test_workers_that_are_killed_at_any_moment_lose_and_double_nothing(any_database: Database) -> None:
    await live(any_database, seed=7, count=60, kills=2, points=(None,))


@pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)
async def test_workers_that_die_at_every_named_place_lose_and_double_nothing(any_database: Database) -> None:
    await live(any_database, seed=8, count=24, kills=0, points=POINTS)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(8))
async def test_many_lives_of_workers(any_database: Database, seed: int) -> None:
    await live(any_database, seed, count=400, kills=12, points=(*POINTS, None, None))
