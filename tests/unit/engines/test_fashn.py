"""The engine `fashn` against a server that speaks FASHN's protocol: ordered once, whatever happens afterwards."""

from __future__ import annotations

import io
import threading
import time
from collections import deque
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from tests.fakes.errand import Diary, Listener, textured
from tests.fakes.fashn import FakeFashn, read_data
from tests.unit.engines.fashn_shop import GARMENT, PERSON, ask, make_engine, open_shop

from vtonlab.engines.contract import GarmentKind, HealthStatus
from vtonlab.engines.fashn import engine as engine_module
from vtonlab.engines.line import MARK, QUOTA_SECONDS, Quota, is_safe
from vtonlab.errors import (
    AnswerLost,
    BadOption,
    BudgetSpent,
    Cancelled,
    ContentRefused,
    EngineBusy,
    EngineFailed,
    EngineTimeout,
    EngineUnavailable,
    ImageUnreadable,
    KeyRefused,
    NoPicture,
    NotThatService,
    PoseNotRecognised,
    QuotaExceeded,
    VtonError,
    WrongKind,
)
from vtonlab.imaging.provenance import SourceType


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeFashn]:
    with open_shop(monkeypatch) as server:
        yield server


def test_only_what_changed_differs_from_the_photo(fake: FakeFashn) -> None:
    listener = Listener()
    result = make_engine(fake).try_on(ask(), listener)
    assert result.image.shape == PERSON.shape
    assert (result.image[result.mask == 0] == PERSON[result.mask == 0]).all()
    middle = result.image[430 * 42 // 100 : 430 * 58 // 100, 320 * 40 // 100 : 320 * 60 // 100]
    assert np.abs(middle.mean(axis=(0, 1)) - (30, 90, 200)).max() < 8
    assert (result.source_type, result.engine) == (SourceType.COMPOSITE_GENERATED, "fashn")
    stages = list(dict.fromkeys(stage for _, stage in listener.heard))
    assert stages == ["preparing", "remote_send", "remote_queue", "remote_work", "remote_fetch", "finishing"]
    fractions = [fraction for fraction, _ in listener.heard]
    assert fractions == sorted(fractions)


def test_the_raw_picture_is_the_services_own(fake: FakeFashn) -> None:
    result = make_engine(fake).try_on(ask(options={"composite": False}))
    assert result.image.shape == PERSON.shape
    assert (result.mask == 255).all(), "every pixel is the service's"
    assert (result.image != PERSON).any(axis=2).mean() > 0.5
    assert result.source_type is SourceType.GENERATED


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        (GarmentKind.AUTO, "auto"),
        (GarmentKind.UPPER, "tops"),
        (GarmentKind.LOWER, "bottoms"),
        (GarmentKind.DRESS, "one-pieces"),
    ],
)
def test_what_is_ordered(fake: FakeFashn, kind: GarmentKind, category: str) -> None:
    options = {"mode": "quality", "garment_photo_type": "model", "segmentation_free": False}
    make_engine(fake).try_on(ask(kind=kind, options=options | {"moderation_level": "conservative", "seed": 9}))
    (job,) = fake.jobs.values()
    inputs = {name: value for name, value in job.inputs.items() if not name.endswith("_image")}
    assert inputs == options | {
        "category": category,
        "moderation_level": "conservative",
        "seed": 9,
        "num_samples": 1,
        "output_format": "png",
        "return_base64": False,
    }
    sent = Image.open(io.BytesIO(read_data(job.inputs["model_image"])))
    assert (sent.width, sent.height) == PERSON.shape[1::-1]
    assert not {"exif", "icc_profile", "xmp"} & sent.info.keys()


def test_a_large_photo_goes_as_large_as_asked_for_and_comes_back_at_its_own_size(fake: FakeFashn) -> None:
    person = textured(300, 2500, 6)
    result = make_engine(fake).try_on(ask(person))
    (job,) = fake.jobs.values()
    sent = Image.open(io.BytesIO(read_data(job.inputs["model_image"])))
    assert (sent.width, sent.height) == (240, 2000)
    assert result.image.shape == person.shape
    assert (result.image[result.mask == 0] == person[result.mask == 0]).all()


