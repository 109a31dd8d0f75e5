"""Everybody in everything: one group that can be cancelled as one, and in which nobody is left waiting for others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.fitting.engines import Script
from tests.unit.fitting.house import ANN, ANNS, BOB, BOBS, House, open_house, order, plain

from vtonlab.db.database import Database
from vtonlab.engines.contract import GarmentKind
from vtonlab.errors import BadOption, Conflict, NotThere
from vtonlab.fitting.orders import MOST_PAIRS, Matrix
from vtonlab.tasks.models import Status, Task

pytestmark = pytest.mark.anyio


async def people_and_clothes(house: House, people: int, clothes: int, user: str = ANN) -> Matrix:
    humans = [await house.add(plain((200, 180, 10 * n), 200, 150), "char", user) for n in range(people)]
    garments = [await house.add(plain((10 * n, 30, 40)), "clothes", user) for n in range(clothes)]
    return Matrix(tuple(one.id for one in humans), tuple(one.filename for one in garments))


async def test_every_pair_becomes_a_task_of_one_group(house: House, script: Script) -> None:
    matrix = await people_and_clothes(house, 2, 3)
    group = await house.fitting.ask_matrix(ANNS, matrix)
    await house.until_ended(group.task_id)
    listed = await house.tasks.get(ANNS, group.task_id)
    assert (listed.task.status, listed.task.progress) == (Status.SUCCEEDED, 1.0)
    assert len(listed.children or []) == 6
    assert len(listed.task.parameters["human_images"]) == 2
    assert len(listed.task.parameters["garment_images"]) == 3
    made = {(row.human_image_id, row.garment_image) for row in await house.rows()}
    assert made == {(human, garment) for human in matrix.human_images for garment in matrix.garment_images}
    assert sorted(script.analysed) == ["garment auto"] * 3 + ["person"] * 2
    with pytest.raises(NotThere):
        await house.fitting.wait(ANNS, group.task_id)


async def test_a_group_is_cancelled_as_one(house: House, script: Script) -> None:
    script.seconds = 30
    group = await house.fitting.ask_matrix(ANNS, await people_and_clothes(house, 2, 3))
    await script.until_called()
    await house.tasks.cancel(ANNS, group.task_id)
    await house.until_all_ended(10)
    assert {task.status for task in await house.rows(Task) if not task.is_hidden} == {Status.CANCELLED}
    assert await house.rows() == []
    assert script.at_once == 0


async def test_a_matrix_asked_for_twice_is_one(database: Database, tmp_path: Path, script: Script) -> None:
    async with open_house(database, tmp_path, runs=False) as house:
        matrix = await people_and_clothes(house, 2, 2)
        first = await house.fitting.ask_matrix(ANNS, matrix, idempotency_key="k" * 80)
        again = await house.fitting.ask_matrix(ANNS, matrix, idempotency_key="k" * 80)
        assert again.task_id == first.task_id
        assert len([task for task in await house.rows(Task) if not task.is_hidden]) == 5
        with pytest.raises(Conflict):
            await house.fitting.ask_matrix(ANNS, replace(matrix, kind=GarmentKind.UPPER), idempotency_key="k" * 80)


async def test_the_same_picture_twice_is_one_pair(database: Database, tmp_path: Path, script: Script) -> None:
    async with open_house(database, tmp_path, runs=False) as house:
        person, top, _ = await house.wardrobe()
        matrix = Matrix((person.id, person.filename), (top.id, top.id))
        group = await house.fitting.ask_matrix(ANNS, matrix)
        assert len((await house.tasks.get(ANNS, group.task_id)).children or []) == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"human_images": ()}, BadOption),
        ({"garment_images": ()}, BadOption),
        ({"garment_images": ("nothing",)}, NotThere),
        ({"options": {"colour": "red"}}, BadOption),
        ({"human_images": tuple(str(n) for n in range(MOST_PAIRS + 1))}, BadOption),
    ],
)
async def test_what_cannot_be_done_is_refused_whole(
    house: House, script: Script, change: dict[str, Any], error: type[Exception]
) -> None:
    matrix = await people_and_clothes(house, 1, 1)
    with pytest.raises(error):
        await house.fitting.ask_matrix(ANNS, replace(matrix, **change))
    assert [task for task in await house.rows(Task) if not task.is_hidden] == []


async def test_one_picture_that_is_missing_refuses_all(house: House, script: Script) -> None:
    matrix = await people_and_clothes(house, 1, 2)
    with pytest.raises(NotThere):
        await house.fitting.ask_matrix(ANNS, replace(matrix, garment_images=(*matrix.garment_images, "nothing")))
    assert [task for task in await house.rows(Task) if not task.is_hidden] == []


async def test_who_asks_for_one_does_not_wait_for_who_asks_for_many(
    database: Database, tmp_path: Path, script: Script
) -> None:
    script.seconds = 0.03
    async with open_house(database, tmp_path, workers=1) as house:
        many = await house.fitting.ask_matrix(ANNS, await people_and_clothes(house, 3, 4))
        await script.until_called()
        person, top, trousers = await house.wardrobe(BOB)
        tasks = [await house.fitting.ask(BOBS, order(person, garment)) for garment in (top, trousers)]
        await house.until_all_ended()
        begun = [task for task in await house.rows(Task) if task.claimed_at is not None]
        asked_at = min(task.created_at for task in begun if task.user_id == BOB)
        assert {task.task_id for task in begun if task.user_id == BOB} == {task.task_id for task in tasks}
        assert sum(task.parent_id == many.task_id for task in begun) == 12
        begun.sort(key=lambda task: task.claimed_at or task.created_at)
        users = [task.user_id for task in begun]
        before = sum(task.claimed_at is not None and task.claimed_at < asked_at for task in begun)
        # Bob's two come in turn with Ann's, most of which were in line long before.
        places = [place for place, user in enumerate(users) if user == BOB]
        assert places[0] <= before + 1
        assert places[1] <= before + 3
