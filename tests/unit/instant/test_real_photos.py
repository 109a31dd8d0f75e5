"""The same laws on real photos, where there are some: every check that needs no eye."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from benchmarks._geometry import chest_anisotropy, count_folds
from benchmarks._subjects import Subjects, at_size, find_subjects

from vtonlab.engines.contract import GarmentKind, TryOnRequest
from vtonlab.engines.instant.engine import InstantEngine
from vtonlab.engines.instant.outfit import drape
from vtonlab.engines.instant.records import Garment, Person
from vtonlab.engines.instant.storage import unpack_garment, unpack_person

PHOTOS = Path(__file__).parents[4] / "shared/data"

pytestmark = pytest.mark.skipif(not (PHOTOS / "pairs.csv").is_file(), reason="no real photos beside the checkout")


@lru_cache(maxsize=2)
def understood(most: int) -> tuple[Subjects, list[bytes], list[bytes]]:
    """Subjects at 384 × 512 with their analyses."""
    found = find_subjects(PHOTOS, most)
    persons = [at_size(picture, 384, 512) for picture in found.persons]
    engine = InstantEngine()
    return (
        Subjects(persons, found.garments, True), [engine.analyse_person(picture) for picture in persons],
        [engine.analyse_garment(picture, kind) for picture, kind in found.garments],
    )


def pairs_of(most: int) -> list[tuple[Person, Garment]]:
    _, persons, garments = understood(most)
    return [(unpack_person(who), unpack_garment(what)) for who in persons for what in garments]


def insist_on_sound_geometry(most: int) -> None:
    chest = [np.zeros(0, np.float32)]
    folds = cloth = 0
    for person, garment in pairs_of(most):
        draped = drape(person, garment)
        if garment.kind is not GarmentKind.LOWER:
            chest.append(chest_anisotropy(draped.pieces, garment))
        for piece in draped.pieces:
            folded, seen = count_folds(piece)
            folds, cloth = folds + folded, cloth + seen
    assert cloth > 1000
    assert np.percentile(np.concatenate(chest), 95) <= 1.15
    assert folds <= 2e-5 * cloth


def test_prints_keep_their_shape_and_nothing_folds_over() -> None:
    insist_on_sound_geometry(4)


@pytest.mark.deep
def test_prints_keep_their_shape_and_nothing_folds_over_at_length() -> None:
    insist_on_sound_geometry(42)


def test_face_and_background_are_bit_identical() -> None:
    subjects, persons, garments = understood(4)
    engine = InstantEngine()
    for photo, who in zip(subjects.persons, persons, strict=True):
        for (picture, kind), what in zip(subjects.garments, garments, strict=True):
            request = TryOnRequest(photo, picture, kind, person_analysis=who, garment_analysis=what)
            result = engine.try_on(request)
            assert np.array_equal(result.image[result.mask == 0], photo[result.mask == 0])
            person = unpack_person(who)
            if len(person.face) < 3:
                continue
            face = np.zeros(photo.shape[:2], np.uint8)
            outline = person.face / person.frame.scale + [person.frame.x, person.frame.y]
            cv2.fillPoly(face, [np.round(outline).astype(np.int32)], (1,))
            inner = cv2.erode(face, np.ones((5, 5), np.uint8)) > 0
            assert np.array_equal(result.image[inner], photo[inner])


def test_everybody_gets_a_picture() -> None:
    """Every chosen person in every chosen garment is changed where the garment is worn, and nowhere near the edges."""
    subjects, persons, garments = understood(4)
    for photo, who in zip(subjects.persons, persons, strict=True):
        request = TryOnRequest(
            photo, subjects.garments[0][0], subjects.garments[0][1], person_analysis=who, garment_analysis=garments[0]
        )
        result = InstantEngine().try_on(request)
        assert 0.03 < (result.mask > 0).mean() < 0.7
        assert result.confidence > 0.15
