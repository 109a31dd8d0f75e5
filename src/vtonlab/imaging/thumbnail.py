"""Small pictures of large ones."""

from __future__ import annotations

import numpy as np

from vtonlab.imaging.read import DEFAULT_LIMITS, Limits, Source, read_picture
from vtonlab.imaging.types import Picture
from vtonlab.imaging.write import encode_picture


def make_thumbnail(
    source: Source, side: int = 320, *, suffix: str = ".webp", quality: int = 80, limits: Limits = DEFAULT_LIMITS
) -> bytes:
    """The picture in ``source``, its longer side at most ``side`` pixels, encoded; as :func:`read_picture` raises."""
    return encode_picture(read_picture(source, limits=limits, reduce_to=side), suffix, quality=quality)


def shrink(picture: Picture, side: int) -> Picture:
    """``picture`` ``(H, W, 3)`` scaled down, antialiased, so that its longer side is at most ``side`` pixels."""
    from PIL.Image import Resampling, fromarray

    height, width = picture.shape[:2]
    longer = max(width, height)
    if longer <= side:
        return picture
    size = max(1, round(width * side / longer)), max(1, round(height * side / longer))
    return np.asarray(fromarray(np.ascontiguousarray(picture)).resize(size, Resampling.BICUBIC, reducing_gap=2.0))
