"""The addresses of pictures' bytes. The plain case is answered before it gets here (serving.py), in the same way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.requests import HTTPConnection
from starlette.responses import Response

from vtonlab.accounts.asking import Asking, read_credentials
from vtonlab.accounts.caller import Caller, Permission
from vtonlab.accounts.service import Accounts
from vtonlab.errors import PICTURE, NotThere, OthersData
from vtonlab.library import zip_routes
from vtonlab.library.files import Files, PictureFile, read_side
from vtonlab.library.sending import Asked, Plan, plan, send_plan
from vtonlab.library.serving import CURRENT, Serving
from vtonlab.library.tickets import Tickets
from vtonlab.library.zips import Zips
from vtonlab.storage.contract import Storage

FILE = "/api/v1/library/images/{image_id}/file"
THUMBNAIL = "/api/v1/library/images/{image_id}/thumbnail"
PICTURES = (
    "/api/user/current/images/{category}/{filename}",
    "/api/user/{user_id}/images/{category}/{filename}",
    "/api/user/{user_id}/images/{filename}",
    "/api/user/{user_id}/vton_results/{filename}",
)
SMALL_PICTURES = "/api/user/{user_id}/thumbnails/{filename}"

BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes.",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
        "headers": {"ETag": {"schema": {"type": "string"}, "description": "The hash of the content."}},
    },
    206: {"description": "The part that was asked for."},
    304: {"description": "What the client has is still right."},
    416: {"description": "The range has no byte of the picture in it."},
}

Version = Annotated[str | None, Query(description="First 12 digits of the content hash: the answer may be kept.")]
Category = Annotated[str, Path(description="The one it was saved in; it may be in another by now.")]
Size = Annotated[str | None, Query(description="Longer side in pixels: 320 or 640.")]


class FileAnswer(Response):
    """A response that sends what was planned."""

    def __init__(self, planned: Plan, storage: Storage) -> None:
        super().__init__(status_code=planned.status)
        self.raw_headers = list(planned.headers)
        self._planned = planned
        self._storage = storage

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],  # noqa: ARG002 - ASGI
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Send it. Raises ``NotThere`` for a file that has just gone."""
        try:
            await send_plan(self._planned, self._storage, scope, send)
        except FileNotFoundError as error:
            raise NotThere(thing=PICTURE, id=self._planned.file.image_id) from error


def make_serving(files: Files, accounts: Accounts) -> Serving:
    """The layer in front of the application (``make_serving(…).wrap(app)``) that knows when rights end."""
    serving = Serving(files, lambda scope: accounts.identify(read_credentials(HTTPConnection(scope))))
    accounts.on_session_end(serving.forget_caller)
    return serving


def make_router(files: Files) -> APIRouter:
    """The routes over ``files``, and the zip of many."""
    router = APIRouter(tags=["pictures"])
    _add_by_name(router, files)
    _add_by_id(router, files)
    zips = Zips(files.database, files.storage)
    router.include_router(zip_routes.make_router(zips, Tickets(files.database, zips)))
    return router


def _add_by_name(router: APIRouter, files: Files) -> None:
    async def picture(request: Request, caller: Asking, user_id: str, filename: str) -> Response:
        """The file as it is kept, found by its name."""
        file = await files.named(_owner(caller, user_id), filename)
        return _answer(request, files.storage, file, lasting=user_id != CURRENT)

    async def picture_by_category(
        request: Request,
        caller: Asking,
        user_id: str,
        category: Category,  # noqa: ARG001 - what the row says counts
        filename: str,
    ) -> Response:
        """The file as it is kept, found by its name; moving it to another category does not break its address."""
        return await picture(request, caller, user_id, filename)

    async def own_picture(request: Request, caller: Asking, category: Category, filename: str) -> Response:  # noqa: ARG001
        """The same address for everybody, so it is never kept without asking."""
        return await picture(request, caller, CURRENT, filename)

    async def thumbnail(request: Request, caller: Asking, user_id: str, filename: str, size: Size = None) -> Response:
        """A WebP file; made anew where it is missing."""
        file = await files.named(_owner(caller, user_id), filename, read_side(size))
        return _answer(request, files.storage, file, lasting=user_id != CURRENT)

    _add(router, PICTURES[0], own_picture, "A picture of one's own, whoever is signed in")
    _add(router, PICTURES[1], picture_by_category, "A picture")
    _add(router, PICTURES[2], picture, "A picture, without its category")
    _add(router, PICTURES[3], picture, "A picture that was made here")
    _add(router, SMALL_PICTURES, thumbnail, "A thumbnail")


def _add_by_id(router: APIRouter, files: Files) -> None:
    async def file_by_id(request: Request, caller: Asking, image_id: str) -> Response:
        """The file as it is kept. Whoever is signed in sees what is in their trash, too."""
        file = await files.by_id(_owner(caller, CURRENT), image_id, with_trash=caller.is_signed_in)
        return _answer(request, files.storage, file, lasting=True)

    async def thumbnail_by_id(request: Request, caller: Asking, image_id: str, size: Size = None) -> Response:
        """A WebP file; made anew where it is missing. Whoever is signed in sees what is in their trash, too."""
        owner = _owner(caller, CURRENT)
        file = await files.by_id(owner, image_id, read_side(size), with_trash=caller.is_signed_in)
        return _answer(request, files.storage, file, lasting=True)

    _add(router, FILE, file_by_id, "A picture's file")
    _add(router, THUMBNAIL, thumbnail_by_id, "A picture's thumbnail")


def _add(router: APIRouter, address: str, function: Callable[..., Awaitable[Response]], summary: str) -> None:
    router.add_api_route(
        address,
        function,
        summary=summary,
        response_class=Response,
        responses=BYTES,
        dependencies=[Depends(_name_version)],
    )
    router.add_api_route(address, function, methods=["HEAD"], include_in_schema=False)


def _answer(request: Request, storage: Storage, file: PictureFile, *, lasting: bool) -> FileAnswer:
    headers = request.headers
    asked = Asked(
        method=request.method,
        if_none_match=", ".join(headers.getlist("if-none-match")) or None,
        range=headers.get("range"),
        if_range=headers.get("if-range"),
        is_versioned=lasting and request.query_params.get("v") == file.version,
    )
    return FileAnswer(plan(file, asked), storage)


def _name_version(v: Version = None) -> None:
    """Names ``v`` in the reference; it is read in :func:`_answer`."""


def _owner(caller: Caller, user_id: str) -> str:
    """The caller, when the address is theirs. Raises ``SignInNeeded``, ``NotAllowed`` or ``OthersData``."""
    owner = caller.require(Permission.IMAGES_READ, signed_in=False)
    if user_id not in {owner, CURRENT}:
        raise OthersData
    return owner
