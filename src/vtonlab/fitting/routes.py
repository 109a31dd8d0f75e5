"""Fittings on the studio interface: ``/api/v1/tryon``."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request, Response

from vtonlab.accounts.asking import Asking
from vtonlab.db.database import Database
from vtonlab.engines.contract import GarmentKind
from vtonlab.errors.language import Language, choose_language
from vtonlab.fitting.asking import while_here
from vtonlab.fitting.findings import Findings, Role
from vtonlab.fitting.previews import USUAL_SIDE, Preview, Previews
from vtonlab.fitting.schemas import EXAMPLE_ID, NoteList, PreviewBody, TryOnBody, TryOnEntry, TryOnList
from vtonlab.fitting.service import Fitting
from vtonlab.library.conditions import is_known
from vtonlab.library.sending import ASK_EACH_TIME, PROTECTION, VARY
from vtonlab.providers.conditions import Conditions
from vtonlab.tasks.listings import look_closer
from vtonlab.tasks.models import Task
from vtonlab.tasks.schemas import TaskAnswer, describe

MOST_PER_PAGE: Final = 50

ImageName = Annotated[str, Query(min_length=1, max_length=96, description="Library filename or image id.")]
EntryId = Annotated[str, Path(max_length=64, description="Id of a fitting (`vton_id`).", examples=[EXAMPLE_ID])]
PageNumber = Annotated[int, Query(ge=1, description="From 1; a page beyond the end is empty.")]
PageSize = Annotated[int, Query(ge=1, description=f"At most {MOST_PER_PAGE}; more is cut to that.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before; wins over page.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,64}$",
        description="A request repeated with the same key gets the task of the first one.",
    ),
]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", description="What has this ETag is not sent again.")]

PROBLEM: Final[dict[str, Any]] = {"content": {"application/problem+json": {}}}
NOT_THERE: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "The caller has no such one.", **PROBLEM}}
KNOWN: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "What the client has is still right."}}
BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
TAGGED: Final = {"ETag": {"schema": {"type": "string"}, "description": "The same for the same picture."}}
PREVIEW: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The picture.",
        "content": {"image/jpeg": BINARY, "image/webp": BINARY},
        "headers": {
            **TAGGED,
            "X-Confidence": {"schema": {"type": "number"}, "description": "0 (a guess) to 1."},
            "X-Notes": {"schema": {"type": "string"}, "description": "Codes of what is worth knowing, by commas."},
            "Server-Timing": {"schema": {"type": "string"}, "description": "Milliseconds by step."},
        },
    }
}
MASK: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The mask: white where it differs.", "content": {"image/png": BINARY}, "headers": TAGGED}
}


def make_router(
    fitting: Fitting, previews: Previews, findings: Findings, conditions: Conditions, database: Database
) -> APIRouter:
    """``/api/v1/tryon``."""
    router = APIRouter(tags=["fitting"])
    _add_asking(router, fitting, conditions, database)
    _add_previews(router, previews)
    _add_findings(router, findings)
    _add_history(router, fitting)
    return router


def _add_asking(router: APIRouter, fitting: Fitting, conditions: Conditions, database: Database) -> None:
    @router.post("/api/v1/tryon", status_code=202, summary="Ask for a fitting, or for many")
    async def ask(request: Request, caller: Asking, body: TryOnBody, key: IdempotencyKey = None) -> TaskAnswer:
        """The task, which `/api/v1/tasks/{task_id}` and the WebSocket tell of; its result names the picture. Everybody
        in everything is a task with `children`."""
        with conditions.naming_others(body.engine):
            if body.is_matrix:
                task = await fitting.ask_matrix(caller, body.matrix(), idempotency_key=key)
            else:
                task = await fitting.ask(caller, body.order(), idempotency_key=key)
        return await tell(task, _language(request))

    async def tell(task: Task, language: Language) -> TaskAnswer:
        async with database.read() as session:
            (listed,) = await look_closer(session, [task])
        return describe(listed.task, language, queue_position=listed.queue_position, children=listed.children)


def _add_previews(router: APIRouter, previews: Previews) -> None:
    @router.post(
        "/api/v1/tryon/preview",
        summary="A garment on a person, at once",
        response_class=Response,
        responses=PREVIEW | KNOWN | NOT_THERE,
    )
    async def preview(
        request: Request,
        caller: Asking,
        body: PreviewBody,
        if_none_match: IfNoneMatch = None,
        accept: Annotated[str, Header(description="JPEG or WebP.")] = "",
    ) -> Response:
        """Made by the built-in engine and kept nowhere; who goes away before it is made has it made no more. Keeping
        a picture is an ordinary try-on."""
        making = previews.make(
            caller,
            body.human_image,
            body.garment_image,
            lower=body.lower,
            kind=body.garment_kind or GarmentKind.AUTO,
            size=body.size or USUAL_SIDE,
            accept=accept,
            if_none_match=if_none_match,
        )
        return _show(await while_here(request, making))


def _add_findings(router: APIRouter, findings: Findings) -> None:
    @router.get("/api/v1/tryon/advice", summary="What would make a photo work better", responses=NOT_THERE)
    async def advice(request: Request, caller: Asking, image: ImageName, role: Role = Role.PERSON) -> NoteList:
        """By the built-in engine; nothing is forbidden by it. Kept beside the picture, so that it is looked at once."""
        notes = await while_here(request, findings.advise(caller, image, role))
        return NoteList.of(notes, _language(request))

    @router.get("/api/v1/tryon/notes", summary="The words for the codes of notes")
    async def notes(request: Request) -> NoteList:
        """All that `X-Notes` of a preview may name."""
        return NoteList.of(await findings.words(), _language(request))


def _show(made: Preview) -> Response:
    headers = _headers(made.etag, vary=f"Accept, {VARY.decode()}")
    if made.data is None:
        return Response(status_code=304, headers=headers)
    headers |= {
        "X-Confidence": f"{made.confidence:.3f}",
        "Server-Timing": ", ".join(f"{step};dur={1000 * seconds:.1f}" for step, seconds in made.timings.items()),
    }
    if made.notes:
        headers["X-Notes"] = ",".join(note.code for note in made.notes)
    return Response(made.data, media_type=made.media_type, headers=headers)


def _headers(etag: str, vary: str = VARY.decode()) -> dict[str, str]:
    """Of an answer with a picture that is its owner's alone, and is asked for anew each time."""
    guarded = {name.decode(): value.decode() for name, value in PROTECTION}
    return {**guarded, "ETag": etag, "Cache-Control": ASK_EACH_TIME.decode(), "Vary": vary}


