"""The engine `gemini` against a server that speaks the Gemini API's protocol, through Google's own client library."""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from tests.fakes.errand import Diary, Listener, textured
from tests.fakes.gemini import KEY, FakeGemini, read_pictures, read_words

from vtonlab.engines import registry
from vtonlab.engines.contract import ConfiguredEngine, GarmentKind, HealthStatus, Picture, TryOnRequest
from vtonlab.engines.gemini import GeminiEngine
from vtonlab.engines.gemini.prompt import write_try_on
from vtonlab.engines.line import MARK, QUOTA_SECONDS, Quota
from vtonlab.errors import (
    AnswerLost,
    BadOption,
    BudgetSpent,
    Cancelled,
    ContentRefused,
    EngineBusy,
    EngineFailed,
    EngineNotSetUp,
    EngineTimeout,
    EngineUnavailable,
    KeyRefused,
    NoPicture,
    NotThatService,
    QuotaExceeded,
    ServiceTrouble,
    VtonError,
)
from vtonlab.imaging.provenance import SourceType

PERSON = textured(360, 470, 1)
GARMENT = np.full((200, 160, 3), (30, 90, 200), np.uint8)


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as server:
        yield server


def make_engine(fake: FakeGemini, **values: object) -> GeminiEngine:
    engine = GeminiEngine()
    engine.equip({"api_key": KEY, "url": fake.address, "seconds": 20.0, "price": 0.05} | values)
    return engine


def ask(person: Picture = PERSON, **values: object) -> TryOnRequest:
    return TryOnRequest(**({"person": person, "garment": GARMENT, "kind": GarmentKind.UPPER} | values))  # type: ignore[arg-type]


