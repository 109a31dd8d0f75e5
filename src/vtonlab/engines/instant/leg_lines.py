"""The person's legs: their lines, moved to where the photo shows the legs apart, and how thick they are."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.axes import (
    SIDES,
    SIGN,
    Side,
    Values,
    half_width,
    leg_curve,
    leg_radius,
    normals,
    reach,
    spine,
)
from vtonlab.engines.instant.records import Body, Label, Person, Points
from vtonlab.engines.instant.warp import arc_lengths, point_along, smooth

STEP = 8
"""Every so many rows are looked at."""

LEG_LABELS = np.array([label in (Label.LOWER, Label.SKIN, Label.OTHER) for label in Label])
BLOCKING = np.array([label in (Label.BACKGROUND, Label.UPPER, Label.HAIR) for label in Label])


LegLines = dict[Side, Points]
"""Middle line of each leg from hip joint to ankle, ``(N, 2)`` px."""


def find_leg_lines(person: Person) -> LegLines:
    """The line of each leg.

    A pose model may take one leg for both or slip off a leg; where backdrop parts the legs, they are where they are
    seen. Rows without such a gap take their correction from the rows around them, none at the hip joint.
    """
    curves = {side: _from_hip(person.body, leg_curve(person.body, side), side) for side in SIDES}
    if any(curve[-1, 1] - curve[0, 1] < 0.5 * person.body.unit for curve in curves.values()):
        return curves
    rows, seen = _parted_rows(person, curves)
    if len(rows) < 4:
        return curves
    return {side: _moved(person, curves[side], rows, seen[:, index]) for index, side in enumerate(SIDES)}


def _from_hip(body: Body, curve: Points, side: Side) -> Points:
    """A leg's line begun in the middle of its half of the hips where the pose has the hip joints too close together."""
    apart = float(np.linalg.norm(body.right_leg.hip - body.left_leg.hip))
    place, across = (v[0] for v in spine(body, np.array([1.0], np.float32)))
    half = {s: 0.46 * float(half_width(body, s, np.array([1.05], np.float32))[0]) for s in SIDES}
    if apart > 0.7 * (half["left"] + half["right"]):
        return curve
    share = np.clip(1 - np.linspace(0, 2, len(curve), dtype=np.float32), 0, 1)
    move = place + across * np.float32(SIGN[side] * half[side]) - curve[0]
    return (curve + move * share[:, None]).astype(np.float32)


def _parted_rows(person: Person, curves: LegLines) -> tuple[Values, Values]:
    """Rows in which two legs are seen apart, and ``(N, 2)`` the middles of the left and the right one."""
    height, unit = person.labels.shape[0], person.body.unit
    top = max(curve[0, 1] for curve in curves.values()) + 0.25 * unit
    bottom = min(*(curve[-1, 1] for curve in curves.values()), height - 1)
    rows = np.arange(int(max(top, 0)), int(bottom), STEP)
    if not len(rows):
        return np.zeros(0, np.float32), np.zeros((0, 2), np.float32)
    leg = LEG_LABELS[person.labels[rows]] & (person.hands[rows] == 0)
    wanted = np.stack([np.interp(rows, curves[s][:, 1], curves[s][:, 0]) for s in SIDES], 1)
    share = np.interp(rows, curves["left"][:, 1], np.linspace(0, 1, len(curves["left"])))
    radius = leg_radius(person.body, share.astype(np.float32))
    found_rows, found = [], []
    for index, row in enumerate(rows):
        pair = _nearest_pair(_runs(leg[index]), wanted[index], float(radius[index]))
        if pair is not None:
            found_rows.append(row)
            found.append(pair)
    return np.array(found_rows, np.float32), np.asarray(found, np.float32).reshape(-1, 2)


def _runs(line: NDArray[np.bool_]) -> NDArray[np.float32]:
    """``(N, 2)`` first and last column of each run of true."""
    edges = np.flatnonzero(line[1:] != line[:-1]) + 1
    edges = np.concatenate([[0] * bool(line[0]), edges, [len(line)] * bool(line[-1])])
    return (edges.reshape(-1, 2) - [0, 1]).astype(np.float32)


def _nearest_pair(runs: NDArray[np.float32], wanted: Points, radius: float) -> tuple[float, float] | None:
    """Middles of the two neighbouring runs that are most likely the legs; None where no two are alike legs."""
    width = runs[:, 1] - runs[:, 0]
    middle = runs.mean(1)
    low, high = min(wanted), max(wanted)
    near = np.abs(middle - (low + high) / 2) < (high - low) / 2 + 3.2 * radius
    middle = middle[near & (width > 0.9 * radius) & (width < 3.6 * radius)]
    if len(middle) < 2:
        return None
    cost = np.abs(middle[:-1] - low) + np.abs(middle[1:] - high)
    best = int(cost.argmin())
    return float(middle[best]), float(middle[best + 1])


def _moved(person: Person, curve: Points, rows: Values, seen: Values) -> Points:
    """A leg's line moved sideways onto what was seen."""
    offset = seen - np.interp(rows, curve[:, 1], curve[:, 0])
    # A leg that is seen far from its joints is another thing (a bag, the other leg's shadow).
    good = np.abs(offset) < 0.45 * person.body.unit
    if good.sum() < 4:
        return curve
    rows, offset = rows[good], smooth(offset[good].astype(np.float32), 2.0)
    move = np.interp(curve[:, 1], np.concatenate([[curve[0, 1]], rows]), np.concatenate([[0.0], offset]))
    moved = curve.copy()
    moved[:, 0] += smooth(move.astype(np.float32), 2.0)
    moved[0] = curve[0]
    return moved


