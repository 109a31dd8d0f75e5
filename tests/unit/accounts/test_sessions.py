"""Sessions begin, last, are listed and end."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.unit.accounts.conftest import PASSWORD, Home

from vtonlab.accounts.caller import Caller, CallerKind, Credentials
from vtonlab.accounts.models import Session
from vtonlab.db.base import now
from vtonlab.errors import NotAllowed, NotThere, SignInNeeded

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


async def rewrite(home: Home, session_id: str | None, **values: Any) -> None:
    """Change a session's row behind the back of the program, which forgets what it knew."""

    async def work(session: Any) -> None:
        await session.execute(update(Session).where(Session.session_id == session_id).values(values))

    await home.database.write(work)
    home.accounts._identity._known.forget()


async def row_of(home: Home, session_id: str | None) -> Session | None:
    async with home.database.read() as session:
        return (await session.execute(select(Session).where(Session.session_id == session_id))).scalar_one_or_none()


def about(moment: datetime, expected: datetime) -> bool:
    return abs(moment - expected) < timedelta(minutes=1)


async def test_a_remembered_session_lasts_seven_days_after_its_last_use(any_home: Home) -> None:
    await any_home.make()
    entered = await any_home.enter(remember=True)
    assert entered.cookie.max_age == 7 * 24 * 3600
    session_id = entered.caller.session_id
    await rewrite(any_home, session_id, last_used_at=now() - 6 * DAY, expires_at=now() + DAY)
    assert (await any_home.with_cookie(entered.cookie.value)).is_signed_in
    row = await row_of(any_home, session_id)
    assert row is not None
    assert about(row.expires_at, now() + 7 * DAY)
    await rewrite(any_home, session_id, last_used_at=now() - 8 * DAY, expires_at=now() - DAY)
    assert not (await any_home.with_cookie(entered.cookie.value)).is_signed_in


async def test_an_unremembered_one_a_day(home: Home) -> None:
    entered = await home.member()
    assert entered.cookie.max_age is None
    row = await row_of(home, entered.caller.session_id)
    assert row is not None
    assert about(row.expires_at, now() + DAY)
    await rewrite(home, row.session_id, last_used_at=now() - DAY, expires_at=now() - timedelta(seconds=1))
    assert not (await home.with_cookie(entered.cookie.value)).is_signed_in


async def test_use_is_written_now_and_then_only(home: Home) -> None:
    entered = await home.member()
    first = await row_of(home, entered.caller.session_id)
    for _ in range(3):
        home.accounts._identity._known.forget()
        await home.with_cookie(entered.cookie.value)
    again = await row_of(home, entered.caller.session_id)
    assert first is not None
    assert again is not None
    assert first.last_used_at == again.last_used_at
    await rewrite(home, first.session_id, last_used_at=now() - timedelta(minutes=6))
    await asyncio.gather(*(home.with_cookie(entered.cookie.value) for _ in range(10)))
    again = await row_of(home, entered.caller.session_id)
    assert again is not None
    assert about(again.last_used_at, now())


async def test_the_browser_is_told_to_keep_a_remembered_one_as_long_again(home: Home) -> None:
    await home.make()
    for remember, kept in ((True, 7 * 24 * 3600), (False, None)):
        entered = await home.enter(remember=remember)
        credentials = Credentials(entered.cookie.value, None, "192.0.2.1", "test")
        caller = await home.accounts.identify(credentials)
        cookie = home.accounts.renew(caller, credentials)
        assert (cookie and cookie.max_age) == kept
        assert cookie is None or cookie.value == entered.cookie.value
    assert home.accounts.renew(await home.stranger(), Credentials("x", None, "", "")) is None


async def test_signing_in_gives_a_new_id_and_ends_the_old_one(any_home: Home) -> None:
    first = await any_home.member()
    again = await any_home.accounts.sign_in.with_password(first.caller, "mei", PASSWORD, remember=False)
    assert again.cookie.value != first.cookie.value
    assert not (await any_home.with_cookie(first.cookie.value)).is_signed_in
    assert (await any_home.with_cookie(again.cookie.value)).is_signed_in


