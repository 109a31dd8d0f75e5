"""Pixel arithmetic that several stages share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vtonlab.engines.instant.blend import (
    blur,
    continue_colours,
    enlarge,
    grow,
    lay_over,
    shrink,
    times,
    without,
)


def noise(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 10_000))
def test_laying_over_is_exact_where_nothing_is_mixed(height: int, width: int, seed: int) -> None:
    base, top = noise((height, width, 3), seed), noise((height, width, 3), seed + 1)
    alpha = np.random.default_rng(seed).choice([0, 0, 128, 255], (height, width)).astype(np.uint8)
    kept = base.copy()
    result = lay_over(base, top, alpha)
    assert np.array_equal(base, kept)
    assert np.array_equal(result[alpha == 0], base[alpha == 0])
    assert np.array_equal(result[alpha == 255], top[alpha == 255])
    half = alpha == 128
    expected = top[half].astype(float) * 128 / 255 + base[half].astype(float) * 127 / 255
    assert np.abs(result[half] - expected).max(initial=0) <= 1


def test_laying_nothing_over_gives_a_picture_of_its_own() -> None:
    base = noise((9, 7, 3))
    result = lay_over(base, noise((9, 7, 3), 1), np.zeros((9, 7), np.uint8))
    assert np.array_equal(result, base)
    result[0, 0] ^= 255
    assert not np.array_equal(result, base)


def test_coverages_multiply_and_hide() -> None:
    a = np.array([[0, 128, 255]], np.uint8)
    assert times(a, np.full((1, 3), 255, np.uint8)).tolist() == a.tolist()
    assert times(a, a, a).tolist() == [[0, 32, 255]]
    assert without(np.full((1, 3), 255, np.uint8), a).tolist() == [[255, 127, 0]]


@pytest.mark.parametrize("radius", [1, 3, 6])
def test_a_mask_grows_and_shrinks_by_its_radius(radius: int) -> None:
    mask = np.zeros((60, 60), np.uint8)
    mask[20:40, 20:40] = 255
    wide, narrow = grow(mask, radius), grow(mask, -radius)
    assert wide[30].nonzero()[0].tolist() == list(range(20 - radius, 40 + radius))
    assert narrow[30].nonzero()[0].tolist() == list(range(20 + radius, 40 - radius))
    assert wide[20 - radius, 20 - radius] == 0  # round, not square


def test_known_colours_stay_and_the_rest_is_filled_from_them() -> None:
    picture = np.zeros((96, 80, 3), np.uint8)
    picture[:, :40], picture[:, 40:] = (200, 30, 60), (20, 180, 90)
    known = np.zeros((96, 80), np.uint8)
    known[:, :20] = known[:, 60:] = 255
    spoilt = picture.copy()
    spoilt[known == 0] = (255, 255, 0)
    filled = continue_colours(spoilt, known).astype(int)
    assert np.abs(filled - picture)[known > 0].max() <= 1
    assert np.abs(filled[:, 22] - picture[:, 0]).max() < 60
    assert np.abs(filled[:, 57] - picture[:, 79]).max() < 60
    middle = filled[48, 40]
    assert 60 < middle[0] < 160  # between both colours, nothing of the yellow
    assert middle[1] < 170
    assert filled[:, 20:60, 2].max() <= 95


def test_nothing_known_is_filled_without_failing() -> None:
    filled = continue_colours(noise((30, 20, 3)), np.zeros((30, 20), np.uint8))
    assert filled.shape == (30, 20, 3)


@pytest.mark.parametrize("sigma", [1.0, 5.0, 20.0])
def test_a_blur_keeps_the_mean_and_is_as_wide_as_asked(sigma: float) -> None:
    spot = np.zeros((257, 257), np.float32)
    spot[128, 128] = 1000
    wide = blur(spot, sigma)
    assert float(wide.sum()) == pytest.approx(1000, rel=0.03)
    x = np.arange(257) - 128.0
    spread = np.sqrt((wide.sum(0) * x**2).sum() / wide.sum())
    assert spread == pytest.approx(sigma, rel=0.12, abs=0.3)


def test_sizes_after_shrinking_and_enlarging() -> None:
    picture = noise((31, 20, 3))
    assert shrink(picture, 2).shape == (15, 10, 3)
    assert shrink(noise((3, 3)), 4).shape == (2, 2)
    assert enlarge(shrink(picture, 2), picture.shape).shape == picture.shape
    flat = np.full((31, 20, 3), 77, np.uint8)
    assert (enlarge(shrink(flat, 2), flat.shape) == 77).all()
