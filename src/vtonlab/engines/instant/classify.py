"""What a garment is, from its shape alone: for the upper body, the lower body or both, and how it is cut."""

from __future__ import annotations

import numpy as np

from vtonlab.engines.contract import GarmentKind
from vtonlab.engines.instant.landmarks import Reading, depth_of_bay
from vtonlab.engines.instant.lower_landmarks import Gap
from vtonlab.engines.instant.outline import Outline, Side
from vtonlab.engines.instant.records import Cut, Landmark

LONG_SLEEVE = 0.75
"""Sleeve length over shoulder width from which a sleeve counts as long."""
DRESS_LENGTH = 2.6
"""Length over chest width, flare included, from which a top counts as a dress (fitted tops reach 2.4)."""

SHORTS_LENGTH = 1.7
"""Length over hip width up to which trousers count as shorts."""


def tell_kind(outline: Outline, gap: Gap | None, left: Reading, right: Reading) -> tuple[GarmentKind, float]:
    """The kind and how sure (0…1)."""
    if has_waistband(outline) and outline.height > 0.55 * outline.width:
        if gap is not None and gap.seen:
            return GarmentKind.LOWER, 0.95
        if not (left.sleeved and right.sleeved) and (gap is not None or not _has_armholes(outline)):
            return GarmentKind.LOWER, 0.7
    chest = _chest_width(left) + _chest_width(right)
    neck = (left.places["neck"][1] + right.places["neck"][1]) / 2
    length = (left.places["hem"][1] + right.places["hem"][1]) / 2 - neck
    flare = (left.places["hem"][0] + right.places["hem"][0]) / max(chest, 1.0)
    ratio = length / max(chest, 1.0) + 0.8 * float(np.clip(flare - 1.15, 0, 1))
    kind = GarmentKind.DRESS if ratio > DRESS_LENGTH else GarmentKind.UPPER
    return kind, float(np.clip(0.5 + abs(ratio - DRESS_LENGTH), 0.5, 0.95))


def _chest_width(reading: Reading) -> float:
    """Half the width at the armpit, or a little below it where straps leave the armpit high and narrow."""
    out, down, _ = reading.places["armpit"]
    side = reading.side
    lower = np.nonzero(side.down[reading.armpit :] > down + 0.12 * (reading.places["hem"][1] - down))[0]
    if reading.sleeved or lower.size == 0:
        return out
    return max(out, float(side.out[reading.armpit + lower[0]]))


def has_waistband(outline: Outline) -> bool:
    """A straight edge at the top with sides that fall steeply from its ends, unlike a neck between shoulders."""
    corners = [(side, _top_corner(side, outline)) for side in (outline.left, outline.right)]
    width = sum(float(side.out[corner]) for side, corner in corners)
    dip = max(float(side.down[: corner + 1].max()) for side, corner in corners) - outline.top
    drop = max(float(side.down[corner] - side.down[: corner + 1].min()) for side, corner in corners)
    steep = min(_shoulder_slope(side, outline) for side in (outline.left, outline.right))
    return dip < 0.2 * width and drop < 0.04 * width and steep > 1.4


