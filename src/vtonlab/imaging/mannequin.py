"""A drawn person and a drawn shirt: to try an engine where there is no photo, in self-tests and in examples.

Pose models take the figure for a person; nobody was photographed for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vtonlab.imaging.types import Picture

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

_WIDTH, _HEIGHT = 384, 512
_MIDDLE = _WIDTH // 2
_SKIN = (224, 172, 140)
_HAIR = (58, 40, 30)
_TOP = (70, 110, 150)
_TROUSERS = (60, 62, 72)


def draw_person() -> Picture:
    """``(512, 384, 3)``: a figure from the front, arms down, in a plain top and trousers, on a plain ground."""
    from PIL.Image import new
    from PIL.ImageDraw import Draw
    from PIL.ImageFilter import GaussianBlur

    image = new("RGB", (_WIDTH, _HEIGHT), (225, 226, 228))
    draw = Draw(image)
    draw.ellipse((150, 28, 234, 130), fill=_HAIR)
    for side in (-1, 1):
        _draw_limbs(draw, side)
    draw.polygon([(166, 150), (218, 150), (272, 176), (252, 372), (132, 372), (112, 176)], fill=_TOP)
    draw.rectangle((174, 120, 210, 152), fill=_SKIN)
    draw.pieslice((166, 126, 218, 176), 0, 180, fill=_SKIN)
    _draw_face(draw)
    return np.asarray(image.filter(GaussianBlur(0.8)))


def draw_shirt() -> Picture:
    """``(512, 384, 3)``: a short-sleeved shirt with a round print, laid flat on white."""
    from PIL.Image import new
    from PIL.ImageDraw import Draw

    image = new("RGB", (_WIDTH, _HEIGHT), (255, 255, 255))
    draw = Draw(image)
    right = [(234, 80), (290, 104), (356, 200), (306, 232), (276, 190), (280, 440)]
    left = [(_WIDTH - x, y) for x, y in reversed(right)]
    draw.polygon(right + left, fill=(178, 58, 52))
    draw.pieslice((150, 40, 234, 120), 0, 180, fill=(255, 255, 255))
    draw.ellipse((162, 200, 222, 260), fill=(240, 220, 120))
    return np.asarray(image)


def _draw_limbs(draw: ImageDraw, side: int) -> None:
    def mirrored(*points: tuple[int, int]) -> list[tuple[int, int]]:
        return [(_MIDDLE + side * x, y) for x, y in points]

    arm = mirrored((76, 190), (92, 290), (98, 385))
    wrist = arm[-1]
    draw.line(arm, fill=_SKIN, width=30, joint="curve")
    draw.ellipse((wrist[0] - 16, 376, wrist[0] + 16, 416), fill=_SKIN)
    draw.polygon(mirrored((50, 164), (80, 176), (92, 190), (106, 240), (62, 252), (56, 220)), fill=_TOP)
    draw.polygon(mirrored((0, 362), (62, 362), (58, 512), (14, 512)), fill=_TROUSERS)


def _draw_face(draw: ImageDraw) -> None:
    draw.ellipse((158, 46, 226, 138), fill=_SKIN)
    for x in (_MIDDLE - 16, _MIDDLE + 16):
        draw.ellipse((x - 6, 84, x + 6, 91), fill=(250, 250, 250))
        draw.ellipse((x - 3, 84, x + 3, 91), fill=(50, 35, 25))
        draw.line((x - 9, 77, x + 9, 76), fill=(70, 48, 36), width=3)
    draw.polygon([(192, 92), (187, 108), (197, 108)], fill=(206, 150, 120))
    draw.ellipse((180, 115, 204, 122), fill=(190, 90, 90))
