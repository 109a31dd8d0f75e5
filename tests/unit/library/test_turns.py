"""Who works next."""

from __future__ import annotations

import asyncio

import pytest

from vtonlab.library.turns import Turns

pytestmark = pytest.mark.anyio


async def test_users_take_turns_however_much_one_brings() -> None:
    turns, order, running = Turns(2), [], 0

    async def work(user: str) -> None:
        nonlocal running
        async with turns.take(user):
            running += 1
            assert running <= 2
            order.append(user)
            await asyncio.sleep(0.001)
            running -= 1

    many = [asyncio.create_task(work("ann")) for _ in range(20)]
    await asyncio.sleep(0)
    few = [asyncio.create_task(work(user)) for user in ("bob", "cat", "bob")]
    await asyncio.gather(*many, *few)
    assert len(order) == 23
    assert max(order.index("bob"), order.index("cat")) <= 5
    assert [place for place, user in enumerate(order) if user == "bob"][-1] <= 8


async def test_who_is_cancelled_takes_no_place_away() -> None:
    turns = Turns(1)
    waiting = []
    async with turns.take("ann"):
        waiting = [asyncio.create_task(hold(turns, user)) for user in ("ann", "bob", "cat")]
        await asyncio.sleep(0)
        waiting[0].cancel()
    waiting[1].cancel()  # called at this very moment, perhaps
    await asyncio.gather(*waiting, return_exceptions=True)
    async with asyncio.timeout(1), turns.take("dan"):
        pass


async def hold(turns: Turns, user: str) -> None:
    async with turns.take(user):
        await asyncio.sleep(0)
