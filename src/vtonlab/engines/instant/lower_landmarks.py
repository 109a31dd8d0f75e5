"""The named places of trousers, shorts and skirts: waistband, hips, crotch, hems."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.outline import Outline, Side
from vtonlab.engines.instant.records import Landmark, Plane

_HIP_DEPTH = 0.45
"""Depth of the hip line under the waist as a share of the waistband's width (about 20 cm under a 42 cm band)."""

_USUAL_RISE = 0.72
"""Depth of the crotch under the waist, as a share of the hips' width of flat trousers."""


@dataclass(frozen=True)
class Gap:
    """The space, or the seam, between two legs."""

    x: float
    y: float
    """Where it begins: the crotch."""
    certainty: float
    seen: bool
    """Backdrop shows between the legs; otherwise they touch and the inseam was looked for."""


def find_gap(picture: Picture, matte: Plane, outline: Outline) -> Gap | None:
    """The gap between the legs; None for a skirt."""
    start = int(outline.top + 0.12 * outline.height)
    end = int(outline.bottom)
    spread, middle = _central_gaps(matte, start, end)
    opened = spread > 2
    lower = opened[int(0.62 * len(opened)) :] if len(opened) else opened
    if len(opened) > 8 and lower.mean() > 0.45:
        first = _first_lasting(opened)
        if _width_of_gap(matte, outline, start + first) > 0.35:
            return None  # two sleeves that hang past the hem
        crotch = start + first - _closed_tip(spread[first:], 0.05 * outline.height)
        return _limit_rise(Gap(float(middle[first]), crotch, 0.95, True), outline)
    return _find_inseam(picture, outline, opened)


