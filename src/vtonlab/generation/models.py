"""The tables of batches, of their prompts, and of people's own templates. Single pictures need none: the task's row
says what was asked for, the picture's row what came of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, Float, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from vtonlab.db.base import Base, new_id, now
from vtonlab.db.types import JsonValue, UtcDateTime, identifier, json, long_words, words


class PromptStatus(StrEnum):
    """How one prompt of a batch stands."""

    QUEUED = "queued"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class GenerationBatch(Base):
    """Many prompts that were handed in together. How it stands is told by its task."""

    __tablename__ = "generation_batches"
    __table_args__ = (Index(None, "user_id", "created_at", "batch_name"), Index(None, "is_over"))

    batch_name: Mapped[str] = mapped_column(identifier(), primary_key=True, default=new_id)
    """Our own id; the service is told it too, with the round, so that it can be asked for the batch."""
    user_id: Mapped[str] = mapped_column(identifier(), ForeignKey("users.user_id", ondelete="CASCADE"))
    task_id: Mapped[str] = mapped_column(identifier(), ForeignKey("tasks.task_id", ondelete="CASCADE"), unique=True)
    provider: Mapped[str] = mapped_column(identifier(64))
    model: Mapped[str] = mapped_column(identifier(96))
    aspect_ratio: Mapped[str] = mapped_column(identifier(8))
    resolution: Mapped[str] = mapped_column(identifier(8))
    negative_prompt: Mapped[str] = mapped_column(long_words())
    total: Mapped[int] = mapped_column(Integer)
    succeeded: Mapped[int] = mapped_column(Integer, default=0)
    failed: Mapped[int] = mapped_column(Integer, default=0)
    price: Mapped[float] = mapped_column(Float, default=0.0)
    """US dollars that it is taken to cost, all rounds together."""
    round: Mapped[int] = mapped_column(Integer, default=1)
    """How often it was handed in: once, and again each time somebody tries the rest of it again."""
    remote_id: Mapped[str | None] = mapped_column(words(200))
    """What the engine remembers of this round: what the service calls it, or that it may have been handed in."""
    handed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """When the service took this round; ``remote_id`` is its own name for it from then on."""
    is_over: Mapped[bool] = mapped_column(Boolean, default=False)
    """Nothing more comes of this round: all that came was kept, or nobody wants it any more."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)


class GenerationPrompt(Base):
    """One prompt of a batch, and what became of it. The same words twice are two prompts: two variants."""

    __tablename__ = "generation_prompts"

    batch_name: Mapped[str] = mapped_column(
        identifier(), ForeignKey("generation_batches.batch_name", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Its place in the batch, from 0."""
    round: Mapped[int] = mapped_column(Integer, default=1)
    """The round in which it was last handed in."""
    prompt: Mapped[str] = mapped_column(long_words())
    status: Mapped[str] = mapped_column(identifier(16), default=PromptStatus.QUEUED.value)
    image_id: Mapped[str | None] = mapped_column(identifier())
    """Of the picture in the library: no key, it may be gone."""
    error: Mapped[dict[str, JsonValue] | None] = mapped_column(json())
    """As a task's row keeps one (``vtonlab.tasks.moves.write_error``)."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class GenerationStop(Base):
    """A service that is still to be told that nobody wants a batch any more. It outlives the batch and its user, and
    names neither."""

    __tablename__ = "generation_stops"
    __table_args__ = (Index(None, "run_at"),)

    id: Mapped[str] = mapped_column(identifier(), primary_key=True, default=new_id)
    provider: Mapped[str] = mapped_column(identifier(64))
    model: Mapped[str] = mapped_column(identifier(96))
    remote_name: Mapped[str] = mapped_column(identifier(96))
    """What we called it."""
    remote_id: Mapped[str] = mapped_column(words(200))
    """As the batch's."""
    is_known: Mapped[bool] = mapped_column(Boolean)
    """Whether that is the service's own name for it; else it is to be looked for."""
    run_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    """Not before this moment."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)


class PromptTemplate(Base):
    """A prompt with fields that somebody keeps for themselves."""

    __tablename__ = "prompt_templates"
    __table_args__ = (Index(None, "user_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(identifier(), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(identifier(), ForeignKey("users.user_id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(words(80))
    text: Mapped[str] = mapped_column(long_words())
    """The prompt; a field stands in it as ``{name}``."""
    negative_prompt: Mapped[str] = mapped_column(long_words())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
