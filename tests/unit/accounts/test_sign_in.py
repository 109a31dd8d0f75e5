"""Registering, signing in, changing the password."""

from __future__ import annotations

import asyncio

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import func, select, update
from tests.unit.accounts.conftest import PASSWORD, Home, OpenHome

from vtonlab.accounts.caller import CallerKind, Via
from vtonlab.accounts.models import AuditEntry, Session, User
from vtonlab.accounts.passwords import Passwords
from vtonlab.accounts.people import OPERATOR, Changes
from vtonlab.db.database import Database
from vtonlab.errors import (
    BadDetail,
    Conflict,
    ForeignRequest,
    NameTaken,
    NotAllowed,
    PageNotFound,
    SignInNeeded,
    TokenNotValid,
    TooManyRequests,
    WrongPassword,
)

pytestmark = pytest.mark.anyio


async def test_a_hash_costs_what_is_recommended() -> None:
    """RFC 9106, section 4, second choice; other tests use less."""
    kept = await Passwords().hash(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await Passwords().check(PASSWORD, kept) == (True, None)


async def test_registering_then_signing_in(any_home: Home) -> None:
    stranger = await any_home.stranger()
    user = await any_home.accounts.sign_in.register(stranger, "Mei", " Mei@Example.org ", "secret")
    entered = await any_home.accounts.sign_in.with_password(stranger, "ｍｅｉ", "secret", remember=False)
    assert entered.user.user_id == user.user_id
    assert (entered.user.username, entered.user.email) == ("Mei", "Mei@Example.org")
    assert entered.cookie.max_age is None
    caller = await any_home.with_cookie(entered.cookie.value)
    assert (caller.kind, caller.user_id, caller.role, caller.via) == (
        CallerKind.USER,
        user.user_id,
        "editor",
        Via.COOKIE,
    )
    assert caller.address == "192.0.2.1"
    assert entered.cookie.value.encode() not in b"".join(await every_word(any_home.database))


async def every_word(database: Database) -> list[bytes]:
    async with database.read() as session:
        sessions = (await session.execute(select(Session))).scalars().all()
        users = (await session.execute(select(User))).scalars().all()
        return [repr(vars(row)).encode() for row in (*sessions, *users)]


async def test_a_name_or_address_is_taken_once(any_home: Home) -> None:
    stranger, sign_in = await any_home.stranger(), any_home.accounts.sign_in
    await sign_in.register(stranger, "Straße", "a@example.org", "secret")
    for name, email in (("STRASSE", None), ("other", "A@EXAMPLE.ORG")):
        with pytest.raises(NameTaken):
            await sign_in.register(stranger, name, email, "secret")
    await sign_in.register(stranger, "third", None, "secret")
    await sign_in.register(stranger, "fourth", "", "secret")  # no address is nobody's address


async def test_two_who_register_the_same_name_at_once(any_home: Home) -> None:
    stranger = await any_home.stranger()
    attempts = [any_home.accounts.sign_in.register(stranger, "mei", f"{n}@example.org", "secret") for n in range(6)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(outcome, User) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, NameTaken) for outcome in outcomes) == 5
    async with any_home.database.read() as session:
        assert (await session.execute(select(func.count()).select_from(User))).scalar_one() == 1


async def test_details_that_are_not_taken(home: Home) -> None:
    stranger, sign_in = await home.stranger(), home.accounts.sign_in
    for name, email, password in (("me", None, "secret"), ("mei", "nowhere", "secret"), ("mei", None, "12345")):
        with pytest.raises(BadDetail):
            await sign_in.register(stranger, name, email, password)


async def test_registering_can_be_switched_off_in_server_mode_only(opened: OpenHome) -> None:
    closed = await opened(registration=False)
    with pytest.raises(NotAllowed):
        await closed.accounts.sign_in.register(await closed.stranger(), "mei", None, "secret")
    at_home = await opened(registration=False, mode="local")
    assert await at_home.accounts.sign_in.register(await at_home.stranger(), "mei", None, "secret")


async def test_wrong_unknown_and_disabled_read_the_same(home: Home) -> None:
    await home.make("mei")
    off = await home.make("off")
    await home.accounts.people.edit(OPERATOR, off, Changes(is_active=False))
    stranger = await home.stranger()
    told = set()
    for name, password in (("mei", "wrong"), ("nobody", PASSWORD), ("off", PASSWORD), ("", ""), ("a\x00b", "x" * 2000)):
        with pytest.raises(WrongPassword) as caught:
            await home.accounts.sign_in.with_password(stranger, name, password, remember=False)
        told.add((caught.value.code, caught.value.say("en"), caught.value.say("zh")))
    assert len(told) == 1


