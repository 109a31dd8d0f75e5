"""Batches in the studio of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.gemini import FakeGemini
from tests.unit.generation.house import ANNS, House, open_house

from vtonlab.accounts.caller import Caller
from vtonlab.db.database import Database
from vtonlab.generation import batch_jobs
from vtonlab.generation.batch_orders import BatchOrder, ToldBatch
from vtonlab.generation.batch_service import Batches
from vtonlab.generation.models import GenerationStop
from vtonlab.library.models import Image
from vtonlab.tasks.models import Task

PROMPTS = ("a red coat", "a blue coat", "a green coat", "a red coat", "a hat")


@dataclass
class Studio:
    """A house in which batches are drawn."""

    house: House
    batches: Batches
    fake: FakeGemini | None = None

    async def ask(self, *prompts: str, who: Caller = ANNS, key: str | None = None, **more: Any) -> str:
        """The name of a new batch."""
        order = BatchOrder(prompts or PROMPTS, **more)
        return (await self.batches.ask(who, order, idempotency_key=key)).batch.batch_name

    async def look(self, name: str, who: Caller = ANNS) -> ToldBatch:
        return await self.batches.look(who, name)

    async def until_ended(self, name: str, seconds: float = 30) -> ToldBatch:
        task_id = (await self.look(name)).task.task_id
        await self.house.until_ended(task_id, seconds)
        return await self.look(name)

    async def until(self, name: str, is_so: Callable[[ToldBatch], bool], seconds: float = 20) -> ToldBatch:
        async with asyncio.timeout(seconds):
            while not is_so(told := await self.look(name)):  # noqa: ASYNC110 - its rows
                await asyncio.sleep(0.02)
            return told

    async def cancel(self, name: str) -> None:
        await self.house.tasks.cancel(ANNS, (await self.look(name)).task.task_id)

    async def retry(self, name: str) -> None:
        await self.house.tasks.retry(ANNS, (await self.look(name)).task.task_id)

    async def until_told(self, seconds: float = 20) -> None:
        """Until no service is to be told of anything any more."""
        async with asyncio.timeout(seconds):
            while await self.house.rows(GenerationStop):
                self.batches.stopping.wake()
                await asyncio.sleep(0.02)


def is_with_service(told: ToldBatch) -> bool:
    return told.batch.handed_in_at is not None


def statuses(told: ToldBatch) -> list[str]:
    return [one.status.value for one in told.prompts]


@asynccontextmanager
async def open_studio(
    database: Database, folder: Path, fake: FakeGemini | None = None, *, stops: bool = True, **chosen: Any
) -> AsyncIterator[Studio]:
    """``stops``: services are told of batches that were cancelled."""
    async with open_house(database, folder, fake, **chosen) as house:
        batches = Batches(
            house.database,
            house.storage,
            house.settings,
            house.tasks,
            house.library,
            house.outbound,
            house.generation.providers,
            house.generation.pictures,
        )
        batches.register()
        if stops:
            batches.stopping.start()
        try:
            yield Studio(house, batches, fake)
        finally:
            await batches.stopping.stop()


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services are asked again at once."""
    monkeypatch.setattr(batch_jobs, "SHORTEST_PAUSE", 0.02)
    monkeypatch.setattr(batch_jobs, "TROUBLE_PAUSE", 0.02)
    monkeypatch.setattr(batch_jobs, "LONGEST_PAUSE", 0.1)


async def pictures(studio: Studio) -> dict[str, Image]:
    return {row.id: row for row in await studio.house.rows(Image)}


async def tasks(studio: Studio) -> list[Task]:
    return [row for row in await studio.house.rows(Task) if not row.is_hidden]
