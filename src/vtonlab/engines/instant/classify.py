"""What a garment is, from its shape alone: for the upper body, the lower body or both, and how it is cut."""

from __future__ import annotations

import numpy as np

from vtonlab.engines.contract import GarmentKind
from vtonlab.engines.instant.landmarks import Reading
from vtonlab.engines.instant.lower_landmarks import Gap
from vtonlab.engines.instant.outline import Outline, Side
from vtonlab.engines.instant.records import Cut, Landmark

LONG_SLEEVE = 0.75
"""Sleeve length over shoulder width from which a sleeve counts as long."""
DRESS_LENGTH = 2.6
"""Length over chest width, flare included, from which a top counts as a dress (fitted tops reach 2.4)."""


def tell_kind(outline: Outline, gap: Gap | None, left: Reading, right: Reading) -> tuple[GarmentKind, float]:
    """The kind and how sure (0…1)."""
    band = _top_band(outline)
    if gap is not None and gap.seen and band > 0.6 and not _has_sleeves(outline, left, right, gap):
        return GarmentKind.LOWER, 0.95
    if gap is not None and band > 0.85:
        return GarmentKind.LOWER, 0.7
    if not left.sleeved and not right.sleeved and _is_skirt(outline, left, right):
        return GarmentKind.LOWER, 0.7
    chest = left.places["armpit"][0] + right.places["armpit"][0]
    neck = (left.places["neck"][1] + right.places["neck"][1]) / 2
    length = (left.places["hem"][1] + right.places["hem"][1]) / 2 - neck
    flare = (left.places["hem"][0] + right.places["hem"][0]) / max(chest, 1.0)
    ratio = length / max(chest, 1.0) + 0.8 * float(np.clip(flare - 1.15, 0, 1))
    kind = GarmentKind.DRESS if ratio > DRESS_LENGTH else GarmentKind.UPPER
    return kind, float(np.clip(0.5 + abs(ratio - DRESS_LENGTH), 0.5, 0.95))


def _has_sleeves(outline: Outline, left: Reading, right: Reading, gap: Gap) -> bool:
    """Sleeves beside a body open at the bottom (a coat, a top with tails) rather than two legs."""
    pits = (left.places["armpit"][1] + right.places["armpit"][1]) / 2
    return left.sleeved and right.sleeved and pits < outline.top + 0.55 * outline.height and gap.y > pits


def _top_band(outline: Outline) -> float:
    """How straight and full the top edge is: 1 for a waistband, less for necklines and straps."""
    spans = []
    for side in (outline.left, outline.right):
        corner = _top_corner(side, outline)
        rise = side.down[: corner + 1].max() - outline.top
        spans.append(1 - float(rise) / max(0.2 * outline.height, 1))
    return float(np.mean(spans))


def _top_corner(side: Side, outline: Outline) -> int:
    near = np.nonzero(side.down < outline.top + 0.22 * outline.height)[0]
    near = near[near < len(side.out) // 2]
    return int(near[(0.5 * side.out[near] - side.down[near]).argmax()]) if near.size else 0


def _is_skirt(outline: Outline, left: Reading, right: Reading) -> bool:
    """A straight top edge, and sides that never draw in below it as an armhole does."""
    if _top_band(outline) < 0.72 or min(_shoulder_slope(side, outline) for side in (outline.left, outline.right)) < 0.9:
        return False
    drawn_in = []
    for side in (outline.left, outline.right):
        corner = _top_corner(side, outline)
        upper = side.down < outline.top + 0.45 * outline.height
        upper[:corner] = False
        inward = side.out[corner] - side.out[upper].min(initial=side.out[corner])
        drawn_in.append(inward / max(outline.width, 1))
    corners = [side.out[_top_corner(side, outline)] for side in (outline.left, outline.right)]
    narrow_top = sum(corners) < 1.02 * outline.width
    return max(drawn_in) < 0.02 and bool(narrow_top) and left.marks.get("hem", 0) > 0 and right.marks.get("hem", 0) > 0


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
        legs = outline.bottom - gap.y
        return Cut.SHORTS if legs < 1.1 * (gap.y - outline.top) else Cut.TROUSERS
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


def find_waist(outline: Outline, left: Reading, right: Reading) -> dict[str, Landmark]:
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
