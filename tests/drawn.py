"""Drawn garments whose landmarks are known, for tests that need a garment's photo."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.engines.instant.records import Cut

Colour = tuple[int, int, int]
_CURVE = 16


@dataclass(frozen=True)
class Pattern:
    """One half of a symmetrical garment: ``(out from the axis, down)`` in units of about its height.

    ``outline`` runs from the top at the axis round the outside to the bottom at the axis. A point followed by
    ``None`` and another point is the control of a quadratic curve to that one.
    """

    kind: GarmentKind
    cut: Cut
    outline: tuple[tuple[float, float] | None, ...]
    landmarks: dict[str, tuple[float, float]]
    neckline: tuple[tuple[float, float] | None, ...] = ()
    """Front neckline from the axis out to the neck point; drawn as the edge of a darker inside."""
    centre: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Landmarks on the axis."""


_UPPER_NAMES = ("neck", "shoulder", "armpit", "cuff_outer", "cuff_inner", "hem")


def _upper(
    cut: Cut,
    top: tuple[tuple[float, float] | None, ...],
    kind: GarmentKind = GarmentKind.UPPER,
    **marks: tuple[float, float],
) -> Pattern:
    neck = marks["neck"]
    return Pattern(kind, cut, top, dict(marks), ((0.0, neck[1] + 0.15), None, (neck[0], neck[1] + 0.13), neck))


TEE = _upper(
    Cut.SHORT_SLEEVE,
    (
        (0, 0.03),
        None,
        (0.12, 0.03),
        (0.16, 0),
        (0.36, 0.085),
        None,
        (0.41, 0.11),
        (0.46, 0.16),
        (0.62, 0.36),
        (0.52, 0.45),
        (0.41, 0.33),
        (0.40, 1.02),
        (0, 1.02),
    ),
    neck=(0.16, 0),
    shoulder=(0.39, 0.1),
    armpit=(0.41, 0.33),
    cuff_outer=(0.62, 0.36),
    cuff_inner=(0.52, 0.45),
    hem=(0.40, 1.02),
)
LONG_SLEEVE = _upper(
    Cut.LONG_SLEEVE,
    (
        (0, 0.03),
        None,
        (0.12, 0.03),
        (0.16, 0),
        (0.34, 0.085),
        None,
        (0.40, 0.12),
        (0.44, 0.2),
        (0.66, 1.0),
        (0.55, 1.03),
        (0.38, 0.36),
        (0.38, 1.0),
        (0, 1.0),
    ),
    neck=(0.16, 0),
    shoulder=(0.36, 0.1),
    armpit=(0.38, 0.36),
    cuff_outer=(0.66, 1.0),
    cuff_inner=(0.55, 1.03),
    hem=(0.38, 1.0),
)
TANK = _upper(
    Cut.SLEEVELESS,
    ((0, 0.06), None, (0.12, 0.06), (0.15, 0), (0.28, 0.04), None, (0.26, 0.28), (0.40, 0.34), (0.41, 1.0), (0, 1.0)),
    neck=(0.15, 0),
    shoulder=(0.28, 0.04),
    armpit=(0.40, 0.34),
    hem=(0.41, 1.0),
)
POLO = Pattern(
    GarmentKind.UPPER,
    Cut.SHORT_SLEEVE,
    (
        (0, -0.06),
        (0.11, -0.06),
        (0.17, 0.03),
        (0.37, 0.1),
        None,
        (0.42, 0.12),
        (0.46, 0.17),
        (0.62, 0.40),
        (0.50, 0.46),
        (0.41, 0.36),
        (0.41, 1.05),
        (0, 1.05),
    ),
    {
        "neck": (0.17, 0.03),
        "shoulder": (0.39, 0.11),
        "armpit": (0.41, 0.36),
        "cuff_outer": (0.62, 0.40),
        "cuff_inner": (0.50, 0.46),
        "hem": (0.41, 1.05),
    },
    ((0, 0.13), (0.11, -0.06)),
)
DRESS = _upper(
    Cut.SHORT_SLEEVE,
    (
        (0, 0.02),
        None,
        (0.09, 0.02),
        (0.11, 0),
        (0.22, 0.05),
        None,
        (0.26, 0.07),
        (0.28, 0.1),
        (0.36, 0.22),
        (0.29, 0.27),
        (0.24, 0.19),
        (0.19, 0.42),
        None,
        (0.22, 0.55),
        (0.42, 1.2),
        (0, 1.2),
    ),
    GarmentKind.DRESS,
    neck=(0.11, 0),
    shoulder=(0.23, 0.055),
    armpit=(0.24, 0.19),
    cuff_outer=(0.36, 0.22),
    cuff_inner=(0.29, 0.27),
    hem=(0.42, 1.2),
    waist=(0.19, 0.42),
)
SKIRT = Pattern(
    GarmentKind.LOWER,
    Cut.SKIRT,
    ((0, 0), (0.20, 0), None, (0.30, 0.2), (0.34, 0.8), (0, 0.8)),
    {"waist": (0.20, 0), "hem_outer": (0.34, 0.8)},
)
TROUSERS = Pattern(
    GarmentKind.LOWER,
    Cut.TROUSERS,
    ((0, 0.01), (0.20, 0), (0.25, 0.25), (0.24, 1.1), (0.10, 1.1), (0.0, 0.34)),
    {"waist": (0.20, 0), "hem_outer": (0.24, 1.1), "hem_inner": (0.10, 1.1)},
    centre={"crotch": (0, 0.34)},
)
SHORTS = Pattern(
    GarmentKind.LOWER,
    Cut.SHORTS,
    ((0, 0.01), (0.20, 0), (0.27, 0.25), (0.32, 0.52), (0.06, 0.55), (0.0, 0.32)),
    {"waist": (0.20, 0), "hem_outer": (0.32, 0.52), "hem_inner": (0.06, 0.55)},
    centre={"crotch": (0, 0.32)},
)
PATTERNS = {
    "tee": TEE,
    "long_sleeve": LONG_SLEEVE,
    "tank": TANK,
    "polo": POLO,
    "dress": DRESS,
    "skirt": SKIRT,
    "trousers": TROUSERS,
    "shorts": SHORTS,
}


