"""The fittings that were made, as people look at them."""

from __future__ import annotations

from dataclasses import dataclass

from vtonlab.fitting.models import VtonHistory
from vtonlab.library.repository import Entry


@dataclass(frozen=True)
class HistoryItem:
    """A fitting, and its picture in the library: None where that was deleted."""

    entry: VtonHistory
    picture: Entry | None

    @property
    def is_favorited(self) -> bool:
        """Whether its picture is liked."""
        return self.picture is not None and self.picture.is_favorited

    @property
    def has_mask(self) -> bool:
        """Whether there is a picture of where the result differs from the photo."""
        return self.entry.mask_image is not None and self.picture is not None


@dataclass(frozen=True)
class HistoryPage:
    """A page of fittings, the newest first; ``page`` counts from 1."""

    items: list[HistoryItem]
    total: int
    page: int
    per_page: int
    next_cursor: str | None = None
    """With it the next page follows this one exactly, whatever came meanwhile. None at the end."""

    @property
    def has_next(self) -> bool:
        """Whether older ones follow."""
        return self.page * self.per_page < self.total

    @property
    def has_prev(self) -> bool:
        """Whether newer ones come before."""
        return self.page > 1


@dataclass(frozen=True)
class Fitted:
    """What a task that ended well made: its history entry, the picture's entry in the library, and its bytes (PNG)."""

    task_id: str
    entry: VtonHistory
    picture: Entry
    data: bytes
    media_type: str

    @property
    def is_favorited(self) -> bool:
        """Whether the picture is liked."""
        return self.picture.is_favorited
