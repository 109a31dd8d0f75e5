"""Setting a cut-out garment upright: the axis of mirror symmetry, the tilt, and the crop that is worked on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.records import Plane

_SMALLEST = 512
"""Working pictures are at least this many pixels high or wide, so that constants in pixels hold."""
_MARGIN = 0.03
_TILTS = np.arange(-24.0, 24.1, 3.0)


@dataclass(frozen=True)
class Upright:
    """The garment upright and cropped."""

    picture: Picture
    matte: Plane
    axis_x: float
    symmetry: float
    """0…1: how far the silhouette is its own mirror image."""
    tilt: float
    """Degrees the photo was turned by, counter-clockwise positive."""
    to_work: NDArray[np.float64]
    """``(3, 3)``: from the matte's pixels to the working picture's."""


def set_upright(picture: Picture, matte: Plane, largest: int, tilt: float | None = None) -> Upright:
    """Turn the garment so that its axis is vertical, crop it with a margin, and scale it to the working size.

    ``tilt``: degrees to turn by, where it is known better than by the silhouette's symmetry.
    ``picture`` may have more pixels than ``matte``; it is sampled once. The result is at most ``largest`` and at least
    512 pixels in its longer side.
    """
    tilt = find_tilt(matte) if tilt is None else tilt
    height, width = matte.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1.0)
    outlines, _ = cv2.findContours((matte > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    x, y, w, h = cv2.boundingRect(cv2.transform(np.vstack(outlines).astype(np.float32), turn))
    margin = max(3, round(_MARGIN * max(w, h)))
    sampled = picture.shape[0] / height
    longest = max(w, h) + 2 * margin
    scale = min(largest / longest, max(sampled, _SMALLEST / longest))
    size = (max(8, round((w + 2 * margin) * scale)), max(8, round((h + 2 * margin) * scale)))
    to_work = np.vstack([turn, [0, 0, 1]])
    to_work = np.array([[scale, 0, -(x - margin) * scale], [0, scale, -(y - margin) * scale], [0, 0, 1]]) @ to_work
    if tilt == 0.0 and abs(scale - 1) < 1e-6 and sampled == 1:
        left, top = x - margin, y - margin
        shown, cut = _crop(picture, left, top, size), _crop(matte, left, top, size, 0)
    else:
        shown = _resample(picture, to_work @ np.diag([1 / sampled, 1 / sampled, 1]), size, cv2.BORDER_REPLICATE)
        cut = resample_plane(matte, to_work, size)
        if scale > 1.3:
            steep = min(scale, 4.0)
            calm = cv2.GaussianBlur(cut, (0, 0), 0.5 * scale).astype(np.float32)
            cut = np.rint(np.clip((calm - 127.5) * steep + 127.5, 0, 255)).astype(np.uint8)
    axis_x, symmetry = find_axis(cut)
    return Upright(shown, cut, axis_x, symmetry, tilt, to_work)


def resample_plane(plane: Plane, to_work: NDArray[np.float64], size: tuple[int, int]) -> Plane:
    """A plane of the photo at the working picture's place and size ``(width, height)``."""
    return _resample(plane, to_work, size, cv2.BORDER_CONSTANT)


def find_tilt(matte: Plane) -> float:
    """Degrees by which turning makes the silhouette clearly more symmetrical about a vertical axis; mostly 0."""
    small = _shrink(matte, 96)
    scores = np.array([_symmetry_of(_turn(small, tilt))[1] for tilt in _TILTS])
    level = scores[len(_TILTS) // 2]
    best = int(scores.argmax())
    if scores[best] < max(level + 0.03, 0.80):
        return 0.0
    larger = _shrink(matte, 192)
    fine = _TILTS[best] + np.arange(-3.0, 3.1, 0.75)
    finest = np.array([_symmetry_of(_turn(larger, tilt))[1] for tilt in fine])
    tilt = float(fine[int(finest.argmax())])
    return tilt if abs(tilt) >= 1.5 else 0.0


def find_axis(matte: Plane) -> tuple[float, float]:
    """Column about which the silhouette mirrors best, and how well (share of it that its mirror image covers)."""
    small = _shrink(matte, 256)
    column, score = _symmetry_of(small)
    x = (column + 0.5) * matte.shape[1] / small.shape[1] - 0.5
    return float(np.clip(x, 0, matte.shape[1] - 1)), score


def _symmetry_of(silhouette: NDArray[np.float32]) -> tuple[float, float]:
    """Best mirror column and the share of the silhouette in common with its mirror image there.

    Each row's correlation with its own mirror image, all columns at once, by the Fourier transform.
    """
    width = silhouette.shape[1]
    length = 2 * cv2.getOptimalDFTSize(width)
    spectrum = np.fft.rfft(silhouette, length, axis=1)
    overlap = np.fft.irfft((spectrum**2).sum(0), length)[: 2 * width - 1]
    total = max(float((silhouette**2).sum()), 1e-6)
    best = int(overlap.argmax())
    column = float(best)
    if 0 < best < len(overlap) - 1:
        before, here, after = overlap[best - 1 : best + 2]
        bend = before - 2 * here + after
        if bend < 0:
            column += float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))
    return column / 2, float(overlap[best] / total)


def _shrink(matte: Plane, longest: int) -> NDArray[np.float32]:
    scale = min(1.0, longest / max(matte.shape))
    size = (max(2, round(matte.shape[1] * scale)), max(2, round(matte.shape[0] * scale)))
    return cv2.resize(matte, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _turn(silhouette: NDArray[np.float32], tilt: float) -> NDArray[np.float32]:
    height, width = silhouette.shape
    side = int(np.hypot(height, width)) + 2
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(tilt), 1.0)
    turn[:, 2] += (side / 2 - width / 2, side / 2 - height / 2)
    return cv2.warpAffine(silhouette, turn, (side, side)).astype(np.float32, copy=False)


def _crop(
    picture: NDArray[np.uint8], left: int, top: int, size: tuple[int, int], fill: int | None = None
) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    right, bottom = left + size[0], top + size[1]
    inner = picture[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    edges = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    if not any(edges):
        return inner.copy()
    style = cv2.BORDER_REPLICATE if fill is None else cv2.BORDER_CONSTANT
    return cv2.copyMakeBorder(inner, *edges, style, value=0).astype(np.uint8, copy=False)


def _resample(
    picture: NDArray[np.uint8], move: NDArray[np.float64], size: tuple[int, int], border: int
) -> NDArray[np.uint8]:
    """Affine resampling in pixel-centre coordinates; averages before it shrinks."""
    shrink = float(np.hypot(move[0, 0], move[1, 0]))
    centre = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    if shrink < 0.6:
        smaller = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        ratio = np.diag([smaller.shape[1] / picture.shape[1], smaller.shape[0] / picture.shape[0], 1])
        picture, move = smaller.astype(np.uint8, copy=False), move @ np.linalg.inv(ratio)
        shrink = 1.0
    whole = np.linalg.inv(centre) @ move @ centre
    style = cv2.INTER_CUBIC if shrink > 1.01 else cv2.INTER_LINEAR
    return cv2.warpAffine(picture, whole[:2], size, flags=style, borderMode=border).astype(np.uint8, copy=False)
