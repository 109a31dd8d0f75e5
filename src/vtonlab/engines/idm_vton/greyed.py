"""Reading the mask out of the service's second picture: the photo with what was changed greyed out.

IDM-VTON multiplies the photo, scaled to −1…1, by the inverted mask, so that what is masked becomes exactly the middle
grey. Pixels of the photo may have that grey, too; and pictures may come back as JPEG or WebP.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Mask, Picture

GREY: Final = 127.5
TOLERANCE: Final = 10.0
"""How far from the middle grey a masked pixel may be, for lossy formats."""
DISTINCT: Final = 28.0
"""How far from the middle grey a pixel of the photo must have been for its greying to be certain."""
ALIKE: Final = 40.0
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
    grey = _distance(masked, GREY) <= TOLERANCE
    alike = _distance(cv2.blur(masked, (5, 5)), cv2.blur(photo, (5, 5)).astype(np.float32)) <= ALIKE
    if (grey | alike).mean() < EXPLAINED:
        return None
    certain = (grey & (_distance(photo, GREY) > DISTINCT)).astype(np.uint8)
    return _fill(certain, grey)


def _fill(certain: Mask, grey: NDArray[np.bool_]) -> Mask:
    """The masked area: what is certain, with the grey places of the photo that it surrounds."""
    reach = max(3, round(max(certain.shape) / 100)) | 1
    round_shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    certain = cv2.morphologyEx(certain, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    closed = cv2.morphologyEx(certain, cv2.MORPH_CLOSE, round_shape)
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros_like(certain)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    # Hands and faces are holes in the mask: what is not grey there was not changed.
    kept = cv2.morphologyEx(whole & grey.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.asarray(kept * 255, np.uint8)


def _distance(picture: Picture, other: NDArray[np.float32] | float) -> NDArray[np.float32]:
    """The largest difference over the three colours, per pixel."""
    return np.asarray(np.abs(picture.astype(np.float32) - other).max(axis=2), np.float32)
