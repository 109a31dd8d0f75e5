"""Guests of server mode, and of the machine's own user at home."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from tests.unit.accounts.conftest import PASSWORD, Home, OpenHome, open_home

from vtonlab.accounts import repository
from vtonlab.accounts.caller import GUEST, CallerKind, Credentials, Permission, Via
from vtonlab.accounts.models import AuditEntry, RefreshToken, Session, SetupLink, User
from vtonlab.accounts.people import OPERATOR
from vtonlab.db.base import now
from vtonlab.errors import NotAllowed, SignInNeeded, TooManyRequests

pytestmark = pytest.mark.anyio


async def count(home: Home, kind: Any) -> int:
    async with home.database.read() as session:
        return int((await session.execute(select(func.count()).select_from(kind))).scalar_one())


async def test_a_stranger_becomes_a_guest_with_a_row_and_a_cookie(any_home: Home) -> None:
    stranger = await any_home.stranger()
    assert (stranger.kind, stranger.user_id, stranger.permissions) == (CallerKind.STRANGER, None, GUEST)
    guest, cookie = await any_home.accounts.admit_guest(stranger)
    assert cookie.max_age == 30 * 24 * 3600
    known = await any_home.with_cookie(cookie.value)
    assert known == await any_home.with_cookie(cookie.value)
    assert (known.kind, known.user_id, known.role, known.permissions, known.via) == (
        CallerKind.GUEST,
        guest.user_id,
        "guest",
        GUEST,
        Via.COOKIE,
    )
    with pytest.raises(SignInNeeded):
        known.require(Permission.IMAGES_READ)
    assert known.require(Permission.IMAGES_READ, signed_in=False) == guest.user_id


async def test_new_guests_from_one_place_are_limited(home: Home) -> None:
    admitted: list[object] = []

    async def come() -> None:
        while len(admitted) < 61:  # two minutes' worth and one: a minute of the clock may end meanwhile
            admitted.append(await home.accounts.admit_guest(await home.stranger()))

    with pytest.raises(TooManyRequests):
        await come()
    assert 30 <= len(admitted) <= 60
    assert await home.accounts.admit_guest(await home.stranger("198.51.100.1"))


@pytest.mark.parametrize("way", ["register", "sign in"])
async def test_what_a_guest_made_goes_over_to_the_account(any_home: Home, way: str) -> None:
    guest, cookie = await any_home.accounts.admit_guest(await any_home.stranger())
    await any_home.shelf.put(any_home.database, guest.owner)
    if way == "register":
        user_id = (await any_home.accounts.sign_in.register(guest, "mei", None, PASSWORD)).user_id
    else:
        user_id = await any_home.make()
        entered = await any_home.accounts.sign_in.with_password(guest, "mei", PASSWORD, remember=False)
        assert entered.caller.user_id == user_id
    async with any_home.database.read() as session:
        assert await any_home.shelf.usage(session, user_id) == {"images": 2, "bytes": 200}
    assert (await any_home.with_cookie(cookie.value)).kind is CallerKind.STRANGER
    assert await count(any_home, User) == 1
    assert {guest.user_id, user_id} <= set(any_home.told)


async def test_a_merge_that_fails_leaves_everything_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    guest, cookie = await home.accounts.admit_guest(await home.stranger())
    await home.shelf.put(home.database, guest.owner)

    async def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(home.shelf, "merge", fail)
    with pytest.raises(OSError):  # noqa: PT011
        await home.accounts.sign_in.register(guest, "mei", None, PASSWORD)
    assert (await home.with_cookie(cookie.value)).user_id == guest.user_id
    assert await count(home, User) == 1


async def test_a_guest_who_signs_in_twice_at_once_is_merged_once(any_home: Home) -> None:
    guest, _ = await any_home.accounts.admit_guest(await any_home.stranger())
    await any_home.shelf.put(any_home.database, guest.owner)
    user_id = await any_home.make()
    sign_in = any_home.accounts.sign_in
    entered = await asyncio.gather(*(sign_in.with_password(guest, "mei", PASSWORD, remember=False) for _ in range(4)))
    assert {one.caller.user_id for one in entered} == {user_id}
    async with any_home.database.read() as session:
        assert await any_home.shelf.usage(session, user_id) == {"images": 2, "bytes": 200}


async def test_those_who_stay_away_are_purged_with_all_they_had(any_home: Home) -> None:
    gone, cookie = await any_home.accounts.admit_guest(await any_home.stranger())
    here, _ = await any_home.accounts.admit_guest(await any_home.stranger())
    member = await any_home.make()
    for user_id in (gone.owner, here.owner, member):
        await any_home.shelf.put(any_home.database, user_id)

    async def leave(session: Any) -> None:
        long_ago = now() - timedelta(days=31)
        await session.execute(update(User).where(User.user_id.in_([gone.owner, member])).values(last_seen_at=long_ago))

    await any_home.database.write(leave)
    assert await any_home.accounts.purge_guests() == 1
    assert await any_home.accounts.purge_guests() == 0
    assert any_home.shelf.removed == [gone.user_id]
    assert (await any_home.with_cookie(cookie.value)).kind is CallerKind.STRANGER
    assert await count(any_home, User) == 2
    async with any_home.database.read() as session:
        assert await any_home.shelf.usage(session, here.owner) == {"images": 2, "bytes": 200}
        assert await any_home.shelf.usage(session, member) == {"images": 2, "bytes": 200}


async def test_one_who_comes_back_at_the_last_moment_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    guest, cookie = await home.accounts.admit_guest(await home.stranger())
    found = [[guest.owner, await home.make()], []]

    async def found_a_moment_ago(*_: object) -> list[str]:
        return found.pop(0)

    monkeypatch.setattr(repository, "stale_guests", found_a_moment_ago)
    assert await home.accounts.purge_guests() == 0
    assert (await home.with_cookie(cookie.value)).user_id == guest.user_id
    assert await count(home, User) == 2


async def test_a_visit_keeps_a_guest(home: Home) -> None:
    guest, cookie = await home.accounts.admit_guest(await home.stranger())

    async def leave(session: Any) -> None:
        before = now() - timedelta(days=29)
        await session.execute(update(User).values(last_seen_at=before))
        await session.execute(update(Session).values(last_used_at=before, expires_at=now() + timedelta(days=1)))

    await home.database.write(leave)
    home.accounts._identity._known.forget()
    await home.with_cookie(cookie.value)
    async with home.database.read() as session:
        user = await session.get(User, guest.user_id)
        assert user is not None
        assert now() - user.last_seen_at < timedelta(minutes=1)


async def test_what_ran_out_is_forgotten(any_home: Home) -> None:
    entered = await any_home.member()
    await any_home.accounts.sign_in.of_program(await any_home.stranger(), "mei", PASSWORD)
    await any_home.accounts.links.make_for((await any_home.member("boss", "admin")).caller, entered.caller.owner)
    await any_home.accounts.purge_guests()
    assert [await count(any_home, kind) for kind in (Session, RefreshToken, SetupLink)] == [2, 1, 1]

    async def age(session: Any) -> None:
        for kind in (Session, RefreshToken, SetupLink):
            await session.execute(update(kind).values(expires_at=now() - timedelta(seconds=1)))

    await any_home.database.write(age)
    await any_home.accounts.purge_guests()
    assert [await count(any_home, kind) for kind in (Session, RefreshToken, SetupLink)] == [0, 0, 0]


async def test_at_home_whoever_brings_nothing_is_a_guest_of_the_machines_user(local_home: Home) -> None:
    caller = await local_home.stranger("127.0.0.1")
    assert (caller.kind, caller.role, caller.permissions) == (CallerKind.GUEST, "guest", GUEST)
    assert caller.user_id == local_home.accounts.default_user_id
    for forbidden in (local_home.accounts.profile(caller), local_home.accounts.export.begin(caller)):
        with pytest.raises(SignInNeeded):
            await forbidden
    with pytest.raises(SignInNeeded):
        await local_home.accounts.deletion.delete_own(caller, None, "")
    # Nor does signing in hand over what belongs to that user.
    await local_home.shelf.put(local_home.database, caller.owner)
    entered = await local_home.accounts.sign_in.register(caller, "mei", None, PASSWORD)
    async with local_home.database.read() as session:
        assert (await local_home.shelf.usage(session, caller.owner))["images"] == 2
        assert (await local_home.shelf.usage(session, entered.user_id))["images"] == 0


async def test_the_machines_user_is_made_once(opened: OpenHome) -> None:
    first = await opened(mode="local")
    again = await opened(mode="local")
    assert first.accounts.default_user_id == again.accounts.default_user_id
    name = first.accounts.default_user_id or ""
    assert name.startswith("default-user-")
    assert len(name) == len("default-user-") + 8
    server = await opened(mode="server")
    assert server.accounts.default_user_id is None
    assert (await server.stranger()).kind is CallerKind.STRANGER


async def test_many_that_start_at_once_make_the_same(any_database: Any, tmp_path: Any) -> None:
    await open_home(any_database, tmp_path)  # the roles are there, as after the first migration
    homes = await asyncio.gather(*(open_home(any_database, tmp_path, mode="local") for _ in range(4)))
    async with any_database.read() as session:
        defaults = (await session.execute(select(User.user_id).where(User.kind == "default"))).scalars().all()
    assert {home.accounts.default_user_id for home in homes} == set(defaults)
    assert len(defaults) == 1


async def test_what_guests_may_follows_their_role(home: Home) -> None:
    await home.accounts.roles.edit(OPERATOR, "guest", ["images:read"])
    stranger = await home.stranger()
    assert stranger.permissions == {"images:read"}
    with pytest.raises(NotAllowed):
        stranger.require(Permission.IMAGES_UPLOAD, signed_in=False)


async def test_the_log_of_a_merged_guest_names_nobody(home: Home) -> None:
    guest, _ = await home.accounts.admit_guest(await home.stranger())
    await home.accounts.sign_in.register(guest, "mei", None, PASSWORD)
    async with home.database.read() as session:
        of_guest = select(AuditEntry).where(AuditEntry.user_id == guest.user_id)
        entries = (await session.execute(of_guest)).scalars().all()
    assert entries
    assert {(entry.username, entry.address, entry.agent) for entry in entries} == {("", "", "")}


async def test_a_cookie_and_a_bearer_token_together_are_the_tokens(home: Home) -> None:
    mei, ana = await home.member("mei"), await home.member("ana")
    _, token = await home.accounts.api_tokens.make(ana.caller, "script", ["images:read"])
    caller = await home.accounts.identify(Credentials(mei.cookie.value, token, "192.0.2.1", "test"))
    assert (caller.user_id, caller.via) == (ana.user.user_id, Via.API_TOKEN)
