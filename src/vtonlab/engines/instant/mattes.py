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


def soften_labels(picture: Picture, labels: Plane) -> tuple[NDArray[np.uint8], Plane]:
    """(6, h, w) uint8 shares summing to 255, and (h, w) the largest one's label. ``picture``: (h, w, 3); ``labels`` at
    any smaller size.

    Only the part of the picture that holds somebody is filtered.
    """
    height, width = picture.shape[:2]
    mattes = np.zeros((len(Label), height, width), np.uint8)
    mattes[Label.BACKGROUND] = 255
    largest = np.full((height, width), Label.BACKGROUND, np.uint8)
    box = cv2.boundingRect((labels != Label.BACKGROUND).astype(np.uint8))
    if not box[2]:
        return mattes, largest
    across, down = width / labels.shape[1], height / labels.shape[0]
    x0, y0 = max(0, int(box[0] * across) - 16), max(0, int(box[1] * down) - 16)
    x1, y1 = min(width, int((box[0] + box[2]) * across) + 16), min(height, int((box[1] + box[3]) * down) + 16)
    part = np.ascontiguousarray(picture[y0:y1, x0:x1])
    move = np.array([[across, 0, across / 2 - 0.5 - x0], [0, down, down / 2 - 0.5 - y0]], np.float32)
    shares = _follow_edges(part, labels, move)
    winner = _find_largest(shares)
    missing = 255 - shares.sum(0, dtype=np.int16)
    rows, columns = np.nonzero(missing)  # where three labels meet: the largest takes what is left
    place = (winner[rows, columns], rows, columns)
    shares[place] = np.clip(shares[place] + missing[rows, columns], 0, 255)
    mattes[:, y0:y1, x0:x1] = shares
    largest[y0:y1, x0:x1] = winner
    return mattes, largest


def _find_largest(shares: NDArray[np.uint8]) -> Plane:
    """``shares.argmax(0)``, several times as fast: share and label in one number, the first label winning a tie."""
    keys = np.zeros(shares.shape[1:], np.uint16)
    for label, share in enumerate(shares):
        np.maximum(keys, share.astype(np.uint16) * np.uint16(8) + np.uint16(7 - label), out=keys)
    return np.asarray(7 - (keys & 7), np.uint8)


def _follow_edges(part: Picture, labels: Plane, move: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(6, h, w) uint8 shares in the part of the picture to which ``move`` brings ``labels``."""
    follow = cv2.ximgproc.createGuidedFilter(part, _RADIUS, _ROUGHNESS, 0.5)
    size = (part.shape[1], part.shape[0])
    shares = np.zeros((len(Label), *part.shape[:2]), np.uint8)
    rest = np.ones(part.shape[:2], np.float32)
    for label in list(Label)[1:]:
        own = (labels == label).astype(np.float32)
        if not own.any():
            continue
        own = cv2.GaussianBlur(own, (0, 0), 0.8)
        own = cv2.warpAffine(own, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        own = follow.filter(own)
        rest -= own  # the filter is linear: all six sum to 1
        shares[label] = _steepen(own)
    shares[Label.BACKGROUND] = _steepen(rest)
    return shares


def _steepen(share: NDArray[np.float32]) -> NDArray[np.uint8]:
    shifted = 255 * (0.5 - 0.5 * _STEEPER)
    return np.asarray(cv2.addWeighted(share, 255 * _STEEPER, share, 0, shifted, dtype=cv2.CV_8U), np.uint8)
