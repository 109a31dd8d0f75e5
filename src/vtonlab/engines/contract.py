"""What an engine is: plain blocking Python that makes pictures, usable from a notebook.

An engine is any object with the attributes and methods of :class:`Engine`. It imports no web framework, database,
settings or tasks: keys and limits are handed to it. Threads and processes are the caller's business. Pictures are
``(H, W, 3) uint8`` arrays, RGB, upright (orientation already applied).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from vtonlab.errors import Text
from vtonlab.imaging.provenance import SourceType

Picture = NDArray[np.uint8]
"""``(H, W, 3) uint8``, RGB, upright."""

Mask = NDArray[np.uint8]
"""``(H, W) uint8``; 255 inside, 0 outside, values between are partly covered."""


class GarmentKind(StrEnum):
    """Which part of the body a garment dresses."""

    AUTO = "auto"
    UPPER = "upper"
    LOWER = "lower"
    DRESS = "dress"


KEPT_HERE = Text("Pictures stay on this machine.", "图片不会离开本机。")


class Options(BaseModel):
    """Base of every engine's own options; unknown names are refused. The text under a field describes it to people."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do, what it takes, and what it means for privacy and licences."""

    try_on: bool = True
    generate: bool = False
    batch: bool = False
    kinds: tuple[GarmentKind, ...] = (GarmentKind.UPPER, GarmentKind.LOWER, GarmentKind.DRESS)
    outfits: bool = False
    """Takes an upper and a lower garment in one request."""
    analyses: bool = False
    """Has ``analyse_person`` and ``analyse_garment`` whose bytes may be kept and handed back."""
    advice: bool = False
    """Has ``advise``."""
    mask: bool = False
    seed: bool = False
    steps: bool = False
    description: bool = False
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Options for people who do not want to choose them one by one: ``fast``, ``balanced`` and ``best``, or some of
    them, each with options of the engine's own. What a preset does not name keeps its default."""
    references: int = 0
    aspect_ratios: tuple[str, ...] = ()
    remote_host: str | None = None
    """Host that pictures are sent to; None for an engine that runs on this machine."""
    waits: bool = False
    """Its work is done by another program or machine: a fitting here only waits, and takes no processor core. True for
    every engine with ``remote_host``, and for one whose service runs on this machine."""
    privacy: Text = KEPT_HERE
    """Where pictures go, and what is known of what becomes of them there."""
    code_licence: str = ""
    weights_licence: str = ""
    commercial_use: bool = True
    is_paid: bool = False
    """Each picture costs money."""


class HealthStatus(StrEnum):
    """How an engine is. ``not_set_up``: the settings lack its address or key, or it is switched off."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    NOT_SET_UP = "not_set_up"


@dataclass(frozen=True)
class Health:
    """The answer of :meth:`Engine.health`: how it is, and what to do about it."""

    status: HealthStatus
    detail: Text
    hint: Text | None = None


@dataclass(frozen=True)
class Note:
    """Something worth telling a person about a photo, a garment or a result.

    ``level`` is ``info`` (good to know), ``warning`` (the picture will be less good) or ``problem`` (it will not work).
    """

    code: str
    level: Literal["info", "warning", "problem"]
    text: Text


class Errand(Protocol):
    """What an engine that works elsewhere tells whoever runs it, and asks. For the engine's own thread.

    Each call returns when what it says is durable, so that a crash neither hides that a photo left the machine nor
    buys a picture twice.
    """

    remote_id: str | None
    """What ``keep`` was last given for this very request, by this attempt or one that was cut off."""

    def leaving(self, host: str, pictures: int, size: int, price: float = 0.0, bought: int = 1) -> None:
        """To be called right before ``pictures`` of ``size`` bytes together, words included, are sent to ``host``;
        ``price``: what the answer will cost, in US dollars, for ``bought`` new pictures together. Raises
        ``BudgetSpent``, and ``Cancelled`` when it is not wanted any more."""
        ...

    def keep(self, remote_id: str) -> None:
        """To be called with what the service calls the job (at most 200 characters), before it is asked for the first
        time how the job stands. Raises ``Cancelled``."""
        ...


@dataclass(frozen=True)
class TryOnRequest:
    """One fitting: a person, a garment, and how.

    ``lower`` makes it an outfit: ``garment`` is then the upper one. ``person_analysis``, ``garment_analysis`` and
    ``lower_analysis`` are bytes that the same engine's ``analyse_*`` returned for exactly these pictures.
    """

    person: Picture
    garment: Picture
    kind: GarmentKind = GarmentKind.AUTO
    lower: Picture | None = None
    mask: Mask | None = None
    description: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    person_analysis: bytes | None = None
    garment_analysis: bytes | None = None
    lower_analysis: bytes | None = None
    errand: Errand | None = None
    """For engines that send pictures away; None where nobody keeps a log, as in a notebook."""


@dataclass(frozen=True)
class TryOnResult:
    """The picture and what is known about it.

    ``image``: ``(H, W, 3) uint8`` RGB of the person photo's own size. ``mask``: ``(H, W) uint8``, what was changed.
    ``confidence``: 0 (a guess) to 1 (as good as this engine gets). ``timings``: seconds by stage, in order.
    ``source_type``: how the picture came to be, told in the files that are written of it.
    """

    image: Picture
    mask: Mask
    engine: str
    confidence: float = 1.0
    notes: tuple[Note, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    source_type: SourceType = SourceType.COMPOSITE

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to ``path`` (``.png``, ``.jpg`` or ``.webp``). Raises ``FileProblem``."""
        from vtonlab.imaging.write import write_picture

        write_picture(path, self.image, source_type=self.source_type)

    def save_mask(self, path: str | os.PathLike[str]) -> None:
        """Write the mask to ``path``, white where the photo was changed. Raises ``FileProblem``."""
        from vtonlab.imaging.write import write_picture

        write_picture(path, self.mask)


