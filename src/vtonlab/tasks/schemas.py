"""What of a task crosses the studio interface."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from vtonlab.tasks.events import tell_error, told_status
from vtonlab.tasks.models import Status, Task

UNTOLD = "_"
"""What a parameter's name begins with that is for the handler alone: bytes, which would fill every list of tasks."""
EXAMPLE_ID = "019aa5b0c0de7f3e9d3a6c1b2e4f5a60"
EXAMPLE: dict[str, Any] = {
    "id": EXAMPLE_ID,
    "kind": "tryon",
    "status": "running",
    "progress": 0.4,
    "stage": "warp",
    "queue_position": None,
    "parameters": {"human_image": "019aa5b0bd61", "garment_image": "019aa5b0be02"},
    "result": None,
    "error": None,
    "attempts": 1,
    "parent_id": None,
    "children": None,
    "created_at": "2026-11-22T08:00:00Z",
    "started_at": "2026-11-22T08:00:01Z",
    "finished_at": None,
}


class TaskError(BaseModel):
    """Why a task failed, in the reader's language."""

    code: str
    message: str
    hint: str


class TaskAnswer(BaseModel):
    """A long job. ``queue_position`` (from 1) only while it stands in line; ``children`` only of a group."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: str
    kind: str
    status: Status
    progress: float
    stage: str
    queue_position: int | None = None
    parameters: dict[str, Any]
    result: dict[str, Any] | None = None
    error: TaskError | None = None
    attempts: int
    parent_id: str | None = None
    children: list[str] | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class TaskList(BaseModel):
    """A page of tasks; ``next_cursor`` leads to the next one, whatever is added meanwhile."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [EXAMPLE], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}}
    )

    items: list[TaskAnswer]
    total: int
    page: int
    page_size: int
    next_cursor: str | None = None


class ManagedTask(BaseModel):
    """A task as administrators see it: how it goes, never what somebody asked for or got."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": EXAMPLE_ID,
                "user_id": "019aa5b00000",
                "username": "mei",
                "kind": "tryon",
                "lane": "instant",
                "status": "failed",
                "progress": 0.4,
                "stage": "warp",
                "error": {
                    "code": "worker_lost",
                    "message": "The work was interrupted too often.",
                    "hint": "Try again.",
                },
                "attempts": 3,
                "failures": 3,
                "run_at": "2026-11-22T08:00:00Z",
                "created_at": "2026-11-22T08:00:00Z",
                "started_at": "2026-11-22T08:00:01Z",
                "finished_at": "2026-11-22T08:03:00Z",
            }
        }
    )

    id: str
    user_id: str
    username: str
    kind: str
    lane: str
    status: Status
    progress: float
    stage: str
    error: TaskError | None = None
    attempts: int
    failures: int
    run_at: datetime
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ManagedTaskList(BaseModel):
    """A page of everybody's tasks."""

    items: list[ManagedTask]
    total: int
    page: int
    page_size: int
    next_cursor: str | None = None


def describe(
    task: Task, language: str, *, queue_position: int | None = None, children: list[str] | None = None
) -> TaskAnswer:
    """The answer about ``task``."""
    error = tell_error(task.error, language)
    return TaskAnswer(
        id=task.task_id,
        kind=task.kind,
        status=told_status(task.status),
        progress=task.progress,
        stage=task.stage,
        queue_position=queue_position,
        parameters={name: value for name, value in task.parameters.items() if not name.startswith(UNTOLD)},
        result=task.result,
        error=TaskError(**error) if error else None,
        attempts=task.attempts,
        parent_id=task.parent_id,
        children=children,
        created_at=task.created_at,
        started_at=task.started_at,
        finished_at=task.finished_at,
    )


def describe_managed(task: Task, username: str, language: str) -> ManagedTask:
    """The answer about ``task``, which is ``username``'s, to an administrator."""
    error = tell_error(task.error, language)
    return ManagedTask(
        id=task.task_id,
        user_id=task.user_id,
        username=username,
        kind=task.kind,
        lane=task.lane,
        status=told_status(task.status),
        progress=task.progress,
        stage=task.stage,
        error=TaskError(**error) if error else None,
        attempts=task.attempts,
        failures=task.failures,
        run_at=task.run_at,
        created_at=task.created_at,
        started_at=task.started_at,
        finished_at=task.finished_at,
    )
