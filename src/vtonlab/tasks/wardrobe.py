"""The wardrobe interface to tasks: three words for how one stands."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from vtonlab.accounts.asking import Asking
from vtonlab.tasks.models import Status
from vtonlab.tasks.service import Tasks

Word = Literal["processing", "completed", "failed"]

WORDS: dict[str, Word] = {
    Status.QUEUED: "processing",
    Status.RUNNING: "processing",
    Status.WAITING: "processing",
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
    Status.CANCELLED: "failed",
}


class WardrobeTask(BaseModel):
    """How a task stands."""

    task_id: str
    user_id: str
    status: Word
    created_at: datetime
    updated_at: datetime
    image_id: str | None


class WardrobeTaskAnswer(BaseModel):
    """The answer about a task."""

    status: WardrobeTask


def make_router(tasks: Tasks) -> APIRouter:
    """``/api/task/{task_id}``."""
    router = APIRouter()

    @router.get("/api/task/{task_id}", tags=["wardrobe"], summary="How a task stands")
    async def read_task(caller: Asking, task_id: str) -> WardrobeTaskAnswer:
        """The ``taskId`` of an upload answer, or any task of the caller's."""
        task = await tasks.get_any(caller, task_id)
        return WardrobeTaskAnswer(
            status=WardrobeTask(
                task_id=task.task_id,
                user_id=task.user_id,
                status=WORDS[task.status],
                created_at=task.created_at,
                updated_at=task.updated_at,
                image_id=task.image_id,
            )
        )

    return router
