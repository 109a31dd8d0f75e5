"""Whoever runs an engine, as far as the engine knows them: it notes what it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from vtonlab.engines.contract import Picture
from vtonlab.errors import BudgetSpent, Cancelled


@dataclass
class Diary:
    """An ``Errand``. ``told``: everything, in order. ``before``: called before each thing, and may raise."""

    remote_id: str | None = None
    limit: float = 100.0
    told: list[tuple[object, ...]] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None

    def leaving(self, host: str, pictures: int, size: int, price: float = 0.0, bought: int = 1) -> None:
        self.before("leaving")
        if price > self.limit:
            raise BudgetSpent(engine="?", limit=self.limit)
        self.told.append(("leaving", host, pictures, size, price))

    def keep(self, remote_id: str) -> None:
        self.before("keep")
        self.remote_id = remote_id
        self.told.append(("keep", remote_id))

    @property
    def departures(self) -> int:
        return sum(entry[0] == "leaving" for entry in self.told)


@dataclass
class Listener:
    """A ``Report`` that keeps what it hears, and raises ``Cancelled`` at the stage ``stop_at``."""

    stop_at: str = ""
    heard: list[tuple[float, str]] = field(default_factory=list)

    def __call__(self, fraction: float, stage: str) -> None:
        self.heard.append((fraction, stage))
        if self.stop_at and stage == self.stop_at:
            raise Cancelled


def textured(width: int, height: int, seed: int = 0) -> Picture:
    """A picture with as many details as a photo has."""
    luck = np.random.default_rng(seed)
    layers = [
        cv2.resize(luck.uniform(0, 255, (size, size, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
        for size in (5, 16, 48, 150)
    ]
    mixed = layers[0] * 0.4 + layers[1] * 0.3 + layers[2] * 0.2 + layers[3] * 0.1
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)
