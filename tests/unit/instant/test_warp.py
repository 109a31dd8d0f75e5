"""The geometry that everything lies on: splines, meshes, curves, and the measures of distortion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vtonlab.engines.instant.records import Points
from vtonlab.engines.instant.warp import (
    OUTSIDE,
    Mesh,
    Region,
    arc_lengths,
    fit_thin_plate,
    point_along,
    rasterise,
    region_of,
    resample,
    rule_between,
    smooth,
    stretch,
    unfold,
)

TURN = np.array([[1.3, -0.4], [0.3, 0.8]], np.float32)
SHIFT = np.array([12.0, -7.0], np.float32)


def scattered(count: int, seed: int = 0) -> Points:
    return np.random.default_rng(seed).uniform(0, 300, (count, 2)).astype(np.float32)


def ones(points: Points) -> NDArray[np.float32]:
    return np.ones(len(points), np.float32)


# ------------------------------------------------------------------------------------------------ splines


def test_a_spline_without_stiffness_goes_through_every_pin() -> None:
    source, target = scattered(25), scattered(25, 1)
    plate = fit_thin_plate(source, target, ones(source), stiffness=0)
    np.testing.assert_allclose(plate(source), target, atol=0.02)


@pytest.mark.parametrize("stiffness", [0, 2e-3, 1.0])
def test_a_spline_keeps_an_affine_map_whatever_its_stiffness(stiffness: float) -> None:
    source, elsewhere = scattered(20), scattered(40, 2) * 2 - 100
    plate = fit_thin_plate(source, source @ TURN.T + SHIFT, ones(source), stiffness)
    np.testing.assert_allclose(plate(elsewhere), elsewhere @ TURN.T + SHIFT, atol=0.02)


def test_a_stiffer_spline_follows_a_stray_pin_less() -> None:
    source = scattered(25)
    target = source.copy()
    target[7] += 40
    missed = [
        float(np.linalg.norm(fit_thin_plate(source, target, ones(source), stiffness)(source[7:8]) - target[7]))
        for stiffness in (0, 1e-3, 1e-1)
    ]
    assert missed[0] < 0.1
    assert 2 * missed[0] < missed[1] < 0.5 * missed[2]


def test_a_heavier_pin_is_followed_more_closely() -> None:
    source = scattered(25)
    target = source.copy()
    target[7] += 40
    light, heavy = ones(source), ones(source)
    heavy[7] = 20
    missed = [
        float(np.linalg.norm(fit_thin_plate(source, target, weights, 2e-2)(source[7:8]) - target[7]))
        for weights in (light, heavy)
    ]
    assert missed[1] < 0.5 * missed[0]


def test_a_whole_region_has_the_places_of_its_single_points() -> None:
    source = scattered(30) + 20
    bend = np.stack([9 * np.sin(source[:, 1] / 60), 12 * np.cos(source[:, 0] / 80)], 1)
    plate = fit_thin_plate(source, (source * 1.7 + bend).astype(np.float32), ones(source), stiffness=2e-3)
    region = Region(31, 17, 203, 251)
    map_x, map_y = plate.over(region)
    y, x = np.mgrid[17 : 17 + 251, 31 : 31 + 203]
    exact = plate(np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)).reshape(251, 203, 2)
    assert np.hypot(map_x - exact[..., 0], map_y - exact[..., 1]).max() < 0.05


def test_a_whole_region_s_map_is_not_jagged() -> None:
    """Rounded fractions would show as false stretch from pixel to pixel, and as ripples in fine stripes."""
    source = scattered(12)
    plate = fit_thin_plate(source, source * np.float32(1.3), ones(source))
    large, small, _ = stretch(*plate.over(Region(5, 9, 150, 130)))
    assert (large / small).max() < 1.01


# ------------------------------------------------------------------------------------------------ meshes


def grid(rows: int, columns: int, step: float, origin: float = 10.0) -> NDArray[np.float32]:
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    return np.stack([origin + x * step, origin + y * step], -1)


def test_a_mesh_is_drawn_with_the_map_it_was_made_from() -> None:
    body = grid(9, 7, 11.3)
    mesh = Mesh(body, (body @ TURN.T + SHIFT).astype(np.float32))
    region = Region(0, 0, 100, 120)
    map_x, map_y = rasterise(mesh, region)
    y, x = np.mgrid[:120, :100].astype(np.float32)
    exact = np.stack([x, y], -1) @ TURN.T + SHIFT
    inside = (x >= 10) & (y >= 10) & (x <= 10 + 6 * 11.3) & (y <= 10 + 8 * 11.3)
    assert (map_x[~inside] == OUTSIDE).all()
    np.testing.assert_allclose(map_x[inside], exact[inside][:, 0], atol=0.01)
    np.testing.assert_allclose(map_y[inside], exact[inside][:, 1], atol=0.01)


def test_a_mesh_is_drawn_alike_wherever_its_region_begins() -> None:
    body = grid(9, 7, 11.3)
    mesh = Mesh(body, (body * 2).astype(np.float32))
    whole, _ = rasterise(mesh, Region(0, 0, 100, 120))
    part, _ = rasterise(mesh, Region(23, 31, 40, 50))
    np.testing.assert_allclose(part, whole[31:81, 23:63], atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_a_bent_mesh_has_no_holes(seed: int) -> None:
    """Neighbouring cells leave no pixel between them, however the vertices lie."""
    random = np.random.default_rng(seed)
    body = grid(8, 8, 12.0) + random.uniform(-4, 4, (8, 8, 2)).astype(np.float32)
    map_x, _ = rasterise(Mesh(body, body), Region(0, 0, 120, 120))
    core = map_x[22:86, 22:86]
    assert (core > OUTSIDE / 2).all()
    _, x = np.mgrid[22:86, 22:86]
    np.testing.assert_allclose(core, x, atol=0.05)


def test_where_a_mesh_overlaps_itself_every_run_shows_the_same() -> None:
    body = np.concatenate([grid(4, 4, 15), grid(4, 4, 15) + 5]).astype(np.float32)
    garment = grid(8, 4, 9)
    first = rasterise(Mesh(body, garment), Region(0, 0, 90, 90))
    again = rasterise(Mesh(body, garment), Region(0, 0, 90, 90))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])


def test_a_mesh_beside_the_region_leaves_it_empty() -> None:
    map_x, map_y = rasterise(Mesh(grid(4, 4, 10) + 500, grid(4, 4, 10)), Region(0, 0, 60, 60))
    assert (map_x == OUTSIDE).all()
    assert (map_y == OUTSIDE).all()


def test_a_ruled_mesh_runs_straight_from_one_curve_to_the_other() -> None:
    first, second = scattered(12), scattered(12, 5)
    ruled = rule_between(first, second, np.array([0, 0.25, 1, 1.2], np.float32))
    np.testing.assert_allclose(ruled[:, 0], first)
    np.testing.assert_allclose(ruled[:, 2], second, atol=1e-4)
    np.testing.assert_allclose(ruled[:, 1], 0.75 * first + 0.25 * second, atol=1e-4)
    np.testing.assert_allclose(ruled[:, 3] - second, 0.2 * (second - first), atol=1e-3)


# ------------------------------------------------------------------------------------------------ distortion


def known_map(matrix: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    y, x = np.mgrid[:20, :30].astype(np.float32)
    mapped = np.stack([x, y], -1) @ matrix.T
    return np.ascontiguousarray(mapped[..., 0]), np.ascontiguousarray(mapped[..., 1])


@pytest.mark.parametrize(
    ("matrix", "large", "small", "determinant"),
    [
        ([[2, 0], [0, 2]], 2, 2, 4),
        ([[3, 0], [0, 0.5]], 3, 0.5, 1.5),
        ([[0.6, -0.8], [0.8, 0.6]], 1, 1, 1),
        ([[1, 1], [0, 1]], 1.618034, 0.618034, 1),
        ([[-1, 0], [0, 1]], 1, 1, -1),
    ],
    ids=["larger", "wider", "turned", "sheared", "mirrored"],
)
def test_stretch_tells_what_a_known_map_does(
    matrix: list[list[float]], large: float, small: float, determinant: float
) -> None:
    found = stretch(*known_map(np.array(matrix, np.float32)))
    for field, value in zip(found, (large, small, determinant), strict=True):
        assert field.shape == (18, 28)
        np.testing.assert_allclose(field, value, atol=2e-3)


# ------------------------------------------------------------------------------------------------ curves and regions


def test_a_curve_is_resampled_at_equal_steps_and_keeps_its_ends() -> None:
    turn = np.linspace(0, np.pi, 400)
    circle = np.stack([100 * np.cos(turn), 100 * np.sin(turn)], 1).astype(np.float32)
    points = resample(circle, 25)
    np.testing.assert_allclose(points[[0, -1]], circle[[0, -1]], atol=1e-3)
    steps = np.hypot(*np.diff(points, axis=0).T)
    assert np.ptp(steps) < 0.01
    assert arc_lengths(circle)[-1] == pytest.approx(100 * np.pi, rel=1e-3)


def test_one_point_is_resampled_to_itself() -> None:
    assert resample(np.array([[3, 4]], np.float32), 5).tolist() == [[3, 4]] * 5


def test_beyond_its_ends_a_curve_goes_on_straight() -> None:
    curve = np.array([[0, 0], [10, 0], [10, 10]], np.float32)
    points, tangents = point_along(curve, np.array([-5, 5, 15, 26], np.float32))
    np.testing.assert_allclose(points, [[-5, 0], [5, 0], [10, 5], [10, 16]], atol=1e-4)
    np.testing.assert_allclose(tangents, [[1, 0], [1, 0], [0, 1], [0, 1]], atol=1e-5)


def test_smoothing_keeps_level_and_slope_and_takes_off_spikes() -> None:
    np.testing.assert_allclose(smooth(np.full(30, 7, np.float32), 3), 7, atol=1e-4)
    slope = np.linspace(0, 29, 30).astype(np.float32)
    np.testing.assert_allclose(smooth(slope, 2)[8:-8], slope[8:-8], atol=1e-3)
    spike = np.zeros(31, np.float32)
    spike[15] = 10
    assert smooth(spike, 2).max() < 2.1
    assert smooth(spike, 2).sum() == pytest.approx(10, rel=1e-3)
    assert np.array_equal(smooth(spike, 0), spike)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-500, 900), st.floats(-500, 900)), min_size=1, max_size=9), st.floats(0, 60),
    st.integers(1, 400), st.integers(1, 400),
)
def test_a_region_lies_in_the_picture_and_holds_its_points(
    points: list[tuple[float, float]], margin: float, height: int, width: int
) -> None:
    places = np.array(points, np.float32)
    region = region_of(places, (height, width), margin)
    assert 0 <= region.x < region.x + region.width <= width
    assert 0 <= region.y < region.y + region.height <= height
    inside = (places[:, 0] >= 0) & (places[:, 0] <= width - 1) & (places[:, 1] >= 0) & (places[:, 1] <= height - 1)
    for x, y in places[inside]:
        assert region.x <= x <= region.x + region.width
        assert region.y <= y <= region.y + region.height
    grown = region.grown(5, (height, width))
    assert grown.x <= region.x
    assert grown.x + grown.width >= region.x + region.width
    assert grown.y + grown.height <= height


# ------------------------------------------------------------------------------------------------ folds


def turned_over(points: NDArray[np.float32]) -> int:
    """How many triangles of a grid have the wrong orientation."""
    down, right = np.diff(points, axis=0), np.diff(points, axis=1)
    halves = [
        d[..., 0] * r[..., 1] - d[..., 1] * r[..., 0] for d, r in ((down[:, :-1], right[:-1]), (down[:, 1:], right[1:]))
    ]
    sign = np.sign(np.median(halves[0]))
    return sum(int((half * sign <= 0).sum()) for half in halves)


def test_a_mesh_without_folds_is_left_as_it_is() -> None:
    mesh = Mesh(grid(12, 6, 9), grid(12, 6, 7))
    assert np.array_equal(unfold(mesh).body, mesh.body)
    assert np.array_equal(unfold(mesh).garment, mesh.garment)


def test_an_edge_of_no_length_does_not_turn_the_cloth_over() -> None:
    """The inside of a cap sleeve: all of its points are nearly one, some a hair behind the one before."""
    garment = grid(30, 8, 9)
    garment[:, -1] = garment[15, -1] - np.arange(30, dtype=np.float32)[:, None] * np.array([0, 0.02], np.float32)
    assert turned_over(garment) > 0
    mesh = unfold(Mesh(grid(30, 8, 9), garment))
    assert turned_over(mesh.garment) == 0
    # all that is not that edge stays where it was, to a few px
    assert np.abs(mesh.garment[3:-3, :4] - garment[3:-3, :4]).max() < 3


def test_a_crease_of_some_rows_is_smoothed_out() -> None:
    body = grid(30, 8, 9)
    body[12, 5:] += (0, 14)  # one row's inner end hangs below the next one's
    assert turned_over(body) > 0
    mesh = unfold(Mesh(body, grid(30, 8, 7)))
    assert turned_over(mesh.body) == 0
    assert np.array_equal(mesh.garment, grid(30, 8, 7))
