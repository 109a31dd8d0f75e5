"""How a garment hangs: which of its heights comes to lie where on the body, and where it ends.

Lengths are relative to the body's ``unit``; ``t`` measures down the torso (0 shoulder joints, 1 hip joints).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import GarmentKind
from vtonlab.engines.instant.axes import SIDES, Side, shoulder_point
from vtonlab.engines.instant.hips import floor_t, worn_skirt_hem
from vtonlab.engines.instant.leg_lines import find_leg_lines
from vtonlab.engines.instant.records import Body, Cut, Garment, Person

CHEST_SHARE = 0.5
"""Share of the length between armpits and hem that is never stretched."""

COLLAR_RISE = -0.05
"""Rise of the front of a garment with a collar, units: the collar's stand keeps it lower than a plain neckline."""



class Tuck(StrEnum):
    """Whether a top goes into the waistband."""

    AUTO = "auto"
    IN = "in"
    OUT = "out"

@dataclass(frozen=True)
class Hang:
    """Where each height of the garment comes to lie on the body's axis."""

    scale: float
    garment_top: float
    """Garment row of the neck points."""
    armpit_row: float
    top_t: float
    """t on the axis that ``garment_top`` would have if the middle did not rise."""
    rise: float
    """How far the middle rises above the neck points' height, px: the front of a worn garment is drawn up."""
    lengthen: float
    """Stretch of the length between armpits and hem; all of it falls below the chest, where no print is."""
    hem_row: float
    torso_length: float
    neck_u: dict[Side, float]
    strapless: bool
    """Held at the bust, not by the shoulders."""
    unstretched_hem_t: float = 0.0
    hem_t: float = 0.0
    tucked: bool = False

    def t_of(self, row: NDArray[np.float32] | float) -> NDArray[np.float32]:
        """t for rows of the garment."""
        row = np.asarray(row, np.float32)
        belly = self.armpit_row + CHEST_SHARE * (self.hem_row - self.armpit_row)
        below = 1 + (self.lengthen - 1) / (1 - CHEST_SHARE)
        drop = (np.minimum(row, belly) - self.garment_top + np.maximum(row - belly, 0) * below) * self.scale
        return np.asarray(self.top_t + (drop - self.rise) / self.torso_length, np.float32)


def hang_garment(person: Person, garment: Garment, scale: float, tuck: Tuck = Tuck.AUTO) -> Hang:
    """Hang the garment from the shoulders and see where its hem falls."""
    body, unit = person.body, person.body.unit
    neck_u = {side: _neck_distance(body, garment, side, scale) for side in SIDES}
    tops = [shoulder_point(body, side, neck_u[side]) for side in SIDES]
    top_t = float(((tops[0] + tops[1]) / 2 - body.shoulders) @ body.down) / body.torso_length
    garment_top = mean_row(garment, "neck")
    armpit_row = mean_row(garment, "armpit")
    hem_row = mean_row(garment, "hem")
    depth = float(garment.neckline[:, 1].max() - garment_top) * scale if len(garment.neckline) else 0.0
    most = 0.03 if _high_neck(garment) else COLLAR_RISE if garment.has_collar else 0.15
    rise = min(most * unit, 0.6 * max(depth, 0.0))
    strapless = _is_strapless(garment)
    if strapless:
        # An off-shoulder edge runs round the upper arms just below the shoulders; a bandeau has its armpits where the
        # body's are.
        by_armpit = 0.27 - (armpit_row - garment_top) * scale / body.torso_length
        top_t, rise = (max(by_armpit, 0.05) if garment.cut is Cut.SLEEVELESS else 0.07), 0.0
    hang = Hang(scale, garment_top, armpit_row, top_t, rise, 1.0, hem_row, body.torso_length, neck_u, strapless)
    hem_t, armpit_t = float(hang.t_of(hem_row)), float(hang.t_of(armpit_row))
    tucked = garment.kind is GarmentKind.UPPER and _goes_in(body, hem_t, tuck)
    # The middle of a skirt's hem hangs lower in the picture than its corners.
    lowest_t = float(hang.t_of(_bottom_row(garment))) if garment.kind is GarmentKind.DRESS else hem_t
    lengthen = _lengthen(person, garment, max(lowest_t, hem_t), armpit_t, tucked)
    reached = armpit_t + (hem_t - armpit_t) * lengthen
    return replace(hang, lengthen=lengthen, unstretched_hem_t=hem_t, hem_t=reached, tucked=tucked)