def test_only_what_changed_differs_from_the_photo(fake: FakeGemini) -> None:
    result = make_engine(fake).try_on(ask())
    assert result.image.shape == PERSON.shape
    assert (result.image[result.mask == 0] == PERSON[result.mask == 0]).all()
    block = result.image[470 * 42 // 100 : 470 * 58 // 100, 360 * 40 // 100 : 360 * 60 // 100]
    assert np.abs(block.mean(axis=(0, 1)) - (30, 90, 200)).max() < 8
    assert 0.08 < (result.mask > 0).mean() < 0.25
    assert result.source_type is SourceType.COMPOSITE_GENERATED
    assert (result.engine, fake.bought, result.notes) == ("gemini", 1, ())


def test_the_raw_picture_is_the_services_own(fake: FakeGemini) -> None:
    result = make_engine(fake).try_on(ask(options={"composite": False}))
    assert result.image.shape == PERSON.shape
    assert (result.mask == 255).all(), "every pixel is the service's"
    assert (result.image != PERSON).any(axis=2).mean() > 0.5
    assert result.source_type is SourceType.GENERATED


@pytest.mark.parametrize(
    ("width", "height", "ratio"),
    [(300, 400, "3:4"), (400, 300, "4:3"), (300, 310, "1:1"), (270, 480, "9:16"), (100, 800, "1:8")],
)
def test_the_nearest_shape_is_asked_for_and_nothing_is_stretched(
    fake: FakeGemini, width: int, height: int, ratio: str
) -> None:
    person = textured(width, height, 2)
    result = make_engine(fake).try_on(ask(person))
    config = fake.requests[0]["generationConfig"]
    assert config["imageConfig"] == {"aspectRatio": ratio}
    assert config["responseModalities"] == ["IMAGE"]
    sent = Image.open(io.BytesIO(read_pictures(fake.requests[0])[0]))
    wide, tall = map(int, ratio.split(":"))
    assert abs(sent.width * tall - sent.height * wide) <= max(wide, tall)
    assert result.image.shape == person.shape
    assert (result.image[result.mask == 0] == person[result.mask == 0]).all()
    assert (result.mask > 0).mean() < 0.3, "a stretched answer would differ everywhere"


def test_the_size_follows_the_photo_the_model_and_the_option(fake: FakeGemini) -> None:
    large = textured(1000, 1500, 3)
    fake.size = (320, 480)
    make_engine(fake).try_on(ask(large))
    make_engine(fake, model="gemini-3.1-flash-lite-image").try_on(ask(large))
    make_engine(fake).try_on(ask(options={"size": "4K", "seed": 7}))
    sizes = [request["generationConfig"]["imageConfig"].get("imageSize") for request in fake.requests]
    assert sizes == ["2K", None, "4K"]
    assert fake.requests[2]["generationConfig"]["seed"] == 7
    assert "seed" not in fake.requests[0]["generationConfig"]


def test_an_outfit_goes_in_one_request_with_the_persons_words(fake: FakeGemini) -> None:
    lower = np.full((200, 100, 3), 40, np.uint8)
    make_engine(fake).try_on(ask(lower=lower, description="linen\n  shirt " + "x" * 2000))
    assert len(read_pictures(fake.requests[0])) == 3
    words = read_words(fake.requests[0])
    assert "lower garment of picture 3" in words
    assert "linen shirt" in words
    assert len(words) < 2500


@pytest.mark.parametrize("kind", GarmentKind)
def test_the_model_is_told_where_the_garment_goes(kind: GarmentKind) -> None:
    marks = {"upper": "upper body", "lower": "below the waist", "dress": "one-piece", "auto": "that part of the body"}
    parts = write_try_on(b"person", b"garment", kind, None, "")
    assert [part for part in parts if isinstance(part, bytes)] == [b"person", b"garment"]
    assert marks[kind.value] in " ".join(part for part in parts if isinstance(part, str))


def test_pictures_leave_without_metadata_and_are_logged_before(fake: FakeGemini) -> None:
    errand = Diary()
    errand.before = lambda _: None if fake.asked == 0 else pytest.fail("told after it left")
    make_engine(fake).try_on(ask(errand=errand))
    pictures = read_pictures(fake.requests[0])
    assert all(not {"exif", "icc_profile", "xmp"} & Image.open(io.BytesIO(data)).info.keys() for data in pictures)
    words = [part["text"] for part in fake.requests[0]["contents"][0]["parts"] if "text" in part]
    size = sum(map(len, pictures)) + sum(len(part.encode()) for part in words)
    assert errand.told == [("leaving", fake.host, 2, size, 0.05), ("keep", MARK)]


def test_a_model_that_thinks_aloud_is_read_to_its_end(fake: FakeGemini) -> None:
    fake.answers.append("drafts")
    result = make_engine(fake).try_on(ask())
    middle = result.image[470 // 2 - 20 : 470 // 2 + 20, 160:200]
    assert np.abs(middle.mean(axis=(0, 1)) - (30, 90, 200)).max() < 8


def test_a_photo_given_back_unchanged_is_said(fake: FakeGemini) -> None:
    fake.answers.append("unchanged")
    result = make_engine(fake).try_on(ask())
    assert [note.code for note in result.notes] == ["unchanged"]
    assert (result.image == PERSON).all()


def test_an_answer_of_another_shape_is_laid_where_it_belongs(fake: FakeGemini) -> None:
    fake.size = (900, 1150)
    result = make_engine(fake).try_on(ask())
    assert result.notes == ()
    assert (result.mask > 0).mean() < 0.25


FREE = [
    ("much too fast", EngineBusy),
    ("exhausted", EngineBusy),
    ("day is over", QuotaExceeded),
    ("never allowed", QuotaExceeded),
    ("no money", QuotaExceeded),
    ("no billing", QuotaExceeded),
    ("bad request", BadOption),
    ("forbidden", KeyRefused),
    ("unauthorised", KeyRefused),
    ("trouble", ServiceTrouble),
    ("overloaded", EngineBusy),
    ("too long", EngineTimeout),
]


@pytest.mark.parametrize(("answer", "kind"), FREE)
def test_a_refused_request_may_be_made_again(fake: FakeGemini, answer: str, kind: type[VtonError]) -> None:
    fake.answers.append(answer)
    engine, errand = make_engine(fake), Diary()
    with pytest.raises(kind) as caught:
        engine.try_on(ask(errand=errand))
    assert type(caught.value) is kind
    assert (fake.asked, fake.bought, errand.remote_id) == (1, 0, "")


def test_it_is_made_at_the_second_attempt(fake: FakeGemini) -> None:
    fake.answers.append("trouble")
    engine, errand = make_engine(fake), Diary()
    with pytest.raises(EngineUnavailable):
        engine.try_on(ask(errand=errand))
    engine.try_on(ask(errand=errand))
    assert (fake.bought, errand.departures) == (1, 2)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("blocked", ContentRefused),
        ("unsafe", ContentRefused),
        ("words", NoPicture),
        ("nothing", NoPicture),
        ("stop", NoPicture),
        pytest.param(  # Google's library says so on stderr
            "new reason", NoPicture, marks=pytest.mark.filterwarnings("ignore:A_REASON_OF_NEXT_YEAR:UserWarning")
        ),
        ("noise", NoPicture),
        ("page", NotThatService),
        ("lose", AnswerLost),
        ("break off", AnswerLost),
    ],
)
def test_what_may_be_paid_is_not_asked_for_again(fake: FakeGemini, answer: str, kind: type[VtonError]) -> None:
    fake.answers.append(answer)
    engine, errand = make_engine(fake), Diary()
    with pytest.raises(kind) as caught:
        engine.try_on(ask(errand=errand))
    assert not caught.value.retryable
    assert (fake.asked, errand.remote_id) == (1, MARK)
    with pytest.raises(AnswerLost):
        engine.try_on(ask(errand=errand))
    assert (fake.asked, errand.departures) == (1, 1)


