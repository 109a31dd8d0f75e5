"""Cloth on the body: every piece of the garment as colour and coverage at the person's scale."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.blend import enlarge, shrink
from vtonlab.engines.instant.records import Garment, Part, Plane
from vtonlab.engines.instant.warp import OUTSIDE, Field, Region


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
    """Coverage of each piece, and of the whole garment under NONE. A sleeve's is about that too: its mesh ends where
    the sleeve ends."""
    scale: float
    """Pattern px per garment px."""


def scale_pattern(garment: Garment, scale: float) -> Pattern:
    """Shrink the garment to the size it will be shown at (area-averaged, so that fine prints do not alias).

    A quarter more than needed is kept for places where the cloth is stretched. Never enlarges.
    """
    factor = min(1.0, 1.25 * scale)
    whole = _even_edge(_visible(garment))
    front = np.minimum(whole, _torso(garment))
    picture = garment.picture
    if factor < 0.9:
        size = (max(8, round(picture.shape[1] * factor)), max(8, round(picture.shape[0] * factor)))
        picture, whole, front = (cv2.resize(x, size, interpolation=cv2.INTER_AREA) for x in (picture, whole, front))
        factor = size[1] / garment.picture.shape[0]
    else:
        factor = 1.0
    masks = {Part.BODY: np.asarray(front, np.uint8), Part.NONE: np.asarray(whole, np.uint8)}
    masks |= {sleeve: _without_gaps(masks[Part.NONE]) for sleeve in (Part.LEFT_SLEEVE, Part.RIGHT_SLEEVE)}
    return Pattern(np.asarray(picture, np.uint8), masks, factor)


def _without_gaps(whole: Plane) -> Plane:
    """The garment's cover with the narrow gap closed that opens below an armpit between sleeve and torso.

    Near the seam a sleeve's mesh passes from the torso's side of that gap to its own; what is beyond the gap's end it
    never shows.
    """
    width = round(0.05 * whole.shape[0]) | 1
    padded = cv2.copyMakeBorder(whole, 0, 0, width, width, cv2.BORDER_CONSTANT, value=[0])
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((1, width), np.uint8))
    return np.ascontiguousarray(closed[:, width:-width], np.uint8)


def _visible(garment: Garment) -> Plane:
    """Coverage without the inside seen through the neck; that edge is ours and is softened, the matte's own is kept."""
    inside = (garment.parts == Part.INSIDE).astype(np.uint8)
    if not inside.any():
        return garment.alpha
    return np.minimum(garment.alpha, cv2.GaussianBlur((1 - inside) * np.uint8(255), (0, 0), 1.0))


def _even_edge(alpha: Plane) -> Plane:
    """The coverage with a smooth edge: steps of a coarse or compressed photo would show as fringes on the person."""
    soft = cv2.GaussianBlur(alpha, (0, 0), 0.0035 * alpha.shape[0])
    return cv2.convertScaleAbs(cv2.subtract(soft, 50), alpha=255 / 155)


def _torso(garment: Garment) -> Plane:
    """Everything but the sleeves."""
    height = garment.parts.shape[0]
    sleeves = ((garment.parts == Part.LEFT_SLEEVE) | (garment.parts == Part.RIGHT_SLEEVE)).astype(np.uint8)
    if not sleeves.any():
        return np.full(garment.alpha.shape, 255, np.uint8)
    # The matte's soft rim belongs to no part: it goes with whatever it borders.
    rim = max(2, round(0.015 * height))
    taken = cv2.dilate(sleeves, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8))
    torso = _without_rims(((garment.parts != Part.NONE) & (sleeves == 0)).astype(np.uint8), sleeves)
    own = np.where((torso > 0) | (taken == 0), np.uint8(255), np.uint8(0))
    return np.asarray(cv2.GaussianBlur(own, (0, 0), 1.0), np.uint8)


def _without_rims(torso: Plane, sleeves: Plane) -> Plane:
    """The torso without the fine lines of it that run along the outside of sleeves, where the matte is wider than they.

    Laid with the torso's map they would be drawn as a sleeve's ghost beside the body.
    """
    size = max(5, round(0.008 * torso.shape[0])) | 1
    thick = cv2.morphologyEx(torso, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    beside = cv2.dilate(sleeves, np.ones((size, size), np.uint8))
    return np.where((thick == 0) & (beside > 0), np.uint8(0), torso)


def lay_cloth(pattern: Pattern, part: Part, region: Region, map_x: Field, map_y: Field) -> Cloth:
    """Sample one piece of the pattern through a backward map (garment px).

    The torso takes only its own part; a piece with a mesh takes whatever its mesh covers, softened at the mesh's rim.
    """
    at_x, at_y = _on_pattern(pattern, map_x, map_y)
    # Beyond the garment's photo a constant is twice as fast as its border's colours, and hardly ever seen.
    beyond = cv2.mean(pattern.picture)
    colour = cv2.remap(pattern.picture, at_x, at_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=beyond)
    alpha = cv2.remap(pattern.masks[part], at_x, at_y, cv2.INTER_LINEAR)
    if part is not Part.BODY:
        covered = cv2.GaussianBlur(np.where(map_x > 0.5 * OUTSIDE, np.float32(255), np.float32(0)), (0, 0), 1.1)
        edge = np.clip(covered * 1.6 - 0.6 * 255, 0, 255).astype(np.uint8)
        alpha = np.minimum(alpha, edge)
    return Cloth(part, region, np.asarray(colour, np.uint8), np.asarray(alpha, np.uint8), map_x, map_y)


def _on_pattern(pattern: Pattern, map_x: Field, map_y: Field) -> tuple[Field, Field]:
    """A map in garment px as one in pattern px: garment px (x + .5) · scale - .5 is the same place."""
    shift = 0.5 * pattern.scale - 0.5
    x, y = (cv2.addWeighted(field, pattern.scale, field, 0, shift) for field in (map_x, map_y))
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def close_seams(front: Cloth, pattern: Pattern, sleeves: list[Cloth], shape: tuple[int, ...], width: float) -> Cloth:
    """The torso let run on under its sleeves, as far as it takes to close the seam between them.

    On the garment torso and sleeve meet in a line; on the body a sleeve that was turned may leave a gap of up to
    ``width`` px there, which the torso's own cloth fills. Beyond the sleeves nothing is added: there the torso's map
    is nobody's.
    """
    if not sleeves:
        return front
    at_x, at_y = _on_pattern(pattern, front.map_x, front.map_y)
    beyond = cv2.remap(pattern.masks[Part.NONE], at_x, at_y, cv2.INTER_LINEAR)
    cover = np.ascontiguousarray(whole_alpha([front, *sleeves], shape)[front.region.slices])
    # Closing needs no fine detail: what it fills is bounded by the cloth's own edge.
    coarse = shrink(cover, 4)
    size = 2 * max(1, round(width / 8)) + 1
    padded = cv2.copyMakeBorder(coarse, size, size, size, size, cv2.BORDER_CONSTANT, value=0)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = enlarge(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)[size:-size, size:-size], cover.shape)
    alpha = np.maximum(front.alpha, np.minimum(beyond, closed))
    return replace(front, alpha=np.asarray(alpha, np.uint8))


def whole_alpha(pieces: list[Cloth], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Coverage by all pieces together over the whole working picture."""
    total = np.zeros(shape, np.uint8)
    for piece in pieces:
        view = total[piece.region.slices]
        np.maximum(view, piece.alpha, out=view)
    return total
