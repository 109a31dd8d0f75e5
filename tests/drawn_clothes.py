"""Drawn garments as :class:`Garment` records whose landmarks, pieces and matte are known exactly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.engines.instant.records import Cut, Garment, Landmark, Part, Points
from vtonlab.engines.instant.warp import resample

Corner = tuple[float, float]
"""Outwards from the axis, and down, px."""

NOTHING_HIDDEN = np.zeros((0, 0), np.uint8)


@dataclass(frozen=True)
class Upper:
    """The pattern of a top or dress, px from the axis and from the top."""

    cut: Cut = Cut.SHORT_SLEEVE
    dress: bool = False
    neck: Corner = (55, 40)
    depth: float = 45
    """Of the neckline below the neck points."""
    shoulder: Corner = (112, 62)
    armpit: Corner = (128, 190)
    hem: Corner = (132, 500)
    waist: Corner = (105, 330)
    cuff_outer: Corner = (196, 196)
    cuff_inner: Corner = (156, 232)
    colour: tuple[int, int, int] = (40, 70, 190)
    print: str = "plain"
    """``plain``, ``check`` (squares of 20 px, every fourth lighter) or ``stripes``."""


LONG = Upper(cut=Cut.LONG_SLEEVE, cuff_outer=(206, 470), cuff_inner=(160, 480), armpit=(124, 190))
TANK = Upper(cut=Cut.SLEEVELESS, shoulder=(92, 50), armpit=(126, 180), neck=(58, 40), depth=80)
DRESS = Upper(cut=Cut.SLEEVELESS, dress=True, shoulder=(96, 52), armpit=(122, 180), hem=(190, 760), depth=60)

HEIGHT, WIDTH = 820, 480
AXIS = 240.0


@lru_cache(maxsize=32)
def draw_upper(pattern: Upper = Upper()) -> Garment:
    """The garment of a pattern, symmetric."""
    height = int(pattern.hem[1]) + 40
    neckline = _neckline(pattern)
    left, right = _outline(pattern, -1), _outline(pattern, 1)
    alpha = _fill((height, WIDTH), np.vstack([left, right[::-1]]))
    parts = np.where(alpha > 0, int(Part.BODY), int(Part.NONE)).astype(np.uint8)
    if pattern.cut is not Cut.SLEEVELESS:
        for sign, part in ((-1, Part.LEFT_SLEEVE), (1, Part.RIGHT_SLEEVE)):
            ring = [pattern.shoulder, pattern.cuff_outer, pattern.cuff_inner, pattern.armpit]
            sleeve = _fill((height, WIDTH), np.stack([_place(corner, sign) for corner in ring]))
            outside = _fill((height, WIDTH), np.stack([_place(corner, sign) for corner in _beyond(pattern)]))
            parts[((sleeve > 127) | (outside > 127)) & (alpha > 0)] = part
    back = np.vstack([neckline, [[AXIS + pattern.neck[0], 0], [AXIS - pattern.neck[0], 0]]]).astype(np.float32)
    parts[(_fill((height, WIDTH), back) > 127) & (alpha > 0)] = Part.INSIDE
    names = ["neck", "shoulder", "armpit", "hem"]
    names += ["waist"] if pattern.dress else []
    names += ["cuff_outer", "cuff_inner"] if pattern.cut is not Cut.SLEEVELESS else []
    return Garment(
        picture=_cloth((height, WIDTH), pattern.colour, pattern.print), alpha=alpha, parts=parts,
        kind=GarmentKind.DRESS if pattern.dress else GarmentKind.UPPER, cut=pattern.cut, axis_x=AXIS,
        landmarks=_landmarks({name: getattr(pattern, name) for name in names}), neckline=neckline,
        outline_left=left, outline_right=right, open_front=False, has_collar=False, worn=False,
        hidden=NOTHING_HIDDEN, notes=(), certainty=0.95,
    )


@dataclass(frozen=True)
class Lower:
    """The pattern of trousers, shorts or a skirt."""

    cut: Cut = Cut.TROUSERS
    waist: Corner = (80, 20)
    hip: Corner = (112, 120)
    hem_outer: Corner = (105, 600)
    crotch: float = 190
    hem_inner: Corner = (40, 602)
    colour: tuple[int, int, int] = (150, 60, 50)
    print: str = "plain"


SHORTS = Lower(cut=Cut.SHORTS, hem_outer=(122, 300), hem_inner=(18, 302))
SKIRT = Lower(cut=Cut.SKIRT, hem_outer=(140, 330))


@lru_cache(maxsize=32)
def draw_lower(pattern: Lower = Lower()) -> Garment:
    """The lower garment of a pattern, symmetric."""
    height = int(pattern.hem_outer[1]) + 30
    legs = pattern.cut is not Cut.SKIRT
    sides = {}
    for sign in (-1, 1):
        corners = [(0.0, pattern.waist[1]), pattern.waist, pattern.hip, pattern.hem_outer]
        corners += [pattern.hem_inner, (0.0, pattern.crotch)] if legs else [(0.0, pattern.hem_outer[1])]
        sides[sign] = resample(np.stack([_place(corner, sign) for corner in corners]), 480)
    alpha = _fill((height, WIDTH), np.vstack([sides[-1], sides[1][::-1]]))
    parts = np.where(alpha > 0, int(Part.BODY), int(Part.NONE)).astype(np.uint8)
    marks = {"waist": pattern.waist, "hip": pattern.hip, "hem_outer": pattern.hem_outer}
    landmarks = _landmarks(marks | ({"hem_inner": pattern.hem_inner} if legs else {}))
    if legs:
        landmarks["crotch"] = Landmark(AXIS, pattern.crotch, 0.9)
        below = np.arange(height)[:, None] > pattern.crotch
        right = np.arange(WIDTH)[None] > AXIS
        parts[(alpha > 0) & below & ~right] = Part.LEFT_LEG
        parts[(alpha > 0) & below & right] = Part.RIGHT_LEG
    waistline = resample(np.stack([_place(pattern.waist, -1), _place(pattern.waist, 1)]), 64)
    return Garment(
        picture=_cloth((height, WIDTH), pattern.colour, pattern.print), alpha=alpha, parts=parts,
        kind=GarmentKind.LOWER, cut=pattern.cut, axis_x=AXIS, landmarks=landmarks, neckline=waistline,
        outline_left=sides[-1], outline_right=sides[1], open_front=False, has_collar=False, worn=False,
        hidden=NOTHING_HIDDEN, notes=(), certainty=0.95,
    )


# ------------------------------------------------------------------------------------------------ shapes


def _outline(pattern: Upper, sign: int) -> Points:
    """From the back's upper edge at the axis down one side to the hem at the axis."""
    corners: list[Corner] = [(0, pattern.neck[1] + 8), pattern.neck, pattern.shoulder]
    if pattern.cut is Cut.SLEEVELESS:
        # The armhole is cut in a little.
        corners.append((pattern.shoulder[0] - 4, (pattern.shoulder[1] + pattern.armpit[1]) / 2))
    else:
        corners += [pattern.cuff_outer, pattern.cuff_inner]
    corners.append(pattern.armpit)
    corners += [pattern.waist] if pattern.dress else []
    corners += [pattern.hem, (0, pattern.hem[1])]
    return resample(np.stack([_place(corner, sign) for corner in corners]), 480)


