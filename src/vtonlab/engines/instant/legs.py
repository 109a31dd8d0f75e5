"""Trousers and shorts on two legs: each half a ruled mesh from the waistband to its hem.

A half runs between the garment's outer edge and its middle: the front seam down to the crotch, below it the inseam.
Both halves share the middle above the crotch, so cloth runs on across it without a step. Constants are relative to
the body's ``unit``, or shares, and were read off catalogue photos unless a comment says otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.axes import SIDES, SIGN, Side, Values, leg_curve, leg_of, leg_radius, normals, reach, spine
from vtonlab.engines.instant.records import Body, Cut, Garment, Label, Part, Person, Points
from vtonlab.engines.instant.waist import LowerHang, crotch_point, drawn_to, outer_columns, torso_outline, waist_middle
from vtonlab.engines.instant.warp import Mesh, arc_lengths, point_along, resample, rule_between, smooth

TOP_ROWS = 18
"""Rows of the mesh between waistband and crotch."""
LEG_ROWS = 44
SHARES = np.linspace(0, 1, 12, dtype=np.float32)
OVERHANG = np.float32([0.12, 0.06])
"""How far the mesh goes on past an outer edge, as shares of a half's width: room for the cloth's own soft edge."""


# ------------------------------------------------------------------------------------------------ one half


def trouser_half(person: Person, garment: Garment, hang: LowerHang, side: Side) -> Mesh:
    """The mesh of one half of trousers or shorts: outer edge first, middle last."""
    outer, inner = half_edges(garment, hang, side)
    top_outer, top_inner = _seat_on_body(person, garment, hang, side, outer[:TOP_ROWS], inner[:TOP_ROWS])
    leg_outer, leg_inner = _leg_on_body(person, garment, hang, side, outer[TOP_ROWS - 1 :], inner[TOP_ROWS - 1 :])
    leg_outer, leg_inner = _lead_in(leg_outer, top_outer[-1], person), _lead_in(leg_inner, top_inner[-1], person)
    body_outer = smooth(np.vstack([top_outer, leg_outer[1:]]), 1.5)
    body_inner = np.vstack([top_inner, leg_inner[1:]])
    body_outer[0] = top_outer[0]
    return join_half(body_outer, body_inner, outer, inner, TOP_ROWS)


def half_edges(garment: Garment, hang: LowerHang, side: Side) -> tuple[Points, Points]:
    """Outer edge (waist → hem) and middle (waistline → crotch → inner hem) on the garment, equally many points."""
    marks = garment.landmarks
    waist, hem_outer, hem_inner = (marks[f"{name}_{side}"] for name in ("waist", "hem_outer", "hem_inner"))
    fork = min(hang.fork_row, hem_outer.y - 8)
    middle_x, middle_y = waist_middle(garment)
    outer_rows = _rows(waist.y, fork, hem_outer.y)
    inner_rows = _rows(middle_y, fork, max(hem_inner.y, fork + 8))
    outer = np.stack([outer_columns(garment, side, outer_rows), outer_rows], 1)
    seam = np.linspace(middle_x, marks["crotch"].x, TOP_ROWS, dtype=np.float32)
    inner_x = np.concatenate([seam, leg_columns(garment, fork, side, inner_rows[TOP_ROWS:])])
    return outer.astype(np.float32), np.stack([inner_x, inner_rows], 1).astype(np.float32)


def _rows(top: float, fork: float, bottom: float) -> Values:
    """Heights of the mesh's rows, above and below the fork."""
    upper = np.linspace(top, fork, TOP_ROWS, dtype=np.float32)
    return np.concatenate([upper, np.linspace(fork, bottom, LEG_ROWS + 1, dtype=np.float32)[1:]])


def leg_columns(garment: Garment, fork: float, side: Side, rows: Values) -> Values:
    """Column of a leg's inner edge at each row below the crotch, smoothed; ``(N,)``."""
    marks = garment.landmarks
    crotch, hem = marks["crotch"], marks[f"hem_inner_{side}"]
    straight = np.interp(rows, [fork, crotch.y + 1, max(hem.y, crotch.y + 2)], [crotch.x, crotch.x, hem.x])
    part = Part.LEFT_LEG if side == "left" else Part.RIGHT_LEG
    height = garment.alpha.shape[0]
    index = np.clip(np.round(rows).astype(int), 0, height - 1)
    leg = (garment.parts[index] == part) & (garment.alpha[index] > 127)
    found = leg.shape[1] - 1 - leg[:, ::-1].argmax(1) if side == "left" else leg.argmax(1)
    return smooth(np.where(leg.any(1), found, straight).astype(np.float32), 1.2)


