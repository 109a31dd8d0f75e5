"""How the sandbox's pictures from words look: a plain ground, and a card that reads SANDBOX and lists the request."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from vtonlab.engines.contract import Picture
from vtonlab.engines.generating import GenerateRequest
from vtonlab.engines.sandbox_card import INK, PAPER, TITLE, find_height, fit_font, wrap_words

SIDES: Final = {"1K": 1024, "2K": 2048, "4K": 4096}
"""Longer side in pixels."""


def draw_sheet(request: GenerateRequest, lines: Sequence[str], seed: int) -> Picture:
    """A picture ``(H, W, 3) uint8`` of exactly the asked ratio and size; its colours follow ``seed``."""
    from PIL import Image, ImageDraw

    canvas = Image.fromarray(_draw_ground(*find_size(request.aspect_ratio, request.resolution), seed))
    pen = ImageDraw.Draw(canvas)
    width, height = canvas.size
    margin = max(4, min(width, height) // 30)
    inner = width - 4 * margin
    title = fit_font(pen, TITLE, inner, height // 8)
    text = fit_font(pen, "M" * 30, inner, height // 22)
    wrapped = [part for line in lines for part in wrap_words(pen, line, text, inner)]
    title_height, line_height = find_height(pen, title), round(find_height(pen, text) * 1.35)
    thumb = min(width // 5, height // 6) if request.references else 0
    most = max(1, (height - title_height - thumb - 8 * margin) // line_height)
    wrapped = wrapped[:most]
    tall = title_height + line_height * len(wrapped) + thumb + (5 if thumb else 4) * margin
    top = max(margin, (height - tall) // 2)
    pen.rectangle((margin, top, width - margin - 1, top + tall), fill=PAPER, outline=INK, width=max(1, margin // 4))
    pen.text((width // 2, top + margin), TITLE, fill=INK, font=title, anchor="ma", stroke_width=title_height // 30)
    row = top + 2 * margin + title_height
    for line in wrapped:
        pen.text((2 * margin, row), line, fill=INK, font=text, anchor="la")
        row += line_height
    if thumb:
        _paste(canvas, request.references, (2 * margin, row + margin), thumb)
    return np.asarray(canvas).copy()


def find_size(ratio: str, resolution: str) -> tuple[int, int]:
    """Width and height in pixels."""
    across, up = map(int, ratio.split(":"))
    side = SIDES[resolution]
    return (side, round(side * up / across)) if across >= up else (round(side * across / up), side)


def make_seed(*words: object) -> int:
    """A number that follows from ``words`` alone, 0 to 2**31 - 1."""
    digest = hashlib.blake2b(repr(words).encode(), digest_size=4).digest()
    return int.from_bytes(digest) & 0x7FFFFFFF


def _draw_ground(width: int, height: int, seed: int) -> Picture:
    """Two colours that run into each other from top to bottom."""
    luck = np.random.default_rng(seed)
    upper, lower = luck.integers(60, 230, (2, 3))
    share = np.linspace(0, 1, height)[:, None]
    column = np.rint(upper * (1 - share) + lower * share).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(column[:, None], (height, width, 3)))


def _paste(canvas: object, pictures: Sequence[Picture], corner: tuple[int, int], side: int) -> None:
    """The reference pictures side by side, each at most ``side`` px."""
    from PIL import Image, ImageOps

    assert isinstance(canvas, Image.Image)
    left, top = corner
    for picture in pictures:
        canvas.paste(ImageOps.contain(Image.fromarray(picture), (side, side)), (left, top))
        left += side
