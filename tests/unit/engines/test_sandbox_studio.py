"""The sandbox draws from words: cards of the asked shape, failures on demand, batches that outlive whoever asks."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from tests.fakes.errand import Diary, Listener

from vtonlab.engines import sandbox_studio
from vtonlab.engines.generating import BatchingEngine, BatchRequest, BatchStatus, GenerateRequest
from vtonlab.engines.sandbox import SandboxEngine
from vtonlab.engines.sandbox_orders import Failure
from vtonlab.errors import (
    BadOption,
    BatchExpired,
    BatchFailed,
    BatchGone,
    Cancelled,
    EngineNotSetUp,
    PromptFailed,
    VtonError,
)
from vtonlab.imaging.provenance import SourceType


@pytest.fixture
def sandbox() -> SandboxEngine:
    engine = SandboxEngine()
    engine.equip({"on": True})
    return engine


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds since 1970, in a list so that tests can turn it on."""
    now = [1_700_000_000.0]
    monkeypatch.setattr(sandbox_studio, "now_ms", lambda: now[0] * 1000)
    return now


def make_batch(*prompts: str, errand: Diary | None = None) -> BatchRequest:
    return BatchRequest("ours", tuple(GenerateRequest(prompt) for prompt in prompts), errand)


def test_it_draws_nothing_while_it_is_off(sandbox: SandboxEngine) -> None:
    off = SandboxEngine()
    assert off.models() == ()
    for ask in (
        lambda: off.generate(GenerateRequest("a coat")),
        lambda: off.submit_batch(make_batch("a coat")),
        lambda: off.poll_batch("sandbox-1-1-1-ended"),
        lambda: off.fetch_batch("sandbox-1-1-1-ended", make_batch("a coat")),
        lambda: off.cancel_batch("sandbox-1-1-1-ended"),
    ):
        with pytest.raises(EngineNotSetUp):
            ask()
    assert isinstance(cast("object", sandbox), BatchingEngine)


@pytest.mark.parametrize("ratio", sandbox_studio.RATIOS)
def test_the_card_has_the_asked_shape(sandbox: SandboxEngine, ratio: str) -> None:
    made = sandbox.generate(GenerateRequest("a coat", aspect_ratio=ratio, seed=1))
    across, up = map(int, ratio.split(":"))
    height, width = made.image.shape[:2]
    assert max(height, width) == 1024
    assert abs(width * up - height * across) <= max(across, up)
    white = (made.image == 255).all(axis=2)
    assert white.mean() > 0.1
    assert (made.image[white.any(axis=1)] < 40).all(axis=2).any(), "black letters on the card"
    assert (made.model, made.engine, made.source_type) == ("sandbox", "sandbox", SourceType.GENERATED)
    assert [note.code for note in made.notes] == ["sandbox"]


@pytest.mark.parametrize(("resolution", "side"), [("2K", 2048), ("4K", 4096)])
def test_it_draws_large_ones_too(sandbox: SandboxEngine, resolution: str, side: int) -> None:
    assert sandbox.generate(GenerateRequest("x", resolution=resolution)).image.shape == (side, side, 3)


def test_all_that_is_asked_for_is_on_the_card(sandbox: SandboxEngine) -> None:
    red = np.full((60, 40, 3), (250, 1, 2), np.uint8)
    requests = [
        GenerateRequest("a coat", seed=1),
        GenerateRequest("a hat", seed=1),
        GenerateRequest("一件外套", seed=1),
        GenerateRequest("a coat", seed=2),
        GenerateRequest("a coat", seed=1, negative_prompt="hats"),
        GenerateRequest("a coat", seed=1, references=(red, red)),
        GenerateRequest("a coat"),
        GenerateRequest("a coat"),
    ]
    made = [sandbox.generate(request).image for request in requests]
    assert len({image.tobytes() for image in made}) == len(made)
    assert (sandbox.generate(requests[0]).image == made[0]).all(), "the same seed, the same picture"
    assert (made[5] == (250, 1, 2)).all(axis=2).sum() > 10_000


@pytest.mark.parametrize(
    "values",
    [{"aspect_ratio": "6:9"}, {"resolution": "8K"}, {"model": "another"}, {"references": (np.zeros((9, 9, 3)),) * 5}],
)
def test_what_it_does_not_do(sandbox: SandboxEngine, values: dict[str, object]) -> None:
    request = GenerateRequest("a coat", **values)  # type: ignore[arg-type]
    with pytest.raises(BadOption, match=next(iter(values))):
        sandbox.generate(request)
    with pytest.raises(BadOption, match=next(iter(values))):
        sandbox.submit_batch(BatchRequest("ours", (request,)))


