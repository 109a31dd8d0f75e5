"""Cutting a garment out of its photo: which pixels are cloth, with a soft edge.

On a plain backdrop the backdrop is modelled (a quadratic surface through the photo's border) and flooded away; where
the border is too varied for that, the garment is found by iterated graph cuts against the border's colours.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.backdrop import Backdrop, length_of, read_backdrop
from vtonlab.engines.instant.records import Plane

FLAT_TOLERANCE = 1.3
"""Largest difference (8-bit Lab) to a digitally flat backdrop; separates even white cloth from white ground."""
_LOW_CONTRAST = 14.0
"""Median difference between cloth and backdrop below which cloth counts as ‘the backdrop's own colour’."""


_PALE = 16.0
"""Difference to the backdrop below which cloth is pale."""
_FRINGE = 12
"""Reach in pixels of compression fringes and soft shadows past the sure backdrop (a JPEG block with its neighbour)."""


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

    An all-zero matte means that nothing stands out from the backdrop.
    """
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    backdrop = read_backdrop(lab)
    if backdrop.busy:
        solid = _cut_from_busy_ground(picture)
        difference = backdrop.difference(lab)
    else:
        difference = backdrop.difference(lab if backdrop.flat else _quieten(lab, backdrop))
        solid = _flood(lab, difference, backdrop)
        solid = _strip_halo(lab, solid, backdrop, difference)
    solid, rivals, equals = _keep_garment(solid)
    inside = solid > 0
    contrast = float(np.median(difference[inside][::7])) if inside.any() else 0.0
    if contrast < _LOW_CONTRAST and not backdrop.busy:
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
    outer = _reached_from_border(ground)
    outer |= _islands(ground & (outer ^ 1), lab, difference, outer ^ 1, 0.55 * tolerance)
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


def _reached_from_border(ground: Plane) -> Plane:
    padded = cv2.copyMakeBorder(ground, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(padded, None, (0, 0), 2)
    return (padded[1:-1, 1:-1] == 2).astype(np.uint8)


def _islands(
    ground: Plane, lab: NDArray[np.uint8], difference: NDArray[np.float32], cloth: Plane, tolerance: float
) -> Plane:
    """Enclosed backdrop: gaps between arm and body (upright, off the middle) or between legs (long and narrow).

    Prints in the backdrop's colour are enclosed, too; what sets a gap apart is where it lies and its shape. Shops
    often leave such gaps white on a grey ground: those must be even as no cloth is.
    """
    left, top, width, height = cv2.boundingRect(cloth)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(ground)
    found = np.zeros_like(ground)
    for index in range(1, count):
        x, y, w, h, area = stats[index]
        aside = abs(centres[index][0] - left - width / 2) / max(width, 1)
        beside_body = aside > 0.17 and h > 1.2 * w and h > 0.05 * height
        between_legs = aside < 0.1 and h > 4 * w and h > 0.2 * height and y + h > top + 0.7 * height
        if (beside_body or between_legs) and area > 0.0003 * ground.size:
            window = (slice(y, y + h), slice(x, x + w))
            piece = labels[window] == index
            off = float(np.median(difference[window][piece]))
            even = float(lab[window][..., 0][piece].std()) < 1.5
            if off < tolerance or (even and off < 3 * tolerance):
                found[window][piece] = 1
    return found


def _strip_halo(
    lab: NDArray[np.uint8], solid: Plane, backdrop: Backdrop, difference: NDArray[np.float32]
) -> Plane:
    """Take shadow, compression fringe and narrow gaps off: what looks like backdrop and unlike the cloth nearby."""
    x, y, w, h = cv2.boundingRect(solid)
    window = (slice(max(y - 16, 0), y + h + 16), slice(max(x - 16, 0), x + w + 16))
    ground = backdrop.surface(lab.shape)[window]
    stripped = np.zeros_like(solid)
    stripped[window] = _strip_window(lab[window], solid[window], backdrop, ground, difference[window])
    return stripped


def _strip_window(
    lab: NDArray[np.uint8],
    solid: Plane,
    backdrop: Backdrop,
    ground: NDArray[np.float32],
    difference: NDArray[np.float32],
) -> Plane:
    deep = cv2.erode(solid, np.ones((19, 19), np.uint8), borderValue=0)
    if cv2.countNonZero(deep) < 500:
        return solid
    nearby, pale, known = _nearby_cloth(lab, deep, difference)
    careful = _strip(lab, solid, backdrop, ground, difference, nearby if pale is None else pale, known)
    if pale is None:
        return careful
    # Pale stripes are spared by measuring against them, and so is some fringe. Where measuring against the dark
    # stripes takes little else away, the notches it leaves at pale stripes are bridged instead.
    eager = _strip(lab, solid, backdrop, ground, difference, nearby, known)
    bridged = careful & _close_far(eager, 20)
    bridged = _without_backdrop(bridged, eager, difference, 2.0 if backdrop.flat else backdrop.spread + 1)
    lost = 1 - cv2.countNonZero(bridged) / max(cv2.countNonZero(careful), 1)
    return bridged.astype(np.uint8, copy=False) if lost < 0.05 else careful


def _close_far(solid: Plane, reach: int) -> Plane:
    """Close gaps of up to twice ``reach`` pixels, worked out at a third of the size; adds to ``solid`` only."""
    small = cv2.resize(solid * 255, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
    rim = reach // 3 + 1
    padded = cv2.copyMakeBorder((small > 127).astype(np.uint8), rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, _disc(2 * (reach // 3) + 1))[rim:-rim, rim:-rim]
    large = cv2.resize(closed * 255, (solid.shape[1], solid.shape[0]), interpolation=cv2.INTER_LINEAR)
    return (solid | (large > 127)).astype(np.uint8)


def _without_backdrop(bridged: Plane, eager: Plane, difference: NDArray[np.float32], tolerance: float) -> Plane:
    """``bridged`` less the added pieces that are backdrop after all, as narrow gaps between arm and body are."""
    added = (bridged & (eager ^ 1)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.erode(added, np.ones((3, 3), np.uint8)))
    taken = np.zeros_like(added)
    for index in range(1, count):
        x, y, w, h, area = stats[index]
        window = (slice(y, y + h), slice(x, x + w))
        piece = labels[window] == index
        if area > 40 and np.median(difference[window][piece]) < tolerance:
            taken[window][piece] = 1
    return (bridged & (cv2.dilate(taken, np.ones((5, 5), np.uint8)) & added ^ 1)).astype(np.uint8)


def _strip(
    lab: NDArray[np.uint8],
    solid: Plane,
    backdrop: Backdrop,
    ground: NDArray[np.float32],
    difference: NDArray[np.float32],
    nearby: NDArray[np.float32],
    known: NDArray[np.bool_],
) -> Plane:
    """Doubtful pixels go where they hang together with the outside and lie within a few pixels of sure backdrop."""
    pixels = lab.astype(np.float32)
    unlike = _length(pixels - nearby)
    apart = _length(nearby - ground)
    away = pixels - ground
    shade = np.where(apart > 40, np.float32(0.5), np.float32(1))  # a shadow is backdrop, only darker
    away[..., 0] *= np.where(away[..., 0] < 0, shade, np.float32(0.8))
    like_ground = _length(away)
    least = 4.0 if backdrop.flat else max(15.0, 5 * backdrop.spread)
    weak = (solid > 0) & known & (apart > least) & (unlike > 2.1 * like_ground + np.clip(0.12 * apart, 0.5, 6))
    exact = np.minimum(2.5 if backdrop.flat else 1.5 * backdrop.spread + 1.5, 0.3 * apart)
    same_light = np.abs(pixels[..., 0] - ground[..., 0]) < exact  # compression smears hue further than light
    strong = ((solid == 0) | (weak & same_light & (like_ground < 0.2 * unlike))).astype(np.uint8)
    if backdrop.flat:
        filled = ((difference < FLAT_TOLERANCE) & (cv2.blur(difference, (61, 61)) > 40)).astype(np.uint8)
        strong |= cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
        weak |= strong > 0
    strong = cv2.morphologyEx(strong, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    near = cv2.dilate(strong, _disc(2 * _FRINGE + 1))
    loose = ((solid == 0) | (weak & (near > 0))).astype(np.uint8)
    loose = cv2.dilate(cv2.erode(loose, np.ones((3, 3), np.uint8), borderValue=1), np.ones((3, 3), np.uint8))
    outer = _reached_from_border(loose)
    near_enough = 5.0 if backdrop.flat else 3 * backdrop.spread + 3
    outer |= _islands(loose & (outer ^ 1), lab, like_ground, solid, near_enough)
    kept = cv2.morphologyEx((solid & (outer ^ 1)).astype(np.uint8), cv2.MORPH_OPEN, _disc(5))
    return kept.astype(np.uint8, copy=False)


def _length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return length_of(cv2.multiply(vectors, vectors))


def _nearby_cloth(
    lab: NDArray[np.uint8], deep: Plane, difference: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None, NDArray[np.bool_]]:
    """Mean colour of the sure cloth within 30 pixels; the same with only the pale part where that is a good part of
    it (None when nowhere); and where there is any cloth.
    """
    quarter = (max(1, lab.shape[1] // 4), max(1, lab.shape[0] // 4))
    size = (lab.shape[1], lab.shape[0])
    small = cv2.resize(lab, quarter, interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = cv2.resize(deep.astype(np.float32), quarter, interpolation=cv2.INTER_AREA)
    total = cv2.blur(weight, (15, 15))
    mean = cv2.blur(small * weight[..., None], (15, 15)) / np.maximum(total, 1e-4)[..., None]
    known = cv2.resize(total, size) > 1e-3
    rim = cv2.dilate((weight == 0).astype(np.uint8), np.ones((21, 21), np.uint8))
    pale = weight * rim * (cv2.resize(difference, quarter, interpolation=cv2.INTER_AREA) < _PALE)
    pale_total = cv2.blur(pale, (15, 15))
    mostly = cv2.dilate((pale_total > 0.25 * total + 1e-4).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    if not mostly.any():
        return cv2.resize(mean, size), None, known
    light = cv2.blur(small * pale[..., None], (15, 15)) / np.maximum(pale_total, 1e-4)[..., None]
    light = np.where((mostly & (pale_total > 1e-3))[..., None], light, mean)
    return cv2.resize(mean, size), cv2.resize(light, size), known


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
    cloth = _fill_holes(cv2.morphologyEx(cloth, cv2.MORPH_OPEN, _disc(5)), 0.01)
    soft = cv2.resize(cloth * 255, (width, height), interpolation=cv2.INTER_LINEAR)
    guided = cv2.ximgproc.guidedFilter(picture, soft, max(3, width // 128), 60.0)
    return (guided > 127).astype(np.uint8)


def _keep_garment(solid: Plane) -> tuple[Plane, int, int]:
    """The largest piece; how many others are a quarter of its size, and how many rival it.

    Rivals are pieces of three quarters of its size beside it, or a photo full of small things, as a text is.
    """
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, _disc(5))
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, _disc(5))
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


def _mend_pale_cloth(solid: Plane, difference: NDArray[np.float32]) -> Plane:
    """Close the bays that the flood ate into cloth of the backdrop's own colour, but not the gaps between limbs."""
    doubtful = (difference < 8).astype(np.uint8)
    reach = 13
    padded = cv2.copyMakeBorder(solid, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, _disc(2 * reach - 1))[reach:-reach, reach:-reach]
    added = (closed & doubtful & (solid ^ 1)).astype(np.uint8)
    tall = cv2.boundingRect(solid)[3]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(added)
    for index in range(1, count):
        x, y, w, h, _ = stats[index]
        if h > 3 * w and h > 0.06 * tall:
            window = (slice(y, y + h), slice(x, x + w))
            added[window][labels[window] == index] = 0
    return _fill_holes(solid | added, 0.02)


def _fill_holes(solid: Plane, largest: float) -> Plane:
    """Fill enclosed holes of up to ``largest`` of the picture."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - _reached_from_border(solid ^ 1) - solid)
    filled = solid.copy()
    for index in range(1, count):
        x, y, w, h, area = stats[index]
        if area < largest * solid.size:
            window = (slice(y, y + h), slice(x, x + w))
            filled[window][labels[window] == index] = 1
    return filled


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
    nearby, pale, _ = _nearby_cloth(lab, deep, difference)
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


def _disc(size: int) -> NDArray[np.uint8]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.uint8, copy=False)
