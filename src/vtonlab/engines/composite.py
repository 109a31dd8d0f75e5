"""Bringing a service's answer back into the photo.

A service redraws the whole picture at its own resolution. What it was not asked to change, the face, the hands, the
background, is taken from the photo, bit for bit and at the photo's own resolution.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Mask, Picture

FEATHER: Final = 1 / 200
"""Width of the soft edge, as a share of the photo's longer side: 5 pixels at 1024."""
WORKING_SIDE: Final = 512
"""Longer side at which colours are compared, in pixels."""
LEAST_PIXELS: Final = 400
"""Fewer that both pictures show alike say nothing about their colours."""
MOST_GAIN: Final = 0.12
MOST_SHIFT: Final = 24.0
"""Drift of a model's colours is smaller; what is larger is another picture."""


def paste_back(photo: Picture, answer: Picture, mask: Mask, feather: int | None = None) -> Picture:
    """``photo`` with ``answer`` where ``mask`` is more than half; all three of one size.

    Everywhere else the photo's pixels stay bit for bit. ``feather``: how far inside the mask's edge the answer gains
    its full weight, in pixels; None takes :data:`FEATHER`, 0 a hard edge.
    """
    weight = soften(mask, feather)
    result = photo.copy()
    box = _box_of(weight)
    if box is None:
        return result
    share = weight[box].astype(np.float32) / 255
    mixed = cv2.blendLinear(np.ascontiguousarray(photo[box]), np.ascontiguousarray(answer[box]), 1 - share, share)
    np.copyto(result[box], mixed, where=(weight[box] > 0)[..., None])
    return result


def soften(mask: Mask, feather: int | None = None) -> Mask:
    """``mask`` as weights 0–255 whose soft edge lies inside it: what is not more than half covered gets 0. The edge of
    the picture is no edge of the mask."""
    inside = (mask > 127).astype(np.uint8)
    if feather is None:
        feather = max(1, round(max(mask.shape) * FEATHER))
    if feather == 0:
        return (inside * 255).astype(np.uint8)
    far = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.clip(far / (feather + 1), 0, 1) * 255, np.uint8)


def match_colours(photo: Picture, answer: Picture, mask: Mask) -> Picture:
    """``answer`` with the colours it shares with ``photo`` brought to the photo's; all three of one size.

    A model's encoder and decoder shift brightness and hue a little over the whole picture, which shows as an edge
    where the answer meets the photo. Gain and shift of each colour are measured where ``mask`` is 0 and both pictures
    show the same; where too little is alike, ``answer`` comes back as it is.
    """
    scale = min(1.0, WORKING_SIDE / max(photo.shape[:2]))
    size = (max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale)))
    wanted, found = _smooth(photo, size), _smooth(answer, size)
    outside = cv2.dilate(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.ones((5, 5), np.uint8)) == 0
    difference = wanted - found
    usual = np.median(difference[outside], axis=0) if outside.sum() >= LEAST_PIXELS else None
    if usual is None:
        return answer
    off = _largest(difference - usual)
    alike = outside & (off <= max(6.0, 2.5 * float(np.median(off[outside]))))
    if alike.sum() < LEAST_PIXELS or float(np.median(off[outside])) > MOST_SHIFT:
        return answer
    corrected = np.empty_like(answer)
    for colour in range(3):
        table = _correction(found[..., colour][alike], wanted[..., colour][alike])
        corrected[..., colour] = cv2.LUT(answer[..., colour], table)
    return corrected


def find_change(photo: Picture, answer: Picture) -> Mask:
    """Where ``answer``, at the photo's size and place, shows something else than ``photo``: 0 or 255, for services that
    return no mask. Generous: holes are closed, the edge is widened a little; specks of noise are left out."""
    height, width = photo.shape[:2]
    scale = min(1.0, 2 * WORKING_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    wanted, found = _smooth(photo, size, 1.5), _smooth(answer, size, 1.5)
    difference = _largest(wanted - found)
    # What a redrawing changes everywhere, by noise, sharpness and drift, is the level from which a change stands out.
    level = float(np.quantile(difference, 0.35))
    changed = (difference > max(12.0, 3.5 * level)).astype(np.uint8)
    reach = max(3, round(max(size) / 80)) | 1
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    changed = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    changed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, shape)
    whole = _without_specks(changed, least=size[0] * size[1] // 400)
    whole = cv2.dilate(whole, shape)
    grown = cv2.resize(whole * np.uint8(255), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(grown > 127, 255, 0).astype(np.uint8)


def _box_of(weight: Mask) -> tuple[slice, slice] | None:
    rows, columns = np.flatnonzero(weight.any(axis=1)), np.flatnonzero(weight.any(axis=0))
    if rows.size == 0:
        return None
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _smooth(picture: Picture, size: tuple[int, int], blur: float = 2.0) -> NDArray[np.float32]:
    """Smaller and blurred: the two pictures may differ in sharpness, and lie half a pixel apart."""
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small.astype(np.float32), (0, 0), blur), np.float32)


def _largest(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """Over the three colours; one by one, which is ten times as fast as numpy's way along the last axis."""
    red, green, blue = cv2.split(np.abs(difference).astype(np.float32))
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)


def _correction(found: NDArray[np.float32], wanted: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A table that takes one colour of the answer to the photo's: gain about the middle of what was seen, and shift."""
    middle, goal = float(found.mean()), float(wanted.mean())
    spread = float(((found - middle) ** 2).mean())
    gain = float(((found - middle) * (wanted - goal)).mean()) / spread if spread > 100 else 1.0
    gain = min(1 + MOST_GAIN, max(1 - MOST_GAIN, gain))
    shift = min(MOST_SHIFT, max(-MOST_SHIFT, goal - middle))
    values = np.arange(256, dtype=np.float32)
    return np.asarray(np.clip(np.rint((values - middle) * gain + middle + shift), 0, 255), np.uint8)


def _without_specks(changed: NDArray[np.uint8], least: int) -> NDArray[np.uint8]:
    """The areas of at least so many pixels, their holes filled that are smaller than that."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(changed, connectivity=8)
    large = np.array([index > 0 and facts[index, cv2.CC_STAT_AREA] >= least for index in range(count)])
    kept = large[labels]
    count, labels, facts, _ = cv2.connectedComponentsWithStats((~kept).astype(np.uint8), connectivity=4)
    small = np.array([index > 0 and facts[index, cv2.CC_STAT_AREA] < least for index in range(count)])
    return np.asarray(kept | small[labels], np.uint8)
