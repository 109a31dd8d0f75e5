"""A lower garment on a body: two halves laid on the legs, or on a skirt's two sides, made into one piece of cloth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.axes import SIDES, Side
from vtonlab.engines.instant.blend import lay_over
from vtonlab.engines.instant.drape import Cloth, Pattern, lay_cloth
from vtonlab.engines.instant.leg_lines import find_leg_lines
from vtonlab.engines.instant.legs import TOP_ROWS, leg_columns, trouser_half
from vtonlab.engines.instant.records import Cut, Garment, Part, Person, Plane, Points
from vtonlab.engines.instant.skirt import skirt_half
from vtonlab.engines.instant.waist import LowerHang, hang_lower
from vtonlab.engines.instant.warp import OUTSIDE, Field, Mesh, Region, rasterise, region_of


@dataclass(frozen=True)
class LowerFit:
    """A lower garment laid on the body: one mesh a half."""

    hang: LowerHang
    halves: dict[Side, Mesh]


def drape_lower(person: Person, garment: Garment) -> list[Cloth]:
    """The garment as one piece of cloth on the person."""
    fit = fit_lower(person, garment)
    patterns = half_patterns(garment, fit.hang)
    shape = (person.labels.shape[0], person.labels.shape[1])
    halves = {side: _lay_half(patterns[side], fit.halves[side], shape) for side in SIDES}
    inseams = [fit.halves[side].body[TOP_ROWS + 1 :, -3] for side in SIDES] if has_legs(garment) else []
    return [_sew(halves, inseams, person)]


def fit_lower(person: Person, garment: Garment) -> LowerFit:
    """Lay trousers, shorts or a skirt onto the lower body."""
    lines = find_leg_lines(person)
    hang = hang_lower(person, garment, lines)
    lay_half = trouser_half if has_legs(garment) else skirt_half
    return LowerFit(hang, {side: lay_half(person, garment, hang, lines, side) for side in SIDES})


def has_legs(garment: Garment) -> bool:
    return garment.cut is not Cut.SKIRT and "crotch" in garment.landmarks


def half_patterns(garment: Garment, hang: LowerHang) -> dict[Side, Pattern]:
    """The garment at about the size it is shown at; each half's mask is all of it but the other leg."""
    whole = np.where(garment.parts == Part.INSIDE, 0, garment.alpha).astype(np.uint8)
    factor = min(1.0, 1.25 * max(hang.scale, hang.length_scale))
    height, width = garment.alpha.shape
    size = (max(8, round(width * factor)), max(8, round(height * factor))) if factor < 0.9 else (width, height)
    picture = np.asarray(cv2.resize(garment.picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    patterns: dict[Side, Pattern] = {}
    for side in SIDES:
        half = whole.copy()
        if has_legs(garment):
            _cut_other_leg(half, garment, hang, side)
        mask = np.asarray(cv2.resize(half, size, interpolation=cv2.INTER_AREA), np.uint8)
        patterns[side] = Pattern(picture, {Part.BODY: mask}, size[1] / height)
    return patterns


def _cut_other_leg(half: Plane, garment: Garment, hang: LowerHang, side: Side) -> None:
    """Clear the other leg from a half's mask, along the line midway between the two inseams."""
    rows = np.arange(int(hang.fork_row), half.shape[0], dtype=np.float32)
    inner = [leg_columns(garment, hang.fork_row, s, rows) for s in SIDES]
    split = np.round((inner[0] + inner[1]) / 2)
    columns = np.arange(half.shape[1], dtype=np.float32)
    other = columns[None] >= split[:, None] if side == "left" else columns[None] < split[:, None]
    half[int(hang.fork_row) :][other] = 0


def _lay_half(pattern: Pattern, mesh: Mesh, shape: tuple[int, int]) -> Cloth:
    region = region_of(mesh.body.reshape(-1, 2), shape, 2)
    return lay_cloth(pattern, Part.BODY, region, *rasterise(mesh, region))


# ------------------------------------------------------------------------------------------------ one piece


def _sew(halves: dict[Side, Cloth], inseams: list[Points], person: Person) -> Cloth:
    """Both halves as one piece; where legs overlap, the one that stands lower in the picture is nearer and on top."""
    regions = [cloth.region for cloth in halves.values()]
    x, y = min(r.x for r in regions), min(r.y for r in regions)
    right, bottom = max(r.x + r.width for r in regions), max(r.y + r.height for r in regions)
    region = Region(x, y, right - x, bottom - y)
    colour = np.zeros((region.height, region.width, 3), np.uint8)
    alpha = np.zeros((region.height, region.width), np.uint8)
    map_x = np.full(alpha.shape, OUTSIDE, np.float32)
    map_y = map_x.copy()
    body = person.body
    nearer: Side = "left" if body.left_leg.ankle[1] > body.right_leg.ankle[1] + 0.1 * body.unit else "right"
    for side in sorted(SIDES, key=lambda s: s == nearer):
        cloth = halves[side]
        view = (
            slice(cloth.region.y - y, cloth.region.y - y + cloth.region.height),
            slice(cloth.region.x - x, cloth.region.x - x + cloth.region.width),
        )
        colour[view] = _over(colour[view], alpha[view], cloth)
        alpha[view] = cv2.max(np.ascontiguousarray(alpha[view]), cloth.alpha)
        shown = cloth.map_x > OUTSIDE / 2
        map_x[view][shown], map_y[view][shown] = cloth.map_x[shown], cloth.map_y[shown]
    if inseams:
        colour = _crease(colour, inseams, region, body.unit)
    return Cloth(Part.BODY, region, colour, alpha, map_x, map_y)


def _over(under: Picture, covered: Plane, cloth: Cloth) -> Picture:
    """A half over what lies there already; where nothing lies, its colour alone, so that no edge is darkened."""
    weight = np.where(covered < 8, np.uint8(255), cloth.alpha)
    return lay_over(np.ascontiguousarray(under), cloth.colour, weight)


def _crease(colour: Picture, inseams: list[Points], region: Region, unit: float) -> Picture:
    """The shadow between two legs, deepening down from the crotch."""
    shape = (region.height // 2 + 1, region.width // 2 + 1)
    lines = np.zeros(shape, np.float32)
    thick = max(1, round(0.02 * unit))
    for curve in inseams:
        at = np.round((curve - [region.x, region.y]) / 2).astype(np.int32)
        for step, (a, b) in enumerate(pairwise(at)):
            strength = min(1.0, 0.3 + step / 8)
            cv2.line(lines, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), strength, thick)
    dark = cv2.GaussianBlur(lines, (0, 0), max(1.0, 0.022 * unit))
    factor: Field = cv2.resize(1 - 0.3 * dark, (region.width, region.height))
    return np.asarray(cv2.multiply(colour, cv2.merge([factor] * 3), dtype=cv2.CV_8U), np.uint8)
