"""Soft shares of every label at working size, with the photo's own edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.records import Label, Plane

_RADIUS, _ROUGHNESS = 4, 50.0
"""Guided filter over one-hot labels (engine.md): edges of 1–3 px; raw shares would smear."""


def soften_labels(picture: Picture, labels: Plane) -> NDArray[np.uint8]:
    """(6, h, w) uint8 shares summing to about 255. ``picture``: (h, w, 3); ``labels`` at any smaller size."""
    height, width = picture.shape[:2]
    follow = cv2.ximgproc.createGuidedFilter(picture, _RADIUS, _ROUGHNESS, 0.5)
    shares = np.zeros((len(Label), height, width), np.float32)
    for label in Label:
        own = (labels == label).astype(np.float32)
        if not own.any():
            continue
        own = cv2.GaussianBlur(own, (0, 0), 0.8)
        own = cv2.resize(own, (width, height), interpolation=cv2.INTER_LINEAR)
        shares[label] = np.clip((follow.filter(own) - 0.5) * 1.25 + 0.5, 0, 1)
    total = shares.sum(0)
    shares[Label.BACKGROUND][total < 1e-3] = 1
    shares *= 255 / np.maximum(shares.sum(0), 1e-3)
    return np.asarray(np.rint(shares), np.uint8)
