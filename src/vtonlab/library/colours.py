"""The colour people would name a picture by."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.errors import Text

COLOURS: Final[dict[str, Text]] = {
    "black": Text("black", "黑色"),
    "grey": Text("grey", "灰色"),
    "white": Text("white", "白色"),
    "beige": Text("beige", "米色"),
    "brown": Text("brown", "棕色"),
    "red": Text("red", "红色"),
    "orange": Text("orange", "橙色"),
    "yellow": Text("yellow", "黄色"),
    "green": Text("green", "绿色"),
    "teal": Text("teal", "青色"),
    "blue": Text("blue", "蓝色"),
    "purple": Text("purple", "紫色"),
    "pink": Text("pink", "粉色"),
}
"""Every name, as it is kept and as people say it."""

_NAMES: Final = tuple(COLOURS)
_SIDE: Final = 48
_SPREAD: Final = 0.22
"""Standard deviation of the weight around the middle, as a share of the side: what is shown stands there."""
_BACKDROP_WEIGHT: Final = 0.2
"""What a pixel counts that has the colour of the edge all around: shops show clothes on white."""
_LIKE_BACKDROP: Final = 12.0
_GREYISH: Final = 11.0
"""Chroma (CIELAB) below which nobody names a hue."""

_HUES: Final = ((8, "pink"), (42, "red"), (68, "orange"), (108, "yellow"), (165, "green"), (220, "teal"))
_MORE_HUES: Final = ((292, "blue"), (330, "purple"), (361, "pink"))
"""Upper ends of the hue angles of CIELAB in degrees; sRGB's primaries lie at 40 (red), 103 (yellow), 136 (green),
196 (cyan), 306 (blue), 328 (magenta). Between 292 and 312 a saturated colour is still blue."""


def name_colour(picture: NDArray[np.uint8], alpha: NDArray[np.uint8] | None = None) -> str:
    """The main colour (a key of ``COLOURS``) of ``picture`` ``(H, W, 3)`` RGB, of what is opaque in ``alpha``.

    The middle of the picture counts most, a backdrop of one colour little.
    """
    small = cv2.resize(np.ascontiguousarray(picture), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).astype(np.float64)
    weight = _weigh(lab)
    if alpha is not None:
        opaque = cv2.resize(np.ascontiguousarray(alpha), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        weight = weight * (opaque / 255.0)
    sums = np.bincount(_name_pixels(lab).ravel(), weights=weight.ravel(), minlength=len(_NAMES))
    return _NAMES[int(sums.argmax())]


def _weigh(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    at = (np.arange(_SIDE) + 0.5) / _SIDE - 0.5
    bell = np.exp(-(at**2) / (2 * _SPREAD**2))
    weight: NDArray[np.float64] = np.outer(bell, bell)
    edge = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    backdrop = np.median(edge, axis=0)
    if float(np.mean(np.linalg.norm(edge - backdrop, axis=1) < _LIKE_BACKDROP)) > 0.6:
        like = np.linalg.norm(lab - backdrop, axis=2) < _LIKE_BACKDROP
        if float(like.mean()) < 0.97:  # else the picture is of that colour
            weight = np.where(like, weight * _BACKDROP_WEIGHT, weight)
    return weight


def _name_pixels(lab: NDArray[np.float64]) -> NDArray[np.intp]:
    light, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360
    names = np.full(light.shape, _NAMES.index("grey"), np.intp)

    def call(where: NDArray[np.bool_], name: str) -> None:
        names[where] = _NAMES.index(name)

    lower = 0.0
    for upper, name in (*_HUES, *_MORE_HUES):
        call((hue >= lower) & (hue < upper), name)
        lower = upper
    call((hue >= 292) & (hue < 312) & (chroma > 60), "blue")
    warm = (hue >= 25) & (hue < 105)
    call(warm & (light < 62) & (chroma < 50) & (hue > 45), "brown")
    call(warm & (light < 40) & (hue > 48), "brown")
    call(warm & (light >= 62) & (chroma < 30) & (hue > 45), "beige")
    call(((hue < 42) | (hue >= 330)) & (light > 62) & (chroma < 55), "pink")
    greyish = chroma < np.where((light > 88) | (light < 20), _GREYISH * 0.7, _GREYISH)
    call(greyish, "grey")
    call(greyish & (light > 84), "white")
    call((light < 24) & (chroma < 20), "black")
    call(light < 12, "black")
    return names
