"""The studio interface to tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request

from vtonlab.accounts.asking import Asking
from vtonlab.accounts.caller import Caller
from vtonlab.errors.language import Language, choose_language
from vtonlab.tasks.listings import Listed, Page, Wanted
from vtonlab.tasks.models import Status
from vtonlab.tasks.schemas import (
    EXAMPLE_ID,
    ManagedTask,
    ManagedTaskList,
    TaskAnswer,
    TaskList,
    describe,
    describe_managed,
)
from vtonlab.tasks.service import Tasks

ToldStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]

Identifier = Annotated[str, Path(description="Id of a task.", examples=[EXAMPLE_ID], max_length=64)]
StatusFilter = Annotated[ToldStatus | None, Query(description="Only tasks of this status.")]
KindFilter = Annotated[str | None, Query(description="Only tasks of this kind.", pattern=r"^[a-z_]{1,32}$")]
Sort = Annotated[Literal["newest", "oldest"], Query(description="By when they were made.")]
PageNumber = Annotated[int, Query(ge=1, description="From 1; a page beyond the end is empty.")]
PageSize = Annotated[int, Query(ge=1, description="At most 100; more is cut to that.")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before; outweighs `page`.")]
GroupFilter = Annotated[str | None, Query(pattern="^[A-Za-z0-9_-]{1,64}$", description="Only parts of this group.")]
LaneFilter = Annotated[
    str | None, Query(pattern=r"^[ -~]{1,64}$", description="Only tasks of this line: an engine's name, or a kind's.")
]
UserFilter = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Only tasks of this user.")]

PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {}}}
NOT_THERE: dict[int | str, dict[str, Any]] = {404: {"description": "The caller has no such task.", **PROBLEM}}
OVER: dict[int | str, dict[str, Any]] = {409: {"description": "As the task stands it cannot be done.", **PROBLEM}}


def make_router(tasks: Tasks) -> APIRouter:
    """``/api/v1/tasks`` and ``/api/v1/admin/tasks``."""
    router = APIRouter()
    _add_own(router, tasks)
    _add_everybodys(router, tasks)
    return router


def _add_own(router: APIRouter, tasks: Tasks) -> None:
    @router.get("/api/v1/tasks", tags=["tasks"], summary="List one's own tasks")
    async def list_tasks(
        request: Request,
        caller: Asking,
        status: StatusFilter = None,
        kind: KindFilter = None,
        parent_id: Annotated[
            str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Only this group's.")
        ] = None,
        sort: Sort = "newest",
        page: PageNumber = 1,
        page_size: PageSize = 20,
        cursor: Cursor = None,
    ) -> TaskList:
        """Every long job of every kind, newest first."""
        wanted = Wanted(_status(status), kind, parent_id, sort == "newest", page, page_size, cursor)
        found = await tasks.list(caller, wanted)
        language = _language(request)
        return TaskList(items=[_tell(item, language) for item in found.items], **_numbers(found))

    @router.get("/api/v1/tasks/{task_id}", tags=["tasks"], summary="One task", responses=NOT_THERE)
    async def get_task(request: Request, caller: Asking, task_id: Identifier) -> TaskAnswer:
        """How it stands now; the WebSocket `/api/v1/ws/tasks` tells of every change."""
        return _tell(await tasks.get(caller, task_id), _language(request))

    @router.post("/api/v1/tasks/{task_id}/cancel", tags=["tasks"], summary="Stop a task", responses=NOT_THERE | OVER)
    async def cancel_task(request: Request, caller: Asking, task_id: Identifier) -> TaskAnswer:
        """What waits is cancelled at once, what runs when it hears of it; of a group, every part."""
        return _tell(await tasks.cancel(caller, task_id), _language(request))

    @router.post(
        "/api/v1/tasks/{task_id}/retry", tags=["tasks"], summary="Try a task again", responses=NOT_THERE | OVER
    )
    async def retry_task(request: Request, caller: Asking, task_id: Identifier) -> TaskAnswer:
        """Queues what failed or was cancelled; of a group, only those parts."""
        return _tell(await tasks.retry(caller, task_id), _language(request))


def _add_everybodys(router: APIRouter, tasks: Tasks) -> None:
    @router.get("/api/v1/admin/tasks", tags=["admin"], summary="List everybody's tasks")
    async def list_all(
        request: Request,
        caller: Asking,
        user_id: UserFilter = None,
        status: StatusFilter = None,
        kind: KindFilter = None,
        lane: LaneFilter = None,
        sort: Sort = "newest",
        page: PageNumber = 1,
        page_size: PageSize = 20,
        cursor: Cursor = None,
    ) -> ManagedTaskList:
        """How they go; what people asked for and got is theirs alone."""
        wanted = Wanted(_status(status), kind, None, sort == "newest", page, page_size, cursor, lane=lane)
        found = await tasks.list_all(caller, wanted, user_id)
        names = await tasks.names_of(caller, [item.task for item in found.items])
        language = _language(request)
        items = [describe_managed(item.task, names.get(item.task.user_id, ""), language) for item in found.items]
        return ManagedTaskList(items=items, **_numbers(found))

    async def tell_managed(request: Request, caller: Caller, item: Listed) -> ManagedTask:
        names = await tasks.names_of(caller, [item.task])
        return describe_managed(item.task, names.get(item.task.user_id, ""), _language(request))

    @router.post(
        "/api/v1/admin/tasks/{task_id}/cancel",
        tags=["admin"],
        summary="Stop anybody's task",
        responses=NOT_THERE | OVER,
    )
    async def cancel_any(request: Request, caller: Asking, task_id: Identifier) -> ManagedTask:
        """Kept in the audit log."""
        return await tell_managed(request, caller, await tasks.cancel_any(caller, task_id))

    @router.post(
        "/api/v1/admin/tasks/{task_id}/retry",
        tags=["admin"],
        summary="Try anybody's task again",
        responses=NOT_THERE | OVER,
    )
    async def retry_any(request: Request, caller: Asking, task_id: Identifier) -> ManagedTask:
        """Kept in the audit log."""
        return await tell_managed(request, caller, await tasks.retry_any(caller, task_id))


def _status(told: ToldStatus | None) -> Status | None:
    return None if told is None else Status(told)


def _language(request: Request) -> Language:
    return choose_language(request.headers.get("accept-language", ""), "en")


def _tell(item: Listed, language: Language) -> TaskAnswer:
    return describe(item.task, language, queue_position=item.queue_position, children=item.children)


def _numbers(found: Page) -> dict[str, Any]:
    return {
        "total": found.total,
        "page": found.page,
        "page_size": found.page_size,
        "next_cursor": found.next_cursor,
    }
