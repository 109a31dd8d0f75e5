"""The engine `gemini` and batches: bought once whatever happens, asked about for days, read in order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.fakes.errand import Diary, Listener
from tests.fakes.gemini import FakeGemini, colour_of, read_pictures
from tests.unit.engines.gemini_studio import LITE, fetch, make_batch, make_engine, plain, wait_over

from vtonlab.engines.gemini import batch_calls
from vtonlab.engines.gemini import batches as gemini_batches
from vtonlab.engines.generating import BatchRequest, BatchStatus, GenerateRequest
from vtonlab.engines.line import MARK
from vtonlab.errors import (
    BadOption,
    BatchExpired,
    BatchFailed,
    BatchGone,
    BudgetSpent,
    Cancelled,
    EngineBusy,
    EngineTimeout,
    EngineUnavailable,
    KeyRefused,
    NoPicture,
    NotThatService,
    PromptFailed,
    PromptRefused,
    QuotaExceeded,
    ServiceTrouble,
    VtonError,
)

FAILING = {3: "unsafe", 10: "words", 20: "trouble", 30: "missing", 40: "blocked", 50: "day is over", 99: "bad request"}
TOLD = {
    3: PromptRefused,
    10: NoPicture,
    20: PromptFailed,
    30: PromptFailed,
    40: PromptRefused,
    50: QuotaExceeded,
    99: BadOption,
}


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as server:
        server.scale = 0.08
        yield server


@pytest.fixture(params=["inline", "file"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "file":
        monkeypatch.setattr(gemini_batches, "MOST_INLINE", 100)
    return str(request.param)


def test_a_hundred_with_seven_failures_in_their_order(fake: FakeGemini, way: str) -> None:
    fake.batch.failing, fake.batch.is_shuffled, fake.batch.polls = FAILING, True, 2
    engine, errand = make_engine(fake), Diary()
    batch = make_batch(100, errand, aspect_ratio="3:4", resolution="2K", seed=5, negative_prompt="hats")
    remote_id = engine.submit_batch(batch)
    size = sum(len(f"prompt {i}Do not show any of the following in the picture: hats") for i in range(100))
    assert errand.told == [
        ("leaving", fake.host, 0, size, pytest.approx(100 * 0.05 / 2)),
        ("keep", MARK),
        ("keep", remote_id),
    ]
    states = wait_over(engine, remote_id)
    assert [(state.status, state.finished) for state in states] == [
        (BatchStatus.RUNNING, 33),
        (BatchStatus.RUNNING, 66),
        (BatchStatus.ENDED, 100),
    ]
    answers = fetch(engine, remote_id, batch)
    assert {answer.index: type(answer.error) for answer in answers if answer.error} == TOLD
    for answer in answers:
        assert (answer.result is None) == (answer.index in FAILING)
        if answer.result is not None:
            assert answer.result.image.shape == (189, 138, 3)
            assert tuple(answer.result.image[60, 5]) == colour_of(f"prompt {answer.index}")
    (made,) = fake.batches.all.values()
    assert made.from_file == (way == "file")
    assert (made.title, made.model) == ("our-batch", "gemini-nano-banana-2.1")
    assert fake.files.downloads == (way == "file")
    for body in fake.requests:
        assert body["generationConfig"] == {
            "responseModalities": ["IMAGE"],
            "imageConfig": {"aspectRatio": "3:4", "imageSize": "2K"},
            "seed": 5,
        }


def test_references_go_along_either_way(fake: FakeGemini, way: str) -> None:
    engine, errand = make_engine(fake), Diary()
    shared = plain(10, 20, 200)
    batch = make_batch(3, errand, references=(shared, plain(200, 20, 10)))
    remote_id = engine.submit_batch(batch)
    wait_over(engine, remote_id)
    assert [len(read_pictures(body)) for body in fake.requests] == [2, 2, 2]
    assert errand.told[0][2] == 6
    image = fetch(engine, remote_id, batch)[2].result.image  # type: ignore[union-attr]
    height, width = image.shape[:2]
    assert image[height * 2 // 5, width // 4, 2] > 190 > image[height * 2 // 5, width * 3 // 4, 2]


def test_large_batches_go_as_a_file(fake: FakeGemini, monkeypatch: pytest.MonkeyPatch) -> None:
    assert batch_calls.MOST_INLINE == 20_000_000
    monkeypatch.setattr(gemini_batches, "MOST_INLINE", 60_000)
    engine = make_engine(fake)
    engine.submit_batch(make_batch(50))
    engine.submit_batch(BatchRequest("large", (GenerateRequest("红" * 20_000),) * 2))
    assert [made.from_file for made in fake.batches.all.values()] == [False, True]
    assert fake.requests[-1]["contents"][0]["parts"] == [{"text": "红" * 20_000}]


@pytest.mark.parametrize("words", ["BATCH", "JOB"])
@pytest.mark.parametrize(
    ("ending", "status", "kind"),
    [
        ("failed", BatchStatus.FAILED, BatchFailed),
        ("expired", BatchStatus.EXPIRED, BatchExpired),
        ("cancelled", BatchStatus.CANCELLED, None),
    ],
)
def test_a_batch_that_does_not_end_well(
    fake: FakeGemini, words: str, ending: str, status: BatchStatus, kind: type[VtonError] | None
) -> None:
    fake.batch.ending, fake.batch.words, fake.batch.polls = ending, words, 0
    engine, batch = make_engine(fake), make_batch(4)
    state = engine.poll_batch(engine.submit_batch(batch))
    assert (state.status, type(state.error)) == (status, kind or type(None))
    if ending != "failed":
        answers = fetch(engine, next(iter(fake.batches.all)), batch)
        assert [answer.result is not None for answer in answers] == [True, True, False, False], "half was drawn"
        assert type(answers[3].error) is (BatchExpired if ending == "expired" else PromptFailed)


def test_a_batch_that_the_service_drops_before_it_draws_anything(fake: FakeGemini, way: str) -> None:
    fake.batch.ending, fake.batch.done, fake.batch.polls = "expired", 0.0, 0
    engine, batch = make_engine(fake), make_batch(2)
    remote_id = engine.submit_batch(batch)
    assert wait_over(engine, remote_id)[-1].finished == 0
    assert all(isinstance(answer.error, BatchExpired) for answer in fetch(engine, remote_id, batch))


@pytest.mark.parametrize("word", ["lose", "hang"])
def test_what_was_handed_in_and_not_answered_is_found_by_its_name(fake: FakeGemini, word: str) -> None:
    for number in range(9):  # three pages of others
        make_engine(fake).submit_batch(make_batch(1, name=f"another-{number}"))
    fake.batch.handed_in.append(word)
    engine, errand = make_engine(fake, seconds=1.0), Diary()
    with pytest.raises(EngineUnavailable if word == "lose" else EngineTimeout) as caught:
        engine.submit_batch(make_batch(3, errand))
    assert caught.value.retryable
    assert errand.remote_id == MARK
    remote_id = make_engine(fake).submit_batch(make_batch(3, errand))
    assert fake.batches.all[remote_id].title == "our-batch"
    assert len(fake.batches.all) == 10, "bought once"
    assert (errand.departures, errand.remote_id) == (1, remote_id)
    assert make_engine(fake).submit_batch(make_batch(3, errand)) == remote_id
    assert len(fake.batches.all) == 10


def test_cut_off_before_it_was_handed_in(fake: FakeGemini) -> None:
    errand = Diary(remote_id=MARK)
    remote_id = make_engine(fake).submit_batch(make_batch(3, errand))
    assert len(fake.batches.all) == 1
    assert errand.remote_id == remote_id


def test_who_only_looks_buys_nothing(fake: FakeGemini) -> None:
    def refuse(what: str) -> None:
        if what == "leaving":
            raise Cancelled

    engine = make_engine(fake)
    with pytest.raises(Cancelled):
        engine.submit_batch(BatchRequest("our-batch", (), Diary(remote_id=MARK, before=refuse)))
    remote_id = engine.submit_batch(make_batch(2))
    assert engine.submit_batch(BatchRequest("our-batch", (), Diary(remote_id=MARK, before=refuse))) == remote_id
    assert len(fake.batches.all) == 1


def test_the_answer_is_kept_though_nobody_waits_for_it_any_more(fake: FakeGemini) -> None:
    errand, listener = Diary(), Listener(stop_at="sending")
    with pytest.raises(Cancelled):
        make_engine(fake).submit_batch(make_batch(3, errand), listener)
    assert [errand.remote_id] == list(fake.batches.all)


def test_an_answer_without_a_name_is_no_reason_to_buy_again(fake: FakeGemini) -> None:
    fake.batch.handed_in.append("nameless")
    errand = Diary()
    with pytest.raises(NotThatService):
        make_engine(fake).submit_batch(make_batch(3, errand))
    assert errand.remote_id == MARK
    assert [make_engine(fake).submit_batch(make_batch(3, errand))] == list(fake.batches.all)


@pytest.mark.parametrize("word", ["forget", "trouble", "overloaded"])
def test_who_looks_and_finds_nothing_hands_it_in(fake: FakeGemini, word: str) -> None:
    fake.batch.handed_in.append(word)
    engine, errand = make_engine(fake), Diary()
    with pytest.raises((EngineUnavailable, EngineBusy)):
        engine.submit_batch(make_batch(3, errand))
    assert errand.remote_id == MARK, "nobody knows"
    engine.submit_batch(make_batch(3, errand))
    assert (len(fake.batches.all), errand.departures) == (1, 2)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("bad request", BadOption),
        ("forbidden", KeyRefused),
        ("day is over", QuotaExceeded),
        ("much too fast", EngineBusy),
        ("no billing", QuotaExceeded),
    ],
)
def test_a_batch_that_is_refused_is_not_there(fake: FakeGemini, word: str, kind: type[VtonError]) -> None:
    fake.batch.handed_in.append(word)
    errand = Diary()
    with pytest.raises(kind):
        make_engine(fake).submit_batch(make_batch(3, errand))
    assert (fake.batches.all, errand.remote_id) == ({}, "")


def test_a_moment_too_fast_is_waited_for(fake: FakeGemini) -> None:
    fake.batch.handed_in.append("too fast")
    errand = Diary()
    make_engine(fake).submit_batch(make_batch(3, errand))
    assert (len(fake.batches.all), errand.departures) == (1, 1)


def test_nothing_is_handed_in_that_cannot_be_drawn_or_paid(fake: FakeGemini) -> None:
    errand = Diary()
    with pytest.raises(BadOption, match="resolution"):
        make_engine(fake).submit_batch(make_batch(3, errand, resolution="4K", model=LITE))
    with pytest.raises(BudgetSpent):
        make_engine(fake).submit_batch(make_batch(3, Diary(limit=0.07)))
    assert (fake.batches.all, errand.told) == ({}, [])


def test_questions_that_are_not_answered_do_not_end_it(fake: FakeGemini) -> None:
    engine = make_engine(fake, seconds=0.6)
    remote_id = engine.submit_batch(make_batch(2))
    fake.batch.trouble.extend(["trouble", "overloaded", "lose", "forbidden"])
    for kind in (ServiceTrouble, EngineBusy, EngineUnavailable, KeyRefused):
        with pytest.raises(kind) as caught:
            engine.poll_batch(remote_id)
        assert type(caught.value) is kind
    assert engine.poll_batch(remote_id).status is BatchStatus.RUNNING
    fake.batch.trouble.append("hang")
    with pytest.raises(Cancelled):
        engine.poll_batch(remote_id, Listener(stop_at="remote_work"))
    with pytest.raises(EngineUnavailable):
        make_engine(fake, url="http://127.0.0.1:9").poll_batch(remote_id)


def test_a_batch_that_is_gone(fake: FakeGemini) -> None:
    engine = make_engine(fake)
    for remote_id in ("batches/nobody-knows", "sandbox-1-2-3-ended", MARK, "batches/../models"):
        for ask in (engine.poll_batch, engine.cancel_batch):
            with pytest.raises(BatchGone):
                ask(remote_id)
    with pytest.raises(BatchGone):
        list(engine.fetch_batch("batches/nobody-knows", make_batch(1)))


def test_it_is_cancelled_and_that_once(fake: FakeGemini) -> None:
    fake.batch.seconds = 1000.0
    engine, batch = make_engine(fake), make_batch(4)
    remote_id = engine.submit_batch(batch)
    engine.cancel_batch(remote_id)
    engine.cancel_batch(remote_id)
    assert fake.batches.cancels == 1
    assert engine.poll_batch(remote_id).status is BatchStatus.CANCELLED


def test_answers_cut_off_are_fetched_again(fake: FakeGemini, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemini_batches, "MOST_INLINE", 100)
    engine, batch = make_engine(fake), make_batch(5)
    remote_id = engine.submit_batch(batch)
    wait_over(engine, remote_id)
    fake.files.is_breaking_off = True
    with pytest.raises(EngineUnavailable):
        list(engine.fetch_batch(remote_id, batch))
    assert all(answer.result for answer in fetch(engine, remote_id, batch))
    fake.files.is_empty = True
    with pytest.raises(BatchGone):
        list(engine.fetch_batch(remote_id, batch))
    assert fake.bought == 5
