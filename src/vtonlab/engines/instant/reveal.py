"""What comes to light when the worn garment is taken off: backdrop, skin, the other garment.

All of this depends on the person alone, so it is made once a person and shared by every garment they try.
Nothing here was photographed: it is a plausible filling, and only shows where the new garment does not cover it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.engines.instant.axes import (
    SIDES,
    Side,
    Values,
    arm_curve,
    arm_of,
    arm_radius,
    half_width,
    normals,
    reach,
    shoulder_point,
    spine,
)
from vtonlab.engines.instant.bare_legs import draw_bare_legs, shade_bare_legs
from vtonlab.engines.instant.blend import blur, continue_colours, enlarge, grow, lay_over, shrink, times, without
from vtonlab.engines.instant.hips import measure_hips, waist_is_seen
from vtonlab.engines.instant.leg_lines import find_leg_lines
from vtonlab.engines.instant.records import Body, Label, Person, Plane, Points
from vtonlab.engines.instant.waist import find_waist_line
from vtonlab.engines.instant.warp import Field, arc_lengths, floats, smooth

LONG_TOP = 1.4
"""t of the hem from which a top hangs down to the thighs: a dress or coat that was parsed as one."""


@dataclass(frozen=True)
class Arm2D:
    """A bare arm as a shape: how far along it each pixel lies."""

    arc: Field
    """``(h, w)`` arc length from the shoulder joint, px; negative outside the arm."""
    length: float


@dataclass(frozen=True)
class Undressed:
    """The person without the garment that will be replaced."""

    picture: Picture
    """Working picture; identical to the photo where nothing was taken away."""
    gone: Plane
    """Where something was taken away."""
    arms: dict[Side, Arm2D]
    bare: Plane
    """Shape of the bare body (neck, torso, arms, legs) as far as it is filled or seen."""


def undress(picture: Picture, person: Person, kind: GarmentKind) -> Undressed:
    """Take off what ``kind`` replaces: the top, the lower garment, or both."""
    gone = _worn(person, kind)
    arms = {side: _arm_shape(person, side) for side in SIDES}
    if kind is GarmentKind.UPPER and person.body.top_hem_t > LONG_TOP:
        gone = without(gone, _skirt_of(person, arms))
    bare = _bare_shape(person, arms, kind)
    half = shrink(picture, 2)
    backdrop = enlarge(continue_colours(half, _sure(person, Label.BACKGROUND, half.shape)), picture.shape)
    skin = _skin(picture, person, bare, arms)
    filled = lay_over(backdrop, skin, bare)
    if kind is not GarmentKind.DRESS:
        filled = _continue_other(filled, half, person, kind, bare)
    return Undressed(lay_over(picture, filled, gone), gone, arms, bare)


def _skirt_of(person: Person, arms: dict[Side, Arm2D]) -> Plane:
    """The lower part of a top so long that it is a dress or a coat: it stays on, as a skirt."""
    t = torso_t(person.body, person.labels.shape)
    below = (np.clip((t - 0.82) / 0.03, 0, 1) * 255).astype(np.uint8)
    for arm in arms.values():
        below[arm.arc >= 0] = 0
    return below


def keep_on(picture: Picture, person: Person) -> Undressed:
    """The person as they are: an open jacket goes over what they wear."""
    nothing = np.zeros(person.labels.shape, np.uint8)
    arms = {side: _arm_shape(person, side) for side in SIDES}
    return Undressed(picture, nothing, arms, nothing)


# ------------------------------------------------------------------------------------------------ what is taken away


def _worn(person: Person, kind: GarmentKind) -> Plane:
    """Soft coverage of the worn garment with a rim, so that no fringe of its colour stays.

    Of a dress only the half that is replaced is taken away: the other stays on as a skirt or a top.
    """
    wanted = {GarmentKind.UPPER: [Label.UPPER], GarmentKind.LOWER: [Label.LOWER]}.get(kind, [Label.UPPER, Label.LOWER])
    cover = np.zeros(person.labels.shape, np.uint8)
    for label in wanted:
        cover = cv2.add(cover, person.mattes[label])
    if kind is GarmentKind.LOWER and waist_is_seen(person.body):
        # Above the worn waistband it is something else of the same colour, and stays.
        edge = min(find_waist_line(person).values()) - 0.04
        cover[torso_t(person.body, person.labels.shape) < edge] = 0
    rim = max(1.0, 0.012 * person.body.unit) + 1
    wide = grow(cover, rim)
    wide = cv2.GaussianBlur(wide, (0, 0), max(0.6, 0.4 * rim))
    kept = person.mattes[Label.HAIR]
    for label in (Label.OTHER, Label.LOWER, Label.UPPER):
        if label not in wanted:
            kept = cv2.add(kept, person.mattes[label])
    # The rim may eat into backdrop and skin, where the filling takes over; never into what stays on.
    return np.asarray(np.maximum(without(wide, kept), cover), np.uint8)


def _sure(person: Person, label: Label, shape: tuple[int, ...]) -> Plane:
    """Where ``label`` is certain, at ``shape``; the rim, where colours mix, is left out."""
    matte = cv2.resize(person.mattes[label], (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    sure = np.where(matte > 247, 255, 0).astype(np.uint8)
    return grow(sure, -max(1.0, 0.02 * person.body.unit * shape[0] / person.labels.shape[0]))


# ------------------------------------------------------------------------------------------------ the shape of the body


def _arm_shape(person: Person, side: Side) -> Arm2D:
    """The arm's pixels and their distance from the shoulder along it."""
    curve = arm_curve(arm_of(person.body, side), 33)
    arc = arc_lengths(curve)
    radius = _bare_radius(person, curve)
    plane = np.full(person.labels.shape, -1, np.float32)
    hand = arm_of(person.body, side).fingers
    for a, b, along, r in zip(curve[:-1], curve[1:], arc[1:], radius[1:], strict=True):
        cv2.line(plane, _pixel(a), _pixel(b), float(along), max(1, round(2 * float(r))))
    tip = curve[-1] + (hand - curve[-1]) * 1.3
    cv2.line(plane, _pixel(curve[-1]), _pixel(tip), float(arc[-1]) * 1.02, max(1, round(2.6 * float(radius[-1]))))
    return Arm2D(plane, float(arc[-1]))


