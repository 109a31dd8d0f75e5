"""Regions of a mask: what the border reaches, gaps between limbs, holes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.records import Plane


def reached_from_border(ground: Plane) -> Plane:
    padded = cv2.copyMakeBorder(ground, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(padded, None, (0, 0), 2)
    return (padded[1:-1, 1:-1] == 2).astype(np.uint8)


def find_gaps(
    ground: Plane, lab: NDArray[np.uint8], difference: NDArray[np.float32], cloth: Plane, tolerance: float
) -> Plane:
    """Enclosed backdrop: gaps between arm and body (upright, off the middle) or between legs (long and narrow).

    Prints in the backdrop's colour are enclosed, too; what sets a gap apart is where it lies and its shape. Shops
    often leave such gaps white on a grey ground: those must be even as no cloth is.
    """
    left, top, width, height = cv2.boundingRect(cloth)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(ground)
    found = np.zeros_like(ground)
    for index in range(1, count):
        x, y, w, h, area = stats[index]
        aside = abs(centres[index][0] - left - width / 2) / max(width, 1)
        beside_body = aside > 0.17 and h > 1.2 * w and h > 0.05 * height
        between_legs = aside < 0.1 and h > 4 * w and h > 0.2 * height and y + h > top + 0.7 * height
        if (beside_body or between_legs) and area > 0.0003 * ground.size:
            window = (slice(y, y + h), slice(x, x + w))
            piece = labels[window] == index
            off = float(np.median(difference[window][piece]))
            even = float(lab[window][..., 0][piece].std()) < 1.5
            if off < tolerance or (even and off < 3 * tolerance):
                found[window][piece] = 1
    return found


def fill_holes(solid: Plane, largest: float) -> Plane:
    """Fill enclosed holes of up to ``largest`` of the picture."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - reached_from_border(solid ^ np.uint8(1)) - solid)
    filled = solid.copy()
    for index in range(1, count):
        x, y, w, h, area = stats[index]
        if area < largest * solid.size:
            window = (slice(y, y + h), slice(x, x + w))
            filled[window][labels[window] == index] = 1
    return filled


def disc(size: int) -> NDArray[np.uint8]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.uint8, copy=False)
