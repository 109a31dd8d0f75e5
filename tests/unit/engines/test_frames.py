"""Padding and cutting to a service's shape, and back."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.fakes.errand import textured

from vtonlab.engines.contract import Picture
from vtonlab.engines.frames import cut, pad, pad_mask, unpad
from vtonlab.imaging.read import read_picture

SIDES = st.integers(1, 160)
RATIOS = st.sampled_from([(3, 4), (4, 3), (1, 1), (9, 16), (2, 3)])


def noise(height: int, width: int, seed: int = 0) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@given(SIDES, SIDES, RATIOS)
def test_what_is_padded_comes_back_bit_for_bit(height: int, width: int, ratio: tuple[int, int]) -> None:
    picture = noise(height, width)
    padded, frame = pad(picture, ratio)
    assert padded.shape == (frame.height, frame.width, 3)
    assert abs(frame.width - frame.height * ratio[0] / ratio[1]) <= max(1, ratio[0] / ratio[1])
    assert frame.height >= height
    assert frame.width >= width
    assert (unpad(padded, frame) == picture).all()


@given(SIDES, SIDES, RATIOS)
def test_what_is_cut_comes_back_bit_for_bit(height: int, width: int, ratio: tuple[int, int]) -> None:
    picture = noise(height, width)
    part, frame = cut(picture, ratio)
    assert part.shape == (frame.height, frame.width, 3)
    assert frame.height <= height
    assert frame.width <= width
    assert (unpad(part, frame, picture) == picture).all()
    changed = unpad(np.invert(part), frame, picture)
    seen = pad_mask(np.full((height, width), 255, np.uint8), frame)
    assert seen.shape == part.shape[:2]
    assert (changed != picture).any(axis=2).sum() == part.shape[0] * part.shape[1]


@given(SIDES, SIDES, st.integers(8, 90), st.booleans())
def test_any_size_comes_back_at_the_photos_size(height: int, width: int, longest: int, cutting: bool) -> None:
    picture = noise(height, width)
    sent, frame = (cut if cutting else pad)(picture, longest=longest)
    assert sent.shape == (frame.height, frame.width, 3)
    assert max(sent.shape) <= max(longest, 4)
    for size in ((1024, 768), (40, 30), (frame.height, frame.width)):
        answer = np.full((*size, 3), 77, np.uint8)
        back = unpad(answer, frame, picture)
        assert back.shape == picture.shape
        if not cutting:
            assert (back == 77).all()


@pytest.mark.parametrize(("width", "height"), [(300, 1000), (1000, 300), (640, 640), (768, 1024), (3000, 4000)])
def test_nothing_is_stretched(width: int, height: int) -> None:
    """A circle on the photo is a circle in what a service works on, at 768×1024, and lies where it was afterwards."""
    picture = np.full((height, width, 3), 30, np.uint8)
    radius = min(width, height) // 4
    rows, columns = np.ogrid[:height, :width]
    inside = (rows - height / 2 + 0.5) ** 2 + (columns - width / 2 + 0.5) ** 2 <= radius**2
    picture[inside] = 220
    padded, frame = pad(picture, longest=2048)
    seen = np.asarray(Image.fromarray(padded).resize((768, 1024)))[..., 0] > 125
    tall, wide = seen.any(axis=1).sum(), seen.any(axis=0).sum()
    assert abs(tall - wide) <= 2 + 0.01 * tall
    back = unpad(np.asarray(Image.fromarray(padded).resize((768, 1024))), frame)[..., 0] > 125
    assert (back ^ inside).mean() < 0.004 + 4 / min(width, height) / 4


def test_the_border_continues_the_edge_or_has_the_colour_asked_for() -> None:
    picture = np.zeros((40, 10, 3), np.uint8)
    picture[:, 0] = (9, 8, 7)
    padded, frame = pad(picture)
    assert (padded[:, : frame.left] == (9, 8, 7)).all()
    padded, frame = pad(picture, colour=(1, 2, 3))
    assert (padded[:, : frame.left] == (1, 2, 3)).all()
    assert not pad_mask(np.full((40, 10), 255, np.uint8), frame)[:, : frame.left].any()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_photos_are_upright_in_their_frame(orientation: int) -> None:
    """A phone turns its photos by a mark in the file: reading applies it, so the frame is that of the upright one."""
    upright = textured(60, 100)
    stored = Image.fromarray(upright)
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    if orientation > 1:
        stored = stored.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    stored.save(file, "PNG", exif=exif)
    picture = read_picture(file.getvalue())
    assert (picture == upright).all()
    padded, frame = pad(picture)
    assert (frame.full_width, frame.full_height) == (60, 100)
    assert (unpad(padded, frame) == upright).all()
