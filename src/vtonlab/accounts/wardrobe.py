"""Accounts on the wardrobe interface: what older clients sign in with."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, BeforeValidator, Field

from vtonlab.accounts.asking import Arriving, Asking, language_of, renew_session_cookie, set_session_cookie
from vtonlab.accounts.models import User
from vtonlab.accounts.names import MOST_PASSWORD_BYTES
from vtonlab.accounts.service import Accounts
from vtonlab.errors import SignInNeeded, Text

REGISTERED = Text("Welcome! You can sign in now.", "注册成功，请登录")
SIGNED_IN = Text("Signed in.", "登录成功")
SIGNED_OUT = Text("Signed out.", "已退出登录")

Answer = dict[str, Any]
Password = Annotated[str, Field(max_length=MOST_PASSWORD_BYTES)]


class Registering(BaseModel):
    """A new account."""

    username: Annotated[str, Field(max_length=64, examples=["mei"])]
    email: Annotated[str | None, Field(max_length=320, examples=["mei@example.org"])] = None
    password: Annotated[Password, Field(examples=["correct horse battery"])]


def _absent_is_false(value: object) -> object:
    return False if value is None else value


class SigningIn(BaseModel):
    """A name and its password."""

    username: Annotated[str, Field(max_length=320, examples=["mei"])]
    password: Annotated[Password, Field(examples=["correct horse battery"])]
    remember_me: Annotated[bool, BeforeValidator(_absent_is_false)] = False
    """Null is false: clients send it so."""


def make_router(accounts: Accounts) -> APIRouter:
    """The routes over ``accounts``."""
    router = APIRouter(tags=["wardrobe"])
    _add_ways_in(router, accounts)
    _add_profile(router, accounts)
    return router


def _add_ways_in(router: APIRouter, accounts: Accounts) -> None:
    @router.post("/api/register", summary="Make an account")
    async def register(caller: Arriving, request: Request, body: Registering) -> Answer:
        """What was made as a guest goes over to the account. Does not sign in."""
        user = await accounts.sign_in.register(caller, body.username, body.email, body.password)
        return {"success": True, "user_id": user.user_id, "message": REGISTERED.say(language_of(request))}

    @router.post("/api/login", summary="Sign in")
    async def login(caller: Arriving, request: Request, response: Response, body: SigningIn) -> Answer:
        """Gives a session cookie: for seven days if `remember_me`, else until the browser is closed."""
        entered = await accounts.sign_in.with_password(caller, body.username, body.password, remember=body.remember_me)
        set_session_cookie(request, response, entered.cookie)
        user = entered.user
        return {
            "success": True,
            "user": {"user_id": user.user_id, "username": user.username, "email": user.email},
            "message": SIGNED_IN.say(language_of(request)),
        }

    @router.post("/api/logout", summary="Sign out")
    async def logout(caller: Asking, request: Request, response: Response) -> Answer:
        """Ends the session, on this side too."""
        set_session_cookie(request, response, await accounts.sessions.sign_out(caller))
        return {"success": True, "message": SIGNED_OUT.say(language_of(request))}


def _add_profile(router: APIRouter, accounts: Accounts) -> None:
    @router.get("/api/auth/check", summary="Who is signed in")
    async def check(caller: Asking, request: Request, response: Response) -> Answer:
        """`user` only when somebody is."""
        renew_session_cookie(request, response, caller)
        if not caller.is_signed_in:
            return {"authenticated": False}
        return {"authenticated": True, "user": _describe((await accounts.profile(caller)).user)}

    @router.get("/api/user/profile", summary="One's own account")
    async def profile(caller: Asking, request: Request, response: Response) -> Answer:
        """With the number of pictures outside the trash."""
        if not caller.is_signed_in:
            raise SignInNeeded
        found = await accounts.profile(caller)
        renew_session_cookie(request, response, caller)
        return {"success": True, "user": _describe(found.user) | {"image_count": found.usage.get("images", 0)}}


def _describe(user: User) -> Answer:
    return {
        "user_id": user.user_id,
        "username": user.username,
        "email": user.email,
        "created_at": user.created_at,
        "last_login": user.last_login,
        "cloud_sync_enabled": user.cloud_sync_enabled,
    }
