"""Reading the mask out of the service's second picture: the photo with what was changed greyed out.

IDM-VTON multiplies the photo, scaled to −1…1, by the inverted mask, so that what is masked becomes exactly the middle
grey. The photo may have that grey, too, on a shirt or a wall, and pictures may come back as JPEG or WebP: there it is
the answer that tells, by showing something else than the photo.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vtonlab.engines.composite import match_colours
from vtonlab.engines.contract import Mask, Picture

GREY: Final = (118, 137)
"""About the middle grey: what a masked pixel may be, for lossy formats."""
GREYISH: Final = (100, 155)
"""What a pixel of the photo must not have been for its greying to be certain."""
ALIKE: Final = 40
"""How far what was not masked may be from the photo: both were scaled, each its own way."""
REDRAWN: Final = 14
"""How much the answer must differ from the photo for a grey place to be one that was masked. Where it differs less,
it does not matter which of the two is shown."""
EXPLAINED: Final = 0.9
"""Share of pixels that must be grey or the photo's own; else the second picture is something else."""
LEAST_SHARE: Final = 0.002
"""Of the picture, for a mask to be one."""
SMOOTH: Final = 1.0
"""Blur in pixels of the second picture, so that its steps do not show at the photo's size."""


def read_mask(masked: Picture, sent: Picture, answer: Picture) -> Mask | None:
    """The mask in ``masked``, at its size; None where it shows none. ``sent``: the photo as the service got it;
    ``answer``: its picture. Each of any size.

    A plain mask, white on black, is taken as it is.
    """
    plain = _read_plain(masked)
    found = plain if plain is not None else _read_greyed(masked, sent, answer)
    if found is None or found.mean() / 255 < LEAST_SHARE:
        return None
    return np.asarray(cv2.GaussianBlur(found, (0, 0), SMOOTH), np.uint8)


def _read_plain(masked: Picture) -> Mask | None:
    dark, light = _is_within(masked, (0, 23)), _is_within(masked, (232, 255))
    if (dark | light).mean() < 0.97 * 255 or dark.all() or light.all():
        return None
    return light


def _read_greyed(masked: Picture, sent: Picture, answer: Picture) -> Mask | None:
    size = (masked.shape[1], masked.shape[0])
    photo, drawn = _resize(sent, size), _resize(answer, size)
    grey = _is_within(masked, GREY)
    if ((_difference(masked, photo) <= ALIKE) | (grey > 0)).mean() < EXPLAINED:
        return None
    certain = grey & ~_is_within(photo, GREYISH)
    certain = cv2.morphologyEx(certain, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    drawn = match_colours(photo, drawn, cv2.dilate(grey, np.ones((9, 9), np.uint8)))
    redrawn = np.where(_difference(photo, drawn) > REDRAWN, 255, 0).astype(np.uint8)
    # Hands and faces are holes in the mask: what is not grey there was not changed, whatever surrounds it.
    return _touching(grey & (_surrounded_by(certain) | redrawn), certain)


def _surrounded_by(certain: Mask) -> Mask:
    """``certain`` with all it surrounds."""
    reach = max(3, round(max(certain.shape) / 100)) | 1
    closed = cv2.morphologyEx(certain, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros_like(certain), outlines, -1, 255, cv2.FILLED), np.uint8)


def _touching(found: Mask, certain: Mask) -> Mask:
    """The areas of ``found`` that hold something certain, their edges smoothed."""
    found = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, areas = cv2.connectedComponents(found)
    return np.asarray(np.isin(areas, np.unique(areas[(certain & found) > 0])) * 255 & found, np.uint8)


def _difference(one: Picture, other: Picture) -> Mask:
    """The largest over the three colours, without what scaling does to edges."""
    off = cv2.split(cv2.absdiff(cv2.blur(one, (5, 5)), cv2.blur(other, (5, 5))))
    return np.asarray(cv2.max(cv2.max(off[0], off[1]), off[2]), np.uint8)


def _resize(picture: Picture, size: tuple[int, int]) -> Picture:
    way = cv2.INTER_AREA if size[0] < picture.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)


def _is_within(picture: Picture, span: tuple[int, int]) -> Mask:
    """255 where all three colours are."""
    return np.asarray(cv2.inRange(picture, (span[0],) * 3, (span[1],) * 3), np.uint8)
