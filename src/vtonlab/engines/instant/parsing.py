"""Which pixel of a person's photo shows what: hair, skin, the upper and lower garment, shoes; and soft edges for them.

No network knows clothes here. What is known before looking is the skeleton: it says where each thing usually is. What
the photo adds is colour: every label learns its own colours from where it is sure to be, and labels then follow the
photo's edges (Lab histograms, weighted least-squares smoothing: Min et al., "Fast global image smoothing based on
weighted least squares", 2014). Three rounds of that settle.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.anatomy import Floats, Skeleton, limb_coordinates, torso_coordinates
from vtonlab.engines.instant.records import Label, Plane, Points

PARSE_HEIGHT = 512
ROUNDS = 3
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Parse:
    """``labels`` (h, w), ``shares`` (6, h, w) float32 summing to 1, both at parsing size; ``scale`` working → parsing."""

    labels: Plane
    shares: Floats
    hands: Plane
    skin_lab: tuple[float, float, float]
    waist_t: float
    midriff: tuple[float, float] | None
    same_cloth: bool
    scale: float


@dataclass(frozen=True)
class _Scene:
    """What every step below looks at, at parsing size."""

    picture: Picture
    lab: NDArray[np.uint8]
    person: Floats
    skeleton: Skeleton
    t: Floats
    u: Floats
    arms: tuple[tuple[Floats, Floats], ...]
    legs: tuple[tuple[Floats, Floats], ...]
    face: Bools
    hands: Bools
    head: Floats
    """Distance from the middle of the face in face heights."""
    skin: Floats
    """0…1 likeness to the skin of the face."""
    skin_lab: tuple[float, float, float]


def parse_person(picture: Picture, skeleton: Skeleton, silhouette: Floats, face: Points) -> Parse:
    """Label every pixel of the working ``picture``. ``silhouette``: (h, w) 0…1; ``face``: its outline, may be empty."""
    scale = min(1.0, PARSE_HEIGHT / picture.shape[0])
    scene = _set_scene(picture, skeleton, silhouette, face, scale)
    waist_t, midriff, same_cloth = find_waist(scene)
    shares = _expect(scene, waist_t, midriff)
    expected = shares
    seeds = _sure_places(scene, waist_t)
    weights = seeds
    smoother_guide = scene.picture
    for number in range(ROUNDS):
        likeness = _colour_likeness(scene, weights)
        shares = expected * likeness
        shares /= shares.sum(0) + 1e-12
        shares = _follow_edges(smoother_guide, shares)
        weights = np.where(shares > 0.6, shares, 0).astype(np.float32)
        if number == 0:
            weights[Label.UPPER] += seeds[Label.UPPER] * (shares[Label.UPPER] > 0.2)
    labels = _tidy(scene, shares.argmax(0).astype(np.uint8), waist_t)
    return Parse(labels, shares, _u8(scene.hands), scene.skin_lab, waist_t, midriff, same_cloth, scale)


def _u8(mask: Bools) -> Plane:
    return mask.astype(np.uint8) * 255


# ------------------------------------------------------------------------------------------------ the scene


def _set_scene(picture: Picture, skeleton: Skeleton, silhouette: Floats, face: Points, scale: float) -> _Scene:
    size = (max(8, round(picture.shape[1] * scale)), max(8, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    skeleton = skeleton.scaled(scale)
    shape = (size[1], size[0])
    lab = cv2.cvtColor(cv2.bilateralFilter(small, 5, 18, 3), cv2.COLOR_RGB2LAB)
    t, u = torso_coordinates(skeleton, shape)
    half = (shape[0] // 2 + 1, shape[1] // 2 + 1)
    arms = tuple(_enlarge(limb_coordinates([p / 2 for p in _arm(skeleton, side)], half), shape) for side in (0, 1))
    legs = tuple(_enlarge(limb_coordinates([p / 2 for p in _leg(skeleton, side)], half), shape) for side in (0, 1))
    middle = (skeleton.eyes + skeleton.mouth) / 2
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    head = (np.hypot(columns - middle[0], rows - middle[1]) / skeleton.face_height).astype(np.float32)
    oval = _face_area(skeleton, face * scale, shape)
    person = _find_outline(small, cv2.resize(silhouette, size), skeleton)
    hands = _hand_area(skeleton, shape)
    skin_lab, skin = _learn_skin(lab, person, oval, hands, skeleton)
    return _Scene(small, lab, person, skeleton, t, u, arms, legs, oval, hands, head, skin, skin_lab)


def _enlarge(maps: tuple[Floats, Floats], shape: tuple[int, int]) -> tuple[Floats, Floats]:
    along, apart = (cv2.resize(m, None, fx=2, fy=2)[: shape[0], : shape[1]] for m in maps)
    return along, apart * 2


def _arm(skeleton: Skeleton, side: int) -> list[Floats]:
    wrist, index = skeleton.joint("wrist", side), skeleton.joint("index", side)
    return [skeleton.joint("shoulder", side), skeleton.joint("elbow", side), wrist, wrist + 1.3 * (index - wrist)]


def _leg(skeleton: Skeleton, side: int) -> list[Floats]:
    return [skeleton.joint(name, side) for name in ("hip", "knee", "ankle", "toes")]


def _find_outline(picture: Picture, silhouette: Floats, skeleton: Skeleton) -> Floats:
    """The person's share of each pixel, its edge moved onto the photo's."""
    radius = max(2, round(0.05 * skeleton.unit))
    smooth = cv2.ximgproc.guidedFilter(picture, silhouette, radius, 0.0004 * 255**2)
    return np.clip((smooth - 0.5) * 1.6 + 0.5, 0, 1).astype(np.float32)


def _face_area(skeleton: Skeleton, face: Points, shape: tuple[int, int]) -> Bools:
    area = np.zeros(shape, np.uint8)
    if len(face):
        cv2.fillPoly(area, [np.round(face).astype(np.int32)], 1)
    elif not skeleton.behind:
        lean = skeleton.mouth - skeleton.eyes
        middle = (skeleton.eyes + skeleton.mouth) / 2 + 0.05 * lean
        axes = (0.72 * skeleton.face_height, 0.95 * skeleton.face_height)
        angle = float(np.degrees(np.arctan2(-lean[0], lean[1])))
        centre = (float(np.clip(middle[0], -1e4, 1e4)), float(np.clip(middle[1], -1e4, 1e4)))
        cv2.ellipse(area, (centre, (2 * axes[0], 2 * axes[1]), angle), 1, -1)
    return area > 0


def _hand_area(skeleton: Skeleton, shape: tuple[int, int]) -> Bools:
    area = np.zeros(shape, np.uint8)
    for side in (0, 1):
        if skeleton.seen("wrist", side) < 0.3:
            continue
        wrist, index = skeleton.joint("wrist", side), skeleton.joint("index", side)
        centre = 0.3 * wrist + 0.7 * index
        reach = max(float(np.hypot(*(index - wrist))), 0.14 * skeleton.unit)
        if np.all(np.abs(centre) < 1e4):
            cv2.circle(area, (round(float(centre[0])), round(float(centre[1]))), round(reach * 0.95), 1, -1)
    return area > 0


def _learn_skin(
    lab: NDArray[np.uint8], person: Floats, face: Bools, hands: Bools, skeleton: Skeleton
) -> tuple[tuple[float, float, float], Floats]:
    """Median skin colour (OpenCV 8-bit Lab) and each pixel's likeness to it, 0…1. From the face; where that is
    missing from the neck and hands."""
    sample = lab[face & (person > 0.5)].astype(np.float32)
    if len(sample) < 60:
        neck = np.zeros(face.shape, np.uint8)
        spot = skeleton.mouth + 0.55 * (skeleton.shoulders - skeleton.mouth)
        if np.all(np.abs(spot) < 1e4):
            cv2.circle(neck, (round(float(spot[0])), round(float(spot[1]))), round(0.12 * skeleton.unit), 1, -1)
        sample = lab[((neck > 0) | hands) & (person > 0.5)].astype(np.float32)
    if len(sample) < 30:
        sample = np.tile(np.array([[165.0, 148.0, 152.0]], np.float32), (50, 1))
    low, high = np.percentile(sample[:, 0], [25, 97])
    sample = sample[(sample[:, 0] >= low) & (sample[:, 0] <= high)]
    middle = np.median(sample, 0)
    for _ in range(2):
        apart = np.abs(sample - middle)
        near = sample[(apart[:, 0] < 45) & (apart[:, 1] < 13) & (apart[:, 2] < 15)]
        if len(near) > 30:
            middle = np.median(near, 0)
    light = np.arange(256) - middle[0]
    by_light = np.exp(-0.5 * np.where(light < 0, light / 60, light / 40) ** 2).astype(np.float32)
    by_a = np.exp(-0.5 * ((np.arange(256) - middle[1]) / 7.5) ** 2).astype(np.float32)
    by_b = np.exp(-0.5 * ((np.arange(256) - middle[2]) / 8.5) ** 2).astype(np.float32)
    skin = by_light[lab[..., 0]] * by_a[lab[..., 1]] * by_b[lab[..., 2]]
    return (float(middle[0]), float(middle[1]), float(middle[2])), skin


# ------------------------------------------------------------------------------------------------ the waist

_WAIST_FROM, _WAIST_TO, _WAIST_ROWS = 0.28, 1.55, 64


def find_waist(scene: _Scene) -> tuple[float, tuple[float, float] | None, bool]:
    """Where the upper garment gives way to the lower one, as t; a bare midriff between them if there is one; and
    whether both are of one cloth.

    The row that minimises the entropy of the colours above plus that of the colours below.
    """
    column = (scene.person > 0.5) & (np.abs(scene.u) < 0.28) & ~scene.hands
    column &= (scene.t > _WAIST_FROM) & (scene.t < _WAIST_TO) & (scene.skin < 0.5)
    if column.sum() < 200:
        return 1.0, None, False
    lab = scene.lab[column].astype(np.int32)
    colour = (lab[:, 0] // 24 * 25 + lab[:, 1] // 10) * 26 + lab[:, 2] // 10
    _, colour = np.unique(colour, return_inverse=True)
    row = ((scene.t[column] - _WAIST_FROM) / (_WAIST_TO - _WAIST_FROM) * _WAIST_ROWS).astype(np.int32)
    row = np.clip(row, 0, _WAIST_ROWS - 1)
    count = int(colour.max()) + 1
    table = np.bincount(row * count + colour, minlength=_WAIST_ROWS * count).reshape(_WAIST_ROWS, count)
    above = np.cumsum(table, 0)
    total = above[-1]
    entropy = _entropy(above) + _entropy(total - above)
    whole = float(_entropy(total[None])[0])
    t = _WAIST_FROM + (np.arange(_WAIST_ROWS) + 1) / _WAIST_ROWS * (_WAIST_TO - _WAIST_FROM)
    cost = entropy + ((t - 0.98) / 0.35) ** 2 * 0.02 * total.sum()
    cost[(t < 0.45) | (t > 1.4)] = np.inf
    best = int(cost.argmin())
    gain = 1 - entropy[best] / (whole + 1e-9)
    if gain < 0.10:
        return 0.98, None, True
    return float(t[best]), None, False


def _entropy(counts: NDArray[np.int64]) -> Floats:
    """Bits times pixels of each row of counts."""
    n = counts.sum(-1, keepdims=True) + 1e-9
    share = counts / n
    return np.asarray(-(share * np.log(share + 1e-9)).sum(-1) * n[:, 0], np.float32)


# ------------------------------------------------------------------------------------------ what is expected


def _rise(value: Floats, softness: float) -> Floats:
    """0…1 logistic step."""
    return np.asarray(1 / (1 + np.exp(np.clip(-value / softness, -30, 30))), np.float32)


def _expect(scene: _Scene, waist_t: float, midriff: tuple[float, float] | None) -> Floats:
    """(6, h, w) shares of each label from the skeleton and outline alone."""
    t, u, unit = scene.t, scene.u, scene.skeleton.unit
    expected = np.full((6, *t.shape), 1e-4, np.float32)
    person = np.clip(scene.person, 0.02, 0.98)
    arms = np.zeros(t.shape, np.float32)
    for along, apart in scene.arms:
        radius = np.where(along < 1, 0.20 - 0.03 * along, 0.17 - 0.03 * np.minimum(along - 1, 1)) * unit
        arms = np.maximum(arms, _rise(radius - apart, 0.02 * unit) * (along > -0.3))
    torso = _rise(0.62 - np.abs(u), 0.05)
    chin_t = float((scene.skeleton.mouth - scene.skeleton.shoulders) @ scene.skeleton.down)
    chin_t *= 0.55 / scene.skeleton.torso_length
    hair = 0.9 * _rise(2.3 - scene.head, 0.15) * _rise(chin_t - 0.03 - t, 0.03)
    hair += 0.1 * _rise(0.45 - t, 0.05) * _rise(3.4 - scene.head, 0.2)
    hair[scene.face] = 0.03
    hair = np.clip(hair, 0, 1)
    neck_middle = scene.skeleton.mouth + 0.55 * (scene.skeleton.shoulders - scene.skeleton.mouth)
    columns = np.arange(t.shape[1], dtype=np.float32)[None]
    neck = np.exp(-((columns - neck_middle[0]) ** 2) / (2 * (0.2 * unit) ** 2)) * _rise(0.12 - t, 0.04)
    skin = 0.02 + 0.9 * scene.face + 0.45 * _rise(1.75 - scene.head, 0.1) * ~scene.face
    skin = np.maximum(skin, 0.9 * neck)
    skin = np.maximum(skin, 0.35 * _rise(0.34 - t, 0.06) * np.exp(-((u / 0.33) ** 2)))
    skin = np.maximum(skin, 0.1 * _rise(t - 0.55, 0.05) * _rise(1.15 - t, 0.05) * torso)
    skin = np.maximum(skin, 0.55 * arms * _rise(np.abs(u) - 0.4, 0.06))
    skin = np.maximum(skin, 0.5 * arms * _rise(t - 0.45, 0.1))
    skin = np.maximum(skin, 0.97 * scene.hands)
    skin = np.maximum(skin, 0.25 * _rise(t - 1.5, 0.15))
    upper = 0.95 * torso * _rise(t + 0.1, 0.03) * _rise(waist_t + 0.02 - t, 0.07)
    upper = np.maximum(upper, 0.55 * arms)
    upper = np.maximum(upper, 0.25 * _rise(t + 0.12, 0.04) * _rise(waist_t + 0.2 - t, 0.06))
    upper *= np.where(scene.hands, 0.03, 1) * np.where(scene.face, 0.02, 1) * np.where(neck > 0.6, 0.35, 1)
    lower = 0.95 * _rise(t - waist_t, 0.07) * (1 - 0.6 * arms)
    lower = np.maximum(lower, 0.95 * _rise(t - max(1.15, waist_t + 0.1), 0.05) * _rise(1.1 - np.abs(u), 0.1))
    lower *= np.where(scene.hands, 0.05, 1)
    other = np.zeros_like(t)
    for side, (along, apart) in enumerate(scene.legs):
        if scene.skeleton.seen("ankle", side) > 0.4:
            other = np.maximum(other, _rise(along - 2.0, 0.06) * _rise(0.35 * unit - apart, 0.05 * unit))
    for label, share in zip(Label, (1 - person, hair, skin, upper, lower, other), strict=True):
        expected[label] += share if label == Label.BACKGROUND else person * share
    return np.asarray(expected / expected.sum(0), np.float32)


def _sure_places(scene: _Scene, waist_t: float) -> Floats:
    """(6, h, w) 0/1: where each label is almost certain, to learn its colours from."""
    person, t, u = scene.person > 0.7, scene.t, scene.u
    chin_t = float((scene.skeleton.mouth - scene.skeleton.shoulders) @ scene.skeleton.down)
    chin_t *= 1.0 / scene.skeleton.torso_length
    seeds = np.zeros((6, *t.shape), np.float32)
    seeds[Label.BACKGROUND] = scene.person < 0.1
    ring = (scene.head > 1.0) & (scene.head < 2.4) & ~scene.face & (t < chin_t) & (scene.skin < 0.25)
    seeds[Label.HAIR] = person & ring
    seeds[Label.SKIN] = person & (scene.face | scene.hands) & (scene.skin > 0.3)
    seeds[Label.UPPER] = (
        person & (t > 0.3) & (t < min(0.8, waist_t - 0.06)) & (np.abs(u) < 0.3) & ~scene.hands & (scene.skin < 0.6)
    )
    seeds[Label.LOWER] = person & (t > max(waist_t + 0.06, 1.0)) & (t < 1.75) & (np.abs(u) < 0.55) & ~scene.hands
    for side, (along, apart) in enumerate(scene.legs):
        if scene.skeleton.seen("ankle", side) > 0.4:
            seeds[Label.OTHER] += person & (along > 2.25) & (apart < 0.2 * scene.skeleton.unit)
    return np.minimum(seeds, 1)


# ------------------------------------------------------------------------------------------- colours and edges

_BINS = (16, 32, 32)


def _colour_likeness(scene: _Scene, weights: Floats) -> Floats:
    """(6, h, w): how common each pixel's colour is where each label is believed to be."""
    lab = scene.lab.astype(np.int32)
    a, b = (np.clip((lab[..., i] - 128) * 1.8 + 128, 0, 255).astype(np.int32) for i in (1, 2))
    bins = ((lab[..., 0] // 16 * 32) + a // 8) * 32 + b // 8
    likeness = np.full(weights.shape, 1e-5, np.float32)
    for label in Label:
        weight = weights[label]
        if weight.sum() < 25:
            continue
        table = np.bincount(bins.ravel(), weight.ravel(), int(np.prod(_BINS))).reshape(_BINS).astype(np.float32)
        table = _soften(table)
        likeness[label] = (table / table.sum() + 2e-6).ravel()[bins]
    skin = likeness[Label.SKIN]
    if (skin > 1e-5).any():
        likeness[Label.SKIN] = 0.6 * skin + 0.4 * scene.skin * np.percentile(skin[skin > 1e-5], 90)
    return np.asarray(np.power(likeness, 0.8), np.float32)


def _soften(table: Floats) -> Floats:
    """A 1-4-6-4-1 blur along each axis of a colour table."""
    for axis in range(3):
        for _ in range(2):
            padded = np.pad(table, [(1, 1) if i == axis else (0, 0) for i in range(3)], mode="edge")
            size = table.shape[axis]
            parts = [np.take(padded, range(k, k + size), axis) for k in range(3)]
            table = 0.25 * parts[0] + 0.5 * parts[1] + 0.25 * parts[2]
    return table


def _follow_edges(picture: Picture, shares: Floats) -> Floats:
    """Smooth the shares within the photo's edges."""
    smooth = cv2.ximgproc.createGuidedFilter(picture, 6, 60.0)
    followed = np.stack([smooth.filter(np.ascontiguousarray(share)) for share in shares])
    followed = np.clip(followed, 1e-4, 1)
    return np.asarray(followed / followed.sum(0), np.float32)


def _tidy(scene: _Scene, labels: Plane, waist_t: float) -> Plane:
    """Take away islands that no person wears."""
    core = (np.abs(scene.u) < 0.35) & (scene.t > 0.3) & (scene.t < 0.8)
    upper = _keep(labels == Label.UPPER, core, 0.04)
    labels[(labels == Label.UPPER) & ~upper] = Label.SKIN
    return labels


def _keep(mask: Bools, touching: Bools, share: float) -> Bools:
    """The pieces of ``mask`` that meet ``touching`` or hold more than ``share`` of it."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    good = stats[:, cv2.CC_STAT_AREA] > share * max(int(mask.sum()), 1)
    good[np.unique(pieces[touching & mask])] = True
    good[0] = False
    return np.asarray(good[pieces], np.bool_)
