"""What cannot be done is refused before a task stands in line, and before anything is sent or costs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.gemini import FakeGemini
from tests.unit.generation.engines import SCRIPT, SQUARES
from tests.unit.generation.house import ANN, ANNS, VISITORS, House, caller, open_house, until

from vtonlab.accounts.caller import Caller, CallerKind
from vtonlab.db.database import Database
from vtonlab.engines.contract import HealthStatus
from vtonlab.engines.generating import ImageModel
from vtonlab.errors import (
    EngineNotSetUp,
    EngineTimeout,
    EngineUnavailable,
    NotAllowed,
    NotForCommerce,
    ProviderCannot,
    SignInNeeded,
    TooManyRequests,
    UnknownEngine,
    VtonError,
)
from vtonlab.generation import choosing, offers
from vtonlab.generation.choosing import RATIOS, Wish, find_fault
from vtonlab.generation.schemas import Ratio, Resolution
from vtonlab.tasks.models import Task

pytestmark = pytest.mark.anyio

LITE = "gemini-3.1-flash-lite-image"


async def refused(house: House, kind: type[VtonError] = ProviderCannot, **more: Any) -> VtonError:
    """Why it is; and nothing was sent, nothing stands in line."""
    with pytest.raises(kind) as caught:
        await house.ask(**more)
    assert await house.rows(Task) == []
    return caught.value


CANNOT: list[tuple[dict[str, Any], str, str]] = [
    ({"model": LITE, "resolution": "4K"}, "the resolution 4K", "gemini (gemini-nano-banana-2.1)"),
    ({"provider": "tester", "aspect_ratio": "3:4"}, "the aspect ratio 3:4", "sandbox (sandbox)"),
    ({"provider": "tester", "resolution": "2K"}, "the resolution 2K", "sandbox (sandbox)"),
    ({"provider": "tester", "seed": 1}, "a seed", "sandbox (sandbox)"),
    ({"provider": "tester", "negative_prompt": "text"}, "a negative prompt", "sandbox (sandbox)"),
    ({"provider": "tester", "reference_images": ("a.jpg",)}, "reference pictures", "sandbox (sandbox)"),
    ({"provider": "sandbox", "reference_images": ("a.jpg",) * 9}, "9 reference pictures", "gemini ("),
    ({"model": "dall-e"}, "the model dall-e", "None of the engines"),
    ({"provider": "sandbox", "model": LITE}, f"the model {LITE}", f"gemini ({LITE})"),
    ({"provider": "fashn"}, "drawing pictures from words", "gemini ("),
]


async def test_what_a_model_cannot_is_refused_with_who_can(house: House, fake: FakeGemini) -> None:
    for more, what, who in CANNOT:
        error = await refused(house, **more)
        assert error.status == 422
        assert what in error.say()
        assert who in error.advise()
        assert error.say("zh-CN") != error.say()
    assert (fake.asked, fake.bought) == (0, 0)


async def test_batches_are_refused_of_who_takes_none(house: House) -> None:
    settle = house.generation.providers.settle
    with pytest.raises(ProviderCannot) as caught:
        await settle("tester", None, "1:1", "1K", batch=True)
    assert "gemini (" in caught.value.advise()
    assert "tester (" not in caught.value.advise()
    assert (await settle(None, None, "6:9", "1K", batch=True)).aspect_ratio == "2:3"


async def test_a_model_alone_finds_its_engine(house: House) -> None:
    chosen = await house.generation.providers.settle(None, "squares", "1:1", "1K")
    assert (chosen.engine.name, chosen.model) == ("tester", SQUARES)


async def test_engines_that_nobody_knows_or_set_up(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        await refused(house, UnknownEngine, provider="dall-e")
        error = await refused(house, EngineNotSetUp, provider="gemini")
        assert "VTONLAB_GEMINI_API_KEY" in error.advise()
        assert "sandbox" in error.advise()
        assert "instant" not in error.advise() + error.advise("zh-CN")
        assert (await house.ask()).lane == "sandbox", "the first that is set up"


async def test_where_nothing_is_set_up_the_first_says_what_it_needs(database: Database, tmp_path: Path) -> None:
    SCRIPT.health = HealthStatus.NOT_SET_UP
    async with open_house(database, tmp_path, sandbox_on=False) as house:
        error = await refused(house, EngineNotSetUp)
        assert "VTONLAB_GEMINI_API_KEY" in error.advise()
        assert house.generation.providers.find_default() is None


async def test_right_after_the_start_nothing_is_chosen_that_is_not_set_up(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path, known=False) as house:
        await house.conditions.stop()
        house.conditions._known.clear()
        assert (await house.ask()).lane == "sandbox"
        await refused_later(house)


async def refused_later(house: House) -> None:
    with pytest.raises(EngineNotSetUp) as caught:
        await house.ask(provider="gemini")
    assert "VTONLAB_GEMINI_API_KEY" in caught.value.advise()


async def test_the_setting_says_which_is_usual(database: Database, tmp_path: Path, fake: FakeGemini) -> None:
    async with open_house(database, tmp_path, fake, generate_engine="sandbox") as house:
        assert (await house.ask()).lane == "sandbox"
        usual = house.generation.providers.find_default()
        assert usual is not None
        assert usual.condition.name == "sandbox"
        assert (await house.ask(model=LITE)).lane == "gemini", "who names a model of another one means that one"


async def test_business_refuses_what_its_licence_forbids(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path, commercial=True) as house:
        assert "CC-BY-NC-4.0" in (await refused(house, NotForCommerce, provider="tester")).say()


async def test_who_may_not_draw_is_refused(house: House, fake: FakeGemini) -> None:
    await refused(house, NotAllowed, who=caller(ANN, "viewer"))
    await refused(house, SignInNeeded, who=VISITORS)
    await refused(house, SignInNeeded, who=Caller(CallerKind.STRANGER, None))
    assert fake.asked == 0


async def test_a_line_that_is_full(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path, runs=False, generate_waiting=2) as house:
        await house.ask(key="a")
        await house.ask(key="b")
        with pytest.raises(TooManyRequests):
            await house.ask(key="c")
        assert (await house.ask(key="b")).task_id, "repeated, it adds nothing"
        assert len(await house.rows(Task)) == 2


# ---- how engines are asked for their models


async def test_an_engine_that_answers_slowly_holds_up_nobody_else(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SCRIPT.models_seconds = 1.0
    monkeypatch.setattr(offers, "PATIENCE_SECONDS", 0.05)
    async with open_house(database, tmp_path, known=False) as house:
        await until(lambda: house.conditions.find("tester").engine is not None)
        house.generation.start()
        with pytest.raises(EngineTimeout):
            await house.generation.providers.settle("tester", None, "1:1", "1K")
        assert [one.condition.name for one in house.generation.providers.offers.get()] == [
            "gemini",
            "sandbox",
            "tester",
        ]
        await until(lambda: bool(house.generation.providers.offers.get()[-1].models))
        assert SCRIPT.models_asked == 1, "asked once, however many wait"
        assert (await house.generation.providers.settle("tester", None, "1:1", "1K")).model == SQUARES


async def test_an_engine_that_fails_when_it_is_asked_is_not_there(database: Database, tmp_path: Path) -> None:
    SCRIPT.models_error = ZeroDivisionError()
    async with open_house(database, tmp_path, known=False) as house:
        with pytest.raises(EngineUnavailable):
            await house.ask(provider="tester")
        SCRIPT.models_error = None
        assert (await house.ask(provider="tester")).lane == "tester"


async def test_models_are_asked_again_from_time_to_time(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        house.generation.providers.offers._every = 0.0
        house.generation.start()
        SCRIPT.models = (ImageModel("circles", "Circles", ("1:1",)),)
        found = house.generation.providers.offers.get
        async with asyncio.timeout(10):
            while found()[-1].models[0].name != "circles":  # noqa: ASYNC110 - another thread's
                await asyncio.sleep(0.05)


def test_what_can_be_asked_for_is_one_list() -> None:
    assert Ratio.__args__ == RATIOS  # type: ignore[attr-defined]
    assert Resolution.__args__ == ("1K", "2K", "4K")  # type: ignore[attr-defined]
    assert set(choosing.PASSED_ON) <= set(RATIOS)


def test_a_model_that_can_it_all_has_no_fault() -> None:
    able = ImageModel("m", "M", ("1:1",), ("1K",), 2, seed=True, negative_prompt=True, batch=True)
    assert find_fault(able, Wish("1:1", "1K", 2, seed=True, negative_prompt=True, batch=True)) is None


async def test_offers_are_told_to_who_may_look(house: House) -> None:
    found, usual, today = await house.generation.offers(ANNS)
    assert [one.condition.name for one in found] == ["gemini", "sandbox", "tester"]
    assert usual == "gemini"
    assert today.price == 0
