"""One's own account on the studio interface: ``/api/v1/users/me``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from vtonlab.accounts.asking import Asking, permitted, renew_session_cookie, set_session_cookie
from vtonlab.accounts.caller import Caller, Permission
from vtonlab.accounts.schemas import Deleted, OwnDeletion, OwnEdit, ProfileOut
from vtonlab.accounts.service import Accounts
from vtonlab.accounts.sessions import FORGET

ME = "/api/v1/users/me"
ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The zip.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}

Own = Annotated[Caller, permitted(Permission.ACCOUNT_MANAGE)]


def make_router(accounts: Accounts) -> APIRouter:
    """The routes over ``accounts``."""
    router = APIRouter(tags=["users"])

    @router.get(ME, summary="One's own account")
    async def me(caller: Asking, request: Request, response: Response) -> ProfileOut:
        """With role, permissions (of a token: its scopes), quota and use. A guest of server mode has one too."""
        profile = await accounts.profile(caller)
        renew_session_cookie(request, response, caller)
        return ProfileOut.of_profile(profile)

    @router.patch(ME, summary="Change one's own account")
    async def edit(caller: Own, body: OwnEdit) -> ProfileOut:
        """E-mail address and language."""
        await accounts.edit_own(caller, email=body.email, language=body.language)
        return ProfileOut.of_profile(await accounts.profile(caller))

    @router.delete(ME, summary="Delete one's own account")
    async def delete(caller: Asking, request: Request, response: Response, body: OwnDeletion) -> Deleted:
        """Every row and every byte, at once and for good; the answer says what it was. Asks for the password, and
        where there is none (the machine's own user, a guest) for the name of the account in ``confirm``. The
        machine's own user begins anew, empty."""
        erased = await accounts.deletion.delete_own(caller, body.password, body.confirm)
        set_session_cookie(request, response, FORGET)
        return Deleted.of(erased)

    @router.get(f"{ME}/export", summary="Everything kept of oneself", response_class=StreamingResponse, responses=ZIP)
    async def export(caller: Asking) -> StreamingResponse:
        """A zip: the account, what the audit log says about it, every picture and what is known about it."""
        headers = {
            "Content-Disposition": 'attachment; filename="vtonlab-account.zip"',
            "Cache-Control": "no-store",
        }
        return StreamingResponse(await accounts.export.begin(caller), media_type="application/zip", headers=headers)

    return router
