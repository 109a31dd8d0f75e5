"""Putting the picture together, from the back to the front.

undressed person · shadows on them · torso cloth · bare arms before it · sleeves · what is in front of all cloth
(hands, hair, face, things held; the waistband over a tucked top).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.engines.instant.axes import SIDES, Side, arm_of
from vtonlab.engines.instant.blend import blur, grow, lay_over, times, without
from vtonlab.engines.instant.drape import Cloth, whole_alpha
from vtonlab.engines.instant.records import Label, Part, Person, Plane
from vtonlab.engines.instant.reveal import Undressed, torso_t
from vtonlab.engines.instant.shade import Light, round_off, shade_cloth, throw_shadow
from vtonlab.engines.instant.warp import Field, Region, floats

SEEN = 0.4
"""Visibility from which an arm under a sleeve is believed to be where the pose says."""

SLEEVES = {"left": Part.LEFT_SLEEVE, "right": Part.RIGHT_SLEEVE}


@dataclass(frozen=True)
class Wearing:
    """How the pieces are worn: what the layers have to know besides the pieces themselves."""

    kind: GarmentKind
    tucked: bool
    cuffs: dict[Side, float]
    """Arc length on each arm at which its sleeve ends, px; 0 for no sleeve."""


def compose(
    picture: Picture, person: Person, undressed: Undressed, light: Light, pieces: list[Cloth], wearing: Wearing
) -> Picture:
    """The finished working picture; identical to ``picture`` wherever nothing was taken off or put on."""
    result = undressed.picture.copy()
    sleeves = [piece for piece in pieces if piece.part in SLEEVES.values()]
    body_pieces = [_behind_waistband(piece, person, wearing) for piece in pieces if piece not in sleeves]
    pieces = body_pieces + sleeves
    _shade_below(result, person, pieces)
    lit = _lit(person, light, pieces)
    for piece in body_pieces:
        _lay(result, piece, lit * _sleeve_shadow(sleeves, person))
    if wearing.kind is not GarmentKind.LOWER:
        for side in SIDES:
            arm = _arm_in_front(person, undressed, wearing, side)
            result = lay_over(result, undressed.picture, arm)
        for piece in sleeves:
            _lay(result, piece, lit)
    return lay_over(result, picture, front_of(person, wearing))


def front_of(person: Person, wearing: Wearing) -> Plane:
    """What is in front of any new cloth: face, hair, hands, things held, and what stays on above it."""
    mattes = person.mattes
    held = mattes[Label.OTHER]
    if wearing.kind is not GarmentKind.UPPER:
        held = without(held, _footwear(person))
    front = cv2.max(mattes[Label.HAIR], held)
    hands = times(person.hands, cv2.add(mattes[Label.SKIN], mattes[Label.OTHER]))
    front = cv2.max(front, hands)
    if wearing.kind is GarmentKind.LOWER:
        over = cv2.max(mattes[Label.UPPER], mattes[Label.SKIN])
        front = cv2.max(front, times(over, _above_legs(person)))
    face = np.zeros(front.shape, np.uint8)
    if len(person.face) > 2:
        cv2.fillPoly(face, [np.round(person.face).astype(np.int32)], 255, cv2.LINE_AA)
    return np.asarray(cv2.max(front, face), np.uint8)


def _footwear(person: Person) -> Plane:
    """Shoes and boots: trousers, skirts and dresses fall over them, unlike other things that are worn or held."""
    body = person.body
    count, pieces = cv2.connectedComponents((person.mattes[Label.OTHER] > 60).astype(np.uint8))
    feet = np.zeros(pieces.shape, np.uint8)
    for leg in (body.left_leg, body.right_leg):
        for place in (leg.ankle, leg.toes):
            cv2.circle(feet, (int(place[0]), int(place[1])), max(2, round(0.16 * body.unit)), 1, -1)
    touched = np.zeros(count, np.uint8)
    touched[np.unique(pieces[feet > 0])] = 255
    touched[0] = 0
    return grow(touched[pieces], 2)


def _above_legs(person: Person) -> Plane:
    """Everything but the legs' own skin: arms, hands and belly may hang before a lower garment, legs may not."""
    arms = np.zeros(person.labels.shape, np.uint8)
    for side in SIDES:
        arm = arm_of(person.body, side)
        points = np.round(np.stack([arm.elbow, arm.wrist, arm.fingers])).astype(np.int32)
        cv2.polylines(arms, [points], False, 255, max(1, round(0.3 * person.body.unit)))
    above = torso_t(person.body, person.labels.shape) < person.body.waist_t + 0.02
    above_top = times(person.mattes[Label.UPPER], np.full(arms.shape, 255, np.uint8))
    return np.asarray(cv2.max(cv2.max(arms, np.where(above, 255, 0).astype(np.uint8)), above_top), np.uint8)


def _behind_waistband(piece: Cloth, person: Person, wearing: Wearing) -> Cloth:
    """A tucked top ends behind the waistband."""
    if not wearing.tucked:
        return piece
    band = np.ascontiguousarray(person.mattes[Label.LOWER][piece.region.slices])
    t = torso_t(person.body, person.labels.shape)[piece.region.slices]
    below = np.clip((t - person.body.waist_t - 0.05) / 0.02, 0, 1) * 255
    # Beside the body nothing holds the cloth out over the waistband.
    beside = person.mattes[Label.BACKGROUND][piece.region.slices]
    aside = np.clip((t - person.body.waist_t + 0.03) / 0.02, 0, 1) * beside
    hidden = cv2.max(band, np.maximum(below, aside).astype(np.uint8))
    return Cloth(piece.part, piece.region, piece.colour, without(piece.alpha, hidden), piece.map_x, piece.map_y)


