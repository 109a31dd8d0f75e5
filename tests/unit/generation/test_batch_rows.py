"""Rows of batches on every database: kept one by one, cancelled, tried again, and what accounts do to them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.generation.batches import Studio, hurry, is_with_service, open_studio, pictures, statuses
from tests.unit.generation.house import ANN, BOB, BOBS

from vtonlab.accounts.models import User
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.engines.generating import GenerateResult
from vtonlab.errors import NoPicture
from vtonlab.generation import batch_repository as repository
from vtonlab.generation.batch_rounds import Rounds
from vtonlab.generation.models import GenerationBatch, GenerationPrompt, GenerationStop
from vtonlab.generation.pictures import Told
from vtonlab.tasks.models import Status

pytestmark = pytest.mark.anyio
FOREVER = "sandbox: seconds=600 a coat"


@pytest.fixture
async def studio(any_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    """It draws with the sandbox."""
    hurry(monkeypatch)
    async with open_studio(any_database, tmp_path / "data") as studio:
        yield studio


async def test_expired_tried_again_cancelled_deleted(studio: Studio) -> None:
    """The life of an account's batches."""
    at_once = "sandbox: seconds=0"
    name = await studio.ask(
        f"{at_once} batch=expired a coat", f"{at_once} fail=prompt_refused a hat", f"{at_once} 大衣", at_once + " b"
    )
    told = await studio.until_ended(name)
    assert (told.status, (told.task.error or {})["code"]) == (Status.FAILED, "batch_expired")
    assert statuses(told) == ["succeeded", "failed", "failed", "failed"]
    await studio.retry(name)
    told = await studio.until_ended(name)
    assert (told.status, statuses(told)) == (Status.SUCCEEDED, ["succeeded", "failed", "succeeded", "succeeded"])
    assert (told.batch.succeeded, told.batch.failed, told.batch.round) == (3, 1, 2)

    running = await studio.ask(FOREVER)
    await studio.until(running, lambda one: is_with_service(one) and one.task.status == Status.WAITING)
    await studio.cancel(running)
    told = await studio.until(running, lambda one: one.batch.is_over)
    assert (told.status, statuses(told)) == (Status.CANCELLED, ["cancelled"])
    await studio.until_told()

    lines = [json.loads(line) async for file in studio.batches.hook.export(ANN) async for line in _lines(file.data)]
    assert [line["batch_name"] for line in lines] == [name, running]
    assert [prompt["status"] for prompt in lines[0]["prompts"]] == ["succeeded", "failed", "succeeded", "succeeded"]

    last = await studio.ask(FOREVER)
    await studio.until(last, lambda one: is_with_service(one) and one.task.status == Status.WAITING)
    await studio.batches.stopping.stop()
    assert await studio.house.database.write(lambda session: studio.batches.hook.usage(session, ANN)) == {"batches": 3}
    assert await studio.house.database.write(lambda session: _delete(studio, session)) == {"batches": 3}
    (stop,) = await studio.house.rows(GenerationStop)
    assert (stop.provider, stop.remote_name, stop.is_known) == ("sandbox", f"{last}-1", True)
    assert not await studio.house.rows(GenerationBatch) + await studio.house.rows(GenerationPrompt)
    assert await studio.batches.stopping.tell() == 0
    assert not await studio.house.rows(GenerationStop)


async def test_one_picture_though_two_attempts_bring_it(studio: Studio) -> None:
    name = await studio.ask(FOREVER)
    told = await studio.until(name, is_with_service)
    house, drawn = studio.house, studio.house.generation.pictures
    rounds = Rounds(house.database, house.library, drawn)
    result = GenerateResult(np.full((64, 64, 3), 90, np.uint8), "sandbox", "sandbox")
    how = Told("a coat", "sandbox", "sandbox", "1:1", "1K", told.task.task_id)
    prepared = [await drawn.prepare(ANN, result, how) for _ in range(3)]
    kept = await asyncio.gather(*(rounds.keep(told.batch, 0, one) for one in prepared))
    assert sorted(kept) == [False, False, True]
    told = await studio.look(name)
    (entry,) = (await pictures(studio)).values()
    assert (told.batch.succeeded, told.prompts[0].row.image_id) == (1, entry.id)
    assert len([key for key in await house.keys() if "thumbnails" not in key]) == 1
    await rounds.fail(told.batch, [0], NoPicture(engine="sandbox"))
    assert (await studio.look(name)).batch.failed == 0


async def test_pages_and_another_owner(studio: Studio) -> None:
    await studio.batches.stopping.stop()
    await studio.house.tasks.stop()
    names = [await studio.ask("a coat") for _ in range(5)]
    other = await studio.ask("a coat", who=BOBS)
    async with studio.house.database.read() as session:
        first = await repository.page(session, ANN, None, 3)
        second = await repository.page(session, ANN, first[-1], 3)
    assert [row.batch_name for row in (*first, *second)] == names
    await studio.house.database.write(lambda session: studio.batches.hook.merge(session, BOB, ANN))
    async with studio.house.database.read() as session:
        assert await repository.count(session, ANN) == 6
        assert await repository.find(session, BOB, other) is None


async def test_what_is_bought_though_nobody_wants_it_any_more(studio: Studio) -> None:
    """The service's answer comes when the batch was cancelled, or is gone with its account: it will be told."""
    await studio.batches.stopping.stop()
    await studio.house.tasks.stop()
    name = await studio.ask("a coat")
    batch = (await studio.look(name)).batch
    house = studio.house
    rounds = Rounds(house.database, house.library, house.generation.pictures)
    await rounds.remember(batch, "asked")
    assert not await house.rows(GenerationStop)
    await studio.cancel(name)
    await studio.batches.stopping.look()
    await rounds.remember(batch, "batches/1")
    await house.database.write(lambda session: studio.batches.hook.delete(session, ANN))
    await rounds.remember(batch, "batches/2", is_known=True)
    stops = sorted((row.remote_id, row.is_known, row.run_at <= now()) for row in await house.rows(GenerationStop))
    assert stops == [("asked", False, True), ("batches/1", False, True), ("batches/2", True, True)]


async def _delete(studio: Studio, session: AsyncSession) -> dict[str, int]:
    """As an account is deleted."""
    counts = await studio.batches.hook.delete(session, ANN)
    await studio.house.tasks.hook.delete(session, ANN)
    await session.delete(await session.get_one(User, ANN))
    return counts


async def _lines(data: object) -> AsyncIterator[bytes]:
    async for piece in data:  # type: ignore[attr-defined]
        yield piece
