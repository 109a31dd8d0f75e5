"""Lower garments on drawn figures: no fold-overs, hems where they belong, the worn garment covered."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vtonlab.engines.contract import GarmentKind
from vtonlab.engines.instant.axes import SIDES
from vtonlab.engines.instant.hips import worn_skirt_hem
from vtonlab.engines.instant.leg_lines import find_leg_lines
from vtonlab.engines.instant.lower import drape_lower, fit_lower
from vtonlab.engines.instant.outfit import drape, wearing_now
from vtonlab.engines.instant.records import (
    Arm,
    Body,
    Cut,
    Frame,
    Garment,
    Label,
    Landmark,
    Leg,
    Part,
    Person,
    Points,
)
from vtonlab.engines.instant.reveal import undress
from vtonlab.engines.instant.warp import OUTSIDE, stretch

HEIGHT, WIDTH, UNIT = 768, 512, 130.0
SHOULDERS, HIPS = (256.0, 140.0), (256.0, 345.0)
TORSO = HIPS[1] - SHOULDERS[1]
ANKLE_Y = 690.0


def point(x: float, y: float) -> Points:
    return np.array([x, y], np.float32)


def make_leg(side: int, spread: float, hem: float) -> Leg:
    hip_x = HIPS[0] + side * 30
    return Leg(
        hip=point(hip_x, HIPS[1]),
        knee=point(hip_x + side * spread * 0.5, 520),
        ankle=point(hip_x + side * spread, ANKLE_Y),
        toes=point(hip_x + side * (spread + 12), ANKLE_Y + 22),
        seen=0.95,
        hem=hem,
    )


def make_person(worn: str = "trousers", *, spread: float = 30.0, waist_t: float = 0.7, tucked: bool = True) -> Person:
    """A standing figure: trousers to the ankles, or a skirt to the knees with bare calves."""
    hem = 1.0 if worn == "trousers" else 0.5
    legs = {side: make_leg(sign, spread, hem) for side, sign in (("left", -1), ("right", 1))}
    arm = Arm(point(190, 140), point(165, 250), point(158, 340), point(156, 365), 0.9, 0.4)
    other = Arm(point(322, 140), point(347, 250), point(354, 340), point(356, 365), 0.9, 0.4)
    t = np.linspace(-0.1, 2.0, 64).astype(np.float32)
    profile = np.interp(t, [0.2, 0.7, 1.05, 1.5], [62, 56, 70, 68]).astype(np.float32)
    body = Body(
        unit=UNIT, turn=1.0, neck=point(256, 120), shoulders=point(*SHOULDERS), hips=point(*HIPS),
        down=point(0, 1), across=point(1, 0), hips_across=point(1, 0), torso_length=TORSO,
        left_arm=arm, right_arm=other, left_leg=legs["left"], right_leg=legs["right"],
        shoulder_line_left=np.array([[230, 120], [190, 140]], np.float32),
        shoulder_line_right=np.array([[282, 120], [322, 140]], np.float32),
        profile_t=t, profile_left=profile, profile_right=profile,
        chin=point(256, 95), mouth=point(256, 80), eyes=point(256, 55),
        waist_t=waist_t, top_hem_t=waist_t if tucked else waist_t - 0.02, tucked=tucked, one_piece=False,
        neckline=np.zeros((0, 2), np.float32), top_plainness=1.0, lower_plainness=1.0, skin_lab=(180.0, 140.0, 145.0),
    )  # fmt: skip
    labels = draw_labels(body, worn)
    mattes = np.stack([np.where(labels == label, 255, 0) for label in Label]).astype(np.uint8)
    return Person(
        frame=Frame(0, 0, WIDTH, HEIGHT, 1.0, WIDTH, HEIGHT),
        joints=np.zeros((33, 3), np.float32),
        labels=labels,
        mattes=mattes,
        face=np.zeros((0, 2), np.float32),
        hands=np.zeros(labels.shape, np.uint8),
        body=body,
        notes=(),
        certainty=0.9,
    )


def draw_labels(body: Body, worn: str) -> NDArray[np.uint8]:
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    waist = SHOULDERS[1] + body.waist_t * TORSO
    for leg in (body.left_leg, body.right_leg):
        line = np.round(np.stack([leg.hip, leg.knee, leg.ankle])).astype(np.int32)
        cv2.polylines(labels, [line], False, (int(Label.LOWER if worn == "trousers" else Label.SKIN),), 44)
        cv2.ellipse(labels, (int(leg.toes[0]), int(leg.toes[1])), (22, 14), 0, 0, 360, (int(Label.OTHER),), -1)
    top = np.array([[194, 130], [318, 130], [312, waist], [200, waist]], np.int32)
    cv2.fillPoly(labels, [top], (int(Label.UPPER),))
    seat = [[200, waist], [312, waist], [326, 355], [320, 400], [192, 400], [186, 355]]
    if worn == "skirt":
        seat = [[200, waist], [312, waist], [326, 355], [344, 520], [168, 520], [186, 355]]
    cv2.fillPoly(labels, [np.array(seat, np.int32)], (int(Label.LOWER),))
    return labels


def make_trousers(cut: Cut = Cut.TROUSERS, *, hem_width: float = 90.0, gap: float = 16.0) -> Garment:
    """Trousers or shorts drawn flat, upright, on an axis at column 300."""
    width, height, axis = 600, 900, 300.0
    bottom = 860.0 if cut is Cut.TROUSERS else 430.0
    crotch = 290.0
    left = [[axis, 40], [axis - 110, 40], [axis - 140, 180], [axis - gap / 2 - hem_width, bottom],
            [axis - gap / 2, bottom], [axis, crotch]]  # fmt: skip
    outline_left = np.array(left, np.float32)
    outline_right = outline_left * [-1, 1] + np.array([2 * axis, 0], np.float32)
    alpha = np.zeros((height, width), np.uint8)
    ring = np.vstack([outline_left, outline_right[::-1]])
    cv2.fillPoly(alpha, [np.round(ring).astype(np.int32)], (255,))
    parts = np.where(alpha > 0, np.uint8(Part.BODY), np.uint8(0))
    below, columns = np.arange(height)[:, None] >= crotch, np.arange(width)[None]
    parts[(alpha > 0) & below & (columns < axis)] = Part.LEFT_LEG
    parts[(alpha > 0) & below & (columns >= axis)] = Part.RIGHT_LEG
    marks = {"crotch": Landmark(axis, crotch, 0.9)}
    for side, sign in (("left", -1), ("right", 1)):
        marks[f"waist_{side}"] = Landmark(axis + sign * 110, 40, 0.9)
        marks[f"hip_{side}"] = Landmark(axis + sign * 140, 180, 0.9)
        marks[f"hem_outer_{side}"] = Landmark(axis + sign * (gap / 2 + hem_width), bottom, 0.9)
        marks[f"hem_inner_{side}"] = Landmark(axis + sign * gap / 2, bottom, 0.9)
    return make_garment(alpha, parts, cut, marks, outline_left, outline_right.astype(np.float32))


def make_skirt(length: float = 320.0, flare: float = 60.0) -> Garment:
    width, height, axis = 600, 900, 300.0
    outline_left = np.array([[axis, 40], [axis - 110, 40], [axis - 130, 130], [axis - 130 - flare, 40 + length],
                             [axis, 40 + length]], np.float32)  # fmt: skip
    outline_right = (outline_left * [-1, 1] + np.array([2 * axis, 0])).astype(np.float32)
    alpha = np.zeros((height, width), np.uint8)
    cv2.fillPoly(alpha, [np.round(np.vstack([outline_left, outline_right[::-1]])).astype(np.int32)], (255,))
    parts = np.where(alpha > 0, np.uint8(Part.BODY), np.uint8(0))
    marks = {}
    for side, sign in (("left", -1), ("right", 1)):
        marks[f"waist_{side}"] = Landmark(axis + sign * 110, 40, 0.9)
        marks[f"hip_{side}"] = Landmark(axis + sign * 132, 140, 0.9)
        marks[f"hem_outer_{side}"] = Landmark(axis + sign * (130 + flare), 40 + length, 0.9)
    return make_garment(alpha, parts, Cut.SKIRT, marks, outline_left, outline_right)


def make_garment(
    alpha: NDArray[np.uint8],
    parts: NDArray[np.uint8],
    cut: Cut,
    marks: dict[str, Landmark],
    outline_left: Points,
    outline_right: Points,
) -> Garment:
    rows = np.arange(alpha.shape[0], dtype=np.uint8)[:, None] % 64
    picture = np.dstack([np.full(alpha.shape, 120, np.uint8), rows + np.zeros(alpha.shape, np.uint8), alpha // 2])
    return Garment(
        picture=picture, alpha=alpha, parts=parts, kind=GarmentKind.LOWER, cut=cut, axis_x=300.0, landmarks=marks,
        neckline=np.array([[190, 40], [410, 40]], np.float32), outline_left=outline_left, outline_right=outline_right,
        open_front=False, has_collar=False, worn=False, hidden=np.zeros((0, 0), np.uint8), notes=(), certainty=0.9,
    )  # fmt: skip


def folds(person: Person, garment: Garment) -> float:
    """Share of the mesh's triangles that lie the wrong way round."""
    worst = 0.0
    for mesh in fit_lower(person, garment).halves.values():
        body, cloth = mesh.body.astype(np.float64), mesh.garment.astype(np.float64)
        turned = np.sign(cell_areas(body)) * np.sign(cell_areas(cloth))
        worst = max(worst, float((turned < 0).mean()))
    return worst


