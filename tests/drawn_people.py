"""Drawn people whose joints, outlines, labels and mattes are known exactly, because they were drawn from them.

Lengths are in units of the distance between the shoulder joints, from the middle between those: ``u`` to the right
of the picture, ``v`` down the body.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.records import Arm, Body, Frame, Label, Leg, Person, Points
from vtonlab.engines.instant.warp import arc_lengths, point_along

SKIN, HAIR, TOP, TROUSERS, SHOES = (222, 174, 146), (52, 38, 30), (30, 150, 60), (46, 52, 70), (25, 22, 24)
TORSO = 1.5
"""From the shoulder joints to the hip joints."""
FINE = 3
"""Figures are drawn so many times larger and averaged down, which gives their edges exact soft coverage."""

_T = np.linspace(-0.1, 2.0, 85, dtype=np.float32)
_HALF_WIDTH = np.interp(
    _T, [-0.1, 0.0, 0.15, 0.3, 0.6, 0.85, 1.0, 1.15, 1.4, 2.0], [0.5, 0.5, 0.46, 0.47, 0.42, 0.45, 0.5, 0.5, 0.46, 0.46]
).astype(np.float32)
_ARM_RADIUS = ([0, 0.12, 0.3, 0.5, 0.8, 1.0], [0.175, 0.17, 0.15, 0.125, 0.1, 0.085])


@dataclass(frozen=True)
class Figure:
    """Who is drawn. Angles in degrees outwards from hanging straight down."""

    height: int = 512
    width: int = 384
    unit: float = 96.0
    middle: tuple[float, float] = (192.0, 130.0)
    """Between the shoulder joints, px."""
    lean: float = 0.0
    """Degrees the whole body is turned in the picture."""
    arms: tuple[tuple[float, float], tuple[float, float]] = ((8.0, 4.0), (8.0, 4.0))
    """Upper and lower arm of the left and the right side."""
    sleeves: float = 0.3
    """Where the worn sleeves end, as a share of the arm."""
    hem: float = 1.1
    """t of the worn top's hem."""
    tucked: bool = False
    skin: tuple[int, int, int] = SKIN
    top: tuple[int, int, int] = TOP
    trousers: tuple[int, int, int] = TROUSERS
    ground: tuple[int, int, int] = (206, 208, 212)
    long_hair: bool = False
    """Falls over the shoulders, before the top."""
    seed: int = 1


@dataclass(frozen=True)
class Drawn:
    """A picture and everything about the person in it."""

    picture: Picture
    person: Person
    figure: Figure
    bare_arms: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    """The arms' shapes, 0/255."""


@lru_cache(maxsize=32)
def draw_person(figure: Figure = Figure()) -> Drawn:
    """Draw a figure from the front, in a top with sleeves and trousers, on a ground with a fine grain."""
    bones = _Bones(figure)
    fine = np.full((figure.height * FINE, figure.width * FINE), int(Label.BACKGROUND), np.uint8)
    arms = _paint(fine, bones)
    mattes = _soften(fine, figure)
    labels = np.asarray(mattes.argmax(0), np.uint8)
    hands = np.zeros(labels.shape, np.uint8)
    for arm in bones.arms.values():
        middle = (arm.wrist + arm.fingers) / 2
        cv2.circle(hands, _at(middle), round(0.2 * figure.unit), (255,), -1)
    hands = np.where(mattes[Label.SKIN] > 100, hands, 0).astype(np.uint8)
    person = Person(
        frame=Frame(0, 0, figure.width, figure.height, 1.0, figure.width, figure.height),
        joints=bones.joints(), labels=labels, mattes=mattes, face=bones.face(), hands=hands, body=bones.body(),
        notes=(), certainty=0.9,
    )
    return Drawn(_colour(mattes, figure), person, figure, arms)


# ------------------------------------------------------------------------------------------------ bones