# ------------------------------------------------------------------------------------------------ seat


def _seat_on_body(
    person: Person, garment: Garment, hang: LowerHang, side: Side, outer: Points, inner: Points
) -> tuple[Points, Points]:
    """Waist to crotch on the body: the outer edge on the hips, the middle on the body's axis."""
    body, sign = person.body, np.float32(SIGN[side])
    middle_x = float(inner[0, 0])
    fork = crotch_point(body)
    fork_t = 1 + 0.22 * body.unit / body.torso_length
    t = np.linspace(hang.waist_t[side], fork_t, len(outer), dtype=np.float32)
    outline = torso_outline(body, side, t)
    own = np.abs(outer[:, 0] - middle_x) * hang.scale
    room = np.interp(np.linspace(0, 1, len(t)), [0, 0.12, 0.5, 1], [1.03, 1.06, 1.15, 1.25]).astype(np.float32)
    width = outline * np.clip(drawn_to(own / np.maximum(outline, 1)), 0.98, room)
    places, across = spine(body, t)
    body_outer = places + across * (sign * width)[:, None]
    middle_t = np.linspace(hang.waist_t["middle"], fork_t, len(inner), dtype=np.float32)
    body_inner = spine(body, middle_t)[0]
    body_inner[-1] = fork
    return body_outer.astype(np.float32), body_inner.astype(np.float32)


# ------------------------------------------------------------------------------------------------ legs


def _leg_on_body(
    person: Person, garment: Garment, hang: LowerHang, side: Side, outer: Points, inner: Points
) -> tuple[Points, Points]:
    """Crotch to hem on the body: both edges along the leg."""
    body = person.body
    curve = leg_curve(body, side)
    length = float(arc_lengths(curve)[-1])
    start = _crotch_arc(body, curve)
    outer_stop, inner_stop = hem_arcs(person, garment, hang, side, start, length)
    widest = max(outer_stop, inner_stop)
    arcs = np.linspace(start, widest, 64, dtype=np.float32)
    centre, out, half, own_limit = measured_leg(person, curve, arcs, side)
    along = (arcs - start) / max(widest - start, 1.0)
    own = np.interp(along, np.linspace(0, 1, len(outer)), np.abs(outer[:, 0] - inner[:, 0]) / 2) * hang.scale
    bare = leg_radius(body, arcs / length)
    new = half * np.clip(drawn_to(own / np.maximum(half, 1)), 0.3, 2.2)
    new = smooth(np.maximum(new, 1.03 * bare), 2)
    edges = []
    for sign, stop in ((1.0, outer_stop), (-1.0, inner_stop)):
        offset = new if sign > 0 else np.minimum(new, np.maximum(own_limit, 0.5 * bare))
        edge = centre + out * np.float32(sign) * offset[:, None]
        last = int(np.clip(np.searchsorted(arcs, stop), 8, len(arcs) - 1))
        edges.append(resample(smooth(edge[: last + 1].astype(np.float32), 1.5), len(outer)))
    return edges[0], edges[1]