async def test_an_unknown_name_costs_a_hash_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    await home.make("mei")
    hasher = home.accounts._ground.passwords._hasher
    done: list[str] = []
    plain_hash, plain_verify = hasher.hash, hasher.verify_and_update

    def counted_hash(password: str) -> str:
        done.append("hash")
        return plain_hash(password)

    def counted_verify(password: str, kept: str) -> tuple[bool, str | None]:
        done.append("verify")
        return plain_verify(password, kept)

    monkeypatch.setattr(hasher, "hash", counted_hash)
    monkeypatch.setattr(hasher, "verify_and_update", counted_verify)
    stranger = await home.stranger()
    for name in ("mei", "nobody", "guest-0123abcd"):
        with pytest.raises(WrongPassword):
            await home.accounts.sign_in.with_password(stranger, name, "wrong", remember=False)
    assert done == ["verify", "hash", "hash"]


async def test_the_name_that_was_typed_is_not_kept(home: Home) -> None:
    # People type their password where the name belongs.
    with pytest.raises(WrongPassword):
        await home.accounts.sign_in.with_password(await home.stranger(), "my secret password", "", remember=False)
    async with home.database.read() as session:
        entries = (await session.execute(select(AuditEntry))).scalars().all()
    assert [(entry.action, entry.target, entry.details) for entry in entries] == [
        ("auth.sign_in_failed", "", {"reason": "unknown"})
    ]


async def test_attempts_are_limited_by_address(opened: OpenHome) -> None:
    home = await opened(sign_in_rate="3/minute")
    await home.make("mei")
    for _ in range(3):
        with pytest.raises(WrongPassword):
            await home.accounts.sign_in.with_password(await home.stranger(), "mei", "wrong", remember=False)
    with pytest.raises(TooManyRequests) as caught:
        await home.enter("mei")
    assert 1 <= int(str(caught.value.values["seconds"])) <= 120


async def test_guesses_from_everywhere_are_limited_but_keep_no_owner_out(opened: OpenHome) -> None:
    home = await opened(sign_in_rate="3/minute")
    await home.make("mei")
    await home.enter("mei", address="192.0.2.1")  # from where they are known
    for number in range(20):
        with pytest.raises((WrongPassword, TooManyRequests)):
            await home.accounts.sign_in.with_password(
                await home.stranger(f"198.51.100.{number}"), "mei", "wrong", remember=False
            )
    with pytest.raises(TooManyRequests):
        await home.enter("mei", address="203.0.113.5")
    assert await home.enter("mei", address="192.0.2.1")


async def test_a_name_that_nobody_has_is_limited_like_any(opened: OpenHome) -> None:
    home = await opened(sign_in_rate="3/minute")
    outcomes = []
    for number in range(5):
        with pytest.raises((WrongPassword, TooManyRequests)) as caught:
            await home.accounts.sign_in.with_password(
                await home.stranger(f"198.51.100.{number}"), "nobody", "wrong", remember=False
            )
        outcomes.append(caught.value.code)
    assert outcomes == ["wrong_password"] * 3 + ["too_many_requests"] * 2


async def test_changing_the_password_ends_everything_else(any_home: Home) -> None:
    await any_home.make("mei")
    here, there = await any_home.enter(), await any_home.enter()
    pair = await any_home.accounts.sign_in.of_program(await any_home.stranger(), "mei", PASSWORD)
    with pytest.raises(WrongPassword):
        await any_home.accounts.sign_in.change_password(here.caller, "wrong", "another horse")
    with pytest.raises(BadDetail):
        await any_home.accounts.sign_in.change_password(here.caller, PASSWORD, "short")
    assert await any_home.accounts.sign_in.change_password(here.caller, PASSWORD, "another horse") == 2
    assert (await any_home.with_cookie(here.cookie.value)).is_signed_in
    assert not (await any_home.with_cookie(there.cookie.value)).is_signed_in
    with pytest.raises(TokenNotValid):
        await any_home.with_bearer(pair.access_token)
    with pytest.raises(TokenNotValid):
        await any_home.accounts.tokens.refresh(await any_home.stranger(), pair.refresh_token)
    with pytest.raises(WrongPassword):
        await any_home.enter()
    assert await any_home.accounts.sign_in.with_password(
        await any_home.stranger(), "mei", "another horse", remember=False
    )


async def test_a_program_cannot_change_the_password(home: Home) -> None:
    entered = await home.member()
    _, text = await home.accounts.api_tokens.make(entered.caller, "script", ["account:manage"])
    with pytest.raises(NotAllowed):
        await home.accounts.sign_in.change_password(await home.with_bearer(text), PASSWORD, "another horse")
    with pytest.raises(SignInNeeded):
        await home.accounts.sign_in.change_password(await home.stranger(), PASSWORD, "another horse")


async def test_an_older_hash_is_renewed_at_signing_in(home: Home) -> None:
    user_id = await home.make("mei")
    older = Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)

    async def weaken(session: object) -> None:
        await session.execute(update(User).where(User.user_id == user_id).values(password_hash=older))  # type: ignore[attr-defined]

    await home.database.write(weaken)
    await home.enter("mei")
    assert "t=1" in ((await home.accounts.people.get(user_id)).password_hash or "")
    await home.enter("mei")


