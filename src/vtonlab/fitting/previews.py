"""What the fitting room flips through: a garment on a person, at once, kept nowhere.

    names ─▶ rows ─▶ ETag ─▶ (known? that is all) ─▶ a place in the pool ─▶ pictures, analyses (kept) ─▶ engine ─▶ JPEG

No row, file, task or signature: keeping a picture is an ordinary try-on.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import io
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from vtonlab.accounts.caller import Caller, Permission
from vtonlab.db.database import Database
from vtonlab.engines import registry
from vtonlab.engines.contract import AnalysingEngine, Engine, GarmentKind, Note, Picture, TryOnRequest
from vtonlab.errors import PICTURE, Cancelled, EngineBusy, NotThere, StorageUnavailable, Text, VtonError, WrongKind
from vtonlab.fitting.analyses import Analyses, name_analysis, name_role
from vtonlab.fitting.choosing import settle_kind
from vtonlab.fitting.dressing import GARMENT_SIDE, KEPT_LIMITS, PERSON_SIDE
from vtonlab.fitting.kept import Kept
from vtonlab.imaging.colour import lay_on_contrast
from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.imaging.provenance import SourceType
from vtonlab.imaging.read import read_photo
from vtonlab.imaging.write import encode_picture
from vtonlab.library.conditions import is_known
from vtonlab.library.models import Image, KindBy
from vtonlab.library.service import Library
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage

T = TypeVar("T")

SMALLEST_SIDE: Final = 384
USUAL_SIDE: Final = 1024
LARGEST_SIDE: Final = 1280
"""Longest side of a preview, px. The built-in engine works at 1024 px: beyond that a preview shows little more."""
WAITING_FOR_EACH: Final = 8
"""Previews that may wait for each one being computed; more are told that the engine is busy."""
FLIPPING_SECONDS: Final = 1.0
"""Between two previews of somebody who flips through a wardrobe, at most."""
LOAD_SECONDS: Final = 30.0
"""How long the bytes of a picture may take to come from the storage."""

JPEG_QUALITY: Final = 90
WEBP_QUALITY: Final = 80
"""At 768×1024 a JPEG takes 4 ms and 94 kB (45 dB), a WebP of its fastest method 11 ms and 31 kB (41 dB), measured on
photos of people: on the machine itself and in a house's network the JPEG is there first."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Preview:
    """A picture to look at, and what is known of it."""

    data: bytes | None
    """None where the client has it already, by its ETag."""
    media_type: str
    etag: str
    """With its quotes."""
    confidence: float = 1.0
    notes: tuple[Note, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    """Seconds by step, in order."""


@dataclass(frozen=True)
class _Source:
    """A picture of the library, as far as a preview needs it."""

    name: str
    """What messages call it."""
    content_hash: str
    storage_key: str
    longer_side: int

    @classmethod
    def of(cls, image: Image) -> _Source:
        longer = max(image.image_width, image.image_height)
        return cls(image.filename, image.content_hash, image.storage_key, longer)


@dataclass(frozen=True)
class _Wanted:
    """One preview."""

    person: _Source
    garment: _Source
    lower: _Source | None
    kind: GarmentKind
    side: int
    suffix: str


class Previews:
    """Makes them, in a bounded number of threads of this process."""

    def __init__(self, database: Database, storage: Storage, settings: Settings, library: Library, kept: Kept) -> None:
        self._database = database
        self._storage = storage
        self._settings = settings
        self._library = library
        self._kept = kept
        self._analyses = Analyses(storage)
        workers = settings.workers or max(1, (os.cpu_count() or 1) // 2)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="preview")
        self._most = workers * (1 + WAITING_FOR_EACH)
        self._most_of_one = max(2, self._most // 2)
        self._pending: Counter[str] = Counter()
        self._last_at = float("-inf")

    def warm_up(self) -> None:
        """Load the engine in the background, so that the first person does not wait for it."""
        self._pool.submit(_warm_up)

    def is_in_use(self) -> bool:
        """Whether somebody waits for a preview, or flips through them."""
        return bool(self._pending) or time.monotonic() - self._last_at < FLIPPING_SECONDS

    def close(self) -> None:
        """Let go of the threads; what waits is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def make(
        self,
        caller: Caller,
        human: str,
        garment: str,
        *,
        lower: str | None = None,
        kind: GarmentKind = GarmentKind.AUTO,
        size: int = USUAL_SIDE,
        accept: str = "",
        if_none_match: str | None = None,
    ) -> Preview:
        """``garment`` (of an outfit the upper one) on ``human``, pictures named by library filename or id.

        ``size``: longest side in px. ``accept`` chooses between JPEG and WebP. What ``if_none_match`` names is not
        computed. Who is cancelled has nothing computed any more.

        Raises ``NotThere``, ``EngineBusy`` at once where too many wait, and what the engine raises.
        """
        user_id = caller.require(Permission.TRYON_CREATE, signed_in=False)
        began = time.perf_counter()
        wanted = await self._look_up(user_id, (human, garment, lower), kind, size, choose_form(accept))
        etag, media_type = _tag(wanted), MEDIA_TYPES[wanted.suffix]
        if if_none_match is not None and is_known(if_none_match, etag):
            return Preview(None, media_type, etag)
        stopped, loop = threading.Event(), asyncio.get_running_loop()
        async with self._place(user_id):
            found = time.perf_counter()
            job = self._pool.submit(self._make, wanted, stopped, loop)
            try:
                preview = await asyncio.wrap_future(job)
            finally:
                stopped.set()  # what already runs stops at its next report
                job.cancel()
        waited = time.perf_counter() - found - sum(preview.timings.values())
        timings = {"find": found - began, "queue": max(0.0, waited), **preview.timings}
        return replace(preview, etag=etag, timings=timings)

    async def _look_up(
        self, user_id: str, names: tuple[str, str, str | None], kind: GarmentKind, size: int, suffix: str
    ) -> _Wanted:
        async with self._database.read() as session:
            given = [name for name in names if name is not None]
            person, garment, *others = [await self._library.find(session, user_id, name) for name in given]
        kind = _leave_open(settle_kind(kind, garment), garment)
        lower = _Source.of(others[0]) if others else None
        worn = kind if lower is None else GarmentKind.UPPER
        who = _Source.of(person)
        side = min(who.longer_side, max(SMALLEST_SIDE, min(size, LARGEST_SIDE)))
        return _Wanted(who, _Source.of(garment), lower, worn, side, suffix)

    @asynccontextmanager
    async def _place(self, user_id: str) -> AsyncIterator[None]:
        """A place in the line. Nobody may have more than half of them. Raises ``EngineBusy``."""
        if self._pending.total() >= self._most or self._pending[user_id] >= self._most_of_one:
            raise EngineBusy(engine=registry.DEFAULT_ENGINE)
        self._pending[user_id] += 1
        try:
            yield
        finally:
            self._last_at = time.monotonic()
            self._pending[user_id] -= 1
            if not self._pending[user_id]:
                del self._pending[user_id]

    # ---- in a thread of the pool

    def _make(self, wanted: _Wanted, stopped: threading.Event, loop: asyncio.AbstractEventLoop) -> Preview:
        def report(_fraction: float, _stage: str) -> None:
            if stopped.is_set():
                raise Cancelled

        report(0.0, "read")
        engine = registry.get()
        _check_kind(engine, wanted)
        clock = _Clock()
        request = clock.time("pictures", lambda: self._read(wanted, loop))
        report(0.1, "analyse")
        request = clock.time("analyses", lambda: self._analyse(engine, wanted, request, loop))
        result = clock.time("engine", lambda: engine.try_on(request, report))
        data = clock.time("encode", lambda: _encode(result.image, wanted.suffix, result.source_type))
        media_type = MEDIA_TYPES[wanted.suffix]
        return Preview(data, media_type, "", result.confidence, result.notes, clock.seconds)

    def _read(self, wanted: _Wanted, loop: asyncio.AbstractEventLoop) -> TryOnRequest:
        """The pictures, as an ordinary try-on reads them: what one left in memory serves the other."""

        def garment(source: _Source) -> Picture:
            def read() -> Picture:
                photo = read_photo(self._load(source, loop), limits=KEPT_LIMITS, reduce_to=GARMENT_SIDE)
                return photo.picture if photo.alpha is None else lay_on_contrast(photo.picture, photo.alpha)

            return self._kept.picture(source.content_hash, GARMENT_SIDE, read)

        source, side = wanted.person, wanted.side
        if side == source.longer_side:
            side = PERSON_SIDE  # as it is
        person = self._kept.picture(
            source.content_hash,
            side,
            lambda: read_photo(self._load(source, loop), limits=KEPT_LIMITS, reduce_to=side).picture,
        )
        lower = None if wanted.lower is None else garment(wanted.lower)
        return TryOnRequest(person, garment(wanted.garment), wanted.kind, lower=lower)

    def _analyse(
        self, engine: Engine, wanted: _Wanted, request: TryOnRequest, loop: asyncio.AbstractEventLoop
    ) -> TryOnRequest:
        if not (engine.capabilities.analyses and isinstance(engine, AnalysingEngine)):
            return request
        analysing: AnalysingEngine = engine

        def know(source: _Source, role: str, side: int, make: Callable[[], bytes]) -> bytes:
            named = name_role(role, min(side, source.longer_side))

            def recall() -> bytes:
                stored = _wait_for(self._analyses.load(source.storage_key), loop)
                return stored.get(name_analysis(analysing.name, named)) or make()

            return self._kept.analysis(analysing.name, named, source.content_hash, recall)

        def garment(source: _Source, picture: Picture, kind: GarmentKind) -> bytes:
            return know(source, f"garment-{kind}", GARMENT_SIDE, lambda: analysing.analyse_garment(picture, kind))

        def garments() -> tuple[bytes, bytes | None]:
            upper = garment(wanted.garment, request.garment, request.kind)
            if wanted.lower is None or request.lower is None:
                return upper, None
            return upper, garment(wanted.lower, request.lower, GarmentKind.LOWER)

        # The two know nothing of each other, and most of both is done without Python's lock.
        with ThreadPoolExecutor(1, "preview-garments") as beside:
            coming = beside.submit(garments)
            person = know(wanted.person, "person", wanted.side, lambda: analysing.analyse_person(request.person))
            upper, lower = coming.result()
        return replace(request, person_analysis=person, garment_analysis=upper, lower_analysis=lower)

    def _load(self, source: _Source, loop: asyncio.AbstractEventLoop) -> io.BytesIO:
        return _NamedBytes(self._load_bytes(source, loop), source.name)

    def _load_bytes(self, source: _Source, loop: asyncio.AbstractEventLoop) -> bytes:
        path = self._storage.path(source.storage_key)
        try:
            if path is not None:
                return path.read_bytes()
            return _wait_for(self._storage.load(source.storage_key), loop)
        except FileNotFoundError as error:
            log.warning("the file of picture %s is missing (%s)", source.name, source.storage_key)
            raise NotThere(thing=PICTURE, id=source.name) from error


class _NamedBytes(io.BytesIO):
    """A file in memory that messages can call by its name."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def _wait_for(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    """What ``work`` comes to in ``loop``, for a thread. Raises ``StorageUnavailable`` where that takes too long."""
    coming = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return coming.result(LOAD_SECONDS)
    except TimeoutError as error:
        coming.cancel()
        raise StorageUnavailable from error


MEDIA_TYPES: Final = {".jpg": "image/jpeg", ".webp": "image/webp"}


def choose_form(accept: str) -> str:
    """The suffix of the form that ``accept`` (a header) wants: JPEG, unless that is not taken, or is named and liked
    less than WebP.

    >>> choose_form(""), choose_form("image/avif,image/webp,*/*;q=0.8"), choose_form("image/webp")
    ('.jpg', '.jpg', '.webp')
    >>> choose_form("image/webp, image/jpeg;q=0.5"), choose_form("image/webp;q=0, */*")
    ('.webp', '.jpg')
    """
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weights[name] = next((_weight(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
    jpeg, webp = weights.get("image/jpeg"), weights.get("image/webp", 0.0)
    if jpeg is None:
        takes_any = not accept.strip() or max(weights.get("image/*", 0.0), weights.get("*/*", 0.0)) > 0
        return ".jpg" if takes_any or not webp else ".webp"
    return ".webp" if webp > jpeg else ".jpg"


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _encode(picture: Picture, suffix: str, source_type: SourceType) -> bytes:
    if suffix == ".webp":
        return encode_picture(picture, suffix, source_type=source_type, quality=WEBP_QUALITY, effort=0)
    return encode_picture(picture, suffix, source_type=source_type, quality=JPEG_QUALITY)


def _tag(wanted: _Wanted) -> str:
    """The same for the same pictures, size and engine, whoever asks."""
    sources = [wanted.person, wanted.garment, *([wanted.lower] if wanted.lower else [])]
    parts = [*(source.content_hash for source in sources), wanted.kind.value, str(wanted.side), wanted.suffix]
    return f'"{hashlib.sha256("/".join([_engine_version(), *parts]).encode()).hexdigest()[:32]}"'


@functools.cache
def _engine_version() -> str:
    return next(
        (f"{one.name} {one.version}" for one in registry.installed() if one.name == registry.DEFAULT_ENGINE), ""
    )


def _leave_open(kind: GarmentKind, garment: Image) -> GarmentKind:
    """Open, where that comes to ``kind``: then the analysis that told it serves."""
    is_told = garment.kind_by == KindBy.ENGINE and garment.garment_kind == kind.value
    return GarmentKind.AUTO if is_told else kind


def _check_kind(engine: Engine, wanted: _Wanted) -> None:
    can = engine.capabilities
    known = ", ".join(kind.value for kind in can.kinds)
    if wanted.kind is not GarmentKind.AUTO and wanted.kind not in can.kinds:
        raise WrongKind(asked=wanted.kind.value, known=known)
    if wanted.lower is not None and not can.outfits:
        raise WrongKind(asked=Text("outfit", "套装"), known=known)


@functools.cache
def _warm_up() -> None:
    """Once a process: import the engine and dress a drawn person, by which it loads its models."""
    try:
        engine = registry.get()
        result = engine.try_on(TryOnRequest(draw_person(), draw_shirt()))
    except VtonError as error:
        log.warning("the engine could not be warmed up: %s %s", error.say(), error.advise())
    else:
        log.info("engine %s is ready: %s", engine.name, {k: round(v, 3) for k, v in result.timings.items()})


class _Clock:
    """Seconds of steps by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, step: str, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        try:
            return work()
        finally:
            self.seconds[step] = time.perf_counter() - began
