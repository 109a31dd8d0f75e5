"""How often something may be asked for."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.unit.accounts.conftest import quick_passwords

from vtonlab.accounts.limits import Limits, read_rate
from vtonlab.accounts.passwords import MOST_WAITING
from vtonlab.accounts.service import Accounts
from vtonlab.db.database import Database
from vtonlab.errors import BadSetting, TooManyRequests
from vtonlab.settings import Settings


def test_each_key_has_its_own_count() -> None:
    limits = Limits()
    for _ in range(3):
        limits.take("3/minute", "sign-in", "a")
    with pytest.raises(TooManyRequests) as caught:
        limits.take("3/minute", "sign-in", "a")
    assert 1 <= int(str(caught.value.values["seconds"])) <= 120
    limits.take("3/minute", "sign-in", "b")
    limits.take("3/minute", "register", "a")


def test_addresses_of_one_customer_are_one() -> None:
    limits = Limits()
    limits.take_from("1/minute", "sign-in", "2001:db8::1")
    with pytest.raises(TooManyRequests):
        limits.take_from("1/minute", "sign-in", "2001:db8::2")
    limits.take_from("1/minute", "sign-in", "2001:db8:1::1")


def test_whoever_never_stops_asking_still_gets_the_rate_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused does not count, or a flood would keep its victim out for ever."""
    limits, start = Limits(), 1_800_000_000.0
    let_through = 0
    for second in range(600):
        monkeypatch.setattr(time, "time", lambda second=second: start + second)
        try:
            limits.take("10/minute", "sign-in", "a")
        except TooManyRequests:
            continue
        let_through += 1
    assert 90 <= let_through <= 110


def test_keys_of_the_past_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    limits, start = Limits(), time.time()
    for number in range(2000):
        limits.take("10/minute", "sign-in", str(number))
    storage = limits._counter.storage
    assert len(storage.storage) >= 2000  # type: ignore[attr-defined]
    monkeypatch.setattr(time, "time", lambda: start + 300)
    deadline = time.monotonic() + 10
    while len(storage.storage) > 100 and time.monotonic() < deadline:  # type: ignore[attr-defined]
        limits.take("100000/minute", "sign-in", "later")
        time.sleep(0.02)
    assert len(storage.storage) <= 100  # type: ignore[attr-defined]


@pytest.mark.anyio
async def test_a_rate_that_is_none_is_told_at_the_start(database: Database) -> None:
    with pytest.raises(BadSetting):
        read_rate("often")
    with pytest.raises(BadSetting):
        Accounts(database, Settings(sign_in_rate="often"), b"s" * 32, [])


@pytest.mark.anyio
async def test_a_flood_of_passwords_is_refused_instead_of_piling_up() -> None:
    passwords = quick_passwords()
    attempts = [passwords.hash("a long password") for _ in range(MOST_WAITING + 20)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(outcome, TooManyRequests) for outcome in outcomes) == 20
    assert await passwords.hash("a long password")
