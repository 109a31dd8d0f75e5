"""Trousers and shorts on two legs: each half a ruled mesh from the waistband to its hem.

A half runs between the garment's outer edge and its middle: the front seam down to the crotch, below it the inseam.
Both halves share the middle above the crotch, so cloth runs on across it without a step. Constants are relative to
the body's ``unit``, or shares, and were read off catalogue photos unless a comment says otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.axes import SIGN, Side, Values, leg_of, spine
from vtonlab.engines.instant.hips import crotch_point, fork_t
from vtonlab.engines.instant.leg_lines import LegLines, measured_leg
from vtonlab.engines.instant.records import Body, Cut, Garment, Label, Part, Person, Points
from vtonlab.engines.instant.waist import LowerHang, drawn_to, outer_columns, waist_middle
from vtonlab.engines.instant.warp import Mesh, arc_lengths, point_along, resample, rule_between, smooth

TOP_ROWS = 18
"""Rows of the mesh between waistband and crotch."""
LEG_ROWS = 44
SHARES = np.linspace(0, 1, 12, dtype=np.float32)
TROUSER_ROOM = 0.3
"""How far wide trouser legs stand off from the leg, units."""
OVERHANG = np.array([0.12, 0.06], np.float32)
"""How far the mesh goes on past an outer edge, as shares of a half's width: room for the cloth's own soft edge."""


# ------------------------------------------------------------------------------------------------ one half


def trouser_half(person: Person, garment: Garment, hang: LowerHang, lines: LegLines, side: Side) -> Mesh:
    """The mesh of one half of trousers or shorts: outer edge first, middle last."""
    mesh = _lay_half(person, garment, hang, lines, side, half_edges(garment, hang, side))
    if is_folded(mesh):
        # An outline that no trousers have (a wearer's arm cut out along with them): straight from mark to mark.
        mesh = _lay_half(person, garment, hang, lines, side, straight_edges(garment, hang, side))
    return mesh


def _lay_half(
    person: Person, garment: Garment, hang: LowerHang, lines: LegLines, side: Side, edges: tuple[Points, Points]
) -> Mesh:
    outer, inner = edges
    seat = TOP_ROWS - 1
    top_outer, top_inner = _seat_on_body(person, hang, side, outer[:TOP_ROWS], inner[:TOP_ROWS])
    leg_outer, leg_inner = _leg_on_body(person, garment, hang, lines, side, outer[seat:], inner[seat:])
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
    # A leg has some width, whatever was made of the photo.
    least = 0.02 * garment.alpha.shape[1]
    inner_x = np.maximum(inner_x, outer[:, 0] + least) if side == "left" else np.minimum(inner_x, outer[:, 0] - least)
    return outer.astype(np.float32), np.stack([inner_x, inner_rows], 1).astype(np.float32)


def straight_edges(garment: Garment, hang: LowerHang, side: Side) -> tuple[Points, Points]:
    """As :func:`half_edges`, from the landmarks alone."""
    marks = garment.landmarks
    waist, hip, hem_outer, hem_inner = (marks[f"{name}_{side}"] for name in ("waist", "hip", "hem_outer", "hem_inner"))
    fork = float(np.clip(hang.fork_row, waist.y + 8, hem_outer.y - 8))
    outer_rows = _rows(waist.y, fork, hem_outer.y)
    turn = float(np.clip(hip.y, waist.y + 4, hem_outer.y - 4))
    outer_x = np.interp(outer_rows, [waist.y, turn, hem_outer.y], [waist.x, hip.x, hem_outer.x])
    middle_x, middle_y = waist_middle(garment)
    inner_rows = _rows(middle_y, fork, max(hem_inner.y, fork + 8))
    inner_x = np.interp(inner_rows, [middle_y, inner_rows[-1]], [middle_x, hem_inner.x])
    return (
        np.stack([outer_x, outer_rows], 1).astype(np.float32),
        np.stack([inner_x, inner_rows], 1).astype(np.float32),
    )


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
    height, width = garment.alpha.shape
    index = np.clip(np.round(rows).astype(int), 0, height - 1)
    columns = np.arange(width)
    own_half = columns <= crotch.x if side == "left" else columns >= crotch.x
    own = (garment.parts[index] == part) | ((garment.parts[index] == Part.BODY) & own_half[None])
    leg = own & (garment.alpha[index] > 127)
    found = leg.shape[1] - 1 - leg[:, ::-1].argmax(1) if side == "left" else leg.argmax(1)
    return smooth(np.where(leg.any(1), found, straight).astype(np.float32), 1.2)


# ------------------------------------------------------------------------------------------------ seat


def _seat_on_body(person: Person, hang: LowerHang, side: Side, outer: Points, inner: Points) -> tuple[Points, Points]:
    """Waist to crotch on the body: the outer edge on the hips, the middle on the body's axis."""
    body, sign = person.body, np.float32(SIGN[side])
    middle_x = float(inner[0, 0])
    fork = crotch_point(body)
    t = np.linspace(hang.waist_t[side], fork_t(body), len(outer), dtype=np.float32)
    outline = hang.worn.half(side, t)
    own = np.abs(outer[:, 0] - middle_x) * hang.scale
    room = np.interp(np.linspace(0, 1, len(t)), [0, 0.12, 0.5, 1], [1.03, 1.06, 1.15, 1.25]).astype(np.float32)
    width = outline * np.clip(drawn_to(own / np.maximum(outline, 1)), 0.98, room)
    places, across = spine(body, t)
    body_outer = places + across * (sign * width)[:, None]
    middle_t = np.linspace(hang.waist_t["middle"], fork_t(body), len(inner), dtype=np.float32)
    body_inner = spine(body, middle_t)[0]
    body_inner[-1] = fork
    return body_outer.astype(np.float32), body_inner.astype(np.float32)


