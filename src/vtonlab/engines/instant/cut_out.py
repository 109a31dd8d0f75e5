"""Cutting a garment out of its photo: which pixels are cloth, with a soft edge.

On a plain backdrop the backdrop is modelled (a quadratic surface through the photo's border) and flooded away; where
the border is too varied for that, the garment is found by iterated graph cuts against the border's colours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.backdrop import Backdrop, read_backdrop
from vtonlab.engines.instant.halo import FLAT_TOLERANCE, nearby_cloth, strip_halo
from vtonlab.engines.instant.records import Plane
from vtonlab.engines.instant.regions import disc, fill_holes, find_gaps, reached_from_border
from vtonlab.engines.instant.upright import find_axis

_LOW_CONTRAST = 14.0
"""Median difference between cloth and backdrop below which cloth counts as ‘the backdrop's own colour’."""


@dataclass(frozen=True)
class Cutting:
    """What was cut out."""

    matte: Plane
    """``(h, w)`` 0…255."""
    backdrop: Backdrop
    contrast: float
    """Median Lab difference between cloth and backdrop."""
    rivals: int
    """Other separate things in the photo of at least a quarter of the garment's size."""
    equals: int
    """Those of them that are as good as equal in size and stand beside the garment, or many small things."""
    certainty: float
    """0…1."""


def cut_out(picture: Picture) -> Cutting:
    """The garment's matte in a photo of at most about 1024 pixels a side.

    An all-zero matte means that nothing stands out from the backdrop. A photo inside a plain frame is taken out of
    its frame first.
    """
    whole = _cut_out(picture)
    frame = _find_frame(whole.matte)
    if frame is None:
        return whole
    inner = _cut_out(np.ascontiguousarray(picture[frame]))
    if not 0.02 < float((inner.matte > 127).mean()) < 0.97:
        return whole
    matte = np.zeros_like(whole.matte)
    matte[frame] = inner.matte
    return replace(inner, matte=matte)


def _find_frame(matte: Plane) -> tuple[slice, slice] | None:
    """Where a photo lies within a frame: what stands out fills its upright rectangle to the corners."""
    x, y, w, h = cv2.boundingRect(matte)
    inset = 3 + max(w, h) // 200
    if min(w, h) < 60 or (w >= matte.shape[1] - 1 and h >= matte.shape[0] - 1):
        return None
    filled = (matte[y : y + h, x : x + w] > 0).mean()
    return (slice(y + inset, y + h - inset), slice(x + inset, x + w - inset)) if filled > 0.965 else None


def _cut_out(picture: Picture) -> Cutting:
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    backdrop = read_backdrop(lab)
    if backdrop.busy:
        solid = _cut_from_busy_ground(picture)
        difference = backdrop.difference(lab)
    else:
        difference = backdrop.difference(lab if backdrop.flat else _quieten(lab, backdrop))
        solid = _flood(lab, difference, backdrop)
        if _find_frame(solid) is not None:
            return Cutting(solid * np.uint8(255), backdrop, 0.0, 0, 0, 0.3)
        solid = strip_halo(lab, solid, backdrop, difference)
    solid, rivals, equals = _keep_garment(solid)
    solid = _take_hook_off(solid)
    inside = solid > 0
    contrast = float(np.median(difference[inside][::7])) if inside.any() else 0.0
    pale = inside.any() and float((difference[inside][::7] < 16).mean()) > 0.3
    if (contrast < _LOW_CONTRAST or pale) and not backdrop.busy:
        solid = _mend_pale_cloth(solid, difference)
    matte = _soften(solid, lab, difference, backdrop, contrast)
    return Cutting(matte, backdrop, contrast, rivals, equals, _certainty(backdrop, contrast, solid))


def _quieten(lab: NDArray[np.uint8], backdrop: Backdrop) -> NDArray[np.uint8] | NDArray[np.float32]:
    if backdrop.faint:
        return cv2.GaussianBlur(lab.astype(np.float32), (0, 0), 1.5)
    return cv2.bilateralFilter(lab, 5, 12, 5).astype(np.uint8, copy=False)


