"""From the order to the picture in the library: what is refused, what is told, what is kept."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from tests.unit.fitting.engines import Script
from tests.unit.fitting.house import (
    ANN,
    ANNS,
    BOB,
    BOBS,
    RED,
    SKIN,
    House,
    caller,
    open_house,
    order,
    plain,
)
from tests.unit.library.arriving import decode, encode

from vtonlab.accounts.caller import GUEST, Caller, CallerKind
from vtonlab.db import journal
from vtonlab.db.database import Database
from vtonlab.engines.contract import GarmentKind
from vtonlab.errors import (
    BadOption,
    BadRequest,
    Cancelled,
    Conflict,
    ContentRefused,
    EngineBusy,
    EngineNotSetUp,
    EngineTimeout,
    ImageTooSmall,
    NoRoomLeft,
    NotAllowed,
    NotForCommerce,
    NotThere,
    SignInNeeded,
    UnknownEngine,
    VtonError,
    WrongKind,
)
from vtonlab.fitting.orders import Layer, Order
from vtonlab.imaging.provenance import SourceType, read_source_type
from vtonlab.library.models import Image
from vtonlab.tasks.models import Status, Task
from vtonlab.tasks.schemas import describe

pytestmark = pytest.mark.anyio


async def test_a_fitting_goes_from_the_order_to_the_picture(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    task = await house.fitting.ask(ANNS, order(person, top))
    fitted = await house.fitting.wait(ANNS, task.task_id)
    image = decode(fitted.data)
    assert image.shape == (200, 150, 3)
    assert tuple(image[75, 75]) == RED
    assert tuple(image[150, 75]) == SKIN
    entry = fitted.entry
    names = (entry.human_image, entry.garment_image, entry.result_image)
    assert names == (person.filename, top.filename, fitted.picture.filename)
    assert (entry.engine, entry.confidence, entry.task_id) == ("painter", 0.75, task.task_id)
    assert fitted.picture.category == "vton_results"
    shown = {"image_id": fitted.picture.id, "width": 150, "height": 200}
    link = f"/api/user/ann/images/vton_results/{entry.result_image}?v={fitted.picture.content_hash[:12]}"
    assert (await house.task(task.task_id)).result == {
        "images": [shown | {"url": link}],
        "image_id": fitted.picture.id,
        "vton_id": entry.id,
        "confidence": 0.75,
        "notes": [{"code": "tested", "level": "info", "en": "A test.", "zh-CN": "测试。"}],
    }
    assert (await house.task(task.task_id)).image_id == fitted.picture.id
    mask = decode(await house.fitting.mask(ANNS, entry.id))
    assert (mask[75, 75] == 255).all()
    assert (mask[150, 75] == 0).all()
    page = await house.fitting.history(ANNS, 1, 20)
    assert [item.entry.id for item in page.items] == [entry.id]
    assert (page.total, page.has_next, page.has_prev) == (1, False, False)
    async with house.database.read() as session:
        changes = [(c.entity, c.action, c.entity_id) for c in await journal.read(session, ANN)]
    assert changes[-2:] == [("image", "create", fitted.picture.id), ("history", "create", entry.id)]
    assert await house.library.picture_of_history(ANN, entry.id) == fitted.picture.id


async def test_the_file_says_how_it_was_made_and_is_known_as_if_it_had_come_in(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    fitted = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(person, top))).task_id)
    assert read_source_type(fitted.data) == SourceType.COMPOSITE.uri
    again = await house.add(fitted.data, "char", BOB)
    (kept,) = [row for row in await house.rows(Image) if row.id == fitted.picture.id]
    assert again.thumbhash == kept.thumbhash
    assert again.look == kept.look
    assert again.colour == kept.colour
    thumbnails = [key for key in await house.keys() if "vton_results/thumbnails" in key]
    assert len(thumbnails) == 2
    for key in thumbnails:
        assert decode(await house.storage.load(key)).shape == (200, 150, 3)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"engine": "nobody"}, UnknownEngine),
        ({"engine": "unset"}, EngineNotSetUp),
        ({"layers": (Layer("nothing"),)}, NotThere),
        ({"layers": (Layer("../../etc/passwd"),)}, NotThere),
        ({"human_image": "nothing"}, NotThere),
        ({"layers": ()}, BadOption),
        ({"options": {"colour": "red"}}, BadOption),
        ({"options": {"denoise_steps": 51}}, BadOption),
        ({"options": {"denoise_steps": 0}}, BadOption),
        ({"options": {"denoise_steps": "25"}}, BadOption),
        ({"options": {"auto_mask": 1}}, BadOption),
        ({"options": {"seed": 1.5}}, BadOption),
        ({"options": {"seed": 2**70}}, BadOption),
        ({"engine": "single", "options": {"strength": "much"}}, BadOption),
        ({"mask_image": "nothing"}, BadOption),
        ({"engine": "single", "mask_image": "nothing"}, NotThere),
    ],
)
async def test_what_cannot_be_done_is_refused_before_it_stands_in_line(
    house: House, script: Script, change: dict[str, Any], error: type[VtonError]
) -> None:
    person, top, _ = await house.wardrobe()
    with pytest.raises(error):
        await house.fitting.ask(ANNS, replace(order(person, top), **change))
    assert [task for task in await house.rows(Task) if not task.is_hidden] == []


async def test_an_engine_that_is_not_set_up_names_its_setting(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    with pytest.raises(EngineNotSetUp) as refused:
        await house.fitting.ask(ANNS, order(person, top, engine="unset"))
    assert "VTONLAB_UNSET_URL" in refused.value.advise()


async def test_outfits_are_an_upper_and_a_lower_garment(house: House, script: Script) -> None:
    person, top, trousers = await house.wardrobe()
    wrong = (Layer(top.id, GarmentKind.LOWER), Layer(trousers.id, GarmentKind.UPPER))
    with pytest.raises(WrongKind):
        await house.fitting.ask(ANNS, Order(person.id, wrong))
    with pytest.raises(BadOption):
        await house.fitting.ask(ANNS, order(person, top, trousers, top))


async def test_a_commercial_installation_refuses_what_its_licence_forbids(
    database: Database, tmp_path: Path, script: Script
) -> None:
    async with open_house(database, tmp_path, commercial=True) as house:
        person, top, _ = await house.wardrobe()
        with pytest.raises(NotForCommerce, match=r"NC-1\.0"):
            await house.fitting.ask(ANNS, order(person, top, engine="far"))
        await house.fitting.ask(ANNS, order(person, top))


async def test_others_pictures_are_not_there_and_who_may_not_is_refused(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    with pytest.raises(NotThere):
        await house.fitting.ask(BOBS, order(person, top))
    with pytest.raises(NotAllowed):
        await house.fitting.ask(caller(ANN, "viewer"), order(person, top))
    with pytest.raises(SignInNeeded):
        await house.fitting.ask(Caller(CallerKind.STRANGER, None), order(person, top))
    guest = Caller(CallerKind.GUEST, ANN, permissions=GUEST)
    fitted = await house.fitting.wait(guest, (await house.fitting.ask(guest, order(person, top))).task_id)
    for ask in (house.fitting.item, house.fitting.entry, house.fitting.mask):
        with pytest.raises(NotThere):
            await ask(BOBS, fitted.entry.id)
    assert (await house.fitting.history(BOBS, 1, 20)).items == []
    assert (await house.fitting.history(Caller(CallerKind.STRANGER, None), 1, 20)).total == 0
    with pytest.raises(NotThere):
        await house.fitting.wait(BOBS, fitted.task_id)


async def test_older_clients_may_send_options_that_an_engine_does_not_have(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    sent = {"auto_mask": True, "auto_crop": True, "denoise_steps": 15, "seed": None, "colour": "red"}
    asked = order(person, top, options=sent, description="a shirt", mask_image="nothing", strict=False)
    fitted = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, asked)).task_id)
    assert script.calls[-1][1].options == {}
    assert script.calls[-1][1].description == ""
    told = fitted.entry.parameters
    assert told == {
        "auto_mask": True,
        "auto_crop": True,
        "denoise_steps": 15,
        "seed": -1,
        "garment_kind": "auto",
    }
    assert isinstance(fitted.entry.processing_time, float)


async def test_options_reach_the_engine_that_has_them(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    options = {"denoise_steps": 40, "seed": 7, "strength": 0.5}
    asked = order(person, top, engine="single", options=options, description="a shirt")
    fitted = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, asked)).task_id)
    assert script.calls[-1][1].options == options
    assert script.calls[-1][1].description == "a shirt"
    assert fitted.entry.parameters["garment_description"] == "a shirt"
    assert {name: fitted.entry.parameters[name] for name in options} == options


async def test_a_mask_comes_in_the_photos_size_white_where_it_shows_white(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    drawn = np.zeros((100, 75, 4), np.uint8)
    drawn[:, :, :3] = 255
    drawn[50:, :, 3] = 255
    mask = await house.add(encode(Pillow.fromarray(drawn), "PNG"), "char")
    asked = order(person, top, engine="single", mask_image=mask.id)
    await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, asked)).task_id)
    given = script.calls[-1][1].mask
    assert given is not None
    assert given.shape == (200, 150)
    assert given[20, 70] == 0
    assert given[180, 70] == 255


def draw(width: int, height: int, rows: slice = slice(0)) -> Pillow.Image:
    """A brush's canvas: transparent, white where ``rows`` were painted."""
    drawn = np.zeros((height, width, 4), np.uint8)
    drawn[rows] = 255
    return Pillow.fromarray(drawn)