# ------------------------------------------------------------------------------------------------ legs


def _leg_on_body(
    person: Person, garment: Garment, hang: LowerHang, lines: LegLines, side: Side, outer: Points, inner: Points
) -> tuple[Points, Points]:
    """Crotch to hem on the body: both edges along the leg."""
    body = person.body
    curve = lines[side]
    start = _crotch_arc(body, curve)
    outer_stop, inner_stop = hem_arcs(person, garment, hang, side, start, curve)
    widest = max(outer_stop, inner_stop)
    arcs = np.linspace(start, widest, 64, dtype=np.float32)
    leg = measured_leg(person, lines, arcs, side, TROUSER_ROOM if hang.worn.hem_t is None else 0.0)
    along = (arcs - start) / max(widest - start, 1.0)
    own = np.interp(along, np.linspace(0, 1, len(outer)), np.abs(outer[:, 0] - inner[:, 0]) / 2) * hang.scale
    new = leg.half * np.clip(drawn_to(own / np.maximum(leg.half, 1)), 0.3, 2.2)
    new = smooth(np.maximum(new, 1.03 * leg.bare), 4)
    # Just below the crotch the inside of the legs is one seam, however slim the trousers.
    near = np.exp(-(((arcs - start) / (0.4 * body.unit)) ** 2)) * (leg.inwards < 2 * leg.bare)
    inward = np.minimum(new, np.maximum(leg.inwards, 0.5 * leg.bare))
    inward = inward * (1 - near) + leg.inwards * near
    edges = []
    for sign, stop in ((1.0, outer_stop), (-1.0, inner_stop)):
        offset = new if sign > 0 else inward
        edge = leg.centre + leg.out * np.float32(sign) * offset[:, None]
        last = int(np.clip(np.searchsorted(arcs, stop), 8, len(arcs) - 1))
        edges.append(resample(smooth(edge[: last + 1].astype(np.float32), 1.5), len(outer)))
    return edges[0], edges[1]


