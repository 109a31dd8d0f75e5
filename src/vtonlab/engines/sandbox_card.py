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
    GarmentKind.UPPER: (0.32, 0.66),
    GarmentKind.LOWER: (0.50, 0.95),
    GarmentKind.DRESS: (0.32, 0.9),
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
    """Draws title, lines and the garments on a white card over the lower part, below most faces; its box."""
    from PIL import ImageDraw

    pen = ImageDraw.Draw(canvas)
    width, height = canvas.size
    margin = max(2, min(width, height) // 40)
    inner, inset = width - 4 * margin, max(8, min(width // 4, height // 5))
    column = inner - inset - margin
    title = fit_font(pen, TITLE, inner, height // 8)
    text = fit_font(pen, "M" * 26, column, height // 28)
    wrapped = [part for line in lines for part in wrap_words(pen, line, text, column)]
    title_height, line_height = find_height(pen, title), round(find_height(pen, text) * 1.35)
    pictures = inset * (1 if request.lower is None else 2) + margin
    wanted = title_height + max(line_height * len(wrapped), pictures) + 4 * margin
    top = max(0, min(round(0.95 * height) - wanted, round(0.4 * height)))
    box = (margin, top, width - margin, min(height, top + wanted))
    pen.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=PAPER, outline=INK, width=max(1, margin // 4))
    pen.text((width // 2, top + margin), TITLE, fill=INK, font=title, anchor="ma", stroke_width=title_height // 30)
    row = first = top + 2 * margin + title_height
    for line in wrapped:
        pen.text((2 * margin, row), line, fill=INK, font=text, anchor="la")
        row += line_height
    _paste_garments(canvas, request, (width - 2 * margin - inset, first), inset)
    return box


def _paste_garments(canvas: Image.Image, request: TryOnRequest, corner: tuple[int, int], side: int) -> None:
    """The garments one below the other, each at most ``side`` px."""
    from PIL import Image, ImageOps

    left, top = corner
    for garment in (request.garment, request.lower):
        if garment is not None:
            canvas.paste(ImageOps.contain(Image.fromarray(garment), (side, side)), (left, top))
            top += side


def fit_font(
    pen: ImageDraw.ImageDraw, words: str, width: int, height: int
) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The built-in font at the largest size at which ``words`` are no wider and no higher than that (px)."""
    from PIL import ImageFont

    trial = ImageFont.load_default(100)
    left, top, right, bottom = pen.textbbox((0, 0), words, font=trial)
    return ImageFont.load_default(max(4, 100 * min(width / (right - left), height / (bottom - top))))


def wrap_words(
    pen: ImageDraw.ImageDraw, line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int
) -> list[str]:
    """``line`` in parts that are no wider than ``width`` px, as far as its words are not."""
    parts = [""]
    for word in line.split(" "):
        longer = f"{parts[-1]} {word}".strip()
        if pen.textlength(longer, font=font) <= width:
            parts[-1] = longer
        else:
            parts.append(word)
    return [part for part in parts if part]


def find_height(pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> int:
    """Of a line, in pixels."""
    return round(pen.textbbox((0, 0), "Mg", font=font)[3])