def as_data_url(mask: Pillow.Image, kind: str = "png") -> str:
    return f"data:image/{kind};base64," + base64.b64encode(encode(mask, kind.upper())).decode()


async def test_a_drawn_mask_goes_with_the_task_and_into_no_library(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    pictures, keys = len(await house.rows(Image)), await house.keys()
    asked = order(person, top, engine="single", mask_image=as_data_url(draw(3000, 4000, slice(2000, 4000))))
    task = await house.fitting.ask(ANNS, asked)
    fitted = await house.fitting.wait(ANNS, task.task_id)
    given = script.calls[-1][1].mask
    assert given is not None
    assert given.shape == (200, 150)
    assert (given[:95] == 0).all()
    assert (given[105:] == 255).all()
    assert len(await house.rows(Image)) == pictures + 1
    assert {key for key in await house.keys() - keys if "/masks/" in key} == {fitted.entry.mask_image}
    told = describe(await house.task(task.task_id), "en").parameters
    assert told["mask_image"] is None
    assert not any(name.startswith("_") for name in told)
    assert len(json.dumps(task.parameters)) < 3_000
    again = await house.fitting.ask(ANNS, asked, idempotency_key="k")
    assert (await house.fitting.ask(ANNS, asked, idempotency_key="k")).task_id == again.task_id
    await house.until_all_ended()


@pytest.mark.parametrize(
    "mask",
    [
        as_data_url(draw(150, 200)),
        as_data_url(draw(200, 150, slice(50))),
        as_data_url(draw(8, 10, slice(5))),
        as_data_url(draw(150, 200, slice(9)).convert("RGB"), "jpeg").replace("jpeg", "png"),
        as_data_url(draw(150, 200, slice(9)).convert("RGB"), "jpeg"),
        as_data_url(draw(150, 200, slice(9)))[:120],
        "data:image/png;base64,",
        "data:image/png;base64,????",
        "data:image/png;base64," + "A" * 6_000_000,
        "data:,",
        "data:image/png;base64,é",
    ],
    ids=["nothing", "other shape", "tiny", "a JPEG", "called JPEG", "cut", "empty", "no base64", "large", "other", "é"],
)
async def test_a_drawn_mask_that_cannot_be_used_is_refused(house: House, script: Script, mask: str) -> None:
    person, top, _ = await house.wardrobe()
    with pytest.raises(BadOption) as caught:
        await house.fitting.ask(ANNS, order(person, top, engine="single", mask_image=mask))
    assert caught.value.values["option"] == "mask_image"
    assert {task.kind for task in await house.rows(Task)} == {"upload"}


async def test_the_same_key_is_the_same_fitting(house: House, script: Script) -> None:
    person, top, trousers = await house.wardrobe()
    tasks = await asyncio.gather(*(house.fitting.ask(ANNS, order(person, top), idempotency_key="k") for _ in range(4)))
    assert len({task.task_id for task in tasks}) == 1
    with pytest.raises(Conflict):
        await house.fitting.ask(ANNS, order(person, trousers), idempotency_key="k")
    await house.until_all_ended()
    assert len(await house.rows()) == 1


async def test_a_failure_is_told_with_its_own_code_status_and_words(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    script.errors.append(ContentRefused(engine="painter {0}"))
    task = await house.fitting.ask(ANNS, order(person, top))
    with pytest.raises(ContentRefused) as told:
        await house.fitting.wait(ANNS, task.task_id)
    error = ContentRefused(engine="painter {0}")
    assert (told.value.code, told.value.status, told.value.retryable) == (error.code, error.status, error.retryable)
    for language in ("en", "zh-CN"):
        assert told.value.say(language) == error.say(language)
        assert told.value.advise(language) == error.advise(language)
    assert await house.rows() == []
    assert not [key for key in await house.keys() if "vton_results" in key]


async def test_what_may_succeed_later_is_tried_again(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    script.errors.append(EngineBusy(engine="painter"))
    task = await house.fitting.ask(ANNS, order(person, top))
    fitted = await house.fitting.wait(ANNS, task.task_id)
    assert (await house.task(task.task_id)).attempts == 2
    assert len(script.calls) == 2
    assert len(await house.rows()) == 1
    assert fitted.entry.task_id == task.task_id


async def test_who_waits_too_long_is_told_and_the_task_goes_on(
    database: Database, tmp_path: Path, script: Script
) -> None:
    script.seconds = 0.6
    async with open_house(database, tmp_path, wait_seconds=0.1) as house:
        person, top, _ = await house.wardrobe()
        task = await house.fitting.ask(ANNS, order(person, top))
        with pytest.raises(EngineTimeout):
            await house.fitting.wait(ANNS, task.task_id)
        (ended,) = await house.until_ended(task.task_id)
        assert ended.status == Status.SUCCEEDED


async def test_who_goes_away_stops_waiting_and_nothing_else(house: House, script: Script) -> None:
    script.seconds = 0.4
    person, top, _ = await house.wardrobe()
    task = await house.fitting.ask(ANNS, order(person, top))
    waiting = asyncio.create_task(house.fitting.wait(ANNS, task.task_id))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert house.tasks.events._listeners == {}
    assert (await house.until_ended(task.task_id))[0].status == Status.SUCCEEDED


async def test_what_is_cancelled_stops_at_once_and_leaves_nothing(house: House, script: Script) -> None:
    script.seconds = 30
    person, top, _ = await house.wardrobe()
    task = await house.fitting.ask(ANNS, order(person, top))
    await script.until_called()
    waiting = asyncio.create_task(house.fitting.wait(ANNS, task.task_id))
    await house.tasks.cancel(ANNS, task.task_id)
    with pytest.raises(Cancelled):
        await asyncio.wait_for(waiting, 5)
    assert script.at_once == 0
    assert await house.rows() == []
    assert not [key for key in await house.keys() if "vton_results" in key]


async def test_a_picture_too_small_to_work_with_is_told(house: House, script: Script) -> None:
    person, _, _ = await house.wardrobe()
    dot = await house.add(plain(RED, 1, 1))
    task = await house.fitting.ask(ANNS, order(person, dot))
    with pytest.raises(ImageTooSmall, match=dot.filename):
        await house.fitting.wait(ANNS, task.task_id)


async def test_no_room_left_leaves_no_file(database: Database, tmp_path: Path, script: Script) -> None:
    async with open_house(database, tmp_path, runs=False) as first:
        person, top, _ = await first.wardrobe()
    async with open_house(database, tmp_path, quota_bytes=1) as house:
        task = await house.fitting.ask(ANNS, order(person, top))
        with pytest.raises(NoRoomLeft):
            await house.fitting.wait(ANNS, task.task_id)
        assert not [key for key in await house.keys() if "vton_results" in key]


async def test_results_never_exceed_what_a_photo_may_have_and_garments_are_read_smaller(
    database: Database, tmp_path: Path, script: Script
) -> None:
    async with open_house(database, tmp_path, max_side=6000) as house:
        person = await house.add(encode(np.full((5000, 500, 3), SKIN, np.uint8), "JPEG"), "char")
        top = await house.add(encode(np.full((3000, 300, 3), RED, np.uint8), "JPEG"))
        fitted = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(person, top))).task_id)
    request = script.calls[-1][1]
    assert request.person.shape == (4096, 410, 3)
    assert request.garment.shape == (2048, 205, 3)
    assert (fitted.picture.image_width, fitted.picture.image_height) == (410, 4096)