def test_a_service_that_cuts_the_photo_takes_nothing_of_it_away(fake: FakeFashn) -> None:
    fake.knobs.is_cutting = True
    person = textured(600, 420, 7)
    for options in ({}, {"composite": False}):
        result = make_engine(fake).try_on(ask(person, options=options))
        assert result.image.shape == person.shape
        assert (result.image[:, :100] == person[:, :100]).all(), "it was not in the answer"
        middle = result.image[420 * 42 // 100 : 420 * 58 // 100, 280:320]
        assert np.abs(middle.mean(axis=(0, 1)) - (30, 90, 200)).max() < 8


def test_the_job_is_kept_before_it_is_asked_about(fake: FakeFashn) -> None:
    errand = Diary()
    make_engine(fake).try_on(ask(errand=errand))
    ((remote_id, job),) = fake.jobs.items()
    size = sum(len(read_data(job.inputs[name])) for name in ("model_image", "garment_image"))
    assert errand.told == [("leaving", fake.host, 2, size, 0.075), ("keep", MARK), ("keep", remote_id)]


def test_a_bought_job_is_asked_for_and_not_bought_again(fake: FakeFashn) -> None:
    engine, errand = make_engine(fake), Diary()
    with pytest.raises(Cancelled):
        engine.try_on(ask(errand=errand), Listener(stop_at="remote_queue"))
    assert errand.remote_id in fake.jobs
    result = engine.try_on(ask(errand=errand))
    assert (fake.bought, errand.departures) == (1, 1)
    assert (result.mask > 0).mean() > 0.05


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        ("much too fast", EngineBusy),
        ("too many", EngineBusy),
        ("overloaded", EngineBusy),
        ("no credits", QuotaExceeded),
        ("bad request", BadOption),
        ("unauthorised", KeyRefused),
        ("trouble", EngineUnavailable),
        ("not found", NotThatService),
    ],
)
def test_a_refused_order_may_be_made_again(fake: FakeFashn, order: str, kind: type[VtonError]) -> None:
    fake.knobs.orders.append(order)
    engine, errand = make_engine(fake), Diary()
    with pytest.raises(kind) as caught:
        engine.try_on(ask(errand=errand))
    assert type(caught.value) is kind
    assert (fake.asked, fake.bought, errand.remote_id) == (1, 0, "")


def test_it_is_made_at_the_second_attempt(fake: FakeFashn) -> None:
    fake.knobs.orders.append("trouble")
    engine, errand = make_engine(fake), Diary()
    with pytest.raises(EngineUnavailable):
        engine.try_on(ask(errand=errand))
    engine.try_on(ask(errand=errand))
    assert (fake.bought, errand.departures) == (1, 2)


@pytest.mark.parametrize("order", ["lose", "hang", "page"])
def test_a_lost_answer_to_an_order_is_never_ordered_again(fake: FakeFashn, order: str) -> None:
    fake.knobs.orders.append(order)
    engine, errand = make_engine(fake, seconds=1.0), Diary()
    for _ in range(2):
        with pytest.raises(AnswerLost) as caught:
            engine.try_on(ask(errand=errand))
        assert not caught.value.retryable
    assert (fake.asked, errand.departures, errand.remote_id) == (1, 1, MARK)


def test_a_moment_too_fast_is_waited_for_within_one_departure(fake: FakeFashn) -> None:
    fake.knobs.orders.append("too fast")
    errand = Diary()
    make_engine(fake).try_on(ask(errand=errand))
    assert (fake.asked, fake.bought, errand.departures) == (2, 1, 1)


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        ("ContentModerationError", ContentRefused),
        ("PoseError", PoseNotRecognised),
        ("ImageLoadError", ImageUnreadable),
        ("InputValidationError", BadOption),
        ("UnavailableError", EngineBusy),
        ("PipelineError", EngineFailed),
        ("ThirdPartyError", EngineFailed),
        ("ErrorOfNextYear", EngineFailed),
        ("canceled", EngineFailed),
        ("time_out", EngineTimeout),
    ],
)
def test_a_failed_job_costs_nothing_and_is_forgotten(fake: FakeFashn, ending: str, kind: type[VtonError]) -> None:
    fake.knobs.endings.append(ending)
    engine, errand = make_engine(fake), Diary()
    with pytest.raises(kind) as caught:
        engine.try_on(ask(errand=errand))
    assert type(caught.value) is kind
    assert errand.remote_id == ""


def test_a_job_done_without_a_picture(fake: FakeFashn) -> None:
    fake.knobs.endings.append("empty")
    with pytest.raises(NoPicture):
        make_engine(fake).try_on(ask())


def test_a_job_that_the_service_does_not_know_is_not_bought_again(fake: FakeFashn) -> None:
    errand = Diary(remote_id="of-last-week-u1")
    with pytest.raises(AnswerLost):
        make_engine(fake).try_on(ask(errand=errand))
    assert (fake.asked, errand.departures) == (0, 0)


def test_trouble_while_asking_is_borne(fake: FakeFashn) -> None:
    fake.knobs.trouble.extend([500, 0, 429, 404, 404, 404, 503])
    errand = Diary()
    make_engine(fake).try_on(ask(errand=errand))
    assert (fake.bought, errand.departures) == (1, 1)


def test_a_key_refused_while_asking_ends_it(fake: FakeFashn) -> None:
    fake.knobs.trouble.append(401)
    with pytest.raises(KeyRefused):
        make_engine(fake).try_on(ask())


def test_a_service_that_vanishes_while_it_works_is_asked_again_later(
    fake: FakeFashn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "MOST_TROUBLE", 0.2)
    fake.knobs.trouble.extend([0] * 40)
    engine, errand = make_engine(fake), Diary()
    with pytest.raises(EngineUnavailable) as caught:
        engine.try_on(ask(errand=errand))
    assert caught.value.retryable
    fake.knobs.trouble.clear()
    engine.try_on(ask(errand=errand))
    assert (fake.bought, errand.departures) == (1, 1)


