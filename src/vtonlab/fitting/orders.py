"""What somebody asks for: one fitting, or many at once; and what a task's row says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from vtonlab.db.types import JsonValue
from vtonlab.engines.contract import GarmentKind
from vtonlab.fitting.masks import read_text, write_text

DRAWN_MASK: Final = "_drawn_mask"
"""Where a task's parameters have it; what begins so is not told (``vtonlab.tasks.schemas``)."""
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
    (an integer). None for any of them means absent."""
    description: str = ""
    """Of the garment, for engines that read it."""
    mask_image: str | None = None
    """What is to be changed, white, for engines that take it: a picture of the library, or a PNG as data-URL."""
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

    def orders(self) -> list[Order]:
        """The fittings, person by person."""
        return [
            Order(
                human,
                (Layer(garment, self.kind),),
                self.engine,
                self.options,
                self.description,
                strict=self.strict,
            )
            for human in self.human_images
            for garment in self.garment_images
        ]


@dataclass(frozen=True)
class Wanted:
    """An order that was looked through: the engine is there and can do it, pictures are named by their ids."""

    engine: str
    human_image: str
    layers: tuple[Layer, ...]
    options: Mapping[str, JsonValue]
    """The engine's own, as they are handed to it."""
    shown: Mapping[str, JsonValue]
    """What the history says of how it was asked for; always with numbers in ``denoise_steps`` and ``seed``."""
    description: str = ""
    mask_image: str | None = None
    drawn_mask: bytes | None = None
    """PNG; instead of ``mask_image``."""

    def write(self) -> dict[str, JsonValue]:
        """As a task's ``parameters``."""
        outfit = [{"garment_image": layer.image, "garment_kind": layer.kind.value} for layer in self.layers]
        written: dict[str, JsonValue] = {
            "engine": self.engine,
            "human_image": self.human_image,
            **outfit[0],
            "options": dict(self.options),
            "shown": dict(self.shown),
            "description": self.description,
            "mask_image": self.mask_image,
        }
        if self.drawn_mask is not None:
            written[DRAWN_MASK] = write_text(self.drawn_mask)
        return written | ({"outfit": outfit} if len(outfit) > 1 else {})

    @classmethod
    def read(cls, written: Mapping[str, JsonValue]) -> Wanted:
        """What :meth:`write` wrote."""
        layers = written.get("outfit") or [written]
        drawn = written.get(DRAWN_MASK)
        return cls(
            engine=written["engine"],
            human_image=written["human_image"],
            layers=tuple(Layer(one["garment_image"], GarmentKind(one["garment_kind"])) for one in layers),
            options=written["options"],
            shown=written["shown"],
            description=written["description"],
            mask_image=written["mask_image"],
            drawn_mask=None if drawn is None else read_text(drawn),
        )


def name_pictures(parameters: Mapping[str, JsonValue]) -> set[str]:
    """The ids of the people and clothes that a task's ``parameters`` name: of one fitting, or of everybody in
    everything."""
    outfit = [one["garment_image"] for one in parameters.get("outfit") or ()]
    several = [*(parameters.get("human_images") or ()), *(parameters.get("garment_images") or ())]
    return {str(name) for name in (parameters.get("human_image"), parameters.get("garment_image"), *outfit, *several)}