def _bare_radius(person: Person, curve: Points) -> Values:
    """Radius along the arm, measured where skin is seen against the backdrop, else the model scaled alike."""
    share = np.linspace(0, 1, len(curve), dtype=np.float32)
    model = arm_radius(person.body, share)
    normal = normals(curve)
    height, width = person.labels.shape
    x = np.clip(curve[:, 0], 0, width - 1).astype(int)
    y = np.clip(curve[:, 1], 0, height - 1).astype(int)
    bare = (person.labels[y, x] == Label.SKIN) & (share > 0.1) & (share < 0.85)
    blocked = person.labels != Label.SKIN
    ratios = []
    for sign in (1, -1):
        found = reach(blocked, curve, normal * np.float32(sign), model * 1.8)
        ratios.append(np.where(bare, found, np.nan) / model)
    measured = np.concatenate(ratios)
    known = measured[~np.isnan(measured)]
    factor = float(np.clip(np.median(known), 0.8, 1.4)) if len(known) > 3 else 1.0
    return np.asarray(smooth(model * factor, 1.5), np.float32)


def _bare_shape(person: Person, arms: dict[Side, Arm2D], kind: GarmentKind) -> Plane:
    """Coverage of the body under its clothes: torso, neck, arms, and the legs when they are bared."""
    body = person.body
    shape = np.zeros(person.labels.shape, np.uint8)
    if kind is not GarmentKind.LOWER:
        cv2.fillPoly(shape, [_torso_outline(body).astype(np.int32)], 255)
        cv2.fillPoly(shape, [_neck_outline(body).astype(np.int32)], 255)
        for side, arm in arms.items():
            if arm_of(body, side).seen > 0.4:
                shape[arm.arc >= 0] = 255
    if kind is not GarmentKind.UPPER:
        draw_bare_legs(shape, person)
        cv2.fillPoly(shape, [_hip_outline(person).astype(np.int32)], 255)
    soft = cv2.GaussianBlur(shape, (0, 0), max(0.8, 0.01 * body.unit))
    return times(soft, cv2.bitwise_not(person.mattes[Label.BACKGROUND]))


