"""The garment's outline, one side at a time, in coordinates that make left and right the same."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.records import Plane, Points

_STEPS = 480
"""Points along each side."""
_SMALLEST_HOLE = 0.0002
"""Of the picture."""


@dataclass(frozen=True)
class Side:
    """One side of the outline, from the top at the axis, down the outside, to the bottom at the axis.

    ``out`` is the distance outwards from the axis and ``down`` the row, for both sides alike.
    """

    sign: int
    """-1 the left side of the picture, +1 the right."""
    axis_x: float
    out: NDArray[np.float64]
    down: NDArray[np.float64]
    holes: tuple[NDArray[np.float64], ...] = ()
    """Outlines ``(n, 2)`` (out, down) of the backdrop enclosed on this side, as between an arm and the body."""

    def point(self, index: int) -> tuple[float, float]:
        """``(x, y)`` in the picture."""
        return self.axis_x + self.sign * float(self.out[index]), float(self.down[index])

    def points(self) -> Points:
        """``(K, 2)`` in the picture."""
        return np.stack([self.axis_x + self.sign * self.out, self.down], 1).astype(np.float32)

    def nearest(self, out: float, down: float) -> int:
        """Index of the point nearest to a place."""
        return int(np.hypot(self.out - out, self.down - down).argmin())


@dataclass(frozen=True)
class Outline:
    """Both sides, and the measures everything else is relative to."""

    left: Side
    right: Side
    top: float
    bottom: float
    width: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def axis_x(self) -> float:
        return self.left.axis_x


def trace_outline(matte: Plane, axis_x: float) -> Outline:
    """The matte's outline at half cover, as two sides that meet at the axis above and below."""
    solid = (matte > 127).astype(np.uint8)
    contours, levels = cv2.findContours(solid, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    largest = max(range(len(contours)), key=lambda index: cv2.contourArea(contours[index]))
    ring = contours[largest][:, 0, :].astype(np.float64)
    holes = [
        contours[index][:, 0, :].astype(np.float64)
        for index in range(len(contours))
        if levels[0, index, 3] == largest and cv2.contourArea(contours[index]) > _SMALLEST_HOLE * solid.size
    ]
    ring = _smooth(ring, 2.0)
    low, high = ring.min(0), ring.max(0)
    axis_x = float(np.clip(axis_x, low[0] + 1, high[0] - 1))
    crossings = np.nonzero((ring[:, 0] < axis_x) != (np.roll(ring[:, 0], -1) < axis_x))[0]
    above = int(crossings[ring[crossings, 1].argmin()])
    below = int(crossings[ring[crossings, 1].argmax()])
    ring = np.roll(ring, -above, axis=0)
    below = (below - above) % len(ring)
    one, other = ring[: below + 1], np.vstack([ring[below:], ring[:1]])[::-1]
    if one[:, 0].mean() > other[:, 0].mean():
        one, other = other, one
    sides = [_side(path, sign, axis_x, holes) for path, sign in ((one, -1), (other, 1))]
    return Outline(sides[0], sides[1], float(low[1]), float(high[1]), float(high[0] - low[0]))


def _side(path: NDArray[np.float64], sign: int, axis_x: float, holes: list[NDArray[np.float64]]) -> Side:
    even = resample(path, _STEPS)
    mirrored = [np.stack([sign * (hole[:, 0] - axis_x), hole[:, 1]], 1) for hole in holes]
    own = tuple(hole for hole in mirrored if hole[:, 0].mean() > 0)
    return Side(sign, axis_x, sign * (even[:, 0] - axis_x), even[:, 1], own)


def resample(path: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """``count`` points evenly spaced along an open ``(n, 2)`` path."""
    steps = np.hypot(*np.diff(path, axis=0).T) if len(path) > 1 else np.zeros(0)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    places = np.linspace(0, along[-1], count)
    return np.stack([np.interp(places, along, path[:, 0]), np.interp(places, along, path[:, 1])], 1)


def _smooth(ring: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    reach = int(3 * sigma) + 1
    kernel = cv2.getGaussianKernel(2 * reach + 1, sigma)[:, 0]
    padded = np.vstack([ring[-reach:], ring, ring[:reach]])
    return np.stack([np.convolve(padded[:, axis], kernel, mode="valid") for axis in (0, 1)], 1)
