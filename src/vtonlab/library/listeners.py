"""Who is told when a library has changed, in this process: after the commit, in the order of the commits they wait for.

A bound method is held weakly: its object may go without saying goodbye.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vtonlab.library.models import Image

Heard = Callable[[str, Sequence[str]], None]


@dataclass(frozen=True, slots=True)
class Place:
    """What decides in which listings a picture is, and where."""

    id: str
    category: str
    in_trash: bool
    colour: str
    is_favorited: bool
    saved_at: datetime
    sort_name: str
    file_size: int
    favorited_at: datetime | None
    deleted_at: datetime | None
    garment_kind: str

    @classmethod
    def of(cls, row: Image) -> Place:
        """Of a row as it is now."""
        return cls(
            row.id,
            row.category,
            row.in_trash,
            row.colour,
            row.is_favorited,
            row.saved_at,
            row.sort_name,
            row.file_size,
            row.favorited_at,
            row.deleted_at,
            row.garment_kind,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One picture from one place to another; None: it was not there before, or is no longer."""

    before: Place | None
    after: Place | None


@dataclass(frozen=True)
class Changed:
    """What one transaction did to one user's library, whose version it took from ``before`` to ``after``."""

    user_id: str
    before: int
    after: int
    steps: list[Step]

    @property
    def image_ids(self) -> list[str]:
        """Of every picture it touched, each once."""
        return list(dict.fromkeys(place.id for step in self.steps if (place := step.after or step.before)))


def on_change(callback: Heard) -> None:
    """Call ``callback(user_id, image_ids)`` once a change of that user's pictures holds."""
    _heard.append(_hold(callback))


def on_steps(callback: Callable[[Changed], None]) -> None:
    """Call ``callback`` with all that is known of a change once it holds."""
    _followed.append(_hold(callback))


def tell(changed: Changed) -> None:
    """Tell all who listen."""
    for follow in _alive(_followed):
        follow(changed)
    tell_gone(changed.user_id, changed.image_ids)


def tell_gone(user_id: str, image_ids: Sequence[str]) -> None:
    """Tell those who only ask which pictures are no longer what they were."""
    if image_ids:
        for hear in _alive(_heard):
            hear(user_id, image_ids)


def _hold(callback: Callable[..., None]) -> Callable[[], Callable[..., None] | None]:
    if inspect.ismethod(callback):
        return weakref.WeakMethod(callback)
    return lambda: callback


def _alive(held: list[Callable[[], Callable[..., Any] | None]]) -> list[Callable[..., Any]]:
    living = [(hold, callback) for hold in held if (callback := hold()) is not None]
    held[:] = [hold for hold, _ in living]
    return [callback for _, callback in living]


_heard: list[Callable[[], Callable[..., Any] | None]] = []
_followed: list[Callable[[], Callable[..., Any] | None]] = []