def _top_corner(side: Side, outline: Outline) -> int:
    near = np.nonzero(side.down < outline.top + 0.22 * outline.height)[0]
    near = near[near < len(side.out) // 2]
    return int(near[(0.5 * side.out[near] - side.down[near]).argmax()]) if near.size else 0


def _has_armholes(outline: Outline) -> bool:
    """Sides that dent inwards below the top edge, as under a shoulder or strap."""
    dents = []
    for side in (outline.left, outline.right):
        corner = _top_corner(side, outline)
        last = corner + int(np.searchsorted(side.down[corner:] > outline.top + 0.42 * outline.height, True))
        ends = range(corner + 8, min(last, len(side.down) - 1), 6)
        dents.append(max((float(depth_of_bay(side, corner, end).max()) for end in ends), default=0.0))
    return min(dents) > 0.015 * outline.width or _has_shoulders(outline)


def _has_shoulders(outline: Outline) -> bool:
    """A top edge that is dented in the middle, or humped like a neck between shoulders, more than a waistband is."""
    corners = [(side, _top_corner(side, outline)) for side in (outline.left, outline.right)]
    width = sum(float(side.out[corner]) for side, corner in corners)
    dent = max(float(side.down[: corner + 1].max()) for side, corner in corners) - outline.top
    return dent > 0.10 * width


def _hip_width(outline: Outline) -> float:
    """Width across the upper third."""
    upper = outline.top + 0.35 * outline.height
    return sum(float(side.out[side.down < upper].max(initial=1.0)) for side in (outline.left, outline.right))


def _shoulder_slope(side: Side, outline: Outline) -> float:
    """Fall of the outline just outside the top's corner: about 0.4 for shoulders, more than 1 for a skirt's side."""
    corner = _top_corner(side, outline)
    beyond = np.nonzero(side.out[corner:] > side.out[corner] + 0.12 * outline.width)[0]
    if beyond.size == 0:
        return 9.0
    reached = corner + int(beyond[0])
    return float((side.down[reached] - side.down[corner]) / (side.out[reached] - side.out[corner]))


def tell_cut(kind: GarmentKind, outline: Outline, gap: Gap | None, left: Reading, right: Reading) -> Cut:
    """How the garment is cut."""
    if kind is GarmentKind.LOWER:
        if gap is None:
            return Cut.SKIRT
        return Cut.SHORTS if outline.height < SHORTS_LENGTH * _hip_width(outline) else Cut.TROUSERS
    if not (left.sleeved and right.sleeved):
        return Cut.SLEEVELESS
    shoulders = left.places["shoulder"][0] + right.places["shoulder"][0]
    sleeve = (left.sleeve_length + right.sleeve_length) / 2
    if sleeve > LONG_SLEEVE * shoulders:
        return Cut.LONG_SLEEVE
    if kind is GarmentKind.UPPER and _cuff_depth(left, right) > 0.78:
        return Cut.LONG_SLEEVE
    return Cut.SHORT_SLEEVE


def _cuff_depth(left: Reading, right: Reading) -> float:
    """How far down the garment the cuffs reach."""
    depths = []
    for reading in (left, right):
        neck, hem = reading.places["neck"][1], reading.places["hem"][1]
        cuff = (reading.places["cuff_outer"][1] + reading.places["cuff_inner"][1]) / 2
        depths.append((cuff - neck) / max(hem - neck, 1.0))
    return float(np.mean(depths))


def find_waist(left: Reading, right: Reading) -> dict[str, Landmark]:
    """A dress's waist: the narrowest place between armpits and hips, else where a waist usually is."""
    found = {}
    for reading, suffix in ((left, "left"), (right, "right")):
        side = reading.side
        pit = reading.places["armpit"]
        chest = left.places["armpit"][0] + right.places["armpit"][0]
        usual = pit[1] + 0.62 * chest
        rows = (side.down > pit[1] + 0.3 * chest) & (side.down < pit[1] + 1.0 * chest)
        rows[: reading.armpit] = False
        rows[reading.marks.get("hem", len(rows)) :] = False
        index = np.nonzero(rows)[0]
        if index.size == 0:
            found[f"waist_{suffix}"] = Landmark(side.axis_x + side.sign * 0.9 * pit[0], usual, 0.3)
            continue
        score = side.out[index] + 0.12 * np.abs(side.down[index] - usual)
        best = int(index[score.argmin()])
        x, y = side.point(best)
        drawn = 1 - float(side.out[best]) / max(pit[0], 1.0)
        found[f"waist_{suffix}"] = Landmark(x, y, float(np.clip(0.45 + 3 * drawn, 0.4, 0.9)))
    return found