def _flood(lab: NDArray[np.uint8], difference: NDArray[np.float32], backdrop: Backdrop) -> Plane:
    """Everything that a flood of backdrop colour from the photo's border does not reach."""
    lightness = lab[..., 0]
    slope = cv2.add(
        cv2.convertScaleAbs(cv2.Sobel(lightness, cv2.CV_16S, 1, 0), alpha=4),
        cv2.convertScaleAbs(cv2.Sobel(lightness, cv2.CV_16S, 0, 1), alpha=4),
    )
    tolerance = float(np.clip(2.2 * backdrop.spread + 1.5, 2.5, 9.0))
    if backdrop.flat or backdrop.faint:
        tolerance = max(FLAT_TOLERANCE, 1.7 * backdrop.spread)
    steepest = 22 if backdrop.flat else 70
    ground = ((difference < tolerance) & (slope < steepest)).astype(np.uint8)
    if backdrop.spread > 1.0 or _stands_out(difference):
        ground |= _soft_shadow(lab, backdrop)
    core = np.ones((5, 5) if backdrop.flat else (3, 3), np.uint8)
    ground = cv2.erode(ground, core, borderValue=1)  # narrow leaks into pale cloth close
    outer = reached_from_border(ground)
    outer |= find_gaps(ground & (outer ^ 1), lab, difference, outer ^ np.uint8(1), 0.55 * tolerance)
    outer = cv2.dilate(outer, core)
    if backdrop.flat:
        outer &= (difference < 9).astype(np.uint8)
    return (outer ^ 1).astype(np.uint8)


def _stands_out(difference: NDArray[np.float32]) -> bool:
    """Whether what differs from a flat backdrop differs strongly, so that shade cannot be pale cloth."""
    some = difference[::4, ::4]
    cloth = some[some > FLAT_TOLERANCE]
    return bool(cloth.size) and float(np.percentile(cloth, 20)) > 40


