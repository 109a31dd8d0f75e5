"""Rows of the history on every database: the final transaction, pages, and what accounts do to them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.fitting.engines import Script
from tests.unit.fitting.house import ANN, ANNS, BOB, BOBS, House, open_house, order

from vtonlab.accounts.models import User
from vtonlab.db import journal
from vtonlab.db.database import Database
from vtonlab.fitting import repository
from vtonlab.fitting.models import VtonHistory
from vtonlab.library import ownership
from vtonlab.library.models import Image
from vtonlab.tasks.models import Status

pytestmark = pytest.mark.anyio
MOMENT = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
async def house(any_database: Database, tmp_path: Path, script: Script) -> AsyncIterator[House]:
    async with open_house(any_database, tmp_path / "data") as house:
        yield house


def row(number: int, user: str = ANN, **more: object) -> VtonHistory:
    """An entry; two of each moment."""
    return VtonHistory(
        **{
            "id": f"{number:032x}",
            "user_id": user,
            "engine": "painter",
            "human_image": "char_1.png",
            "garment_image": "clothes_1.png",
            "result_image": f"vton_result_{number}.png",
            "parameters": {"seed": number},
            "processing_time": 0.5,
            "notes": [],
            "created_at": MOMENT + timedelta(seconds=number // 2),
        }
        | more
    )


async def fill(house: House, count: int, user: str = ANN, first: int = 0) -> None:
    async def work(session: AsyncSession) -> None:
        session.add_all(row(number, user) for number in range(first, first + count))

    await house.database.write(work)


async def test_the_final_transaction_holds_on_every_database(house: House) -> None:
    person, top, _ = await house.wardrobe()
    fitted = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(person, top))).task_id)
    async with house.database.read() as session:
        kept = (await session.execute(select(VtonHistory))).scalar_one()
        image = (await session.execute(select(Image).where(Image.id == kept.result_image_id))).scalar_one()
        changes = await journal.read(session, ANN)
    task = await house.task(fitted.task_id)
    assert (task.status, task.image_id, (task.result or {})["vton_id"]) == (Status.SUCCEEDED, image.id, kept.id)
    assert kept.result_image == image.filename
    assert kept.created_at == image.saved_at
    told = changes[-1].fields
    assert (told["result_image_id"], told["parameters"]) == (image.id, kept.parameters)
    assert "mask_image" not in told


async def test_what_fails_in_the_final_transaction_leaves_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, top, _ = await house.wardrobe()
    before = await house.keys()

    async def fail(*_: object) -> int:
        raise RuntimeError("the database says no")

    monkeypatch.setattr(journal, "note", fail)
    task = await house.fitting.ask(ANNS, order(person, top))
    (ended,) = await house.until_ended(task.task_id)
    assert ended.status == Status.FAILED
    assert await house.rows() == []
    assert [image.category for image in await house.rows(Image)].count("vton_results") == 0
    assert {key for key in await house.keys() if "/analyses/" not in key} == before


async def test_pages_follow_each_other_without_gap(house: House) -> None:
    await fill(house, 25)
    await fill(house, 3, BOB, first=100)
    seen: list[str] = []
    for number in range(1, 5):
        seen += [item.entry.id for item in (await house.fitting.history(ANNS, number, 7)).items]
    assert seen == [f"{number:032x}" for number in reversed(range(25))]
    assert (await house.fitting.history(ANNS, 5, 7)).items == []


async def test_an_export_holds_every_entry_oldest_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtonlab.fitting.hooks.PAGE", 4)
    await fill(house, 11)
    (file,) = [file async for file in house.fitting.hook.export(ANN)]
    assert file.name == "history.json"
    assert not isinstance(file.data, bytes)
    told = json.loads(b"".join([piece async for piece in file.data]))["history"]
    assert [entry["id"] for entry in told] == [f"{number:032x}" for number in range(11)]
    assert told[0]["parameters"] == {"seed": 0}
    assert not {"user_id", "mask_image", "layer_key"} & set(told[0])
    (empty,) = [file async for file in house.fitting.hook.export(BOB)]
    assert not isinstance(empty.data, bytes)
    assert json.loads(b"".join([piece async for piece in empty.data])) == {"history": []}


async def test_deleting_counts_and_leaves_others_alone(house: House) -> None:
    await fill(house, 5)
    await fill(house, 2, BOB, first=100)

    async def work(session: AsyncSession) -> dict[str, int]:
        return await house.fitting.hook.delete(session, ANN)

    assert await house.database.write(work) == {"fittings": 5}
    async with house.database.read() as session:
        assert await repository.count(session, ANN) == 0
        assert await house.fitting.hook.usage(session, BOB) == {"fittings": 2}


async def test_a_guests_fittings_become_the_users(house: House) -> None:
    person, top, trousers = await house.wardrobe()
    asked = order(person, top, trousers, engine="single")
    fitted = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, asked)).task_id)

    async def merge(session: AsyncSession) -> None:
        await ownership.hand_over(session, ANN, BOB, house.storage)
        await house.tasks.hook.merge(session, ANN, BOB)
        await house.fitting.hook.merge(session, ANN, BOB)

    await house.database.write(merge)
    assert (await house.fitting.history(ANNS)).total == 0
    (item,) = (await house.fitting.history(BOBS)).items
    assert item.entry.id == fitted.entry.id
    assert item.picture is not None
    assert await house.fitting.mask(BOBS, fitted.entry.id)
    again = await house.fitting.wait(BOBS, fitted.task_id)
    assert again.data == fitted.data
    assert again.picture.user_id == BOB
    async with house.database.read() as session:
        told = [change for change in await journal.read(session, BOB) if change.entity == "history"]
    assert [(change.action, change.entity_id) for change in told] == [("create", fitted.entry.id)]
    assert told[0].fields["result_image_id"] == fitted.picture.id


async def test_an_account_that_goes_takes_its_history_along(house: House) -> None:
    await fill(house, 3)

    async def work(session: AsyncSession) -> None:
        await session.delete(await session.get(User, ANN))

    await house.database.write(work)
    assert await house.rows() == []
