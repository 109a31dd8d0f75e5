"""Legs that come to light: their outline, and the light on them."""

from __future__ import annotations

import cv2
import numpy as np

from vtonlab.engines.instant.axes import SIDES, Side, Values, leg_of
from vtonlab.engines.instant.leg_lines import find_leg_lines, measured_leg
from vtonlab.engines.instant.records import Person, Plane, Points
from vtonlab.engines.instant.warp import OUTSIDE, Field, Mesh, Region, arc_lengths, rasterise, rule_between

ROWS = 56
COLUMNS = np.linspace(0, 1, 5, dtype=np.float32)


def draw_bare_legs(shape: Plane, person: Person) -> None:
    """Fill the outline of both legs, hip joint to just past the ankle, with 255."""
    for leg in _shapes(person).values():
        ring = np.vstack([leg[:, 0], leg[::-1, 1]])
        cv2.fillPoly(shape, [np.round(ring * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)


def shade_bare_legs(person: Person, factor: int) -> Field:
    """Light on bare legs at 1/``factor`` of the working size: 1 outside them, about 0.7–1.05 inside.

    A leg is a cylinder lit from the front, with a knee that catches the light, a hollow on both sides of it, the
    shin's ridge, and the shadow that thighs throw on each other.
    """
    height, width = person.labels.shape[0] // factor, person.labels.shape[1] // factor
    light = np.ones((height, width), np.float32)
    region = Region(0, 0, width, height)
    for leg in _shapes(person).values():
        body = rule_between(leg[:, 0] / factor, leg[:, 1] / factor, COLUMNS)
        along = np.linspace(0, 1, len(leg), dtype=np.float32)[:, None].repeat(len(COLUMNS), 1)
        across = (2 * COLUMNS - 1)[None].repeat(len(leg), 0)
        map_x, map_y = rasterise(Mesh(body, np.stack([across, along], -1).astype(np.float32)), region)
        inside = map_x > OUTSIDE / 2
        light[inside] = _light_on_leg(map_x[inside], map_y[inside])
    return light


def _light_on_leg(across: Values, along: Values) -> Values:
    """``across`` -1 at the outer edge … 1 at the inner, ``along`` 0 hip … 1 ankle."""
    cylinder = 0.76 + 0.26 * np.sqrt(np.clip(1 - 0.94 * across**2, 0, 1))
    knee = np.exp(-(((along - 0.5) / 0.035) ** 2))
    cap = 0.035 * knee * np.exp(-((across / 0.45) ** 2)) - 0.05 * knee * np.exp(-(((np.abs(across) - 0.6) / 0.25) ** 2))
    below = -0.035 * np.exp(-(((along - 0.55) / 0.025) ** 2)) * np.exp(-((across / 0.6) ** 2))
    shin = 0.025 * np.clip((along - 0.55) / 0.1, 0, 1) * np.exp(-(((across - 0.15) / 0.25) ** 2))
    between = -0.16 * np.clip(1 - along / 0.38, 0, 1) * np.clip(across, 0, 1) ** 2
    return np.asarray(cylinder + cap + below + shin + between, np.float32)


def _shapes(person: Person) -> dict[Side, Points]:
    """``(ROWS, 2, 2)`` outer and inner edge of each leg that the photo shows."""
    lines = find_leg_lines(person)
    shapes: dict[Side, Points] = {}
    for side in SIDES:
        if leg_of(person.body, side).seen <= 0:
            continue
        length = float(arc_lengths(lines[side])[-1])
        stop = length + 0.1 * person.body.unit
        leg = measured_leg(person, lines, np.linspace(0.02 * length, stop, ROWS, dtype=np.float32), side)
        offset = leg.out * leg.bare[:, None]
        shapes[side] = np.stack([leg.centre + offset, leg.centre - offset], 1).astype(np.float32)
    return shapes
