"""Pictures coming in on the wardrobe interface; the studio's ways in are in ``studio_uploads``.

The bodies are read by ``receiving`` and not by the framework, which would hold them in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from vtonlab.accounts.asking import Asking, Keeping
from vtonlab.accounts.caller import Caller, CallerKind
from vtonlab.errors import BadRequest, ImageUnreadable, PairingNeeded, Text, VtonError
from vtonlab.errors.language import Language
from vtonlab.library import studio_uploads
from vtonlab.library.accepting import ADDRESS_LETTERS, gather_context, object_of, text_of
from vtonlab.library.asking import language_of
from vtonlab.library.door import Door, is_address
from vtonlab.library.fetch import Fetcher
from vtonlab.library.ingest import Added, Incoming, Ingest, choose_category
from vtonlab.library.receiving import LongText, read_json
from vtonlab.library.wording import TITLE_LETTERS

Answer = dict[str, Any]

SAVED: Final = Text("Saved.", "图片已保存")
KNOWN: Final = Text("This picture was here already.", "该图片已存在")
RESTORED: Final = Text("This picture was in the trash; it is back.", "该图片在回收站中，已恢复")

CATEGORY: Final = {"type": "string", "enum": ["clothes", "char"], "default": "clothes"}
EXAMPLE: Final = {
    "success": True,
    "taskId": "019ab3c4d5e6f708192a3b4c5d6e7f80",
    "imageId": "019ab3c4d5e6f708192a3b4c5d6e7f81",
    "filename": "clothes_20261122_101500_5d6e7f81.png",
    "fileSize": 184320,
    "category": "clothes",
    "isLoggedIn": True,
    "message": "图片已保存",
}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"application/json": {"example": EXAMPLE}}}}


def make_router(ingest: Ingest, fetcher: Fetcher | None = None) -> APIRouter:
    """The ways in of both interfaces, over ``ingest``."""
    door = Door(ingest, fetcher)
    wardrobe = APIRouter(prefix="/api", tags=["wardrobe: uploads"])
    _add_clipboard(wardrobe, door)
    _add_files(wardrobe, door)
    _add_receiving(wardrobe, door)
    router = APIRouter()
    router.include_router(wardrobe)
    router.include_router(studio_uploads.make_router(door))
    return router


def _takes_json(required: list[str], **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


DATA_URL: Final = {"type": "string", "description": "A picture as a data-URL.", "maxLength": 35_000_000}


def _add_clipboard(router: APIRouter, door: Door) -> None:
    described = _takes_json(["imageData"], imageData=DATA_URL, category=CATEGORY)

    @router.post(
        "/upload-clipboard", summary="Keep a picture from the clipboard", openapi_extra=described, responses=ANSWERS
    )
    async def upload_clipboard(request: Request, caller: Keeping) -> Answer:
        """`imageData` is a data-URL. The same picture in the same category is the entry that is there."""
        door.admit(caller)
        with door.folder() as folder:
            body = await read_json(request.stream(), folder)
            value = body.get("imageData")
            if not isinstance(value, str | LongText) or not value:
                raise BadRequest(part="imageData")
            if is_address(value):
                raise ImageUnreadable(name="imageData", reason="data-URL")
            path = await door.take_picture(value, folder)
            added = await door.ingest.add(caller, Incoming(path, _category(body), context={"source": "clipboard"}))
        return _describe(request, caller, added)


def _add_files(router: APIRouter, door: Door) -> None:
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    schema = {"type": "object", "required": ["file"], "properties": {"file": files, "category": CATEGORY}}
    described = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}

    @router.post(
        "/upload-file", summary="Keep picture files", openapi_extra=described, responses=ANSWERS, response_model=None
    )
    async def upload_file(request: Request, caller: Keeping) -> Answer | Response:
        """One file, answered as an upload; or many, answered by `results` in their order, where one bad file never
        loses the good ones."""
        door.admit(caller)
        with door.folder() as folder:
            form = await door.take_form(request.headers.get("content-type", ""), request.stream(), folder)
            category = choose_category(form.fields.get("category"))
            outcomes = await door.add_all(caller, form.files, category, lambda file: {"original_name": file.name})
        names = [file.name for file in form.files]
        if len(outcomes) == 1 and isinstance(outcomes[0], VtonError):
            raise outcomes[0]
        results = [
            {**_describe(request, caller, outcome), "originalFilename": name}
            for outcome, name in zip(outcomes, names, strict=True)
        ]
        if len(results) == 1:
            return results[0]
        failures = [outcome for outcome in outcomes if isinstance(outcome, VtonError)]
        if len(failures) < len(results):
            return {"success": True, "results": results}
        told = {**_describe(request, caller, failures[0]), "results": results}
        return JSONResponse(told, status_code=failures[0].status)


def _add_receiving(router: APIRouter, door: Door) -> None:
    described = _takes_json(
        ["imageData"],
        imageData={"type": "string", "description": "A data-URL, or an http(s) address that is fetched."},
        originalUrl={"type": "string", "nullable": True, "description": "Kept as text, cut to 2,000 letters."},
        category=CATEGORY,
        pageInfo={"type": "object", "nullable": True, "description": "`url`, `title`, `imageContext`, `product`."},
        source={"type": "string", "nullable": True},
    )

    @router.post("/receive-image", summary="Keep a picture of a web page", openapi_extra=described, responses=ANSWERS)
    async def receive_image(request: Request, caller: Asking) -> Answer:
        """For the browser extension and other programs. In server mode they say for whom (cookie or token)."""
        if caller.kind is CallerKind.STRANGER:
            raise PairingNeeded
        door.admit(caller)
        with door.folder() as folder:
            body = await read_json(request.stream(), folder)
            value = _choose_picture(body)
            page = object_of(body.get("pageInfo"))
            incoming = Incoming(
                await door.take_picture(value, folder, "imageData"),
                _category(body),
                original_url=text_of(body.get("originalUrl"), ADDRESS_LETTERS) or _address(value),
                page_url=text_of(page.get("url"), ADDRESS_LETTERS),
                page_title=text_of(page.get("title"), TITLE_LETTERS),
                context=gather_context(body),
            )
            added = await door.ingest.add(caller, incoming)
        return _describe(request, caller, added)


def _choose_picture(body: Mapping[str, Any]) -> str | LongText:
    """The picture itself, or the address it is at."""
    value = body.get("imageData")
    if isinstance(value, str | LongText) and value:
        return value
    address = body.get("originalUrl")
    if is_address(address):
        return str(address)
    raise BadRequest(part="imageData")


def _address(value: str | LongText) -> str | None:
    return text_of(value, ADDRESS_LETTERS) if is_address(value) else None


def _category(body: Mapping[str, Any]) -> str:
    name = body.get("category")
    return choose_category(name if isinstance(name, str) else None)


def _describe(request: Request, caller: Caller, outcome: Added | VtonError) -> Answer:
    language: Language = language_of(request, "zh-CN")
    if isinstance(outcome, VtonError):
        told = {"error": outcome.say(language), "code": outcome.code, "hint": outcome.advise(language)}
        return {"success": False, **told}
    message = RESTORED if outcome.restored else KNOWN if outcome.duplicate_of else SAVED
    answer: Answer = {
        "success": True,
        "taskId": outcome.task_id,
        "imageId": outcome.image.id,
        "filename": outcome.image.filename,
        "fileSize": outcome.image.file_size,
        "category": outcome.image.category,
        "isLoggedIn": caller.is_signed_in,
        "message": message.say(language),
    }
    if outcome.duplicate_of:
        answer["duplicate_of"] = outcome.duplicate_of
    if outcome.similar_to:
        answer["similar_to"] = list(outcome.similar_to)
    return answer
