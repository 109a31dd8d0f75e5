"""Which pixel of a person's photo shows what: hair, skin, the upper and lower garment, shoes.

No network knows clothes here. What is known before looking is the skeleton: it says where each thing usually is. What
the photo adds is colour: every label learns its own colours from where it is sure to be, the boundaries along the body
(waist, cuffs, hems) are found with them, and then labels follow the photo's edges (guided filter: He et al., "Guided
image filtering", 2013). A few rounds of that settle.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.anatomy import Floats, Skeleton
from vtonlab.engines.instant.boundaries import Ending, Waist, find_endings, find_waist
from vtonlab.engines.instant.expectations import expect_labels, expect_neck, let_hair_fall
from vtonlab.engines.instant.records import Label, Plane, Points
from vtonlab.engines.instant.scene import CHROMAS, COLOURS, LIGHTS, Bools, Scene, around_face, bone_lengths, set_scene

ROUNDS = 3
_BACKDROP_SAYS = 20.0
_UNKNOWN = {
    Label.BACKGROUND: 0.02,
    Label.HAIR: 0.005,
    Label.SKIN: 0.002,
    Label.UPPER: 0.15,
    Label.LOWER: 0.015,
    Label.OTHER: 0.5,
}
"""Share of each label's colours that its sure places cannot have shown: prints, linings and jackets are upper, things
held are other."""


@dataclass(frozen=True)
class Parse:
    """``labels`` (h, w) and ``hands`` (h, w) 0/255 at parsing size, which is ``scene.scale`` times the working size."""

    labels: Plane
    hands: Plane
    scene: Scene
    waist: Waist
    sleeves: tuple[Ending, Ending]
    hems: tuple[Ending, Ending]


def parse_person(picture: Picture, skeleton: Skeleton, silhouette: Floats, face: Points) -> Parse:
    """Label every pixel of the working ``picture``. ``silhouette``: (h, w) 0…1; ``face``: its outline, may be empty."""
    scene = set_scene(picture, skeleton, silhouette, face)
    waist = find_waist(scene)
    seeds = sure_places(scene, waist)
    tables = learn_colours(scene, seeds[:, ::2, ::2])
    sleeves, hems = _find_endings(scene, tables)
    expected = expect_labels(scene, waist, sleeves, hems)
    follow = cv2.ximgproc.createGuidedFilter(scene.picture, 6, 25.0, 0.5)
    for number in range(ROUNDS):
        shares = _weigh(scene, expected, tables, follow)
        if number < ROUNDS - 1:
            believed = shares[:, ::2, ::2]
            weights = believed * (believed > 0.6)
            if number == 0:
                weights[Label.UPPER] += seeds[Label.UPPER, ::2, ::2] * (believed[Label.UPPER] > 0.2)
                let_hair_fall(scene, shares, expected)
            tables = learn_colours(scene, weights)
    labels = tidy(scene, shares.argmax(0).astype(np.uint8), waist)
    hands = (scene.hands > 0).astype(np.uint8) * np.uint8(255)
    return Parse(labels, hands, scene, waist, sleeves, hems)


def _weigh(scene: Scene, expected: Floats, tables: Floats, follow: cv2.ximgproc.GuidedFilter) -> Floats:
    """(6, h, w) shares: what is expected times how well each colour fits, smoothed within the photo's edges.

    That the backdrop has a garment's colour says little against the garment: the outline has already been found by
    closer comparison, so the backdrop's colours may only tip the scales."""
    shares: Floats = expected * np.take(np.power(tables, 0.8), scene.colour, axis=1)
    person = shares[1:].sum(0)
    even = person / np.maximum(1 - expected[Label.BACKGROUND], 1e-3) * expected[Label.BACKGROUND]
    shares[Label.BACKGROUND] = np.clip(shares[Label.BACKGROUND], even / _BACKDROP_SAYS, even * _BACKDROP_SAYS)
    shares /= person + shares[Label.BACKGROUND] + 1e-20
    for label in Label:
        if label != Label.BACKGROUND:
            shares[label] = follow.filter(shares[label])
    np.clip(shares, 1e-4, 1, out=shares)
    shares[Label.BACKGROUND] = np.maximum(1 - shares[1:].sum(0), 1e-4)  # the filter is linear: all six sum to 1
    return shares