def _lit(person: Person, light: Light, pieces: list[Cloth]) -> Field:
    """Light on the cloth as a whole, half size: folds, exposure, and the garment's own roundness towards its rim."""
    cover = whole_alpha(pieces, (person.labels.shape[0], person.labels.shape[1]))
    rounded = round_off(cover, person.body.unit, 0.1, 0.08)
    return np.asarray(rounded * light.folds * np.float32(light.exposure), np.float32)


def _lay(result: Picture, piece: Cloth, lit: Field) -> None:
    """Shade one piece and lay it onto ``result``."""
    rows, columns = piece.region.slices
    shaded = shade_cloth(piece.colour, _part_of(lit, piece))
    result[rows, columns] = lay_over(np.ascontiguousarray(result[rows, columns]), shaded, piece.alpha)


def _part_of(half: Field, piece: Cloth) -> Field:
    """The part of a half-size field that lies in a piece's region, at full size."""
    place = floats([[0.5, 0, piece.region.x / 2 - 0.25], [0, 0.5, piece.region.y / 2 - 0.25]])
    size = (piece.region.width, piece.region.height)
    backward = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(half, place, size, flags=backward, borderMode=cv2.BORDER_REPLICATE))


def _shade_below(result: Picture, person: Person, pieces: list[Cloth]) -> None:
    """The shadow that hem, neckline and cuffs throw on the body (not on the backdrop behind it)."""
    unit = person.body.unit
    solid = cv2.bitwise_not(person.mattes[Label.BACKGROUND])
    for piece in pieces:
        region = piece.region.grown(0.05 * unit, person.labels.shape)
        alpha = np.zeros((region.height, region.width), np.uint8)
        y, x = piece.region.y - region.y, piece.region.x - region.x
        alpha[y : y + piece.region.height, x : x + piece.region.width] = piece.alpha
        shadow = cv2.resize(throw_shadow(alpha, unit, 0.022, 0.018), alpha.shape[::-1])
        rows, columns = region.slices
        beside = without(np.ascontiguousarray(solid[rows, columns]), alpha)
        dark = shadow * beside * np.float32(0.32 / 255)
        result[rows, columns] = cv2.multiply(
            np.ascontiguousarray(result[rows, columns]), cv2.merge([1 - dark] * 3), dtype=cv2.CV_8U
        )


def _sleeve_shadow(sleeves: list[Cloth], person: Person) -> Field | np.float32:
    """What the sleeves leave of the light on the torso beside them, half size.

    Only below the armpits: above, torso and sleeve are one cloth, and a shadow would draw its seam as a line.
    """
    if not sleeves:
        return np.float32(1)
    cover = whole_alpha(sleeves, (person.labels.shape[0], person.labels.shape[1]))
    shadow = throw_shadow(cover, person.body.unit, 0.0, 0.022)
    t = cv2.resize(torso_t(person.body, cover.shape), shadow.shape[::-1])
    return np.asarray(1 - 0.25 * shadow * np.clip((t - 0.22) / 0.2, 0, 1), np.float32)


def _arm_in_front(person: Person, undressed: Undressed, wearing: Wearing, side: Side) -> Plane:
    """Coverage of the bare arm that shows before the torso's cloth: from the cuff (or armhole) down."""
    unit, arm = person.body.unit, undressed.arms[side]
    cuff = wearing.cuffs.get(side, 0.0)
    upper = float(np.linalg.norm(arm_of(person.body, side).elbow - arm_of(person.body, side).shoulder))
    start = cuff - 0.03 * unit if cuff > 0 else 0.36 * upper
    soft = 0.02 * unit if cuff > 0 else 0.16 * unit
    whole = np.zeros(arm.arc.shape, np.uint8)
    # Nothing of this reaches further than the arm's own place in the picture.
    box = Region(*cv2.boundingRect((arm.arc >= 0).astype(np.uint8))).grown(0.05 * unit + 4, whole.shape).slices
    arc = arm.arc[box]
    along = np.clip((arc - start) / soft, 0, 1)
    along[arc < 0] = 0
    shape = blur(np.asarray(along, np.float32), max(1.0, 0.008 * unit))
    # Only where the arm is seen, or where the worn sleeve covered it: never the body beside it, nor an arm that the
    # pose only guesses behind the back.
    seen = np.ascontiguousarray(person.mattes[Label.SKIN][box])
    joints = arm_of(person.body, side)
    if joints.seen > SEEN:
        covered = np.where(arc <= joints.sleeve_end * arm.length + 0.1 * unit, arc, -1)
        seen = cv2.add(seen, times(undressed.gone[box], _slim(covered, unit)))
    whole[box] = times((shape * 255).astype(np.uint8), np.asarray(seen, np.uint8))
    return whole


def _slim(arc: Field, unit: float) -> Plane:
    """The arm's shape drawn in a little, for places where only the model knows it."""
    return grow(np.where(arc >= 0, 255, 0).astype(np.uint8), -max(1.0, 0.015 * unit))
