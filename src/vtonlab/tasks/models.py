"""The table of tasks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, Float, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from vtonlab.db.base import Base, new_id, now
from vtonlab.db.types import JsonValue, UtcDateTime, identifier, json, words


class Status(StrEnum):
    """States of a task. ``waiting`` (until ``run_at``: polling a provider, backing off) is told as ``queued``."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})

GROUP_LANE = "(group)"
"""Lane of tasks that only stand for their children: nobody claims them, what they say is derived."""


class Task(Base):
    """One long job. Only the attempt that holds the lease may change a running one."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index(None, "status", "lane", "run_at"),
        Index(None, "status", "lane", "user_id", "created_at", "kind"),
        Index(None, "status", "run_at"),
        Index(None, "status", "lease_until"),
        Index(None, "lane", "user_id", "claimed_at"),
        Index(None, "user_id", "is_hidden", "created_at", "task_id"),
        Index(None, "user_id", "is_hidden", "kind", "created_at", "task_id"),
        Index(None, "user_id", "is_hidden", "status", "created_at", "task_id"),
        Index(None, "is_hidden", "created_at", "task_id"),
        Index(None, "is_hidden", "finished_at"),
        Index("uq_tasks_user_id_idempotency_key", "user_id", "idempotency_key", unique=True),
    )

    task_id: Mapped[str] = mapped_column(identifier(), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(identifier(), ForeignKey("users.user_id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(identifier(32))
    """``tryon``, ``generate``, ``batch``, ``sync``; ``upload`` is an ended row behind an upload answer's taskId."""
    lane: Mapped[str] = mapped_column(identifier(64), default="default")
    """The line it stands in, with its own number of places: the engine's name, or the kind's."""
    status: Mapped[str] = mapped_column(identifier(16), default=Status.QUEUED.value)
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    stage: Mapped[str] = mapped_column(words(64), default="")
    parameters: Mapped[dict[str, JsonValue]] = mapped_column(json())
    result: Mapped[dict[str, JsonValue] | None] = mapped_column(json())
    error: Mapped[dict[str, JsonValue] | None] = mapped_column(json())
    """``{"code", "en": {"message", "hint"}, "zh-CN": {…}}``; never a path, key or trace."""
    image_id: Mapped[str | None] = mapped_column(identifier())
    """The picture it made or kept, for the wardrobe interface."""

    revision: Mapped[int] = mapped_column(Integer, default=0)
    """Counts what was told of it: of two states of a task, the one with the higher number is the newer."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    history: Mapped[list[JsonValue] | None] = mapped_column(json())
    """What became of earlier attempts, oldest first: ``{"attempt", "outcome", "code"?, "at"}``; at most 20."""
    failures: Mapped[int] = mapped_column(Integer, default=0)
    """Attempts that ended in a retryable error; polling a provider is none."""
    max_failures: Mapped[int] = mapped_column(Integer, default=3)
    run_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    """Not before this moment."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime())
    lease_owner: Mapped[str | None] = mapped_column(identifier())
    """A random name of the attempt that holds it."""
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """When an attempt last began: turns between users go by it."""
    cancel_requested: Mapped[bool] = mapped_column(Boolean, default=False)
    remote_id: Mapped[str | None] = mapped_column(words(200))
    """What a provider calls the job, written before the first poll, so that a restart never pays twice."""
    state: Mapped[dict[str, JsonValue] | None] = mapped_column(json())
    """What the handler remembers from attempt to attempt."""

    idempotency_key: Mapped[str | None] = mapped_column(identifier(80))
    parent_id: Mapped[str | None] = mapped_column(
        identifier(), ForeignKey("tasks.task_id", ondelete="CASCADE"), index=True
    )
    is_hidden: Mapped[bool] = mapped_column(Boolean, default=False)
    """Not among the user's tasks: rows behind upload answers."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
