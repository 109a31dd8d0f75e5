"""Pictures from words on the studio interface: ``/api/v1/images``; batches have routes of their own."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from vtonlab.accounts.asking import Asking
from vtonlab.accounts.caller import Permission
from vtonlab.errors.language import Language, choose_language
from vtonlab.generation.built_in import BUILT_IN
from vtonlab.generation.orders import Order
from vtonlab.generation.schemas import (
    Budget,
    GenerateBody,
    Provider,
    ProviderList,
    Template,
    TemplateBody,
    TemplateList,
)
from vtonlab.generation.service import Generation
from vtonlab.library.door import Door
from vtonlab.library.receiving import LongText, read_json
from vtonlab.tasks.listings import Listed, Wanted
from vtonlab.tasks.models import Status
from vtonlab.tasks.schemas import EXAMPLE_ID, TaskAnswer, TaskList, describe

PREFIX: Final = "/api/v1/images"
TAG: Final = "generation"

TaskId = Annotated[str, Path(description="Id of a task.", examples=[EXAMPLE_ID], max_length=64)]
TemplateId = Annotated[str, Path(description="Id of one's own template.", max_length=64)]
ToldStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
StatusFilter = Annotated[ToldStatus | None, Query(description="Only tasks of this status.")]
KindFilter = Annotated[Literal["generate", "batch"] | None, Query(description="Only single pictures, or batches.")]
PageNumber = Annotated[int, Query(ge=1, description="From 1; a page beyond the end is empty.")]
PageSize = Annotated[int, Query(ge=1, description="At most 100; more is cut to that.")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before; outweighs `page`.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,64}$",
        description="A request repeated with the same key gets the task of the first one.",
    ),
]

PROBLEM: Final[dict[str, Any]] = {"content": {"application/problem+json": {}}}
NOT_THERE: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "The caller has no such one.", **PROBLEM}}
TAKEN: Final[dict[int | str, dict[str, Any]]] = {
    409: {"description": "The caller has one of that name, or too many.", **PROBLEM}
}


def make_router(generation: Generation, door: Door) -> APIRouter:
    """``/api/v1/images``; ``door`` takes in large requests."""
    router = APIRouter(prefix=PREFIX, tags=[TAG])
    _add_asking(router, generation, door)
    _add_looking(router, generation)
    _add_templates(router, generation)
    return router


def _add_asking(router: APIRouter, generation: Generation, door: Door) -> None:
    schema = GenerateBody.model_json_schema()
    described = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}

    @router.post("/generate", status_code=202, summary="Ask for a picture from words", openapi_extra=described)
    async def ask(request: Request, caller: Asking, key: IdempotencyKey = None) -> TaskAnswer:
        """The task, which `/api/v1/images/tasks/{task_id}` and the WebSocket tell of; its result names the picture.
        What the provider or model cannot do is refused here, before it costs anything."""
        caller.require(Permission.GENERATE_CREATE)  # before anything of the body is read
        with door.folder() as folder:
            order = read_order(await read_json(request.stream(), folder))
            listed = await generation.ask(caller, order, idempotency_key=key)
        return tell(listed, _language(request))


def read_order(body: dict[str, Any]) -> Order:
    """The order in ``body``, whose long texts were set aside. Raises ``RequestValidationError``."""
    names = body.get("reference_images")
    came = tuple(names) if isinstance(names, list) else ()
    plain = {name: _shorten(value) for name, value in body.items()}
    if isinstance(names, list):
        plain["reference_images"] = [_shorten(name) for name in names]
    try:
        return GenerateBody.model_validate(plain).order(came)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in faults]) from error


def _shorten(value: Any) -> Any:
    """A text that was set aside, longer than any that is allowed but for data-URLs."""
    return value.head(100_000) if isinstance(value, LongText) else value


def _add_looking(router: APIRouter, generation: Generation) -> None:
    @router.get("", summary="List one's own pictures from words, and batches, as tasks")
    async def list_tasks(
        request: Request,
        caller: Asking,
        status: StatusFilter = None,
        kind: KindFilter = None,
        page: PageNumber = 1,
        page_size: PageSize = 20,
        cursor: Cursor = None,
    ) -> TaskList:
        """The newest first."""
        asked = None if status is None else Status(status)
        found = await generation.list_tasks(caller, Wanted(asked, kind, None, True, page, page_size, cursor))
        language = _language(request)
        return TaskList(
            items=[tell(item, language) for item in found.items],
            total=found.total,
            page=found.page,
            page_size=found.page_size,
            next_cursor=found.next_cursor,
        )

    @router.get("/tasks/{task_id}", summary="One picture, or batch, as a task", responses=NOT_THERE)
    async def get_task(request: Request, caller: Asking, task_id: TaskId) -> TaskAnswer:
        """How it stands now; the WebSocket `/api/v1/ws/tasks` tells of every change."""
        return tell(await generation.get_task(caller, task_id), _language(request))

    @router.get("/providers", summary="What draws pictures from words here")
    async def providers(request: Request, caller: Asking) -> ProviderList:
        """How each engine was when it was last asked, what its models take and cost, and today's budget."""
        offers, usual, today = await generation.offers(caller)
        language, settings = _language(request), generation.settings
        items = [Provider.of(one, language, settings, is_default=one.condition.name == usual) for one in offers]
        return ProviderList(items=items, budget=Budget.of(today))


def _add_templates(router: APIRouter, generation: Generation) -> None:
    templates = generation.templates

    @router.get("/templates", summary="Prompts with fields: the program's and one's own")
    async def list_templates(request: Request, caller: Asking) -> TemplateList:
        """A field stands in the text as `{name}`."""
        own, language = await templates.own(caller), _language(request)
        items = [Template.of_program(one, language) for one in BUILT_IN]
        return TemplateList(items=[*items, *(Template.of(row) for row in own)])

    @router.post("/templates", status_code=201, summary="Keep a template", responses=TAKEN)
    async def add_template(caller: Asking, body: TemplateBody) -> Template:
        """For oneself alone."""
        return Template.of(await templates.add(caller, body.draft()))

    @router.put("/templates/{template_id}", summary="Change one's own template", responses=NOT_THERE | TAKEN)
    async def change_template(caller: Asking, template_id: TemplateId, body: TemplateBody) -> Template:
        """All of it; those of the program stay as they are."""
        return Template.of(await templates.change(caller, template_id, body.draft()))

    @router.delete(
        "/templates/{template_id}", status_code=204, summary="Remove one's own template", responses=NOT_THERE
    )
    async def remove_template(caller: Asking, template_id: TemplateId) -> None:
        """Those of the program stay."""
        await templates.remove(caller, template_id)


def tell(item: Listed, language: Language) -> TaskAnswer:
    """The answer about a task; for batches too."""
    return describe(item.task, language, queue_position=item.queue_position, children=item.children)


def _language(request: Request) -> Language:
    return choose_language(request.headers.get("accept-language", ""), "en")
