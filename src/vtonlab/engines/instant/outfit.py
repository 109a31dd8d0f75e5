"""One fitting at working size: from a person and a garment to pieces of cloth and the finished picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.engines.instant.axes import SIDES, Side, arm_of
from vtonlab.engines.instant.blend import times, without
from vtonlab.engines.instant.drape import Cloth, close_seams, lay_cloth, scale_pattern, whole_alpha
from vtonlab.engines.instant.fit import fit_torso
from vtonlab.engines.instant.hang import Tuck
from vtonlab.engines.instant.layer import SLEEVES, Wearing, compose, front_of
from vtonlab.engines.instant.lower import drape_lower
from vtonlab.engines.instant.records import Body, Garment, Label, Part, Person
from vtonlab.engines.instant.reveal import Undressed
from vtonlab.engines.instant.shade import Light
from vtonlab.engines.instant.sleeves import SleeveFit, fit_sleeve
from vtonlab.engines.instant.warp import rasterise, region_of


@dataclass(frozen=True)
class Draped:
    """A garment lying on a person: its pieces, back to front, and how it is worn."""

    pieces: list[Cloth]
    wearing: Wearing


def drape(person: Person, garment: Garment, tuck: Tuck = Tuck.AUTO) -> Draped:
    """Lay a garment onto a person."""
    if garment.kind is GarmentKind.LOWER:
        return Draped(drape_lower(person, garment), Wearing(garment.kind, False, {}))
    torso = fit_torso(person, garment, tuck)
    pattern = scale_pattern(garment, torso.scale)
    sleeves: dict[Side, SleeveFit] = {}
    for side in SIDES:
        found = fit_sleeve(person, garment, torso, side)
        if found is not None:
            sleeves[side] = found
    shape = person.labels.shape
    # Hoods and collars reach beyond the pins.
    region = region_of(torso.pins, (shape[0], shape[1]), 0.3 * person.body.unit)
    map_x, map_y = torso.plate.over(region)
    front = lay_cloth(pattern, Part.BODY, region, map_x, map_y)
    pieces = []
    for side, sleeve in sleeves.items():
        around = region_of(sleeve.mesh.body.reshape(-1, 2), (shape[0], shape[1]), 2)
        sleeve_x, sleeve_y = rasterise(sleeve.mesh, around)
        pieces.append(lay_cloth(pattern, SLEEVES[side], around, sleeve_x, sleeve_y))
    pieces.insert(0, close_seams(front, pattern, pieces, shape, _seam_gap(person.body)))
    wearing = Wearing(garment.kind, torso.tucked, {side: fit.cuff_arc for side, fit in sleeves.items()})
    return Draped(pieces, wearing)


def _seam_gap(body: Body) -> float:
    """How far torso and sleeve may part at the seam, px: the further an arm is raised, the more its sleeve turns."""
    least_down = 1.0
    for side in SIDES:
        arm = arm_of(body, side)
        upper = arm.elbow - arm.shoulder
        least_down = min(least_down, float(upper @ body.down) / max(float(np.linalg.norm(upper)), 1.0))
    return body.unit * (0.16 + 0.34 * float(np.clip((0.6 - least_down) / 0.6, 0, 1)))


def dress(picture: Picture, person: Person, undressed: Undressed, light: Light, draped: Draped) -> Picture:
    """The finished working picture."""
    return compose(picture, person, undressed, light, draped.pieces, draped.wearing)


def wearing_now(person: Person, undressed: Undressed, draped: Draped) -> Person:
    """The person as far as the next garment of an outfit has to know them, after a lower garment was put on.

    Its cloth is what they wear below; where the old one was and the new one is not, there is skin or backdrop now.
    """
    cover = without(whole_alpha(draped.pieces, person.labels.shape), front_of(person, draped.wearing))
    free = without(person.mattes[Label.LOWER], cover)
    mattes = np.stack([without(matte, cover) for matte in person.mattes])
    mattes[Label.LOWER] = cover
    skin = times(free, undressed.bare)
    mattes[Label.SKIN] = cv2.add(mattes[Label.SKIN], skin)
    mattes[Label.BACKGROUND] = cv2.add(mattes[Label.BACKGROUND], cv2.subtract(free, skin))
    return replace(
        person, mattes=mattes, labels=mattes.argmax(0).astype(np.uint8), body=replace(person.body, one_piece=False)
    )
