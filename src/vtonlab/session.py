"""The library's front door: dress people and draw from words, with any engine, from whatever a picture comes in."""

from __future__ import annotations

import dataclasses
import hashlib
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from vtonlab.engines import registry
from vtonlab.engines.contract import (
    AdvisingEngine,
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
    silent,
)
from vtonlab.engines.generating import GenerateRequest, GenerateResult, GeneratingEngine
from vtonlab.equip import find_engine
from vtonlab.errors import BadOption, EngineUnavailable, Text, WrongKind
from vtonlab.imaging.colour import lay_on_contrast
from vtonlab.imaging.read import Limits, Photo, Source, from_array, from_pillow, read_photo

if TYPE_CHECKING:
    from PIL.Image import Image

AnyPicture: TypeAlias = "Source | Image | NDArray[np.uint8]"
"""A path, bytes, an open binary file, a Pillow image, or an array ``(H, W)``, ``(H, W, 3)`` or ``(H, W, 4)`` uint8."""

Role = Literal["person", "garment", "auto"]

LARGEST_PERSON: Final = 8192
"""Longer side, px, beyond which a person's photo is reduced: 50 megapixels at 4:3, as the largest phones take. It
bounds the memory that composing at the photo's own resolution takes."""

LARGEST_GARMENT: Final = 2048
"""Longer side, px, of garment photos; engines measure garments at half of that."""

PHOTO_LIMITS: Final = Limits(least_side=64)
"""Under 64 pixels neither a face nor a collar can be made out."""

_SHRUNK: Final = Note(
    "photo_reduced",
    "info",
    Text(
        f"The photo is very large; the result is {LARGEST_PERSON} pixels on its longer side.",
        f"照片非常大，结果图的长边为 {LARGEST_PERSON} 像素。",
    ),
)

_DRAWS_NOTHING: Final = Text("this engine draws nothing from words", "该引擎不能根据文字生成图片")


def try_on(
    person: AnyPicture,
    garment: AnyPicture,
    engine: str | Engine = registry.DEFAULT_ENGINE,
    kind: str | GarmentKind = GarmentKind.AUTO,
    lower: AnyPicture | None = None,
    *,
    mask: Mask | None = None,
    description: str = "",
    report: Report = silent,
    **options: Any,
) -> TryOnResult:
    """Dress ``person`` in ``garment``, and in ``lower`` too where it is given (``garment`` is then the upper one).

    ``kind`` is ``auto``, ``upper``, ``lower`` or ``dress``; ``engine`` is the name of an installed engine, or an
    engine; ``options`` are that engine's own. What an engine needs, such as an address or a key, is read from the
    environment (``VTONLAB_*``). Raises the errors of :mod:`vtonlab.errors`.
    """
    return Session(person, engine, keep=0).try_on(
        garment, kind=kind, lower=lower, mask=mask, description=description, report=report, **options
    )


def generate(
    prompt: str,
    *,
    references: Sequence[AnyPicture] = (),
    aspect_ratio: str = "1:1",
    resolution: str = "1K",
    engine: str | Engine = registry.DEFAULT_GENERATOR,
    model: str = "",
    negative_prompt: str = "",
    seed: int | None = None,
    report: Report = silent,
) -> GenerateResult:
    """Draw a picture from words, and from ``references``, pictures that the words may speak of by number.

    ``aspect_ratio`` is width to height (``"3:4"``), ``resolution`` ``1K``, ``2K`` or ``4K`` (about 1024, 2048 or 4096
    pixels on the longer side), ``model`` one of ``engine.models()``, ``seed`` 0 to 2**31 - 1. Engines that work
    elsewhere mostly cost money; what they need is read from the environment (``VTONLAB_GEMINI_API_KEY``).

        >>> from vtonlab.engines.sandbox import SandboxEngine
        >>> sandbox = SandboxEngine()
        >>> sandbox.equip({"on": True})
        >>> generate("a red coat on a wooden hanger", aspect_ratio="3:4", engine=sandbox).image.shape
        (1024, 768, 3)

    Raises the errors of :mod:`vtonlab.errors`: ``BadOption`` for what the model does not do, ``PromptRefused`` where a
    safety filter said no, ``NoPicture``, ``QuotaExceeded``, ``KeyRefused``, ``EngineNotSetUp``, ``EngineTimeout`` …
    """
    drawer = _find_engine(engine)
    if not isinstance(drawer, GeneratingEngine) or not drawer.capabilities.generate:
        raise BadOption(option="engine", reason=_DRAWS_NOTHING)
    request = GenerateRequest(
        prompt=prompt,
        references=tuple(as_garment(picture) for picture in references),
        negative_prompt=negative_prompt,
        aspect_ratio=aspect_ratio,
        resolution=resolution,
        model=model,
        seed=seed,
    )
    return drawer.generate(request, report)


