"""A drawn person and a drawn shirt, to try an engine with where there is no photo."""

from __future__ import annotations

import numpy as np

from vtonlab.imaging.types import Picture

_SKIN = (224, 172, 140)
_WIDTH, _HEIGHT = 384, 512


def draw_person() -> Picture:
    """``(512, 384, 3)``: a figure from the front, arms down, in a plain top and trousers, on a plain ground."""
    from PIL.Image import new
    from PIL.ImageDraw import Draw
    from PIL.ImageFilter import GaussianBlur

    image = new("RGB", (_WIDTH, _HEIGHT), (225, 226, 228))
    draw = Draw(image)
    draw.ellipse((150, 28, 234, 130), fill=(58, 40, 30))
    draw.rectangle((174, 120, 210, 165), fill=_SKIN)
    draw.ellipse((158, 46, 226, 138), fill=_SKIN)
    for x in (176, 208):
        draw.ellipse((x - 6, 84, x + 6, 91), fill=(250, 250, 250))
        draw.ellipse((x - 3, 84, x + 3, 91), fill=(50, 35, 25))
        draw.line((x - 9, 77, x + 9, 76), fill=(70, 48, 36), width=3)
    draw.polygon([(192, 92), (187, 108), (197, 108)], fill=(206, 150, 120))
    draw.ellipse((180, 115, 204, 122), fill=(190, 90, 90))
    middle = _WIDTH // 2
    for side in (-1, 1):
        arm = [(middle + side * x, y) for x, y in ((74, 180), (92, 290), (98, 385))]
        leg = [(middle + side * x, y) for x, y in ((0, 362), (62, 362), (58, 512), (14, 512))]
        draw.line(arm, fill=_SKIN, width=30)
        draw.ellipse((arm[2][0] - 16, 376, arm[2][0] + 16, 416), fill=_SKIN)
        draw.line([(middle + side * 68, 176), (middle + side * 86, 245)], fill=(70, 110, 150), width=44)
        draw.polygon(leg, fill=(60, 62, 72))
    draw.polygon([(164, 152), (220, 152), (272, 176), (252, 372), (132, 372), (112, 176)], fill=(70, 110, 150))
    draw.pieslice((166, 130, 218, 176), 0, 180, fill=_SKIN)
    return np.asarray(image.filter(GaussianBlur(0.8)))


def draw_shirt() -> Picture:
    """``(512, 384, 3)``: a short-sleeved shirt laid flat on white."""
    from PIL.Image import new
    from PIL.ImageDraw import Draw

    image = new("RGB", (_WIDTH, _HEIGHT), (255, 255, 255))
    draw = Draw(image)
    outline = [
        (150, 80), (234, 80), (290, 104), (356, 200), (306, 232), (276, 190),
        (280, 440), (104, 440), (108, 190), (78, 232), (28, 200), (94, 104),
    ]  # fmt: skip
    draw.polygon(outline, fill=(178, 58, 52))
    draw.pieslice((150, 40, 234, 120), 0, 180, fill=(255, 255, 255))
    draw.ellipse((162, 200, 222, 260), fill=(240, 220, 120))
    return np.asarray(image)
