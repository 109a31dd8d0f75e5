"""Bringing a service's answer back into the photo.

A service redraws the whole picture at its own resolution. What it was not asked to change, the face, the hands, the
background, is taken from the photo, bit for bit and at the photo's own resolution.
"""

from __future__ import annotations

import cv2
import numpy as np

from vtonlab.engines.contract import Mask, Picture


def paste_back(photo: Picture, answer: Picture, mask: Mask, feather: int | None = None) -> Picture:
    """``photo`` with ``answer`` where ``mask`` is. All three of one size.

    Where the mask is 0 the photo's pixels stay bit for bit. ``feather``: how far inside the mask's edge the answer
    gains its full weight, in pixels; None takes 1/200 of the photo's longer side, 0 a hard edge.
    """
    inside = soften(mask, feather)
    rows, columns = np.nonzero(inside.any(axis=1))[0], np.nonzero(inside.any(axis=0))[0]
    result = photo.copy()
    if rows.size == 0:
        return result
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    weight = inside[box].astype(np.float32)[..., None] / 255
    mixed = photo[box] * (1 - weight) + answer[box] * weight
    result[box] = np.where(weight > 0, np.rint(mixed).astype(np.uint8), photo[box])
    return result


def soften(mask: Mask, feather: int | None = None) -> Mask:
    """``mask`` with a soft edge that lies inside it: 0 stays 0."""
    if feather is None:
        feather = max(1, round(max(mask.shape) / 200))
    if feather == 0:
        return mask
    far = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
    return np.minimum(far / (feather + 1), 1).__mul__(255).astype(np.uint8)


def find_change(photo: Picture, answer: Picture) -> Mask:
    """Where ``answer``, brought to the photo's size, shows something else than ``photo``: for services that return no
    mask. Generous: small holes are closed, specks of noise left out."""
    difference = cv2.GaussianBlur(np.abs(photo.astype(np.int16) - answer).max(axis=2).astype(np.uint8), (0, 0), 2)
    return ((difference > 24) * np.uint8(255)).astype(np.uint8)
