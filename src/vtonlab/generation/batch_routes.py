"""Batches on the studio interface: ``/api/v1/images/batch…``."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import StreamingResponse

from vtonlab.accounts.asking import Asking
from vtonlab.errors.language import Language, choose_language
from vtonlab.generation.batch_schemas import (
    EXAMPLE_NAME,
    BatchAccepted,
    BatchAnswer,
    BatchBody,
    BatchResults,
    BatchStatusAnswer,
    tell_results,
)
from vtonlab.generation.batch_service import Batches
from vtonlab.generation.routes import TAG
from vtonlab.library.zip_routes import ZIP, ZipAnswer

BatchName = Annotated[str, Path(max_length=64, description="Name of a batch (`batch_name`).", examples=[EXAMPLE_NAME])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,64}$",
        description="A request repeated with the same key gets the batch of the first one.",
    ),
]

PROBLEM: Final[dict[str, Any]] = {"content": {"application/problem+json": {}}}
NOT_THERE: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "The caller has no such batch.", **PROBLEM}}
NOT_ENDED: Final[dict[int | str, dict[str, Any]]] = {409: {"description": "It has not ended yet.", **PROBLEM}}


def make_router(batches: Batches) -> APIRouter:
    """The routes over ``batches``."""
    router = APIRouter(tags=[TAG])

    @router.post("/api/v1/images/batch-generate", status_code=202, summary="Ask for many pictures at once")
    async def ask(caller: Asking, body: BatchBody, key: IdempotencyKey = None) -> BatchAccepted:
        """Cheaper than one by one, and later: the service takes its time, at most a day or two. The task's progress is
        the share of finished prompts; pictures come into the library one by one when the service is done."""
        return BatchAccepted.of(await batches.ask(caller, body.order(), idempotency_key=key))

    @router.get("/api/v1/images/batch/{batch_name}", summary="A batch with all its prompts", responses=NOT_THERE)
    async def look(request: Request, caller: Asking, batch_name: BatchName) -> BatchAnswer:
        """At any time, with the pictures that have come so far."""
        return BatchAnswer.of(await batches.look(caller, batch_name), _language(request))

    @router.get("/api/v1/images/batch/{batch_name}/status", summary="How a batch stands", responses=NOT_THERE)
    async def status(caller: Asking, batch_name: BatchName) -> BatchStatusAnswer:
        """In numbers."""
        return BatchStatusAnswer.of(await batches.get(caller, batch_name))

    @router.get(
        "/api/v1/images/batch/{batch_name}/results",
        summary="What came of a batch",
        responses=NOT_THERE | NOT_ENDED,
    )
    async def results(request: Request, caller: Asking, batch_name: BatchName) -> BatchResults:
        """Every prompt in its order, once the batch has ended, also where it failed or was cancelled."""
        return tell_results(await batches.results(caller, batch_name), _language(request))

    @router.post(
        "/api/v1/images/batch/{batch_name}/download",
        status_code=204,
        summary="Ask whether the zip of a batch can be fetched now",
        responses=NOT_THERE,
    )
    async def check_download(caller: Asking, batch_name: BatchName) -> None:
        """Nothing is made. For browsers: what would keep a download from beginning can be told in the page then."""
        await batches.check_download(caller, batch_name)

    @router.get(
        "/api/v1/images/batch/{batch_name}/download",
        summary="The pictures of a batch in a zip",
        response_class=StreamingResponse,
        responses=ZIP | NOT_THERE,
    )
    async def download(caller: Asking, batch_name: BatchName) -> ZipAnswer:
        """Named by their place and their words, with `prompts.csv` (UTF-8), which tells of the other prompts too."""
        pieces = await batches.download(caller, batch_name)
        headers = {
            "Content-Disposition": f'attachment; filename="vtonlab-batch-{batch_name[:12]}.zip"',
            "Cache-Control": "no-store",
        }
        return ZipAnswer(pieces, headers)

    return router


def _language(request: Request) -> Language:
    return choose_language(request.headers.get("accept-language", ""), "en")
