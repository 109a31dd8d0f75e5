"""From pictures of the library to the signed picture of a fitting: one pure function, for a thread or a process.

read → analyse (or take what is kept) → the engine, once or twice → PNG with its mark → signature
                                                                  ↘ thumbnails, mask
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from vtonlab import equip
from vtonlab.db.types import JsonValue
from vtonlab.engines import registry
from vtonlab.engines.contract import (
    AnalysingEngine,
    Engine,
    Errand,
    GarmentKind,
    Mask,
    Note,
    Picture,
    Report,
    TryOnRequest,
    TryOnResult,
)
from vtonlab.errors import PICTURE, EngineFault, NotThere
from vtonlab.fitting.analyses import name_analysis, name_role
from vtonlab.fitting.kept import Kept
from vtonlab.imaging.colour import lay_on_contrast
from vtonlab.imaging.provenance import SourceType
from vtonlab.imaging.read import Limits, Photo, read_photo
from vtonlab.imaging.signing import Signer
from vtonlab.imaging.write import encode_picture
from vtonlab.library.pictures import Made, describe_pixels, make_known
from vtonlab.settings import Settings

PERSON_SIDE: Final = 4096
"""Longest side of a result, px: a phone's photo stays whole."""
GARMENT_SIDE: Final = 2048
"""Longest side a garment is read at, px; twice what the built-in engine measures it at."""
KEPT_LIMITS: Final = Limits(size=10**9, least_side=64)
"""What was let in once is not judged again, but for this: under 64 pixels nothing can be made out."""
SHARE_ELSEWHERE: Final = 4
"""The part of the memory for what is kept that a process which only computes takes, as one divided by this."""
BEGUN, MADE = 0.05, 0.95
"""Progress when the engine begins, and when it has ended."""

log = logging.getLogger(__name__)

T = TypeVar("T")
Errands = Callable[[int], Errand]
"""The errand of the engine's run of that number (from 0), asked for right before it. Blocks; raises ``Cancelled``."""


@dataclass(frozen=True)
class Material:
    """A picture of the library, for whoever works on it. ``name`` is what messages call it."""

    name: str
    content_hash: str
    longer_side: int
    source: bytes | Path
    analyses: Mapping[str, bytes] = field(default_factory=dict)
    """What is kept beside it (``vtonlab.fitting.analyses``)."""


@dataclass(frozen=True)
class Garment:
    """A garment, and what it dresses."""

    material: Material
    kind: GarmentKind


@dataclass(frozen=True)
class Dressing:
    """All that is needed for one fitting."""

    engine: str
    person: Material
    garments: tuple[Garment, ...]
    """One, or two: the upper one first, then the lower one."""
    options: Mapping[str, JsonValue]
    description: str
    mask: Material | None
    signer: Signer
    first: bytes | None = None
    """Of an outfit made in two runs: the first one's picture, as an earlier fitting kept it (PNG)."""


@dataclass(frozen=True)
class Dressed:
    """The picture, as it is to be kept, and what is known about it."""

    made: Made
    mask: bytes
    """PNG."""
    first: bytes | None
    """PNG of the first run of two."""
    engine: str
    seconds: float
    """What the engine took, its analyses included."""
    confidence: float
    notes: tuple[Note, ...]
    source_type: SourceType
    analyses: Mapping[str, Mapping[str, bytes]]
    """What is not kept beside the pictures yet, by the picture's content hash and the analysis's name."""


def dress(dressing: Dressing, kept: Kept, errands: Errands | None, report: Report) -> Dressed:
    """Make the picture, in this process. Raises the errors of ``vtonlab.errors``, ``Cancelled`` among them."""
    report(0.0, "read")
    engine = registry.get(dressing.engine)
    desk = _Desk(engine, kept)
    person, *garments = _side_by_side(
        lambda: desk.read_person(dressing.person),
        *(lambda one=one: desk.read_garment(one.material) for one in dressing.garments),
    )
    mask = None if dressing.mask is None else _read_mask(dressing.mask, person)
    asked = TryOnRequest(person, garments[0], dressing.garments[0].kind, mask=mask, options=dict(dressing.options))
    report(BEGUN, "analyse")
    began = time.perf_counter()
    first: bytes | Picture | None = None
    if len(garments) == 2 and not engine.capabilities.outfits:
        result, first = _dress_twice(engine, dressing, replace(asked, lower=garments[1]), errands, report)
    else:
        lower = garments[1] if len(garments) == 2 else None
        asked = desk.analyse(replace(asked, lower=lower, description=dressing.description), dressing)
        result = engine.try_on(replace(asked, errand=errands(0) if errands else None), _part(report, 0, 1))
    seconds = time.perf_counter() - began
    if result.image.shape != person.shape or result.mask.shape != person.shape[:2]:
        log.error("engine %s made %s of a photo of %s", engine.name, result.image.shape, person.shape)
        raise EngineFault(engine=engine.name)
    report(MADE, "sign")
    return _finish(dressing, result, first, seconds, desk.found)


