"""Taking off a cut-out's edge what is not cloth: compression fringe, drop shadow, narrow gaps."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.backdrop import Backdrop, length_of
from vtonlab.engines.instant.records import Plane
from vtonlab.engines.instant.regions import disc, find_gaps, reached_from_border

FLAT_TOLERANCE = 1.3
"""Largest difference (8-bit Lab) to a digitally flat backdrop; separates even white cloth from white ground."""
_PALE = 16.0
"""Difference to the backdrop below which cloth is pale."""
_FRINGE = 12
"""Reach in pixels of compression fringes and soft shadows past the sure backdrop (a JPEG block with its neighbour)."""


def strip_halo(
    lab: NDArray[np.uint8], solid: Plane, backdrop: Backdrop, difference: NDArray[np.float32]
) -> Plane:
    """Take shadow, compression fringe and narrow gaps off: what looks like backdrop and unlike the cloth nearby."""
    x, y, w, h = cv2.boundingRect(solid)
    window = (slice(max(y - 16, 0), y + h + 16), slice(max(x - 16, 0), x + w + 16))
    ground = backdrop.surface(lab.shape)[window]
    stripped = np.zeros_like(solid)
    stripped[window] = _strip_window(lab[window], solid[window], backdrop, ground, difference[window])
    return stripped


def _strip_window(
    lab: NDArray[np.uint8],
    solid: Plane,
    backdrop: Backdrop,
    ground: NDArray[np.float32],
    difference: NDArray[np.float32],
) -> Plane:
    deep = cv2.erode(solid, np.ones((19, 19), np.uint8), borderValue=0)
    if cv2.countNonZero(deep) < 500:
        return solid
    nearby, pale, known = nearby_cloth(lab, deep, difference)
    careful = _strip(lab, solid, backdrop, ground, difference, nearby if pale is None else pale, known)
    if pale is None:
        return careful
    # Pale stripes are spared by measuring against them, and so is some fringe. Where measuring against the dark
    # stripes takes little else away, the notches it leaves at pale stripes are bridged instead.
    eager = _strip(lab, solid, backdrop, ground, difference, nearby, known)
    bridged = cv2.morphologyEx(careful, cv2.MORPH_CLOSE, np.ones((19, 3), np.uint8)) & _close_far(eager, 20)
    bridged = _without_backdrop(bridged, eager, difference, 2.0 if backdrop.flat else backdrop.spread + 1)
    lost = (careful & (bridged ^ 1) & (difference > FLAT_TOLERANCE)).astype(np.uint8)
    blobs = cv2.morphologyEx(lost, cv2.MORPH_OPEN, np.ones((21, 21), np.uint8))  # fringe is thinner
    mostly = cv2.countNonZero(lost) < 0.08 * cv2.countNonZero(careful)
    return bridged if mostly and cv2.countNonZero(blobs) < 0.004 * cv2.countNonZero(careful) else careful


def _close_far(solid: Plane, reach: int) -> Plane:
    """Close gaps of up to twice ``reach`` pixels, worked out at a third of the size; adds to ``solid`` only."""
    small = cv2.resize(solid * 255, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
    rim = reach // 3 + 1
    padded = cv2.copyMakeBorder((small > 127).astype(np.uint8), rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc(2 * (reach // 3) + 1))[rim:-rim, rim:-rim]
    large = cv2.resize(closed * 255, (solid.shape[1], solid.shape[0]), interpolation=cv2.INTER_LINEAR)
    return (solid | (large > 127)).astype(np.uint8)


def _without_backdrop(bridged: Plane, eager: Plane, difference: NDArray[np.float32], tolerance: float) -> Plane:
    """``bridged`` less the added pieces that are backdrop after all, as narrow gaps between arm and body are."""
    added = (bridged & (eager ^ 1)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.erode(added, np.ones((3, 3), np.uint8)))
    taken = np.zeros_like(added)
    for index in range(1, count):
        x, y, w, h, area = stats[index]
        window = (slice(y, y + h), slice(x, x + w))
        piece = labels[window] == index
        if area > 40 and np.median(difference[window][piece]) < tolerance:
            taken[window][piece] = 1
    return (bridged & (cv2.dilate(taken, np.ones((5, 5), np.uint8)) & added ^ 1)).astype(np.uint8)


def _strip(
    lab: NDArray[np.uint8],
    solid: Plane,
    backdrop: Backdrop,
    ground: NDArray[np.float32],
    difference: NDArray[np.float32],
    nearby: NDArray[np.float32],
    known: NDArray[np.bool_],
) -> Plane:
    """Doubtful pixels go where they hang together with the outside and lie within a few pixels of sure backdrop."""
    pixels = lab.astype(np.float32)
    unlike = _length(pixels - nearby)
    apart = _length(nearby - ground)
    away = pixels - ground
    shade = np.where(apart > 40, np.float32(0.5), np.float32(1))  # a shadow is backdrop, only darker
    away[..., 0] *= np.where(away[..., 0] < 0, shade, np.float32(0.8))
    like_ground = _length(away)
    least = 4.0 if backdrop.flat else max(15.0, 5 * backdrop.spread)
    weak = (solid > 0) & known & (apart > least) & (unlike > 2.1 * like_ground + np.clip(0.12 * apart, 0.5, 6))
    exact = np.minimum(2.5 if backdrop.flat else 1.5 * backdrop.spread + 1.5, 0.3 * apart)
    same_light = np.abs(pixels[..., 0] - ground[..., 0]) < exact  # compression smears hue further than light
    strong = ((solid == 0) | (weak & same_light & (like_ground < 0.2 * unlike))).astype(np.uint8)
    if backdrop.flat:
        filled = ((difference < FLAT_TOLERANCE) & (cv2.blur(difference, (61, 61)) > 40)).astype(np.uint8)
        strong |= cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
        weak |= strong > 0
    strong = cv2.morphologyEx(strong, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    near = cv2.dilate(strong, disc(2 * _FRINGE + 1))
    loose = ((solid == 0) | (weak & (near > 0))).astype(np.uint8)
    loose = cv2.dilate(cv2.erode(loose, np.ones((3, 3), np.uint8), borderValue=1), np.ones((3, 3), np.uint8))
    outer = reached_from_border(loose)
    near_enough = 5.0 if backdrop.flat else 3 * backdrop.spread + 3
    outer |= find_gaps(loose & (outer ^ 1), lab, like_ground, solid, near_enough)
    kept = cv2.morphologyEx((solid & (outer ^ 1)).astype(np.uint8), cv2.MORPH_OPEN, disc(5))
    return kept.astype(np.uint8, copy=False)


def _length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return length_of(cv2.multiply(vectors, vectors))


def nearby_cloth(
    lab: NDArray[np.uint8], deep: Plane, difference: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None, NDArray[np.bool_]]:
    """Mean colour of the sure cloth within 30 pixels; the same with only the pale part where that is a good part of
    it (None when nowhere); and where there is any cloth.
    """
    quarter = (max(1, lab.shape[1] // 4), max(1, lab.shape[0] // 4))
    size = (lab.shape[1], lab.shape[0])
    small = cv2.resize(lab, quarter, interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = cv2.resize(deep.astype(np.float32), quarter, interpolation=cv2.INTER_AREA)
    total = cv2.blur(weight, (15, 15))
    mean = cv2.blur(small * weight[..., None], (15, 15)) / np.maximum(total, 1e-4)[..., None]
    known = cv2.resize(total, size) > 1e-3
    rim = cv2.dilate((weight == 0).astype(np.uint8), np.ones((21, 21), np.uint8))
    pale = weight * rim * (cv2.resize(difference, quarter, interpolation=cv2.INTER_AREA) < _PALE)
    pale_total = cv2.blur(pale, (15, 15))
    mostly = cv2.dilate((pale_total > 0.25 * total + 1e-4).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    if not mostly.any():
        return cv2.resize(mean, size), None, known
    light = cv2.blur(small * pale[..., None], (15, 15)) / np.maximum(pale_total, 1e-4)[..., None]
    light = np.where((mostly & (pale_total > 1e-3))[..., None], light, mean)
    return cv2.resize(mean, size), cv2.resize(light, size), known
