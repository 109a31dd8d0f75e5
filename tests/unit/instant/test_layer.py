"""What lies before what: face, hair and hands before cloth, bare arms before the torso, the waistband before a top."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.drawn_clothes import DRESS, LONG, SHORTS, SKIRT, TANK, Lower, Upper
from tests.drawn_fittings import POSES, Fitting, fit, labelled, on_axis, share_of
from tests.drawn_people import SKIN, TOP, TROUSERS, Figure

from vtonlab.engines.instant.records import Label

BLUE = Upper().colour
CLOTHES: dict[str, Upper | Lower] = {
    "tee": Upper(), "long": LONG, "tank": TANK, "dress": DRESS, "trousers": Lower(), "shorts": SHORTS, "skirt": SKIRT,
}
every_pose = pytest.mark.parametrize("pose", POSES)
every_cut = pytest.mark.parametrize("cut", CLOTHES)


@every_cut
@every_pose
def test_the_face_and_the_hair_are_not_touched(pose: str, cut: str) -> None:
    fitting = fit(POSES[pose], CLOTHES[cut])
    person = fitting.drawn.person
    face = np.zeros(person.labels.shape, np.uint8)
    cv2.fillPoly(face, [np.round(person.face).astype(np.int32)], (1,))
    inner = cv2.erode(face, np.ones((3, 3), np.uint8)) > 0
    hair = person.mattes[Label.HAIR] == 255
    for mine in (inner, hair):
        assert mine.sum() > 500
        assert np.array_equal(fitting.picture[mine], fitting.drawn.picture[mine])


@every_cut
@every_pose
def test_far_from_the_clothes_nothing_changes(pose: str, cut: str) -> None:
    fitting = fit(POSES[pose], CLOTHES[cut])
    near = cv2.dilate(np.maximum(fitting.cover, fitting.undressed.gone), np.ones((25, 25), np.uint8))
    far = near == 0
    assert far.mean() > 0.3
    assert np.array_equal(fitting.picture[far], fitting.drawn.picture[far])


@every_cut
@every_pose
def test_the_ground_beside_the_body_gets_no_shadow(pose: str, cut: str) -> None:
    """Where neither was cloth nor is, the backdrop stays what it was, to a grey level or two."""
    fitting = fit(POSES[pose], CLOTHES[cut])
    ground = fitting.drawn.person.mattes[Label.BACKGROUND] == 255
    untouched = ground & (fitting.cover == 0) & (fitting.undressed.gone == 0)
    apart = np.abs(fitting.picture.astype(int) - fitting.drawn.picture).max(2)[untouched]
    assert apart.max() <= 2


@pytest.mark.parametrize("cut", ["tee", "long", "tank", "dress"])
@every_pose
def test_hands_are_before_new_cloth(pose: str, cut: str) -> None:
    fitting = fit(POSES[pose], CLOTHES[cut])
    hands = (fitting.drawn.person.hands > 0) & (fitting.drawn.person.mattes[Label.SKIN] == 255)
    assert hands.sum() > 200
    assert np.array_equal(fitting.picture[hands], fitting.drawn.picture[hands])


@every_cut
@every_pose
def test_no_ghost_of_the_old_garment_stays(pose: str, cut: str) -> None:
    """At neckline, cuffs and hem nothing keeps the old garment's colour."""
    fitting = fit(POSES[pose], CLOTHES[cut])
    pattern = CLOTHES[cut]
    if isinstance(pattern, Upper):
        assert share_of(TOP, fitting.picture, 20).sum() < 12
    if isinstance(pattern, Lower) or pattern.dress:
        legs = labelled(fitting.drawn, Label.LOWER)
        dark = (np.abs(fitting.picture.astype(int) - TROUSERS).max(2) < 14) & legs
        assert dark.sum() < 0.004 * legs.sum()


