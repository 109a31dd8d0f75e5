"""Sampling a garment's pieces through their maps."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from tests.drawn_clothes import AXIS, LONG, TANK, Upper, draw_upper
from tests.drawn_fittings import POSES, fit

from vtonlab.engines.instant.drape import lay_cloth, scale_pattern, whole_alpha
from vtonlab.engines.instant.records import Garment, Part
from vtonlab.engines.instant.warp import OUTSIDE, Field, Region


def own_map(garment: Garment, scale: float) -> tuple[Region, Field, Field]:
    """The map that shows a garment as it is, at ``scale``."""
    height, width = (round(side * scale) for side in garment.alpha.shape)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return Region(0, 0, width, height), (x + 0.5) / np.float32(scale) - 0.5, (y + 0.5) / np.float32(scale) - 0.5


@pytest.mark.parametrize("scale", [1.0, 0.6, 0.3])
def test_a_garment_laid_as_it_is_looks_as_it_did(scale: float) -> None:
    """At every size the same place is sampled: no half-pixel shift comes in by shrinking first."""
    garment = draw_upper(Upper(print="stripes"))
    region, map_x, map_y = own_map(garment, scale)
    cloth = lay_cloth(scale_pattern(garment, scale), Part.BODY, region, map_x, map_y)
    column = cloth.colour[:, round(AXIS * scale), 2].astype(float)
    rows = (np.arange(len(column)) + 0.5) / scale - 0.5
    light = garment.picture[:, 240, 2].astype(float)
    expected = np.interp(rows, np.arange(len(light)), np.convolve(light, np.ones(round(1 / scale)) * scale, "same"))
    inner = (rows > 120) & (rows < 480)
    # stripes of 16 px: a shift of half a garment pixel would already show
    assert np.corrcoef(column[inner], expected[inner])[0, 1] > 0.97


def test_a_pattern_is_never_enlarged() -> None:
    garment = draw_upper(Upper())
    assert scale_pattern(garment, 3.0).scale == 1.0
    assert scale_pattern(garment, 3.0).picture.shape == garment.picture.shape
    small = scale_pattern(garment, 0.2)
    assert small.scale == pytest.approx(0.25, rel=0.02)


def test_the_inside_of_the_neck_is_never_shown() -> None:
    garment = draw_upper(Upper(depth=90))
    region, map_x, map_y = own_map(garment, 1.0)
    cloth = lay_cloth(scale_pattern(garment, 1.0), Part.BODY, region, map_x, map_y)
    inside = garment.parts == Part.INSIDE
    assert inside.sum() > 1000
    assert cloth.alpha[70:95, 225:255].max() < 10
    assert (cloth.alpha[inside] > 127).mean() < 0.15  # only at its soft edge
    assert cloth.alpha[200, 240] == 255


def test_the_torso_takes_no_more_of_the_sleeves_than_the_seam_needs() -> None:
    garment = draw_upper(LONG)
    region, map_x, map_y = own_map(garment, 1.0)
    cloth = lay_cloth(scale_pattern(garment, 1.0), Part.BODY, region, map_x, map_y)
    for sign in (-1, 1):
        assert cloth.alpha[400, round(AXIS + sign * 190)] == 0  # the lower sleeve
        assert cloth.alpha[400, round(AXIS + sign * 60)] == 255


def test_a_matte_wider_than_its_sleeves_draws_no_ghost_of_them() -> None:
    """The matte's rim round a sleeve counts as torso; laid with the torso's map it would show beside the body."""
    garment = draw_upper(LONG)
    sleeve = np.isin(garment.parts, (Part.LEFT_SLEEVE, Part.RIGHT_SLEEVE))
    core = cv2.erode(sleeve.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    below = np.arange(len(core))[:, None] > 215
    parts = np.where(sleeve & ~core & below, np.uint8(Part.BODY), garment.parts)
    region, map_x, map_y = own_map(garment, 1.0)
    cloth = lay_cloth(scale_pattern(replace(garment, parts=parts), 1.0), Part.BODY, region, map_x, map_y)
    assert (cloth.alpha[260:, : round(AXIS - 150)] > 40).sum() < 12
    assert (cloth.alpha[260:, round(AXIS + 150) :] > 40).sum() < 12
    assert cloth.alpha[230:490, round(AXIS - 115) : round(AXIS + 115)].min() == 255


def test_outside_its_mesh_a_piece_is_nothing() -> None:
    garment = draw_upper(LONG)
    region, map_x, map_y = own_map(garment, 1.0)
    map_x[:, 300:] = map_y[:, 300:] = OUTSIDE
    cloth = lay_cloth(scale_pattern(garment, 1.0), Part.LEFT_SLEEVE, region, map_x, map_y)
    assert cloth.alpha[:, 300:].max() == 0
    assert cloth.alpha[300, 200] > 250


def test_all_pieces_together_cover_what_any_of_them_covers() -> None:
    fitting = fit(POSES["akimbo"], LONG)
    shape = fitting.drawn.person.labels.shape
    total = whole_alpha(fitting.draped.pieces, (shape[0], shape[1]))
    assert total.shape == shape
    for piece in fitting.draped.pieces:
        assert (total[piece.region.slices] >= piece.alpha).all()
    assert total.max() == 255
    assert whole_alpha([], (5, 4)).tolist() == [[0] * 4] * 5


def test_a_sleeveless_top_keeps_its_armholes() -> None:
    fitting = fit(POSES["arms away"], TANK)
    body = fitting.drawn.person.body
    for arm in (body.left_arm, body.right_arm):
        x, y = np.round(arm.shoulder + (arm.elbow - arm.shoulder) * np.float32(0.4)).astype(int)
        assert fitting.cover[y, x] == 0
