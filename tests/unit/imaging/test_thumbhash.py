from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.unit.imaging.conftest import draw_scene

from vtonlab.imaging.thumbhash import decode_thumbhash, encode_thumbhash, thumbhash_size
from vtonlab.imaging.thumbnail import shrink


def _plain(colour: tuple[int, int, int], width: int = 40, height: int = 30) -> NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 40, 30), (20, 60, 200)])
def test_plain_colours_come_back(colour):
    picture, alpha = decode_thumbhash(encode_thumbhash(_plain(colour)))
    assert np.abs(picture.astype(int) - colour).max() <= 8
    assert (alpha == 255).all()


def test_white_by_hand():
    """White: l = 1 → 63, p = q = 0 → 32 (31.5 rounds up), no scales, 4:3 → 5 rows, landscape."""
    code = encode_thumbhash(_plain((255, 255, 255)))
    first = 63 | 32 << 6 | 32 << 12
    second = 5 | 1 << 15
    assert code[:5] == first.to_bytes(3, "little") + second.to_bytes(2, "little")
    lightness = sum(7 * (5 - row) > 7 * 0 and column * 5 < 7 * (5 - row) for row in range(5) for column in range(7)) - 1
    assert len(code) == 5 + (lightness + 5 + 5 + 1) // 2
    assert not any(code[5:])


def test_the_scene_is_recognised():
    scene = draw_scene(96, 64)
    picture, _ = decode_thumbhash(encode_thumbhash(scene))
    assert picture.shape[1] == 32
    h, w = picture.shape[:2]
    small = shrink(scene, 32)
    for y, x in ((h // 4, w // 4), (h // 4, 3 * w // 4), (3 * h // 4, w // 4), (3 * h // 4, 3 * w // 4)):
        there = picture[y, x].astype(int)
        here = small[min(y, small.shape[0] - 1), x].astype(int)
        assert np.abs(there - here).mean() < 40


@pytest.mark.parametrize(("width", "height"), [(100, 50), (50, 100), (64, 64), (300, 20), (3, 90)])
def test_the_shape_is_kept(width, height):
    across, down = thumbhash_size(encode_thumbhash(_plain((10, 200, 90), width, height)))
    assert max(across, down) == 32
    assert across / down == pytest.approx(np.clip(width / height, 1 / 7, 7), rel=0.35)


def test_alpha_comes_back():
    alpha = np.zeros((60, 60), np.uint8)
    alpha[:, 30:] = 255
    code = encode_thumbhash(_plain((220, 30, 30), 60, 60), alpha)
    picture, back = decode_thumbhash(code)
    assert back[:, :8].mean() < 60
    assert back[:, -8:].mean() > 200
    assert np.abs(picture[:, -8:].reshape(-1, 3).mean(0) - (220, 30, 30)).max() < 16


def test_wholly_transparent():
    _, alpha = decode_thumbhash(encode_thumbhash(_plain((9, 9, 9)), np.zeros((30, 40), np.uint8)))
    assert alpha.max() < 20


@pytest.mark.parametrize("code", [b"", b"abcd", b"\xff" * 6])
def test_what_is_no_hash(code):
    with pytest.raises(ValueError, match="ThumbHash"):
        decode_thumbhash(code)


@settings(max_examples=40, deadline=None)
@given(width=st.integers(1, 130), height=st.integers(1, 130), seed=st.integers(0, 99), see_through=st.booleans())
def test_any_picture(width, height, seed, see_through):
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = rng.integers(0, 256, (height, width), dtype=np.uint8) if see_through else None
    code = encode_thumbhash(picture, alpha)
    assert len(code) <= 30
    back, _ = decode_thumbhash(code)
    assert np.abs(back.reshape(-1, 3).mean(0) - 127).max() < 128


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=5, max_size=40))
def test_any_bytes(code):
    try:
        decode_thumbhash(code)
    except ValueError:
        return