def _add_history(router: APIRouter, fitting: Fitting) -> None:
    @router.get("/api/v1/tryon/history", summary="List one's own fittings")
    async def history(
        request: Request, caller: Asking, page: PageNumber = 1, page_size: PageSize = 20, cursor: Cursor = None
    ) -> TryOnList:
        """The newest first. Only the cursor never skips or repeats one while others are made."""
        found = await fitting.history(caller, page, min(page_size, MOST_PER_PAGE), cursor)
        return TryOnList.of(found, _language(request))

    @router.get("/api/v1/tryon/{vton_id}", summary="One fitting", responses=NOT_THERE)
    async def entry(request: Request, caller: Asking, vton_id: EntryId) -> TryOnEntry:
        """Also when its pictures are gone."""
        return TryOnEntry.of(await fitting.item(caller, vton_id), _language(request))

    @router.get(
        "/api/v1/tryon/{vton_id}/mask",
        summary="Where a fitting differs from the photo",
        response_class=Response,
        responses=MASK | KNOWN | NOT_THERE,
    )
    async def mask(caller: Asking, vton_id: EntryId, if_none_match: IfNoneMatch = None) -> Response:
        """As a PNG: white where it differs."""
        found = await fitting.item(caller, vton_id)
        etag = f'"mask-{found.entry.id}"'  # a fitting's mask never changes
        if found.has_mask and if_none_match is not None and is_known(if_none_match, etag):
            return Response(status_code=304, headers=_headers(etag))
        return Response(await fitting.mask(caller, vton_id), media_type="image/png", headers=_headers(etag))


def _language(request: Request) -> Language:
    return choose_language(request.headers.get("accept-language", ""), "en")
