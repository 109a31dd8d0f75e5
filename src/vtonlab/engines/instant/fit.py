"""How large the garment is on this body, and which place of it comes to lie where.

The torso is pinned by pairs of points: the shoulder line, the flanks from armpit to hem, and a lattice inside that
follows one true similarity, so that prints keep their shape and only the rim of the cloth gives way. Constants are
relative to the body's ``unit`` and come from the prototype's measurements unless a comment says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import GarmentKind
from vtonlab.engines.instant.axes import SIDES, SIGN, Side, half_width, shoulder_point, spine
from vtonlab.engines.instant.hang import Hang, Tuck, hang_garment, span
from vtonlab.engines.instant.hips import measure_hips
from vtonlab.engines.instant.leg_lines import find_leg_lines
from vtonlab.engines.instant.records import Body, Cut, Garment, Person, Points
from vtonlab.engines.instant.skirt import skirt_width
from vtonlab.engines.instant.warp import ThinPlate, fit_thin_plate, floats, region_of, stretch
from vtonlab.errors import PoseNotSupported

SIDEWAYS = 0.4
"""Shoulder distance, as a share of what it is from the front, below which a person is seen from the side."""

SLACK = 0.3
"""Share of a garment's extra width that stands off at each side of the body."""

COLLAR_LEAN = 0.5
"""Height of a worn collar above the shoulder, as a share of its height laid flat."""


@dataclass(frozen=True)
class TorsoFit:
    """A garment's torso pinned to a body."""

    scale: float
    """Working pixels of the person per garment pixel."""
    plate: ThinPlate
    """Body → garment."""
    pins: Points
    """``(N, 2)`` on the body, for checks and drawings."""
    seams: dict[Side, tuple[Points, Points]]
    """Shoulder end and armpit on the body: where the sleeve begins."""
    hem_t: float
    tucked: bool


def fit_torso(person: Person, garment: Garment, tuck: Tuck = Tuck.AUTO) -> TorsoFit:
    """Pin an upper garment or a dress to the body. Raises PoseNotSupported for a person seen from the side."""
    body = person.body
    if body.turn < SIDEWAYS:
        raise PoseNotSupported
    scale = choose_scale(body, garment)
    hang = hang_garment(person, garment, scale, tuck)
    if garment.kind is GarmentKind.UPPER:
        scale *= _roomier(body, hang)
        hang = hang_garment(person, garment, scale, tuck)
    pins = _Pins()
    seams = {}
    for side in SIDES:
        shoulder = _pin_shoulder(pins, body, garment, side, hang)
        armpit = _pin_flank(pins, person, garment, side, hang)
        seams[side] = (shoulder, armpit)
        _pin_collar(pins, body, garment, side, hang)
    _pin_middle(pins, body, garment, hang)
    body_points, garment_points, weights = pins.arrays()
    plate = _without_folds(body_points, garment_points, weights, garment)
    return TorsoFit(scale, plate, body_points, seams, hang.hem_t, hang.tucked)


def choose_scale(body: Body, garment: Garment) -> float:
    """Person pixels per garment pixel.

    Sleeved garments are sized by their shoulders (0.93 unit across), kept within 0.95–1.20 of the chest; sleeveless
    ones by the chest, since their shoulders may be anything from straps to caps.
    """
    chest = float(half_width(body, "left", np.float32(0.32)) + half_width(body, "right", np.float32(0.32))) / body.turn
    shoulders = max(span(garment, "shoulder"), 1.0)
    armpits = max(span(garment, "armpit"), 1.0)
    if garment.cut is Cut.SLEEVELESS:
        scale = 0.96 * max(chest, 0.98 * body.unit) / armpits
        return min(scale, 1.22 * body.unit / shoulders) if shoulders > 0.75 * armpits else scale
    return float(np.clip(0.93 * body.unit / shoulders, 0.95 * chest / armpits, 1.20 * chest / armpits))


def _roomier(body: Body, hang: Hang) -> float:
    """Factor on the scale of a wide garment that would end well above the worn top's hem.

    Its shape alone does not tell a cropped top from a roomy one whose shoulders drop. Where the wearer's own top is
    longer, it is taken for roomy, which also leaves less to be invented; at most a fifth larger (its sides then lie
    round the body, out of sight).
    """
    chest_t = 0.3
    wanted, reached = min(body.top_hem_t, 1.05), hang.unstretched_hem_t
    if reached >= wanted - 0.06 or reached < chest_t + 0.2:
        return 1.0
    return float(np.clip((wanted - chest_t) / (reached - chest_t), 1.0, 1.2))

# ------------------------------------------------------------------------------------------------ the pins


