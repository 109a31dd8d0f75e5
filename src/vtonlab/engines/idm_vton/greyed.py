"""Reading the mask out of the service's second picture: the photo with what was changed greyed out.

IDM-VTON multiplies the photo, scaled to −1…1, by the inverted mask, so that what is masked becomes exactly the middle
grey. Pixels of the photo may have that grey, too; and pictures may come back as JPEG or WebP.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vtonlab.engines.contract import Mask, Picture

GREY: Final = (118, 137)
"""About the middle grey: what a masked pixel may be, for lossy formats."""
GREYISH: Final = (100, 155)
"""What a pixel of the photo must not have been for its greying to be certain."""
ALIKE: Final = 40
"""How far what was not masked may be from the photo: both were scaled, each its own way."""
EXPLAINED: Final = 0.9
"""Share of pixels that must be grey or the photo's own; else the second picture is something else."""
LEAST_SHARE: Final = 0.002
"""Of the picture, for a mask to be one."""
SMOOTH: Final = 1.0
"""Blur in pixels of the second picture, so that its steps do not show at the photo's size."""


def read_mask(masked: Picture, sent: Picture) -> Mask | None:
    """The mask in ``masked``, at its size; None where it shows none. ``sent``: the photo as the service got it.

    A plain mask, white on black, is taken as it is.
    """
    plain = _read_plain(masked)
    found = plain if plain is not None else _read_greyed(masked, sent)
    if found is None or found.mean() / 255 < LEAST_SHARE:
        return None
    return np.asarray(cv2.GaussianBlur(found, (0, 0), SMOOTH), np.uint8)


def _read_plain(masked: Picture) -> Mask | None:
    dark, light = (masked < 24).all(axis=2), (masked > 231).all(axis=2)
    if (dark | light).mean() < 0.97 or dark.all() or light.all():
        return None
    return np.where(light, 255, 0).astype(np.uint8)


def _read_greyed(masked: Picture, sent: Picture) -> Mask | None:
    height, width = masked.shape[:2]
    way = cv2.INTER_AREA if width < sent.shape[1] else cv2.INTER_CUBIC
    photo = np.asarray(cv2.resize(sent, (width, height), interpolation=way), np.uint8)
    grey = _is_within(masked, GREY)
    off = cv2.split(cv2.absdiff(cv2.blur(masked, (5, 5)), cv2.blur(photo, (5, 5))))
    alike = cv2.max(cv2.max(off[0], off[1]), off[2]) <= ALIKE
    if (alike | (grey > 0)).mean() < EXPLAINED:
        return None
    return _fill(np.asarray(grey & ~_is_within(photo, GREYISH) & 1, np.uint8), grey)


def _fill(certain: Mask, grey: Mask) -> Mask:
    """The masked area: what is certain, with the grey places of the photo that it surrounds."""
    reach = max(3, round(max(certain.shape) / 100)) | 1
    round_shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    certain = cv2.morphologyEx(certain, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    closed = cv2.morphologyEx(certain, cv2.MORPH_CLOSE, round_shape)
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros_like(certain)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    # Hands and faces are holes in the mask: what is not grey there was not changed.
    kept = cv2.morphologyEx(whole & grey, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.asarray(kept * 255, np.uint8)


def _is_within(picture: Picture, span: tuple[int, int]) -> Mask:
    """255 where all three colours are."""
    return np.asarray(cv2.inRange(picture, (span[0],) * 3, (span[1],) * 3), np.uint8)
