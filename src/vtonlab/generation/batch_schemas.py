"""What of batches crosses the studio interface."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from vtonlab.generation.batch_orders import MOST_PROMPTS, BatchOrder, ToldBatch, ToldPrompt
from vtonlab.generation.models import PromptStatus
from vtonlab.generation.schemas import NegativePrompt, Prompt, Ratio, Resolution
from vtonlab.library.links import picture_link, thumbnail_link
from vtonlab.library.schemas import Body
from vtonlab.tasks.events import tell_error
from vtonlab.tasks.models import Status
from vtonlab.tasks.schemas import EXAMPLE_ID as EXAMPLE_TASK
from vtonlab.tasks.schemas import TaskError

EXAMPLE_NAME: Final = "019aa5b0c0de7f3e9d3a6c1b2e4f5a61"
EXAMPLE_PICTURE: Final[dict[str, Any]] = {
    "index": 0,
    "prompt": "a red coat on a plain background",
    "status": "succeeded",
    "image_id": "019ab3c4d5e6f708192a3b4c5d6e7f80",
    "url": "/api/user/019a/images/generated/generated_20261122_101500_5d6e7f80.png?v=0123456789ab",
}


class BatchBody(Body):
    """Many prompts, drawn in the same way at a lower price, when the service has time for them: minutes, or a day."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"prompts": ["a red coat", "a blue coat"], "aspect_ratio": "3:4"}}
    )

    prompts: Annotated[
        list[Prompt],
        Field(min_length=1, max_length=MOST_PROMPTS, description="The same words twice are two pictures."),
    ]
    aspect_ratio: Ratio = Field(default="1:1", description="Width to height; 6:9 is drawn as 2:3.")
    resolution: Resolution = Field(default="1K", description="About 1024, 2048 or 4096 pixels on the longer side.")
    provider: Annotated[str, Field(max_length=64, description="By default the usual one.")] | None = None
    model: Annotated[str, Field(max_length=96, description="By default the provider's usual one.")] | None = None
    negative_prompt: NegativePrompt | None = None

    def order(self) -> BatchOrder:
        """The batch that is asked for."""
        return BatchOrder(
            prompts=tuple(self.prompts),
            aspect_ratio=self.aspect_ratio,
            resolution=self.resolution,
            provider=self.provider or None,
            model=self.model or None,
            negative_prompt=(self.negative_prompt or "").strip(),
        )


class BatchAccepted(BaseModel):
    """A batch that stands in line."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"batch_name": EXAMPLE_NAME, "task_id": EXAMPLE_TASK, "count": 2, "status": "queued"}
        }
    )

    batch_name: str
    task_id: str
    count: int
    status: Status

    @classmethod
    def of(cls, told: ToldBatch) -> Self:
        """Of a batch."""
        return cls(
            batch_name=told.batch.batch_name, task_id=told.task.task_id, count=told.batch.total, status=told.status
        )


class BatchCounts(BaseModel):
    """How many prompts there are, and how many have come to an end which way."""

    total: int
    succeeded: int
    failed: int

    @classmethod
    def of(cls, told: ToldBatch) -> Self:
        """Of a batch."""
        return cls(total=told.batch.total, succeeded=told.batch.succeeded, failed=told.batch.failed)


class BatchStatusAnswer(BaseModel):
    """How a batch stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "batch_name": EXAMPLE_NAME,
                "status": "running",
                "counts": {"total": 100, "succeeded": 41, "failed": 2},
                "created_at": "2026-11-22T08:00:00Z",
                "updated_at": "2026-11-22T08:20:00Z",
            }
        }
    )

    batch_name: str
    status: Status
    counts: BatchCounts
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, told: ToldBatch) -> Self:
        """Of a batch."""
        return cls(
            batch_name=told.batch.batch_name,
            status=told.status,
            counts=BatchCounts.of(told),
            created_at=told.batch.created_at,
            updated_at=told.updated_at,
        )


class BatchResult(BaseModel):
    """What became of one prompt; `url` only while the picture is in the library."""

    index: int = Field(description="Its place in the request, from 0.")
    prompt: str
    status: PromptStatus
    image_id: str | None = None
    url: str | None = None
    error: TaskError | None = None

    @classmethod
    def of(cls, told: ToldPrompt, language: str) -> Self:
        """Of a prompt."""
        return cls(**_result(told, language))


class BatchResults(BaseModel):
    """What became of every prompt, in their order."""

    model_config = ConfigDict(json_schema_extra={"example": {"batch_name": EXAMPLE_NAME, "results": [EXAMPLE_PICTURE]}})

    batch_name: str
    results: list[BatchResult]


class BatchItem(BatchResult):
    """One prompt, and its picture as far as it is in the library."""

    thumbnail_url: str | None = None
    width: int | None = None
    height: int | None = None

    @classmethod
    def of(cls, told: ToldPrompt, language: str) -> Self:
        """Of a prompt."""
        entry = told.entry
        return cls(
            **_result(told, language),
            thumbnail_url=thumbnail_link(entry) if entry else None,
            width=entry.image_width if entry else None,
            height=entry.image_height if entry else None,
        )


class BatchAnswer(BaseModel):
    """A batch with all its prompts. `status` is `running` from when the service has it; `error` is why it failed as a
    whole."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "batch_name": EXAMPLE_NAME,
                "task_id": EXAMPLE_TASK,
                "status": "running",
                "progress": 0.5,
                "stage": "batch done=1 of=2",
                "counts": {"total": 2, "succeeded": 1, "failed": 0},
                "provider": "sandbox",
                "model": "sandbox",
                "aspect_ratio": "3:4",
                "resolution": "1K",
                "negative_prompt": "",
                "price": 0.05,
                "created_at": "2026-11-22T08:00:00Z",
                "updated_at": "2026-11-22T08:20:00Z",
                "finished_at": None,
                "items": [EXAMPLE_PICTURE],
            }
        }
    )

    batch_name: str
    task_id: str
    status: Status
    progress: float
    stage: str
    counts: BatchCounts
    provider: str
    model: str
    aspect_ratio: str
    resolution: str
    negative_prompt: str
    price: float = Field(description="US dollars that it is taken to cost.")
    error: TaskError | None = None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None = None
    items: list[BatchItem]

    @classmethod
    def of(cls, told: ToldBatch, language: str) -> Self:
        """Of a batch with its prompts."""
        error = tell_error(told.task.error, language)
        same = ("batch_name", "provider", "model", "aspect_ratio", "resolution", "negative_prompt", "price")
        return cls(
            **{name: getattr(told.batch, name) for name in same},
            task_id=told.task.task_id,
            status=told.status,
            progress=told.task.progress,
            stage=told.task.stage,
            counts=BatchCounts.of(told),
            error=TaskError(**error) if error else None,
            created_at=told.batch.created_at,
            updated_at=told.updated_at,
            finished_at=told.task.finished_at,
            items=[BatchItem.of(one, language) for one in told.prompts],
        )


def tell_results(told: ToldBatch, language: str) -> BatchResults:
    """The answer about the pictures of a batch that has ended."""
    results = [BatchResult.of(one, language) for one in told.prompts]
    return BatchResults(batch_name=told.batch.batch_name, results=results)


def _result(told: ToldPrompt, language: str) -> dict[str, Any]:
    error = tell_error(told.row.error, language)
    return {
        "index": told.row.number,
        "prompt": told.row.prompt,
        "status": told.status,
        "image_id": told.row.image_id,
        "url": picture_link(told.entry) if told.entry else None,
        "error": TaskError(**error) if error else None,
    }