@dataclass(frozen=True)
class DrawnGarment:
    """A drawing, and where everything is in it, in pixels."""

    pattern: Pattern
    picture: Picture
    cover: NDArray[np.uint8]
    landmarks: dict[str, tuple[float, float]]


def draw_garment(
    name: str,
    *,
    height: int = 640,
    width: int = 512,
    scale: float = 0.85,
    turn: float = 0.0,
    colour: Colour = (40, 70, 150),
    ground: Colour = (244, 244, 244),
    stripes: bool = False,
    grain: float = 0.0,
    at: tuple[float, float] = (0.5, 0.5),
) -> DrawnGarment:
    """Draw a garment of :data:`PATTERNS` on a plain ground.

    ``scale``: share of the picture that it fills. ``turn``: degrees, clockwise. ``stripes``: a print. ``grain``: σ of
    added noise. ``at``: where its middle lies.
    """
    pattern = PATTERNS[name]
    half = _bend(pattern.outline)
    ring = np.vstack([half, (half * (-1, 1))[::-1]])
    low, high = ring.min(0), ring.max(0)
    size = min(width * scale / (high[0] - low[0]), height * scale / (high[1] - low[1]))
    angle = np.deg2rad(turn)
    turning = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([width * at[0], height * at[1]])

    def place(points: NDArray[np.float64]) -> NDArray[np.float64]:
        placed: NDArray[np.float64] = (points - (0, (low[1] + high[1]) / 2)) * size @ turning.T + middle
        return placed

    cover = _fill(place(ring), (height, width))
    picture = np.empty((height, width, 3), np.float32)
    picture[:] = ground
    picture = _lay(picture, cover, _cloth(colour, (height, width), stripes))
    if pattern.neckline:
        picture = _lay(
            picture, np.minimum(_fill(place(_inside(pattern)), (height, width)), cover), 0.55 * np.array(colour)
        )
    if grain:
        picture += np.random.default_rng(7).normal(0, grain, picture.shape)
    marks = {
        f"{key}_{side}": tuple(place(np.array([[sign * x, y]]))[0])
        for key, (x, y) in pattern.landmarks.items()
        for side, sign in (("left", -1), ("right", 1))
    }
    marks |= {key: tuple(place(np.array([spot]))[0]) for key, spot in pattern.centre.items()}
    drawn = np.rint(np.clip(picture, 0, 255)).astype(np.uint8)
    return DrawnGarment(pattern, drawn, cover, marks)


def _bend(path: tuple[tuple[float, float] | None, ...]) -> NDArray[np.float64]:
    points: list[tuple[float, float]] = []
    curved = False
    control: tuple[float, float] | None = None
    for spot in path:
        if spot is None:
            curved = True
        elif curved and control is None:
            control = spot
        elif control is not None:
            start = np.array(points[-1])
            for share in np.linspace(0, 1, _CURVE)[1:]:
                bent = (
                    (1 - share) ** 2 * start + 2 * share * (1 - share) * np.array(control) + share**2 * np.array(spot)
                )
                points.append((float(bent[0]), float(bent[1])))
            curved, control = False, None
        else:
            points.append(spot)
    return np.array(points, np.float64)


def _inside(pattern: Pattern) -> NDArray[np.float64]:
    front = _bend(pattern.neckline)
    whole = np.vstack([(front * (-1, 1))[::-1], front])
    return np.vstack([whole, whole[::-1] * (1, 0) + (0, -1)])


def _fill(ring: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Area-true cover of a polygon, drawn four times as large."""
    large = np.zeros((shape[0] * 4, shape[1] * 4), np.uint8)
    cv2.fillPoly(large, [np.rint(ring * 4).astype(np.int32)], 255)
    return np.asarray(cv2.resize(large, (shape[1], shape[0]), interpolation=cv2.INTER_AREA), np.uint8)


def _cloth(colour: Colour, shape: tuple[int, int], stripes: bool) -> NDArray[np.float32]:
    cloth = np.empty((*shape, 3), np.float32)
    cloth[:] = colour
    if stripes:
        rows = (np.arange(shape[0]) // 12) % 2 == 0
        cloth[rows] = 0.6 * cloth[rows] + 0.4 * np.array((250, 200, 60), np.float32)
    return cloth


def _lay(picture: NDArray[np.float32], cover: NDArray[np.uint8], colour: NDArray[np.float32]) -> NDArray[np.float32]:
    share = cover[..., None].astype(np.float32) / 255
    return (picture * (1 - share) + colour * share).astype(np.float32)
