"""Bringing a service's answer back into the photo."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.drawn_people import draw_person
from tests.fakes.errand import textured

from vtonlab.engines.composite import find_change, match_colours, paste_back, soften
from vtonlab.engines.contract import Mask, Picture

SHAPES = st.tuples(st.integers(1, 90), st.integers(1, 90))


def ellipse(height: int, width: int) -> Mask:
    mask: Mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (width // 2, height // 2), (width // 4, height // 5), 0, 0, 360, (255,), -1)
    return mask


def through_a_model(picture: Picture, gain: float = 0.97, shift: tuple[float, ...] = (6, -3, 2)) -> Picture:
    """As a diffusion model's decoder gives a picture back: a little softer, its colours shifted."""
    soft = cv2.GaussianBlur(picture, (0, 0), 0.8).astype(np.float32)
    noise = np.random.default_rng(5).normal(0, 1.5, picture.shape)
    return np.asarray(np.clip(soft * gain + np.array(shift) + noise, 0, 255), np.uint8)


@given(st.data(), SHAPES, st.one_of(st.none(), st.integers(0, 20)))
def test_outside_the_mask_the_photo_stays_bit_for_bit(
    data: st.DataObject, shape: tuple[int, int], feather: int
) -> None:
    mask = data.draw(arrays.arrays(np.uint8, shape))
    luck = np.random.default_rng(3)
    photo = luck.integers(0, 256, (*shape, 3), dtype=np.uint8)
    answer = luck.integers(0, 256, (*shape, 3), dtype=np.uint8)
    kept = photo.copy()
    result = paste_back(photo, answer, mask, feather)
    assert (result[mask < 128] == photo[mask < 128]).all()
    assert (photo == kept).all(), "the photo that was handed in is not written to"
    if feather == 0:
        assert (result[mask > 127] == answer[mask > 127]).all()
    low, high = np.minimum(photo, answer), np.maximum(photo, answer)
    assert ((result >= low) & (result <= high)).all()


def test_the_seam_lies_inside_the_mask_and_is_as_wide_as_said() -> None:
    mask = np.zeros((100, 200), np.uint8)
    mask[:, 50:] = 255
    weight = soften(mask, 9)
    assert not weight[:, :50].any()
    assert (np.diff(weight[50, 50:60].astype(int)) > 0).all()
    assert (weight[:, 60:] == 255).all(), "neither beyond the seam nor at the picture's own edge is it mixed"


def test_a_mask_of_everything_and_one_of_nothing() -> None:
    photo, answer = textured(50, 70, 1), textured(50, 70, 2)
    assert (paste_back(photo, answer, np.full(photo.shape[:2], 255, np.uint8)) == answer).all()
    assert (paste_back(photo, answer, np.zeros(photo.shape[:2], np.uint8)) == photo).all()


def test_drift_is_corrected_where_both_show_the_same() -> None:
    photo = draw_person().picture
    mask = ellipse(*photo.shape[:2])
    new = photo.copy()
    new[mask > 0] = (40, 120, 60)
    answer = through_a_model(new)
    corrected = match_colours(photo, answer, mask)
    outside = mask == 0
    before = np.abs(answer[outside].astype(int).mean(axis=0) - photo[outside].mean(axis=0))
    after = np.abs(corrected[outside].astype(int).mean(axis=0) - photo[outside].mean(axis=0))
    assert before.max() > 2
    assert after.max() < 1
    assert np.abs(corrected[mask > 0].mean(axis=0) - (40, 120, 60)).max() < 3, "the cloth gets its true colour, too"


def test_another_picture_is_not_bent_to_the_photos_colours() -> None:
    photo, other = textured(200, 300, 1), textured(200, 300, 9)
    assert (match_colours(photo, other, ellipse(300, 200)) == other).all()
    small = np.full((10, 10, 3), 90, np.uint8)
    lighter = np.full((10, 10, 3), 95, np.uint8)
    assert (match_colours(small, lighter, np.zeros((10, 10), np.uint8)) == lighter).all()


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.5])
def test_the_change_is_found(scale: float) -> None:
    drawn = draw_person().picture
    photo = cv2.resize(drawn, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    mask = ellipse(*photo.shape[:2])
    new = photo.copy()
    new[mask > 0] = (200, 40, 160)
    found = find_change(photo, through_a_model(new)) > 0
    assert set(np.unique(find_change(photo, through_a_model(new)))) <= {0, 255}
    assert found[mask > 0].mean() > 0.99
    assert found[mask == 0].mean() < 0.06


def test_no_change_is_found_in_a_picture_that_was_only_redrawn() -> None:
    photo = draw_person().picture
    assert not find_change(photo, photo).any()
    assert (find_change(photo, through_a_model(photo)) > 0).mean() < 0.01
