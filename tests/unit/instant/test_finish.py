"""Back to the photo's own resolution: nothing but the change is touched, at any size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.finish import finish
from vtonlab.engines.instant.person import working_picture
from vtonlab.engines.instant.records import Frame


def smooth_photo(width: int, height: int, seed: int = 0) -> Picture:
    small = np.random.default_rng(seed).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def paint(picture: Picture, colour: tuple[int, int, int] = (250, 20, 40)) -> Picture:
    """A disc in the middle: the change."""
    painted = picture.copy()
    height, width = picture.shape[:2]
    cv2.circle(painted, (width // 2, height // 2), max(2, min(width, height) // 5), colour, -1, cv2.LINE_AA)
    return painted


@settings(max_examples=60, deadline=None)
@given(
    st.integers(60, 400), st.integers(60, 400), st.floats(0.3, 2.5), st.floats(0, 0.3), st.floats(0, 0.3),
    st.integers(0, 100),
)
def test_outside_the_mask_every_pixel_is_the_photo_s(
    width: int, height: int, scale: float, left: float, top: float, seed: int
) -> None:
    photo = smooth_photo(width, height, seed)
    photo ^= np.random.default_rng(seed).integers(0, 8, photo.shape, dtype=np.uint8)  # detail that no scaling keeps
    x, y = int(left * width), int(top * height)
    frame = Frame(x, y, max(8, round((width - x) * scale)), max(8, round((height - y) * scale)), scale, width, height)
    before = working_picture(photo, frame)
    given_photo = photo.copy()
    result, mask = finish(photo, frame, before, paint(before))
    assert np.array_equal(photo, given_photo)
    assert result.shape == photo.shape
    assert mask.shape == photo.shape[:2]
    assert np.array_equal(result[mask == 0], photo[mask == 0])
    assert mask[: y].max(initial=0) == 0
    assert mask[:, :x].max(initial=0) == 0


@pytest.mark.parametrize("scale", [0.4, 0.77, 1.0, 1.7])
def test_the_change_arrives_where_it_was_made_and_nowhere_else(scale: float) -> None:
    photo = smooth_photo(300, 400)
    x, y = (30, 40) if scale != 1.0 else (0, 0)
    frame = Frame(x, y, round((300 - x) * scale), round((400 - y) * scale), scale, 300, 400)
    before = working_picture(photo, frame)
    result, mask = finish(photo, frame, before, paint(before))
    changed = (np.abs(result.astype(int) - photo).max(2) > 8).astype(np.uint8)
    moments = cv2.moments(changed, binaryImage=True)
    assert moments["m10"] / moments["m00"] == pytest.approx(x + (300 - x) / 2 - 0.5, abs=1.5)
    assert moments["m01"] / moments["m00"] == pytest.approx(y + (400 - y) / 2 - 0.5, abs=1.5)
    radius = min(frame.width, frame.height) // 5 / scale
    assert np.sqrt(moments["m00"] / np.pi) == pytest.approx(radius, abs=max(1.5, 1.6 / scale))
    assert mask[changed > 0].min() == 255
    middle = result[y + (400 - y) // 2, x + (300 - x) // 2]
    assert np.abs(middle.astype(int) - (250, 20, 40)).max() <= 3


def test_no_change_is_no_change() -> None:
    photo = smooth_photo(200, 150)
    frame = Frame(10, 5, 95, 70, 0.5, 200, 150)
    before = working_picture(photo, frame)
    result, mask = finish(photo, frame, before, before.copy())
    assert np.array_equal(result, photo)
    assert not mask.any()


def test_the_smallest_change_is_in_the_mask() -> None:
    photo = smooth_photo(64, 64)
    after = photo.copy()
    after[20, 30, 1] ^= 1
    result, mask = finish(photo, Frame(0, 0, 64, 64, 1.0, 64, 64), photo, after)
    assert np.argwhere(mask).tolist() == [[20, 30]]
    assert np.array_equal(result, after)


def test_a_change_of_one_working_pixel_reaches_a_larger_photo() -> None:
    photo = smooth_photo(200, 150)
    frame = Frame(0, 0, 100, 75, 0.5, 200, 150)
    before = working_picture(photo, frame)
    after = before.copy()
    after[30, 40] = (255, 0, 255) if before[30, 40, 1] > 60 else (0, 255, 0)
    result, mask = finish(photo, frame, before, after)
    assert (mask[60:62, 79:83] == 255).all()
    assert np.abs(result[60:62, 80:82].astype(int) - after[30, 40]).max() < 90
    assert mask.sum() / 255 < 60