@pytest.mark.parametrize("failure", list(Failure))
def test_it_fails_as_the_prompt_says(sandbox: SandboxEngine, failure: Failure) -> None:
    with pytest.raises(VtonError) as caught:
        sandbox.generate(GenerateRequest(f"sandbox: fail={failure.value} a coat"))
    assert caught.value.code == failure.value
    for language in ("en", "zh"):
        assert "{" not in caught.value.say(language) + caught.value.advise(language)


def test_it_takes_the_time_that_the_prompt_says(sandbox: SandboxEngine) -> None:
    listener = Listener()
    made = sandbox.generate(GenerateRequest("sandbox: seconds=0.3 a coat", seed=1), listener)
    assert made.timings["wait"] >= 0.3
    assert [stage for _, stage in listener.heard[:1] + listener.heard[-1:]] == ["remote_work seconds=0", "done"]
    assert [fraction for fraction, _ in listener.heard] == sorted(fraction for fraction, _ in listener.heard)
    assert (made.image == sandbox.generate(GenerateRequest("a coat", seed=1)).image).all(), "orders are not drawn"
    with pytest.raises(Cancelled):
        sandbox.generate(GenerateRequest("sandbox: seconds=3000"), Listener(stop_at="remote_work seconds=3000"))


@pytest.mark.parametrize("orders", ["seconds=-1", "seconds=long", "fail=badly", "steps=3", "batch=never"])
def test_orders_that_it_does_not_know(sandbox: SandboxEngine, orders: str) -> None:
    with pytest.raises(BadOption, match=orders.split("=", maxsplit=1)[0]):
        sandbox.generate(GenerateRequest(f"sandbox: {orders} a coat"))


def test_a_batch_goes_on_whoever_asks(sandbox: SandboxEngine, clock: list[float]) -> None:
    batch = make_batch("a", "sandbox: fail=prompt_refused b", "sandbox: seconds=0.6 c", "d", errand=(errand := Diary()))
    remote_id = sandbox.submit_batch(batch)
    assert errand.told == [("keep", remote_id)], "nothing leaves, nothing is paid"
    assert sandbox.submit_batch(batch) == remote_id
    another = SandboxEngine()
    another.equip({"on": "1"})
    seen = []
    for _ in range(4):
        state = another.poll_batch(remote_id)
        seen.append((state.status, state.finished))
        clock[0] += 0.4
    assert seen == [
        (BatchStatus.WAITING, 0),
        (BatchStatus.RUNNING, 1),
        (BatchStatus.RUNNING, 2),
        (BatchStatus.ENDED, 4),
    ]
    answers = list(another.fetch_batch(remote_id, batch))
    assert [answer.index for answer in answers] == [0, 1, 2, 3]
    assert [answer.error and answer.error.code for answer in answers] == [None, "prompt_refused", None, None]
    again = list(sandbox.fetch_batch(remote_id, batch))
    assert all(
        (one.result.image == other.result.image).all()
        for one, other in zip(answers, again, strict=True)
        if one.result and other.result
    )


@pytest.mark.parametrize(
    ("end", "kind", "drawn"),
    [("failed", BatchFailed, 0), ("expired", BatchExpired, 2), ("cancelled", type(None), 2)],
)
def test_a_batch_ends_as_its_first_prompt_says(
    sandbox: SandboxEngine, clock: list[float], end: str, kind: type, drawn: int
) -> None:
    batch = make_batch(f"sandbox: batch={end} a", "b", "c", "d")
    remote_id = sandbox.submit_batch(batch)
    clock[0] += 10
    state = sandbox.poll_batch(remote_id)
    assert (state.status.value, type(state.error), state.finished) == (end, kind, drawn)
    answers = list(sandbox.fetch_batch(remote_id, batch))
    assert [answer.result is not None for answer in answers] == [True] * drawn + [False] * (4 - drawn)
    assert all(isinstance(answer.error, PromptFailed) for answer in answers[drawn:])


def test_a_batch_is_cancelled(sandbox: SandboxEngine, clock: list[float]) -> None:
    batch = make_batch("a", "b", "c", "d")
    remote_id = sandbox.submit_batch(batch)
    clock[0] += 0.5
    sandbox.cancel_batch(remote_id)
    clock[0] += 10
    sandbox.cancel_batch(remote_id)
    state = sandbox.poll_batch(remote_id)
    assert (state.status, state.finished) == (BatchStatus.CANCELLED, 2)
    assert [answer.result is not None for answer in sandbox.fetch_batch(remote_id, batch)] == [True, True, False, False]
    for ask in (sandbox.poll_batch, sandbox.cancel_batch):
        with pytest.raises(BatchGone):
            ask("batches/another")
