"""Drawn pictures, and what encoders make of them. No photo is needed to test reading photos."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Encode = Callable[..., bytes]


def draw_scene(width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """Four quarters of different colours (red, green / blue, yellow) with a soft slope: every turn of it differs."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (200, 30, 40)
    picture[: height // 2, width // 2 :] = (20, 160, 60)
    picture[height // 2 :, : width // 2] = (30, 60, 190)
    picture[height // 2 :, width // 2 :] = (230, 210, 40)
    slope = np.linspace(0, 20, width).astype(np.uint8)
    return picture + slope[None, :, None]


def encode(picture: NDArray[np.uint8] | Image.Image, kind: str, **options: object) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def distance(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Mean absolute difference of two pictures of one shape."""
    assert a.shape == b.shape, (a.shape, b.shape)
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


@pytest.fixture
def scene() -> NDArray[np.uint8]:
    return draw_scene()
