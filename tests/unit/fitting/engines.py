# ruff: noqa: ASYNC110 - what is waited for happens in a thread
"""Engines for tests: they colour a rectangle, and do what a test tells them to."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import numpy as np
import pytest

from vtonlab.engines import contract, registry
from vtonlab.engines.contract import (
    Capabilities,
    GarmentKind,
    Health,
    HealthStatus,
    Note,
    Picture,
    Report,
    TryOnRequest,
    TryOnResult,
    silent,
)
from vtonlab.errors import Text, VtonError
from vtonlab.imaging.provenance import SourceType


@dataclass
class Script:
    """What the engines do, and what they were asked."""

    errors: list[VtonError | None] = field(default_factory=list)
    """Raised by the next calls, in order; None: that one goes well."""
    seconds: float = 0.0
    calls: list[tuple[str, TryOnRequest]] = field(default_factory=list)
    analysed: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    bought: list[str] = field(default_factory=list)
    polled: list[str] = field(default_factory=list)
    fail_after_buying: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def until_called(self) -> None:
        """Wait until an engine was called."""
        async with asyncio.timeout(10):
            while not self.calls:
                await asyncio.sleep(0.01)

    async def until_polled(self) -> None:
        """Wait until a job elsewhere was asked how it stands."""
        async with asyncio.timeout(10):
            while not self.polled:
                await asyncio.sleep(0.01)


SCRIPT = Script()


class Options(contract.Options):
    """Of the engines that have some."""

    seed: int | None = None
    denoise_steps: int = 30
    auto_mask: bool = True
    strength: float = 1.0


class _Engine:
    """Paints the garment's middle colour over the upper or lower half of the person's middle."""

    name = ""
    capabilities = Capabilities()
    Options: type[contract.Options] = contract.Options

    @property
    def title(self) -> Text:
        return Text(self.name, self.name + " 引擎")

    def health(self) -> Health:
        return Health(HealthStatus.OK, Text("Ready.", "就绪。"))

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        with SCRIPT.lock:
            SCRIPT.calls.append((self.name, request))
            SCRIPT.at_once += 1
            SCRIPT.most_at_once = max(SCRIPT.most_at_once, SCRIPT.at_once)
        try:
            return self._try_on(request, report)
        finally:
            with SCRIPT.lock:
                SCRIPT.at_once -= 1

    def _try_on(self, request: TryOnRequest, report: Report) -> TryOnResult:
        until = time.monotonic() + SCRIPT.seconds
        report(0.1, "begin")
        while time.monotonic() < until:
            time.sleep(0.005)
            report(0.5, "working")
        if SCRIPT.errors and (error := SCRIPT.errors.pop(0)) is not None:
            raise error
        image, mask = request.person.copy(), np.zeros(request.person.shape[:2], np.uint8)
        self._paint(image, mask, request.garment, request.kind)
        if request.lower is not None:
            self._paint(image, mask, request.lower, GarmentKind.LOWER)
        notes = (Note("tested", "info", Text("A test.", "测试。")),)
        return TryOnResult(image, mask, self.name, 0.75, notes, {}, SourceType.COMPOSITE)

    def _paint(self, image: Picture, mask: Any, garment: Picture, kind: GarmentKind) -> None:
        height, width = image.shape[:2]
        rows = slice(height // 2, 3 * height // 4) if kind is GarmentKind.LOWER else slice(height // 4, height // 2)
        columns = slice(width // 4, 3 * width // 4)
        image[rows, columns] = garment[garment.shape[0] // 2, garment.shape[1] // 2]
        mask[rows, columns] = 255


class Painter(_Engine):
    """Here, outfits at once, with analyses."""

    name = "painter"
    capabilities = Capabilities(outfits=True, analyses=True)

    def analyse_person(self, picture: Picture) -> bytes:
        SCRIPT.analysed.append("person")
        return b"person %d %d" % picture.shape[:2]

    def analyse_garment(self, picture: Picture, kind: GarmentKind = GarmentKind.AUTO) -> bytes:
        SCRIPT.analysed.append(f"garment {kind.value}")
        return b"garment %d %d" % picture.shape[:2]


class Single(_Engine):
    """Here, one garment at a time, with options and a mask."""

    name = "single"
    capabilities = Capabilities(mask=True, seed=True, steps=True, description=True)
    Options = Options


class Far(_Engine):
    """Elsewhere, one garment at a time: it buys a job, keeps its name, and asks how it stands."""

    name = "far"
    capabilities = Capabilities(
        remote_host="far.example", waits=True, is_paid=True, commercial_use=False, weights_licence="NC-1.0"
    )
    Options = Options

    def _try_on(self, request: TryOnRequest, report: Report) -> TryOnResult:
        errand = request.errand
        assert errand is not None
        if errand.remote_id is None:
            errand.leaving("far.example", 2, 1000, 0.1)
            job = f"job-{len(SCRIPT.bought) + 1}"
            SCRIPT.bought.append(job)
            errand.keep(job)
        SCRIPT.polled.append(errand.remote_id or "")
        if SCRIPT.fail_after_buying:
            raise SCRIPT.fail_after_buying.pop(0)
        return super()._try_on(request, report)


class Unset(_Engine):
    """Has no address."""

    name = "unset"
    capabilities = Capabilities(waits=True)

    def health(self) -> Health:
        return Health(
            HealthStatus.NOT_SET_UP,
            Text("No address.", "没有地址。"),
            Text("Set VTONLAB_UNSET_URL.", "请设置 VTONLAB_UNSET_URL。"),
        )


ENGINES = (Painter, Single, Far, Unset)


def find_engines(*, group: str) -> list[EntryPoint]:
    """What is installed, and the engines of this file."""
    ours = [EntryPoint(kind.name, f"{__name__}:{kind.__name__}", group) for kind in ENGINES]
    return [*entry_points(group=group), *ours]


@contextmanager
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """The engines of this file beside the others, and a new script."""
    monkeypatch.setattr(registry, "entry_points", find_engines)
    registry.forget()
    SCRIPT.__init__()  # type: ignore[misc]
    yield SCRIPT
    registry.forget()


def install() -> None:
    """The same for good: for a process of its own."""
    vars(registry)["entry_points"] = find_engines
    registry.forget()
