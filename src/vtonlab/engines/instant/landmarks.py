"""The named places of a top's or a dress's outline: neck, shoulders, armpits, cuffs, waist, hem.

Each side is read alike in mirrored coordinates (:class:`.outline.Side`); then the better side helps the poorer one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.cuffs import find_cuff
from vtonlab.engines.instant.outline import Outline, Side
from vtonlab.engines.instant.records import Landmark

SHOULDER_SHARE = 0.95
"""The shoulder's end lies at this share of the armpit's half-width (prototype's measurements, design notes)."""
FUSED_ARMPIT = 0.30
"""Where the armpit is put, as a share of the length, when sleeve and body touch all the way down."""

ARMHOLE = 1.05
"""Depth of an ordinary armhole below the shoulder over half the chest's width (about 23 of 22 cm on a size chart)."""
DEEPEST_ARMHOLE = 1.6


@dataclass(frozen=True)
class Bay:
    """A dent of the outline between two points of its convex hull."""

    start: int
    end: int
    pit: int
    """Its innermost and uppermost corner."""
    depth: float


@dataclass(frozen=True)
class Reading:
    """One side's landmarks: ``(out, down, certainty)`` by name without the side, and what the steps found out."""

    side: Side
    places: dict[str, tuple[float, float, float]]
    sleeved: bool
    collar_top: int
    """Index of the highest point beside the neck; equals the neck's where no collar stands."""
    neck: int
    shoulder: int
    armpit: int
    """Index where the sleeve's underside meets the body (for a fused sleeve: where they part)."""
    fused: bool = False
    sleeve_length: float = 0.0
    marks: dict[str, int] = field(default_factory=dict)


def find_upper_landmarks(outline: Outline) -> tuple[Reading, Reading]:
    """Read both sides of a top or dress and let the surer side correct the other."""
    left, right = (_read_side(side, outline) for side in (outline.left, outline.right))
    if left.sleeved and not right.sleeved:
        right = _read_side(outline.right, outline, left)
    elif right.sleeved and not left.sleeved:
        left = _read_side(outline.left, outline, right)
    elif left.sleeved and abs(_pit_row(left) - _pit_row(right)) > 0.18 * outline.height:
        if _pit_row(left) < _pit_row(right):
            right = _read_side(outline.right, outline, left)
        else:
            left = _read_side(outline.left, outline, right)
    left, right = _share_collar(left, right, outline), _share_collar(right, left, outline)
    return _help(left, right, outline), _help(right, left, outline)


def name_landmarks(left: Reading, right: Reading) -> dict[str, Landmark]:
    """The landmarks of both sides under their full names, in picture coordinates."""
    named = {}
    for reading, suffix in ((left, "left"), (right, "right")):
        side = reading.side
        for name, (out, down, certainty) in reading.places.items():
            named[f"{name}_{suffix}"] = Landmark(side.axis_x + side.sign * out, down, round(certainty, 3))
    return named


# ------------------------------------------------------------------------------------------------ one side


def _read_side(side: Side, outline: Outline, twin: Reading | None = None) -> Reading:
    """Read one side; after a sleeved ``twin``, the dent nearest to its armpit, or its mirror image, makes a sleeve."""
    top, neck, neck_sure = _find_neck(side, outline)
    bay = _find_sleeve_bay(side, outline, neck) if twin is None else _bay_like(twin, side, outline, neck)
    if bay is not None:
        return _read_sleeved(side, outline, top, neck, neck_sure, bay)
    return _read_sleeveless(side, outline, top, neck, neck_sure)


def _pit_row(reading: Reading) -> float:
    return reading.places["armpit"][1]


def _bay_like(twin: Reading, side: Side, outline: Outline, neck: int) -> Bay:
    pit_out, pit_down = float(twin.side.out[twin.armpit]), float(twin.side.down[twin.armpit])
    for bay in _list_bays(side, outline, neck):
        if np.hypot(side.out[bay.pit] - pit_out, side.down[bay.pit] - pit_down) < 0.12 * outline.width:
            return bay
    outer = twin.marks["outer"]
    start = side.nearest(float(twin.side.out[outer]), float(twin.side.down[outer]))
    pit = max(side.nearest(pit_out, pit_down), start + 4, neck + 8)
    return Bay(start, min(pit + 4, len(side.out) - 1), min(pit, len(side.out) - 2), 0.02 * outline.width)


def _find_neck(side: Side, outline: Outline) -> tuple[int, int, float]:
    """(highest point beside the neck, foot of the collar there, certainty)."""
    half = len(side.out) // 2
    near = (side.out > 0.03 * outline.width) & (side.out < 0.42 * outline.width)
    near[half:] = False
    if not near.any():
        near[: half // 4] = True
    index = np.nonzero(near)[0]
    top = int(index[(0.15 * side.out[index] - side.down[index]).argmax()])
    foot = _collar_foot(side, outline, top)
    return top, foot, 0.9


def _collar_foot(side: Side, outline: Outline, top: int) -> int:
    """Where a standing collar, turtleneck or hood meets the shoulder: the notch of the outline beside it."""
    width = _upper_width(side, outline)
    # within the shoulders' reach, and within a hood's, which is taller and narrower
    lowest = min(0.30 * outline.height, 0.7 * width)
    allowed = np.where(side.out < 0.22 * width, 1.4 * lowest, np.where(side.out < 0.40 * width, lowest, 0.0))
    beyond = np.nonzero(side.down[top + 8 :] > side.down[top] + allowed[top + 8 :])[0]
    reach = min(top + 7 + int(beyond[0]) if beyond.size else len(side.out), len(side.out) // 2 - 1)
    best, deepest = top, 0.009 * outline.width
    for end in range(top + 8, reach + 1, 4):
        depth = depth_of_bay(side, top, end)
        worst = int(depth.argmax())
        if depth[worst] > deepest:
            best, deepest = top + worst, float(depth[worst])
    return top if _is_strap(side, outline, top, best) or not _leads_to_shoulder(side, best, 0.06 * width) else best


def _leads_to_shoulder(side: Side, foot: int, stretch: float) -> bool:
    """Whether the outline runs outwards from the notch, as a shoulder does, and not down, as under an armhole."""
    beyond = np.nonzero(side.out[foot:] > side.out[foot] + stretch)[0]
    return beyond.size > 0 and float(side.down[foot + beyond[0]] - side.down[foot]) < 2.0 * stretch


def _upper_width(side: Side, outline: Outline) -> float:
    """The garment's width, that of its upper third where a skirt flares far beyond it."""
    below = (side.down - outline.top) / max(outline.height, 1.0)
    upper = side.out[(below > 0.1) & (below < 0.4)]
    return min(outline.width, 2.2 * float(np.percentile(upper, 75))) if upper.size else outline.width


def _is_strap(side: Side, outline: Outline, top: int, foot: int) -> bool:
    """Whether what stands above the notch is a strap: narrow, with backdrop between it and the axis."""
    row = (side.down[top] + side.down[foot]) / 2
    inner = np.nonzero(side.down[:top] > row)[0]
    outer = top + np.nonzero(side.down[top : foot + 1] <= row)[0]
    if inner.size == 0 or outer.size == 0:
        return False
    thickness = float(side.out[outer[-1]] - side.out[inner[-1]])
    return thickness < 0.05 * outline.width and float(side.down[foot] - side.down[top]) > 2.5 * thickness


def depth_of_bay(side: Side, start: int, end: int) -> NDArray[np.float64]:
    """How far the outline lies inside the chord from ``start`` to ``end``, at each point between; positive inwards."""
    along_out, along_down = side.out[end] - side.out[start], side.down[end] - side.down[start]
    length = max(float(np.hypot(along_out, along_down)), 1e-6)
    out = side.out[start : end + 1] - side.out[start]
    down = side.down[start : end + 1] - side.down[start]
    return (down * along_out - out * along_down) / length


def _find_sleeve_bay(side: Side, outline: Outline, neck: int) -> Bay | None:
    """The dent between a sleeve and the body: the deepest that has a sleeve above it."""
    bays = sorted(_list_bays(side, outline, neck), key=lambda bay: -bay.depth)
    return next((bay for bay in bays[:4] if _is_sleeve(side, outline, neck, bay)), None)


def _list_bays(side: Side, outline: Outline, neck: int) -> list[Bay]:
    """Dents below the neck, each between two neighbouring points of the convex hull."""
    points = np.stack([side.out[neck:], side.down[neck:]], 1).astype(np.float32)
    closed = np.vstack([points, [[0, points[-1, 1]], [0, points[0, 1]]]]).astype(np.float32)
    hull = cv2.convexHull(closed.reshape(-1, 1, 2), returnPoints=False)[:, 0]
    corners = sorted({0, len(points) - 1} | {int(index) for index in hull if index < len(points)})
    bays = []
    for start, end in pairwise(corners):
        if end - start < 3:
            continue
        depth = depth_of_bay(side, neck + start, neck + end)
        low_enough = side.down[neck + start : neck + end + 1] > side.down[neck] + 0.08 * outline.height
        depth = np.where(low_enough, depth, 0)
        if depth.max() > 0.012 * outline.width:
            deepest = neck + start + int(depth.argmax())
            bays.append(Bay(neck + start, neck + end, _corner_of_bay(side, neck + start, deepest), float(depth.max())))
    return bays


def _is_sleeve(side: Side, outline: Outline, neck: int, bay: Bay) -> bool:
    """Whether what sticks out above a dent is a sleeve, and not a hip or a flared hem below a waist."""
    start, pit = bay.start, bay.pit
    hang = float(side.down[start : pit + 1].max() - side.down[pit]) / outline.height
    if side.out[start] - side.out[pit] < (0.03 if hang < 0.08 else 0.0) * outline.width:
        return False
    depth_down = (side.down[pit] - side.down[neck]) / max(outline.bottom - side.down[neck], 1.0)
    if bay.depth > 0.03 * outline.width and depth_down < 0.65:
        level = side.down - side.down[pit]
        below = (level > 0.05 * outline.height) & (level < 0.35 * outline.height)
        below[: pit + 1] = False
        body = float(np.median(side.out[below])) if below.any() else float(side.out[pit])
        sticks_out = side.out[start] > 1.08 * body and side.out[start] - side.out[pit] > 0.045 * outline.width
        if sticks_out or side.down[start] > side.down[pit] + 0.05 * outline.height:
            return True
    # sleeves that lie against the body: only the cuffs part from it, and hang lower than where they part
    beside = 0.45 * side.out[start] < side.out[pit] and (side.out[pit] < 0.9 * side.out[start] or hang > 0.08)
    widest = side.out[start] > 0.3 * outline.width and (side.out[start] > 0.75 * side.out.max() or hang > 0.05)
    deep = bay.depth > 0.03 * outline.width
    lower = pit + np.nonzero(side.down[pit:] > side.down[pit] + 0.04 * outline.height)[0]
    body_below = lower.size > 0 and float(side.out[lower[0]]) > 0.8 * side.out[pit]
    least_hang = 0.008 if body_below else 0.025  # a wavy hem hangs a little, too
    juts = bay.depth > 0.07 * outline.width and body_below and side.out[start] > 1.25 * side.out[pit]
    return bool((hang > least_hang or juts) and beside and deep and widest and depth_down > 0.35)


def _corner_of_bay(side: Side, start: int, end: int) -> int:
    """The armpit's corner: the innermost and uppermost point, whatever the slope of sleeve and body."""
    return start + int((side.out[start : end + 1] + 0.8 * side.down[start : end + 1]).argmin())


def _read_sleeved(side: Side, outline: Outline, top: int, neck: int, neck_sure: float, bay: Bay) -> Reading:
    pit = max(bay.pit, neck + 8)
    hem, hem_sure = _find_hem(side, outline, pit)
    armpit = _find_armpit(side, outline, neck, pit, hem, bay)
    fused = armpit[1] < side.down[pit] - 1
    shoulder = min(_find_shoulder(side, neck, pit, armpit[0]), pit - 6)
    outer, inner, cuff_sure = find_cuff(side, outline, shoulder, pit, armpit)
    middle = np.array([(side.out[outer] + side.out[inner]) / 2, (side.down[outer] + side.down[inner]) / 2])
    root = np.array([(side.out[shoulder] + armpit[0]) / 2, (side.down[shoulder] + armpit[1]) / 2])
    places = {
        "neck": _place(side, neck, neck_sure),
        "shoulder": _place(side, shoulder, 0.8 * max(armpit[2], 0.5)),
        "armpit": armpit,
        "cuff_outer": _place(side, outer, cuff_sure),
        "cuff_inner": _place(side, inner, cuff_sure),
        "hem": _place(side, hem, hem_sure),
    }
    marks = {"outer": outer, "inner": inner, "hem": hem}
    sleeve = float(np.hypot(*(middle - root)))
    return Reading(side, places, True, top, neck, shoulder, pit, fused, sleeve, marks)


def _find_armpit(side: Side, outline: Outline, neck: int, pit: int, hem: int, bay: Bay) -> tuple[float, float, float]:
    """Where sleeve and body part: the dent's corner, the top of a gap enclosed between them, or an estimate."""
    out, down = float(side.out[pit]), float(side.down[pit])
    for hole in side.holes:
        corner = hole[(hole[:, 0] + 0.8 * hole[:, 1]).argmin()]
        beside = 0.3 * out < hole[:, 0].mean() < side.out.max()
        if beside and corner[1] < down - 0.02 * outline.height and np.ptp(hole[:, 1]) > 0.04 * outline.height:
            out, down = float(corner[0]), float(corner[1])
    length = side.down[hem] - side.down[neck]
    hangs = side.down[bay.start] > down + 0.06 * outline.height
    if down < side.down[neck] + (0.5 if hangs else 0.68) * length:
        return out, down, float(np.clip(bay.depth / (0.08 * outline.width), 0.4, 1))
    body = min(out, float(np.percentile(side.out[pit : hem + 1], 70)) if hem > pit else out)
    return body, float(side.down[neck] + FUSED_ARMPIT * length), 0.35


def _find_shoulder(side: Side, neck: int, before: int, armpit_out: float) -> int:
    reached = np.nonzero(side.out[neck:before] >= SHOULDER_SHARE * armpit_out)[0]
    return neck + int(reached[0]) if reached.size else neck + max(1, int(0.4 * (before - neck)))


def _find_hem(side: Side, outline: Outline, after: int) -> tuple[int, float]:
    """The corner where the side meets the hem."""
    index = np.arange(after, len(side.out))
    index = index[side.down[index] > outline.top + 0.5 * outline.height]
    if index.size == 0:
        return len(side.out) - 1, 0.2
    limit = 1.6 * _body_half_width(side, outline, len(side.out) - 1)
    reach = side.down[index] + 0.6 * np.minimum(side.out[index], limit)
    return int(index[reach.argmax()]), 0.85


def _body_half_width(side: Side, outline: Outline, hem: int) -> float:
    """A low quartile of the side's distance from the axis over the lower half, last crossing of each row."""
    last = max(float(side.down[hem]), outline.top + 0.6 * outline.height)
    rows = np.linspace(outline.top + 0.55 * outline.height, last, 12)[:-1]
    widths = []
    for row in rows:
        crossing = np.nonzero((side.down[:-1] < row) != (side.down[1:] < row))[0]
        if crossing.size:
            widths.append(float(side.out[crossing[-1]]))
    return float(np.percentile(widths, 30)) if widths else outline.width / 3


# ------------------------------------------------------------------------------------------------ sleeveless


def _read_sleeveless(side: Side, outline: Outline, top: int, neck: int, neck_sure: float) -> Reading:
    hem, hem_sure = _find_hem(side, outline, max(neck + 1, len(side.out) // 3))
    shoulder = _strap_end(side, outline, neck)
    armpit, pit_sure = _armhole_end(side, outline, shoulder, hem)
    places = {
        "neck": _place(side, neck, neck_sure),
        "shoulder": _place(side, shoulder, 0.8),
        "armpit": _place(side, armpit, pit_sure),
        "hem": _place(side, hem, hem_sure),
    }
    return Reading(side, places, False, top, neck, shoulder, armpit, marks={"hem": hem})


def _strap_end(side: Side, outline: Outline, neck: int) -> int:
    """The outer end of strap or shoulder: as far out as can be before the outline drops into the armhole."""
    last = neck + len(side.out) // 4
    index = np.arange(neck, min(last, len(side.out)))
    allowed = side.down[neck] + 0.5 * np.maximum(side.out[index] - side.out[neck], 0) + 0.02 * outline.height
    index = index[(side.down[index] <= allowed) & (side.down[index] < side.down[neck] + 0.10 * outline.height)]
    return int(index[(side.out[index] - side.down[index]).argmax()]) if index.size else neck


def _armhole_end(side: Side, outline: Outline, shoulder: int, hem: int) -> tuple[int, float]:
    """Where the armhole meets the side seam: furthest out from the chord between shoulder and lower side.

    Straps and armholes are at most so deep for the width of the chest, however long and flared the skirt below is.
    Where nothing stands out from the chord, the armpit is at the depth of an ordinary armhole.
    """
    out, drop = side.out[shoulder : hem + 1], side.down[shoulder : hem + 1] - side.down[shoulder]
    beyond = np.nonzero((drop > 0.62 * drop[-1]) | (drop > DEEPEST_ARMHOLE * out))[0]
    low = int(beyond[0]) if beyond.size else len(drop) - 1
    if low < 4:
        return shoulder + max(1, (hem - shoulder) // 3), 0.2
    bulge = -depth_of_bay(side, shoulder, shoulder + low)
    bulge = np.where(drop[: low + 1] > 0.08 * outline.height, bulge, -1e9)
    best = int(bulge.argmax())
    if bulge[best] < 0.006 * outline.width:
        return shoulder + _guess_armhole(outline, drop[: low + 1], out[: low + 1]), 0.3
    sure = float(np.clip(bulge[best] / (0.05 * outline.width), 0.3, 0.95))
    return shoulder + best, sure


def _guess_armhole(outline: Outline, drop: NDArray[np.float64], out: NDArray[np.float64]) -> int:
    """Where a skirt flares from the armhole on: an armhole is innermost half way down; else at its usual depth."""
    upper = drop < ARMHOLE * out
    inmost = int(np.where(upper, out, np.inf).argmin())
    drawn_in = float(out[: inmost + 1].max() - out[inmost])
    if drawn_in > 0.015 * outline.width and drop[inmost] > 0.4 * out[inmost]:
        return int(np.abs(drop - 1.9 * drop[inmost]).argmin())
    return int(np.abs(drop - ARMHOLE * out).argmin())


# ------------------------------------------------------------------------------------------------ both sides


def _place(side: Side, index: int, certainty: float) -> tuple[float, float, float]:
    return float(side.out[index]), float(side.down[index]), certainty


def _share_collar(reading: Reading, other: Reading, outline: Outline) -> Reading:
    """A collar stands on both sides: where only the other side's outline shows its foot, put this one's opposite."""
    if reading.neck != reading.collar_top or other.neck == other.collar_top:
        return reading
    side = reading.side
    foot = side.nearest(other.places["neck"][0], other.places["neck"][1])
    apart = np.hypot(side.out[foot] - other.places["neck"][0], side.down[foot] - other.places["neck"][1])
    if not reading.collar_top < foot < reading.shoulder or apart > 0.05 * outline.width:
        return reading
    return replace(reading, neck=foot, places={**reading.places, "neck": _place(side, foot, 0.6)})


def _help(reading: Reading, other: Reading, outline: Outline) -> Reading:
    """Take from the mirrored other side what it knows much better, put back on this side's own outline."""
    places = dict(reading.places)
    for name, (out, down, certainty) in reading.places.items():
        if name not in other.places:
            continue
        there = other.places[name]
        apart = float(np.hypot(out - there[0], down - there[1]))
        if apart > 0.06 * outline.width and there[2] > certainty + 0.15:
            nearest = reading.side.nearest(there[0], there[1])
            near = np.hypot(reading.side.out[nearest] - there[0], reading.side.down[nearest] - there[1])
            spot = _place(reading.side, nearest, 0.0) if near < 0.04 * outline.width else there
            places[name] = (spot[0], spot[1], 0.8 * there[2])
        elif apart > 0.10 * outline.width:
            places[name] = (out, down, 0.7 * certainty)
    return replace(reading, places=places)
