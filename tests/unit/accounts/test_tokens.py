"""Access and refresh tokens, and tokens of programs."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from sqlalchemy import func, select, update
from tests.unit.accounts.conftest import PASSWORD, SECRET, Home

from vtonlab.accounts.caller import CallerKind, Permission, Via
from vtonlab.accounts.models import ApiToken, AuditEntry, RefreshToken
from vtonlab.accounts.people import OPERATOR, Changes
from vtonlab.accounts.tokens import AUDIENCE, ISSUER, TokenPair
from vtonlab.db.base import now
from vtonlab.errors import BadDetail, Conflict, NotAllowed, NotThere, TokenNotValid, TooManyRequests, WrongPassword

pytestmark = pytest.mark.anyio


async def program(home: Home, name: str = "mei") -> TokenPair:
    return await home.accounts.sign_in.of_program(await home.stranger(), name, PASSWORD)


async def rewrite(home: Home, kind: Any, **values: Any) -> None:
    async def work(session: Any) -> None:
        await session.execute(update(kind).values(values))

    await home.database.write(work)
    home.accounts._identity._known.forget()


async def test_a_program_signs_in_and_refreshes(any_home: Home) -> None:
    user_id = await any_home.make()
    pair = await program(any_home)
    assert pair.expires_in == 900
    caller = await any_home.with_bearer(pair.access_token)
    assert (caller.kind, caller.user_id, caller.via, caller.role) == (CallerKind.USER, user_id, Via.JWT, "editor")
    following = await any_home.accounts.tokens.refresh(await any_home.stranger(), pair.refresh_token)
    assert following.refresh_token != pair.refresh_token
    assert (await any_home.with_bearer(following.access_token)).session_id == caller.session_id
    with pytest.raises(WrongPassword):
        await any_home.accounts.sign_in.of_program(await any_home.stranger(), "mei", "wrong")


async def test_a_spent_token_shown_again_ends_its_family_and_no_other(any_home: Home) -> None:
    await any_home.make()
    stolen, other = await program(any_home), await program(any_home)
    tokens, stranger = any_home.accounts.tokens, await any_home.stranger()
    following = await tokens.refresh(stranger, stolen.refresh_token)
    await rewrite(any_home, RefreshToken, spent_at=None)
    await rewrite_spent(any_home, seconds=6)
    with pytest.raises(TokenNotValid):
        await tokens.refresh(stranger, stolen.refresh_token)
    for dead in (following.refresh_token, stolen.refresh_token):
        with pytest.raises(TokenNotValid):
            await tokens.refresh(stranger, dead)
    for access in (following.access_token, stolen.access_token):
        with pytest.raises(TokenNotValid):
            await any_home.with_bearer(access)
    assert await tokens.refresh(stranger, other.refresh_token)
    async with any_home.database.read() as session:
        reused = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "auth.refresh_reused")
        assert (await session.execute(reused)).scalar_one() == 1


async def rewrite_spent(home: Home, seconds: int) -> None:
    """As if the first token of the oldest family had been spent ``seconds`` ago."""

    async def work(session: Any) -> None:
        oldest = (await session.execute(select(RefreshToken).order_by(RefreshToken.created_at))).scalars().first()
        oldest.spent_at = now() - timedelta(seconds=seconds)

    await home.database.write(work)


async def test_the_same_token_sent_twice_at_once_gives_the_same_successor(any_home: Home) -> None:
    await any_home.make()
    pair = await program(any_home)
    tokens, stranger = any_home.accounts.tokens, await any_home.stranger()
    pairs = await asyncio.gather(*(tokens.refresh(stranger, pair.refresh_token) for _ in range(6)))
    assert len({one.refresh_token for one in pairs}) == 1
    for one in pairs:
        assert (await any_home.with_bearer(one.access_token)).is_signed_in
    assert await tokens.refresh(stranger, pairs[0].refresh_token)
    async with any_home.database.read() as session:
        assert (await session.execute(select(func.count()).select_from(RefreshToken))).scalar_one() == 3


async def test_a_family_ends_by_revoking_any_of_its_tokens(any_home: Home) -> None:
    await any_home.make()
    pair = await program(any_home)
    tokens, stranger = any_home.accounts.tokens, await any_home.stranger()
    await tokens.revoke(stranger, pair.refresh_token)
    await tokens.revoke(stranger, pair.refresh_token)
    await tokens.revoke(stranger, "vtr_unknown")
    with pytest.raises(TokenNotValid):
        await tokens.refresh(stranger, pair.refresh_token)
    with pytest.raises(TokenNotValid):
        await any_home.with_bearer(pair.access_token)


async def test_refreshing_is_limited(home: Home) -> None:
    stranger = await home.stranger()
    for _ in range(60):
        with pytest.raises(TokenNotValid):
            await home.accounts.tokens.refresh(stranger, "vtr_guess")
    with pytest.raises(TooManyRequests):
        await home.accounts.tokens.refresh(stranger, "vtr_guess")


async def test_tokens_that_ran_out_open_nothing(home: Home) -> None:
    await home.make()
    pair = await program(home)
    await rewrite(home, RefreshToken, expires_at=now() - timedelta(seconds=1))
    with pytest.raises(TokenNotValid):
        await home.accounts.tokens.refresh(await home.stranger(), pair.refresh_token)
    with pytest.raises(TokenNotValid):
        await home.with_bearer(pair.access_token)


def forged(home: Home, pair: TokenPair) -> list[str]:
    """Tokens that say the right things and are signed wrongly, or say a wrong thing and are signed well."""
    key = home.accounts.tokens._access_key
    good = jwt.decode(pair.access_token, options={"verify_signature": False})

    def sign(changes: dict[str, Any], *, leave_out: str = "", secret: bytes = key, algorithm: str = "HS256") -> str:
        claims = {name: value for name, value in (good | changes).items() if name != leave_out}
        return jwt.encode(claims, secret if algorithm != "none" else "", algorithm=algorithm)

    head, body, signature = pair.access_token.split(".")
    other = base64.urlsafe_b64encode(json.dumps(good | {"sub": "admin"}).encode()).decode().rstrip("=")
    return [
        sign({}, secret=b"x" * 32),
        sign({}, secret=SECRET),
        sign({}, algorithm="none"),
        sign({}, algorithm="HS512"),
        sign({"aud": "else"}),
        sign({"iss": "else"}),
        sign({"exp": int(now().timestamp()) - 1}),
        sign({"exp": 10**30}),
        sign({"fam": "unknown"}),
        sign({"sub": "somebody else"}),
        sign({"iat": int(now().timestamp()) + 3600}),
        *(sign({}, leave_out=claim) for claim in ("exp", "aud", "iss", "sub", "fam", "iat", "jti")),
        f"{head}.{other}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        "a.b.c",
        "",
        "vtl_",
        "vtl_" + "x" * 43,
        "x" * 5000,
        "王",
        "\udcff",
    ]


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # of the forger's choice of algorithm
async def test_no_forged_token_opens_anything(home: Home) -> None:
    await home.make()
    pair = await program(home)
    assert jwt.decode(pair.access_token, home.accounts.tokens._access_key, ["HS256"], audience=AUDIENCE, issuer=ISSUER)
    for token in forged(home, pair):
        with pytest.raises(TokenNotValid):
            await home.with_bearer(token)
    assert (await home.with_bearer(pair.access_token)).is_signed_in


async def test_an_access_token_obeys_the_account_and_role_of_now(home: Home) -> None:
    user_id = await home.make()
    pair = await program(home)
    assert (await home.with_bearer(pair.access_token)).may(Permission.IMAGES_MANAGE)
    await home.accounts.people.edit(OPERATOR, user_id, Changes(role="viewer"))
    assert not (await home.with_bearer(pair.access_token)).may(Permission.IMAGES_MANAGE)
    await home.accounts.roles.edit(OPERATOR, "viewer", ["images:manage"])
    assert (await home.with_bearer(pair.access_token)).may(Permission.IMAGES_MANAGE)
    await home.accounts.people.edit(OPERATOR, user_id, Changes(is_active=False))
    with pytest.raises(TokenNotValid):
        await home.with_bearer(pair.access_token)


async def test_an_api_token_may_what_its_scopes_and_the_role_both_allow(any_home: Home) -> None:
    entered = await any_home.member()
    made, text = await any_home.accounts.api_tokens.make(
        entered.caller, " Browser  extension ", ["images:upload", "images:manage"], days=30
    )
    assert (made.name, made.scopes, made.prefix) == (
        "Browser extension",
        ["images:manage", "images:upload"],
        text[:12],
    )
    assert made.expires_at is not None
    assert len(base64.urlsafe_b64decode(text.removeprefix("vtl_") + "=")) == 32
    caller = await any_home.with_bearer(text)
    assert (caller.via, caller.session_id, caller.permissions) == (
        Via.API_TOKEN,
        made.id,
        frozenset({"images:manage", "images:upload"}),
    )
    await any_home.accounts.people.edit(OPERATOR, entered.caller.owner, Changes(role="viewer"))
    assert (await any_home.with_bearer(text)).permissions == set()
    listed = await any_home.accounts.api_tokens.list(await any_home.with_cookie(entered.cookie.value))
    assert [token.id for token in listed] == [made.id]
    assert listed[0].last_used_at is not None
    assert text not in repr([vars(token) for token in listed])


async def test_nobody_gives_a_token_more_than_they_have(home: Home) -> None:
    entered = await home.member()
    with pytest.raises(NotAllowed):
        await home.accounts.api_tokens.make(entered.caller, "script", ["users:manage"])
    for scopes in ([], ["unknown:scope"], ["images:read", ""]):
        with pytest.raises(BadDetail):
            await home.accounts.api_tokens.make(entered.caller, "script", scopes)
    for name in ("", "  ", "a\x00b", "x" * 101, "\u200b"):
        with pytest.raises(BadDetail):
            await home.accounts.api_tokens.make(entered.caller, name, ["images:read"])


async def test_a_token_makes_and_deletes_no_tokens(home: Home) -> None:
    entered = await home.member()
    made, text = await home.accounts.api_tokens.make(entered.caller, "script", ["tokens:manage"])
    caller = await home.with_bearer(text)
    for attempt in (
        home.accounts.api_tokens.make(caller, "more", ["tokens:manage"]),
        home.accounts.api_tokens.delete(caller, made.id),
        home.accounts.api_tokens.list(caller),
        home.accounts.edit_own(caller, email="a@example.org"),
    ):
        with pytest.raises(NotAllowed):
            await attempt


async def test_a_deleted_token_and_one_that_ran_out_open_nothing(any_home: Home) -> None:
    entered, other = await any_home.member(), await any_home.member("ana")
    kept, text = await any_home.accounts.api_tokens.make(entered.caller, "kept", ["images:read"], days=1)
    with pytest.raises(NotThere):
        await any_home.accounts.api_tokens.delete(other.caller, kept.id)
    with pytest.raises(NotThere):
        await any_home.accounts.api_tokens.delete(entered.caller, "没有")
    assert (await any_home.with_bearer(text)).is_signed_in
    await rewrite(any_home, ApiToken, expires_at=now() - timedelta(seconds=1))
    with pytest.raises(TokenNotValid):
        await any_home.with_bearer(text)
    await rewrite(any_home, ApiToken, expires_at=None)
    assert (await any_home.with_bearer(text)).is_signed_in
    await any_home.accounts.api_tokens.delete(entered.caller, kept.id)
    with pytest.raises(TokenNotValid):
        await any_home.with_bearer(text)


async def test_an_account_has_so_many_tokens(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtonlab.accounts.api_tokens.MOST", 2)
    entered = await home.member()
    for _ in range(2):
        await home.accounts.api_tokens.make(entered.caller, "script", ["images:read"])
    with pytest.raises(Conflict):
        await home.accounts.api_tokens.make(entered.caller, "script", ["images:read"])
