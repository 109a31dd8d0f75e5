"""One picture: from the request that really goes out to the signed entry in the library."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from tests.fakes.gemini import FakeGemini, colour_of, read_pictures, read_words
from tests.unit.generation.engines import SCRIPT
from tests.unit.generation.house import ANN, ANNS, BOBS, House, open_house, plain

from vtonlab.db.database import Database
from vtonlab.db.journal import Change
from vtonlab.errors import LANGUAGES, Conflict, EngineUnavailable, NoPicture, PromptRefused
from vtonlab.imaging.manifest import read_manifest
from vtonlab.library.models import Image
from vtonlab.remote.models import Departure
from vtonlab.tasks.models import Status

pytestmark = pytest.mark.anyio


def config_of(body: dict[str, Any]) -> dict[str, Any]:
    return dict(body["generationConfig"])


@pytest.mark.parametrize(
    ("asked", "ratio", "size"),
    [("1:1", "1:1", None), ("6:9", "2:3", None), ("21:9", "21:9", "2K"), ("9:16", "9:16", "4K")],
)
async def test_shape_and_size_are_really_sent(
    house: House, fake: FakeGemini, asked: str, ratio: str, size: str | None
) -> None:
    task = await house.draw("a red coat", aspect_ratio=asked, resolution=size or "1K")
    assert task.status == Status.SUCCEEDED, task.error
    (body,) = fake.requests
    sent = config_of(body)["imageConfig"]
    assert (sent["aspectRatio"], sent.get("imageSize")) == (ratio, size)
    assert task.parameters["aspect_ratio"] == asked
    (told,) = task.result["images"]
    (image,) = await house.rows()
    assert (told["width"], told["height"]) == (image.image_width, image.image_height)
    wide, high = map(int, ratio.split(":"))
    assert told["width"] / told["height"] == pytest.approx(wide / high, rel=0.06)


async def test_seed_model_words_and_references_are_really_sent(house: House, fake: FakeGemini) -> None:
    shirt, coat = await house.add(plain((200, 30, 40))), await house.add(plain((30, 40, 200)))
    task = await house.draw(
        "两件衣服放在一起",
        reference_images=(coat.filename, shirt.id),
        model="gemini-3-pro-image",
        negative_prompt="text",
        seed=77,
    )
    assert task.status == Status.SUCCEEDED, task.error
    (body,) = fake.requests
    assert config_of(body)["seed"] == 77
    assert "两件衣服放在一起" in read_words(body)
    assert "text" in read_words(body)
    colours = [np.asarray(Pillow.open(io.BytesIO(data)))[40, 40] for data in read_pictures(body)]
    assert [int(colour.argmax()) for colour in colours] == [2, 0], "the coat first, then the shirt"
    assert "/models/gemini-3-pro-image:generateContent" in fake.seen[0].path
    assert task.parameters["reference_images"] == [coat.id, shirt.id]
    assert task.result["model"] == "gemini-3-pro-image"


async def test_without_a_seed_none_is_sent(house: House, fake: FakeGemini) -> None:
    await house.draw()
    assert "seed" not in config_of(fake.requests[0])


async def test_the_picture_is_a_signed_entry_of_the_library(house: House, fake: FakeGemini) -> None:
    task = await house.draw("a red coat", seed=3, aspect_ratio="3:4")
    (image,) = await house.rows()
    assert task.image_id == task.result["image_id"] == image.id
    assert task.result["provider"] == "gemini"
    assert task.result["price"] == pytest.approx(0.05)
    assert (image.user_id, image.category, image.page_title) == (ANN, "generated", "a red coat")
    context = image.context_info
    assert context["category"] == "generated"
    assert context["source_type"] == "trainedAlgorithmicMedia"
    assert {name: context[name] for name in ("prompt", "provider", "model", "aspect_ratio", "resolution", "seed")} == {
        "prompt": "a red coat",
        "provider": "gemini",
        "model": "gemini-nano-banana-2.1",
        "aspect_ratio": "3:4",
        "resolution": "1K",
        "seed": 3,
    }
    assert context["task_id"] == task.task_id
    data = await house.storage.load(image.storage_key)
    manifest = read_manifest(data)
    assert manifest is not None
    assert str(manifest.source_type).endswith("/trainedAlgorithmicMedia")
    assert np.abs((await house.picture(image.id))[-20, 20].astype(int) - colour_of("a red coat")).max() < 6
    assert len(await house.keys()) == 3, "the picture and its thumbnails"
    (noted,) = [change for change in await house.rows(Change) if change.entity == "image"]
    assert (noted.user_id, noted.entity_id, noted.action) == (ANN, image.id, "create")


async def test_what_leaves_is_written_down_with_its_price(house: House, fake: FakeGemini) -> None:
    shirt = await house.add(plain((200, 30, 40)))
    task = await house.draw("a coat", reference_images=(shirt.id,), resolution="4K")
    (departure,) = await house.rows(Departure)
    assert (departure.user_id, departure.pictures, departure.task_id) == (ANN, 1, task.task_id)
    assert departure.price == pytest.approx(0.10)
    assert task.result["price"] == pytest.approx(0.10)


WORDS = {
    "blocked": "prompt_refused",
    "unsafe kind": "prompt_refused",
    "nothing": "no_picture",
    "words": "no_picture",
    "noise": "no_picture",
    "lose": "answer_lost",
    "forbidden": "key_refused",
    "bad request": "bad_option",
}


async def test_whatever_the_service_answers_is_told_apart(house: House, fake: FakeGemini) -> None:
    fake.by_prompt.update({f"coat {word}!": word for word in WORDS})
    ended = await asyncio.gather(*(house.draw(f"coat {word}!") for word in WORDS))
    assert [task.status for task in ended] == [Status.FAILED] * len(WORDS)
    assert {task.parameters["prompt"][5:-1]: task.error["code"] for task in ended} == WORDS
    assert all(task.error[language][part] for task in ended for language in LANGUAGES for part in ("message", "hint"))
    assert fake.asked == len(WORDS), "nothing is asked twice"
    fake.answers.append("day is over")
    assert (await house.draw()).error["code"] == "quota_exceeded"
    assert await house.rows() == []
    assert await house.keys() == set()


async def test_a_service_in_trouble_is_asked_again_and_paid_once(house: House, fake: FakeGemini) -> None:
    fake.answers.extend(["trouble", "overloaded", "too fast"])
    task = await house.draw()
    assert task.status == Status.SUCCEEDED, task.error
    assert (fake.asked, fake.bought) == (4, 1)


async def test_a_service_that_stays_in_trouble_is_given_up(house: House, fake: FakeGemini) -> None:
    fake.by_prompt["coat"] = "trouble"
    task = await house.draw()
    assert (task.status, task.error["code"]) == (Status.FAILED, "service_trouble")
    assert fake.asked == task.failures == 5
    assert fake.bought == 0


async def test_a_service_that_hangs_is_not_paid_twice(database: Database, tmp_path: Path, fake: FakeGemini) -> None:
    fake.by_prompt["coat"] = "hang"
    async with open_house(database, tmp_path, fake, gemini_seconds=0.3) as house:
        task = await house.draw()
    assert task.status == Status.FAILED
    assert task.error["code"] in {"engine_timeout", "answer_lost"}
    assert fake.bought == 1


async def test_a_server_that_stops_in_mid_work_does_not_pay_twice(
    database: Database, tmp_path: Path, fake: FakeGemini
) -> None:
    fake.by_prompt["coat"] = "hang"
    async with open_house(database, tmp_path, fake) as house:
        task = await house.ask()
        async with asyncio.timeout(10):
            while not fake.bought:  # noqa: ASYNC110 - another thread's
                await asyncio.sleep(0.01)
    fake.by_prompt.clear()
    async with open_house(database, tmp_path, fake) as house:
        ended = await house.until_ended(task.task_id)
    assert (ended.status, ended.error["code"]) == (Status.FAILED, "answer_lost")
    assert (fake.asked, fake.bought) == (1, 1)


async def test_a_server_that_stops_before_anything_was_sent_draws_it_after_all(
    database: Database, tmp_path: Path, fake: FakeGemini
) -> None:
    async with open_house(database, tmp_path, fake, runs=False) as house:
        task = await house.ask()
    async with open_house(database, tmp_path, fake) as house:
        assert (await house.until_ended(task.task_id)).status == Status.SUCCEEDED
    assert fake.bought == 1


async def test_the_days_budget_holds(database: Database, tmp_path: Path, fake: FakeGemini) -> None:
    async with open_house(database, tmp_path, fake, remote_budget=0.12) as house:
        ended = [await house.draw(f"coat {number}") for number in range(3)]
        assert [task.status for task in ended] == [Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED]
        assert ended[2].error["code"] == "budget_spent"
        assert fake.asked == 2
        _, _, today = await house.generation.offers(ANNS)
        assert (today.limit, today.pictures) == (0.12, 2)
        assert today.price == pytest.approx(0.10)


async def test_a_key_gets_the_task_of_the_first_request(house: House, fake: FakeGemini) -> None:
    first = await house.ask(key="k1")
    again = await house.ask(key="k1")
    other = await house.ask(key="k1", who=BOBS)
    assert first.task_id == again.task_id != other.task_id
    with pytest.raises(Conflict):
        await house.ask("a blue coat", key="k1")
    await house.until_ended(first.task_id)
    await house.until_ended(other.task_id)
    assert fake.bought == 2


async def test_what_runs_can_be_stopped(house: House) -> None:
    SCRIPT.seconds = 30
    task = await house.ask(provider="tester")
    async with asyncio.timeout(10):
        while (await house.task(task.task_id)).stage != "remote_work":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await house.tasks.cancel(ANNS, task.task_id)
    ended = await house.until_ended(task.task_id)
    assert ended.status == Status.CANCELLED
    assert await house.rows() == []
    assert await house.keys() == set()


async def test_an_engine_that_is_away_for_a_moment_is_waited_for(house: House) -> None:
    SCRIPT.errors = [EngineUnavailable(engine="tester"), EngineUnavailable(engine="tester")]
    task = await house.draw(provider="tester")
    assert task.status == Status.SUCCEEDED
    assert len(SCRIPT.asked) == 3


@pytest.mark.parametrize("error", [PromptRefused(engine="tester", rule="test"), NoPicture(engine="tester")])
async def test_what_would_be_paid_again_is_not_tried_again(house: House, error: Exception) -> None:
    SCRIPT.errors = [error]
    task = await house.draw(provider="tester")
    assert task.status == Status.FAILED
    assert len(SCRIPT.asked) == 1


async def test_what_an_engine_does_unexpectedly_is_told_as_our_fault(house: House) -> None:
    SCRIPT.errors = [ZeroDivisionError()]
    task = await house.draw(provider="tester")
    assert (task.status, task.error["code"]) == (Status.FAILED, "task_fault")


async def test_what_is_no_picture_is_the_engines_fault(house: House) -> None:
    for shape in ((64, 64), (64, 64, 4), (0, 64, 3)):
        SCRIPT.shape = shape
        assert (await house.draw(provider="tester")).error["code"] == "engine_fault"
    assert await house.keys() == set()


async def test_where_there_is_no_room_nothing_is_left(database: Database, tmp_path: Path, fake: FakeGemini) -> None:
    async with open_house(database, tmp_path, fake, quota_bytes=10) as house:
        task = await house.draw()
        assert (task.status, task.error["code"]) == (Status.FAILED, "no_room_left")
        assert await house.rows() == []
        assert await house.keys() == set()


async def test_long_words_of_any_script_are_kept_whole(house: House, fake: FakeGemini) -> None:
    prompt = "衣" * 19_990 + " a coat 🧥"
    task = await house.draw(prompt)
    assert task.status == Status.SUCCEEDED, task.error
    assert prompt in read_words(fake.requests[0])
    (image,) = await house.rows()
    assert image.context_info["prompt"] == prompt
    assert len(image.page_title) == 500


async def test_the_same_words_twice_are_two_pictures(house: House) -> None:
    one, two = await house.draw(), await house.draw()
    assert one.image_id != two.image_id
    assert len(await house.rows(Image)) == 2
