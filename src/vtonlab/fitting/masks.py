"""A mask that somebody drew for one fitting: it comes as a data-URL, goes with the task, and is no picture of the
library.

It is kept small, black and white, in the task's parameters: a drawn one of 1024 px takes about 5 kB.
"""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass
from typing import Final

import numpy as np

from vtonlab.errors import BadOption, ImageTooLarge, ImageTooSmall, ImageUnreadable, Text
from vtonlab.imaging.formats import Format
from vtonlab.imaging.read import Limits, Photo, read_photo

DRAWN: Final = "data:"
"""What the mask of an order begins with that is drawn, not named."""
HEAD: Final = "data:image/png;base64,"
LARGEST: Final = 4 * 2**20
"""Bytes of the PNG."""
MOST_LETTERS: Final = len(HEAD) + 4 * (-(-LARGEST // 3))
SIDE: Final = 1024
"""Longer side it is kept at, px."""
LIMITS: Final = Limits(size=LARGEST, pixels=4096 * 4096, least_side=16)
LIKE: Final = 0.02
"""Share by which its proportions may differ from the photo's."""

NOT_PNG: Final = Text(
    "a drawn mask is a PNG as data-URL of at most 4 MB and 16 megapixels",
    "手绘遮罩必须是 data-URL 形式的 PNG，不超过 4 MB、1600 万像素",
)
NOTHING: Final = Text("nothing is marked on the mask", "遮罩上没有涂抹任何区域")
OTHER_SHAPE: Final = Text("the mask has not the photo's proportions", "遮罩的长宽比与照片不一致")


@dataclass(frozen=True)
class DrawnMask:
    """A mask that was looked at. ``width`` and ``height`` as it came."""

    png: bytes
    """White is to be changed; one bit a pixel, at most ``SIDE`` px."""
    width: int
    height: int

    def check_shape(self, width: int, height: int) -> None:
        """Raises ``BadOption`` where it is not of the proportions of a photo of that size."""
        ratio = (self.width / self.height) / (width / height)
        if not 1 - LIKE <= ratio <= 1 + LIKE:
            raise BadOption(option="mask_image", reason=OTHER_SHAPE)


def read_drawn(data_url: str) -> DrawnMask:
    """The mask in ``data_url``: what is white and not transparent. Blocks. Raises ``BadOption``."""
    from PIL.Image import fromarray

    photo = _read(data_url)
    marked = photo.picture.max(axis=2)
    if photo.alpha is not None:
        marked = np.minimum(marked, photo.alpha)
    if not (marked >= 128).any():
        raise BadOption(option="mask_image", reason=NOTHING)
    file = io.BytesIO()
    fromarray(marked).point(lambda value: 255 if value >= 128 else 0, "1").save(file, "PNG", optimize=True)
    return DrawnMask(file.getvalue(), photo.width, photo.height)


def write_text(png: bytes) -> str:
    """``png`` as a task's parameters hold it."""
    return base64.b64encode(png).decode()


def read_text(text: str) -> bytes:
    """What :func:`write_text` wrote."""
    return base64.b64decode(text)


def _read(data_url: str) -> Photo:
    try:
        if data_url[: len(HEAD)].lower() != HEAD or len(data_url) > MOST_LETTERS:
            raise BadOption(option="mask_image", reason=NOT_PNG)
        data = base64.b64decode(data_url[len(HEAD) :], validate=True)
        photo = read_photo(data, limits=LIMITS, reduce_to=SIDE)
    except (binascii.Error, ValueError, ImageUnreadable, ImageTooLarge, ImageTooSmall) as error:
        raise BadOption(option="mask_image", reason=NOT_PNG) from error
    if photo.format is not Format.PNG:
        raise BadOption(option="mask_image", reason=NOT_PNG)
    return photo
