"""What an engine is that draws pictures from words: one at a time, and many at once for less.

Beside ``vtonlab.engines.contract``, whose rules hold here too: plain blocking Python, pictures as ``(H, W, 3) uint8``
arrays, errors of ``vtonlab.errors``, ``report`` as the point where a wish to stop is heard.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

from vtonlab.engines.contract import Engine, Errand, Note, Picture, Report, silent
from vtonlab.errors import VtonError
from vtonlab.imaging.provenance import SourceType

RESOLUTIONS: Final = ("1K", "2K", "4K")
"""About 1024, 2048 and 4096 pixels on the longer side."""


@dataclass(frozen=True)
class ImageModel:
    """One of the models that an engine draws with, and what it takes."""

    name: str
    """As the service calls it; it is what requests name."""
    title: str
    aspect_ratios: tuple[str, ...]
    """Width to height: ``"3:4"``."""
    resolutions: tuple[str, ...] = ("1K",)
    """Of ``RESOLUTIONS``."""
    references: int = 0
    """Reference pictures in one request, at most."""
    seed: bool = False
    negative_prompt: bool = False
    """Takes words for what shall not be in the picture."""
    batch: bool = False
    """Takes batches."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """US dollars for one picture, by resolution; a resolution that is not in it costs nothing."""
    batch_share: float = 0.5
    """What a picture of a batch costs, as a share of its price."""

    def price(self, resolution: str, *, in_batch: bool = False) -> float:
        """US dollars for one picture."""
        return self.prices.get(resolution, 0.0) * (self.batch_share if in_batch else 1.0)


@dataclass(frozen=True)
class GenerateRequest:
    """One picture from words, and from reference pictures where the model takes them."""

    prompt: str
    references: tuple[Picture, ...] = ()
    negative_prompt: str = ""
    aspect_ratio: str = "1:1"
    resolution: str = "1K"
    model: str = ""
    """One of the engine's ``models``; empty: its usual one."""
    seed: int | None = None
    """The same seed draws about the same picture, 0 to 2**31 - 1; None: another each time."""
    errand: Errand | None = None
    """For engines that send words and pictures away; None where nobody keeps a log. Of a batch, the batch's own."""


@dataclass(frozen=True)
class GenerateResult:
    """The picture: ``(H, W, 3) uint8`` RGB of about the size and shape that was asked for. ``timings``: seconds by
    stage, in order."""

    image: Picture
    engine: str
    model: str
    notes: tuple[Note, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    source_type: SourceType = SourceType.GENERATED

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to ``path`` (``.png``, ``.jpg`` or ``.webp``). Raises ``FileProblem``."""
        from vtonlab.imaging.write import write_picture

        write_picture(path, self.image, source_type=self.source_type)


@dataclass(frozen=True)
class BatchRequest:
    """Many pictures at once. ``name``: what we call the batch; no two batches have the same, so that one can be found
    again whose answer was lost. The ``errand`` of single requests is not used."""

    name: str
    requests: tuple[GenerateRequest, ...]
    errand: Errand | None = None


class BatchStatus(StrEnum):
    """How a batch stands at the service."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    """Done, though single prompts may have failed: its answers can be fetched."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """The service did not do it in time; some of its answers may be there."""


OVER: Final = frozenset({BatchStatus.ENDED, BatchStatus.FAILED, BatchStatus.CANCELLED, BatchStatus.EXPIRED})


@dataclass(frozen=True)
class BatchState:
    """How a batch stands. ``finished``: prompts that are done, well or not, as far as the service tells; ``error``: why
    it failed as a whole."""

    status: BatchStatus
    finished: int = 0
    error: VtonError | None = None


@dataclass(frozen=True)
class BatchAnswer:
    """What became of the request number ``index`` (from 0) of a batch: a picture, or why there is none."""

    index: int
    result: GenerateResult | None = None
    error: VtonError | None = None


@runtime_checkable
class GeneratingEngine(Engine, Protocol):
    """An engine with ``capabilities.generate``."""

    def models(self) -> tuple[ImageModel, ...]:
        """What it draws with, the usual one first. Asked from the service where that can tell, at most every few
        minutes and for a few seconds; what is known beforehand where it does not answer. Never raises; empty where it
        is not set up."""
        ...

    def generate(self, request: GenerateRequest, report: Report = silent) -> GenerateResult:
        """Draw a picture. Raises the errors of ``vtonlab.errors``, ``Cancelled`` among them."""
        ...


@runtime_checkable
class BatchingEngine(GeneratingEngine, Protocol):
    """An engine with ``capabilities.batch``. Whoever calls it keeps what ``submit_batch`` returns, and asks again from
    time to time, for days, also after a restart; ``errand`` is told as in :class:`Errand`."""

    def submit_batch(self, batch: BatchRequest, report: Report = silent) -> str:
        """Hand the batch in; what the service calls it, at most 200 characters. Where ``batch.errand`` remembers that
        it was handed in before, and the answer lost, it is looked for by its name and not bought again."""
        ...

    def poll_batch(self, remote_id: str, report: Report = silent) -> BatchState:
        """How it stands. Raises what may pass (``EngineUnavailable``, ``EngineBusy``, ``EngineTimeout``) and what does
        not (``KeyRefused``, ``BatchGone``)."""
        ...

    def fetch_batch(self, remote_id: str, batch: BatchRequest, report: Report = silent) -> Iterator[BatchAnswer]:
        """The answers of a batch that is over, each request's once, in their order; read piece by piece."""
        ...

    def cancel_batch(self, remote_id: str, report: Report = silent) -> None:
        """Ask the service to stop; what it had done may cost. Nothing happens where it is over."""
        ...