def _central_gaps(matte: Plane, start: int, end: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each row, how far backdrop parts the middle of the garment (1: not at all), and where."""
    spread, middle = np.ones(max(end - start, 0)), np.zeros(max(end - start, 0))
    for position, row in enumerate(range(start, end)):
        cloth = np.nonzero(matte[row] > 127)[0]
        if cloth.size < 8:
            if position:
                spread[position], middle[position] = spread[position - 1], middle[position - 1]
            continue
        gaps = (cloth[:-1] + cloth[1:]) / 2
        central = np.abs(gaps - (cloth[0] + cloth[-1]) / 2) < 0.28 * (cloth[-1] - cloth[0])
        widths = np.where(central, np.diff(cloth), 1)
        widest = int(widths.argmax())
        spread[position], middle[position] = widths[widest], gaps[widest]
    return spread, middle


def _closed_tip(spread: NDArray[np.float64], most: float) -> float:
    """How much higher the legs' edges meet than the gap is seen: its tip is narrower than cutting out can see."""
    near = spread[: max(6, int(2 * most))]
    if len(near) < 6:
        return 0.0
    growth, first = np.polyfit(np.arange(len(near)), near, 1)
    return float(np.clip(first / growth, 0, most)) if growth > 0.02 else 0.0


def _limit_rise(gap: Gap, outline: Outline) -> Gap:
    """Thighs that touch hide the crotch: it lies no deeper under the waist than about the hips' width."""
    hips = max(
        float(side.out[side.down < outline.top + 0.3 * outline.height].max(initial=1.0)) * 2
        for side in (outline.left, outline.right)
    )
    if gap.y - outline.top <= 0.95 * hips:
        return gap
    return replace(gap, y=outline.top + _USUAL_RISE * hips, certainty=0.55)


def _width_of_gap(matte: Plane, outline: Outline, row: int) -> float:
    """Width of the gap just below its start, as a share of the garment's width there."""
    below = matte[min(row + max(3, int(0.03 * outline.height)), matte.shape[0] - 1)]
    cloth = np.nonzero(below > 127)[0]
    return float(np.diff(cloth).max() / (cloth[-1] - cloth[0] + 1)) if cloth.size > 8 else 1.0


def _first_lasting(opened: NDArray[np.bool_]) -> int:
    stretch = max(6, len(opened) // 20)
    for first in np.nonzero(opened)[0]:
        if opened[first : first + stretch].mean() > 0.8:
            return int(first)
    return int(np.nonzero(opened)[0][0])


def _find_inseam(picture: Picture, outline: Outline, opened: NDArray[np.bool_]) -> Gap | None:
    """Legs that lie together: a notch in the hem, and a lasting dark or bright line up the middle."""
    slender = outline.height / max(outline.width, 1)
    notch = outline.bottom - float(outline.left.down[-1])
    parted = float(opened[-max(1, len(opened) // 4) :].mean()) if len(opened) else 0.0
    line = _central_line(picture, outline)
    if slender < 1.5 or notch + parted * outline.height < 0.012 * outline.height or line < 1.6:
        return None
    waist = sum(side.out[: len(side.out) // 6].max() for side in (outline.left, outline.right))
    rise = min(0.85 * float(waist), 0.36 * outline.height)
    return Gap(outline.axis_x, outline.top + rise, 0.4, False)


def _central_line(picture: Picture, outline: Outline) -> float:
    """How much stronger the strongest upright line near the axis is than lines elsewhere across the lower half."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    top, bottom = int(outline.top + 0.5 * outline.height), int(outline.top + 0.92 * outline.height)
    ridge = np.abs(cv2.Sobel(grey[top:bottom], cv2.CV_32F, 1, 0, ksize=3))
    columns = np.percentile(ridge, 35, axis=0)
    half = 0.30 * outline.width
    middle = slice(int(outline.axis_x - 0.08 * outline.width), int(outline.axis_x + 0.08 * outline.width) + 1)
    wide = slice(int(max(outline.axis_x - half, 0)), int(outline.axis_x + half) + 1)
    typical = float(np.median(columns[wide])) if columns[wide].size else 0.0
    return float(columns[middle].max(initial=0.0)) / (typical + 2.0)


# ------------------------------------------------------------------------------------------------ landmarks


def find_lower_landmarks(matte: Plane, outline: Outline, gap: Gap | None) -> dict[str, Landmark]:
    """Landmarks of a lower garment; with ``gap`` those of two legs."""
    found: dict[str, Landmark] = {}
    waists = {side.sign: _waist_corner(side, outline) for side in (outline.left, outline.right)}
    band = sum(float(side.out[waists[side.sign]]) for side in (outline.left, outline.right))
    depth = _HIP_DEPTH * band
    if gap is not None:
        depth = min(depth, 0.72 * max(gap.y - outline.top, 8.0))
    depth = min(depth, 0.6 * outline.height)
    for side, suffix in ((outline.left, "left"), (outline.right, "right")):
        waist = waists[side.sign]
        found[f"waist_{suffix}"] = _landmark(side, waist, 0.9)
        found[f"hip_{suffix}"] = _landmark(side, _at_row(side, waist, float(side.down[waist]) + depth), 0.8)
        outer = _outer_hem(side, waist)
        found[f"hem_outer_{suffix}"] = _landmark(side, outer, 0.9)
        if gap is not None:
            found[f"hem_inner_{suffix}"] = _inner_hem(matte, side, outer, gap, outline)
    if gap is not None:
        found["crotch"] = Landmark(gap.x, gap.y, gap.certainty)
    return found


def _landmark(side: Side, index: int, certainty: float) -> Landmark:
    x, y = side.point(index)
    return Landmark(x, y, certainty)


def _waist_corner(side: Side, outline: Outline) -> int:
    """Outer end of the waistband: as high and as far out as the outline goes near the top."""
    near = np.nonzero(side.down < outline.top + 0.22 * outline.height)[0]
    near = near[near < len(side.out) // 2]
    return int(near[(0.5 * side.out[near] - side.down[near]).argmax()]) if near.size else 0


def _at_row(side: Side, after: int, row: float) -> int:
    """First point of the outline at a row, below an index."""
    below = np.nonzero(side.down[after:] >= row)[0]
    return after + int(below[0]) if below.size else len(side.down) - 1


def _outer_hem(side: Side, after: int) -> int:
    index = np.arange(after, len(side.out))
    return int(index[(side.down[index] + 0.6 * side.out[index]).argmax()])


def _inner_hem(matte: Plane, side: Side, outer: int, gap: Gap, outline: Outline) -> Landmark:
    """Inner corner of a leg's hem: on the outline where the legs part, else where the inseam meets the hem."""
    x, y = side.point(outer)
    if gap.seen:
        after = np.arange(outer, len(side.out))
        inside = side.axis_x + side.sign * side.out[after]
        score = side.down[after] - 0.6 * side.sign * (inside - gap.x)
        best = int(after[score.argmax()])
        inner_x, inner_y = side.point(best)
        if side.sign * (x - inner_x) > 0.04 * outline.width:
            return Landmark(inner_x, inner_y, 0.85)
    column = matte[:, int(np.clip(gap.x + side.sign * 2, 0, matte.shape[1] - 1))]
    rows = np.nonzero(column > 127)[0]
    return Landmark(gap.x, float(rows[-1]) if rows.size else y, 0.4)