# ------------------------------------------------------------------------------------------------ sure places


def sure_places(scene: Scene, waist: Waist) -> Floats:
    """(6, h, w) 0…1: where each label is almost certain, to learn its colours from."""
    t, u, unit = scene.t, scene.u, scene.skeleton.unit
    person = cv2.erode((scene.person > 0.8).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    skin = scene.skin.near[scene.colour]
    free = person & (scene.hands == 0) & ~_forearms(scene, 0.15)
    seeds = np.zeros((6, *scene.shape), np.float32)
    seeds[Label.BACKGROUND] = scene.person < 0.1
    seeds[Label.HAIR] = (person & around_face(scene)) * (1 - 0.9 * np.clip(2 * skin, 0, 1))
    seeds[Label.SKIN] = person & (scene.face | (scene.hands > 0.5)) & (skin > 0.3)
    end = min(0.85, waist.top_end - 0.05)
    seeds[Label.UPPER] = _without_skin(free & (t > min(0.3, end - 0.15)) & (t < end) & (np.abs(u) < 0.3), skin)
    start = waist.lower_start + 0.06
    hips = free & (t > start) & (t < max(start, 1.0) + 0.3) & (np.abs(u) < 0.28)
    # Thighs may be bare below the shortest shorts; what covers the seat is cloth, even of the skin's colour.
    thighs = t > max(start, 1.0) + 0.1
    seeds[Label.LOWER] = hips & ~(thighs & (scene.skin.far[scene.colour] > 0.5))
    for side, leg in enumerate(scene.legs):
        if scene.skeleton.seen("ankle", side) > 0.4:
            seeds[Label.OTHER] += person & (leg.along > 2.25) & (leg.apart < 0.2 * unit)
    return np.minimum(seeds, 1)


def _without_skin(place: Bools, skin: Floats) -> Bools:
    """``place`` without what has the skin's colour, unless the cloth has it."""
    cloth = place & (skin < 0.5)
    return cloth if cloth.sum() > 0.5 * place.sum() else place


def _forearms(scene: Scene, radius: float) -> Bools:
    reach = radius * scene.skeleton.unit
    return np.asarray(np.any([(arm.along > 1.1) & (arm.apart < reach) for arm in scene.arms], axis=0), np.bool_)


# ------------------------------------------------------------------------------------------------ colours


def learn_colours(scene: Scene, weights: Floats) -> Floats:
    """(6, COLOURS): how common each colour is where each label is believed to be; each row sums to 1.
    ``weights``: (6, h/2, w/2), of every other row and column."""
    tables = np.empty((6, COLOURS), np.float32)
    numbers = scene.colour[::2, ::2].ravel()
    for label in Label:
        weight = weights[label].ravel()
        table = np.bincount(numbers, weight, COLOURS).astype(np.float32)
        total = float(table.sum())
        if total < 8:
            table[:] = 1.0 / COLOURS
        else:
            table = _soften(table.reshape(LIGHTS, CHROMAS, CHROMAS)).ravel() / total
        if label == Label.SKIN:
            near = scene.skin.near / scene.skin.near.sum()
            learnt = 0.8 * min(total / 100, 1) if total >= 8 else 0.0
            table = (learnt * table + (1 - learnt) * near) * scene.skin.far**0.5
            table /= table.sum()
        unknown = _UNKNOWN[label]
        tables[label] = (1 - unknown) * table + unknown / COLOURS
    return tables


def _soften(table: Floats) -> Floats:
    """A 1-4-6-4-1 blur along each axis of a colour table."""
    kernel = np.array([1, 4, 6, 4, 1], np.float32) / 16
    lights, size = table.shape[0], table.shape[1] * table.shape[2]
    one = np.ones(1, np.float32)
    lines = cv2.sepFilter2D(table.reshape(lights, size), -1, one, kernel, borderType=cv2.BORDER_REPLICATE)
    planes = [cv2.sepFilter2D(plane, -1, kernel, kernel) for plane in lines.reshape(lights, CHROMAS, CHROMAS)]
    return np.stack(planes)


# ------------------------------------------------------------------------------------------------ boundaries


def _find_endings(scene: Scene, tables: Floats) -> tuple[tuple[Ending, Ending], tuple[Ending, Ending]]:
    skin = tables[Label.SKIN]
    not_upper = np.log(skin / tables[Label.UPPER])[scene.colour]
    not_cloth = np.log(skin / np.maximum(tables[Label.LOWER], 0.5 * tables[Label.UPPER]))[scene.colour]
    arm_lengths = (bone_lengths(scene, "arm", 0), bone_lengths(scene, "arm", 1))
    leg_lengths = (bone_lengths(scene, "leg", 0), bone_lengths(scene, "leg", 1))
    return (
        find_endings(scene, scene.arms, not_upper, arm_lengths, hidden_by_things=False),
        find_endings(scene, scene.legs, not_cloth, leg_lengths, hidden_by_things=True),
    )


# ------------------------------------------------------------------------------------------------ tidying


def tidy(scene: Scene, labels: Plane, waist: Waist) -> Plane:
    """Give islands that nobody wears to what surrounds them."""
    t, u, unit = scene.t, scene.u, scene.skeleton.unit
    cloth_here = np.where(t < waist.lower_start, Label.UPPER, Label.LOWER).astype(np.uint8)

    limbs = np.any([limb.apart < 0.16 * unit for limb in (*scene.arms, *scene.legs)], axis=0)
    bare = scene.face | (scene.hands > 0) | limbs | (expect_neck(scene) > 0.3) | (scene.head < 1.8)
    if waist.lower_start > waist.top_end:
        bare |= (t > waist.top_end - 0.05) & (t < waist.lower_start + 0.05)
    skin = labels == Label.SKIN
    stray = skin & ~keep_pieces(skin, bare, 1.0)
    labels[stray] = cloth_here[stray]

    hair = labels == Label.HAIR
    stray = hair & ~keep_pieces(hair, around_face(scene), 1.0)
    labels[stray] = cloth_here[stray]

    upper = labels == Label.UPPER
    stray = upper & ~keep_pieces(upper, (np.abs(u) < 0.35) & (t > 0.25) & (t < 0.8), 0.04)
    labels[stray] = Label.SKIN
    return _give_prints_back(labels)


def _give_prints_back(labels: Plane) -> Plane:
    """What is taken for a thing held or worn but lies within one garment, away from skin, is printed on it."""
    count, pieces = cv2.connectedComponents((labels == Label.OTHER).astype(np.uint8))
    beside = np.zeros((count, len(Label)), np.int64)
    for one, other in (
        ((slice(1, None),), (slice(None, -1),)),
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
    ):
        for here, there in ((one, other), (other, one)):
            edge = (pieces[here] > 0) & (labels[there] != Label.OTHER)
            np.add.at(beside, (pieces[here][edge], labels[there][edge]), 1)
    rim = np.maximum(beside.sum(1), 1)
    for garment in (Label.UPPER, Label.LOWER):
        printed = (beside[:, garment] > 0.8 * rim) & (beside[:, Label.SKIN] == 0)
        printed[0] = False
        labels[printed[pieces]] = garment
    return labels


def keep_pieces(mask: Bools, touching: Bools, share: float) -> Bools:
    """The pieces of ``mask`` that meet ``touching`` or hold more than ``share`` of it."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    good = stats[:, cv2.CC_STAT_AREA] > share * max(int(mask.sum()), 1)
    good[np.unique(pieces[touching & mask])] = True
    good[0] = False
    return np.asarray(good[pieces], np.bool_)
