"""Landmarks of a garment on somebody: where their joints say they are, put onto the garment's outline."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.landmarks import Reading
from vtonlab.engines.instant.outline import Outline, Side
from vtonlab.engines.instant.records import Arm, Person, Plane

_ARMPIT = 0.27
"""How far down the torso, from the shoulders' line to the hips', the armhole ends."""
_SLEEVED = 0.10
"""Share of the arm's length from which a sleeve counts as one."""

Spot = NDArray[np.float64]


def find_worn_landmarks(
    matte: Plane, outline: Outline, person: Person, to_work: NDArray[np.float64]
) -> tuple[Reading, Reading]:
    """Both sides of a worn top or dress; ``to_work`` is the 3 × 3 move from the person's to the garment's pixels."""
    sides = zip(
        (outline.left, outline.right),
        (person.body.left_arm, person.body.right_arm),
        (person.body.profile_left, person.body.profile_right),
        (person.body.shoulder_line_left, person.body.shoulder_line_right),
        (0, -1),
        strict=True,
    )
    left, right = (
        _read_side(matte, side, person, to_work, arm, profile, shoulder_line, end)
        for side, arm, profile, shoulder_line, end in sides
    )
    return left, right


def _read_side(
    matte: Plane,
    side: Side,
    person: Person,
    to_work: NDArray[np.float64],
    arm: Arm,
    profile: NDArray[np.float32],
    shoulder_line: NDArray[np.float32],
    end: int,
) -> Reading:
    body = person.body
    unit = body.unit * float(np.hypot(to_work[0, 0], to_work[1, 0]))
    neck = _neck(person, shoulder_line, arm, end)
    shoulder = shoulder_line[-1] if len(shoulder_line) else arm.shoulder
    across = side.sign * body.across.astype(np.float64)
    width = float(np.interp(_ARMPIT, body.profile_t, profile))
    pit = body.shoulders + body.down * _ARMPIT * body.torso_length + across * width
    spots = {"neck": neck, "shoulder": shoulder, "armpit": pit}
    places = {name: _own(side, _moved(to_work, spot), 0.75) for name, spot in spots.items()}
    for name in ("neck", "shoulder"):
        places[name] = _snapped(side, places[name], 0.15 * unit)
    sleeved = arm.sleeve_end > _SLEEVED
    if sleeved:
        outer, inner = _cuff(matte, side, arm, to_work, unit)
        seen = 0.4 + 0.4 * min(1.0, arm.seen)
        places["cuff_outer"], places["cuff_inner"] = _own(side, outer, seen), _own(side, inner, seen)
    hem = _hem(side, outline_bottom=float(side.down.max()), pit=places["armpit"])
    places["hem"] = (float(side.out[hem]), float(side.down[hem]), 0.7)
    return _reading(side, places, sleeved, unit, hem)


def _neck(person: Person, shoulder_line: NDArray[np.float32], arm: Arm, end: int) -> NDArray[np.float32]:
    """The end of the worn neckline, where that lies at the neck; else the inner end of the shoulder's line."""
    body = person.body
    if len(body.neckline) >= 2:
        spot = body.neckline[end]
        aside = float(np.abs((spot - body.neck) @ body.across))
        lower = float((spot - body.neck) @ body.down)
        if aside < 0.5 * body.unit and lower < 0.3 * body.unit:
            return np.asarray(spot)
    return np.asarray(shoulder_line[0] if len(shoulder_line) else 0.6 * body.neck + 0.4 * arm.shoulder)


def _moved(to_work: NDArray[np.float64], spot: NDArray[np.float32]) -> Spot:
    return np.asarray(to_work[:2, :2] @ np.asarray(spot, np.float64) + to_work[:2, 2])


def _own(side: Side, spot: Spot, certainty: float) -> tuple[float, float, float]:
    return side.sign * (float(spot[0]) - side.axis_x), float(spot[1]), certainty


def _snapped(side: Side, place: tuple[float, float, float], within: float) -> tuple[float, float, float]:
    """On the outline, where that is near."""
    nearest = side.nearest(place[0], place[1])
    if np.hypot(side.out[nearest] - place[0], side.down[nearest] - place[1]) > within:
        return place[0], place[1], 0.6 * place[2]
    return float(side.out[nearest]), float(side.down[nearest]), place[2]


def _cuff(matte: Plane, side: Side, arm: Arm, to_work: NDArray[np.float64], unit: float) -> tuple[Spot, Spot]:
    """The sleeve's end: across the arm where the worn sleeve ends, as far as there is cloth."""
    chain = np.array([_moved(to_work, joint) for joint in (arm.shoulder, arm.elbow, arm.wrist)])
    lengths = np.hypot(*np.diff(chain, axis=0).T)
    along = float(np.clip(arm.sleeve_end, 0, 1)) * lengths.sum()
    bone = 0 if along <= lengths[0] else 1
    share = (along - bone * lengths[0]) / max(lengths[bone], 1e-6)
    direction = (chain[bone + 1] - chain[bone]) / max(lengths[bone], 1e-6)
    middle = chain[bone] + share * (chain[bone + 1] - chain[bone]) - direction * 0.06 * unit
    outward = np.array([direction[1], -direction[0]])
    if outward[0] * side.sign - 0.3 * outward[1] < 0:
        outward = -outward
    ends = []
    for sense in (1, -1):
        steps = np.arange(0, 0.42 * unit)
        path = middle + sense * outward * steps[:, None]
        cover = cv2.remap(matte, path[:, :1].astype(np.float32), path[:, 1:].astype(np.float32), cv2.INTER_LINEAR)[:, 0]
        open_at = np.nonzero(cover < 127)[0]
        reach = float(steps[open_at[0]]) if open_at.size else 0.16 * unit
        ends.append(middle + sense * outward * max(reach, 0.08 * unit))
    return ends[0], ends[1]


def _hem(side: Side, outline_bottom: float, pit: tuple[float, float, float]) -> int:
    """The lowest and outermost point of the outline under the trunk; sleeves that hang past it are left out."""
    near = np.nonzero((side.down > pit[1]) & (side.out < 1.7 * max(pit[0], 1.0)))[0]
    if near.size == 0:
        return len(side.out) - 1
    low = near[side.down[near] > outline_bottom - 0.35 * (outline_bottom - pit[1])]
    near = low if low.size else near
    return int(near[(side.down[near] + 0.5 * side.out[near]).argmax()])


def _reading(
    side: Side, places: dict[str, tuple[float, float, float]], sleeved: bool, unit: float, hem: int
) -> Reading:
    neck = side.nearest(*places["neck"][:2])
    shoulder = max(side.nearest(*places["shoulder"][:2]), neck + 1)
    pit = side.nearest(*places["armpit"][:2])
    fused = np.hypot(side.out[pit] - places["armpit"][0], side.down[pit] - places["armpit"][1]) > 0.1 * unit
    sleeve = 0.0
    if sleeved:
        inner = side.nearest(*places["cuff_inner"][:2])
        pit = max(inner, pit if not fused else 0, shoulder + 2)
        fused = True
        cuff = (np.array(places["cuff_outer"][:2]) + places["cuff_inner"][:2]) / 2
        root = (np.array(places["shoulder"][:2]) + places["armpit"][:2]) / 2
        sleeve = float(np.hypot(*(cuff - root)))
    pit = min(max(pit, shoulder + 2), len(side.out) - 1)
    return Reading(side, places, sleeved, neck, neck, shoulder, pit, bool(fused), sleeve, {"hem": hem})
