"""Accounts, roles and one-time links, as administrators see them."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select, update
from tests.unit.accounts.conftest import PASSWORD, Home, OpenHome

from vtonlab.accounts import repository
from vtonlab.accounts.caller import BUILT_IN_ROLES, CallerKind, Permission
from vtonlab.accounts.listings import Use, UserFilter, UserSort
from vtonlab.accounts.models import SetupLink, User
from vtonlab.accounts.people import OPERATOR, Changes, NewPerson
from vtonlab.db.base import now
from vtonlab.errors import (
    BadDetail,
    BadRequest,
    Conflict,
    NameTaken,
    NotAllowed,
    NotThere,
    TokenNotValid,
    TooManyRequests,
    WrongPassword,
)

pytestmark = pytest.mark.anyio

FIRST = "/login?setup="
RESET = "/login?reset="
FAR_EAST = base64.urlsafe_b64encode(b"0001-01-01T00:00:00+14:00 abc").decode()


async def test_the_four_roles_are_there(any_home: Home) -> None:
    roles = {role.name: role for role in await any_home.accounts.roles.list()}
    assert {name: set(role.permissions) for name, role in roles.items()} == {
        name: set(permissions) for name, permissions in BUILT_IN_ROLES.items()
    }
    assert all(role.is_built_in for role in roles.values())


async def test_administrators_may_do_what_a_newer_program_knows(home: Home) -> None:
    from vtonlab.accounts.models import Role

    async def age(session: Any) -> None:
        await session.execute(update(Role).where(Role.name == "admin").values(permissions=["images:read"]))

    await home.database.write(age)
    await home.accounts.prepare()
    assert (await home.member("boss", "admin")).caller.permissions == set(Permission)


async def test_roles_are_made_changed_and_deleted(any_home: Home) -> None:
    boss = (await any_home.member("boss", "admin")).caller
    roles = any_home.accounts.roles
    await roles.create(boss, "stylist", ["images:read", "images:manage"])
    entered = await any_home.member("mei", "stylist")
    assert entered.caller.permissions == {"images:read", "images:manage"}
    await roles.edit(boss, "stylist", ["images:read"])
    assert (await any_home.with_cookie(entered.cookie.value)).permissions == {"images:read"}
    with pytest.raises(Conflict):
        await roles.delete(boss, "stylist")
    await any_home.accounts.people.edit(boss, entered.caller.owner, Changes(role="viewer"))
    await roles.delete(boss, "stylist")
    for attempt in (
        roles.create(boss, "viewer", ["images:read"]),
        roles.edit(boss, "admin", ["images:read"]),
        roles.delete(boss, "viewer"),
    ):
        with pytest.raises(Conflict):
            await attempt
    for wrong in ("", "x", "Stylist", "a b", "角色", "x" * 33):
        with pytest.raises(BadDetail):
            await roles.create(boss, wrong, ["images:read"])
    with pytest.raises(BadDetail):
        await roles.create(boss, "other", ["everything"])
    for gone in ("stylist", "角色", "a\x00"):
        with pytest.raises(NotThere):
            await roles.edit(boss, gone, ["images:read"])


async def test_nobody_gives_what_they_do_not_have_or_touches_those_above(home: Home) -> None:
    boss = await home.member("boss", "admin")
    await home.accounts.roles.create(OPERATOR, "helper", [*BUILT_IN_ROLES["editor"], "users:manage", "roles:manage"])
    helper = (await home.member("helper", "helper")).caller
    mei = await home.make("mei")
    people, roles = home.accounts.people, home.accounts.roles
    forbidden = [
        people.edit(helper, mei, Changes(role="admin")),
        people.edit(helper, boss.user.user_id, Changes(is_active=False)),
        people.edit(helper, boss.user.user_id, Changes(email="helper@example.org")),
        people.create(helper, NewPerson("new", role="admin")),
        people.set_password(helper, boss.user.user_id, "another horse"),
        home.accounts.links.make_for(helper, boss.user.user_id),
        home.accounts.deletion.delete_person(helper, boss.user.user_id),
        roles.create(helper, "audit", ["audit:read"]),
        roles.edit(helper, "helper", ["audit:read"]),
        roles.edit(helper, "admin", ["images:read"]),
    ]
    for attempt in forbidden:
        with pytest.raises(NotAllowed):
            await attempt
    # A token of an administrator for one purpose is not the administrator.
    _, text = await home.accounts.api_tokens.make(boss.caller, "script", ["users:manage"])
    with pytest.raises(NotAllowed):
        await people.edit(await home.with_bearer(text), mei, Changes(role="admin"))
    await people.edit(helper, mei, Changes(role="viewer", quota_bytes=5))


async def test_the_last_administrator_stays(any_home: Home) -> None:
    boss = await any_home.member("boss", "admin")
    people, user_id = any_home.accounts.people, boss.user.user_id
    attempts = [
        people.edit(boss.caller, user_id, Changes(role="editor")),
        people.edit(boss.caller, user_id, Changes(is_active=False)),
        any_home.accounts.deletion.delete_own(boss.caller, PASSWORD, None),
        any_home.accounts.deletion.delete_person(OPERATOR, user_id),
    ]
    for attempt in attempts:
        with pytest.raises(Conflict):
            await attempt
    await any_home.accounts.people.create(OPERATOR, NewPerson("no_password", role="admin"))  # cannot come in
    off = await any_home.make("off", "admin")
    await people.edit(boss.caller, off, Changes(is_active=False))
    with pytest.raises(Conflict):
        await people.edit(boss.caller, user_id, Changes(role="editor"))
    await any_home.make("second", "admin")
    await people.edit(boss.caller, user_id, Changes(role="editor"))


@pytest.mark.parametrize("way", ["demote", "disable", "delete"])
async def test_the_last_two_are_not_taken_away_at_once(any_home: Home, way: str) -> None:
    first, second = await any_home.member("first", "admin"), await any_home.member("second", "admin")
    people, deletion = any_home.accounts.people, any_home.accounts.deletion

    async def take_away(user_id: str) -> object:
        if way == "delete":
            return await deletion.delete_person(OPERATOR, user_id)
        changes = Changes(role="editor") if way == "demote" else Changes(is_active=False)
        return await people.edit(OPERATOR, user_id, changes)

    ids = (first.user.user_id, second.user.user_id)
    outcomes = await asyncio.gather(*(take_away(user_id) for user_id in ids), return_exceptions=True)
    assert sorted(isinstance(outcome, Conflict) for outcome in outcomes) == [False, True]
    async with any_home.database.read() as session:
        alive = select(func.count()).select_from(User).where(User.role == "admin", User.is_active.is_(True))
        assert (await session.execute(alive)).scalar_one() == 1


async def test_ones_own_account_is_not_deleted_without_its_password(home: Home) -> None:
    boss = await home.member("boss", "admin")
    await home.make("second", "admin")
    with pytest.raises(Conflict):
        await home.accounts.deletion.delete_person(boss.caller, boss.caller.owner)
    assert (await home.with_cookie(boss.cookie.value)).is_signed_in


async def test_at_home_the_machines_user_is_administrator_enough(local_home: Home) -> None:
    boss = await local_home.make("boss", "admin")
    await local_home.accounts.people.edit(OPERATOR, boss, Changes(role="editor"))
    for attempt in (
        local_home.accounts.people.edit(OPERATOR, local_home.accounts.default_user_id or "", Changes(role="editor")),
        local_home.accounts.people.edit(OPERATOR, local_home.accounts.default_user_id or "", Changes(is_active=False)),
        local_home.accounts.deletion.delete_person(OPERATOR, local_home.accounts.default_user_id or ""),
        local_home.accounts.people.set_password(OPERATOR, local_home.accounts.default_user_id or "", "another horse"),
        local_home.accounts.links.make_for(OPERATOR, local_home.accounts.default_user_id or ""),
    ):
        with pytest.raises(Conflict):
            await attempt


async def test_disabling_ends_sessions_for_good(any_home: Home) -> None:
    entered = await any_home.member()
    user_id, people = entered.caller.owner, any_home.accounts.people
    await people.edit(OPERATOR, user_id, Changes(is_active=False))
    assert (await any_home.with_cookie(entered.cookie.value)).kind is CallerKind.STRANGER
    await people.edit(OPERATOR, user_id, Changes(is_active=True))
    assert (await any_home.with_cookie(entered.cookie.value)).kind is CallerKind.STRANGER
    assert await any_home.enter()


async def test_changing_details(any_home: Home) -> None:
    mei, ana = await any_home.make("mei"), await any_home.make("ana")
    people = any_home.accounts.people
    await people.edit(OPERATOR, mei, Changes(email="mei@example.org", quota_bytes=1000))
    with pytest.raises(NameTaken):
        await people.edit(OPERATOR, ana, Changes(email="MEI@example.org"))
    with pytest.raises(BadDetail):
        await people.edit(OPERATOR, ana, Changes(email="nowhere"))
    async with any_home.database.read() as session:
        assert await any_home.accounts.quota(session, mei) == 1000
        assert await any_home.accounts.quota(session, ana) == 0
        assert await any_home.accounts.quota(session, "nobody") == 0
    user = await people.edit(OPERATOR, mei, Changes(email="", quota_bytes=-1))
    assert (user.email, user.quota_bytes) == (None, None)
    for wrong in ("nobody", "用户", "a\x00b"):
        with pytest.raises(NotThere):
            await people.edit(OPERATOR, wrong, Changes(role="viewer"))
        with pytest.raises(NotThere):
            await any_home.accounts.profile_of(wrong)
    with pytest.raises(NotThere):
        await people.edit(OPERATOR, mei, Changes(role="nothing"))


async def test_one_changes_ones_own_address_and_language(home: Home) -> None:
    entered = await home.member()
    await home.accounts.edit_own(entered.caller, email="a@example.org", language="zh-CN")
    await home.accounts.edit_own(entered.caller)
    profile = await home.accounts.profile(entered.caller)
    assert (profile.user.email, profile.user.language) == ("a@example.org", "zh-CN")
    await home.accounts.edit_own(entered.caller, email="", language="")
    profile = await home.accounts.profile(entered.caller)
    assert (profile.user.email, profile.user.language) == (None, None)


async def test_quotas_by_kind(opened: OpenHome) -> None:
    home = await opened(quota_bytes=500, guest_quota_bytes=50)
    guest, _ = await home.accounts.admit_guest(await home.stranger())
    entered = await home.member()
    await home.shelf.put(home.database, entered.caller.owner)
    async with home.database.read() as session:
        assert await home.accounts.quota(session, guest.owner) == 50
    profile = await home.accounts.profile(entered.caller)
    assert (profile.quota, profile.usage) == (500, {"images": 2, "bytes": 200})
    assert (await home.accounts.profile(guest)).quota == 50


async def test_users_are_listed_found_and_paged(any_home: Home) -> None:
    for name in ("mei", "Mei_2", "ana", "100%", "per_cent"):
        await any_home.make(name)
    await any_home.accounts.admit_guest(await any_home.stranger())
    people = any_home.accounts.people

    async def names(**chosen: Any) -> list[str]:
        return [user.username for user in (await people.list(UserFilter(**chosen), 1, 50)).items]

    assert await names(kind="person") == ["per_cent", "100%", "ana", "Mei_2", "mei"]
    assert await names(words="mei") == ["Mei_2", "mei"]
    assert await names(words="%") == ["100%"]
    assert await names(words="_") == ["per_cent", "Mei_2"]
    assert await names(role="guest", is_active=True) == [(await names())[0]]
    assert await names(is_active=False) == []
    assert await names(role="角色") == []
    seen, cursor = [], None
    while True:
        page = await people.list(UserFilter(kind="person"), 1, 2, cursor)
        assert page.total == 5
        seen += [user.username for user in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == await names(kind="person")
    assert [user.username for user in (await people.list(UserFilter(kind="person"), 2, 2)).items] == ["ana", "Mei_2"]
    assert not (await people.list(UserFilter(), 9, 50)).items
    for wrong in ("", "x", "eA==", "MjAyNi0wMS0wMSBh", "王小明", FAR_EAST):
        with pytest.raises(BadRequest):
            await people.list(UserFilter(), 1, 2, wrong)


async def test_users_are_sorted_and_a_page_counts_what_each_keeps_at_once(any_home: Home) -> None:
    people, ids = any_home.accounts.people, {}
    for number, name in enumerate(("mei", "Zoe", "ana", "Bob", "王小明")):
        ids[name] = await any_home.make(name)
        moment = now() - timedelta(hours=(number * 3) % 5)
        await any_home.database.write(partial(repository.see_user, user_id=ids[name], moment=moment))
    asked: list[list[str]] = []

    async def count_use(_: Any, user_ids: Any) -> dict[str, Use]:
        asked.append(list(user_ids))
        return {ids["Bob"]: Use(2, 200)}

    people.know_use(count_use)
    for sort, expected in (
        (UserSort.NAME, ["ana", "Bob", "mei", "Zoe", "王小明"]),
        (UserSort.LAST_SEEN, ["mei", "ana", "王小明", "Zoe", "Bob"]),
        (UserSort.NEWEST, ["王小明", "Bob", "ana", "Zoe", "mei"]),
    ):
        asked.clear()
        first = await people.list(UserFilter(), 1, 2, None, sort)
        second = await people.list(UserFilter(), 1, 2, first.next_cursor, sort)
        third = await people.list(UserFilter(), 1, 2, second.next_cursor, sort)
        assert [user.username for page in (first, second, third) for user in page.items] == expected
        assert (third.next_cursor, third.total) == (None, 5)
        assert [user.username for user in (await people.list(UserFilter(), 2, 2, None, sort)).items] == expected[2:4]
        assert asked == [
            [ids[name] for name in part] for part in (expected[:2], expected[2:4], expected[4:], expected[2:4])
        ]
        assert first.uses == {ids["Bob"]: Use(2, 200)}
    with pytest.raises(BadRequest):  # a place in another order
        await people.list(UserFilter(), 1, 2, (await people.list(UserFilter(), 1, 2, None, UserSort.NAME)).next_cursor)
    with pytest.raises(BadRequest):
        await people.list(UserFilter(), 1, 2, base64.urlsafe_b64encode(b"a\0b").decode(), UserSort.NAME)


async def test_the_setup_link_makes_the_first_administrator_once(any_home: Home) -> None:
    older = await any_home.accounts.setup_link()
    link = await any_home.accounts.setup_link()
    assert older is not None
    assert link is not None
    assert link.startswith(FIRST)
    links, stranger = any_home.accounts.links, await any_home.stranger()
    with pytest.raises(TokenNotValid):  # the newer one took its place
        await links.redeem(stranger, older.removeprefix(FIRST), "a long password", "boss", None)
    secret = link.removeprefix(FIRST)
    for name, password in ((None, "a long password"), ("x", "a long password"), ("boss", "short")):
        with pytest.raises(BadDetail):
            await links.redeem(stranger, secret, password, name, None)
    entered = await links.redeem(stranger, secret, "a long password", "boss", None)
    assert (entered.caller.role, entered.cookie.max_age) == ("admin", None)
    assert (await any_home.with_cookie(entered.cookie.value)).may(Permission.USERS_MANAGE)
    with pytest.raises(TokenNotValid):
        await links.redeem(stranger, secret, "a long password", "second", None)
    assert await any_home.accounts.setup_link() is None


async def test_used_twice_at_once_it_makes_one(any_home: Home) -> None:
    link = await any_home.accounts.setup_link()
    assert link is not None
    secret, stranger = link.removeprefix(FIRST), await any_home.stranger()
    attempts = [any_home.accounts.links.redeem(stranger, secret, "a long password", f"boss{n}", None) for n in range(5)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(outcome, TokenNotValid) for outcome in outcomes) == 4
    assert (await any_home.accounts.people.list(UserFilter(role="admin"), 1, 10)).total == 1


async def test_an_administrator_made_meanwhile_spoils_it(home: Home) -> None:
    link = await home.accounts.setup_link()
    assert link is not None
    await home.make("boss", "admin")
    with pytest.raises(Conflict):
        await home.accounts.links.redeem(
            await home.stranger(), link.removeprefix(FIRST), "a long password", "other", None
        )


async def test_it_lasts_a_day(home: Home) -> None:
    link = await home.accounts.setup_link()
    assert link is not None

    async def age(session: Any) -> None:
        kept = (await session.execute(select(SetupLink))).scalar_one()
        assert timedelta(hours=23, minutes=59) < kept.expires_at - now() <= timedelta(hours=24)
        assert link.removeprefix(FIRST) not in repr(vars(kept))
        kept.expires_at = now() - timedelta(seconds=1)

    await home.database.write(age)
    with pytest.raises(TokenNotValid):
        await home.accounts.links.redeem(
            await home.stranger(), link.removeprefix(FIRST), "a long password", "boss", None
        )


async def test_at_home_there_is_none(local_home: Home) -> None:
    assert await local_home.accounts.setup_link() is None


async def test_guesses_at_links_are_limited(opened: OpenHome) -> None:
    home = await opened(sign_in_rate="3/minute")
    for _ in range(3):
        with pytest.raises(TokenNotValid):
            await home.accounts.links.redeem(await home.stranger(), "guess", "a long password", "boss", None)
    with pytest.raises(TooManyRequests):
        await home.accounts.links.redeem(await home.stranger(), "guess", "a long password", "boss", None)


async def test_a_reset_link_sets_a_new_password_and_ends_everything(any_home: Home) -> None:
    boss = await any_home.member("boss", "admin")
    mei = await any_home.member("mei")
    path = await any_home.accounts.links.make_for(boss.caller, mei.caller.owner)
    assert path.startswith(RESET)
    entered = await any_home.accounts.links.redeem(
        await any_home.stranger(), path.removeprefix(RESET), "another horse", None, None
    )
    assert entered.caller.owner == mei.caller.owner
    assert not (await any_home.with_cookie(mei.cookie.value)).is_signed_in
    assert (await any_home.with_cookie(boss.cookie.value)).is_signed_in
    with pytest.raises(WrongPassword):
        await any_home.enter("mei")
    with pytest.raises(TokenNotValid):
        await any_home.accounts.links.redeem(
            await any_home.stranger(), path.removeprefix(RESET), "another horse", None, None
        )


async def test_a_new_password_spoils_older_reset_links(home: Home) -> None:
    mei = await home.member("mei")
    path = await home.accounts.links.make_for(OPERATOR, mei.caller.owner)
    await home.accounts.sign_in.change_password(mei.caller, PASSWORD, "another horse")
    with pytest.raises(TokenNotValid):
        await home.accounts.links.redeem(await home.stranger(), path.removeprefix(RESET), "third horse", None, None)


async def test_no_link_for_a_disabled_account_opens_it(home: Home) -> None:
    mei = await home.make("mei")
    path = await home.accounts.links.make_for(OPERATOR, mei)
    await home.accounts.people.edit(OPERATOR, mei, Changes(is_active=False))
    with pytest.raises(TokenNotValid):
        await home.accounts.links.redeem(await home.stranger(), path.removeprefix(RESET), "third horse", None, None)
