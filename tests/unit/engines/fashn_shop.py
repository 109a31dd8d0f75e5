"""What tests of the engine `fashn` share: the engine at a fake service, and a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from tests.fakes.errand import textured
from tests.fakes.fashn import KEY, FakeFashn

from vtonlab.engines.contract import GarmentKind, Picture, TryOnRequest
from vtonlab.engines.fashn import FashnEngine
from vtonlab.engines.fashn import engine as engine_module

PERSON = textured(320, 430, 1)
GARMENT = np.full((200, 160, 3), (30, 90, 200), np.uint8)


@contextmanager
def open_shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeFashn]:
    """The fake service, and an engine that asks it often."""
    monkeypatch.setattr(engine_module, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(engine_module, "LONGEST_PAUSE", 0.05)
    with FakeFashn() as server:
        yield server


def make_engine(fake: FakeFashn, **values: object) -> FashnEngine:
    engine = FashnEngine()
    engine.equip({"api_key": KEY, "url": fake.url, "seconds": 20.0, "price": 0.075} | values)
    return engine


def ask(person: Picture = PERSON, **values: object) -> TryOnRequest:
    return TryOnRequest(**({"person": person, "garment": GARMENT, "kind": GarmentKind.UPPER} | values))  # type: ignore[arg-type]