def _crotch_arc(body: Body, curve: Points) -> float:
    """Arc length along a leg at the crotch's height."""
    depth = (curve - crotch_point(body)) @ body.down
    return float(arc_lengths(curve)[int(np.abs(depth[: len(curve) // 2]).argmin())])


def hem_arcs(
    person: Person, garment: Garment, hang: LowerHang, side: Side, start: float, length: float
) -> tuple[float, float]:
    """Arc lengths along the leg at which the outer and the inner edge end.

    A hem near the worn one is laid onto it. Long trousers end at the ankle: a photo of trousers does not tell their
    size better than that.
    """
    marks = garment.landmarks
    natural = [(marks[f"{name}_{side}"].y - hang.fork_row) * hang.length_scale for name in ("hem_outer", "hem_inner")]
    middle = start + float(np.mean(natural))
    skew = float(np.clip((natural[0] - natural[1]) / 2, -0.05 * person.body.unit, 0.05 * person.body.unit))
    worn = float(leg_of(person.body, side).hem) * length
    if hang.long or (garment.cut is Cut.TROUSERS and middle > 0.85 * length):
        middle = worn if worn > 0.88 * length else length
    elif abs(middle - worn) < 0.1 * length:
        middle = worn
    middle = max(middle, start + 0.06 * length)
    return middle + skew, middle - skew


def measured_leg(person: Person, curve: Points, arcs: Values, side: Side) -> tuple[Points, Points, Values, Values]:
    """The leg as the photo shows it, cloth worn now included.

    Gives, at each arc: its middle, the unit vector outwards, half its thickness, and how far it may reach inwards
    before it meets the other leg, px.
    """
    body = person.body
    at, _ = point_along(curve, arcs)
    out = _outward(body, curve, arcs)
    bare = leg_radius(body, arcs / float(arc_lengths(curve)[-1]))
    blocked = np.isin(person.labels, (Label.BACKGROUND, Label.UPPER, Label.HAIR)) | (person.hands > 0)
    inward_limit = _way_to_other(body, side, at, out)
    found_out = reach(blocked, at, out, 1.7 * bare)
    found_in = reach(blocked, at, -out, np.minimum(1.7 * bare, np.maximum(inward_limit, 0.9 * bare)))
    worn_out = np.where(np.isnan(found_out) | (found_out < 0.6 * bare), 1.08 * bare, found_out)
    worn_in = np.where(np.isnan(found_in) | (found_in < 0.6 * bare), np.minimum(1.08 * bare, inward_limit), found_in)
    worn_in = np.maximum(worn_in, 0.5 * bare)
    shift = smooth(((worn_out - worn_in) / 2).astype(np.float32), 2.5)
    half = smooth(((worn_out + worn_in) / 2).astype(np.float32), 2.5)
    return (at + out * shift[:, None]).astype(np.float32), out, half, (inward_limit + shift).astype(np.float32)


def _outward(body: Body, curve: Points, arcs: Values) -> Points:
    """Unit normals of the leg, pointing to the side of the picture that the leg is on."""
    normal, arc = normals(curve, 3.0), arc_lengths(curve)
    found = np.stack([np.interp(arcs, arc, normal[:, 0]), np.interp(arcs, arc, normal[:, 1])], 1)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
    own, other = (leg_curve(body, s)[0] for s in SIDES)
    left_is_curve = np.hypot(*(curve[0] - own)) < np.hypot(*(curve[0] - other))
    away = -body.hips_across if left_is_curve else body.hips_across
    return (found if float(found[0] @ away) > 0 else -found).astype(np.float32)


def _way_to_other(body: Body, side: Side, at: Points, out: Points) -> Values:
    """From each place of a leg inwards to the line midway to the other leg, px; large where the legs cross."""
    other = leg_curve(body, "right" if side == "left" else "left")
    x = np.interp(at[:, 1], other[:, 1], other[:, 0]) if other[-1, 1] > other[0, 1] else np.full(len(at), np.nan)
    apart = (x - at[:, 0]) * np.float32(-SIGN[side])
    crossing = np.isnan(apart) | (apart < 0.16 * body.unit)
    return np.where(crossing, 1e3, apart / 2).astype(np.float32)


def _lead_in(edge: Points, start: Points, person: Person) -> Points:
    """An edge moved to begin at ``start``; the move fades out down the leg."""
    fade = np.exp(-((arc_lengths(edge) / (0.35 * person.body.unit)) ** 2))
    return (edge + (start - edge[0]) * fade[:, None]).astype(np.float32)


# ------------------------------------------------------------------------------------------------ the mesh


def join_half(body_outer: Points, body_inner: Points, outer: Points, inner: Points, shared: int) -> Mesh:
    """The ruled mesh of a half, with overhang at the top, the outer edge, the hem, and the inseam below ``shared``."""
    body = rule_between(_lengthened(body_outer), _lengthened(body_inner), SHARES)
    garment = rule_between(_lengthened(outer), _lengthened(inner), SHARES)
    below = np.clip((np.arange(len(body)) - 2 - shared) / 4, 0, 1).astype(np.float32)[:, None, None]
    return Mesh(_overhung(body, below), _overhung(garment, below))


def _overhung(grid: NDArray[np.float32], below: NDArray[np.float32]) -> NDArray[np.float32]:
    """Columns added past the outer edge, and past the inner one below the fork."""
    across = grid[:, -1:] - grid[:, :1]
    outside = grid[:, :1] - across * OVERHANG[None, :, None]
    inside = grid[:, -1:] + across * (OVERHANG[::-1][None, :, None] * (0.1 + 0.9 * below))
    return np.concatenate([outside, grid, inside], 1).astype(np.float32)


def _lengthened(curve: Points) -> Points:
    """The curve with two more steps straight on at both ends."""
    first, last = (curve[0] - curve[3]) / 3, (curve[-1] - curve[-4]) / 3
    steps = np.float32([[2], [1]])
    return np.vstack([curve[0] + first * steps, curve, curve[-1] + last * steps[::-1]]).astype(np.float32)