async def test_they_are_listed_and_ended_one_by_one(any_home: Home) -> None:
    await any_home.make()
    here = await any_home.enter(address="192.0.2.1")
    there = await any_home.enter(address="198.51.100.7")
    await any_home.accounts.sign_in.of_program(
        await any_home.stranger("203.0.113.1", "python-requests/2"), "mei", PASSWORD
    )
    listed = await any_home.accounts.sessions.list(here.caller)
    assert [(one.kind, one.address, one.is_current) for one in listed] == [
        ("browser", "198.51.100.7", False),
        ("browser", "192.0.2.1", True),
        ("program", "203.0.113.1", False),
    ]
    assert listed[2].device == "python-requests"
    await any_home.accounts.sessions.end(here.caller, listed[0].session_id)
    assert not (await any_home.with_cookie(there.cookie.value)).is_signed_in
    with pytest.raises(NotThere):
        await any_home.accounts.sessions.end(here.caller, listed[0].session_id)
    await any_home.accounts.sessions.end(here.caller, listed[2].session_id)
    assert len(await any_home.accounts.sessions.list(here.caller)) == 1
    assert here.user.user_id in any_home.told


async def test_nobody_ends_anothers(home: Home) -> None:
    mei, ana = await home.member("mei"), await home.member("ana")
    for wrong in (ana.caller.session_id or "", "nonsense", "会话", "a\x00b", "x" * 96):
        with pytest.raises(NotThere):
            await home.accounts.sessions.end(mei.caller, wrong)
    assert (await home.with_cookie(ana.cookie.value)).is_signed_in


async def test_all_others_end_at_once(any_home: Home) -> None:
    await any_home.make()
    entered = [await any_home.enter() for _ in range(4)]
    assert await any_home.accounts.sessions.end_others(entered[2].caller) == 3
    alive = [(await any_home.with_cookie(one.cookie.value)).is_signed_in for one in entered]
    assert alive == [False, False, True, False]


async def test_signing_out_ends_it_here_too(home: Home) -> None:
    entered = await home.member()
    forget = await home.accounts.sessions.sign_out(entered.caller)
    assert forget.max_age == 0
    assert (await home.with_cookie(entered.cookie.value)).kind is CallerKind.STRANGER
    with pytest.raises(SignInNeeded):
        await home.accounts.sessions.sign_out(await home.stranger())


async def test_a_token_of_a_program_lists_and_ends_no_sessions(home: Home) -> None:
    entered = await home.member()
    _, text = await home.accounts.api_tokens.make(entered.caller, "script", ["account:manage"])
    program = await home.with_bearer(text)
    for attempt in (
        home.accounts.sessions.list(program),
        home.accounts.sessions.end_others(program),
        home.accounts.sessions.sign_out(program),
        home.accounts.sessions.end(program, entered.caller.session_id or ""),
    ):
        with pytest.raises(NotAllowed):
            await attempt


@pytest.mark.parametrize("cookie", ["", "nonsense", "王", "\udcff\udcfe", "x" * 10_000])
async def test_a_cookie_that_is_none_of_ours_is_a_strangers(home: Home, cookie: str) -> None:
    assert (await home.with_cookie(cookie)).kind is CallerKind.STRANGER


async def test_one_that_is_ended_while_it_is_used_stays_ended(any_home: Home) -> None:
    """Uses that were under way when it ended must neither bring the row back nor be remembered as good."""
    entered = await any_home.member()
    value, session_id = entered.cookie.value, entered.caller.session_id
    for _ in range(8):
        await rewrite(any_home, session_id, last_used_at=now() - timedelta(hours=1))
        uses = [asyncio.create_task(any_home.with_cookie(value)) for _ in range(6)]
        ending = asyncio.create_task(any_home.accounts.sessions.end(entered.caller, session_id or ""))
        await asyncio.gather(*uses, ending)
        assert not (await any_home.with_cookie(value)).is_signed_in
        assert await row_of(any_home, session_id) is None
        entered = await any_home.enter()
        value, session_id = entered.cookie.value, entered.caller.session_id


async def test_a_change_by_another_process_is_noticed_within_two_seconds(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    entered = await home.member()
    assert (await home.with_cookie(entered.cookie.value)).is_signed_in

    async def end_elsewhere(session: Any) -> None:
        await session.delete(await session.get(Session, entered.caller.session_id))

    await home.database.write(end_elsewhere)
    started = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: started + 2.1)
    assert not (await home.with_cookie(entered.cookie.value)).is_signed_in


async def test_what_is_known_is_bounded() -> None:
    from vtonlab.accounts import known

    callers = known.KnownCallers()
    for number in range(known.MOST + 10):
        callers.keep(str(number), known.Known(Caller(CallerKind.STRANGER, None)), callers.changes)
    assert len(callers._found) == known.MOST
    assert callers.get("0") is None
    before = callers.changes
    callers.forget()
    callers.keep("late", known.Known(Caller(CallerKind.STRANGER, None)), before)
    assert callers.get("late") is None
