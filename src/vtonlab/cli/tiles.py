"""A sheet of labelled pictures."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vtonlab.imaging.types import Picture

if TYPE_CHECKING:
    from PIL.Image import Image

GAP: Final = 4
LABEL_HEIGHT: Final = 16
PAPER: Final = (245, 245, 245)
INK: Final = (40, 40, 40)
RED: Final = (170, 30, 30)


@dataclass(frozen=True)
class Tile:
    """One picture of a sheet with words under it; words in its place where there is none."""

    picture: Picture | None
    label: str
    words: str = ""


def draw_sheet(rows: Iterable[list[Tile]], height: int) -> Picture:
    """The rows below each other, every picture ``height`` pixels tall; columns are as wide as their widest picture."""
    from PIL.Image import new

    drawn = [[_draw(tile, height) for tile in row] for row in rows]
    columns = max((len(row) for row in drawn), default=1)
    widths = [max((row[c].width for row in drawn if c < len(row)), default=height // 2) for c in range(columns)]
    size = (sum(widths) + GAP * (columns + 1), max(1, len(drawn)) * (height + LABEL_HEIGHT + GAP) + GAP)
    sheet = new("RGB", size, PAPER)
    for r, row in enumerate(drawn):
        for c, image in enumerate(row):
            sheet.paste(image, (GAP + sum(widths[:c]) + GAP * c, GAP + r * (height + LABEL_HEIGHT + GAP)))
    return np.asarray(sheet)


def _draw(tile: Tile, height: int) -> Image:
    from PIL.Image import Resampling, fromarray, new
    from PIL.ImageDraw import Draw

    if tile.picture is None:
        image = new("RGB", (height * 2 // 3, height), PAPER)
        Draw(image).multiline_text((6, 6), "\n".join(textwrap.wrap(tile.words, max(8, height // 9))), fill=RED)
    else:
        tall, wide = tile.picture.shape[:2]
        size = max(1, round(wide * height / tall)), height
        image = fromarray(np.ascontiguousarray(tile.picture)).resize(size, Resampling.BICUBIC, reducing_gap=2.0)
    labelled = new("RGB", (image.width, height + LABEL_HEIGHT), PAPER)
    labelled.paste(image)
    Draw(labelled).text((2, height + 2), tile.label[: max(4, image.width // 6)], fill=INK)
    return labelled
