"""A person's photo at parsing size with everything that parsing looks at: colours, outline, body coordinates, skin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.anatomy import Floats, Skeleton, limb_coordinates, torso_coordinates
from vtonlab.engines.instant.records import Points

PARSE_HEIGHT = 512
Bools = NDArray[np.bool_]
_NEARBY = 3.5
T = TypeVar("T", bound=np.generic)

LIGHTS, CHROMAS = 16, 32
COLOURS = LIGHTS * CHROMAS * CHROMAS
CHROMA_STRETCH = 1.8
"""Skin and pale cloth differ by few steps of chroma: stretched, so that they fall into different bins."""


@dataclass(frozen=True)
class Limb:
    """(h, w) maps of a limb: ``along`` its chain (0 first joint, 1 second …), ``apart`` from its line in px."""

    along: Floats
    apart: Floats
    seen: float
    """Visibility of its middle joint, 0…1."""


@dataclass(frozen=True)
class Skin:
    """``lab``: median colour (OpenCV 8-bit Lab). ``near`` and ``far``: (COLOURS,) likeness 0…1 of each colour to it,
    the second with room for shadow, make-up and light."""

    lab: tuple[float, float, float]
    near: Floats
    far: Floats


@dataclass(frozen=True)
class Scene:
    """All maps are (h, w) at parsing size, ``scale`` times the working size."""

    picture: Picture
    lab: NDArray[np.uint8]
    colour: NDArray[np.int32]
    """Number of each pixel's colour bin, 0…COLOURS-1."""
    person: Floats
    """0…1 share of the person."""
    skeleton: Skeleton
    t: Floats
    u: Floats
    head: Floats
    """Distance from the middle of the face in face heights."""
    arms: tuple[Limb, Limb]
    legs: tuple[Limb, Limb]
    face: Bools
    face_seen: bool
    """Whether ``face`` is a traced outline, not a guess from the joints."""
    hands: Floats
    """0 where no hand is expected, else how surely (0…1) one is seen."""
    skin: Skin
    scale: float

    def halved(self) -> Scene:
        """Every other row and column, for maps that are smooth."""

        def half(plane: NDArray[T]) -> NDArray[T]:
            return np.ascontiguousarray(plane[::2, ::2])

        arms, legs = (
            tuple(Limb(half(limb.along), half(limb.apart) / 2, limb.seen) for limb in pair)
            for pair in (self.arms, self.legs)
        )
        return replace(
            self,
            picture=half(self.picture),
            lab=half(self.lab),
            colour=half(self.colour),
            person=half(self.person),
            skeleton=self.skeleton.scaled(0.5),
            t=half(self.t),
            u=half(self.u),
            head=half(self.head),
            arms=(arms[0], arms[1]),
            legs=(legs[0], legs[1]),
            face=half(self.face),
            hands=half(self.hands),
            scale=self.scale / 2,
        )

    @property
    def shape(self) -> tuple[int, int]:
        return self.picture.shape[0], self.picture.shape[1]


