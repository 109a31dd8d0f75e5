"""A lower garment on a body: two halves laid on the legs, or one skirt, made into one piece of cloth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vtonlab.engines.instant.axes import SIDES, Side
from vtonlab.engines.instant.blend import lay_over
from vtonlab.engines.instant.drape import Cloth, Pattern, lay_cloth, scale_pattern
from vtonlab.engines.instant.legs import trouser_half
from vtonlab.engines.instant.records import Cut, Garment, Part, Person, Plane
from vtonlab.engines.instant.skirt import skirt_half
from vtonlab.engines.instant.waist import hang_lower
from vtonlab.engines.instant.warp import Mesh, Region, rasterise, region_of

LEGS = {"left": Part.LEFT_LEG, "right": Part.RIGHT_LEG}


@dataclass(frozen=True)
class LowerFit:
    """A lower garment laid on the body: one mesh a half."""

    scale: float
    """Working pixels of the person per garment pixel."""
    halves: dict[Side, Mesh]
    waist_t: float


def fit_lower(person: Person, garment: Garment) -> LowerFit:
    """Lay trousers, shorts or a skirt onto the lower body."""
    hang = hang_lower(person, garment)
    lay_half = trouser_half if has_legs(garment) else skirt_half
    return LowerFit(hang.scale, {side: lay_half(person, garment, hang, side) for side in SIDES}, hang.waist_t)


def has_legs(garment: Garment) -> bool:
    return garment.cut is not Cut.SKIRT and "crotch" in garment.landmarks


def drape_lower(person: Person, garment: Garment) -> list[Cloth]:
    """The garment as one piece of cloth on the person."""
    fit = fit_lower(person, garment)
    pattern = half_pattern(garment, scale_pattern(garment, fit.scale))
    height, width = person.labels.shape
    corners = np.concatenate([mesh.body.reshape(-1, 2) for mesh in fit.halves.values()])
    region = region_of(corners, (height, width), 2)
    halves = [lay_cloth(pattern, LEGS[side], region, *rasterise(fit.halves[side], region)) for side in SIDES]
    return [_sewn(halves[0], halves[1], region, person)]


def half_pattern(garment: Garment, pattern: Pattern) -> Pattern:
    """The pattern with a mask for each half: everything but the other leg."""
    whole = np.where(garment.parts == Part.INSIDE, 0, garment.alpha).astype(np.uint8)
    size = (pattern.picture.shape[1], pattern.picture.shape[0])
    masks: dict[Part, Plane] = {}
    for side, other in (("left", Part.RIGHT_LEG), ("right", Part.LEFT_LEG)):
        half = np.where(garment.parts == other, 0, whole).astype(np.uint8)
        masks[LEGS[side]] = np.asarray(cv2.resize(half, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Pattern(pattern.picture, masks, pattern.scale)


def _sewn(left: Cloth, right: Cloth, region: Region, person: Person) -> Cloth:
    """Both halves as one piece; where the legs cross, the nearer one lies on top."""
    under, over = (left, right)
    colour = lay_over(under.colour, over.colour, over.alpha)
    alpha = cv2.max(under.alpha, over.alpha)
    hidden = over.alpha > 127
    map_x = np.where(hidden, over.map_x, under.map_x)
    map_y = np.where(hidden, over.map_y, under.map_y)
    return Cloth(Part.BODY, region, colour, np.asarray(alpha, np.uint8), map_x, map_y)
