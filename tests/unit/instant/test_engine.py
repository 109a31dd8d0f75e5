"""The engine as others use it: dressed pictures, what it keeps, what it refuses, and that it repeats itself exactly."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.drawn_clothes import LONG, SKIRT, Lower, Upper, draw_lower, draw_upper
from tests.drawn_people import Drawn, Figure, draw_person

from vtonlab.engines.contract import GarmentKind, Picture, TryOnRequest, TryOnResult
from vtonlab.engines.instant import engine as module
from vtonlab.engines.instant.engine import InstantEngine
from vtonlab.engines.instant.records import Garment, Label
from vtonlab.engines.instant.storage import pack
from vtonlab.errors import BadOption, Cancelled, VtonError

ROOT = Path(__file__).parents[3]
WHITE = np.full((64, 64, 3), 255, np.uint8)
"""Stands for a garment's photo where its analysis is handed in."""


def request_of(drawn: Drawn, cloth: Garment, **more: object) -> TryOnRequest:
    """A request with both analyses known, so that nothing has to be looked for."""
    known = TryOnRequest(
        person=drawn.picture, garment=WHITE, person_analysis=pack(drawn.person), garment_analysis=pack(cloth)
    )
    return replace(known, **more)  # type: ignore[arg-type]


def test_a_person_is_dressed_and_told_how_surely() -> None:
    drawn = draw_person(Figure())
    result = InstantEngine().try_on(request_of(drawn, draw_upper(Upper())))
    assert result.engine == "instant"
    assert result.image.shape == drawn.picture.shape
    assert result.image.dtype == result.mask.dtype == np.uint8
    assert set(np.unique(result.mask)) <= {0, 255}
    assert 0.3 < result.confidence <= 1
    changed = (np.abs(result.image.astype(int) - drawn.picture).max(2) > 30).mean()
    assert 0.08 < changed < 0.3
    assert np.array_equal(result.image[result.mask == 0], drawn.picture[result.mask == 0])
    assert list(result.timings) == ["person", "garment", "drape", "reveal", "layer", "finish"]


def test_covering_less_than_was_worn_is_less_sure() -> None:
    engine = InstantEngine()
    same = engine.try_on(request_of(draw_person(Figure(sleeves=1.0)), draw_upper(LONG)))
    less = engine.try_on(request_of(draw_person(Figure(sleeves=1.0)), draw_upper(Upper(hem=(132, 330)))))
    assert less.confidence < same.confidence
    assert "much_invented" in {note.code for note in less.notes}
    assert "much_invented" not in {note.code for note in same.notes}


def test_an_outfit_is_put_on_in_one_go() -> None:
    drawn = draw_person(Figure())
    request = request_of(drawn, draw_upper(Upper()), lower=WHITE[:60], lower_analysis=pack(draw_lower(Lower())))
    result = InstantEngine().try_on(request).image
    for label, colour in ((Label.UPPER, Upper().colour), (Label.LOWER, Lower().colour)):
        worn = cv2.erode((drawn.person.labels == label).astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
        apart = np.median(result[worn].astype(int) - colour, axis=0)
        assert np.abs(apart).max() < 30, label


# ------------------------------------------------------------------------------------------------ always the same


def fingerprint(result: TryOnResult) -> str:
    return hashlib.sha256(result.image.tobytes() + result.mask.tobytes()).hexdigest()


DRESS_ELSEWHERE = """
import tests.unit.instant.test_engine as t
print(t.fingerprint(t.dress_plainly()))
"""


def dress_plainly() -> TryOnResult:
    return InstantEngine().try_on(request_of(draw_person(Figure(sleeves=1.0)), draw_upper(Upper(print="check"))))


def test_the_same_pictures_give_the_same_pixels_in_another_process() -> None:
    command = [sys.executable, "-c", DRESS_ELSEWHERE]
    there = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    assert there == fingerprint(dress_plainly())


def test_several_threads_get_what_one_gets() -> None:
    people = [draw_person(Figure()), draw_person(Figure(sleeves=1.0))]
    clothes = [draw_upper(Upper()), draw_upper(LONG), draw_lower(SKIRT)]
    requests = [request_of(drawn, garment) for drawn in people for garment in clothes]
    alone = [fingerprint(InstantEngine().try_on(request)) for request in requests]
    engine = InstantEngine()
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda request: fingerprint(engine.try_on(request)), requests * 2))
    assert together == alone * 2


