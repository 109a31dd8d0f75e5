"""Sleeves: a ruled mesh between the sleeve's outer and inner edge, laid along the arm.

The mesh begins on the seam between shoulder end and armpit with exactly the places that the torso's own map has
there, so that cloth runs on across the seam without a step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.axes import SIGN, Side, Values, arm_curve, arm_of, arm_radius, normals, reach
from vtonlab.engines.instant.fit import TorsoFit
from vtonlab.engines.instant.records import Cut, Garment, Label, Person, Points
from vtonlab.engines.instant.warp import Mesh, arc_lengths, floats, point_along, resample, rule_between, smooth, unfold

ROWS = 40
SHARES = np.concatenate([[-0.1], np.linspace(0, 1, 13), [1.03]]).astype(np.float32)
"""Columns of the mesh: past the outer edge, so that the cloth's own soft edge is sampled whole; the inner edge may lie
against the torso on the garment's photo, so it is the mesh that ends there."""


@dataclass(frozen=True)
class SleeveFit:
    """One sleeve laid along an arm."""

    mesh: Mesh
    curve: Points
    """Middle of the arm, shoulder to wrist."""
    cuff_arc: float
    """Arc length along ``curve`` at which the cloth ends, px."""


def fit_sleeve(person: Person, garment: Garment, torso: TorsoFit, side: Side) -> SleeveFit | None:
    """Lay one sleeve along its arm; None for a garment without sleeves."""
    if garment.cut not in (Cut.SHORT_SLEEVE, Cut.LONG_SLEEVE) or f"cuff_outer_{side}" not in garment.landmarks:
        return None
    outer, inner = sleeve_edges(garment, side)
    arm = _Arm(person, side)
    width = _half_widths(outer, inner) * torso.scale
    full, arcs = _outer_edge(arm, torso.seams[side][0], width)
    armpit = torso.seams[side][1]
    outer_stop, inner_start, inner_stop = _lengths(arm, garment, armpit, torso.scale, full, arcs, outer, inner)
    cut = float(np.interp(outer_stop, arcs, arc_lengths(full)))
    body_outer = point_along(full, np.linspace(0, cut, ROWS, dtype=np.float32))[0]
    body_inner = _inner_edge(arm, inner_start, inner_stop, width)
    mesh = _join(body_outer, body_inner, outer, inner, torso)
    return SleeveFit(mesh, arm.curve, (outer_stop + inner_stop) / 2)


class _Arm:
    """An arm's middle line with the directions that point away from the body."""

    def __init__(self, person: Person, side: Side) -> None:
        self.person, self.unit = person, person.body.unit
        self.joints = arm_of(person.body, side)
        self.curve = arm_curve(self.joints)
        self.arc = arc_lengths(self.curve)
        self.length = max(float(self.arc[-1]), 1.0)
        self.worn = self.joints.sleeve_end * self.length
        self.outward = _outward(self.curve, side)

    def at(self, arcs: Values) -> tuple[Points, Points]:
        """Points of the middle line at arc lengths, and the outward directions there."""
        return point_along(self.curve, arcs)[0], _between(self.outward, self.arc, arcs)

    def outline(self, at: Points, directions: Points, arcs: Values) -> Values:
        """Distance from the middle to the arm's outline in the photo (cloth worn now included), px.

        Where no backdrop is met (arm before the body) the model's radius is used.
        """
        model = arm_radius(self.person.body, np.clip(arcs / self.length, 0, 1).astype(np.float32))
        found = reach(self.person.labels == Label.BACKGROUND, at, directions, model * 1.7)
        radius = np.where(np.isnan(found), model, np.clip(found, 0.8 * model, 1.6 * model))
        return smooth(radius.astype(np.float32), 4.0)