def cell_areas(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(rows, columns, 2)`` signed areas of both triangles of every cell."""
    corner, right, below, far = grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]
    return np.stack([cross(right - corner, below - corner), cross(below - far, right - far)], -1)


def cross(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(one[..., 0] * two[..., 1] - one[..., 1] * two[..., 0])


def covered(person: Person, garment: Garment) -> NDArray[np.bool_]:
    cover = np.zeros(person.labels.shape, bool)
    for piece in drape_lower(person, garment):
        cover[piece.region.slices] |= piece.alpha > 127
    return cover


@given(spread=st.floats(-10, 90), hem_width=st.floats(50, 150), waist_t=st.floats(0.55, 0.9))
@settings(max_examples=25, deadline=None)
def test_trousers_never_fold_over(spread: float, hem_width: float, waist_t: float) -> None:
    person = make_person(spread=spread, waist_t=waist_t)
    assert folds(person, make_trousers(hem_width=hem_width)) == 0


@given(length=st.floats(160, 800), flare=st.floats(-40, 160), worn=st.sampled_from(["trousers", "skirt"]))
@settings(max_examples=25, deadline=None)
def test_skirts_never_fold_over(length: float, flare: float, worn: str) -> None:
    assert folds(make_person(worn), make_skirt(length, flare)) == 0


def test_the_map_of_the_cloth_is_smooth_inside_each_half() -> None:
    (piece,) = drape_lower(make_person(), make_trousers())
    _, _, determinant = stretch(piece.map_x, piece.map_y)
    # The seam, and places where a half overlaps the other, are no part of one map.
    inside = (piece.alpha > 250) & (piece.map_x > OUTSIDE / 2)
    core = cv2.erode(inside.astype(np.uint8), np.ones((9, 9), np.uint8))[1:-1, 1:-1] > 0
    seam = np.abs(piece.map_x[1:-1, 1:-1] - 300) < 12
    assert (determinant[core & ~seam] > 0).all()


def test_long_trousers_cover_the_worn_ones_and_end_at_the_ankles() -> None:
    person = make_person()
    cover = covered(person, make_trousers())
    worn = person.labels == Label.LOWER
    assert (cover & worn).sum() / worn.sum() > 0.95
    bottom = np.flatnonzero(cover.any(1))[-1]
    assert abs(bottom - ANKLE_Y) < 0.2 * UNIT


def test_the_backdrop_between_the_legs_stays_free() -> None:
    person = make_person(spread=80)
    cover = covered(person, make_trousers(hem_width=70))
    assert not cover[640, int(HIPS[0])]
    assert cover[640, int(HIPS[0] - 30 - 68)]


def test_shorts_end_above_the_knees() -> None:
    cover = covered(make_person(), make_trousers(Cut.SHORTS, hem_width=130))
    bottom = np.flatnonzero(cover.any(1))[-1]
    assert HIPS[1] + 0.3 * UNIT < bottom < 520


def test_the_waistband_lies_on_the_worn_waist_when_the_top_is_tucked() -> None:
    for waist_t in (0.6, 0.85):
        cover = covered(make_person(waist_t=waist_t), make_trousers())
        top = np.flatnonzero(cover[:, int(HIPS[0]) - 20])[0]
        assert abs(top - (SHOULDERS[1] + waist_t * TORSO)) < 0.07 * UNIT


def test_under_a_loose_top_the_waistband_is_hidden() -> None:
    cover = covered(make_person(waist_t=1.0, tucked=False), make_trousers())
    top = np.flatnonzero(cover[:, int(HIPS[0]) - 20])[0]
    assert top < SHOULDERS[1] + 0.97 * TORSO


def test_a_skirt_near_the_worn_one_ends_on_its_hem() -> None:
    person = make_person("skirt")
    worn = worn_skirt_hem(person, find_leg_lines(person))
    assert worn is not None
    assert SHOULDERS[1] + worn * TORSO == pytest.approx(520, abs=6)
    cover = covered(person, make_skirt(length=400))
    assert np.flatnonzero(cover.any(1))[-1] == pytest.approx(520, abs=8)


def test_trousers_are_no_skirt() -> None:
    person = make_person()
    assert worn_skirt_hem(person, find_leg_lines(person)) is None


def test_a_long_skirt_ends_at_the_floor() -> None:
    bottom = np.flatnonzero(covered(make_person(), make_skirt(length=850)).any(1))[-1]
    assert bottom < ANKLE_Y + 0.25 * UNIT


def test_legs_are_found_where_the_photo_shows_them_apart() -> None:
    person = make_person(spread=20)
    seen = find_leg_lines(person)
    left = replace(person.body.left_leg, knee=point(240, 520), ankle=point(250, ANKLE_Y))
    lost = replace(person, body=replace(person.body, left_leg=left))
    for side in SIDES:
        apart = np.abs(find_leg_lines(lost)[side][-8:, 0] - seen[side][-8:, 0])
        assert apart.max() < 0.1 * UNIT


def test_after_trousers_the_next_garment_meets_trousers_not_a_skirt() -> None:
    person = make_person("skirt")
    picture = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    undressed = undress(picture, person, GarmentKind.LOWER)
    draped = drape(person, make_trousers())
    now = wearing_now(person, undressed, draped)
    between = (520 + HIPS[1]) / 2 + 70
    assert person.labels[int(between), 180] == Label.LOWER
    assert now.labels[int(between), 180] != Label.LOWER
    assert now.labels[620, int(person.body.left_leg.ankle[0]) + 8] == Label.LOWER
    assert np.abs(now.mattes.astype(int).sum(0) - 255).max() <= 4