def advise(
    picture: AnyPicture, role: Role = "auto", engine: str | Engine = registry.DEFAULT_ENGINE
) -> tuple[Note, ...]:
    """What would make a photo of a person, or of a garment, work better; nothing to say is good news.

    ``auto`` looks for a person first. Raises the errors of :mod:`vtonlab.errors` where the picture cannot be read.
    """
    adviser = _find_engine(engine)
    if not isinstance(adviser, AdvisingEngine):
        raise EngineUnavailable(engine=adviser.name)
    pixels = as_garment(picture) if role == "garment" else as_person(picture).picture
    if role != "auto":
        return adviser.advise(pixels, role)
    of_person = adviser.advise(pixels, "person")
    if not _hopeless(of_person):
        return of_person
    of_garment = adviser.advise(pixels, "garment")
    return of_person if _hopeless(of_garment) else of_garment


class Session:
    """One person before many hangers, or many people before one: what is found out about a picture is kept.

        >>> from vtonlab.imaging.mannequin import draw_person, draw_shirt
        >>> session = Session(draw_person())
        >>> session.try_on(draw_shirt()).engine
        'instant'

    It may be used from several threads. ``keep`` is the number of analyses held, each a fraction of a megabyte.
    """

    def __init__(
        self, person: AnyPicture | None = None, engine: str | Engine = registry.DEFAULT_ENGINE, *, keep: int = 64
    ) -> None:
        self._person = None if person is None else as_person(person)
        self.engine = _find_engine(engine)
        self._keep = keep
        self._analyses: OrderedDict[tuple[bytes, str], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def try_on(
        self,
        garment: AnyPicture,
        *,
        person: AnyPicture | None = None,
        kind: str | GarmentKind = GarmentKind.AUTO,
        lower: AnyPicture | None = None,
        mask: Mask | None = None,
        description: str = "",
        report: Report = silent,
        errand: Errand | None = None,
        **options: Any,
    ) -> TryOnResult:
        """As :func:`try_on`, for the session's person or for ``person``. ``errand`` is told before pictures leave the
        machine."""
        photo = self._person if person is None else as_person(person)
        if photo is None:
            raise TypeError("neither this session nor this call was given a person")
        request = TryOnRequest(
            person=photo.picture,
            garment=as_garment(garment),
            kind=as_kind(kind),
            lower=None if lower is None else as_garment(lower),
            mask=mask,
            description=description,
            options=options,
            errand=errand,
        )
        if request.lower is not None and not self.engine.capabilities.outfits:
            result = _try_on_twice(self.engine, request, report)
        else:
            result = self.engine.try_on(self._with_analyses(request), report)
        if max(photo.width, photo.height) > LARGEST_PERSON:
            result = dataclasses.replace(result, notes=(*result.notes, _SHRUNK))
        return result

    def _with_analyses(self, request: TryOnRequest) -> TryOnRequest:
        engine = self.engine
        if not self._keep or not isinstance(engine, AnalysingEngine):
            return request
        kind, lower = request.kind, request.lower
        return dataclasses.replace(
            request,
            person_analysis=self._kept(request.person, "person", lambda: engine.analyse_person(request.person)),
            garment_analysis=self._kept(request.garment, kind, lambda: engine.analyse_garment(request.garment, kind)),
            lower_analysis=lower
            if lower is None
            else self._kept(lower, GarmentKind.LOWER, lambda: engine.analyse_garment(lower, GarmentKind.LOWER)),
        )

    def _kept(self, picture: Picture, role: str, analyse: Callable[[], bytes]) -> bytes:
        key = fingerprint(picture), role
        with self._lock:
            if key in self._analyses:
                self._analyses.move_to_end(key)
                return self._analyses[key]
        analysis = analyse()
        with self._lock:
            self._analyses[key] = analysis
            while len(self._analyses) > self._keep:
                self._analyses.popitem(last=False)
        return analysis


def _try_on_twice(engine: Engine, request: TryOnRequest, report: Report) -> TryOnResult:
    """An outfit by an engine that knows one garment: the lower one first, the upper one on that picture."""
    assert request.lower is not None
    kind = GarmentKind.UPPER if request.kind is GarmentKind.AUTO else request.kind
    lower = dataclasses.replace(request, garment=request.lower, lower=None, kind=GarmentKind.LOWER, description="")
    before = engine.try_on(lower, lambda fraction, stage: report(fraction / 2, stage))
    upper = dataclasses.replace(request, person=before.image, lower=None, kind=kind)
    after = engine.try_on(upper, lambda fraction, stage: report(0.5 + fraction / 2, stage))
    stages = (*before.timings, *after.timings)
    return dataclasses.replace(
        after,
        mask=np.maximum(before.mask, after.mask),
        confidence=min(before.confidence, after.confidence),
        notes=(*before.notes, *(note for note in after.notes if note not in before.notes)),
        timings={stage: before.timings.get(stage, 0.0) + after.timings.get(stage, 0.0) for stage in stages},
    )


def as_person(source: AnyPicture) -> Photo:
    """The photo of a person in ``source``, at most :data:`LARGEST_PERSON` pixels long. Raises ``BadInput``."""
    return _as_photo(source, LARGEST_PERSON)


def as_garment(source: AnyPicture) -> Picture:
    """The photo of a garment, or a reference picture, in ``source``, at most :data:`LARGEST_GARMENT` pixels long.
    Raises ``BadInput``.

    A garment that is cut out already (transparent around) lies on a plain ground that sets it off.
    """
    photo = _as_photo(source, LARGEST_GARMENT)
    return photo.picture if photo.alpha is None else lay_on_contrast(photo.picture, photo.alpha)


def as_kind(kind: str) -> GarmentKind:
    """The garment kind of that name. Raises ``WrongKind``."""
    try:
        return GarmentKind(kind)
    except ValueError as error:
        raise WrongKind(asked=kind, known=", ".join(GarmentKind)) from error


def fingerprint(picture: Picture) -> bytes:
    """Identity of a picture's pixels: 16 bytes, equal for equal pictures."""
    digest = hashlib.blake2b(repr(picture.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(picture).data)
    return digest.digest()


def _as_photo(source: AnyPicture, side: int) -> Photo:
    if isinstance(source, np.ndarray):
        return from_array(source, limits=PHOTO_LIMITS, reduce_to=side)
    # Nobody holds a Pillow image who has not imported Pillow, so it need not be imported to find out.
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(source, pillow.Image):
        return from_pillow(source, limits=PHOTO_LIMITS, reduce_to=side)
    return read_photo(cast("Source", source), limits=PHOTO_LIMITS, reduce_to=side)


def _find_engine(engine: str | Engine) -> Engine:
    return find_engine(engine) if isinstance(engine, str) else engine


def _hopeless(notes: tuple[Note, ...]) -> bool:
    return any(note.level == "problem" for note in notes)