def test_no_picture_is_a_failure_of_the_engine() -> None:
    assert issubclass(NoPicture, EngineFailed)


def test_an_answer_that_does_not_come_in_time(fake: FakeGemini) -> None:
    fake.answers.append("hang")
    engine, errand, listener = make_engine(fake, seconds=1.2), Diary(), Listener()
    with pytest.raises(EngineTimeout):
        engine.try_on(ask(errand=errand), listener)
    assert sum(stage == "remote_work" for _, stage in listener.heard) >= 3, "at least one report a second"
    with pytest.raises(AnswerLost):
        engine.try_on(ask(errand=errand), listener)
    assert (fake.bought, errand.departures) == (1, 1)


def test_a_moment_too_fast_is_waited_for_within_one_departure(fake: FakeGemini) -> None:
    fake.answers.extend(["too fast", "too fast"])
    errand, listener = Diary(), Listener()
    make_engine(fake).try_on(ask(errand=errand), listener)
    assert (fake.asked, fake.bought, errand.departures) == (3, 1, 1)
    assert (0.1, "remote_queue seconds=1") in listener.heard
    fake.answers.extend(["too fast"] * 3)
    with pytest.raises(EngineBusy):
        make_engine(fake).try_on(ask())


def test_who_stops_waits_for_nobody(fake: FakeGemini) -> None:
    fake.answers.append("hang")
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        make_engine(fake, seconds=60).try_on(ask(), Listener(stop_at="remote_work"))
    assert time.monotonic() - begin < 10, "it hung up"
    names = [thread.name for thread in threading.enumerate()]
    assert "line" not in names