Report = Callable[[float, str], None]
"""``report(fraction, stage)``: progress in 0…1 and its name. It raises ``Cancelled`` when the person asked to stop,
so an engine calls it between its stages and lets that pass, and at least every second while it waits for others.

A stage is a word in snake_case, at most 64 characters with what may follow it: ``name=value`` pairs after blanks
(``remote_queue position=3 size=7 seconds=42``)."""


def silent(fraction: float, stage: str) -> None:
    """A :data:`Report` that tells nobody."""


@runtime_checkable
class Engine(Protocol):
    """What every engine has. What only some can do is told by ``capabilities``."""

    name: str
    title: Text
    capabilities: Capabilities
    Options: type[Options]

    def health(self) -> Health:
        """Whether it could work now. Cheap, bounded in time, never raises."""
        ...

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        """Dress the person. Raises the errors of ``vtonlab.errors``."""
        ...


@runtime_checkable
class ConfiguredEngine(Engine, Protocol):
    """An engine that needs an address, a key or limits."""

    def equip(self, values: Mapping[str, object]) -> None:
        """Take what the settings hold for it, by the setting's name without ``VTONLAB_<ENGINE>_``, in small letters
        (``{"url": "http://…"}``); keys are plain strings and must reach no log. Called before the first use, and again
        when settings change; whatever is missing makes the engine ``not_set_up``, never an error here."""
        ...


@runtime_checkable
class AnalysingEngine(Engine, Protocol):
    """An engine with ``capabilities.analyses``: what it found out about a picture can be kept beside it.

    The bytes belong to that picture and that version of the engine; what they hold is the engine's own affair. Bytes
    it does not know (of an older version) it ignores and analyses anew.
    """

    def analyse_person(self, picture: Picture) -> bytes:
        """For ``TryOnRequest.person_analysis``. Raises as :meth:`Engine.try_on` does."""
        ...

    def analyse_garment(self, picture: Picture, kind: GarmentKind = GarmentKind.AUTO) -> bytes:
        """For ``TryOnRequest.garment_analysis`` or ``lower_analysis``, asked for with the same ``kind``."""
        ...


@dataclass(frozen=True)
class Finding:
    """What an analysis says that others than its engine may want to know."""

    kind: GarmentKind | None = None
    """What a garment dresses: never AUTO; None for a person."""
    certainty: float = 1.0
    """0 (a guess) to 1."""
    notes: tuple[Note, ...] = ()


@runtime_checkable
class ExplainingEngine(AnalysingEngine, Protocol):
    """An engine that says what its analyses mean, and all that it may note."""

    all_notes: tuple[Note, ...]
    """Every note that its findings and results may have, so that their words can be shown for their codes alone."""

    def explain(self, analysis: bytes) -> Finding | None:
        """What ``analysis``, of this engine, says; None for bytes of an older version."""
        ...


@runtime_checkable
class AdvisingEngine(Engine, Protocol):
    """An engine with ``capabilities.advice``: it can say before any fitting what would make a photo work better."""

    def advise(self, picture: Picture, role: str = "person") -> tuple[Note, ...]:
        """What is worth telling about a photo of a ``person`` or ``garment``; a ``problem`` means it will not work."""
        ...


@runtime_checkable
class IllustratingEngine(Engine, Protocol):
    """An engine that can show what it sees, for those who work on it (``vtonlab gallery --analyses``)."""

    def illustrate(self, picture: Picture, role: str = "person") -> Picture:
        """The photo of a ``person`` or ``garment`` with what was found out about it drawn on it."""
        ...