class _Bones:
    """Where everything of a figure is, px."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        angle = np.radians(figure.lean)
        self.down = np.array([-np.sin(angle), np.cos(angle)], np.float32)
        self.across = np.array([np.cos(angle), np.sin(angle)], np.float32)
        self.arms = {"left": self._arm(-1, figure.arms[0]), "right": self._arm(1, figure.arms[1])}
        self.legs = {"left": self._leg(-1), "right": self._leg(1)}

    def at(self, u: float, v: float) -> Points:
        middle = np.array(self.figure.middle, np.float32)
        return np.asarray(middle + (self.across * u + self.down * v) * self.figure.unit, np.float32)

    def line(self, *places: tuple[float, float]) -> Points:
        return np.stack([self.at(u, v) for u, v in places])

    def _arm(self, sign: int, angles: tuple[float, float]) -> Arm:
        places = [np.array([sign * 0.5, 0.0])]
        for angle, length in zip((angles[0], angles[1], angles[1]), (0.9, 0.85, 0.26), strict=True):
            turn = np.radians(angle)
            places.append(places[-1] + length * np.array([sign * np.sin(turn), np.cos(turn)]))
        shoulder, elbow, wrist, fingers = (self.at(*place) for place in places)
        return Arm(shoulder, elbow, wrist, fingers, 0.95, self.figure.sleeves)

    def _leg(self, sign: int) -> Leg:
        places = ((0.24, 0), (0.27, 1.15), (0.29, 2.2), (0.34, 2.4))
        hip, knee, ankle, toes = (self.at(sign * u, TORSO + v) for u, v in places)
        inside = 0 <= ankle[1] < self.figure.height
        return Leg(hip, knee, ankle, toes, 0.9 if inside else 0.0, 0.95)

    def outline(self, t: NDArray[np.float32]) -> tuple[Points, Points]:
        """The torso's left and right outline at ``t``."""
        half = np.interp(t, _T, _HALF_WIDTH)
        left = [self.at(-float(h), float(s) * TORSO) for h, s in zip(half, t, strict=True)]
        right = [self.at(float(h), float(s) * TORSO) for h, s in zip(half, t, strict=True)]
        return np.stack(left), np.stack(right)

    def face(self) -> Points:
        turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)
        return self.line(*[(0.27 * float(np.sin(a)), -0.68 - 0.34 * float(np.cos(a))) for a in turn])

    def shoulder_line(self, sign: int) -> Points:
        u = np.linspace(0.19, 0.54, 19)
        v = np.interp(u, [0.19, 0.3, 0.46, 0.54], [-0.29, -0.26, -0.21, -0.18])
        return self.line(*[(sign * float(a), float(b)) for a, b in zip(u, v, strict=True)])

    def neckline(self) -> Points:
        u = np.linspace(-0.21, 0.21, 25)
        return self.line(*[(float(a), -0.29 + 0.14 * (1 - (float(a) / 0.21) ** 2)) for a in u])

    def joints(self) -> NDArray[np.float32]:
        """The 33 landmarks of MediaPipe's pose, in which left is the person's own left."""
        joints = np.zeros((33, 3), np.float32)
        joints[:, :2] = self.at(0, -0.7)
        joints[:, 2] = 0.9
        for index, u, v in ((2, 0.1, -0.76), (5, -0.1, -0.76), (9, 0.08, -0.5), (10, -0.08, -0.5)):
            joints[index, :2] = self.at(u, v)
        for side, first in (("left", 12), ("right", 11)):
            arm, leg = self.arms[side], self.legs[side]
            upper = (arm.shoulder, arm.elbow, arm.wrist, arm.fingers, arm.fingers, arm.fingers)
            joints[first : first + 22 : 2, :2] = np.stack([*upper, leg.hip, leg.knee, leg.ankle, leg.ankle, leg.toes])
        return joints

    def body(self) -> Body:
        figure = self.figure
        waist = 0.8 if figure.tucked else min(figure.hem, 0.95)
        lab = cv2.cvtColor(np.array([[figure.skin]], np.uint8), cv2.COLOR_RGB2LAB)[0, 0]
        return Body(
            unit=figure.unit, turn=1.0, neck=self.at(0, -0.17), shoulders=self.at(0, 0), hips=self.at(0, TORSO),
            down=self.down, across=self.across, hips_across=self.across, torso_length=TORSO * figure.unit,
            left_arm=self.arms["left"], right_arm=self.arms["right"],
            left_leg=self.legs["left"], right_leg=self.legs["right"],
            shoulder_line_left=self.shoulder_line(-1), shoulder_line_right=self.shoulder_line(1),
            profile_t=_T.copy(), profile_left=_HALF_WIDTH * np.float32(figure.unit),
            profile_right=_HALF_WIDTH * np.float32(figure.unit),
            chin=self.at(0, -0.34), mouth=self.at(0, -0.5), eyes=self.at(0, -0.76),
            waist_t=waist, top_hem_t=waist if figure.tucked else figure.hem, tucked=figure.tucked, one_piece=False,
            neckline=self.neckline(), top_plainness=0.9, lower_plainness=0.9,
            skin_lab=(float(lab[0]), float(lab[1]), float(lab[2])),
        )


# ------------------------------------------------------------------------------------------------ paint


