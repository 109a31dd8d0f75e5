"""Outfits: in one run where the engine can, else the lower garment first and the upper one on that picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.fitting.engines import Script
from tests.unit.fitting.house import ANN, ANNS, BLUE, GREEN, RED, SKIN, House, open_house, order, plain
from tests.unit.library.arriving import decode

from vtonlab.db.database import Database
from vtonlab.engines.contract import GarmentKind
from vtonlab.errors import BadOption, ContentRefused, EngineFailed, EngineUnavailable
from vtonlab.fitting.history import Fitted
from vtonlab.library.companions import Companion, companion_key
from vtonlab.remote.models import Departure
from vtonlab.tasks.models import Status

pytestmark = pytest.mark.anyio
UPPER, LOWER = GarmentKind.UPPER, GarmentKind.LOWER


async def fit(house: House, *pictures, **more) -> Fitted:
    return await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(*pictures, **more))).task_id)


def colours(fitted: Fitted) -> tuple[tuple[int, ...], ...]:
    """At the top, the upper and the lower garment."""
    image = decode(fitted.data)
    return tuple(tuple(int(value) for value in image[row, 75]) for row in (10, 75, 125))


async def test_an_engine_that_can_is_asked_once(house: House, script: Script) -> None:
    person, top, trousers = await house.wardrobe()
    fitted = await fit(house, person, top, trousers)
    assert len(script.calls) == 1
    assert script.calls[0][1].lower is not None
    assert colours(fitted) == (SKIN, RED, BLUE)
    assert fitted.entry.layer_key is None
    assert fitted.entry.lower_image == trousers.filename
    assert not [key for key in await house.keys() if "/layers/" in key]


async def test_an_engine_that_cannot_is_asked_twice_the_lower_garment_first(house: House, script: Script) -> None:
    person, top, trousers = await house.wardrobe()
    fitted = await fit(house, person, top, trousers, engine="single", description="a red shirt")
    assert [(request.kind, request.description) for _, request in script.calls] == [(LOWER, ""), (UPPER, "a red shirt")]
    assert tuple(script.calls[1][1].person[125, 75]) == BLUE
    assert colours(fitted) == (SKIN, RED, BLUE)
    mask = decode(await house.fitting.mask(ANNS, fitted.entry.id))
    assert [int(mask[row, 75, 0]) for row in (10, 75, 125)] == [0, 255, 255]
    assert fitted.entry.layer_key is not None
    assert fitted.entry.notes == [{"code": "tested", "level": "info", "en": "A test.", "zh-CN": "测试。"}]


async def test_only_the_changed_layer_is_made_again(house: House, script: Script) -> None:
    person, top, trousers = await house.wardrobe()
    green = await house.add(plain(GREEN))
    await fit(house, person, top, trousers, engine="single")
    script.calls.clear()
    fitted = await fit(house, person, green, trousers, engine="single")
    assert [request.kind for _, request in script.calls] == [UPPER]
    assert colours(fitted) == (SKIN, GREEN, BLUE)
    mask = decode(await house.fitting.mask(ANNS, fitted.entry.id))
    assert [int(mask[row, 75, 0]) for row in (10, 75, 125)] == [0, 255, 255]
    script.calls.clear()
    await fit(house, person, top, green, engine="single")
    assert [request.kind for _, request in script.calls] == [LOWER, UPPER]
    script.calls.clear()
    await fit(house, person, top, trousers, engine="single", options={"seed": 3})
    assert [request.kind for _, request in script.calls] == [LOWER, UPPER]


async def test_a_layer_that_is_gone_is_made_again(house: House, script: Script) -> None:
    person, top, trousers = await house.wardrobe()
    first = await fit(house, person, top, trousers, engine="single")
    (layer,) = [key for key in await house.keys() if "/layers/" in key]
    await house.storage.delete(layer)
    script.calls.clear()
    second = await fit(house, person, top, trousers, engine="single")
    assert len(script.calls) == 2
    await house.library.trash(ANN, [first.picture.id, second.picture.id])
    await house.library.empty_trash(ANNS)
    script.calls.clear()
    await fit(house, person, top, trousers, engine="single")
    assert len(script.calls) == 2


async def test_the_layer_goes_with_its_picture(house: House, script: Script) -> None:
    person, top, trousers = await house.wardrobe()
    fitted = await fit(house, person, top, trousers, engine="single")
    (row,) = [image for image in await house.rows() if image.id == fitted.entry.id]
    assert row.mask_image is not None
    assert await house.storage.load(row.mask_image.replace("/masks/", "/layers/"))
    report = await house.sweep.run(alone=True)
    assert report.orphans == 0


async def test_one_mask_does_not_do_for_two_runs(house: House, script: Script) -> None:
    person, top, trousers = await house.wardrobe()
    with pytest.raises(BadOption):
        await fit(house, person, top, trousers, engine="single", mask_image=person.id)


async def test_elsewhere_every_run_is_bought_once(house: House, script: Script) -> None:
    person, top, trousers = await house.wardrobe()
    script.fail_after_buying = [EngineFailed(engine="far")]
    task = await house.fitting.ask(ANNS, order(person, top, trousers, engine="far"))
    fitted = await house.fitting.wait(ANNS, task.task_id)
    assert script.bought == ["job-1", "job-2"]
    assert script.polled == ["job-1", "job-1", "job-2"]
    assert colours(fitted) == (SKIN, RED, BLUE)
    ended = await house.task(task.task_id)
    assert (ended.remote_id, ended.state) == ("job-2", {"first_run": "job-1"})
    assert [(row.host, row.task_id) for row in await house.rows(Departure)] == [("far.example", task.task_id)] * 2


async def test_a_failure_in_the_second_run_buys_neither_again(house: House, script: Script) -> None:
    person, top, trousers = await house.wardrobe()
    script.errors = [None, EngineFailed(engine="far")]
    task = await house.fitting.ask(ANNS, order(person, top, trousers, engine="far"))
    (ended,) = await house.until_ended(task.task_id)
    assert ended.status == Status.SUCCEEDED
    assert script.bought == ["job-1", "job-2"]
    assert script.polled == ["job-1", "job-2", "job-1", "job-2"]


async def test_a_first_run_that_somebody_else_made_meanwhile_leaves_its_job_alone(
    database: Database, tmp_path: Path, script: Script
) -> None:
    script.errors = [EngineFailed(engine="far")]
    async with open_house(database, tmp_path, back_off=3.0) as house:
        person, top, trousers = await house.wardrobe()
        green = await house.add(plain(GREEN))
        cut_off = await house.fitting.ask(ANNS, order(person, top, trousers, engine="far"))
        await script.until_polled()
        await fit(house, person, green, trousers, engine="far")
        fitted = await house.fitting.wait(ANNS, cut_off.task_id)
        assert (await house.task(cut_off.task_id)).state == {"first_run": ""}
    assert colours(fitted) == (SKIN, RED, BLUE)
    # The first one's own job for the trousers is not taken for its job for the top.
    assert script.bought == ["job-1", "job-2", "job-3", "job-4"]
    assert script.polled[-1] == "job-4"


async def test_what_was_refused_for_good_is_asked_anew_when_somebody_tries_again(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    script.fail_after_buying = [ContentRefused(engine="far")]
    task = await house.fitting.ask(ANNS, order(person, top, engine="far"))
    with pytest.raises(ContentRefused):
        await house.fitting.wait(ANNS, task.task_id)
    await house.tasks.retry(ANNS, task.task_id)
    await house.fitting.wait(ANNS, task.task_id)
    assert script.bought == ["job-1", "job-2"]


async def test_a_job_elsewhere_outlives_the_server(database: Database, tmp_path: Path, script: Script) -> None:
    script.seconds = 30
    async with open_house(database, tmp_path) as house:
        person, top, _ = await house.wardrobe()
        task = await house.fitting.ask(ANNS, order(person, top, engine="far"))
        await script.until_polled()
    script.seconds = 0.0
    async with open_house(database, tmp_path) as house:
        fitted = await house.fitting.wait(ANNS, task.task_id)
    assert script.bought == ["job-1"]
    assert script.polled == ["job-1", "job-1"]
    assert fitted.entry.engine == "far"


async def test_a_service_that_is_not_there_is_told_of_at_once(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    script.fail_after_buying = [EngineUnavailable(engine="far")]
    task = await house.fitting.ask(ANNS, order(person, top, engine="far"))
    with pytest.raises(EngineUnavailable) as told:
        await house.fitting.wait(ANNS, task.task_id)
    assert told.value.say("zh-CN") == EngineUnavailable(engine="far").say("zh-CN")
    assert (await house.task(task.task_id)).attempts == 1


async def test_a_service_that_dies_in_mid_job_is_waited_for(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    script.errors = [EngineUnavailable(engine="far"), EngineUnavailable(engine="far")]
    task = await house.fitting.ask(ANNS, order(person, top, engine="far"))
    await house.fitting.wait(ANNS, task.task_id)
    assert (await house.task(task.task_id)).attempts == 3
    assert script.bought == ["job-1"]


async def test_several_wait_at_once_elsewhere_and_one_computes_here(
    database: Database, tmp_path: Path, script: Script
) -> None:
    script.seconds = 0.5
    async with open_house(database, tmp_path, runs=False, workers=1, remote_workers=4, remote_budget=0) as house:
        person, top, _ = await house.wardrobe()
        for engine, most in (("far", 4), ("single", 1)):
            script.most_at_once = 0
            for _ in range(most + 1):
                await house.fitting.ask(ANNS, order(person, top, engine=engine))
            await house.tasks.start()
            await house.until_all_ended()
            await house.tasks.stop()
            assert script.most_at_once == most


async def test_the_places_of_an_engine_can_be_set(database: Database, tmp_path: Path, script: Script) -> None:
    script.seconds = 0.2
    async with open_house(database, tmp_path, engine_concurrency={"far": 2}, remote_budget=0) as house:
        person, top, _ = await house.wardrobe()
        for _ in range(5):
            await house.fitting.ask(ANNS, order(person, top, engine="far"))
        await house.until_all_ended()
        assert script.most_at_once == 2
        assert companion_key(person.storage_key, Companion.ANALYSES) not in await house.keys()
