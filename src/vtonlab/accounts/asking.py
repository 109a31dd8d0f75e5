"""Who is asking, for routes: dependencies that give the ``Caller`` of a request or of a WebSocket.

``app.state.accounts`` is the :class:`vtonlab.accounts.service.Accounts` that knows people; the composition root puts it
there. A caller is found once a request.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Response
from starlette.requests import HTTPConnection

from vtonlab.accounts.caller import Caller, Credentials, Permission, SessionCookie
from vtonlab.errors.language import Language, choose_language

if TYPE_CHECKING:
    from vtonlab.accounts.service import Accounts

SESSION_COOKIE = "vtonlab_session"


def read_credentials(connection: HTTPConnection) -> Credentials:
    """What ``connection`` brings along. A WebSocket may bring its token in the query (api.md)."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    bearer = value.strip() if scheme.lower() == "bearer" and value.strip() else None
    if bearer is None and connection.scope["type"] == "websocket":
        bearer = connection.query_params.get("token")
    return Credentials(
        session=connection.cookies.get(SESSION_COOKIE),
        bearer=bearer,
        address=connection.client.host if connection.client else "",
        agent=connection.headers.get("user-agent", "")[:200],
    )


def set_session_cookie(connection: HTTPConnection, response: Response, cookie: SessionCookie) -> None:
    """Give it to the browser: not to scripts, not to other sites, over TLS only where the request came so."""
    response.set_cookie(
        SESSION_COOKIE,
        cookie.value,
        max_age=cookie.max_age,
        path="/",
        httponly=True,
        samesite="lax",
        secure=connection.url.scheme in {"https", "wss"},
    )


def renew_session_cookie(connection: HTTPConnection, response: Response, caller: Caller) -> None:
    """Let the browser keep a remembered session as long again, as our side does with every use."""
    accounts: Accounts = connection.app.state.accounts
    cookie = accounts.renew(caller, read_credentials(connection))
    if cookie is not None:
        set_session_cookie(connection, response, cookie)


def language_of(connection: HTTPConnection) -> Language:
    """The language of an answer on the wardrobe interface: Chinese, unless another of ours is asked for."""
    return choose_language(connection.headers.get("accept-language", ""), "zh-CN")


async def who(connection: HTTPConnection) -> Caller:
    """The caller. Raises ``TokenNotValid`` for a bearer token that is not; a dead cookie makes a stranger or guest."""
    known: Caller | None = getattr(connection.state, "caller", None)
    if known is None:
        accounts: Accounts = connection.app.state.accounts
        known = await accounts.identify(read_credentials(connection))
        connection.state.caller = known
    return known


async def who_arrives(connection: HTTPConnection) -> Caller:
    """Who asks to be let in, by their cookie alone: a token that ran out must not stand in the way of a new one."""
    accounts: Accounts = connection.app.state.accounts
    return await accounts.identify(replace(read_credentials(connection), bearer=None))


async def who_keeps(connection: HTTPConnection, response: Response) -> Caller:
    """The caller of something that keeps data: a stranger becomes a guest, and gets the guest's cookie."""
    caller = await who(connection)
    if caller.user_id is None:
        accounts: Accounts = connection.app.state.accounts
        caller, cookie = await accounts.admit_guest(caller)
        set_session_cookie(connection, response, cookie)
        connection.state.caller = caller
    return caller


Asking = Annotated[Caller, Depends(who)]
"""Anybody; strangers have no ``user_id``."""

Arriving = Annotated[Caller, Depends(who_arrives)]
"""Anybody, by their cookie alone."""

Keeping = Annotated[Caller, Depends(who_keeps)]
"""Anybody, with a ``user_id``."""


def permitted(permission: Permission, *, signed_in: bool = True) -> Caller:
    """A dependency: the caller, who may. Raises ``SignInNeeded`` or ``NotAllowed``.

    Use: ``caller: Annotated[Caller, permitted(Permission.USERS_MANAGE)]``.
    """

    async def check(caller: Asking) -> Caller:
        caller.require(permission, signed_in=signed_in)
        return caller

    dependency: Caller = Depends(check)
    return dependency