def _beyond(pattern: Upper) -> list[Corner]:
    """All that lies further out than the seam between shoulder and armpit: the sleeve's own soft rim too."""
    down = float(HEIGHT)
    flank = [(out + 2, at) for out, at in (pattern.armpit, pattern.hem)]
    return [(pattern.shoulder[0], 0.0), pattern.shoulder, *flank, (flank[-1][0], down), (AXIS, down), (AXIS, 0.0)]


def _neckline(pattern: Upper) -> Points:
    share = np.linspace(-1, 1, 64)
    x = AXIS + pattern.neck[0] * share
    return np.asarray(np.stack([x, pattern.neck[1] + pattern.depth * (1 - share**2)], 1), np.float32)


def _place(corner: Corner, sign: int) -> Points:
    return np.array([AXIS + sign * corner[0], corner[1]], np.float32)


def _landmarks(corners: dict[str, Corner]) -> dict[str, Landmark]:
    return {
        f"{name}_{side}": Landmark(AXIS + sign * out, float(down), 0.95)
        for name, (out, down) in corners.items()
        for side, sign in (("left", -1), ("right", 1))
    }


def _fill(shape: tuple[int, int], ring: Points) -> NDArray[np.uint8]:
    """Soft coverage of a polygon, 0…255."""
    fine = np.zeros((shape[0] * 3, shape[1] * 3), np.uint8)
    cv2.fillPoly(fine, [np.round((ring + 0.5) * 3 - 0.5).astype(np.int32)], (255,))
    return np.asarray(cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def _cloth(shape: tuple[int, int], colour: tuple[int, int, int], print_: str) -> Picture:
    cloth = np.empty((*shape, 3), np.uint8)
    cloth[:] = colour
    y, x = np.mgrid[: shape[0], : shape[1]]
    if print_ == "check":
        cloth[((x // 20 + y // 20) % 2) == 0] = np.minimum(np.array(colour) + 60, 255)
    elif print_ == "stripes":
        cloth[(y // 16) % 2 == 0] = (235, 232, 225)
    return cloth
