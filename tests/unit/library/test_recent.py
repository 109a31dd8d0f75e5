"""What is remembered for a moment: never longer, never older than what made us forget, never twice looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from vtonlab.library import recent
from vtonlab.library.recent import Recent

pytestmark = pytest.mark.anyio


class Clock:
    """Seconds that pass when the test says so."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(recent, "time", clock)
    return clock


def say(value: str) -> Callable[[], Awaitable[str]]:
    async def look() -> str:
        return value

    return look


async def test_it_is_remembered_so_long_and_no_longer(clock: Clock) -> None:
    kept: Recent[str, str] = Recent(10, seconds=2.0)
    assert await kept.find("a", say("first")) == "first"
    clock.now += 1.99
    assert await kept.find("a", say("second")) == "first"
    clock.now += 0.01  # asking did not make it last longer
    assert kept.get("a") is None
    assert kept.last("a") == "first"
    assert await kept.find("a", say("third")) == "third"


async def test_its_time_begins_when_it_is_looked_for(clock: Clock) -> None:
    kept: Recent[str, str] = Recent(10, seconds=2.0)

    async def slow() -> str:
        clock.now += 1.5
        return "value"

    await kept.find("a", slow)
    clock.now += 0.6
    assert kept.get("a") is None


async def test_many_who_ask_at_once_look_once() -> None:
    kept: Recent[str, str] = Recent(10)
    count = 0

    async def slow() -> str:
        nonlocal count
        count += 1
        await asyncio.sleep(0.01)
        return "value"

    assert set(await asyncio.gather(*(kept.find("a", slow) for _ in range(20)))) == {"value"}
    assert count == 1


async def test_what_was_looked_for_before_forgetting_is_not_kept() -> None:
    kept: Recent[str, str] = Recent(10)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        begun.set()
        await go_on.wait()
        return "old"

    early = asyncio.create_task(kept.find("a", slow))
    await begun.wait()
    kept.forget(lambda key, _: key == "a")
    late = asyncio.create_task(kept.find("a", say("new")))  # does not join who looked before
    assert await late == "new"
    go_on.set()
    assert await early == "old"
    assert kept.get("a") == "new"


async def test_forgetting_some() -> None:
    kept: Recent[str, str] = Recent(10)
    for key in ("a", "b"):
        await kept.find(key, say(key))
    kept.forget(lambda key, _: key == "a")
    assert (kept.get("a"), kept.get("b")) == (None, "b")
    kept.forget()
    assert kept.get("b") is None


async def test_who_goes_away_does_not_stop_it_for_others() -> None:
    kept: Recent[str, str] = Recent(10)
    go_on = asyncio.Event()

    async def slow() -> str:
        await go_on.wait()
        return "value"

    first, second = (asyncio.create_task(kept.find("a", slow)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    go_on.set()
    assert await second == "value"


async def test_what_cannot_be_found_is_told_to_all_and_looked_for_again() -> None:
    kept: Recent[str, str] = Recent(10)

    async def fail() -> str:
        await asyncio.sleep(0)
        raise LookupError

    told = await asyncio.gather(*(kept.find("a", fail) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in told] == [LookupError] * 3
    assert await kept.find("a", say("value")) == "value"


async def test_it_stays_small() -> None:
    kept: Recent[int, str] = Recent(3, room=10, weigh=len)
    for number in range(5):
        await kept.find(number, say("xx"))
    assert [kept.get(number) for number in range(5)] == [None, None, "xx", "xx", "xx"]
    await kept.find(9, say("x" * 7))
    assert [kept.get(number) for number in (2, 3, 4, 9)] == [None, None, "xx", "x" * 7]
    await kept.find(10, say("x" * 11))  # larger than all the room: given, not kept
    assert kept.get(10) is None
    await kept.find(11, say("x" * 10))
    assert kept.get(11) == "x" * 10
    kept.forget()
    await kept.find(12, say("x" * 10))
    assert kept.get(12) == "x" * 10


async def test_what_nobody_asks_for_is_let_go(clock: Clock) -> None:
    kept: Recent[str, str] = Recent(10, seconds=2.0)
    await kept.find("a", say("x"))
    clock.now += 30
    await kept.find("b", say("y"))
    assert kept.last("a") == "x"
    clock.now += 33
    await kept.find("b", say("z"))
    assert kept.last("a") is None
    assert kept.get("b") == "z"
