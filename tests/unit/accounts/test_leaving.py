"""What an account takes along, what its deletion leaves, and what the audit log says."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.unit.accounts.conftest import PASSWORD, Home, OpenHome

from vtonlab.accounts.caller import Caller, CallerKind
from vtonlab.accounts.export import zip_files
from vtonlab.accounts.hooks import ExportedFile
from vtonlab.accounts.models import ApiToken, AuditEntry, RefreshToken, Session, SetupLink, User
from vtonlab.accounts.people import OPERATOR, Changes
from vtonlab.accounts.repository import AuditFilter
from vtonlab.db.base import Base
from vtonlab.errors import BadDetail, BadRequest, NotAllowed, SignInNeeded, TooManyRequests, WrongPassword

pytestmark = pytest.mark.anyio


async def unpack(stream: AsyncIterator[bytes]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join([piece async for piece in stream]))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_an_export_holds_what_is_kept_and_no_secret(any_home: Home) -> None:
    entered, boss = await any_home.member(), await any_home.member("boss", "admin")
    _, text = await any_home.accounts.api_tokens.make(entered.caller, "Extension", ["images:read"])
    await any_home.accounts.people.edit(boss.caller, entered.caller.owner, Changes(quota_bytes=7))
    files = await unpack(await any_home.accounts.export.begin(entered.caller))
    assert list(files) == ["account.json", "audit.json", "shelf/small.txt", "shelf/empty.txt", "shelf/long.txt"]
    account = json.loads(files["account.json"])
    assert (account["account"]["username"], account["account"]["quota_bytes"]) == ("mei", 7)
    assert [token["name"] for token in account["api_tokens"]] == ["Extension"]
    assert len(account["sessions"]) == 1
    audit = json.loads(files["audit.json"])
    assert [entry["action"] for entry in audit] == [
        "users.export",
        "users.edit",
        "tokens.create",
        "auth.sign_in",
        "users.create",
    ]
    by_boss = audit[1]
    assert (by_boss["user_id"], by_boss["username"], by_boss["address"]) == ("", "", "")  # whose it is, is not told
    everything = b"".join(files.values()).decode()
    for secret in (text, PASSWORD, entered.cookie.value, "hash"):
        assert secret not in everything
    assert files["shelf/long.txt"].count(b"\n") == 1000
    assert files["shelf/small.txt"] == entered.caller.owner.encode()


async def test_a_long_log_is_whole(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtonlab.accounts.export.AUDIT_PAGE", 3)
    entered = await home.member()
    for number in range(7):
        await home.accounts.edit_own(entered.caller, email=f"a{number}@example.org")
    for _ in range(3):  # whichever count the pages end at
        audit = json.loads((await unpack(await home.accounts.export.begin(entered.caller)))["audit.json"])
        numbers = [entry["number"] for entry in audit]
        assert numbers == sorted(numbers, reverse=True)
        assert sum(entry["action"] == "users.edit" for entry in audit) == 7


async def test_a_zip_of_any_pieces_is_right() -> None:
    contents = {
        "none": [],
        "empty": [b""],
        "one": [b"x"],
        "gaps": [b"", b"a", b"", b"", b"b", b""],
        "many": [b"z"] * 99,
    }

    async def pieces(of: list[bytes]) -> AsyncIterator[bytes]:
        for piece in of:
            yield piece

    async def files() -> AsyncGenerator[ExportedFile, None]:
        for name, of in contents.items():
            yield ExportedFile(name, pieces(of))
            yield ExportedFile(f"{name} at once", b"".join(of))

    found = await unpack(zip_files(files()))
    assert found == {key: b"".join(of) for name, of in contents.items() for key in (name, f"{name} at once")}


async def test_an_export_that_is_not_read_to_its_end_closes_what_it_opened(home: Home) -> None:
    closed = []

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"endless"
        finally:
            closed.append("pieces")

    async def files() -> AsyncGenerator[ExportedFile, None]:
        try:
            yield ExportedFile("endless", pieces())
        finally:
            closed.append("files")

    stream = zip_files(files())
    for _ in range(5):
        await anext(stream)
    await stream.aclose()
    assert closed == ["pieces", "files"]


async def test_who_may_export(home: Home) -> None:
    entered = await home.member()
    _, narrow = await home.accounts.api_tokens.make(entered.caller, "narrow", ["images:read"])
    _, wide = await home.accounts.api_tokens.make(entered.caller, "wide", ["account:manage"])
    with pytest.raises(NotAllowed):
        await home.accounts.export.begin(await home.with_bearer(narrow))
    with pytest.raises(SignInNeeded):
        await home.accounts.export.begin(await home.stranger())
    guest, _ = await home.accounts.admit_guest(await home.stranger())
    for caller in (await home.with_bearer(wide), guest):
        assert "account.json" in await unpack(await home.accounts.export.begin(caller))


async def everything_about(home: Home, user_id: str) -> list[str]:
    """Tables in which any column holds the id."""
    found = []
    async with home.database.read() as session:
        for table in Base.metadata.sorted_tables:
            rows = (await session.execute(select(table))).all()
            if any(user_id in str(value) for row in rows for value in row):
                found.append(table.name)
    return found


async def test_deleting_an_account_leaves_its_id_in_the_log_and_nothing_else(any_home: Home) -> None:
    entered, boss = await any_home.member(), await any_home.member("boss", "admin")
    user_id = entered.caller.owner
    await any_home.shelf.put(any_home.database, user_id)
    await any_home.accounts.api_tokens.make(entered.caller, "Extension", ["images:read"])
    await any_home.accounts.sign_in.of_program(await any_home.stranger(), "mei", PASSWORD)
    await any_home.accounts.links.make_for(boss.caller, user_id)
    await any_home.accounts.edit_own(entered.caller, email="mei@example.org")
    with pytest.raises(WrongPassword):
        await any_home.accounts.sign_in.with_password(
            await any_home.stranger("203.0.113.77"), "mei", "no", remember=False
        )
    for password in (None, "", "wrong"):
        with pytest.raises(WrongPassword):
            await any_home.accounts.deletion.delete_own(entered.caller, password, "mei")
    erased = await any_home.accounts.deletion.delete_own(entered.caller, PASSWORD, None)
    assert erased.deleted == {
        "shelf": {"images": 2, "bytes": 200},
        "accounts": {"accounts": 1, "sessions": 1, "api_tokens": 1},
    }
    assert any_home.shelf.removed == [user_id]
    assert await everything_about(any_home, user_id) == ["audit_log"]
    async with any_home.database.read() as session:
        entries = (await session.execute(select(AuditEntry).order_by(AuditEntry.number))).scalars().all()
    own = [entry for entry in entries if entry.user_id == user_id or (entry.target == user_id and not entry.user_id)]
    assert {(entry.username, entry.address, entry.agent) for entry in own if entry.username != "command line"} == {
        ("", "", "")
    }
    assert own[-1].action == "users.delete"
    assert own[-1].details == {"deleted": {name: dict(counts) for name, counts in erased.deleted.items()}}
    told = " ".join(repr(vars(entry)) for entry in entries)
    assert "mei" not in told
    assert "203.0.113.77" not in told
    assert (await any_home.with_cookie(entered.cookie.value)).kind is CallerKind.STRANGER
    assert await any_home.accounts.sign_in.register(await any_home.stranger(), "mei", "mei@example.org", PASSWORD)


async def test_guesses_at_the_password_of_a_stolen_session_are_limited(opened: OpenHome) -> None:
    home = await opened(sign_in_rate="3/minute")
    entered = await home.member()
    for _ in range(3):
        with pytest.raises(WrongPassword):
            await home.accounts.deletion.delete_own(entered.caller, "guess", None)
    for attempt in (
        home.accounts.deletion.delete_own(entered.caller, PASSWORD, None),
        home.accounts.sign_in.change_password(entered.caller, PASSWORD, "another horse"),
    ):
        with pytest.raises(TooManyRequests):
            await attempt


async def test_a_program_deletes_no_account(home: Home) -> None:
    entered = await home.member()
    _, text = await home.accounts.api_tokens.make(entered.caller, "script", ["account:manage"])
    with pytest.raises(NotAllowed):
        await home.accounts.deletion.delete_own(await home.with_bearer(text), PASSWORD, None)
    with pytest.raises(SignInNeeded):
        await home.accounts.deletion.delete_own(await home.stranger(), PASSWORD, None)


async def test_a_guest_deletes_themselves_by_name(any_home: Home) -> None:
    guest, cookie = await any_home.accounts.admit_guest(await any_home.stranger())
    await any_home.shelf.put(any_home.database, guest.owner)
    with pytest.raises(BadDetail):
        await any_home.accounts.deletion.delete_own(guest, None, None)
    erased = await any_home.accounts.deletion.delete_own(guest, None, guest.username)
    assert erased.deleted["shelf"] == {"images": 2, "bytes": 200}
    assert await everything_about(any_home, guest.owner) == ["audit_log"]
    assert (await any_home.with_cookie(cookie.value)).kind is CallerKind.STRANGER


async def test_the_machines_user_begins_anew(local_home: Home) -> None:
    sign_in = local_home.accounts.sign_in
    entered = await sign_in.at_home(await local_home.stranger(), origin="http://a", host="a", fetch_site="")
    assert entered is not None
    before = entered.caller.owner
    await local_home.shelf.put(local_home.database, before)
    with pytest.raises(BadDetail):
        await local_home.accounts.deletion.delete_own(entered.caller, "", "somebody")
    erased = await local_home.accounts.deletion.delete_own(entered.caller, None, entered.user.username.upper())
    assert erased.deleted["shelf"] == {"images": 2, "bytes": 200}
    after = local_home.accounts.default_user_id
    assert after not in {None, before}
    guest = await local_home.stranger()
    assert (guest.kind, guest.user_id) == (CallerKind.GUEST, after)
    again = await sign_in.at_home(guest, origin="http://a", host="a", fetch_site="")
    assert again is not None
    assert again.caller.owner == after


async def test_a_deletion_that_fails_deletes_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = await home.member()
    await home.shelf.put(home.database, entered.caller.owner)
    plain = home.shelf.delete

    async def fail(session: Any, user_id: str) -> dict[str, int]:
        await plain(session, user_id)
        raise OSError

    monkeypatch.setattr(home.shelf, "delete", fail)
    with pytest.raises(OSError):  # noqa: PT011
        await home.accounts.deletion.delete_own(entered.caller, PASSWORD, None)
    assert (await home.with_cookie(entered.cookie.value)).is_signed_in
    assert home.shelf.removed == []
    assert (await home.accounts.profile(entered.caller)).usage["images"] == 2


async def test_the_log_holds_no_secret_of_a_whole_life(any_home: Home) -> None:
    """Every secret that was ever typed or handed out, looked for in every value of every table."""
    accounts, stranger = any_home.accounts, await any_home.stranger()
    secrets = {"a long password", PASSWORD, "another horse", "third horse!", "wrong horse"}
    link = await accounts.setup_link()
    assert link is not None
    secrets.add(link.split("=")[1])
    boss = await accounts.links.redeem(stranger, link.split("=")[1], "a long password", "boss", "boss@example.org")
    guest, guest_cookie = await accounts.admit_guest(stranger)
    await accounts.sign_in.register(guest, "mei", "mei@example.org", PASSWORD)
    for name, password in (("mei", "wrong horse"), ("wrong horse", PASSWORD), ("mei wrong horse", "x")):
        with pytest.raises(WrongPassword):
            await accounts.sign_in.with_password(stranger, name, password, remember=False)
    entered = await any_home.enter(remember=True)
    pair = await accounts.sign_in.of_program(stranger, "mei", PASSWORD)
    following = await accounts.tokens.refresh(stranger, pair.refresh_token)
    _, api_token = await accounts.api_tokens.make(entered.caller, "script", ["images:read"])
    await any_home.with_bearer(api_token)
    await accounts.tokens.revoke(stranger, following.refresh_token)
    await accounts.sign_in.change_password(entered.caller, PASSWORD, "another horse")
    reset = await accounts.links.make_for(boss.caller, entered.caller.owner)
    again = await accounts.links.redeem(stranger, reset.split("=")[1], "third horse!", None, None)
    await unpack(await accounts.export.begin(again.caller))
    secrets |= {guest_cookie.value, entered.cookie.value, boss.cookie.value, again.cookie.value, api_token}
    secrets |= {pair.access_token, pair.refresh_token, following.access_token, following.refresh_token}
    secrets.add(reset.split("=")[1])
    await accounts.roles.create(boss.caller, "stylist", ["images:read"])
    await accounts.sessions.sign_out(again.caller)
    await accounts.deletion.delete_person(boss.caller, entered.caller.owner)
    async with any_home.database.read() as session:
        entries = (await session.execute(select(AuditEntry))).scalars().all()
        hashes = [
            value
            for column in (Session.token_hash, RefreshToken.token_hash, ApiToken.token_hash, SetupLink.token_hash)
            for value in (await session.execute(select(column))).scalars()
        ]
        kept = [repr(row) for table in Base.metadata.sorted_tables for row in (await session.execute(select(table)))]
        passwords = (await session.execute(select(User.password_hash))).scalars().all()
    told = "\n".join(repr(vars(entry)) for entry in entries)
    assert len({entry.action for entry in entries}) >= 14
    for secret in secrets:
        assert secret not in told
        assert secret not in "\n".join(kept)
    for derived in [*hashes, *(hashed for hashed in passwords if hashed)]:
        assert derived not in told


async def test_the_log_says_who_what_when_from_where(home: Home) -> None:
    await home.make()
    entered = await home.enter(address="203.0.113.4")
    page = await home.accounts.audit.list(AuditFilter(user_id=entered.caller.owner), 1, 10)
    entry = page.items[0]
    assert (entry.username, entry.action, entry.target, entry.address, entry.agent) == (
        "mei",
        "auth.sign_in",
        entered.caller.owner,
        "203.0.113.4",
        "test",
    )

    async def work(session: Any) -> None:
        await home.accounts.record(session, entered.caller, "library.download", "clothes", images=3)

    await home.database.write(work)
    entry = (await home.accounts.audit.list(AuditFilter(), 1, 1)).items[0]
    assert (entry.action, entry.target, entry.details) == ("library.download", "clothes", {"images": 3})


async def test_the_log_is_paged_by_key_and_filtered(any_home: Home) -> None:
    caller = Caller(CallerKind.USER, "u1", "mei")

    async def fill(session: Any) -> None:
        for number in range(25):
            await any_home.accounts.record(session, caller, "a.even" if number % 2 == 0 else "b.odd", f"t{number}")

    await any_home.database.write(fill)
    audit, cursor = any_home.accounts.audit, None
    seen: list[str] = []
    while True:
        page = await audit.list(AuditFilter(user_id="u1"), 1, 10, cursor)
        assert page.total == 25
        seen += [entry.target for entry in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"t{number}" for number in reversed(range(25))]
    by_number = [entry.target for entry in (await audit.list(AuditFilter(user_id="u1"), 3, 10)).items]
    assert by_number == seen[20:]
    assert (await audit.list(AuditFilter(action="a."), 1, 100)).total == 13
    assert (await audit.list(AuditFilter(action="a.even"), 1, 100)).total == 13
    assert (await audit.list(AuditFilter(action="a"), 1, 100)).total == 0
    assert (await audit.list(AuditFilter(target="t7"), 1, 100)).total == 1
    assert (await audit.list(AuditFilter(about="t7"), 1, 100)).total == 1
    first = (await audit.list(AuditFilter(user_id="u1"), 1, 1)).items[0].at
    assert (await audit.list(AuditFilter(user_id="u1", since=first), 1, 100)).total >= 1
    assert (await audit.list(AuditFilter(user_id="u1", until=first), 1, 100)).total <= 24
    assert (await audit.list(AuditFilter(user_id="用户"), 1, 100)).total == 0
    for wrong in ("", "x", "-1", "1.5", "9" * 20, "٣", str(2**63)):
        with pytest.raises(BadRequest):
            await audit.list(AuditFilter(), 1, 10, wrong)


async def test_what_is_undone_is_not_in_the_log(home: Home) -> None:
    async with home.database.read() as session:
        before = (await session.execute(select(func.count()).select_from(AuditEntry))).scalar_one()
    with pytest.raises(BadDetail):
        await home.accounts.people.edit(OPERATOR, await home.make(), Changes(role="viewer", email="nowhere"))
    async with home.database.read() as session:
        after = (await session.execute(select(func.count()).select_from(AuditEntry))).scalar_one()
    assert after == before + 1  # the account that was made