def test_a_quota_that_is_used_up_is_not_asked_about_at_once(fake: FakeGemini) -> None:
    fake.answers.append("day is over")
    engine, errand = make_engine(fake), Diary()
    for _ in range(3):
        with pytest.raises(QuotaExceeded):
            engine.try_on(ask(errand=errand))
    assert (fake.asked, errand.departures, errand.remote_id) == (1, 1, "")
    now = [0.0]
    engine._quota = Quota("gemini", clock=lambda: now[0])
    engine._quota.hear(QuotaExceeded(engine="gemini"))
    now[0] = QUOTA_SECONDS
    assert engine.try_on(ask(errand=errand)).engine == "gemini"


def test_nothing_is_sent_where_nothing_may_be_spent(fake: FakeGemini) -> None:
    errand = Diary(limit=0.01)
    with pytest.raises(BudgetSpent):
        make_engine(fake).try_on(ask(errand=errand))
    assert (fake.asked, errand.remote_id) == (0, None)


def test_a_service_that_is_not_there(fake: FakeGemini) -> None:
    engine, errand = make_engine(fake, url="http://127.0.0.1:9"), Diary()
    with pytest.raises(EngineUnavailable) as caught:
        engine.try_on(ask(errand=errand))
    assert caught.value.retryable
    assert errand.remote_id == "", "nothing was sent, so it may be tried again"
    assert engine.health().status is HealthStatus.DOWN


def test_options_that_it_does_not_have(fake: FakeGemini) -> None:
    for options in ({"steps": 3}, {"size": "8K"}, {"seed": -2}):
        with pytest.raises(BadOption):
            make_engine(fake).try_on(ask(options=options))
    with pytest.raises(BadOption):
        make_engine(fake, model="gemini-3.1-flash-lite-image").try_on(ask(options={"size": "2K"}))
    assert fake.asked == 0


@pytest.mark.anyio
async def test_it_works_where_a_loop_runs_already_as_in_a_notebook(fake: FakeGemini) -> None:
    assert make_engine(fake).try_on(ask()).engine == "gemini"


def test_without_a_key_it_is_not_set_up(fake: FakeGemini) -> None:
    engine = make_engine(fake, api_key="")
    assert isinstance(registry.get("gemini"), ConfiguredEngine)
    assert engine.health().status is HealthStatus.NOT_SET_UP
    with pytest.raises(EngineNotSetUp) as caught:
        engine.try_on(ask())
    assert "VTONLAB_GEMINI_API_KEY" in caught.value.advise()
    with pytest.raises(EngineNotSetUp):
        make_engine(fake, url="no address").try_on(ask())


def test_the_wrong_key_reaches_no_log(fake: FakeGemini, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    engine = make_engine(fake, api_key="AIza-a-secret-one", url=f"http://user:hushhush@{fake.host}")
    with pytest.raises(KeyRefused) as caught:
        engine.try_on(ask())
    assert engine.health().status is HealthStatus.DOWN
    for words in (caplog.text, repr(engine._setup), str(caught.value), repr(caught.value.__cause__)):
        assert "AIza-a-secret-one" not in words
        assert "hushhush" not in words


def test_health_says_how_the_service_is(fake: FakeGemini) -> None:
    assert make_engine(fake).health().status is HealthStatus.OK
    assert make_engine(fake, model="gemini-9").health().status is HealthStatus.DOWN
    fake.health_code = 503
    assert make_engine(fake).health().status is HealthStatus.DEGRADED


def test_the_card_says_where_pictures_go(fake: FakeGemini) -> None:
    assert GeminiEngine().capabilities.remote_host == "generativelanguage.googleapis.com"
    card = make_engine(fake).capabilities
    assert (card.remote_host, card.is_paid, card.outfits, card.waits) == (fake.host, True, True, True)
    assert "Google" in card.privacy.en


def test_nothing_of_the_environment_is_taken_for_ours(fake: FakeGemini, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "GOOGLE_API_KEY": "another",
        "GEMINI_API_KEY": "another",
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9",
        "GOOGLE_GENAI_API_VERSION": "v9",
    }.items():
        monkeypatch.setenv(name, value)
    make_engine(fake).try_on(ask())
    assert fake.bought == 1
