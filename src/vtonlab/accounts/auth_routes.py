"""Signing in on the studio interface: ``/api/v1/auth``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response

from vtonlab.accounts.asking import Arriving, permitted, set_session_cookie
from vtonlab.accounts.caller import Caller, Permission
from vtonlab.accounts.names import MOST_PASSWORD_BYTES
from vtonlab.accounts.schemas import (
    EXAMPLE_ID,
    ApiTokenOut,
    ApiTokens,
    Ended,
    NewApiToken,
    NewApiTokenOut,
    PasswordChange,
    Refreshing,
    SessionOut,
    SessionsOut,
    Setup,
    SignedIn,
    Tokens,
    UserOut,
)
from vtonlab.accounts.service import Accounts

PREFIX = "/api/v1/auth"

Own = Annotated[Caller, permitted(Permission.ACCOUNT_MANAGE)]
OwnTokens = Annotated[Caller, permitted(Permission.TOKENS_MANAGE)]
Id = Annotated[str, Path(max_length=96, examples=[EXAMPLE_ID])]


def make_router(accounts: Accounts) -> APIRouter:
    """The routes over ``accounts``."""
    router = APIRouter(prefix=PREFIX, tags=["auth"])
    _add_ways_in(router, accounts)
    _add_tokens(router, accounts)
    _add_api_tokens(router, accounts)
    _add_sessions(router, accounts)
    return router


def _add_ways_in(router: APIRouter, accounts: Accounts) -> None:
    @router.post("/local", summary="Sign in at home")
    async def local(caller: Arriving, request: Request, response: Response) -> SignedIn:
        """In local mode, a session of the machine's own user for a page of this server; nobody is asked for a
        password. 404 in server mode, 403 for other sites' pages and for programs."""
        entered = await accounts.sign_in.at_home(
            caller,
            origin=request.headers.get("origin", ""),
            host=request.headers.get("host", ""),
            fetch_site=request.headers.get("sec-fetch-site", ""),
        )
        if entered is None:
            return SignedIn(user=UserOut.of((await accounts.profile(caller)).user))
        set_session_cookie(request, response, entered.cookie)
        return SignedIn(user=UserOut.of(entered.user))

    @router.post("/setup", summary="Use a one-time link")
    async def setup(caller: Arriving, request: Request, response: Response, body: Setup) -> SignedIn:
        """Set the password a link was made for and sign in; with the link of a new server, make its first
        administrator."""
        entered = await accounts.links.redeem(caller, body.token, body.password, body.username, body.email)
        set_session_cookie(request, response, entered.cookie)
        return SignedIn(user=UserOut.of(entered.user))

    @router.post("/password", summary="Change the password")
    async def password(caller: Own, body: PasswordChange) -> Ended:
        """Ends every other session and all refresh tokens; API tokens stay."""
        return Ended(ended=await accounts.sign_in.change_password(caller, body.current_password, body.new_password))


def _add_tokens(router: APIRouter, accounts: Accounts) -> None:
    @router.post("/token", summary="Get tokens for a name and password")
    async def token(
        caller: Arriving,
        response: Response,
        username: Annotated[str, Form(max_length=64, examples=["mei"])],
        password: Annotated[str, Form(max_length=MOST_PASSWORD_BYTES, examples=["correct horse battery"])],
        grant_type: Annotated[str | None, Form(pattern="^(password)?$", examples=["password"])] = None,  # noqa: ARG001
    ) -> Tokens:
        """The password grant of OAuth 2 (a form). The access token is good for 15 minutes, the refresh token for 30
        days and for one use."""
        response.headers["Cache-Control"] = "no-store"
        return Tokens.of(await accounts.sign_in.of_program(caller, username, password))

    @router.post("/refresh", summary="Get the next tokens")
    async def refresh(caller: Arriving, response: Response, body: Refreshing) -> Tokens:
        """Spends the refresh token. Shown again within five seconds it gives the same one again, for a client that
        lost the answer or asked twice; later it ends the family: somebody else has it."""
        response.headers["Cache-Control"] = "no-store"
        return Tokens.of(await accounts.tokens.refresh(caller, body.refresh_token))

    @router.post("/revoke", summary="End a family of refresh tokens", status_code=204)
    async def revoke(caller: Arriving, body: Refreshing) -> Response:
        """The access tokens made with it end too. 204 also for a token that was none (RFC 7009)."""
        await accounts.tokens.revoke(caller, body.refresh_token)
        return Response(status_code=204)


def _add_api_tokens(router: APIRouter, accounts: Accounts) -> None:
    @router.get("/api-tokens", summary="List API tokens")
    async def list_tokens(caller: OwnTokens) -> ApiTokens:
        """One's own, newest first."""
        return ApiTokens(items=[ApiTokenOut.of(token) for token in await accounts.api_tokens.list(caller)])

    @router.post("/api-tokens", summary="Make an API token", status_code=201)
    async def make_token(caller: OwnTokens, response: Response, body: NewApiToken) -> NewApiTokenOut:
        """For the browser extension and scripts. Its text is shown here and never again. 403 for a scope that one's
        own role lacks, and for a request that itself came with an API token."""
        response.headers["Cache-Control"] = "no-store"
        made, text = await accounts.api_tokens.make(
            caller, body.name, [scope.value for scope in body.scopes], body.expires_in_days
        )
        return NewApiTokenOut.of(made, token=text)

    @router.delete("/api-tokens/{token_id}", summary="Delete an API token", status_code=204)
    async def delete_token(caller: OwnTokens, token_id: Id) -> Response:
        """It opens nothing from now on."""
        await accounts.api_tokens.delete(caller, token_id)
        return Response(status_code=204)


def _add_sessions(router: APIRouter, accounts: Accounts) -> None:
    @router.get("/sessions", summary="List where one is signed in")
    async def list_sessions(caller: Own) -> SessionsOut:
        """Browsers and programs, last used first."""
        return SessionsOut(items=[SessionOut.of(listed) for listed in await accounts.sessions.list(caller)])

    @router.delete("/sessions", summary="Sign out everywhere else")
    async def end_others(caller: Own) -> Ended:
        """The session the request came with stays."""
        return Ended(ended=await accounts.sessions.end_others(caller))

    @router.delete("/sessions/{session_id}", summary="Sign out somewhere", status_code=204)
    async def end_session(caller: Own, session_id: Id) -> Response:
        """Also the one the request came with."""
        await accounts.sessions.end(caller, session_id)
        return Response(status_code=204)
