"""What somebody asks for with a batch, and what is told of one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vtonlab.db.base import new_id
from vtonlab.db.types import JsonValue
from vtonlab.generation.models import GenerationBatch, GenerationPrompt, PromptStatus
from vtonlab.library.repository import Entry
from vtonlab.tasks.models import Status, Task

MOST_PROMPTS: Final = 100
MOST_LETTERS: Final = 20_000
"""Of one prompt."""


@dataclass(frozen=True)
class BatchOrder:
    """Many prompts, of 1 to ``MOST_LETTERS`` characters each, drawn in the same way. The same words twice are two
    pictures."""

    prompts: tuple[str, ...]
    aspect_ratio: str = "1:1"
    resolution: str = "1K"
    provider: str | None = None
    model: str | None = None
    negative_prompt: str = ""

    @property
    def digest(self) -> str:
        """The same for the same prompts in the same order: a request repeated is known by it."""
        return hashlib.sha256(json.dumps(self.prompts).encode()).hexdigest()


def choose_name(user_id: str, idempotency_key: str | None) -> str:
    """The name of a new batch: the same again for the same key of the same user."""
    if idempotency_key is None:
        return new_id()
    return hashlib.sha256(f"{user_id} {idempotency_key}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class ToldPrompt:
    """One prompt, and the picture that came of it; none where it was deleted since."""

    row: GenerationPrompt
    status: PromptStatus
    entry: Entry | None


@dataclass(frozen=True)
class ToldBatch:
    """A batch as it stands. ``prompts`` in their order; empty where only the numbers were asked for."""

    batch: GenerationBatch
    task: Task
    prompts: Sequence[ToldPrompt] = ()

    @property
    def status(self) -> Status:
        """``running`` from when the service has it, though nobody here works on it meanwhile."""
        if self.task.status in {Status.QUEUED, Status.WAITING}:
            return Status.RUNNING if self.batch.handed_in_at and not self.batch.is_over else Status.QUEUED
        return Status(self.task.status)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.task.finished_at is not None

    @property
    def updated_at(self) -> datetime:
        """When anything last changed."""
        return max(self.batch.updated_at, self.task.finished_at or self.batch.updated_at)


def tell_prompt(row: GenerationPrompt, task: Task, pictures: Mapping[str, Entry]) -> ToldPrompt:
    """How a prompt stands: of a batch that was cancelled, what had not come will not come."""
    status = PromptStatus(row.status)
    if status is PromptStatus.QUEUED and task.status == Status.CANCELLED:
        status = PromptStatus.CANCELLED
    elif status is PromptStatus.CANCELLED and task.finished_at is None:
        status = PromptStatus.QUEUED  # tried again: it is handed in anew in a moment
    return ToldPrompt(row, status, pictures.get(row.image_id or ""))


def write_result(batch: GenerationBatch, images: Sequence[Mapping[str, JsonValue]]) -> dict[str, JsonValue]:
    """The task's ``result``."""
    return {
        "batch_name": batch.batch_name,
        "counts": {"total": batch.total, "succeeded": batch.succeeded, "failed": batch.failed},
        "images": [dict(image) for image in images],
        "image_id": images[0]["image_id"] if images else None,
        "provider": batch.provider,
        "model": batch.model,
        "price": batch.price,
    }