def sleeve_edges(garment: Garment, side: Side) -> tuple[Points, Points]:
    """Outer edge (shoulder → cuff) and inner edge (armpit → cuff) on the garment, ``ROWS`` points each."""
    outline = garment.outline_left if side == "left" else garment.outline_right
    marks = garment.landmarks

    def nearest(name: str) -> int:
        mark = marks[f"{name}_{side}"]
        return int(np.hypot(outline[:, 0] - mark.x, outline[:, 1] - mark.y).argmin())

    def place(name: str) -> Points:
        return floats([[marks[f"{name}_{side}"].x, marks[f"{name}_{side}"].y]])

    shoulder, cuff_outer, cuff_inner, armpit = (nearest(n) for n in ("shoulder", "cuff_outer", "cuff_inner", "armpit"))
    outer = outline[shoulder : cuff_outer + 1] if cuff_outer > shoulder + 2 else outline[:0]
    inner = outline[cuff_inner : armpit + 1][::-1] if armpit > cuff_inner + 2 else outline[:0]
    outer = np.vstack([place("shoulder"), outer[1:-1], place("cuff_outer")])
    inner = np.vstack([place("armpit"), inner[1:-1], place("cuff_inner")])
    return smooth(resample(outer, ROWS), 1.0), smooth(resample(inner, ROWS), 1.0)


def _half_widths(outer: Points, inner: Points) -> Values:
    """Half the cloth's width across the sleeve's own axis, garment px, ``(ROWS,)``."""
    axis = np.gradient((outer + inner) / 2, axis=0)
    axis /= np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-6)
    chord = outer - inner
    return smooth(np.abs(chord[:, 0] * axis[:, 1] - chord[:, 1] * axis[:, 0]).astype(np.float32) / 2, 2)


def _lengths(
    arm: _Arm, garment: Garment, armpit: Points, scale: float, full: Points, arcs: Values, outer: Points, inner: Points
) -> tuple[float, float, float]:
    """Arc lengths on the arm: where the outer edge ends, where the inner begins, where the inner ends, px.

    The outer edge's length is measured along its own way over the deltoid (``full``, whose feet on the arm are
    ``arcs``), the inner one's from the armpit.
    """
    unit = arm.unit
    begin = float(np.clip(arm.arc[np.hypot(*(arm.curve - armpit).T).argmin()], 0.18 * unit, 0.42 * unit))
    outer_stop = float(np.interp(float(arc_lengths(outer)[-1]) * scale, arc_lengths(full), arcs))
    inner_stop = begin + float(arc_lengths(inner)[-1]) * scale
    middle = max((outer_stop + inner_stop) / 2, 0.3 * unit)
    skew = float(np.clip((outer_stop - inner_stop) / 2, -0.035 * unit, 0.035 * unit))
    if garment.cut is Cut.LONG_SLEEVE and middle > 0.5 * arm.length:
        middle, skew = float(np.clip(middle, 0.97 * arm.length, 1.02 * arm.length)), 0.2 * skew
    elif arm.worn > 0.07 * arm.length:
        # A cuff near the worn top's own cuff is laid onto it: nothing has to be invented then.
        middle += (arm.worn - middle) * float(np.clip(2 - abs(middle - arm.worn) / (0.18 * unit), 0, 1))
    stop = middle - skew
    return middle + skew, min(begin, stop - 0.12 * unit), stop


def _outward(curve: Points, side: Side) -> Points:
    """Normals towards the sleeve's outer edge: away from the body where the arm hangs, and turning with the arm."""
    return normals(curve) * np.float32(SIGN[side])


