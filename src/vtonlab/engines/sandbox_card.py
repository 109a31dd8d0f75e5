"""How the sandbox's placeholder looks: stripes where a garment would go, and a card that nobody can overlook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from vtonlab.engines.contract import GarmentKind, Mask, Picture, TryOnRequest

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

TITLE: Final = "SANDBOX"
STRIPE: Final = (255, 196, 0)
INK: Final = (20, 20, 20)
PAPER: Final = (255, 255, 255)
REGIONS: Final = {
    GarmentKind.UPPER: (0.20, 0.62),
    GarmentKind.LOWER: (0.50, 0.95),
    GarmentKind.DRESS: (0.20, 0.85),
}
"""Top and bottom of the striped box as shares of the photo's height, where no mask says what is meant."""


def draw_placeholder(request: TryOnRequest, lines: Sequence[str]) -> tuple[Picture, Mask]:
    """The photo (``(H, W, 3) uint8``) with stripes and card, and the pixels drawn on (``(H, W) uint8``, 0 or 255)."""
    from PIL import Image

    photo = request.person
    striped = _region(request)
    image = photo.copy()
    image[striped] = _stripes(photo)[striped]
    canvas = Image.fromarray(image)
    card = _draw_card(canvas, request, lines)
    mask = np.where(striped, np.uint8(255), np.uint8(0))
    left, top, right, bottom = card
    mask[top:bottom, left:right] = 255
    return np.asarray(canvas).copy(), mask


def _region(request: TryOnRequest) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    height, width = request.person.shape[:2]
    if request.mask is not None and request.mask.shape == (height, width) and request.mask.any():
        return request.mask > 0
    kind = GarmentKind.DRESS if request.lower is not None else request.kind
    top, bottom = REGIONS.get(kind, REGIONS[GarmentKind.UPPER])
    rows, columns = np.ogrid[:height, :width]
    return (rows >= top * height) & (rows < bottom * height) & (columns >= 0.2 * width) & (columns < 0.8 * width)


def _stripes(photo: Picture) -> Picture:
    """The photo under diagonal stripes, half of it still to be seen between them."""
    height, width = photo.shape[:2]
    rows, columns = np.ogrid[:height, :width]
    pitch = max(8, min(height, width) // 16)
    is_stripe = (rows + columns) // (pitch // 2) % 2 == 0
    faded = photo // 2 + 64
    return np.where(is_stripe[..., None], np.array(STRIPE, np.uint8), faded).astype(np.uint8)


def _draw_card(canvas: Image.Image, request: TryOnRequest, lines: Sequence[str]) -> tuple[int, int, int, int]:
    """Draws title, lines and the garments on a white card across the middle; its box."""
    from PIL import ImageDraw

    pen = ImageDraw.Draw(canvas)
    width, height = canvas.size
    margin = max(2, width // 40)
    title = _fit(pen, TITLE, width - 4 * margin, height // 5)
    text = _fit(pen, "M" * 36, width - 4 * margin, height // 24)
    wrapped = [part for line in lines for part in _wrap(pen, line, text, width - 4 * margin)]
    title_height, line_height = _height(pen, title), round(_height(pen, text) * 1.35)
    inset = max(8, min(width // 3, height // 5))
    wanted = title_height + line_height * len(wrapped) + inset + 5 * margin
    top = max(0, min((height - wanted) // 2, height))
    box = (margin, top, width - margin, min(height, top + wanted))
    pen.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=PAPER, outline=INK, width=max(1, margin // 4))
    pen.text((width // 2, top + margin), TITLE, fill=INK, font=title, anchor="ma")
    row = top + 2 * margin + title_height
    for line in wrapped:
        pen.text((2 * margin, row), line, fill=INK, font=text, anchor="la")
        row += line_height
    _paste_garments(canvas, request, (2 * margin, row + margin), inset)
    return box


def _paste_garments(canvas: Image.Image, request: TryOnRequest, corner: tuple[int, int], side: int) -> None:
    from PIL import Image, ImageOps

    left, top = corner
    for garment in (request.garment, request.lower):
        if garment is not None:
            small = ImageOps.contain(Image.fromarray(garment), (side, side))
            canvas.paste(small, (left, top))
            left += small.width + side // 8


def _fit(pen: ImageDraw.ImageDraw, words: str, width: int, height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The built-in font at the largest size at which ``words`` are no wider and no higher than that (px)."""
    from PIL import ImageFont

    trial = ImageFont.load_default(100)
    left, top, right, bottom = pen.textbbox((0, 0), words, font=trial)
    return ImageFont.load_default(max(4, 100 * min(width / (right - left), height / (bottom - top))))


def _wrap(
    pen: ImageDraw.ImageDraw, line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int
) -> list[str]:
    parts = [""]
    for word in line.split(" "):
        longer = f"{parts[-1]} {word}".strip()
        if pen.textlength(longer, font=font) <= width:
            parts[-1] = longer
        else:
            parts.append(word)
    return [part for part in parts if part]


def _height(pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> int:
    return round(pen.textbbox((0, 0), "Mg", font=font)[3])
