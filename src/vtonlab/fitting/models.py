"""The table of fittings that were made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from vtonlab.db.base import Base, new_id, now
from vtonlab.db.types import JsonValue, UtcDateTime, identifier, json, words


class VtonHistory(Base):
    """One fitting: who, what, how, and the picture. It can be read when its pictures are gone: names stay."""

    __tablename__ = "vton_history"
    __table_args__ = (
        Index(None, "user_id", "created_at", "id"),
        Index(None, "user_id", "layer_key", "created_at", "id"),
        Index(None, "result_image_id"),
        Index(None, "task_id"),
    )

    id: Mapped[str] = mapped_column(identifier(), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(identifier(), ForeignKey("users.user_id", ondelete="CASCADE"))
    task_id: Mapped[str | None] = mapped_column(identifier())
    """By which task; it may be gone."""
    engine: Mapped[str] = mapped_column(identifier(64))
    human_image: Mapped[str] = mapped_column(identifier(96))
    """Filename."""
    garment_image: Mapped[str] = mapped_column(identifier(96))
    """Filename; of an outfit, that of the upper garment."""
    lower_image: Mapped[str | None] = mapped_column(identifier(96))
    """Filename of an outfit's lower garment."""
    result_image: Mapped[str] = mapped_column(identifier(96))
    """Filename."""
    mask_image: Mapped[str | None] = mapped_column(identifier(255))
    """Storage key of where the result differs from the photo (``library.companions``)."""
    human_image_id: Mapped[str | None] = mapped_column(identifier())
    """Ids of pictures: no keys, they may be gone."""
    garment_image_id: Mapped[str | None] = mapped_column(identifier())
    lower_image_id: Mapped[str | None] = mapped_column(identifier())
    result_image_id: Mapped[str | None] = mapped_column(identifier())
    layer_key: Mapped[str | None] = mapped_column(identifier())
    """Of an outfit made in two runs: SHA-256 of person, first garment, engine and options, hexadecimal. Whoever asks
    for the same first run finds its picture beside the result (``Companion.LAYER``)."""
    parameters: Mapped[dict[str, JsonValue]] = mapped_column(json())
    processing_time: Mapped[float] = mapped_column(Float)
    """Seconds the engine took."""
    confidence: Mapped[float] = mapped_column(Float, default=1.0)
    notes: Mapped[list[JsonValue]] = mapped_column(json())
    """``{"code", "level", "en", "zh-CN"}`` each."""
    page_url: Mapped[str | None] = mapped_column(words(2000))
    """Of the page the garment was saved from, as it was then."""
    page_title: Mapped[str | None] = mapped_column(words(500))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