def _soft_shadow(lab: NDArray[np.uint8], backdrop: Backdrop) -> Plane:
    """Where the photo has the backdrop's hue and changes so slowly that it can only be shade or glow on it."""
    quarter = (max(2, lab.shape[1] // 4), max(2, lab.shape[0] // 4))
    calm = cv2.resize(lab.astype(np.float32), quarter, interpolation=cv2.INTER_AREA)
    slope = np.hypot(cv2.Sobel(calm[..., 0], cv2.CV_32F, 1, 0), cv2.Sobel(calm[..., 0], cv2.CV_32F, 0, 1)) / 32
    away = calm - backdrop.surface((quarter[1], quarter[0]))
    steepest = cv2.dilate(slope, np.ones((3, 3), np.uint8))
    calm_ground = (np.abs(away[..., 1:]).max(2) < 3.5) & (np.abs(away[..., 0]) < 45) & (steepest < 0.3)
    large = cv2.resize(calm_ground.astype(np.uint8), (lab.shape[1], lab.shape[0]), interpolation=cv2.INTER_NEAREST)
    return large.astype(np.uint8, copy=False)


def _cut_from_busy_ground(picture: Picture) -> Plane:
    """Graph cut against the border's colours, worked out at a small size."""
    height, width = picture.shape[:2]
    scale = 240.0 / max(height, width)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    rows, columns = small.shape[:2]
    trimap = np.full((rows, columns), cv2.GC_PR_BGD, np.uint8)
    axes = (int(columns * 0.40), int(rows * 0.42))
    cv2.ellipse(trimap, (columns // 2, rows // 2), axes, 0, 0, 360, cv2.GC_PR_FGD, -1)
    rim = max(2, columns // 50)
    trimap[:rim], trimap[-rim:] = cv2.GC_BGD, cv2.GC_BGD
    trimap[:, :rim], trimap[:, -rim:] = cv2.GC_BGD, cv2.GC_BGD
    cv2.setRNGSeed(1)
    cv2.grabCut(small, trimap, None, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    cloth = ((trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)).astype(np.uint8)
    cloth = fill_holes(cv2.morphologyEx(cloth, cv2.MORPH_OPEN, disc(5)), 0.01)
    soft = cv2.resize(cloth * 255, (width, height), interpolation=cv2.INTER_LINEAR)
    guided = cv2.ximgproc.guidedFilter(picture, soft, max(3, width // 128), 60.0)
    return (guided > 127).astype(np.uint8)


def _keep_garment(solid: Plane) -> tuple[Plane, int, int]:
    """The largest piece; how many others are a quarter of its size, and how many rival it.

    Rivals are pieces of three quarters of its size beside it, or a photo full of small things, as a text is.
    """
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, disc(5))
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, disc(5))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    if count <= 1:
        return np.zeros_like(solid), 0, 0
    areas = stats[1:, cv2.CC_STAT_AREA]
    largest = int(areas.argmax()) + 1
    left, width = stats[largest, cv2.CC_STAT_LEFT], stats[largest, cv2.CC_STAT_WIDTH]
    others = stats[np.arange(1, count)[np.arange(1, count) != largest]] if count > 2 else stats[:0]
    aside = (others[:, cv2.CC_STAT_LEFT] >= left + 0.9 * width) | (
        others[:, cv2.CC_STAT_LEFT] + others[:, cv2.CC_STAT_WIDTH] <= left + 0.1 * width
    )
    equals = int((aside & (others[:, cv2.CC_STAT_AREA] > 0.75 * areas.max())).sum())
    scattered = areas.max() < 0.02 * solid.size and areas.sum() > 4 * areas.max()
    rivals = int((others[:, cv2.CC_STAT_AREA] > 0.25 * areas.max()).sum())
    return (labels == largest).astype(np.uint8), rivals, max(equals, int(scattered))


def _take_hook_off(solid: Plane) -> Plane:
    """A hanger's hook or a hanging loop: the topmost rows, as long as they hold little and that in the middle."""
    x, y, w, h = cv2.boundingRect(solid)
    upper = solid[y : y + int(0.15 * h), x : x + w]
    spans = upper.sum(1)
    hooked = (spans < 0.10 * w) & (upper[:, int(0.38 * w) : int(0.62 * w) + 1].sum(1) == spans)
    rows = int(np.argmin(hooked)) if not hooked.all() else 0
    kept = solid.copy()
    kept[y : y + rows] = 0
    return kept


def _mend_pale_cloth(solid: Plane, difference: NDArray[np.float32]) -> Plane:
    """Close the bays that the flood ate into cloth of the backdrop's own colour, but not the gaps between limbs."""
    doubtful = (difference < 8).astype(np.uint8)
    reach = 13
    padded = cv2.copyMakeBorder(solid, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc(2 * reach - 1))[reach:-reach, reach:-reach]
    added = (closed & doubtful & (solid ^ 1)).astype(np.uint8)
    tall = cv2.boundingRect(solid)[3]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(added)
    for index in range(1, count):
        x, y, w, h, _ = stats[index]
        if h > 3 * w and h > 0.06 * tall:
            window = (slice(y, y + h), slice(x, x + w))
            added[window][labels[window] == index] = 0
    return _complete_by_mirror(fill_holes(solid | added, 0.02), difference)


def _complete_by_mirror(solid: Plane, difference: NDArray[np.float32]) -> Plane:
    """Give a large bite in one side back, where the other side has cloth and this one could."""
    axis_x, _ = find_axis(solid * np.uint8(255))
    flip = np.array([[-1, 0, 2 * axis_x], [0, 1, 0]], np.float64)
    mirrored = cv2.warpAffine(solid, flip, (solid.shape[1], solid.shape[0]), flags=cv2.INTER_NEAREST)
    missing = (mirrored & (solid ^ 1) & (difference < 8)).astype(np.uint8)
    missing = cv2.morphologyEx(missing, cv2.MORPH_OPEN, disc(15))
    share = cv2.countNonZero(missing) / max(cv2.countNonZero(solid), 1)
    if not 0.02 < share < 0.35:
        return solid
    return cv2.morphologyEx(solid | missing, cv2.MORPH_CLOSE, disc(9)).astype(np.uint8, copy=False)


def _soften(
    solid: Plane,
    lab: NDArray[np.uint8],
    difference: NDArray[np.float32],
    backdrop: Backdrop,
    contrast: float,
) -> Plane:
    """A soft edge one or two pixels wide: by unmixing cloth and backdrop where they differ, by smoothing where not."""
    width = 7 if contrast > _LOW_CONTRAST else 13
    firm = np.where(cv2.blur(solid * 255, (width, width)) > 127, np.uint8(255), np.uint8(0))  # a median, of two values
    smooth = cv2.GaussianBlur(firm, (0, 0), 1.2)
    if backdrop.busy:
        return smooth
    deep = cv2.erode(solid, np.ones((7, 7), np.uint8), borderValue=0)
    band = cv2.dilate(firm, np.ones((3, 3), np.uint8)) & cv2.bitwise_not(cv2.erode(firm, np.ones((5, 5), np.uint8)))
    rows, columns = np.nonzero(band)
    if rows.size == 0 or cv2.countNonZero(deep) == 0:
        return smooth
    nearby, pale, _ = nearby_cloth(lab, deep, difference)
    nearby = nearby if pale is None else pale
    cloth = nearby[rows, columns]
    ground = backdrop.surface(lab.shape[:2])[rows, columns]
    span = cloth - ground
    apart = np.maximum((span**2).sum(1), 1.0)
    share = ((lab[rows, columns].astype(np.float32) - ground) * span).sum(1) / apart
    share = np.clip((share - 0.12) / 0.7, 0, 1) * 255
    trust = np.clip((np.sqrt(apart) - 25) / 30, 0, 1)
    matte = smooth.copy()
    mixed = trust * share + (1 - trust) * smooth[rows, columns]
    matte[rows, columns] = np.rint(np.maximum(mixed, np.where(deep[rows, columns] > 0, 255, 0))).astype(np.uint8)
    return matte


def _certainty(backdrop: Backdrop, contrast: float, solid: Plane) -> float:
    share = float(solid.mean())
    ground = 0.55 if backdrop.busy else 1.0 if backdrop.flat else 0.9
    stands_out = float(np.clip(contrast / 30, 0.55, 1))
    sized = 1.0 if 0.04 < share < 0.93 else 0.5
    return ground * stands_out * sized
