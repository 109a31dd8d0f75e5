"""Cloth on the body: every piece of the garment as colour and coverage at the person's scale."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.records import Garment, Part, Picture, Plane
from vtonlab.engines.instant.warp import Field, Region


@dataclass(frozen=True)
class Cloth:
    """One piece of the garment lying on the person.

    ``colour`` ``(h, w, 3) uint8`` RGB and ``alpha`` ``(h, w) uint8`` cover ``region`` of the working picture;
    ``map_x``, ``map_y`` tell where in the garment each pixel came from (garment px).
    """

    part: Part
    region: Region
    colour: Picture
    alpha: Plane
    map_x: Field
    map_y: Field


@dataclass(frozen=True)
class Pattern:
    """The garment at about the size it will have on the person, with one soft mask a piece."""

    picture: Picture
    masks: dict[Part, Plane]
    scale: float
    """Pattern px per garment px."""


def scale_pattern(garment: Garment, scale: float) -> Pattern:
    """Shrink the garment to the size it will be shown at (area-averaged, so that fine prints do not alias).

    A quarter more than needed is kept for places where the cloth is stretched. Never enlarges.
    """
    factor = min(1.0, 1.25 * scale)
    masks = {part: _soft_mask(garment, part) for part in _pieces(garment)}
    picture = garment.picture
    if factor < 0.9:
        size = (max(8, round(picture.shape[1] * factor)), max(8, round(picture.shape[0] * factor)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        masks = {part: cv2.resize(mask, size, interpolation=cv2.INTER_AREA) for part, mask in masks.items()}
        factor = size[1] / garment.picture.shape[0]
    else:
        factor = 1.0
    return Pattern(np.asarray(picture, np.uint8), masks, factor)


def _pieces(garment: Garment) -> list[Part]:
    present = np.flatnonzero(np.bincount(garment.parts.ravel(), minlength=8))
    return [Part(p) for p in present if p not in (Part.NONE, Part.INSIDE, Part.COLLAR)]


def _soft_mask(garment: Garment, part: Part) -> Plane:
    """Coverage of one piece; it reaches a little under its neighbours so that no gap opens at a seam."""
    parts, height = garment.parts, garment.parts.shape[0]
    own = parts == part
    if part is Part.BODY:
        own |= parts == Part.COLLAR
    tuck = max(2, round(0.012 * height))
    grown = cv2.dilate(own.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * tuck + 1, 2 * tuck + 1)))
    grown[(parts == Part.INSIDE) | ((parts == Part.NONE) & ~own)] = 0
    soft = cv2.GaussianBlur(grown * np.uint8(255), (0, 0), 1.2)
    # The matte already has the garment's own soft edge; only the edges that we cut are softened here.
    rim = cv2.dilate((parts == Part.INSIDE).astype(np.uint8), np.ones((5, 5), np.uint8))
    seam = np.where(rim > 0, soft, np.where(grown > 0, 255, soft)).astype(np.uint8)
    return np.asarray(np.minimum(seam, garment.alpha), np.uint8)


def lay_cloth(pattern: Pattern, part: Part, region: Region, map_x: Field, map_y: Field) -> Cloth:
    """Sample one piece of the pattern through a backward map (garment px)."""
    # Pixel centres: garment px (x + .5) * scale - .5 is the same place in the pattern.
    shift = np.float32(0.5 * pattern.scale - 0.5)
    at_x = cv2.addWeighted(map_x, pattern.scale, map_x, 0, float(shift))
    at_y = cv2.addWeighted(map_y, pattern.scale, map_y, 0, float(shift))
    colour = cv2.remap(pattern.picture, at_x, at_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.remap(
        pattern.masks[part], at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )
    return Cloth(part, region, np.asarray(colour, np.uint8), np.asarray(alpha, np.uint8), map_x, map_y)


def whole_alpha(pieces: list[Cloth], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Coverage by all pieces together over the whole working picture."""
    total = np.zeros(shape, np.uint8)
    for piece in pieces:
        view = total[piece.region.slices]
        np.maximum(view, piece.alpha, out=view)
    return total
