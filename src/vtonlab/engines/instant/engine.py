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
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, TypeVar

import numpy as np
from pydantic import Field, ValidationError

from vtonlab.engines import contract
from vtonlab.engines.contract import (
    Capabilities,
    Finding,
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
from vtonlab.engines.instant import advice, garment_advice, person_notes
from vtonlab.engines.instant.advice import judge
from vtonlab.engines.instant.finish import finish
from vtonlab.engines.instant.garment import advise_garment, analyse_garment
from vtonlab.engines.instant.hang import Tuck
from vtonlab.engines.instant.illustrate import illustrate_garment
from vtonlab.engines.instant.outfit import drape, dress, wearing_now
from vtonlab.engines.instant.person import advise_person, analyse_person, working_picture
from vtonlab.engines.instant.portrait import draw_person
from vtonlab.engines.instant.records import Garment, Person
from vtonlab.engines.instant.reveal import Undressed, keep_on, undress
from vtonlab.engines.instant.shade import Light, read_light
from vtonlab.engines.instant.storage import pack, unpack_garment, unpack_person
from vtonlab.errors import BadOption, Text

T = TypeVar("T")


class Options(contract.Options):
    """What can be asked of this engine."""

    working_height: Annotated[int, Field(ge=384, le=2048)] = 1024
    """Height in px at which the fitting is worked out; smaller is faster."""
    tuck: Tuck = Tuck.AUTO
    """Whether a top goes into the waistband: as the present one is worn, always, or never."""


class InstantEngine:
    """The built-in engine. One object may be used from several threads."""

    name = "instant"
    title = Text("Instant fitting (this computer)", "即时试衣（本机）")
    capabilities = Capabilities(
        outfits=True, analyses=True, advice=True, code_licence="Apache-2.0",
        weights_licence="Apache-2.0 (MediaPipe pose and segmentation models)", commercial_use=True,
    )
    Options = Options
    all_notes = (*advice.EVERY, *person_notes.EVERY, *garment_advice.EVERY)

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

    def explain(self, analysis: bytes) -> Finding | None:
        """What a kept analysis says; None for one of an older version."""
        for unpack in (unpack_garment, unpack_person):
            try:
                record = unpack(analysis)
            except ValueError:
                continue
            kind = record.kind if isinstance(record, Garment) else None
            return Finding(kind, record.certainty, record.notes)
        return None

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
        person, garments = self._analyses(request, options.working_height, clock)
        before = working_picture(request.person, person.frame)
        after, confidence = before, 1.0
        notes: list[Note] = list(person.notes)
        for garment in garments:
            draped = clock.time(0.7, "drape", partial(drape, person, garment, options.tuck))
            bare, light = clock.time(0.8, "reveal", partial(self._prepared, request, before, after, person, garment))
            after = clock.time(0.85, "layer", partial(dress, after, person, bare, light, draped))
            share, said = judge(person, garment, draped, bare)
            confidence = min(confidence, share)
            if garment is not garments[-1]:
                person = wearing_now(person, bare, draped)
            notes += [note for note in (*garment.notes, *said) if note not in notes]
        image, mask = clock.time(0.95, "finish", partial(finish, request.person, person.frame, before, after))
        report(1.0, "done")
        return TryOnResult(image, mask, self.name, confidence, tuple(notes), clock.seconds)

    def _analyses(self, request: TryOnRequest, height: int, clock: _Clock) -> tuple[Person, list[Garment]]:
        """Person and garments; side by side where neither was kept.

        The two analyses know nothing of each other, and most of both is done without Python's lock.
        """
        make_person, make_garments = partial(self._person, request, height), partial(self._garments, request)
        if request.person_analysis is not None or request.garment_analysis is not None:
            return clock.time(0.0, "person", make_person), clock.time(0.4, "garment", make_garments)
        with ThreadPoolExecutor(1, "garment") as beside:
            coming = beside.submit(make_garments)
            return clock.time(0.0, "person", make_person), clock.time(0.4, "garment", coming.result)

    def _prepared(
        self, request: TryOnRequest, before: Picture, now: Picture, person: Person, garment: Garment
    ) -> tuple[Undressed, Light]:
        """What the garment has to know of the person; what lies under the first one is kept for the next hanger."""
        make = partial(_prepare, now, person, garment)
        if now is not before:
            return make()
        key = ("bare", _fingerprint(request.person), before.shape, garment.kind, garment.open_front)
        return self._kept.get(key, make)

    def _garments(self, request: TryOnRequest) -> list[Garment]:
        """What is put on, in the order in which it is put on."""
        upper = self._garment(request.garment, request.kind, request.garment_analysis)
        if request.lower is None:
            return [upper]
        return [self._garment(request.lower, GarmentKind.LOWER, request.lower_analysis), upper]

    def _person(self, request: TryOnRequest, height: int) -> Person:
        photo, data = request.person, request.person_analysis
        make = partial(analyse_person, photo, height)
        if data is None:
            return self._kept.get(("person", _fingerprint(photo), height), make)
        return self._kept.get(("person", _digest(data)), partial(_unpacked, data, unpack_person, make))

    def _garment(self, photo: Picture, kind: GarmentKind, data: bytes | None) -> Garment:
        make = partial(analyse_garment, photo, kind)
        if data is None:
            return self._kept.get(("garment", _fingerprint(photo), kind), make)
        return self._kept.get(("garment", _digest(data), kind), partial(_unpacked, data, unpack_garment, make))


def _prepare(picture: Picture, person: Person, garment: Garment) -> tuple[Undressed, Light]:
    """What a garment of this kind needs to know of the person besides their shape."""
    bare = keep_on(picture, person) if garment.open_front else undress(picture, person, garment.kind)
    return bare, read_light(picture, person, garment.kind)


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
    if not isinstance(error, ValidationError):
        return "?", "not understood"
    faults = error.errors()
    return ".".join(str(part) for part in faults[0]["loc"]) or "?", str(faults[0]["msg"])


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


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