def _torso_outline(body: Body) -> Points:
    """Closed outline of the torso, a little inside the cloth's: shoulders, flanks to just below the hips."""
    t = np.linspace(0.15, 1.15, 14, dtype=np.float32)
    centre, across = spine(body, t)
    flanks = {side: half_width(body, side, t)[:, None] * 0.94 for side in SIDES}
    left = centre - across * flanks["left"]
    right = centre + across * flanks["right"]
    up = floats([body.across[1], -body.across[0]]) * np.float32(0.012 * body.unit)
    top_left = [shoulder_point(body, "left", u * body.unit) - up for u in (0.5, 0.45, 0.3, 0.17)]
    top_right = [shoulder_point(body, "right", u * body.unit) - up for u in (0.17, 0.3, 0.45, 0.5)]
    return np.vstack([*top_left, *top_right, right, left[::-1]])


def _neck_outline(body: Body) -> Points:
    """Closed outline of neck and collar bones: whatever a collar hid between the jaw and the shoulders is skin."""
    up = floats([body.across[1], -body.across[0]])
    jaw = body.chin + up * np.float32(0.1 * body.unit)
    half = body.across * np.float32(0.2 * body.unit)
    left, right = shoulder_point(body, "left", 0.3 * body.unit), shoulder_point(body, "right", 0.3 * body.unit)
    return np.stack([jaw - half, jaw + half, right, body.shoulders - up * np.float32(0.1 * body.unit), left])


def _hip_outline(person: Person) -> Points:
    """Closed outline of belly and hips, a little inside that of what is worn."""
    worn = measure_hips(person, find_leg_lines(person))
    t = np.linspace(0.75, 1.1, 8).astype(np.float32)
    centre, across = spine(person.body, t)
    left = centre - across * (worn.half("left", t)[:, None] * 0.92)
    right = centre + across * (worn.half("right", t)[:, None] * 0.92)
    return np.vstack([right, left[::-1]])


# ------------------------------------------------------------------------------------------------ skin that was covered


def _skin(picture: Picture, person: Person, bare: Plane, arms: dict[Side, Arm2D]) -> Picture:
    """Skin for the whole body: tone carried on from the nearest real skin, rounded by the limbs' own shape."""
    factor = 2
    small = shrink(picture, factor)
    unit = person.body.unit / factor
    seen = _sure(person, Label.SKIN, small.shape)
    away_from_face = seen.copy()
    if len(person.face):
        cv2.fillPoly(away_from_face, [np.round(person.face / factor).astype(np.int32)], 0)
    enough = int((away_from_face > 0).sum()) > 0.02 * unit * unit
    source = away_from_face if enough else seen
    tone = _tone(small, source, person)
    if (source > 0).any():
        near = continue_colours(cv2.GaussianBlur(small, (0, 0), 1.5), source).astype(np.float32)
        trust = np.clip(blur((source > 0).astype(np.float32), 0.12 * unit) * 6, 0, 1)[..., None]
    else:
        near, trust = np.zeros(small.shape, np.float32), np.zeros((*small.shape[:2], 1), np.float32)
    # Far from real skin only its tone is used; very dark or light borders must not bleed inwards.
    level = near.mean(2, keepdims=True) / max(float(tone.mean()), 1.0)
    evened = np.clip(level, 0.75, 1.15) * tone
    colour = near * trust + (0.35 * evened + 0.65 * tone) * (1 - trust)
    rounded = _roundness(shrink(bare, factor), arms, person, factor)
    grain = np.random.default_rng(7).normal(0, 1.6, small.shape[:2]).astype(np.float32)[..., None]
    return enlarge(np.clip(colour * rounded[..., None] + grain, 0, 255).astype(np.uint8), picture.shape)