def dress_elsewhere(settings: Settings, dressing: Dressing, report: Report) -> Dressed:
    """The same in a process that only computes: it keeps what it found out for its own next calls."""
    return dress(dressing, _settle_in(settings), None, report)


_settled: list[tuple[Settings, Kept]] = []


def _settle_in(settings: Settings) -> Kept:
    """What this process keeps, its engines equipped by ``settings``."""
    for known, kept in _settled:
        if known == settings:
            return kept
    equip.equip_engines(settings)
    _settled[:] = [(settings, Kept(settings.cache_bytes // SHARE_ELSEWHERE))]
    return _settled[0][1]


# ---- pictures


class _Desk:
    """The pictures of one fitting, read and analysed; what another one left in memory is taken from there."""

    def __init__(self, engine: Engine, kept: Kept) -> None:
        self._engine = engine
        self._kept = kept
        self.found: dict[str, dict[str, bytes]] = {}

    def read_person(self, material: Material) -> Picture:
        return self._kept.picture(material.content_hash, PERSON_SIDE, lambda: _read(material, PERSON_SIDE).picture)

    def read_garment(self, material: Material) -> Picture:
        def read() -> Picture:
            photo = _read(material, GARMENT_SIDE)
            return photo.picture if photo.alpha is None else lay_on_contrast(photo.picture, photo.alpha)

        return self._kept.picture(material.content_hash, GARMENT_SIDE, read)

    def analyse(self, request: TryOnRequest, dressing: Dressing) -> TryOnRequest:
        """``request`` with what the engine finds out about its pictures, where it can say so."""
        engine = self._engine
        if not (engine.capabilities.analyses and isinstance(engine, AnalysingEngine)):
            return request
        analysing: AnalysingEngine = engine
        lower = request.lower

        def person() -> bytes:
            return self._know(dressing.person, "person", PERSON_SIDE, lambda: analysing.analyse_person(request.person))

        def garment(place: int, picture: Picture) -> bytes:
            piece = dressing.garments[place]
            make = lambda: analysing.analyse_garment(picture, piece.kind)  # noqa: E731
            return self._know(piece.material, f"garment-{piece.kind}", GARMENT_SIDE, make)

        works = [person, lambda: garment(0, request.garment)]
        if lower is not None:
            works.append(lambda: garment(1, lower))
        of_person, of_garment, *of_lower = _side_by_side(*works)
        return replace(
            request,
            person_analysis=of_person,
            garment_analysis=of_garment,
            lower_analysis=of_lower[0] if of_lower else None,
        )

    def _know(self, material: Material, role: str, side: int, make: Callable[[], bytes]) -> bytes:
        role = name_role(role, min(side, material.longer_side))
        name = name_analysis(self._engine.name, role)
        stored = material.analyses.get(name)
        known = self._kept.analysis(
            self._engine.name, role, material.content_hash, make if stored is None else lambda: stored
        )
        if stored is None:
            self.found.setdefault(material.content_hash, {})[name] = known
        return known


def _side_by_side(*works: Callable[[], T]) -> list[T]:
    """What each of ``works`` returns; most of it is done without Python's lock. Raises what the first one raises that
    fails, when all have ended."""
    if len(works) == 1:
        return [works[0]()]
    with ThreadPoolExecutor(len(works) - 1, "dressing") as beside:
        coming = [beside.submit(work) for work in works[1:]]
        return [works[0](), *(one.result() for one in coming)]


class _NamedBytes(io.BytesIO):
    """A file in memory that messages can call by its name."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def _read(material: Material, side: int) -> Photo:
    try:
        data = material.source if isinstance(material.source, bytes) else material.source.read_bytes()
    except FileNotFoundError as error:
        log.warning("the file of picture %s is missing", material.name)
        raise NotThere(thing=PICTURE, id=material.name) from error
    return read_photo(_NamedBytes(data, material.name), limits=KEPT_LIMITS, reduce_to=side)


def _read_mask(material: Material, person: Picture) -> Mask:
    """White is to be changed; what is transparent is not. Of the person's size."""
    from PIL.Image import Resampling, fromarray

    photo = _read(material, PERSON_SIDE)
    mask: Mask = photo.picture.max(axis=2)
    if photo.alpha is not None:
        mask = np.minimum(mask, photo.alpha)
    height, width = person.shape[:2]
    if mask.shape != (height, width):
        mask = np.asarray(fromarray(mask).resize((width, height), Resampling.BILINEAR))
    return mask


# ---- the engine


def _dress_twice(
    engine: Engine, dressing: Dressing, asked: TryOnRequest, errands: Errands | None, report: Report
) -> tuple[TryOnResult, bytes | Picture]:
    """The lower garment first, then the upper one on that picture; both, and the first one's picture."""
    upper, lower = dressing.garments
    assert asked.lower is not None
    only_lower = replace(asked, garment=asked.lower, lower=None, kind=lower.kind)
    if dressing.first is not None:
        worn = read_photo(dressing.first, limits=KEPT_LIMITS).picture
        before: TryOnResult | None = None
    else:
        before = engine.try_on(replace(only_lower, errand=errands(0) if errands else None), _part(report, 0, 2))
        worn = before.image
    on_that = replace(asked, person=worn, lower=None, kind=upper.kind, description=dressing.description)
    result = engine.try_on(replace(on_that, errand=errands(1) if errands else None), _part(report, 1, 2))
    if before is None:
        changed = np.maximum(result.mask, _differences(asked.person, worn))
        return replace(result, mask=changed), dressing.first or worn
    notes = (*before.notes, *(note for note in result.notes if note not in before.notes))
    both = replace(
        result,
        mask=np.maximum(before.mask, result.mask),
        confidence=min(before.confidence, result.confidence),
        notes=notes,
    )
    return both, worn


def _differences(photo: Picture, changed: Picture) -> Mask:
    """Where ``changed`` is not ``photo``, 255."""
    if photo.shape != changed.shape:
        return np.full(photo.shape[:2], 255, np.uint8)
    return np.where((photo != changed).any(axis=2), np.uint8(255), np.uint8(0))


def _part(report: Report, run: int, runs: int) -> Report:
    """``report`` for run number ``run`` of ``runs``, whose own progress goes from 0 to 1."""

    def of_run(fraction: float, stage: str) -> None:
        share = (run + min(1.0, max(0.0, fraction))) / runs
        report(BEGUN + (MADE - BEGUN) * share, stage)

    return of_run


# ---- the file


def _finish(
    dressing: Dressing,
    result: TryOnResult,
    first: bytes | Picture | None,
    seconds: float,
    analyses: Mapping[str, Mapping[str, bytes]],
) -> Dressed:
    """The signed picture, and beside that what else is made of its pixels."""
    with ThreadPoolExecutor(1, "appearance") as beside:
        appearance = beside.submit(describe_pixels, result.image)
        mask = beside.submit(encode_picture, result.mask, ".png")
        kept_first = beside.submit(lambda: first if first is None or isinstance(first, bytes) else _as_png(first))
        data = dressing.signer.sign(
            encode_picture(result.image, ".png", source_type=result.source_type),
            source_type=result.source_type,
            engine=result.engine,
            made_at=datetime.now(UTC),
        )
        height, width = result.image.shape[:2]
        return Dressed(
            made=make_known(data, width, height, appearance.result()),
            mask=mask.result(),
            first=kept_first.result(),
            engine=result.engine,
            seconds=seconds,
            confidence=float(result.confidence),
            notes=result.notes,
            source_type=result.source_type,
            analyses=analyses,
        )


def _as_png(picture: Picture) -> bytes:
    return encode_picture(picture, ".png")
