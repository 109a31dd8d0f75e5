"""Parsing and measuring, on drawn people whose labels are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.unit.instant.figure import Drawn, draw_figure

from vtonlab.engines.instant.anatomy import build_skeleton
from vtonlab.engines.instant.body import measure_body
from vtonlab.engines.instant.mattes import soften_labels
from vtonlab.engines.instant.parsing import Parse, parse_person
from vtonlab.engines.instant.records import Body, Label


def parse(drawn: Drawn) -> Parse:
    return parse_person(drawn.picture, build_skeleton(drawn.joints), drawn.silhouette, drawn.face)


def measure(drawn: Drawn) -> Body:
    return measure_body(build_skeleton(drawn.joints), parse(drawn), drawn.face)


def overlap(drawn: Drawn, found: Parse, label: Label) -> float:
    size = (found.labels.shape[1], found.labels.shape[0])
    true = cv2.resize(drawn.labels, size, interpolation=cv2.INTER_NEAREST) == label
    own = found.labels == label
    return float((true & own).sum() / (true | own).sum())


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ((40, 90, 190), (60, 60, 60)),
        ((240, 240, 240), (40, 50, 110)),
        ((30, 30, 30), (190, 170, 130)),
        ((170, 60, 60), (235, 235, 235)),
    ],
)
def test_labels_of_a_drawn_person(upper: tuple[int, int, int], lower: tuple[int, int, int]) -> None:
    drawn = draw_figure(upper, lower)
    found = parse(drawn)
    assert overlap(drawn, found, Label.UPPER) > 0.9
    assert overlap(drawn, found, Label.LOWER) > 0.9
    assert overlap(drawn, found, Label.SKIN) > 0.8
    assert overlap(drawn, found, Label.HAIR) > 0.7


@pytest.mark.parametrize("sleeve", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_sleeves_end_where_they_were_drawn(sleeve: float) -> None:
    body = measure(draw_figure(sleeve=sleeve))
    for arm in (body.left_arm, body.right_arm):
        assert arm.sleeve_end == pytest.approx(sleeve, abs=0.12)  # the drawn torso covers the shoulder joint


@pytest.mark.parametrize("hem", [0.3, 0.6, 1.0])
def test_hems_end_where_they_were_drawn(hem: float) -> None:
    body = measure(draw_figure(hem=hem))
    for leg in (body.left_leg, body.right_leg):
        assert leg.hem == pytest.approx(hem, abs=0.1)


@pytest.mark.parametrize("waist", [0.7, 0.85, 1.05])
def test_waist_is_where_the_colours_part(waist: float) -> None:
    body = measure(draw_figure(waist=waist))
    assert body.waist_t == pytest.approx(waist, abs=0.06)
    assert not body.one_piece


def test_bare_midriff_is_skin() -> None:
    drawn = draw_figure(waist=0.95, midriff=0.2)
    found = parse(drawn)
    assert found.waist.top_end == pytest.approx(0.75, abs=0.05)
    assert found.waist.lower_start == pytest.approx(0.95, abs=0.05)
    assert overlap(drawn, found, Label.UPPER) > 0.88


def test_one_cloth_from_shoulder_to_hem_is_one_piece() -> None:
    assert measure(draw_figure((90, 40, 110), (90, 40, 110), hem=0.5)).one_piece


def test_profile_leaves_the_arms_out() -> None:
    body = measure(draw_figure(sleeve=1.0))
    rows = (body.profile_t > 0.4) & (body.profile_t < 0.7)
    for side in (body.profile_left, body.profile_right):
        assert np.all(np.abs(side[rows] - 84) < 14)  # the drawn torso is 80 to 90 px wide there


def test_mirrored_photo_mirrors_the_measures() -> None:
    drawn = draw_figure(sleeve=0.5)
    flip = np.array([-1, 1, 1], np.float32)
    swapped = [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, *(i + (1 if i % 2 else -1) for i in range(11, 33))]
    joints = (drawn.joints * flip + np.array([767, 0, 0], np.float32))[swapped]
    mirror = Drawn(
        np.ascontiguousarray(drawn.picture[:, ::-1]),
        drawn.labels[:, ::-1],
        joints,
        np.ascontiguousarray(drawn.silhouette[:, ::-1]),
        drawn.face * np.array([-1, 1], np.float32) + np.array([767, 0], np.float32),
    )
    body, other = measure(drawn), measure(mirror)
    assert other.waist_t == pytest.approx(body.waist_t, abs=0.03)
    assert other.left_arm.sleeve_end == pytest.approx(body.right_arm.sleeve_end, abs=0.06)
    assert np.median(np.abs(other.profile_left - body.profile_right)) < 4
    assert other.left_arm.wrist[0] == pytest.approx(767 - body.right_arm.wrist[0], abs=1)


def test_shoulder_lines_run_from_neck_to_tip_along_the_drawn_shoulders() -> None:
    body = measure(draw_figure())
    for line, sign in ((body.shoulder_line_left, -1), (body.shoulder_line_right, 1)):
        assert np.all(np.diff(line[:, 0]) * sign > 0)
        assert abs(np.median(line[:, 1]) - 285) < 25


def test_neckline_is_the_edge_of_the_top() -> None:
    neckline = measure(draw_figure()).neckline
    assert len(neckline) >= 5
    assert np.all(np.diff(neckline[:, 0]) > 0)
    assert 280 < neckline[:, 1].max() < 315  # the drawn V ends at 300


def test_plain_and_striped_cloth_are_told_apart() -> None:
    plain = draw_figure()
    stripes = plain.picture.copy()
    rows = (np.arange(stripes.shape[0]) // 14 % 2 == 0)[:, None] & (plain.labels == Label.UPPER)
    stripes[rows] = (230, 225, 60)
    striped = Drawn(stripes, plain.labels, plain.joints, plain.silhouette, plain.face)
    assert measure(plain).top_plainness > 0.75
    assert measure(striped).top_plainness < 0.3


def test_the_same_input_gives_the_same_output() -> None:
    first, second = parse(draw_figure()), parse(draw_figure())
    assert np.array_equal(first.labels, second.labels)


def test_mattes_sum_to_one_and_follow_the_edge() -> None:
    drawn = draw_figure()
    small = cv2.resize(drawn.labels, (384, 512), interpolation=cv2.INTER_NEAREST)
    mattes, labels = soften_labels(drawn.picture, small)
    assert np.array_equal(labels, mattes.argmax(0))
    assert mattes.shape == (6, 1024, 768)
    assert np.all(mattes.sum(0, dtype=int) == 255)
    assert (mattes.argmax(0) == drawn.labels).mean() > 0.99
    row = mattes[Label.BACKGROUND, 700]
    assert ((row > 25) & (row < 230)).sum() < 30  # four edges, each a few pixels wide


def test_an_empty_picture_is_all_background() -> None:
    mattes, _ = soften_labels(np.full((60, 40, 3), 200, np.uint8), np.zeros((30, 20), np.uint8))
    assert mattes[Label.BACKGROUND].min() == 255
    assert mattes[1:].max() == 0