def _outer_edge(arm: _Arm, shoulder: Points, width: Values) -> tuple[Points, Values]:
    """The sleeve's outer edge on the body, the whole way: from the shoulder's end round the deltoid to past the wrist.

    Gives the points and, for each, the arc length of its foot on the arm's middle line (0 over the deltoid).
    ``width``: half the cloth's width from shoulder to cuff, px.
    """
    unit = arm.unit
    arcs = np.linspace(0.02 * unit, arm.length * 1.1, 72, dtype=np.float32)
    at, out = arm.at(arcs)
    outline = arm.outline(at, out, arcs)
    # Cloth rests on the outside of an arm; what is loose hangs on the inside. A worn sleeve is already that loose.
    worn = arcs < arm.worn
    room = np.where(worn, 1.03, 1.04 + 0.22 * _ease(arcs / (0.55 * unit)))
    loose = float(np.median(width))
    half = smooth(np.clip(loose, outline * np.where(worn, 1.0, 1.02), outline * room + 1).astype(np.float32), 2.0)
    round_part = _round_shoulder(arm, shoulder, out[0], float(half[0]))
    edge = smooth(np.vstack([shoulder[None], round_part, at + out * half[:, None]]).astype(np.float32), 1.5)
    edge[0] = shoulder
    return edge, np.concatenate([np.zeros(len(round_part) + 1, np.float32), arcs])


def _round_shoulder(arm: _Arm, start: Points, out: Points, radius: float) -> Points:
    """Points over the deltoid between the shoulder's end and the outside of the arm, on the photo's own outline."""
    joint = arm.curve[0]
    first = start - joint
    angle0, angle1 = np.arctan2(first[1], first[0]), np.arctan2(out[1], out[0])
    turn = (angle1 - angle0 + np.pi) % (2 * np.pi) - np.pi
    share = np.linspace(0, 1, 7, dtype=np.float32)[1:-1]
    angles = angle0 + turn * share
    directions = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    model = np.hypot(*first) * (1 - share**2) + radius * share**2
    blocked = arm.person.labels == Label.BACKGROUND
    found = reach(blocked, np.repeat(joint[None], len(share), 0), directions, model * 1.3)
    distance = np.where(np.isnan(found), model, np.clip(found, 0.8 * model, 1.14 * model))
    return np.asarray(joint + directions * distance[:, None], np.float32)


def _inner_edge(arm: _Arm, start: float, stop: float, width: Values) -> Points:
    """The sleeve's inner edge on the body: along the inside of the arm, before the torso where the arm hangs."""
    arcs = np.linspace(start, stop, ROWS, dtype=np.float32)
    at, out = arm.at(arcs)
    outline = arm.outline(at, -out, arcs)
    half = smooth(np.clip(width, outline * 1.05, outline * 1.4).astype(np.float32), 3.0)
    return (at - out * half[:, None]).astype(np.float32)


def _join(body_outer: Points, body_inner: Points, outer: Points, inner: Points, torso: TorsoFit) -> Mesh:
    """The mesh, begun a little inside the torso and matched to the torso's map along the seam."""
    body = rule_between(_extended(body_outer), _extended(body_inner), SHARES)
    garment = rule_between(_extended(outer), _extended(inner), SHARES)
    seam = torso.plate(body[2]) - garment[2]
    fade = np.clip(1 - (np.arange(len(garment)) - 2) / 20, 0, 1) ** 2
    fade[:2] = 1
    garment = garment + seam[None] * fade[:, None, None]
    # Inside the torso both show the same cloth, so that the mesh's beginning is no line.
    garment[:2] = torso.plate(body[:2].reshape(-1, 2)).reshape(2, -1, 2)
    return unfold(Mesh(body, garment.astype(np.float32)))


def _extended(curve: Points) -> Points:
    """The curve with two more steps straight on at both ends."""
    first, last = (curve[0] - curve[2]) / 2, (curve[-1] - curve[-3]) / 2
    steps = floats([[2], [1]])
    return np.vstack([curve[0] + first * steps, curve, curve[-1] + last * steps[::-1]]).astype(np.float32)


def _between(values: NDArray[np.float32], arc: Values, wanted: Values) -> NDArray[np.float32]:
    """``(N, 2)`` values along a curve interpolated at arc lengths, made unit length again."""
    found = np.stack([np.interp(wanted, arc, values[:, 0]), np.interp(wanted, arc, values[:, 1])], 1)
    return (found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)).astype(np.float32)


def _ease(share: Values) -> Values:
    """Smooth step of 0…1."""
    s = np.clip(share, 0, 1)
    return np.asarray(s * s * (3 - 2 * s), np.float32)