async def test_disabled_while_signing_in_does_not_come_in(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = await home.make("mei")
    passwords = home.accounts._ground.passwords
    check = passwords.check

    async def slow_check(*arguments: str | None) -> tuple[bool, str | None]:
        found = await check(*arguments)
        await home.accounts.people.edit(OPERATOR, user_id, Changes(is_active=False))
        return found

    monkeypatch.setattr(passwords, "check", slow_check)
    with pytest.raises(WrongPassword):
        await home.enter("mei")


async def test_a_password_changed_while_signing_in_no_longer_opens(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = await home.make("mei")
    passwords = home.accounts._ground.passwords
    check = passwords.check

    async def slow_check(*arguments: str | None) -> tuple[bool, str | None]:
        found = await check(*arguments)
        await home.accounts.people.set_password(OPERATOR, user_id, "another horse")
        return found

    monkeypatch.setattr(passwords, "check", slow_check)
    with pytest.raises(WrongPassword):
        await home.enter("mei")


async def test_a_program_that_changes_the_password_signs_in_again_itself(home: Home) -> None:
    entered = await home.member()
    pair = await home.accounts.sign_in.of_program(await home.stranger(), "mei", PASSWORD)
    caller = await home.with_bearer(pair.access_token)
    await home.accounts.sign_in.change_password(caller, PASSWORD, "another horse")
    assert not (await home.with_cookie(entered.cookie.value)).is_signed_in
    with pytest.raises(TokenNotValid):
        await home.with_bearer(pair.access_token)
    with pytest.raises(TokenNotValid):
        await home.accounts.tokens.refresh(await home.stranger(), pair.refresh_token)


async def test_at_home_our_own_page_signs_in_without_a_password(local_home: Home) -> None:
    sign_in, stranger = local_home.accounts.sign_in, await local_home.stranger("127.0.0.1")
    here = {"origin": "http://localhost:8080", "host": "localhost:8080"}
    entered = await sign_in.at_home(stranger, **here, fetch_site="")
    assert entered is not None
    assert entered.user.user_id == local_home.accounts.default_user_id
    assert entered.caller.role == "admin"
    assert await sign_in.at_home(stranger, origin="", host="localhost:8080", fetch_site="same-origin")
    assert await sign_in.at_home(stranger, **here, fetch_site="same-origin")
    assert await sign_in.at_home(entered.caller, **here, fetch_site="") is None  # no session more
    foreign = [
        {"origin": "", "host": "localhost:8080", "fetch_site": ""},  # a program
        {"origin": "http://evil.example", "host": "localhost:8080", "fetch_site": ""},
        {"origin": "http://localhost:9999", "host": "localhost:8080", "fetch_site": "same-site"},
        {"origin": "null", "host": "localhost:8080", "fetch_site": ""},
        {"origin": "http://evil.example", "host": "localhost:8080", "fetch_site": "same-origin"},
        {"origin": "", "host": "localhost:8080", "fetch_site": "none"},
        {"origin": "", "host": "", "fetch_site": "cross-site"},
        {"origin": "://", "host": "", "fetch_site": ""},
    ]
    for headers in foreign:
        with pytest.raises(ForeignRequest):
            await sign_in.at_home(stranger, **headers)


async def test_not_in_server_mode(home: Home) -> None:
    with pytest.raises(PageNotFound):
        await home.accounts.sign_in.at_home(
            await home.stranger(), origin="http://here", host="here", fetch_site="same-origin"
        )


async def test_what_was_signed_in_at_home_opens_nothing_on_a_server(opened: OpenHome) -> None:
    at_home = await opened(mode="local")
    entered = await at_home.accounts.sign_in.at_home(
        await at_home.stranger(), origin="http://a", host="a", fetch_site=""
    )
    assert entered is not None
    _, token = await at_home.accounts.api_tokens.make(entered.caller, "extension", ["images:upload"])
    assert (await at_home.with_cookie(entered.cookie.value)).is_signed_in
    server = await opened(mode="server")
    assert (await server.with_cookie(entered.cookie.value)).kind is CallerKind.STRANGER
    with pytest.raises(TokenNotValid):
        await server.with_bearer(token)


async def test_the_machines_own_user_has_no_password_to_change(local_home: Home) -> None:
    entered = await local_home.accounts.sign_in.at_home(
        await local_home.stranger(), origin="http://a", host="a", fetch_site=""
    )
    assert entered is not None
    with pytest.raises(Conflict):
        await local_home.accounts.sign_in.change_password(entered.caller, "", "another horse")
    with pytest.raises(WrongPassword):
        await local_home.accounts.sign_in.with_password(
            await local_home.stranger(), entered.user.username, "", remember=False
        )
