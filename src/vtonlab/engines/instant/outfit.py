"""One fitting at working size: from a person and a garment to pieces of cloth and the finished picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.engines.instant.axes import SIDES, SIGN, Side
from vtonlab.engines.instant.blend import times, without
from vtonlab.engines.instant.drape import Cloth, lay_cloth, scale_pattern, whole_alpha
from vtonlab.engines.instant.fit import Tuck, fit_torso
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
    pieces = [_cut_at_seams(front, sleeves, garment, person.body)]
    for side, sleeve in sleeves.items():
        around = region_of(sleeve.mesh.body.reshape(-1, 2), (shape[0], shape[1]), 2)
        sleeve_x, sleeve_y = rasterise(sleeve.mesh, around)
        pieces.append(lay_cloth(pattern, SLEEVES[side], around, sleeve_x, sleeve_y))
    wearing = Wearing(garment.kind, torso.tucked, {side: fit.cuff_arc for side, fit in sleeves.items()})
    return Draped(pieces, wearing)


def _cut_at_seams(front: Cloth, sleeves: dict[Side, SleeveFit], garment: Garment, body: Body) -> Cloth:
    """End the torso a little beyond the seam with each sleeve: past it the torso's map is nobody's."""
    corner = np.array([front.region.x, front.region.y], np.float32)
    for side, sleeve in sleeves.items():
        # Row 2 of the mesh is the seam; its columns run from the shoulder to the armpit.
        shoulder, armpit = sleeve.mesh.body[2, 1], sleeve.mesh.body[2, -2]
        down = (armpit - shoulder) / max(float(np.linalg.norm(armpit - shoulder)), 1e-6)
        under = armpit + down * np.float32(0.15 * body.unit)
        out = np.array([-down[1], down[0]], np.float32)
        if float(out @ (sleeve.mesh.body[8].mean(0) - (shoulder + armpit) / 2)) < 0:
            out = -out
        near, far = out * np.float32(0.04 * body.unit), out * np.float32(2.0 * body.unit)
        up = -down * np.float32(2.0 * body.unit)
        beyond = np.stack([shoulder + near + up, under + near, under + far, shoulder + far + up]) - corner
        cut = np.zeros(front.alpha.shape, np.uint8)
        cv2.fillConvexPoly(cut, np.round(beyond).astype(np.int32), 255, cv2.LINE_AA)
        # Of a raised arm the seam lies slantwise: what is before the chest or below the armpit stays cloth (there the
        # torso's own mask ends where the sleeve begins).
        sideways = body.across * np.float32(SIGN[side])
        inner = 0.8 * float(np.dot(shoulder - body.shoulders, sideways))
        x = np.arange(cut.shape[1], dtype=np.float32)[None] + float(corner[0] - body.shoulders[0])
        y = np.arange(cut.shape[0], dtype=np.float32)[:, None] + float(corner[1] - body.shoulders[1])
        aside = x * sideways[0] + y * sideways[1]
        below = garment.landmarks[f"armpit_{side}"].y + 0.02 * garment.parts.shape[0]
        cut[(aside < inner) | (front.map_y > below)] = 0
        front.alpha[:] = without(front.alpha, cut)
    return front


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
