"""The engine ``instant``: a fitting by geometry, on any CPU, in a fraction of a second.

    photo   → find and parse the person ┐
                                        ├→ fit → drape → shade → layer → picture
    garment → cut out and measure       ┘

See ``docs/concepts/instant-engine.md`` for the whole story.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

import numpy as np

from vtonlab.engines import contract
from vtonlab.engines.contract import Capabilities, GarmentKind, Health, HealthStatus, Note, Picture, Report
from vtonlab.engines.contract import TryOnRequest, TryOnResult, silent
from vtonlab.engines.instant.advice import judge
from vtonlab.engines.instant.finish import finish
from vtonlab.engines.instant.garment import advise_garment, analyse_garment
from vtonlab.engines.instant.illustrate import illustrate_garment
from vtonlab.engines.instant.outfit import drape, dress
from vtonlab.engines.instant.person import advise_person, analyse_person, working_picture
from vtonlab.engines.instant.portrait import draw_person
from vtonlab.engines.instant.records import Garment, Person
from vtonlab.engines.instant.reveal import undress
from vtonlab.engines.instant.shade import read_light
from vtonlab.engines.instant.storage import pack, unpack_garment, unpack_person
from vtonlab.errors import BadOption, Text

T = TypeVar("T")


class Options(contract.Options):
    """What can be asked of this engine."""

    working_height: int = 1024
    """Height in px at which the fitting is worked out; smaller is faster."""


class InstantEngine:
    """The built-in engine. One object may be used from several threads."""

    name = "instant"
    title = Text("Instant fitting (this computer)", "即时试衣（本机）")
    capabilities = Capabilities(
        outfits=True, analyses=True, advice=True, code_licence="Apache-2.0",
        weights_licence="Apache-2.0 (MediaPipe pose and segmentation models)", commercial_use=True,
    )
    Options = Options

    def __init__(self) -> None:
        self._kept = _Shelf(24)

    def health(self) -> Health:
        """Always able to work once its libraries are installed."""
        return Health(HealthStatus.OK, Text("Ready; runs on this machine.", "已就绪，在本机运行。"))

    def analyse_person(self, photo: Picture) -> bytes:
        """What is to be known of a person, for keeping beside the photo. Raises NoPersonFound."""
        return pack(analyse_person(photo))

    def analyse_garment(self, photo: Picture, kind: GarmentKind = GarmentKind.AUTO) -> bytes:
        """What is to be known of a garment, for keeping beside the photo. Raises GarmentNotUnderstood."""
        return pack(analyse_garment(photo, kind))

    def advise(self, photo: Picture, role: str = "person") -> tuple[Note, ...]:
        """What would make a photo work better; ``role`` is ``person`` or ``garment``."""
        return advise_garment(photo) if role == "garment" else advise_person(photo)

    def illustrate(self, photo: Picture, role: str = "person") -> Picture:
        """What is found out about a photo of a ``person`` or a ``garment``, drawn on it."""
        if role == "garment":
            return illustrate_garment(analyse_garment(photo))
        return draw_person(photo, analyse_person(photo))

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        """Dress the person in the garment; with ``request.lower`` in both, the lower one first."""
        options = _options(request)
        clock = _Clock(report)
        person = clock.time(0.0, "person", lambda: self._person(request, options.working_height))
        upper = clock.time(0.4, "garment", lambda: self._garment(request.garment, request.kind, request.garment_analysis))
        garments = [upper]
        if request.lower is not None:
            lower_photo = request.lower
            lower = clock.time(
                0.6, "garment", lambda: self._garment(lower_photo, GarmentKind.LOWER, request.lower_analysis)
            )
            garments = [lower, upper]
        picture = working_picture(request.person, person.frame)
        key = _fingerprint(request.person)
        worn = picture
        notes: list[Note] = list(person.notes)
        confidence = 1.0
        for step, garment in enumerate(garments):
            draped = clock.time(0.7 + 0.1 * step, "drape", lambda g=garment: drape(person, g))
            worn_now = worn
            if step == 0:
                bare, light = clock.time(
                    0.8, "reveal", lambda k=garment.kind: self._kept.get(
                        (key, options.working_height, k), lambda: (undress(picture, person, k), read_light(picture, person, k))
                    ),
                )
            else:
                bare, light = undress(worn_now, person, garment.kind), read_light(picture, person, garment.kind)
            worn = clock.time(0.85, "layer", lambda b=bare, li=light, d=draped, w=worn_now: dress(w, person, b, li, d))
            share, said = judge(person, garment, draped, bare)
            confidence = min(confidence, share)
            notes += [note for note in (*garment.notes, *said) if note not in notes]
        image, mask = clock.time(0.95, "finish", lambda: finish(request.person, person.frame, picture, worn))
        report(1.0, "done")
        return TryOnResult(image, mask, self.name, confidence, tuple(notes), clock.seconds)

    def _person(self, request: TryOnRequest, height: int) -> Person:
        if request.person_analysis is None:
            return self._kept.get(
                ("person", _fingerprint(request.person), height), lambda: analyse_person(request.person, height)
            )
        data = request.person_analysis
        return self._kept.get(("person", hashlib.sha256(data).digest()), lambda: _unpacked(data, unpack_person, lambda: analyse_person(request.person, height)))

    def _garment(self, photo: Picture, kind: GarmentKind, data: bytes | None) -> Garment:
        if data is None:
            return self._kept.get(("garment", _fingerprint(photo), kind), lambda: analyse_garment(photo, kind))
        return self._kept.get(("garment", hashlib.sha256(data).digest(), kind), lambda: _unpacked(data, unpack_garment, lambda: analyse_garment(photo, kind)))


def _unpacked(data: bytes, unpack: Callable[[bytes], T], again: Callable[[], T]) -> T:
    """The kept analysis, or a new one where it comes from another version of the program."""
    try:
        return unpack(data)
    except ValueError:
        return again()


def _options(request: TryOnRequest) -> Options:
    try:
        return Options.model_validate(dict(request.options))
    except ValueError as error:
        option, reason = _first_fault(error)
        raise BadOption(option=option, reason=reason) from error


def _first_fault(error: ValueError) -> tuple[str, str]:
    """Name and reason of the first option a pydantic error complains about."""
    faults = getattr(error, "errors", lambda: [])()
    if not faults:
        return "?", "not understood"
    return ".".join(str(part) for part in faults[0]["loc"]) or "?", str(faults[0]["msg"])


def _fingerprint(picture: Picture) -> bytes:
    """Identity of a picture's pixels."""
    digest = hashlib.blake2b(np.ascontiguousarray(picture).data, digest_size=16)
    digest.update(repr(picture.shape).encode())
    return digest.digest()


class _Clock:
    """Times the stages and tells their names as they begin."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.seconds: dict[str, float] = {}

    def time(self, fraction: float, stage: str, work: Callable[[], T]) -> T:
        self._report(fraction, stage)
        start = time.perf_counter()
        done = work()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start
        return done


class _Shelf:
    """The last few things made, so that turning hangers before one person costs only the fitting."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._things: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                return self._things[key]  # type: ignore[return-value]
        made = make()
        with self._lock:
            self._things[key] = made
            while len(self._things) > self._room:
                self._things.popitem(last=False)
        return made