def _crotch_arc(body: Body, curve: Points) -> float:
    """Arc length along a leg at the crotch's height."""
    depth = (curve - crotch_point(body)) @ body.down
    return float(arc_lengths(curve)[int(np.abs(depth[: len(curve) // 2]).argmin())])


def hem_arcs(
    person: Person, garment: Garment, hang: LowerHang, side: Side, start: float, curve: Points
) -> tuple[float, float]:
    """Arc lengths along the leg at which the outer and the inner edge end.

    A hem near the worn one is laid onto it. Long trousers end at the ankle: a photo of trousers does not tell their
    size better than that.
    """
    marks, length = garment.landmarks, float(arc_lengths(curve)[-1])
    natural = [(marks[f"{name}_{side}"].y - hang.fork_row) * hang.length_scale for name in ("hem_outer", "hem_inner")]
    middle = start + float(np.mean(natural))
    skew = float(np.clip((natural[0] - natural[1]) / 2, -0.05 * person.body.unit, 0.05 * person.body.unit))
    worn = _worn_hem(person, curve, side)
    if hang.long or (garment.cut is Cut.TROUSERS and middle > 0.85 * length):
        middle = worn if worn > 0.88 * length else length
    elif abs(middle - worn) < 0.1 * length:
        middle = worn
    middle = max(middle, start + 0.06 * length)
    return middle + skew, middle - skew


def _worn_hem(person: Person, curve: Points, side: Side) -> float:
    """Arc length along a leg at which the worn lower garment ends, px: past the ankle where it falls on the shoe."""
    length = float(arc_lengths(curve)[-1])
    worn = float(leg_of(person.body, side).hem) * length
    if worn < 0.96 * length:
        return worn
    arcs = np.linspace(0.94 * length, length + 0.3 * person.body.unit, 24, dtype=np.float32)
    at, along = point_along(curve, arcs)
    across = np.stack([-along[:, 1], along[:, 0]], 1)
    offsets = np.linspace(-0.1, 0.1, 9, dtype=np.float32) * person.body.unit
    grid = np.round(at[:, None] + across[:, None] * offsets[None, :, None]).astype(int)
    height, width = person.labels.shape
    found = person.labels[np.clip(grid[..., 1], 0, height - 1), np.clip(grid[..., 0], 0, width - 1)] == Label.LOWER
    covered = np.flatnonzero(found.mean(1) > 0.4)
    return float(arcs[covered[-1]]) if len(covered) else worn


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
    for reach in (1.0, 0.5, 0.2):
        mesh = Mesh(_overhung(body, reach, below), _overhung(garment, reach, below))
        if not is_folded(mesh):
            break
    return mesh


def is_folded(mesh: Mesh) -> bool:
    """Whether a triangle lies the other way round on the body than on the garment."""
    ways = []
    for grid in (mesh.body, mesh.garment):
        corner, right, below, far = grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]
        ways.append(np.stack([_cross(right - corner, below - corner), _cross(below - far, right - far)]))
    return bool((ways[0] * ways[1] < 0).any())


def _cross(one: NDArray[np.float32], two: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(one[..., 0] * two[..., 1] - one[..., 1] * two[..., 0], np.float32)


def _overhung(grid: NDArray[np.float32], reach: float, below: NDArray[np.float32]) -> NDArray[np.float32]:
    """Columns added past the outer edge, and past the inner one below the fork."""
    across = (grid[:, -1:] - grid[:, :1]) * np.float32(reach)
    outside = grid[:, :1] - across * OVERHANG[None, :, None]
    inside = grid[:, -1:] + across * (OVERHANG[::-1][None, :, None] * (0.1 + 0.9 * below))
    return np.concatenate([outside, grid, inside], 1).astype(np.float32)


def _lengthened(curve: Points) -> Points:
    """The curve with two more steps straight on at both ends."""
    first, last = (curve[0] - curve[3]) / 3, (curve[-1] - curve[-4]) / 3
    steps = np.array([[2], [1]], np.float32)
    return np.vstack([curve[0] + first * steps, curve, curve[-1] + last * steps[::-1]]).astype(np.float32)