def test_a_job_that_takes_too_long_is_asked_for_again_and_not_bought(fake: FakeFashn) -> None:
    fake.knobs.questions = 10_000
    errand = Diary()
    with pytest.raises(EngineTimeout) as caught:
        make_engine(fake, seconds=0.7).try_on(ask(errand=errand))
    assert caught.value.retryable
    fake.knobs.questions = 0
    make_engine(fake).try_on(ask(errand=errand))
    assert (fake.bought, errand.departures) == (1, 1)


@pytest.mark.parametrize("fetches", [["gone", "picture"], ["half", "trouble", "picture"], ["redirect", "picture"]])
def test_a_picture_that_comes_badly_is_fetched_again(fake: FakeFashn, fetches: list[str]) -> None:
    fake.knobs.fetches = deque(fetches)
    make_engine(fake).try_on(ask())
    assert (fake.bought, fake.keys_at_pictures) == (1, []), "the key is for the service, not for where pictures lie"


@pytest.mark.parametrize(
    ("fetches", "kind"),
    [(["gone"] * 3, AnswerLost), (["trouble"] * 3, EngineUnavailable), (["noise"], NoPicture)],
)
def test_a_picture_that_does_not_come(fake: FakeFashn, fetches: list[str], kind: type[VtonError]) -> None:
    fake.knobs.fetches = deque(fetches)
    engine, errand = make_engine(fake), Diary()
    with pytest.raises(kind):
        engine.try_on(ask(errand=errand))
    assert errand.remote_id in fake.jobs, "what is paid stays known"


@pytest.mark.parametrize("output", ["http://192.0.2.1/x.png", "file:///etc/passwd", "ftp://127.0.0.1/x", "nonsense"])
def test_pictures_are_fetched_over_safe_ways_only(fake: FakeFashn, output: str) -> None:
    fake.knobs.output = output
    with pytest.raises(NoPicture):
        make_engine(fake).try_on(ask())


def test_which_ways_are_safe() -> None:
    assert is_safe("https://cdn.fashn.ai/1/output_0.png")
    assert is_safe("http://127.0.0.1:8/x")
    assert not is_safe("http://127.0.0.1:8/x", allow_loopback=False)
    assert not is_safe("http://cdn.fashn.ai/x")
    assert not is_safe("http://[broken/x")


def test_a_picture_in_the_answer_itself(fake: FakeFashn) -> None:
    import base64

    from vtonlab.imaging.write import encode_picture

    data = encode_picture(textured(432, 648, 4), ".png")
    fake.knobs.output = "data:image/png;base64," + base64.b64encode(data).decode()
    assert make_engine(fake).try_on(ask()).image.shape == PERSON.shape


def test_who_stops_waits_for_nobody(fake: FakeFashn) -> None:
    fake.knobs.questions = 10_000
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        make_engine(fake).try_on(ask(), Listener(stop_at="remote_work"))
    assert time.monotonic() - begin < 10
    assert "line" not in [thread.name for thread in threading.enumerate()]


def test_the_id_of_an_order_is_heard_also_by_who_is_to_stop(fake: FakeFashn) -> None:
    fake.knobs.slow = 0.3
    errand = Diary()
    with pytest.raises(Cancelled):
        make_engine(fake).try_on(ask(errand=errand), Listener(stop_at="remote_send"))
    assert errand.remote_id in fake.jobs


def test_a_quota_that_is_used_up_is_not_asked_about_at_once(fake: FakeFashn) -> None:
    fake.knobs.orders.append("no credits")
    engine, errand = make_engine(fake), Diary()
    for _ in range(3):
        with pytest.raises(QuotaExceeded):
            engine.try_on(ask(errand=errand))
    assert (fake.asked, errand.departures, errand.remote_id) == (1, 1, "")
    now = [0.0]
    engine._quota = Quota("fashn", clock=lambda: now[0])
    engine._quota.hear(QuotaExceeded(engine="fashn"))
    now[0] = QUOTA_SECONDS
    assert engine.try_on(ask(errand=errand)).engine == "fashn"


def test_nothing_is_sent_where_nothing_may_be_spent(fake: FakeFashn) -> None:
    errand = Diary(limit=0.01)
    with pytest.raises(BudgetSpent):
        make_engine(fake).try_on(ask(errand=errand))
    assert (fake.asked, errand.remote_id) == (0, None)


def test_a_service_that_is_not_there(fake: FakeFashn) -> None:
    engine, errand = make_engine(fake, url="http://127.0.0.1:9/v1"), Diary()
    with pytest.raises(EngineUnavailable):
        engine.try_on(ask(errand=errand))
    assert errand.remote_id == ""
    assert engine.health().status is HealthStatus.DOWN


def test_what_it_does_not_have_is_refused_before_it_costs(fake: FakeFashn) -> None:
    for options in ({"steps": 3}, {"mode": "perfect"}, {"seed": 2**32}):
        with pytest.raises(BadOption):
            make_engine(fake).try_on(ask(options=options))
    with pytest.raises(WrongKind):
        make_engine(fake).try_on(ask(lower=GARMENT))
    assert fake.asked == 0