def set_scene(picture: Picture, skeleton: Skeleton, silhouette: Floats, face: Points) -> Scene:
    """``picture``: (H, W, 3) at working size; ``silhouette``: (H', W') 0…1; ``face``: its outline, may be empty."""
    scale = min(1.0, PARSE_HEIGHT / picture.shape[0])
    size = (max(8, round(picture.shape[1] * scale)), max(8, round(picture.shape[0] * scale)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture, np.uint8)
    shape = (size[1], size[0])
    skeleton = skeleton.scaled(scale)
    lab = np.asarray(cv2.cvtColor(cv2.bilateralFilter(small, 5, 18, 3), cv2.COLOR_RGB2LAB), np.uint8)
    t, u = torso_coordinates(skeleton, shape)
    middle = (skeleton.eyes + skeleton.mouth) / 2
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    head = np.hypot(columns - middle[0], rows - middle[1]) / skeleton.face_height
    oval = _face_area(skeleton, face * scale, shape)
    hands = _hand_area(skeleton, shape)
    arms = (_find_limb(skeleton, _ARM, 0, shape), _find_limb(skeleton, _ARM, 1, shape))
    legs = (_find_limb(skeleton, _LEG, 0, shape), _find_limb(skeleton, _LEG, 1, shape))
    seen = np.asarray(cv2.resize(silhouette, size), np.float32)
    person = _find_outline(small, lab, seen, [*arms, *legs], skeleton.unit)
    return Scene(
        picture=small,
        lab=lab,
        colour=number_colours(lab),
        person=person,
        skeleton=skeleton,
        t=t,
        u=u,
        head=head.astype(np.float32),
        arms=arms,
        legs=legs,
        face=oval,
        face_seen=len(face) > 0,
        hands=hands,
        skin=_learn_skin(lab, person > 0.5, oval, hands, skeleton),
        scale=scale,
    )


def look_along(plane: NDArray[T], places: Floats, otherwise: int = 0, way: int = cv2.INTER_NEAREST) -> NDArray[T]:
    """The values of ``plane`` (uint8 or float32) at ``places`` (…, 2) x, y; ``otherwise`` outside of it."""
    x, y = (np.ascontiguousarray(places[..., i], np.float32) for i in (0, 1))
    found = cv2.remap(plane, x, y, way, borderMode=cv2.BORDER_CONSTANT, borderValue=[otherwise] * 4)
    return np.asarray(found, plane.dtype)


def number_colours(lab: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The bin of each colour of an OpenCV 8-bit Lab picture."""
    stretched = np.clip((np.arange(256) - 128) * CHROMA_STRETCH + 128, 0, 255)
    chroma = (stretched * CHROMAS / 256).astype(np.int32)
    light = (np.arange(256) * LIGHTS // 256).astype(np.int32) * CHROMAS * CHROMAS
    return np.asarray(light[lab[..., 0]] + (chroma * CHROMAS)[lab[..., 1]] + chroma[lab[..., 2]], np.int32)


def around_face(scene: Scene) -> Bools:
    """(h, w) the ring around the face, chin and neck left out."""
    lean = scene.skeleton.mouth - scene.skeleton.eyes
    length = max(float(np.hypot(*lean)), 1.0)
    rows, columns = np.ogrid[: scene.shape[0], : scene.shape[1]]
    below = ((columns - scene.skeleton.mouth[0]) * lean[0] + (rows - scene.skeleton.mouth[1]) * lean[1]) / length
    return np.asarray((scene.head > 1.0) & (scene.head < 2.4) & ~scene.face & (below < 0), np.bool_)


def bone_lengths(scene: Scene, limb: str, side: int) -> tuple[float, float]:
    """Of the ``"arm"`` or ``"leg"`` on the picture's left (0) or right (1), px at parsing size."""
    names = ("shoulder", "elbow", "wrist") if limb == "arm" else ("hip", "knee", "ankle")
    points = [scene.skeleton.joint(name, side) for name in names]
    return float(np.hypot(*(points[1] - points[0]))), float(np.hypot(*(points[2] - points[1])))


# ------------------------------------------------------------------------------------------------ where things are

_ARM = ("shoulder", "elbow", "wrist", "index")
_LEG = ("hip", "knee", "ankle", "toes")


def _find_limb(skeleton: Skeleton, names: tuple[str, ...], side: int, shape: tuple[int, int]) -> Limb:
    """At half the size: the maps are smooth."""
    chain = [skeleton.joint(name, side) / 2 for name in names]
    chain[-1] = chain[-2] + 1.3 * (chain[-1] - chain[-2])
    maps = limb_coordinates(chain, (shape[0] // 2 + 1, shape[1] // 2 + 1))
    along, apart = (cv2.resize(m, None, fx=2, fy=2)[: shape[0], : shape[1]] for m in maps)
    return Limb(np.asarray(along, np.float32), np.asarray(apart * 2, np.float32), skeleton.seen(names[1], side))


def _face_area(skeleton: Skeleton, face: Points, shape: tuple[int, int]) -> Bools:
    area = np.zeros(shape, np.uint8)
    lean = skeleton.mouth - skeleton.eyes
    middle = (skeleton.eyes + skeleton.mouth) / 2 + 0.05 * lean
    if len(face):
        cv2.fillPoly(area, [np.round(face).astype(np.int32)], (1,))
    elif not skeleton.behind and np.all(np.abs(middle) < 1e4):
        axes = (1.44 * skeleton.face_height, 1.9 * skeleton.face_height)
        angle = float(np.degrees(np.arctan2(-lean[0], lean[1])))
        cv2.ellipse(area, ((float(middle[0]), float(middle[1])), axes, angle), (1,), -1)
    return area > 0


def _hand_area(skeleton: Skeleton, shape: tuple[int, int]) -> Floats:
    area = np.zeros(shape, np.float32)
    for side in (0, 1):
        wrist, index = skeleton.joint("wrist", side), skeleton.joint("index", side)
        centre = 0.3 * wrist + 0.7 * index
        seen = skeleton.seen("wrist", side)
        if seen < 0.3 or np.any(np.abs(centre) > 1e4):
            continue
        reach = max(float(np.hypot(*(index - wrist))), 0.14 * skeleton.unit)
        sure = float(np.clip(0.97 * (seen - 0.2) / 0.5, 0.1, 0.97))
        cv2.circle(area, (round(float(centre[0])), round(float(centre[1]))), round(reach * 0.95), (sure,), -1)
    return area


def _find_outline(
    picture: Picture, lab: NDArray[np.uint8], silhouette: Floats, limbs: list[Limb], unit: float
) -> Floats:
    """The person's share of each pixel: what the models saw and where limbs are, weighed against how far each colour
    is from the backdrop's, then with its edge moved onto the photo's."""
    prior = np.clip(silhouette, 0.01, 0.99)
    for limb in limbs:
        if limb.seen > 0.6:
            bone = (limb.apart < 0.12 * unit) & (limb.along > 0) & (limb.along < 2)
            prior = np.where(bone, np.maximum(prior, 0.4), prior)
    odds = np.log(prior / (1 - prior)) + _compare_with_backdrop(lab, silhouette)
    share = np.asarray(1 / (1 + np.exp(-odds)), np.float32)
    radius = max(2, round(0.03 * unit))
    smooth = cv2.ximgproc.createGuidedFilter(picture, radius, 0.0003 * 255**2, 0.5).filter(share)
    return np.clip((smooth - 0.5) * 1.6 + 0.5, 0, 1).astype(np.float32)


def _compare_with_backdrop(lab: NDArray[np.uint8], silhouette: Floats) -> Floats:
    """(h, w) log of how much likelier a pixel is the person's than the backdrop's, -5.5…2; 0 where the backdrop is too
    busy to tell or too far away. Not under -2.5 where the person wears the backdrop's colours.

    The backdrop beside a pixel is the mean of what is surely backdrop around it, its roughness their spread. A shadow
    on it is darker, but hardly of another hue.
    """
    half = (max(1, lab.shape[1] // 2), max(1, lab.shape[0] // 2))
    small = cv2.resize(lab, half, interpolation=cv2.INTER_AREA).astype(np.float32)
    sure = (cv2.resize(silhouette, half, interpolation=cv2.INTER_AREA) < 0.06).astype(np.float32)
    close, close_weight = _compare_nearby(small, sure, 2)
    far, far_weight = _compare_nearby(small, sure, 10)
    inside = cv2.resize(silhouette, half, interpolation=cv2.INTER_AREA) > 0.9
    unlike = float((far[inside] > 1).mean()) if inside.any() else 0.0
    odds = close * close_weight + np.minimum(far, 0) * far_weight * (1 - close_weight)
    odds = np.maximum(odds, -2.5 - 3.0 * np.clip((unlike - 0.93) / 0.05, 0, 1))
    return np.asarray(cv2.resize(odds, (lab.shape[1], lab.shape[0])), np.float32)


def _compare_nearby(small: Floats, sure: Floats, coarse: int) -> tuple[Floats, Floats]:
    """As :func:`_compare_with_backdrop`, with the backdrop (where ``sure`` is 1) within some 7 ``coarse`` pixels; and
    how much of it there is (0…1)."""
    size = (max(1, small.shape[1] // coarse), max(1, small.shape[0] // coarse))
    shape = (small.shape[1], small.shape[0])

    def spread(plane: Floats) -> Floats:
        less = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(cv2.GaussianBlur(less, (0, 0), _NEARBY), shape), np.float32)

    near = spread(sure) + 1e-4
    off = small - spread(small * sure[..., None]) / near[..., None]
    off[..., 0] *= np.where(off[..., 0] < 0, 0.5, 1.0)
    square = np.minimum((off**2).sum(-1), 400)
    rough = spread(square * sure) / near + 1.0
    odds = np.clip(0.5 * square / rough - 1.5 * np.log(300 / rough), -5.5, 2.0)
    return odds.astype(np.float32), np.clip((near - 0.03) / 0.1, 0, 1).astype(np.float32)


# ------------------------------------------------------------------------------------------------ skin


def shows_skin(picture: Picture, skeleton: Skeleton, silhouette: Floats, face: Points) -> bool:
    """Whether some of face, neck, hands or ankles has a colour that skin can have. The pose model also sees people in
    clothes that lie flat; those have none of these. A picture without colour is taken at its word.

    ``picture`` (H, W, 3) and the rest at the same size.
    """
    scale = min(1.0, PARSE_HEIGHT / picture.shape[0])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.uint8)
    shape, skeleton = (small.shape[0], small.shape[1]), skeleton.scaled(scale)
    if np.hypot(lab[..., 1] - 128.0, lab[..., 2] - 128.0).max() < 6:
        return True
    skin = _is_possible_skin(lab) & (cv2.resize(silhouette, (shape[1], shape[0])) > 0.5)
    places = [_face_area(skeleton, face * scale, shape)]
    reach = 0.13 * skeleton.unit
    neck = 0.4 * skeleton.mouth + 0.6 * skeleton.shoulders
    for point in (neck, *(skeleton.joint(name, side) for name in ("index", "ankle") for side in (0, 1))):
        rows, columns = np.ogrid[: shape[0], : shape[1]]
        places.append((columns - point[0]) ** 2 + (rows - point[1]) ** 2 < reach**2)
    return any(bool(place.sum() > 12 and skin[place].mean() > 0.4) for place in places)


def _learn_skin(lab: NDArray[np.uint8], person: Bools, face: Bools, hands: Floats, skeleton: Skeleton) -> Skin:
    """From the face; where that is missing from the neck and hands; else from what most people's is like.

    Skin's hue lies between red and yellow in everybody (about 25–80° in Lab), its chroma below 45: what does not is a
    collar, a bag, a glove."""
    possible = _is_possible_skin(lab) & person
    sample = lab[face & possible].astype(np.float32)
    if len(sample) < 60:
        spot = skeleton.mouth + 0.55 * (skeleton.shoulders - skeleton.mouth)
        neck = np.zeros(face.shape, np.uint8)
        if np.all(np.abs(spot) < 1e4):
            cv2.circle(neck, (round(float(spot[0])), round(float(spot[1]))), round(0.12 * skeleton.unit), (1,), -1)
        sample = lab[((neck > 0) | (hands > 0.5)) & possible].astype(np.float32)
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
    lab_middle = (float(middle[0]), float(middle[1]), float(middle[2]))
    return Skin(lab_middle, _likeness(lab_middle, (60, 40), (7.5, 8.5)), _likeness(lab_middle, (85, 60), (13, 14)))


def _is_possible_skin(lab: NDArray[np.uint8]) -> Bools:
    a, b = lab[..., 1].astype(np.float32) - 128, lab[..., 2].astype(np.float32) - 128
    hue, chroma = np.arctan2(b, a), np.hypot(a, b)
    return np.asarray((hue > np.radians(15)) & (hue < np.radians(85)) & (chroma > 4) & (chroma < 45), np.bool_)


def _likeness(lab: tuple[float, float, float], light: tuple[float, float], chroma: tuple[float, float]) -> Floats:
    """(COLOURS,) Gaussian likeness to ``lab``; ``light``: spreads below and above, ``chroma``: of a and b."""
    lights = (np.arange(LIGHTS) + 0.5) * 256 / LIGHTS - lab[0]
    chromas = ((np.arange(CHROMAS) + 0.5) * 256 / CHROMAS - 128) / CHROMA_STRETCH + 128
    # In shadow chroma shrinks with lightness.
    shade = np.clip((lights + lab[0]) / max(lab[0], 1.0), 0.4, 1.15)[:, None]
    by_light = np.exp(-0.5 * np.where(lights < 0, lights / light[0], lights / light[1]) ** 2)
    by_a = np.exp(-0.5 * ((chromas - 128 - shade * (lab[1] - 128)) / chroma[0]) ** 2)
    by_b = np.exp(-0.5 * ((chromas - 128 - shade * (lab[2] - 128)) / chroma[1]) ** 2)
    return np.asarray(by_light[:, None, None] * by_a[:, :, None] * by_b[:, None], np.float32).ravel()
