"""Where each label usually is: what a skeleton, an outline and the boundaries along the body say before colours do.

The shares are rough on purpose: they only have to be right about what is likelier where, colours and edges do the rest.
"""

from __future__ import annotations

import cv2
import numpy as np

from vtonlab.engines.instant.anatomy import Floats
from vtonlab.engines.instant.boundaries import Ending, Waist, share_along
from vtonlab.engines.instant.records import Label
from vtonlab.engines.instant.scene import Scene, around_face, bone_lengths


def _rise(value: Floats, softness: float) -> Floats:
    """0…1 logistic step."""
    return np.asarray(1 / (1 + np.exp(np.clip(-value / softness, -30, 30))), np.float32)


def expect_labels(scene: Scene, waist: Waist, sleeves: tuple[Ending, Ending], hems: tuple[Ending, Ending]) -> Floats:
    """(6, h, w) shares of each label from the skeleton, outline and boundaries alone, summing to 1."""
    person = np.clip(scene.person, 0.02, 0.98)
    worn = _expect_worn(scene.halved(), waist, sleeves, hems)
    expected = np.empty((6, *scene.shape), np.float32)
    expected[Label.BACKGROUND] = 1 - person + 1e-4
    for label, share in zip(list(Label)[1:], worn, strict=True):
        expected[label] = cv2.resize(share, scene.shape[::-1]) * person + 1e-4
    expected /= expected.sum(0)
    return expected