class _Pins:
    """Pairs of places being gathered: on the body, on the garment, and how firmly they hold."""

    def __init__(self) -> None:
        self._body: list[Points] = []
        self._garment: list[Points] = []
        self._weights: list[float] = []

    def add(self, body: Points, garment: Points | tuple[float, float], weight: float) -> None:
        self._body.append(np.asarray(body, np.float32))
        self._garment.append(np.asarray(garment, np.float32))
        self._weights.append(weight)

    def arrays(self) -> tuple[Points, Points, NDArray[np.float32]]:
        return np.stack(self._body), np.stack(self._garment), floats(self._weights)


def _pin_shoulder(pins: _Pins, body: Body, garment: Garment, side: Side, hang: Hang) -> Points:
    """Lay the garment's shoulder line onto the body's; gives the place of its outer end."""
    neck, tip = garment.landmarks[f"neck_{side}"], garment.landmarks[f"shoulder_{side}"]
    if hang.strapless:
        return _pin_at_bust(pins, body, garment, side, hang)
    inner = hang.neck_u[side]
    reach = abs(tip.x - neck.x) * hang.scale * body.turn
    up = floats([body.across[1], -body.across[0]]) * (0.012 * body.unit)
    end = shoulder_point(body, side, inner)
    for share in (0.0, 0.33, 0.66, 1.0):
        x = neck.x + (tip.x - neck.x) * share
        row = _outline_row(garment, x, neck.y + (tip.y - neck.y) * share)
        end = shoulder_point(body, side, inner + reach * share) + up
        pins.add(end, (x, row), 2.0)
    return end


def _pin_collar(pins: _Pins, body: Body, garment: Garment, side: Side, hang: Hang) -> None:
    """Let a collar lie: laid flat it shows its whole height, worn it leans back round the neck."""
    if not garment.has_collar or len(garment.neckline) < 2:
        return
    neck = garment.landmarks[f"neck_{side}"]
    top = garment.neckline[0 if side == "left" else -1]
    height = neck.y - float(top[1])
    if height < 0.02 * span(garment, "armpit"):
        return
    base = shoulder_point(body, side, hang.neck_u[side])
    up = floats([body.across[1], -body.across[0]])
    aside = (float(top[0]) - neck.x) * hang.scale * body.turn
    pins.add(base + body.across * np.float32(aside) + up * np.float32(COLLAR_LEAN * height * hang.scale), top, 1.0)


def _pin_at_bust(pins: _Pins, body: Body, garment: Garment, side: Side, hang: Hang) -> Points:
    """Pin the upper corner of a strapless garment at its own height; gives the place of the shoulder end."""
    end = body.shoulders
    for name in ("neck", "shoulder"):
        mark = garment.landmarks[f"{name}_{side}"]
        place, across = spine(body, hang.t_of(mark.y))
        # An elastic edge is no wider than shoulders and arms together.
        u = np.clip((mark.x - garment.axis_x) * hang.scale, -0.66 * body.unit, 0.66 * body.unit) * body.turn
        end = place[0] + across[0] * np.float32(u)
        pins.add(end, (mark.x, mark.y), 1.0)
    return np.asarray(end, np.float32)


def _outline_row(garment: Garment, x: float, fallback: float) -> float:
    """Height of the garment's upper outline at column ``x``, near ``fallback``."""
    column = garment.alpha[:, int(np.clip(round(x), 0, garment.alpha.shape[1] - 1))]
    filled = np.flatnonzero(column > 127)
    if not len(filled):
        return fallback
    near = 0.04 * garment.alpha.shape[0]
    return float(filled[0]) if abs(filled[0] - fallback) < near else fallback