def _tone(picture: Picture, source: Plane, person: Person) -> Values:
    """Typical skin colour, RGB float32 ``(3,)``: the middle of the lit part of what is seen."""
    pixels = picture[source > 0].astype(np.float32)
    if len(pixels) < 30:
        lab = np.clip(person.body.skin_lab, 0, 255).astype(np.uint8)[None, None]
        return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0], np.float32)
    light = pixels.mean(1)
    low, high = np.percentile(light, [35, 75])
    return np.asarray(np.median(pixels[(light >= low) & (light <= high)], 0), np.float32)


def _roundness(bare: Plane, arms: dict[Side, Arm2D], person: Person, factor: int) -> Field:
    """Shading of bare limbs and torso from the distance to their rim (a cylinder's lightness, softened)."""
    unit = person.body.unit / factor
    arm = np.zeros(bare.shape, np.uint8)
    for shape in arms.values():
        arm |= (cv2.resize(shape.arc, bare.shape[::-1], interpolation=cv2.INTER_NEAREST) >= 0).astype(np.uint8)
    inside_arm = np.clip(cv2.distanceTransform(arm, cv2.DIST_L2, 3) / (0.11 * unit), 0, 1)
    cylinder = 0.7 + 0.32 * np.sqrt(np.clip(1 - (1 - inside_arm) ** 2, 0, 1))
    inside_body = np.clip(cv2.distanceTransform((bare > 127).astype(np.uint8), cv2.DIST_L2, 3) / (0.12 * unit), 0, 1)
    legs = cv2.resize(shade_bare_legs(person, factor), bare.shape[::-1])
    shade = np.where(arm > 0, cylinder, np.where(legs != 1, legs, 0.87 + 0.13 * inside_body)).astype(np.float32)
    return blur(shade, max(0.8, 0.015 * unit))


# ------------------------------------------------------------------------------------------------ the other garment


def _continue_other(filled: Picture, half: Picture, person: Person, kind: GarmentKind, bare: Plane) -> Picture:
    """Carry the garment that stays on into the gap: trousers up to the natural waist, a top down to the hips."""
    body = person.body
    other = Label.LOWER if kind is GarmentKind.UPPER else Label.UPPER
    known = _sure(person, other, half.shape)
    if int((known > 0).sum()) < 0.02 * (body.unit / 2) ** 2:
        return filled
    carried = enlarge(continue_colours(half, known), filled.shape)
    t = torso_t(body, filled.shape[:2])
    if kind is GarmentKind.UPPER:
        edge = min(body.waist_t, 0.84)
        where = np.clip((t - edge) / 0.02 + 0.5, 0, 1)
    else:
        edge = max(body.waist_t, 1.05)
        where = np.clip((edge - t) / 0.02 + 0.5, 0, 1)
    trunk = np.zeros(bare.shape, np.uint8)
    cv2.fillPoly(trunk, [_torso_outline(body).astype(np.int32)], 255)
    return lay_over(filled, carried, times((where * 255).astype(np.uint8), bare, trunk))


def torso_t(body: Body, shape: tuple[int, ...]) -> Field:
    """t at every pixel, ``(h, w)``."""
    x = np.arange(shape[1], dtype=np.float32)[None] - body.shoulders[0]
    y = np.arange(shape[0], dtype=np.float32)[:, None] - body.shoulders[1]
    return np.asarray((x * body.down[0] + y * body.down[1]) / body.torso_length, np.float32)


def _pixel(point: Points) -> tuple[int, int]:
    return int(np.clip(point[0], -9999, 9999)), int(np.clip(point[1], -9999, 9999))
