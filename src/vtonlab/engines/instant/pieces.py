"""Dividing a garment into its pieces: body, sleeves, legs, collar, and the inside that must not be shown."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.landmarks import Reading
from vtonlab.engines.instant.lower_landmarks import Gap
from vtonlab.engines.instant.neckline import Neckline
from vtonlab.engines.instant.outline import Outline
from vtonlab.engines.instant.records import Part, Plane, Points


def split_upper(matte: Plane, left: Reading, right: Reading, neckline: Neckline) -> Plane:
    """``(h, w)`` of :class:`.records.Part` for a top or dress."""
    parts = np.where(matte > 0, np.uint8(Part.BODY), np.uint8(Part.NONE))
    for reading, part in ((left, Part.LEFT_SLEEVE), (right, Part.RIGHT_SLEEVE)):
        if reading.sleeved:
            parts[(_sleeve(matte.shape, reading) > 0) & (matte > 0)] = part
    above = _above_neckline(matte.shape, left, right, neckline)
    collar = _collar(matte.shape, left, right, neckline)
    parts[(collar > 0) & (parts != Part.NONE)] = Part.COLLAR
    parts[(above > 0) & (parts != Part.NONE)] = Part.INSIDE
    return parts


def _sleeve(shape: tuple[int, ...], reading: Reading) -> Plane:
    """Everything between the outline from shoulder round the cuff to the armpit and the seam between those two."""
    side = reading.side
    ring = side.points()[reading.shoulder : reading.armpit + 1]
    if reading.fused:
        out, down, _ = reading.places["armpit"]
        ring = np.vstack([ring, [[side.axis_x + side.sign * out, down]]]).astype(np.float32)
    # the outline is smoothed and lies on pixel centres: reach one pixel past it
    return _fill(shape, ring, grow=3)


def _above_neckline(shape: tuple[int, ...], left: Reading, right: Reading, neckline: Neckline) -> Plane:
    """What lies above the neckline and between its ends: the inner back and its label."""
    top_left = left.side.points()[: left.collar_top + 1]
    top_right = right.side.points()[: right.collar_top + 1]
    rim = np.vstack([top_left[::-1], top_right])
    lifted: Points = rim - np.array([0, 4], np.float32)
    return _fill(shape, np.vstack([neckline.points, lifted[::-1]]))


def _collar(shape: tuple[int, ...], left: Reading, right: Reading, neckline: Neckline) -> Plane:
    """What stands above the line from the collar's feet to the bottom of the opening; nothing without a collar."""
    mask = np.zeros(shape[:2], np.uint8)
    if left.neck == left.collar_top and right.neck == right.collar_top:
        return mask
    feet = [np.array(reading.side.point(reading.neck)) for reading in (left, right)]
    lowest = neckline.points[int(neckline.points[:, 1].argmax())]
    bottom = np.array([lowest[0], max(float(lowest[1]), float(feet[0][1]), float(feet[1][1]))])
    rim = np.vstack(
        [left.side.points()[: left.neck + 1][::-1], right.side.points()[: right.neck + 1]]
    )
    lifted = rim.copy()
    lifted[1:-1, 1] -= 4
    return _fill(shape, np.vstack([feet[0][None], bottom[None], feet[1][None], lifted[::-1]]).astype(np.float32))


def split_lower(matte: Plane, outline: Outline, gap: Gap | None) -> Plane:
    """``(h, w)`` of :class:`.records.Part` for trousers, shorts or a skirt."""
    parts = np.where(matte > 0, np.uint8(Part.BODY), np.uint8(Part.NONE))
    if gap is not None:
        rows = np.arange(matte.shape[0])[:, None] >= gap.y
        columns = np.arange(matte.shape[1])[None] < _inseam_columns(matte, outline, gap)[:, None]
        parts[(matte > 0) & rows & columns] = Part.LEFT_LEG
        parts[(matte > 0) & rows & ~columns] = Part.RIGHT_LEG
    return parts


def _inseam_columns(matte: Plane, outline: Outline, gap: Gap) -> NDArray[np.float64]:
    """Column between the legs at every row."""
    columns = np.full(matte.shape[0], gap.x)
    last = gap.x
    for row in range(int(gap.y), min(int(outline.bottom) + 1, matte.shape[0])):
        empty = matte[row] <= 127
        centre = int(np.clip(round(last), 0, matte.shape[1] - 1))
        if empty[centre]:
            cloth_left = np.nonzero(~empty[:centre])[0]
            cloth_right = np.nonzero(~empty[centre:])[0]
            if cloth_left.size and cloth_right.size:
                last = (cloth_left[-1] + centre + cloth_right[0]) / 2
        columns[row] = last
    return columns


def _fill(shape: tuple[int, ...], ring: NDArray[np.float32], grow: int = 0) -> Plane:
    mask = np.zeros(shape[:2], np.uint8)
    polygon = np.rint(ring).astype(np.int32).reshape(-1, 1, 2)
    cv2.fillPoly(mask, [polygon], 255)
    if grow:
        cv2.polylines(mask, [polygon[:-1] if grow else polygon], False, 255, grow)
    return mask