def _bottom_row(garment: Garment) -> float:
    """Row at which the garment ends at its axis."""
    column = garment.alpha[:, int(np.clip(round(garment.axis_x), 0, garment.alpha.shape[1] - 1))]
    filled = np.flatnonzero(column > 127)
    return float(filled[-1]) if len(filled) else mean_row(garment, "hem")


def _is_strapless(garment: Garment) -> bool:
    """Bandeau, off-shoulder top, or straps too fine to be cut out: as wide at the top as at the chest."""
    chest, neck = span(garment, "armpit"), span(garment, "neck")
    drop = mean_row(garment, "armpit") - mean_row(garment, "neck")
    if garment.cut is Cut.SLEEVELESS:
        return neck > 0.7 * chest and 0 < drop < 0.33 * chest
    return neck > 1.15 * chest


def _goes_in(body: Body, hem_t: float, tuck: Tuck) -> bool:
    """Whether the new top goes into the waistband; left open, as the old one is worn.

    A longer top would hide a waistband that shows now: whoever shows it wears the new one the same way.
    """
    if tuck is not Tuck.AUTO:
        return tuck is Tuck.IN and hem_t > body.waist_t
    return body.tucked or (body.waist_t < 0.97 and body.top_hem_t < 0.97 and hem_t > body.waist_t + 0.12)


def _lengthen(person: Person, garment: Garment, hem_t: float, armpit_t: float, tucked: bool) -> float:
    """Stretch below the armpits so that the hem falls where a hem can be.

    A hem near the worn top's own hem is laid onto it: cloth that ends a finger's breadth higher or lower is within
    the error of any fit, and nothing has to be invented. A tucked top must reach the waistband.
    """
    body = person.body
    if hem_t < armpit_t + 0.1:
        return 1.0
    if garment.kind is GarmentKind.DRESS:
        lines = find_leg_lines(person)
        length, worn = hem_t - armpit_t, worn_skirt_hem(person, lines)
        if worn is not None and 0.85 <= (worn - armpit_t) / length <= 1.2:
            return float((worn - armpit_t) / length)
        return float(min(1.0, (floor_t(person, lines) - armpit_t) / length))
    if tucked:
        return float(np.clip((body.waist_t + 0.06 - armpit_t) / (hem_t - armpit_t), 1.0, 1.25))
    wanted = body.top_hem_t
    ratio = (wanted - armpit_t) / (hem_t - armpit_t)
    if 0.85 <= ratio <= 1.17:
        return float(ratio)
    return float(np.clip((body.waist_t - armpit_t) / (hem_t - armpit_t), 1.0, 1.17)) if ratio > 1.17 else 1.0


def _neck_distance(body: Body, garment: Garment, side: Side, scale: float) -> float:
    """How far from the axis the garment's neck point lies on the shoulder, px."""
    unit = body.unit
    u = abs(garment.landmarks[f"neck_{side}"].x - garment.axis_x) * scale
    nearest = 0.135 * unit if _high_neck(garment) else (0.17 if garment.cut is Cut.SLEEVELESS else 0.185) * unit
    if u <= nearest:
        return nearest * body.turn
    slack = float(np.interp(u / unit, [0.25, 0.45], [0.88, 0.95]))
    return (nearest + (u - nearest) * slack) * body.turn


def _high_neck(garment: Garment) -> bool:
    """A turtleneck or band that lies against the neck."""
    opening, depth = span(garment, "neck"), 0.0
    if len(garment.neckline):
        depth = float(garment.neckline[:, 1].max() - mean_row(garment, "neck"))
    return opening < 0.27 * span(garment, "shoulder") and depth < 0.4 * opening and garment.cut is not Cut.SLEEVELESS


def span(garment: Garment, name: str) -> float:
    """Distance across between the left and right landmark ``name``, garment px."""
    return abs(garment.landmarks[f"{name}_right"].x - garment.landmarks[f"{name}_left"].x)


def mean_row(garment: Garment, name: str) -> float:
    """Row half-way between the left and right landmark ``name``, garment px."""
    return (garment.landmarks[f"{name}_left"].y + garment.landmarks[f"{name}_right"].y) / 2