async def test_the_page_of_the_garment_is_carried_to_the_result(house: House, script: Script) -> None:
    person, _, trousers = await house.wardrobe()
    about = {"product": {"name": "Shirt", "price": "9"}, "imageContext": {"altText": "x"}}
    told: dict[str, Any] = {"page_url": "https://shop.example/1", "page_title": "A shirt", "context": about}
    top = await house.add(plain((9, 9, 9)), **told)
    for garments in ((top,), (top, trousers), (trousers, top)):
        fitted = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(person, *garments))).task_id)
        assert (fitted.entry.page_url, fitted.entry.page_title) == ("https://shop.example/1", "A shirt")
        assert (fitted.picture.page_url, fitted.picture.page_title) == ("https://shop.example/1", "A shirt")
        assert fitted.picture.context_info["product"] == {"name": "Shirt", "price": "9"}
        assert fitted.picture.context_info["category"] == "vton_results"
        assert fitted.picture.context_info["vton_id"] == fitted.entry.id


async def test_the_history_can_be_read_when_its_pictures_are_gone(house: House, script: Script) -> None:
    person, top, trousers = await house.wardrobe()
    first = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(person, top))).task_id)
    second = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(person, trousers))).task_id)
    gone = [person.id, top.id, first.picture.id]
    await house.library.trash(ANN, gone)
    page = await house.fitting.history(ANNS)
    assert [(item.entry.id, item.picture is None) for item in page.items] == [
        (second.entry.id, False),
        (first.entry.id, True),
    ]
    assert await house.library.empty_trash(ANNS) == 3
    await asyncio.sleep(0.05)
    page = await house.fitting.history(ANNS)
    assert page.items[1].entry.human_image == person.filename
    assert not page.items[1].has_mask
    with pytest.raises(NotThere):
        await house.fitting.mask(ANNS, first.entry.id)
    stem = first.entry.result_image.rpartition(".")[0]
    assert not [key for key in await house.keys() if stem in key]
    assert await house.fitting.mask(ANNS, second.entry.id)
    with pytest.raises(NotThere):
        await house.fitting.wait(ANNS, first.task_id)
    with pytest.raises(NotThere):
        await house.fitting.ask(ANNS, order(person, trousers))