def _paint(fine: NDArray[np.uint8], bones: _Bones) -> dict[str, NDArray[np.uint8]]:
    """Paint the labels, back to front; gives the shapes of the arms at the picture's own size."""
    figure, unit = bones.figure, bones.figure.unit
    _oval(fine, bones, (0, -0.8), (0.36, 0.42), Label.HAIR)
    for leg in bones.legs.values():
        _limb(fine, np.stack([leg.hip, leg.knee, leg.ankle]), (0.24, 0.16, 0.11), unit, Label.LOWER)
        _limb(fine, np.stack([leg.ankle, leg.toes]), (0.11, 0.1), unit, Label.OTHER)
    seat = bones.outline(np.linspace(0.7, 1.1, 12, dtype=np.float32))
    _area(fine, np.vstack([seat[0], seat[1][::-1]]), Label.LOWER)
    flanks = bones.outline(np.linspace(0.1, 0.8 if figure.tucked else figure.hem, 24, dtype=np.float32))
    tops = [bones.shoulder_line(-1)[::-1], bones.shoulder_line(1)]
    _area(fine, np.vstack([tops[0], tops[1], flanks[1], flanks[0][::-1]]), Label.UPPER)
    neck = bones.line((-0.19, -0.45), (0.19, -0.45))
    _area(fine, np.vstack([neck, bones.neckline()[::-1]]), Label.SKIN)
    arms = {}
    size = (figure.width, figure.height)
    for side, arm in bones.arms.items():
        line = np.stack([arm.shoulder, arm.elbow, arm.wrist])
        shape = np.zeros_like(fine)
        for paint, value in ((fine, int(Label.SKIN)), (shape, 255)):
            _limb(paint, line, None, unit, value)
            cv2.circle(paint, _at((arm.wrist + arm.fingers) / 2, FINE), round(0.13 * unit * FINE), (value,), -1)
        if figure.sleeves > 0:
            end = figure.sleeves * float(arc_lengths(line)[-1])
            worn, _ = point_along(line, np.linspace(0, end, 40, dtype=np.float32))
            _limb(fine, worn, None, unit, int(Label.UPPER), figure.sleeves, 1.12)
        arms[side] = np.asarray(cv2.resize(shape, size, interpolation=cv2.INTER_AREA), np.uint8)
    _area(fine, bones.face(), Label.SKIN)
    _oval(fine, bones, (0, -0.98), (0.3, 0.14), Label.HAIR)
    if figure.long_hair:
        for sign in (-1, 1):
            _oval(fine, bones, (sign * 0.31, -0.3), (0.09, 0.55), Label.HAIR)
    return arms


def _limb(
    fine: NDArray[np.uint8], line: Points, radii: tuple[float, ...] | None, unit: float, label: int, until: float = 1.0,
    wide: float = 1.0,
) -> None:
    """A limb along ``line`` up to the share ``until`` of the arm, by default as thick as an arm."""
    arc = arc_lengths(line)
    steps = np.linspace(0, arc[-1], 90, dtype=np.float32)
    points, _ = point_along(line, steps)
    thick = np.interp(steps / arc[-1] * until, *_ARM_RADIUS) if radii is None else np.interp(steps, arc, radii)
    for point, radius in zip(points, thick, strict=True):
        cv2.circle(fine, _at(point, FINE), round(float(radius) * wide * unit * FINE), (int(label),), -1)


def _oval(
    fine: NDArray[np.uint8], bones: _Bones, middle: tuple[float, float], size: tuple[float, float], label: int
) -> None:
    turn = np.linspace(0, 2 * np.pi, 60)
    ring = [(middle[0] + size[0] * float(np.sin(a)), middle[1] + size[1] * float(np.cos(a))) for a in turn]
    _area(fine, bones.line(*ring), label)


def _area(fine: NDArray[np.uint8], ring: Points, label: int) -> None:
    cv2.fillPoly(fine, [np.round((ring + 0.5) * FINE - 0.5).astype(np.int32)], (int(label),))


def _at(point: Points, scale: int = 1) -> tuple[int, int]:
    x, y = (np.asarray(point) + 0.5) * scale - 0.5
    return round(float(x)), round(float(y))


def _soften(fine: NDArray[np.uint8], figure: Figure) -> NDArray[np.uint8]:
    size = (figure.width, figure.height)
    shares = np.stack(
        [cv2.resize((fine == label).astype(np.float32), size, interpolation=cv2.INTER_AREA) for label in Label]
    )
    mattes = np.rint(shares * 255).astype(np.int32)
    most = mattes.argmax(0)
    rest = 255 - mattes.sum(0)
    mattes[most, np.arange(figure.height)[:, None], np.arange(figure.width)[None]] += rest
    return np.asarray(mattes, np.uint8)


def _colour(mattes: NDArray[np.uint8], figure: Figure) -> Picture:
    colours = {
        Label.BACKGROUND: figure.ground, Label.HAIR: HAIR, Label.SKIN: figure.skin, Label.UPPER: figure.top,
        Label.LOWER: figure.trousers, Label.OTHER: SHOES,
    }
    picture = sum(
        mattes[label][..., None].astype(np.float32) / 255 * np.array(colours[label], np.float32) for label in Label
    )
    grain = np.random.default_rng(figure.seed).normal(0, 1.5, mattes.shape[1:])[..., None]
    return np.asarray(np.clip(np.rint(picture + grain), 0, 255), np.uint8)
