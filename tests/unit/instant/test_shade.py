"""The person's own light on new cloth."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from tests.drawn_people import Drawn, Figure, draw_person

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.engines.instant.records import Label
from vtonlab.engines.instant.shade import read_light, round_off, shade_cloth, throw_shadow


def lit(drawn: Drawn, dark: float) -> Picture:
    """The drawn picture with a fold across the chest: a dark band over everything."""
    picture = drawn.picture.astype(np.float32)
    picture[180:190] *= dark
    return np.asarray(picture, np.uint8)


def test_a_plain_top_s_fold_is_taken_over_where_it_is() -> None:
    drawn = draw_person(Figure(top=(150, 150, 150)))
    light = read_light(lit(drawn, 0.75), drawn.person, GarmentKind.UPPER)
    assert light.folds.shape == (256, 192)
    fold, beside = float(light.folds[92, 96]), float(light.folds[75, 96])
    assert fold < beside - 0.05
    assert 0.6 < fold < 1
    assert beside == pytest.approx(1, abs=0.08)


def test_where_the_worn_garment_is_not_nothing_is_known() -> None:
    drawn = draw_person(Figure(top=(150, 150, 150)))
    light = read_light(lit(drawn, 0.75), drawn.person, GarmentKind.UPPER)
    far = cv2.erode((drawn.person.labels != Label.UPPER).astype(np.uint8), np.ones((15, 15), np.uint8))
    assert np.abs(light.folds[far[::2, ::2] > 0] - 1).max() < 0.02


def test_a_print_is_not_taken_for_light() -> None:
    drawn = draw_person(Figure(top=(150, 150, 150)))
    person = replace(drawn.person, body=replace(drawn.person.body, top_plainness=0.0))
    assert (read_light(lit(drawn, 0.75), person, GarmentKind.UPPER).folds == 1).all()


def test_only_what_is_replaced_tells_the_light() -> None:
    drawn = draw_person(Figure(top=(150, 150, 150), trousers=(150, 150, 150)))
    picture = drawn.picture.copy()
    picture[330:340] = (picture[330:340] * 0.7).astype(np.uint8)
    upper = read_light(picture, drawn.person, GarmentKind.UPPER).folds[167]
    lower = read_light(picture, drawn.person, GarmentKind.LOWER).folds[167]
    assert upper.min() > 0.99
    assert lower.min() < 0.9


def test_a_dim_scene_dims_the_cloth() -> None:
    drawn = draw_person(Figure())
    dim = (drawn.picture * 0.4).astype(np.uint8)
    bright = read_light(drawn.picture, drawn.person, GarmentKind.UPPER).exposure
    assert read_light(dim, drawn.person, GarmentKind.UPPER).exposure < bright - 0.1


def test_light_on_cloth_keeps_its_hue_and_even_black_shows_folds() -> None:
    colour = np.zeros((4, 4, 3), np.uint8)
    colour[:2], colour[2:] = (120, 60, 30), (0, 0, 0)
    same = shade_cloth(colour, np.ones((4, 4), np.float32))
    assert np.array_equal(same, colour)
    dark = shade_cloth(colour, np.full((4, 4), 0.8, np.float32)).astype(int)
    assert (dark[:2] < colour[:2]).all()
    assert list(np.argsort(dark[0, 0])) == [2, 1, 0]
    raised = shade_cloth(colour, np.full((4, 4), 1.2, np.float32)).astype(int)
    assert raised[3, 3].min() >= 2


def test_a_piece_is_darker_towards_its_rim_only() -> None:
    alpha = np.zeros((200, 200), np.uint8)
    alpha[40:160, 40:160] = 255
    rounded = round_off(alpha, 100.0, 0.2, 0.2)
    assert rounded.shape == (100, 100)
    assert rounded[50, 50] == pytest.approx(1, abs=0.01)
    assert rounded[50, 21] < 0.95
    assert rounded.min() >= 0.79


def test_a_shadow_falls_below_its_piece() -> None:
    alpha = np.zeros((200, 200), np.uint8)
    alpha[80:100, 60:140] = 255
    shadow = throw_shadow(alpha, 100.0, 0.1, 0.02)
    weight = shadow.sum(1)
    assert shadow.min() >= 0
    assert shadow.max() <= 1.001
    assert float((weight * np.arange(100)).sum() / weight.sum()) == pytest.approx(44.75 + 5, abs=0.6)
