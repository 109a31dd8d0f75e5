"""The engine `gemini` draws from words: what it sends, what it makes of the answers, and what it pays for."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from tests.fakes.errand import Diary, Listener, textured
from tests.fakes.gemini import FakeGemini, colour_of, read_pictures, read_words
from tests.unit.engines.gemini_studio import LITE, PRO, make_engine, plain

import vtonlab
from vtonlab.engines.answers import encode
from vtonlab.engines.gemini import GeminiEngine, drawing
from vtonlab.engines.gemini.models import FRESH_SECONDS, KNOWN, RETRY_SECONDS, Catalogue
from vtonlab.engines.gemini.setup import read_setup
from vtonlab.engines.generating import BatchingEngine, GenerateRequest
from vtonlab.engines.line import MARK
from vtonlab.errors import (
    AnswerLost,
    BadOption,
    BudgetSpent,
    Cancelled,
    ContentRefused,
    EngineBusy,
    EngineNotSetUp,
    EngineTimeout,
    KeyRefused,
    NoPicture,
    PromptRefused,
    QuotaExceeded,
    ServiceTrouble,
    VtonError,
)
from vtonlab.imaging.provenance import SourceType
from vtonlab.imaging.read import read_picture


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as server:
        server.scale = 0.25
        yield server


def ask(prompt: str = "a red coat on a hanger", **values: Any) -> GenerateRequest:
    return GenerateRequest(prompt, **values)


def test_words_become_a_picture_of_the_asked_shape(fake: FakeGemini) -> None:
    errand, engine = Diary(), make_engine(fake)
    made = engine.generate(ask(aspect_ratio="16:9", errand=errand))
    assert made.image.shape == (192, 336, 3)
    assert tuple(made.image[100, 100]) == colour_of("a red coat on a hanger")
    assert (made.engine, made.model) == ("gemini", "gemini-nano-banana-2.1")
    assert made.source_type is SourceType.GENERATED
    assert errand.told == [("leaving", fake.host, 0, len(b"a red coat on a hanger"), 0.05), ("keep", MARK)]
    assert engine.capabilities.generate
    assert engine.capabilities.batch
    assert isinstance(cast("object", engine), BatchingEngine)


def test_every_parameter_is_really_sent(fake: FakeGemini) -> None:
    errand = Diary()
    references = (plain(200, 10, 10), np.full((4000, 3000, 3), (10, 200, 10), np.uint8))
    made = make_engine(fake).generate(
        ask(
            "picture 1 on the person of picture 2",
            references=references,
            aspect_ratio="3:4",
            resolution="4K",
            seed=7,
            negative_prompt="hats,\n gloves",
            model=PRO,
            errand=errand,
        )
    )
    body = fake.requests[0]
    assert fake.seen[0].path == f"/v1/models/{PRO}:generateContent"
    assert body["generationConfig"] == {
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": "3:4", "imageSize": "4K"},
        "seed": 7,
    }
    parts = [part.get("text", "(picture)") for part in body["contents"][0]["parts"]]
    assert parts == [
        "picture 1 on the person of picture 2",
        "Do not show any of the following in the picture: hats, gloves",
        "Picture 1:",
        "(picture)",
        "Picture 2:",
        "(picture)",
    ]
    sent = [Image.open(io.BytesIO(data)) for data in read_pictures(body)]
    assert [picture.size for picture in sent] == [(80, 60), (1536, 2048)], "in their order, large ones shrunk"
    assert np.asarray(sent[0])[9, 9, 0] > 190
    assert all(not {"exif", "icc_profile", "xmp"} & picture.info.keys() for picture in sent)
    assert errand.told[0][2] == 2
    assert errand.told[0][4] == 0.12, "4K costs more"
    assert made.image.shape == (1184, 864, 3), "1K times four, a quarter of that"


def test_many_large_references_are_sent_smaller(fake: FakeGemini, monkeypatch: pytest.MonkeyPatch) -> None:
    large = textured(420, 280, 1)
    most = 3 * len(encode(large, 250))
    assert drawing.REFERENCE_SIDES[0] == 2048
    monkeypatch.setattr(drawing, "REFERENCE_SIDES", (400, 300, 200, 100))
    monkeypatch.setattr(drawing, "MOST_REFERENCES", most)
    make_engine(fake).generate(ask(references=(large,) * 3))
    sizes = {Image.open(io.BytesIO(data)).size for data in read_pictures(fake.requests[0])}
    assert sum(map(len, read_pictures(fake.requests[0]))) <= most
    assert sizes == {(200, 133)}


def test_what_is_not_asked_for_is_not_sent(fake: FakeGemini) -> None:
    make_engine(fake).generate(ask(references=(plain(1, 2, 3),)))
    body = fake.requests[0]
    assert body["generationConfig"] == {"responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "1:1"}}
    assert [part.get("text") for part in body["contents"][0]["parts"]] == ["a red coat on a hanger", None]


@pytest.mark.parametrize(
    ("values", "option"),
    [
        ({"aspect_ratio": "6:9"}, "aspect_ratio"),
        ({"aspect_ratio": "1:8", "model": PRO}, "aspect_ratio"),
        ({"resolution": "8K"}, "resolution"),
        ({"resolution": "2K", "model": LITE}, "resolution"),
        ({"references": (plain(0, 0, 0),) * 4, "model": LITE}, "references"),
        ({"references": (plain(0, 0, 0),) * 15}, "references"),
        ({"seed": 2**31}, "seed"),
        ({"prompt": " "}, "prompt"),
    ],
)
def test_what_the_model_cannot_is_refused_before_it_costs(
    fake: FakeGemini, values: dict[str, Any], option: str
) -> None:
    errand = Diary()
    with pytest.raises(BadOption, match=option):
        make_engine(fake).generate(ask(**values, errand=errand))
    assert (fake.asked, errand.told) == (0, [])


@pytest.mark.parametrize(
    ("answer", "en", "zh"),
    [
        ("blocked", "it asks for what is forbidden", "要求的是被禁止的内容"),
        ("blocked word", "it contains a word on a list of forbidden ones", "包含禁用词"),
        ("unsafe", "the picture would break its safety rules", "图片会违反安全规则"),
        ("unsafe kind", "the picture would break its safety rules (dangerous content)", "（危险内容）"),
    ],
)
def test_a_safety_filter_is_told_with_its_rule(fake: FakeGemini, answer: str, en: str, zh: str) -> None:
    fake.by_prompt["coat"] = answer
    with pytest.raises(PromptRefused) as caught:
        make_engine(fake).generate(ask())
    assert en in caught.value.say("en")
    assert zh in caught.value.say("zh")
    assert not caught.value.retryable
    assert isinstance(caught.value, ContentRefused)


@pytest.mark.parametrize(
    ("answer", "kind", "may_be_paid"),
    [
        ("words", NoPicture, True),
        ("nothing", NoPicture, True),
        ("stop", NoPicture, True),
        ("no image", NoPicture, True),
        ("noise", NoPicture, True),
        ("lose", AnswerLost, True),
        ("trouble", ServiceTrouble, False),
        ("much too fast", EngineBusy, False),
        ("day is over", QuotaExceeded, False),
        ("forbidden", KeyRefused, False),
    ],
)
def test_faults_are_told_apart_and_nothing_is_paid_twice(
    fake: FakeGemini, answer: str, kind: type[VtonError], may_be_paid: bool
) -> None:
    fake.answers.append(answer)
    engine, errand = make_engine(fake), Diary()
    with pytest.raises(kind) as caught:
        engine.generate(ask(errand=errand))
    assert type(caught.value) is kind
    assert errand.remote_id == (MARK if may_be_paid else "")
    if may_be_paid:
        with pytest.raises(AnswerLost):
            engine.generate(ask(errand=errand))
        assert (fake.asked, errand.departures) == (1, 1)


def test_it_is_drawn_when_the_service_has_caught_its_breath(fake: FakeGemini) -> None:
    fake.answers.extend(["too fast", "picture"])
    errand, listener = Diary(), Listener()
    make_engine(fake).generate(ask(errand=errand), listener)
    assert (fake.asked, fake.bought, errand.departures) == (2, 1, 1)
    assert (0.1, "remote_queue seconds=1") in listener.heard


def test_an_answer_that_never_comes(fake: FakeGemini) -> None:
    fake.by_prompt["coat"] = "hang"
    with pytest.raises(EngineTimeout):
        make_engine(fake, seconds=0.6).generate(ask())
    with pytest.raises(Cancelled):
        make_engine(fake).generate(ask(), Listener(stop_at="remote_work"))


def test_nothing_is_sent_without_money_key_or_address(fake: FakeGemini) -> None:
    with pytest.raises(BudgetSpent):
        make_engine(fake).generate(ask(errand=Diary(limit=0.01)))
    for values in ({"api_key": ""}, {"url": "nowhere"}):
        engine = make_engine(fake, **values)
        assert engine.models() == ()
        with pytest.raises(EngineNotSetUp):
            engine.generate(ask())
    assert fake.asked == 0
    with pytest.raises(KeyRefused):
        make_engine(fake, api_key="AIza-another").generate(ask())


def test_models_are_those_that_the_service_lists(fake: FakeGemini) -> None:
    fake.models.append("gemini-4-image")
    usual, pro, lite, new = make_engine(fake).models()
    assert [one.name for one in (usual, pro, lite, new)] == ["gemini-nano-banana-2.1", PRO, LITE, "gemini-4-image"]
    assert usual.title == "Gemini Nano Banana 2.1"
    assert dict(usual.prices) == {"1K": 0.05, "2K": 0.05, "4K": 0.12}
    assert usual.price("4K", in_batch=True) == 0.06
    assert [read_setup({"price": 0.05, **more}).price_4k for more in ({}, {"price_4k": 0.0})] == [0.05, 0.0]
    assert (lite.resolutions, lite.references, lite.batch) == (("1K",), 3, True)
    assert (pro.references, usual.references) == (14, 14)
    assert {"1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"} == {*pro.aspect_ratios}
    assert "1:8" in usual.aspect_ratios


def test_the_settings_limit_and_order_the_models(fake: FakeGemini) -> None:
    chosen = make_engine(fake, model=PRO, models=f" {LITE},models/gemini-5-image , {PRO},").models()
    assert [one.name for one in chosen] == [PRO, LITE, "gemini-5-image"]
    assert make_engine(fake, model=LITE).models()[0].name == LITE


def test_the_list_is_asked_for_now_and_then(fake: FakeGemini) -> None:
    clock = [100.0]
    catalogue = Catalogue(make_engine(fake)._setup, lambda: clock[0])
    assert len(catalogue.get()) == len(catalogue.get()) == 3
    assert fake.lists_asked == 1
    clock[0] += FRESH_SECONDS
    fake.models.append("gemini-4-image")
    assert len(catalogue.get()) == 4
    clock[0] += FRESH_SECONDS
    fake.health_code = 503
    assert len(catalogue.get()) == 4, "what was true is taken to be true"
    clock[0] += RETRY_SECONDS - 1
    catalogue.get()
    assert fake.lists_asked == 3


def test_without_an_answer_the_known_models_are_there(fake: FakeGemini) -> None:
    fake.health_code = 503
    assert {one.name for one in make_engine(fake).models()} == {*KNOWN}
    assert {one.name for one in make_engine(fake, url="http://127.0.0.1:9").models()} == {*KNOWN}
    assert GeminiEngine().models() == ()


def test_the_library_draws_too(fake: FakeGemini, tmp_path) -> None:
    Image.new("RGB", (90, 90), "#20c030").save(tmp_path / "leaf.png")
    engine: Any = make_engine(fake)
    made = vtonlab.generate("a leaf", references=[tmp_path / "leaf.png"], seed=1, aspect_ratio="4:5", engine=engine)
    made.save(tmp_path / "made.png")
    assert read_picture(tmp_path / "made.png").shape == (288, 224, 3)
    assert tuple(np.abs(made.image[120, 100].astype(int) - (32, 192, 48)) < 6) == (True, True, True)
    assert read_words(fake.requests[0]) == "a leaf\n"
    with pytest.raises(BadOption, match="engine"):
        vtonlab.generate("a leaf", engine="instant")
