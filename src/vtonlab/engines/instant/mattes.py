"""Soft shares of every label at working size, with the photo's own edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.records import Label, Plane

_RADIUS, _ROUGHNESS = 4, 12.0
"""Guided filter over one-hot labels (engine.md): edges of 1–3 px; raw shares would smear."""
_STEEPER = 1.25
"""The filter's edges are a little wide for compositing."""


def soften_labels(picture: Picture, labels: Plane) -> NDArray[np.uint8]:
    """(6, h, w) uint8 shares summing to about 255. ``picture``: (h, w, 3); ``labels`` at any smaller size.

    Only the part of the picture that holds somebody is filtered.
    """
    height, width = picture.shape[:2]
    mattes = np.zeros((len(Label), height, width), np.uint8)
    mattes[Label.BACKGROUND] = 255
    box = cv2.boundingRect((labels != Label.BACKGROUND).astype(np.uint8))
    if not box[2]:
        return mattes
    across, down = width / labels.shape[1], height / labels.shape[0]
    x0, y0 = max(0, int(box[0] * across) - 16), max(0, int(box[1] * down) - 16)
    x1, y1 = min(width, int((box[0] + box[2]) * across) + 16), min(height, int((box[1] + box[3]) * down) + 16)
    part = np.ascontiguousarray(picture[y0:y1, x0:x1])
    move = np.array([[across, 0, across / 2 - 0.5 - x0], [0, down, down / 2 - 0.5 - y0]], np.float32)
    follow = cv2.ximgproc.createGuidedFilter(part, _RADIUS, _ROUGHNESS, 0.5)
    shares = np.zeros((len(Label), *part.shape[:2]), np.float32)
    for label in Label:
        own = (labels == label).astype(np.float32)
        if label == Label.BACKGROUND or not own.any():
            continue
        own = cv2.GaussianBlur(own, (0, 0), 0.8)
        own = cv2.warpAffine(own, move, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        shares[label] = follow.filter(own)
    shares[Label.BACKGROUND] = 1 - shares.sum(0)  # the filter is linear: all six sum to 1
    np.clip((shares - 0.5) * _STEEPER + 0.5, 0, 1, out=shares)
    shares *= 255 / np.maximum(shares.sum(0), 1e-3)
    mattes[:, y0:y1, x0:x1] = np.rint(shares)
    return mattes
