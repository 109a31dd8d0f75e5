"""What the fakes of IDM-VTON do with pictures: as badly as the real one treats them, and painting so that it shows.

It stretches all it gets to 768×1024, greys the mask out in its second picture, and, as a model's decoder does, shifts
the colours of the whole picture a little. What it changes it paints in the garment's colour with dark stripes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIZE = (768, 1024)
AUTO = (190, 270, 580, 690)
"""The automatic mask: left, top, right, bottom."""
HAND = (250, 520, 330, 600)
"""A hole in it, as for a hand."""
GAIN, SHIFT = 0.96, (8.0, 3.0, -4.0)
"""What becomes of the colours of the whole picture."""


def auto_mask() -> Image.Image:
    mask = Image.new("L", SIZE, 0)
    pen = ImageDraw.Draw(mask)
    pen.rectangle(AUTO, fill=255)
    pen.ellipse(HAND, fill=0)
    return mask


def pretend(
    photo: Image.Image, garment: Image.Image, mask: Image.Image | None, *, crop: bool = False
) -> tuple[Image.Image, Image.Image]:
    """The two pictures for ``photo`` in ``garment``; with ``mask`` (any pixel that is not black) instead of the
    automatic one. ``crop`` works on the middle of the photo and answers in its size."""
    photo = photo.convert("RGB")
    original, left, top = photo.copy(), 0, 0
    if crop:
        width, height = int(min(photo.width, photo.height * 3 / 4)), int(min(photo.height, photo.width * 4 / 3))
        left, top = (photo.width - width) // 2, (photo.height - height) // 2
        photo = photo.crop((left, top, left + width, top + height))
    person = np.asarray(photo.resize(SIZE), np.float32)
    chosen = auto_mask() if mask is None else mask.convert("RGB").convert("L").point(lambda value: 255 * (value > 0))
    inside = np.asarray(chosen.resize(SIZE)) > 127
    drawn = np.clip(np.where(inside[..., None], _cloth(garment), person) * GAIN + np.array(SHIFT), 0, 255)
    greyed = np.where(inside[..., None], 127, person)
    result, masked = (Image.fromarray(np.rint(one).astype(np.uint8)) for one in (drawn, greyed))
    if not crop:
        return result, masked
    whole, whole_masked = original.copy(), original.copy()
    whole.paste(result.resize(photo.size), (left, top))
    whole_masked.paste(masked.resize(photo.size), (left, top))
    return whole, whole_masked


def colour_of(garment: Image.Image) -> NDArray[np.float32]:
    """The colour that a garment is painted in: that of its middle."""
    pixels = np.asarray(garment.convert("RGB").resize(SIZE), np.float32)
    return np.asarray(pixels[480:544, 352:416].mean(axis=(0, 1)), np.float32)


def _cloth(garment: Image.Image) -> NDArray[np.float32]:
    stripes = np.where(np.arange(SIZE[1]) // 24 % 2, 0.8, 1.0)[:, None, None]
    return np.asarray(stripes * colour_of(garment) * np.ones((1, SIZE[0], 1)), np.float32)
