"""What somebody asks for: one fitting, or many at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from vtonlab.db.types import JsonValue
from vtonlab.engines.contract import GarmentKind

MOST_PAIRS: Final = 400
"""Pictures that one matrix may ask for."""


@dataclass(frozen=True)
class Layer:
    """A garment: the picture's library filename or id, and what it dresses."""

    image: str
    kind: GarmentKind = GarmentKind.AUTO


@dataclass(frozen=True)
class Order:
    """One fitting. Pictures are named by their library filename or id."""

    human_image: str
    layers: tuple[Layer, ...]
    """One garment, or two for an outfit: the upper one first, then the lower one."""
    engine: str | None = None
    """None: the one of the settings."""
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    """The engine's own, and the general ones: ``auto_mask``, ``auto_crop`` (bool), ``denoise_steps`` (1–50), ``seed``
    (an integer, or None for any)."""
    description: str = ""
    """Of the garment, for engines that read it."""
    mask_image: str | None = None
    """What is to be changed, white, for engines that take it."""
    strict: bool = True
    """Whether an option that the engine does not have is refused; else it is left out (older clients always send all
    of them)."""


@dataclass(frozen=True)
class Matrix:
    """Everybody in everything: each of ``human_images`` in each of ``garment_images``, at most ``MOST_PAIRS``."""

    human_images: tuple[str, ...]
    garment_images: tuple[str, ...]
    kind: GarmentKind = GarmentKind.AUTO
    engine: str | None = None
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    description: str = ""
    strict: bool = True
