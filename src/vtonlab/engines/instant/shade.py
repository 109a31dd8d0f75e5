"""The person's own light on the new cloth.

Where the worn garment is plain, its lightness *is* light and shadow: folds, the side turned from the lamp. That is
taken over. A garment's own roundness near its rim and the shadows that pieces throw are added.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.engines.instant.blend import blur, shrink
from vtonlab.engines.instant.records import Label, Person, Plane
from vtonlab.engines.instant.warp import Field, floats

BROAD = 0.6
"""Share of the broad light on the worn garment that is taken over."""

SHEEN = 14.0
"""Grey levels added to cloth before shading: even black cloth shows its folds by what it reflects."""


@dataclass(frozen=True)
class Light:
    """Light in a photo of a person, for cloth of one kind."""

    folds: Field
    """``(h/2, w/2)`` factor from the worn garment's folds, 1 where nothing is known."""
    exposure: float
    """How bright the scene is against a catalogue photo, about 0.7–1.0."""


def read_light(picture: Picture, person: Person, kind: GarmentKind) -> Light:
    """Read folds and exposure from the photo."""
    body = person.body
    small = shrink(picture, 2)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    folds = np.ones(lab.shape[:2], np.float32)
    for label, plain in ((Label.UPPER, body.top_plainness), (Label.LOWER, body.lower_plainness)):
        if kind is GarmentKind.DRESS or (label is Label.UPPER) == (kind is GarmentKind.UPPER):
            folds = folds * _folds(lab, shrink(person.mattes[label], 2), body.unit / 2, plain)
    bright = float(np.percentile(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), 98)) / 255
    return Light(folds, float(np.clip(0.55 + 0.47 * bright, 0.72, 1.0)))


def _folds(lab: NDArray[np.float32], matte: Plane, unit: float, plain: float) -> Field:
    """Fine over coarse lightness inside a worn garment, clipped to what folds do."""
    weight = np.where(matte > 235, np.float32(1), np.float32(0))
    weight = cv2.erode(weight, np.ones((3, 3), np.uint8))
    if float(weight.sum()) < 200 or plain <= 0.02:
        return np.ones(weight.shape, np.float32)
    weight = np.asarray(weight * _unprinted(lab, weight, unit), np.float32)
    seen = lab[..., 0] * weight

    def local(sigma: float) -> Field:
        return blur(seen, sigma) / np.maximum(blur(weight, sigma), 1e-3)

    fine, coarse = local(0.012 * unit + 0.5), local(0.28 * unit)
    level = float(seen.sum() / max(float(weight.sum()), 1.0))
    # Folds whole; the broad fall of light over the body by a good part, since some of it may be the cloth's own.
    ratio = (fine + 8) / (coarse + 8) * ((coarse + 8) / (level + 8)) ** BROAD - 1
    cover = np.clip(blur(weight, 2.0), 0, 1)
    strength = plain * np.clip((coarse - 15) / 50, 0, 1)
    return np.asarray(1 + np.clip(ratio, -0.35, 0.2) * cover * strength, np.float32)


def _unprinted(lab: NDArray[np.float32], weight: Field, unit: float) -> Field:
    """1 where the worn garment is plain cloth, 0 where something is printed on it, a button or a pocket's dark opening.

    Light changes lightness and chroma alike (a matte surface's colour is its albedo times the light), print does not.
    """
    wide = 0.5 * unit
    share = np.maximum(blur(weight, wide), 1e-3)
    tint = (lab[..., 1:] - 128) / (lab[..., :1] + 24)
    apart = np.zeros(weight.shape, np.float32)
    for channel in range(2):
        own = np.ascontiguousarray(tint[..., channel])
        apart += np.abs(own - blur(own * weight, wide) / share)
    light = np.ascontiguousarray(lab[..., 0])
    relative = (light + 8) / (blur(light * weight, wide) / share + 8)
    printed = ((apart > 0.09) | (relative < 0.5) | (relative > 1.7)).astype(np.uint8) * (weight > 0)
    # Grain and noise are no print.
    printed = cv2.morphologyEx(printed, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    reach = 2 * max(1, round(0.015 * unit)) + 1
    return np.asarray(1 - cv2.dilate(printed, np.ones((reach, reach), np.uint8)), np.float32)


def shade_cloth(colour: Picture, factor: Field) -> Picture:
    """Cloth under a light ``factor`` ``(h, w)``, about 0.6–1.2."""
    lifted = cv2.add(colour, (SHEEN, SHEEN, SHEEN, 0))
    lit = cv2.multiply(lifted, cv2.merge([factor] * 3), dtype=cv2.CV_8U)
    return np.asarray(cv2.subtract(lit, (SHEEN, SHEEN, SHEEN, 0)), np.uint8)


def round_off(alpha: Plane, unit: float, depth: float, width: float) -> Field:
    """Darkening towards the rim of a piece: ``1 - depth`` at the rim, 1 from ``width`` units inside; half size."""
    small = shrink(alpha, 2)
    distance = cv2.distanceTransform((small > 127).astype(np.uint8), cv2.DIST_L2, 3)
    inside = np.clip(distance / max(width * unit / 2, 1.0), 0, 1) ** 0.7
    return blur(np.asarray(1 - depth + depth * inside, np.float32), 1.5)


def throw_shadow(alpha: Plane, unit: float, fall: float, softness: float) -> Field:
    """Soft shadow (0…1, half size) of a piece, falling ``fall`` units downwards."""
    small = shrink(alpha, 2).astype(np.float32) * np.float32(1 / 255)
    move = floats([[1.0, 0.0, 0.0], [0.0, 1.0, fall * unit / 2]])
    moved = cv2.warpAffine(small, move, small.shape[::-1])
    return blur(np.asarray(moved, np.float32), softness * unit / 2)