async def test_a_picture_that_goes_while_its_task_waits_ends_it(
    database: Database, tmp_path: Path, script: Script
) -> None:
    async with open_house(database, tmp_path, runs=False) as house:
        person, top, _ = await house.wardrobe()
        task = await house.fitting.ask(ANNS, order(person, top))
        await house.library.trash(ANN, [top.id])
        await house.tasks.start()
        with pytest.raises(NotThere):
            await house.fitting.wait(ANNS, task.task_id)


async def test_history_goes_by_pages(house: House, script: Script) -> None:
    person, top, _ = await house.wardrobe()
    made = []
    for _ in range(5):
        fitted = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(person, top))).task_id)
        made.append(fitted.entry.id)
    pages = [await house.fitting.history(ANNS, number, 2) for number in (1, 2, 3, 4)]
    assert [[item.entry.id for item in page.items] for page in pages] == [made[:2:-1], made[2:0:-1], made[:1], []]
    assert [(page.has_prev, page.has_next) for page in pages] == [
        (False, True),
        (True, True),
        (True, False),
        (True, False),
    ]
    assert len((await house.fitting.history(ANNS, 0, 10**6)).items) == 5
    walked, cursor = [], pages[0].next_cursor
    newest = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(person, top))).task_id)
    while cursor:
        following = await house.fitting.history(ANNS, per_page=2, cursor=cursor)
        walked += [item.entry.id for item in following.items]
        cursor = following.next_cursor
    assert walked == made[2::-1], "neither skipped nor repeated, whatever came meanwhile"
    assert newest.entry.id == (await house.fitting.history(ANNS, 1, 1)).items[0].entry.id
    assert (await house.fitting.history(ANNS, per_page=6)).next_cursor is None
    for wrong in ("x", "é", "bnVsbA", "W10"):
        with pytest.raises(BadRequest):
            await house.fitting.history(ANNS, cursor=wrong)
    await house.library.favour(ANN, str((await house.rows())[0].result_image_id))
    assert sum(item.is_favorited for item in (await house.fitting.history(ANNS)).items) == 1


async def test_in_server_mode_local_engines_compute_in_processes_of_their_own(
    database: Database, tmp_path: Path
) -> None:
    async with open_house(database, tmp_path, mode="server", engine="sandbox", sandbox_on=True) as house:
        person, top, _ = await house.wardrobe()
        fitted = await house.fitting.wait(ANNS, (await house.fitting.ask(ANNS, order(person, top))).task_id)
        assert fitted.entry.engine == "sandbox"
        assert decode(fitted.data).shape == (200, 150, 3)
        assert [worker.is_alive for worker in house.tasks.runner.processes._idle] == [True]
