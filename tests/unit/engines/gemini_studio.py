"""What the tests of drawing from words share."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from tests.fakes.errand import Diary
from tests.fakes.gemini import KEY, FakeGemini

from vtonlab.engines.contract import Picture
from vtonlab.engines.gemini import GeminiEngine
from vtonlab.engines.generating import OVER, BatchAnswer, BatchRequest, BatchState, GenerateRequest

PRO, LITE = "gemini-3-pro-image", "gemini-3.1-flash-lite-image"


def make_engine(fake: FakeGemini, **values: object) -> GeminiEngine:
    engine = GeminiEngine()
    given = {"api_key": KEY, "url": fake.address, "seconds": 20.0, "price": 0.05, "price_4k": 0.12}
    engine.equip(given | values)
    return engine


def plain(*colour: int) -> Picture:
    return np.full((60, 80, 3), colour, np.uint8)


def make_batch(count: int = 3, errand: Diary | None = None, name: str = "our-batch", **values: Any) -> BatchRequest:
    return BatchRequest(name, tuple(GenerateRequest(f"prompt {i}", **values) for i in range(count)), errand)


def wait_over(engine: GeminiEngine, remote_id: str) -> list[BatchState]:
    """How it stood, again and again, until it was over."""
    end = time.monotonic() + 30
    states: list[BatchState] = []
    while not states or states[-1].status not in OVER:
        assert time.monotonic() < end
        states.append(engine.poll_batch(remote_id))
    return states


def fetch(engine: GeminiEngine, remote_id: str, batch: BatchRequest) -> list[BatchAnswer]:
    answers = list(engine.fetch_batch(remote_id, batch))
    assert [answer.index for answer in answers] == list(range(len(batch.requests))), "each once, in order"
    return answers