def test_what_was_worn_before_does_not_change_the_next_picture() -> None:
    drawn = draw_person(Figure())
    engine = InstantEngine()
    first = fingerprint(engine.try_on(request_of(drawn, draw_upper(Upper()))))
    engine.try_on(request_of(drawn, draw_lower(SKIRT)))
    engine.try_on(request_of(draw_person(Figure(sleeves=1.0)), draw_upper(LONG)))
    assert fingerprint(engine.try_on(request_of(drawn, draw_upper(Upper())))) == first


def test_the_request_s_pictures_are_left_as_they_were() -> None:
    drawn = draw_person(Figure())
    before = drawn.picture.copy()
    result = InstantEngine().try_on(request_of(drawn, draw_upper(Upper())))
    assert np.array_equal(drawn.picture, before)
    assert not np.shares_memory(result.image, drawn.picture)


# ------------------------------------------------------------------------------------------------ sizes


@pytest.mark.parametrize("enlarged", [1, 2, 3])
def test_a_larger_photo_keeps_its_own_resolution(enlarged: int) -> None:
    """Fine detail beside the clothes is the photo's own, whatever size the work was done at."""
    drawn = draw_person(Figure())
    height, width = (side * enlarged for side in drawn.picture.shape[:2])
    photo = np.asarray(cv2.resize(drawn.picture, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    photo ^= np.random.default_rng(0).integers(0, 4, photo.shape, dtype=np.uint8)
    frame = replace(drawn.person.frame, scale=1 / enlarged, source_width=width, source_height=height)
    known = pack(replace(drawn.person, frame=frame))
    result = InstantEngine().try_on(request_of(drawn, draw_upper(Upper()), person=photo, person_analysis=known))
    assert result.image.shape == photo.shape
    assert np.array_equal(result.image[result.mask == 0], photo[result.mask == 0])
    head = slice(0, int(0.12 * height))
    assert np.array_equal(result.image[head], photo[head])
    assert 0.05 < (result.mask > 0).mean() < 0.35


def shirt_on_white() -> Picture:
    garment = draw_upper(Upper(print="stripes"))
    share = garment.alpha[..., None] / 255
    return np.asarray(garment.picture * share + 255 * (1 - share), np.uint8)


def insist_on_a_result_or_our_error(photo: Picture) -> None:
    """No crash but our own errors; what lies outside the mask is untouched."""
    try:
        result = InstantEngine().try_on(TryOnRequest(photo, shirt_on_white(), GarmentKind.UPPER))
    except VtonError:
        return
    assert result.image.shape == photo.shape
    assert np.array_equal(result.image[result.mask == 0], photo[result.mask == 0])
    assert 0 <= result.confidence <= 1


sizes = st.tuples(st.integers(48, 900), st.integers(48, 900))
turns = st.one_of(st.sampled_from([0.0, 90.0, 180.0, 270.0]), st.floats(-40, 40))
SLOW = {"deadline": None, "phases": (Phase.explicit, Phase.generate), "suppress_health_check": list(HealthCheck)}


def turned(size: tuple[int, int], turn: float) -> Picture:
    drawn = draw_person(Figure(seed=3))
    move = cv2.getRotationMatrix2D((192, 256), turn, 1.0)
    picture = cv2.warpAffine(drawn.picture, move, (384, 512), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


@settings(max_examples=5, **SLOW)  # type: ignore[arg-type]
@given(sizes, turns)
def test_any_size_and_turn_gives_a_result_or_our_own_error(size: tuple[int, int], turn: float) -> None:
    insist_on_a_result_or_our_error(turned(size, turn))


@pytest.mark.deep
@settings(max_examples=200, **SLOW)  # type: ignore[arg-type]
@given(sizes, turns)
def test_any_size_and_turn_gives_a_result_or_our_own_error_at_length(size: tuple[int, int], turn: float) -> None:
    insist_on_a_result_or_our_error(turned(size, turn))


@pytest.mark.parametrize("kind", ["noise", "flat", "black", "stripes"])
def test_pictures_of_nothing_are_refused_or_left(kind: str) -> None:
    pictures = {
        "noise": np.random.default_rng(0).integers(0, 256, (200, 160, 3), dtype=np.uint8),
        "flat": np.full((200, 160, 3), 128, np.uint8),
        "black": np.zeros((200, 160, 3), np.uint8),
        "stripes": np.tile(np.repeat(np.array([0, 255], np.uint8), 8)[None, :, None], (200, 10, 3)),
    }
    insist_on_a_result_or_our_error(pictures[kind])
    request = request_of(draw_person(Figure()), draw_upper(Upper()), garment=pictures[kind], garment_analysis=None)
    try:
        InstantEngine().try_on(request)
    except VtonError:
        return


# ------------------------------------------------------------------------------------------------ what it keeps


def test_a_person_is_understood_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = draw_person(Figure())
    asked: list[int] = []

    def find(photo: Picture, height: int) -> object:
        asked.append(height)
        return drawn.person

    monkeypatch.setattr(module, "analyse_person", find)
    engine = InstantEngine()
    request = replace(request_of(drawn, draw_upper(Upper())), person_analysis=None)
    first, second = engine.try_on(request), engine.try_on(request)
    assert asked == [1024]
    assert fingerprint(first) == fingerprint(second)
    engine.try_on(replace(request, options={"working_height": 512}))
    assert asked == [1024, 512]


@pytest.mark.parametrize("spoilt", [b"", b"not ours", b"VTLinst\0" + b"\0" * 40])
def test_an_analysis_that_is_not_known_is_made_anew(monkeypatch: pytest.MonkeyPatch, spoilt: bytes) -> None:
    drawn = draw_person(Figure())
    monkeypatch.setattr(module, "analyse_person", lambda *_: drawn.person)
    request = request_of(drawn, draw_upper(Upper()))
    wanted = fingerprint(InstantEngine().try_on(request))
    assert fingerprint(InstantEngine().try_on(replace(request, person_analysis=spoilt))) == wanted


# ------------------------------------------------------------------------------------------------ manners


def test_progress_rises_and_names_its_stages() -> None:
    told: list[tuple[float, str]] = []
    InstantEngine().try_on(request_of(draw_person(Figure()), draw_upper(Upper())), lambda *step: told.append(step))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert (fractions[0], told[-1]) == (0.0, (1.0, "done"))
    assert {"person", "garment", "drape", "layer"} <= {stage for _, stage in told}


def test_a_fitting_can_be_stopped_at_every_stage() -> None:
    request = request_of(draw_person(Figure()), draw_upper(Upper()))
    stages: list[str] = []
    InstantEngine().try_on(request, lambda _, stage: stages.append(stage))
    for wanted in set(stages):

        def stop(_: float, stage: str, wanted: str = wanted) -> None:
            if stage == wanted:
                raise Cancelled

        with pytest.raises(Cancelled):
            InstantEngine().try_on(request, stop)


@pytest.mark.parametrize("options", [{"working_height": "tall"}, {"working_height": 10}, {"colour": "red"}])
def test_options_it_does_not_have_are_named(options: dict[str, object]) -> None:
    with pytest.raises(BadOption) as caught:
        InstantEngine().try_on(request_of(draw_person(Figure()), draw_upper(Upper()), options=options))
    assert next(iter(options)) in str(caught.value)