@pytest.mark.parametrize("cut", ["tee", "tank"])
def test_a_bare_arm_before_the_torso_stays_before_it(cut: str) -> None:
    """Below the cuff an arm held across the body is in front of the new top."""
    fitting = fit(Figure(sleeves=0.0, arms=((10, -75), (8, 4))), CLOTHES[cut])
    arm = cv2.erode(fitting.drawn.bare_arms["left"], np.ones((7, 7), np.uint8)) > 250
    body = fitting.drawn.person.body
    rows = np.arange(arm.shape[0])[:, None] > body.left_arm.elbow[1] - 0.05 * body.unit
    before_torso = arm & rows & (fitting.cover > 200)
    assert before_torso.sum() > 150
    assert share_of(SKIN, fitting.picture, 14)[before_torso].mean() > 0.9


@pytest.mark.parametrize("pose", ["arms down", "akimbo", "arms away"])
def test_no_arm_shows_through_a_long_sleeve(pose: str) -> None:
    """Least of all through the gap that opens below the armpit of a garment that was laid flat."""
    fitting = fit(POSES[pose], LONG)
    for side, arm in (("left", fitting.drawn.person.body.left_arm), ("right", fitting.drawn.person.body.right_arm)):
        upper = np.zeros(fitting.cover.shape, np.uint8)
        ends = [np.round(place).astype(int).tolist() for place in (arm.shoulder, arm.elbow)]
        cv2.line(upper, ends[0], ends[1], (255,), round(0.3 * fitting.drawn.person.body.unit))
        inner = cv2.erode(fitting.drawn.bare_arms[side], np.ones((7, 7), np.uint8)) > 250
        bare = share_of(SKIN, fitting.picture, 16) & inner & (upper > 0)
        assert bare.sum() < 10, side


def test_a_tucked_top_is_behind_the_waistband() -> None:
    fitting = fit(Figure(tucked=True), Upper())
    waistband = fitting.drawn.person.mattes[Label.LOWER] == 255
    apart = np.abs(fitting.picture.astype(int) - fitting.drawn.picture).max(2)
    assert np.percentile(apart[waistband], 97) < 30
    assert not share_of(BLUE, fitting.picture, 15)[waistband].any()


@pytest.mark.parametrize("pose", ["arms down", "long sleeves", "akimbo"])
@pytest.mark.parametrize("cut", ["tee", "long", "dress"])
def test_new_cloth_is_where_it_should_be_in_its_own_colour(pose: str, cut: str) -> None:
    fitting = fit(POSES[pose], CLOTHES[cut])
    body = fitting.drawn.person.body
    for t in (0.2, 0.45, 0.7):
        place, _ = on_axis(body, t)
        x, y = np.round(place).astype(int)
        spot = fitting.picture[y - 3 : y + 4, x - 3 : x + 4]
        assert share_of(BLUE, spot, 16).all()


def test_shoulders_have_a_smooth_outline() -> None:
    """From neck to upper arm the outline of new cloth has no bump: its direction turns little from step to step."""
    for figure in (POSES["arms down"], POSES["akimbo"]):
        for cut in ("tee", "long"):
            assert sharpest_turn(fit(figure, CLOTHES[cut])) < 28


def sharpest_turn(fitting: Fitting) -> float:
    """Degrees by which the upper outline turns within a tenth of the shoulders' width, from near the neck outwards."""
    body, cover = fitting.drawn.person.body, cv2.GaussianBlur(fitting.cover, (0, 0), 1.5)
    middle, unit = float(body.shoulders[0]), body.unit
    columns = np.arange(round(middle - 0.62 * unit), round(middle - 0.26 * unit))
    top = np.array([int((cover[:, x] > 127).argmax()) for x in columns], np.float32)
    step = round(0.05 * unit)
    before = np.degrees(np.arctan2(top[step:-step] - top[: -2 * step], step))
    after = np.degrees(np.arctan2(top[2 * step :] - top[step:-step], step))
    return float(np.abs(after - before).max())
