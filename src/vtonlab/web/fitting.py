"""The fitting room behind the page: uploads in, a dressed person out, in a bounded number of threads."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from vtonlab.engines import registry
from vtonlab.engines.contract import AnalysingEngine, Engine, GarmentKind, Picture, TryOnRequest, TryOnResult
from vtonlab.errors import Cancelled, EngineBusy, Text, VtonError, WrongKind
from vtonlab.imaging.provenance import SourceType
from vtonlab.imaging.read import Limits, read_picture
from vtonlab.imaging.write import encode_picture
from vtonlab.settings import Settings
from vtonlab.fitting.memory import Memory

T = TypeVar("T")

PERSON_SIDE = 4096
"""Longest side of a result, px: a phone's photo stays whole, a scan of 100 megapixels does not stop the page."""
GARMENT_SIDE = 2048
"""Longest side a garment is read at, px; twice what the built-in engine measures it at."""
PREVIEW_SIDE = 1280
WAITING_FOR_EACH = 8
"""Try-ons that may wait for each one being computed; more are told that the engine is busy."""
HEARTBEAT_SECONDS = 0.1
"""How often it is checked whether the person is still waiting."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """A picture file as it came; ``name`` is only for messages."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Order:
    """One fitting that somebody asked for; ``lower`` makes it an outfit."""

    person: Upload
    garment: Upload
    kind: GarmentKind = GarmentKind.AUTO
    lower: Upload | None = None


@dataclass(frozen=True)
class Dressed:
    """The picture as a JPEG file, and what is known about it."""

    jpeg: bytes
    result: TryOnResult


class FittingRoom:
    """Dresses people with one engine, and remembers what it found out about the pictures used last."""

    def __init__(self, settings: Settings) -> None:
        self._name = settings.engine or registry.DEFAULT_ENGINE
        self._limits = Limits(size=settings.max_upload_bytes, pixels=settings.max_pixels)
        self._memory = Memory(settings.cache_bytes)
        workers = settings.workers or max(1, (os.cpu_count() or 1) // 2)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="fitting")
        self._most = workers * (1 + WAITING_FOR_EACH)
        self._pending = 0

    @property
    def engine(self) -> Engine:
        """Raises ``UnknownEngine`` or ``EngineUnavailable``; takes a second at the first call, which loads it."""
        return registry.get(self._name)

    def warm_up(self) -> None:
        """Load the engine in the background, so that the first person does not wait for it."""
        self._pool.submit(self._load)

    def close(self) -> None:
        """Let go of the threads; what is being computed is finished, what waits is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def dress(self, order: Order, is_gone: Callable[[], Awaitable[bool]]) -> Dressed:
        """Dress the person, away from the event loop. ``is_gone`` tells whether nobody waits for it any more.

        Raises the errors of ``vtonlab.errors``; ``EngineBusy`` at once when too many wait already.
        """
        stopped = threading.Event()

        def report(_fraction: float, _stage: str) -> None:
            if stopped.is_set():
                raise Cancelled

        return await self._compute(lambda: self._dress(order, report), stopped, is_gone)

    async def show(self, upload: Upload, is_gone: Callable[[], Awaitable[bool]]) -> bytes:
        """The picture as an upright JPEG of at most ``PREVIEW_SIDE`` pixels, for browsers that cannot show its kind."""

        def preview() -> bytes:
            picture = read_picture(_NamedBytes(upload), limits=self._limits, reduce_to=PREVIEW_SIDE)
            return encode_picture(picture, ".jpg")

        return await self._compute(preview, threading.Event(), is_gone)

    async def _compute(
        self, work: Callable[[], T], stopped: threading.Event, is_gone: Callable[[], Awaitable[bool]]
    ) -> T:
        if self._pending >= self._most:
            raise EngineBusy(engine=self._name)
        self._pending += 1
        try:
            job = self._pool.submit(work)
            done = asyncio.wrap_future(job)
            while not (await asyncio.wait({done}, timeout=HEARTBEAT_SECONDS))[0]:
                if not stopped.is_set() and await is_gone():
                    stopped.set()
                    job.cancel()  # where it still waits; what already runs stops at its next report
            if done.cancelled():
                raise Cancelled
            return done.result()
        finally:
            stopped.set()
            self._pending -= 1

    def _dress(self, order: Order, report: Callable[[float, str], None]) -> Dressed:
        engine = self.engine
        _check_kind(engine, order)
        report(0.0, "read")
        person = self._read(order.person, PERSON_SIDE)
        request = TryOnRequest(person, self._read(order.garment, GARMENT_SIDE), order.kind)
        if order.lower is not None:
            request = replace(request, kind=GarmentKind.UPPER, lower=self._read(order.lower, GARMENT_SIDE))
        if engine.capabilities.analyses and isinstance(engine, AnalysingEngine):
            request = self._with_analyses(engine, order, request, report)
        result = engine.try_on(request, report)
        report(1.0, "write")
        mark = SourceType.COMPOSITE_GENERATED if engine.capabilities.remote_host else SourceType.COMPOSITE
        return Dressed(encode_picture(result.image, ".jpg", source_type=mark), result)

    def _with_analyses(
        self, engine: AnalysingEngine, order: Order, request: TryOnRequest, report: Callable[[float, str], None]
    ) -> TryOnRequest:
        def garment(upload: Upload, picture: Picture, kind: GarmentKind) -> bytes:
            key = ("garment", kind, _digest(upload))
            return self._memory.recall(key, lambda: engine.analyse_garment(picture, kind), len)

        person = self._memory.recall(
            ("person", _digest(order.person)), lambda: engine.analyse_person(request.person), len
        )
        report(0.3, "garment")
        request = replace(
            request,
            person_analysis=person,
            garment_analysis=garment(order.garment, request.garment, request.kind),
        )
        if order.lower is not None and request.lower is not None:
            lower = garment(order.lower, request.lower, GarmentKind.LOWER)
            request = replace(request, lower_analysis=lower)
        return request

    def _read(self, upload: Upload, side: int) -> Picture:
        return self._memory.recall(
            ("picture", side, _digest(upload)),
            lambda: read_picture(_NamedBytes(upload), limits=self._limits, reduce_to=side),
            lambda picture: picture.nbytes,
        )

    def _load(self) -> None:
        try:
            health = self.engine.health()
        except VtonError as error:
            log.warning("%s %s", error.say(), error.advise())
        else:
            log.info("engine %s: %s", self._name, health.detail.say())


def _check_kind(engine: Engine, order: Order) -> None:
    kinds = engine.capabilities.kinds
    known = ", ".join(kind.value for kind in kinds)
    if order.kind is not GarmentKind.AUTO and order.kind not in kinds:
        raise WrongKind(asked=order.kind.value, known=known)
    if order.lower is not None and not engine.capabilities.outfits:
        raise WrongKind(asked=Text("outfit", "套装"), known=known)


class _NamedBytes(io.BytesIO):
    """A file in memory that messages can call by its name."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(upload.data)
        self.name = upload.name


def _digest(upload: Upload) -> bytes:
    return hashlib.sha256(upload.data).digest()