# ------------------------------------------------------------------------------------------------ how thick they are


@dataclass(frozen=True)
class MeasuredLeg:
    """A leg sampled along its line."""

    centre: Points
    out: Points
    """Unit vectors to the outside."""
    half: Values
    """Half the thickness with what is worn, px."""
    bare: Values
    """Half the thickness of the bare leg, px."""
    inwards: Values
    """How far it may reach inwards before it meets the other leg, px."""


def measured_leg(person: Person, lines: LegLines, arcs: Values, side: Side, room: float = 0.0) -> MeasuredLeg:
    """The leg as the photo shows it, cloth worn now included, at each arc length along its line.

    ``room``: how far trouser legs may stand off from it, units; 0 where a skirt is worn, which tells nothing of legs.
    """
    body, curve = person.body, lines[side]
    at, _ = point_along(curve, arcs)
    out = _outward(curve, arcs, side)
    bare = leg_radius(body, arcs / float(arc_lengths(curve)[-1]))
    blocked = BLOCKING[person.labels] | (person.hands > 0)
    limit = _way_to_other(body, lines, side, at)
    widest = np.maximum(1.7 * bare, bare + room * body.unit)
    found_out = reach(blocked, at, out, widest)
    found_in = reach(blocked, at, -out, np.minimum(widest, np.maximum(limit, 0.9 * bare)))
    worn_out = np.where(np.isnan(found_out) | (found_out < 0.6 * bare), 1.08 * bare, found_out)
    worn_in = np.where(np.isnan(found_in) | (found_in < 0.6 * bare), np.minimum(1.08 * bare, limit), found_in)
    worn_in = np.maximum(worn_in, 0.5 * bare)
    # What cuts into a leg over a short stretch, a hand or a bag, lies before it.
    step = max(float(arcs[-1] - arcs[0]) / max(len(arcs) - 1, 1), 1e-3)
    window = np.ones((max(1, round(0.5 * body.unit / step)), 1), np.uint8)
    worn_out, worn_in = (
        cv2.morphologyEx(worn.astype(np.float32), cv2.MORPH_CLOSE, window, borderType=cv2.BORDER_REPLICATE)[:, 0]
        for worn in (worn_out, worn_in)
    )
    shift = smooth(((worn_out - worn_in) / 2).astype(np.float32), 2.5)
    half = smooth(((worn_out + worn_in) / 2).astype(np.float32), 2.5)
    centre = (at + out * shift[:, None]).astype(np.float32)
    thicker = _skin_factor(person, centre, half / bare, arcs / float(arc_lengths(curve)[-1]))
    bare = np.minimum(bare * thicker, np.maximum(0.97 * half, 0.75 * bare))
    return MeasuredLeg(centre, out, half, bare.astype(np.float32), (limit + shift).astype(np.float32))


def _skin_factor(person: Person, centre: Points, ratio: Values, share: Values) -> Values:
    """How much thicker than the model the leg is: as seen where its skin is seen and near there, so that what is
    filled in continues it; elsewhere as the seen parts are on the whole, 1 where none is."""
    height, width = person.labels.shape
    inside = (centre >= 0).all(1) & (centre[:, 0] < width) & (centre[:, 1] < height)
    at = np.clip(np.round(centre).astype(int), 0, [width - 1, height - 1])
    skin = inside & (person.labels[at[:, 1], at[:, 0]] == Label.SKIN) & (share > 0.2) & (share < 1.0)
    # The hem's own width runs over into its neighbours.
    skin[2:-2] &= skin[:-4] & skin[4:]
    if skin.sum() < 3:
        return np.ones(len(ratio), np.float32)
    # Ankles say little about thighs.
    typical = skin & (share < 0.9)
    whole = float(np.clip(np.median(ratio[typical]), 0.8, 1.35)) if typical.sum() > 5 else 1.0
    seen = np.interp(share, share[skin], np.clip(ratio[skin], 0.6, 1.4))
    away = np.abs(share[:, None] - share[skin][None]).min(1)
    near = np.exp(-((away / 0.18) ** 2))
    return (whole + (seen - whole) * near).astype(np.float32)


def _outward(curve: Points, arcs: Values, side: Side) -> Points:
    """Unit normals of the leg, pointing to the side of the picture that the leg is on."""
    normal, arc = normals(curve, 3.0), arc_lengths(curve)
    found = np.stack([np.interp(arcs, arc, normal[:, 0]), np.interp(arcs, arc, normal[:, 1])], 1)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
    # Legs run down the picture, so their left-hand normal points right.
    along = curve[-1] - curve[0]
    left_hand_is_right = along[1] >= 0
    return (found if (side == "right") == left_hand_is_right else -found).astype(np.float32)


def _way_to_other(body: Body, lines: LegLines, side: Side, at: Points) -> Values:
    """From each place of a leg inwards to the line midway to the other leg, px; large where the legs cross."""
    other = lines["right" if side == "left" else "left"]
    if other[-1, 1] <= other[0, 1]:
        return np.full(len(at), 1e3, np.float32)
    apart = (np.interp(at[:, 1], other[:, 1], other[:, 0]) - at[:, 0]) * np.float32(-SIGN[side])
    return np.where(apart < 0.16 * body.unit, 1e3, apart / 2).astype(np.float32)