def _pin_flank(pins: _Pins, person: Person, garment: Garment, side: Side, hang: Hang) -> Points:
    """Lay the side of the garment, armpit to hem, onto the side of the body; gives the armpit's place."""
    body, unit = person.body, person.body.unit
    sign = SIGN[side]
    armpit, hem = garment.landmarks[f"armpit_{side}"], garment.landmarks[f"hem_{side}"]
    rows = np.linspace(armpit.y, hem.y, 8, dtype=np.float32)
    if garment.kind is GarmentKind.DRESS:
        # Its skirt hangs over hips and legs: as many places again below.
        rows = np.linspace(armpit.y, hem.y, 14, dtype=np.float32)
    columns = flank_columns(garment, side, rows)
    t = hang.t_of(rows)
    places, across = spine(body, t)
    own = np.abs(columns - garment.axis_x) * hang.scale * body.turn
    outline = half_width(body, side, t)
    sleeved = garment.cut is not Cut.SLEEVELESS
    # Cloth that is wider than the body goes round it and falls into folds: little of it stands off at the sides.
    hugging = np.where(own > outline, outline + SLACK * (own - outline), own)
    width = np.clip(hugging, outline * 0.97, outline * (1.3 if sleeved else 1.18))
    if garment.kind is GarmentKind.DRESS:
        lines = find_leg_lines(person)
        free = np.clip((t - 0.8) / 0.2, 0, 1)
        width = width * (1 - free) + skirt_width(person, measure_hips(person, lines), lines, side, t, own) * free
    if hang.tucked:
        held = 1 / (1 + np.exp(-(t - body.waist_t + 0.12) / 0.05))
        width = width * (1 - held) + np.minimum(width, 1.03 * outline) * held
    width[0] = np.clip(own[0], 0.9 * outline[0], 1.12 * outline[0])
    if sleeved:
        width[:3] += unit * floats([0.02, 0.015, 0.01])
    flank = places + across * (sign * width)[:, None]
    for place, x, row in zip(flank, columns, rows, strict=True):
        pins.add(place, (x, row), 1.5)
    return np.asarray(flank[0], np.float32)


def flank_columns(garment: Garment, side: Side, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Column of the garment's side at each row between armpit and hem."""
    armpit, hem = garment.landmarks[f"armpit_{side}"], garment.landmarks[f"hem_{side}"]
    outline = garment.outline_left if side == "left" else garment.outline_right
    start = int(np.hypot(*(outline - [armpit.x, armpit.y]).T).argmin())
    stop = int(np.hypot(*(outline - [hem.x, hem.y]).T).argmin())
    straight = np.interp(rows, [armpit.y, hem.y], [armpit.x, hem.x]).astype(np.float32)
    path = outline[start : stop + 1]
    if len(path) < 4:
        return straight
    path = path[np.argsort(path[:, 1], kind="stable")]
    found = np.interp(rows, path[:, 1], path[:, 0]).astype(np.float32)
    # An armpit invented for a fused sleeve does not lie on the outline: meet the outline gradually.
    below = np.clip((rows - armpit.y) / max(float(path[0, 1]) - armpit.y, 1.0), 0, 1) if path[0, 1] > armpit.y else 1.0
    return np.asarray(straight * (1 - below) + found * below, np.float32)


def _pin_middle(pins: _Pins, body: Body, garment: Garment, hang: Hang) -> None:
    """A lattice over chest and belly that follows one similarity, so that what is printed there keeps its shape.

    It ends well inside the flanks, wherever those were put: the cloth gives way at the sides.
    """
    top = float(garment.neckline[:, 1].max()) if len(garment.neckline) else hang.garment_top
    # Closest below the neckline, where the cloth is pulled about most and would waver between wider rows.
    rows = (top + (hang.hem_row - top) * np.linspace(0, 1, 11) ** 1.5).astype(np.float32)
    t = hang.t_of(rows)
    places, _ = spine(body, t)
    # Square to the spine even where shoulders or hips are tilted: a print does not lean with them.
    across = floats([body.down[1], -body.down[0]])
    room = 0.8 * np.minimum(half_width(body, "left", t), half_width(body, "right", t))
    chest = span(garment, "armpit")
    for row, place, limit in zip(rows, places, room, strict=True):
        for share in (-0.4, -0.27, -0.14, 0.0, 0.14, 0.27, 0.4):
            u = share * chest * hang.scale * body.turn
            if abs(u) <= limit:
                at = place + across * np.float32(u)
                pins.add(at, (garment.axis_x + share * chest, row), 3.0 if abs(share) < 0.3 else 0.8)


def _without_folds(body: Points, garment: Points, weights: NDArray[np.float32], cloth: Garment) -> ThinPlate:
    """The spline through the pins, made stiffer until it turns the cloth over nowhere."""
    stiffness = 2e-3
    shape = (int(body[:, 1].max()) + 1, int(body[:, 0].max()) + 1)
    region = region_of(body, shape)
    step = max(2, min(region.width, region.height) // 40)
    plate = fit_thin_plate(body, garment, weights, stiffness)
    for _ in range(5):
        x, y = (field[::step, ::step] for field in plate.over(region, step))
        inside = (x[1:-1, 1:-1] > -4) & (x[1:-1, 1:-1] < cloth.alpha.shape[1] + 4)
        if x.shape[0] < 3 or x.shape[1] < 3 or not inside.any():
            break
        area = stretch(x, y)[2]
        # Where the map nearly stands still between two nodes, it may turn back within one.
        if not ((area <= 0.12 * np.median(area[inside])) & inside).any():
            break
        stiffness *= 8
        plate = fit_thin_plate(body, garment, weights, stiffness)
    return plate
