"""What comes to light when a garment is taken off."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from tests.drawn_fittings import POSES, labelled, share_of
from tests.drawn_people import SKIN, TOP, TROUSERS, Drawn, Figure, draw_person

from vtonlab.engines.contract import GarmentKind
from vtonlab.engines.instant.records import Label
from vtonlab.engines.instant.reveal import torso_t, undress

every_pose = pytest.mark.parametrize("pose", POSES)


@every_pose
def test_only_what_is_taken_off_changes(pose: str) -> None:
    drawn = draw_person(POSES[pose])
    undressed = undress(drawn.picture, drawn.person, GarmentKind.UPPER)
    kept = undressed.gone == 0
    assert np.array_equal(undressed.picture[kept], drawn.picture[kept])
    away = cv2.dilate(labelled(drawn, Label.UPPER).astype(np.uint8), np.ones((15, 15), np.uint8)) == 0
    assert (undressed.gone[away] == 0).all()
    assert undressed.gone[drawn.person.mattes[Label.HAIR] == 255].max() == 0


@every_pose
@pytest.mark.parametrize("kind", [GarmentKind.UPPER, GarmentKind.LOWER, GarmentKind.DRESS])
def test_nothing_of_the_old_garment_s_colour_stays(pose: str, kind: GarmentKind) -> None:
    drawn = draw_person(POSES[pose])
    undressed = undress(drawn.picture, drawn.person, kind)
    for label, colour in ((Label.UPPER, TOP), (Label.LOWER, TROUSERS)):
        taken = kind is GarmentKind.DRESS or (kind is GarmentKind.UPPER) == (label is Label.UPPER)
        if not taken:
            continue
        still = share_of(colour, undressed.picture, 9) & labelled(drawn, label)
        if label is Label.LOWER:  # its colour is nearly the ground's: only its darkness tells it
            still &= undressed.picture.max(2) < 110
        assert still.mean() < 2e-4


def test_a_matte_drawn_a_little_too_tight_leaves_no_fringe() -> None:
    """Parsing is right to a pixel or so: the rim beyond the matte goes too, where backdrop or skin takes its place."""
    drawn = draw_person(Figure(sleeves=1.0, arms=((35, 30), (35, 30)), width=512, middle=(256, 130)))
    mattes = drawn.person.mattes.copy()
    tight = cv2.erode(mattes[Label.UPPER], np.ones((3, 3), np.uint8))
    lost = mattes[Label.UPPER] - tight
    mattes[Label.UPPER] = tight
    mattes[Label.BACKGROUND] += lost
    labels = np.asarray(mattes.argmax(0), np.uint8)
    undressed = undress(drawn.picture, replace(drawn.person, mattes=mattes, labels=labels), GarmentKind.UPPER)
    fringe = share_of(TOP, undressed.picture, 20) & (lost > 200)
    assert (lost > 200).sum() > 800
    assert fringe.sum() < 0.02 * (lost > 200).sum()


def test_bared_arms_have_the_skin_of_the_hands() -> None:
    drawn = draw_person(Figure(sleeves=1.0))
    undressed = undress(drawn.picture, drawn.person, GarmentKind.UPPER)
    for side in ("left", "right"):
        inner = cv2.erode(drawn.bare_arms[side], np.ones((9, 9), np.uint8)) > 250
        filled = inner & (undressed.gone > 250)
        assert filled.sum() > 300
        assert difference(undressed.picture[filled], SKIN) < 12


@pytest.mark.parametrize("skin", [(222, 174, 146), (141, 92, 66), (84, 56, 44)], ids=["light", "middle", "dark"])
def test_every_skin_is_continued_in_its_own_colour(skin: tuple[int, int, int]) -> None:
    """Where synthetic skin meets real skin, below the worn cuff, the colours are the same to the eye."""
    drawn = draw_person(Figure(sleeves=0.5, skin=skin))
    undressed = undress(drawn.picture, drawn.person, GarmentKind.UPPER)
    assert difference(skin_beside_cuff(drawn, undressed.picture, undressed.gone), skin) < 9


def skin_beside_cuff(drawn: Drawn, picture: np.ndarray, gone: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """Filled pixels of the arm within a few px of real ones."""
    inner = cv2.erode(drawn.bare_arms["left"], np.ones((9, 9), np.uint8)) > 250
    real = (inner & (gone == 0)).astype(np.uint8)
    near = cv2.dilate(real, np.ones((25, 25), np.uint8)) > 0
    chosen = inner & near & (gone > 250)
    assert chosen.sum() > 40
    return np.asarray(picture[chosen])


def difference(pixels: np.ndarray, colour: tuple[int, int, int]) -> float:  # type: ignore[type-arg]
    """ΔE (CIE 1976) of the mean pixel to a colour."""
    both = np.array([[pixels.astype(np.float32).mean(0), colour]], np.float32) / 255
    lab = cv2.cvtColor(both, cv2.COLOR_RGB2LAB)[0]
    return float(np.linalg.norm(lab[0] - lab[1]))


def test_behind_a_sleeve_the_ground_goes_on() -> None:
    drawn = draw_person(Figure(sleeves=1.0, arms=((60, 60), (60, 60)), width=512, middle=(256, 130)))
    undressed = undress(drawn.picture, drawn.person, GarmentKind.UPPER)
    outside = (undressed.gone > 250) & (undressed.bare == 0)
    assert difference(undressed.picture[outside], drawn.figure.ground) < 4


def test_the_trousers_go_on_up_to_the_waist_under_a_top_worn_loose() -> None:
    drawn = draw_person(Figure(hem=1.15))
    undressed = undress(drawn.picture, drawn.person, GarmentKind.UPPER)
    body = drawn.person.body
    x, y = np.round(body.shoulders + body.down * np.float32(1.02 * body.torso_length)).astype(int)
    assert undressed.gone[y, x] == 255
    assert difference(undressed.picture[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3), TROUSERS) < 12


def test_hands_on_hips_do_not_wear_trousers() -> None:
    """Skin bared beside the waist is skin."""
    drawn = draw_person(Figure(sleeves=1.0, arms=((38, -35), (38, -35))))
    undressed = undress(drawn.picture, drawn.person, GarmentKind.UPPER)
    for side in ("left", "right"):
        inner = cv2.erode(drawn.bare_arms[side], np.ones((9, 9), np.uint8)) > 250
        filled = inner & (undressed.gone > 250)
        trousers = filled & (undressed.picture.max(2) < 110)
        assert trousers.sum() < 0.01 * filled.sum()


@every_pose
def test_t_is_0_at_the_shoulders_and_1_at_the_hips(pose: str) -> None:
    body = draw_person(POSES[pose]).person.body
    t = torso_t(body, (512, 512))
    for place, value in ((body.shoulders, 0), (body.hips, 1)):
        x, y = np.round(place).astype(int)
        assert t[y, x] == pytest.approx(value, abs=0.01)


def test_undressing_is_the_same_every_time() -> None:
    drawn = draw_person(Figure())
    first, again = (undress(drawn.picture, drawn.person, GarmentKind.UPPER) for _ in range(2))
    assert np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.gone, again.gone)