def _expect_worn(
    scene: Scene, waist: Waist, sleeves: tuple[Ending, Ending], hems: tuple[Ending, Ending]
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Hair, skin, upper, lower and other, not yet weighed against each other, where the person is."""
    t, u, unit = scene.t, scene.u, scene.skeleton.unit
    torso = _rise(0.62 - np.abs(u), 0.05)
    neck = expect_neck(scene)
    hair = _expect_hair(scene)
    arms, bare_arms = _expect_arms(scene, sleeves)
    apart, bare_legs = _expect_legs(scene, hems)
    legs = _rise(0.2 * unit - apart, 0.03 * unit)

    beside_face = np.where(around_face(scene) & scene.face_seen, 0.12, 0.45) * ~scene.face  # ears, forehead
    skin = 0.02 + 0.9 * scene.face + beside_face * _rise(1.75 - scene.head, 0.1)
    skin = np.maximum(skin, 0.9 * neck)
    skin = np.maximum(skin, 0.35 * _rise(0.34 - t, 0.06) * np.exp(-((u / 0.33) ** 2)))
    skin = np.maximum(skin, bare_arms * arms * np.maximum(_rise(np.abs(u) - 0.4, 0.06), _rise(t - 0.45, 0.1)))
    if max(sleeve.share for sleeve in sleeves) < 0.08:
        skin = np.maximum(skin, 0.5 * _rise(0.36 - t, 0.05) * _rise(np.abs(u) - 0.2, 0.03) * torso)
    skin = np.maximum(skin, scene.hands)
    skin = np.maximum(skin, 0.9 * bare_legs * legs * _rise(t - waist.lower_start - 0.1, 0.03))
    if waist.lower_start > waist.top_end:
        inside = _rise(t - waist.top_end, 0.015) * _rise(waist.lower_start - t, 0.015)
        skin = np.maximum(skin, 0.9 * inside * torso)

    upper = 0.95 * torso * _rise(t + 0.1, 0.03) * _rise(waist.top_end + 0.02 - t, 0.05)
    upper = np.maximum(upper, (1 - bare_arms) * arms)
    upper = np.maximum(upper, 0.25 * _rise(t + 0.12, 0.04) * _rise(waist.top_end + 0.15 - t, 0.05))
    collar = 0.2 * _rise(t + 0.3, 0.03) * _rise(0.28 - np.abs(u), 0.03) * _rise(scene.head - 1.3, 0.1)
    upper = np.maximum(upper, collar)
    upper *= (1 - 0.85 * scene.hands) * np.where(scene.face, 0.02, 1) * np.where(neck > 0.6, 0.5, 1)

    sleeved = (1 - bare_arms) * (_beyond_wrist(scene) < 0)
    lower = 0.95 * _rise(t - waist.lower_start, 0.05) * (1 - arms * (0.6 + 0.36 * np.clip(2 * sleeved - 1, 0, 1)))
    lower = np.maximum(lower, 0.95 * _rise(t - max(1.15, waist.lower_start + 0.1), 0.05) * _rise(1.1 - np.abs(u), 0.1))
    lower *= (1 - 0.85 * scene.hands) * (1 - 0.99 * bare_legs)

    return hair, skin.astype(np.float32), upper, lower, _expect_other(scene, bare_legs, arms)


def expect_neck(scene: Scene) -> Floats:
    middle = scene.skeleton.mouth + 0.55 * (scene.skeleton.shoulders - scene.skeleton.mouth)
    columns = np.arange(scene.shape[1], dtype=np.float32)[None]
    across = np.exp(-((columns - middle[0]) ** 2) / (2 * (0.16 * scene.skeleton.unit) ** 2))
    return np.asarray(across * _rise(0.12 - scene.t, 0.04), np.float32)


def _expect_hair(scene: Scene) -> Floats:
    skeleton, t = scene.skeleton, scene.t
    chin_t = 0.55 * float((skeleton.mouth - skeleton.shoulders) @ skeleton.down) / skeleton.torso_length
    hair = 0.9 * _rise(2.3 - scene.head, 0.15) * _rise(chin_t - 0.03 - t, 0.03)
    hair += 0.06 * _rise(0.45 - t, 0.05) * _rise(3.4 - scene.head, 0.2)
    return np.where(scene.face, 0.03, np.clip(hair, 0, 1)).astype(np.float32)


def _expect_arms(scene: Scene, sleeves: tuple[Ending, Ending]) -> tuple[Floats, Floats]:
    """Where arms are (0…1), and the share of them that is bare there."""
    unit = scene.skeleton.unit
    arms = np.zeros(scene.shape, np.float32)
    bare = np.full(scene.shape, 0.5, np.float32)
    for side, (arm, sleeve) in enumerate(zip(scene.arms, sleeves, strict=True)):
        radius = np.where(arm.along < 1, 0.20 - 0.03 * arm.along, 0.17 - 0.03 * np.minimum(arm.along - 1, 1)) * unit
        near = _rise(radius - arm.apart, 0.02 * unit) * (arm.along > -0.3)
        past = _rise(share_along(arm, bone_lengths(scene, "arm", side)) - sleeve.share, 0.02)
        belief = 0.45 * sleeve.certainty
        own = 0.5 + belief * (2 * past - 1)
        bare = np.where(near > arms, own, bare)
        arms = np.maximum(arms, near)
    return arms, bare


def _expect_legs(scene: Scene, hems: tuple[Ending, Ending]) -> tuple[Floats, Floats]:
    """Distance to the nearer leg in px, and how surely (0…1) it is bare there."""
    first, second = scene.legs
    bare = [
        _rise(share_along(leg, bone_lengths(scene, "leg", side)) - hem.share, 0.02) * hem.certainty * (leg.seen > 0.3)
        for side, (leg, hem) in enumerate(zip(scene.legs, hems, strict=True))
    ]
    nearer = first.apart < second.apart
    return np.minimum(first.apart, second.apart), np.where(nearer, bare[0], bare[1]).astype(np.float32)


def _expect_other(scene: Scene, bare_legs: Floats, arms: Floats) -> Floats:
    """Shoes, and things held: about the hands, and beside legs that are bare there."""
    unit = scene.skeleton.unit
    away = np.minimum(scene.legs[0].apart, scene.legs[1].apart)
    other = 0.02 + 0.1 * _rise(np.abs(scene.u) - 0.6, 0.05) + 0.12 * bare_legs * _rise(away - 0.2 * unit, 0.04 * unit)
    for arm in scene.arms:
        hand = np.maximum(arm.apart - 0.3 * unit * np.clip(arm.along - 2, 0, 1), 0)
        hand = hand + unit * np.maximum(2 - arm.along, 0)
        other = np.maximum(other, 0.2 * _rise(0.45 * unit - hand, 0.05 * unit) * arm.seen)
    other *= 1 - 0.9 * arms * (1 - _rise(_beyond_wrist(scene), 0.05))
    for side, leg in enumerate(scene.legs):
        if scene.skeleton.seen("ankle", side) > 0.4:
            other = np.maximum(other, _rise(leg.along - 2.0, 0.06) * _rise(0.35 * unit - leg.apart, 0.05 * unit))
    return np.asarray(other, np.float32)


def _beyond_wrist(scene: Scene) -> Floats:
    """How far along the nearer arm a pixel lies past the wrist, in bones; negative before it."""
    first, second = scene.arms
    return np.where(first.apart < second.apart, first.along, second.along).astype(np.float32) - 1.9


def let_hair_fall(scene: Scene, shares: Floats, expected: Floats) -> None:
    """Change (in place) the expectation of hair below the chin: more on a side where hair hangs all the way down
    beside the face, less where it does not."""
    skeleton = scene.skeleton
    size = skeleton.face_height
    middle = (skeleton.eyes + skeleton.mouth) / 2
    rows, columns = np.ogrid[: scene.shape[0], : scene.shape[1]]
    ends = [skeleton.mouth[1] - 0.2 * size, skeleton.mouth[1] + 0.75 * size]
    top, bottom = np.clip(ends, 0, scene.shape[0]).astype(int)
    for sign in (-1, 1):
        reach = sign * (columns - middle[0])
        side = (reach > 0.3 * size) & (reach < 2.2 * size)
        hair = (shares[Label.HAIR] > 0.5) & ~scene.face & side
        wide = hair[top:bottom].sum(1) > 0.15 * size
        hangs = float(wide.mean()) if bottom > top else 0.5
        below = (reach > 0) & (reach < 2.6 * size) & (scene.t < 0.9) & (rows > skeleton.mouth[1] + 0.5 * size)
        expected[Label.HAIR][below] *= 0.2 + 5.0 * float(np.clip((hangs - 0.5) / 0.4, 0, 1))
    expected /= expected.sum(0)
