"""The engine `fashn` and its account: key, credits, limits, and what must reach no log."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator

import pytest
from tests.fakes.fashn import FakeFashn
from tests.unit.engines.fashn_shop import ask, make_engine, open_shop

from vtonlab.engines import registry
from vtonlab.engines.contract import ConfiguredEngine, HealthStatus
from vtonlab.engines.fashn import FashnEngine
from vtonlab.engines.fashn.turns import Turns
from vtonlab.errors import (
    Cancelled,
    EngineNotSetUp,
    KeyRefused,
)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeFashn]:
    with open_shop(monkeypatch) as server:
        yield server


def test_without_a_key_it_is_not_set_up(fake: FakeFashn) -> None:
    engine = make_engine(fake, api_key="")
    assert isinstance(registry.get("fashn"), ConfiguredEngine)
    assert engine.health().status is HealthStatus.NOT_SET_UP
    with pytest.raises(EngineNotSetUp) as caught:
        engine.try_on(ask())
    assert "VTONLAB_FASHN_API_KEY" in caught.value.advise()


def test_the_wrong_key_reaches_no_log(fake: FakeFashn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    engine = make_engine(fake, api_key="fa-a-secret-one", url=f"http://user:hushhush@{fake.host}/v1")
    with pytest.raises(KeyRefused) as caught:
        engine.try_on(ask())
    assert engine.health().status is HealthStatus.DOWN
    for words in (caplog.text, repr(engine._setup), str(caught.value), repr(caught.value.__cause__)):
        assert "fa-a-secret-one" not in words
        assert "hushhush" not in words


def test_where_a_picture_lies_reaches_no_log(fake: FakeFashn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    fake.knobs.fetches = deque(["redirect", "picture"])
    make_engine(fake).try_on(ask())
    assert "/v1/run" in caplog.text
    assert "output_0.png" not in caplog.text
    assert "again.png" not in caplog.text


def test_health_says_how_the_account_is(fake: FakeFashn) -> None:
    assert make_engine(fake).health().status is HealthStatus.OK
    fake.knobs.credits = 0
    assert make_engine(fake).health().status is HealthStatus.DOWN
    assert make_engine(fake, url=fake.address).health().status is HealthStatus.DEGRADED


def test_the_card_says_where_pictures_go(fake: FakeFashn) -> None:
    assert FashnEngine().capabilities.remote_host == "api.fashn.ai"
    card = make_engine(fake).capabilities
    assert (card.remote_host, card.is_paid, card.outfits, card.commercial_use) == (fake.host, True, False, True)
    assert "72" in card.privacy.en
    assert "72" in card.privacy.zh


def test_no_more_jobs_at_once_than_the_service_takes(fake: FakeFashn) -> None:
    engine = make_engine(fake)
    engine._turns = Turns(at_once=2)
    threads = [threading.Thread(target=engine.try_on, args=(ask(),)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (fake.bought, fake.at_once) == (5, 2)


def test_no_more_orders_a_minute_than_the_service_takes() -> None:
    now = [0.0]
    turns = Turns(at_once=100, per_minute=3, clock=lambda: now[0])
    waited: list[float] = []

    def wait() -> None:
        waited.append(now[0])
        now[0] += 20

    for _ in range(4):
        with turns.take(wait):
            now[0] += 1
    assert waited == [3.0, 23.0, 43.0]
    with pytest.raises(Cancelled), Turns(at_once=0).take(lambda: (_ for _ in ()).throw(Cancelled)):
        pytest.fail("there is no place")
