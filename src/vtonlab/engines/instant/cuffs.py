"""The sleeve's end on a garment's outline."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.outline import Outline, Side

_CUFF_SHARE = 0.5
"""A cuff is mostly at least this wide, as a share of the sleeve's width at the armhole."""


def find_cuff(
    side: Side, outline: Outline, shoulder: int, pit: int, armpit: tuple[float, float, float]
) -> tuple[int, int, float]:
    """(outer corner, inner corner, certainty) of the cuff, as indices of the outline.

    Of the pairs of polygon corners between shoulder and armpit, the one that best makes an edge across the sleeve at
    its far end.
    """
    path = np.stack([side.out[shoulder : pit + 1], side.down[shoulder : pit + 1]], 1)
    top, bottom = np.array([side.out[shoulder], side.down[shoulder]]), np.array(armpit[:2])
    root, root_width = (top + bottom) / 2, float(np.hypot(*(top - bottom)))
    clear = np.minimum(np.hypot(*(path - top).T), np.hypot(*(path - bottom).T))
    far = int(np.where(clear > 0.35 * min(root_width, clear.max()), np.hypot(*(path - root).T), 0).argmax())
    axis = (path[far] - root) / max(float(np.hypot(*(path[far] - root))), 1e-6)
    reach = (path - root) @ axis
    corners = _polygon_corners(path, 0.013 * outline.width)
    distal = {i for i in corners if 0 < i < len(path) - 1 and reach[i] > 0.45 * reach.max()} | {far}
    touching = armpit[1] < side.down[pit] - 1 and reach[-1] > 0.55 * reach.max()
    if (touching or reach.max() < 0.55 * outline.width) and len(path) - 3 > far:
        distal.add(len(path) - 3)
    pairs = list(combinations(sorted(distal), 2))
    scores = [_score(path, root, reach, pair, _CUFF_SHARE * root_width) for pair in pairs]
    if not scores or max(scores) < 0:
        return shoulder + max(0, far - 6), shoulder + min(len(path) - 1, far + 6), 0.3
    best = int(np.argmax(scores))
    outer, inner = pairs[best]
    return shoulder + outer, shoulder + inner, float(np.clip((scores[best] - 1.5) / 1.4, 0.25, 1))


def _score(
    path: NDArray[np.float64],
    root: NDArray[np.float64],
    reach: NDArray[np.float64],
    pair: tuple[int, int],
    usual: float,
) -> float:
    """How much the stretch between two corners is like a cuff: across the sleeve, far out, wide enough, straight."""
    one, other = pair
    edge = path[other] - path[one]
    length = float(np.hypot(*edge))
    if length < 0.12 * usual + 2:
        return -9.0
    along = (path[one] + path[other]) / 2 - root
    along /= max(float(np.hypot(*along)), 1e-6)
    across = 1 - abs(float(edge @ along)) / length
    distal = float(reach[one] + reach[other]) / 2 / max(float(reach.max()), 1e-6)
    arc = float(np.hypot(*np.diff(path[one : other + 1], axis=0).T).sum())
    return across + 1.2 * distal + 1.2 * min(length / max(usual, 1.0), 1) - 0.8 * (arc / length - 1)


def _polygon_corners(path: NDArray[np.float64], tolerance: float) -> list[int]:
    polygon = cv2.approxPolyDP(path.astype(np.float32).reshape(-1, 1, 2), tolerance, False)[:, 0]
    return [int(np.hypot(*(path - corner).T).argmin()) for corner in polygon]
