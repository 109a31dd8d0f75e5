"""Finding out where a service's answer lies on the photo it was made from.

Generative services seldom give back exactly the frame they were given: 864×1184 for 3:4, a little nearer, a little to
the left. Laid over the photo by its outline alone, such an answer differs everywhere, and faces and backgrounds get
double edges. So the points that both pictures share (face, hands, background) say how it lies.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.frames import Frame, unpad

WORKING_SIDE: Final = 768
"""Longer side at which points are looked for, in pixels."""
LEAST_POINTS: Final = 24
"""Fewer points in common prove nothing."""
LEAST_SHARE: Final = 0.25
"""Of the points that look alike, those that must agree on where it lies."""
MOST_SCALE: Final = 1.3
"""An answer that is enlarged or reduced by more is another picture."""
MOST_SKEW: Final = 0.06
"""How much its axes may be turned, or differ in scale."""
MOST_OUTLINE: Final = 0.06
"""Without points: how much the shape (width to height) may differ from what was sent, for it to be laid over it."""

Placement = NDArray[np.float64]
"""``(2, 3)``: a point of the picture as it was sent, in pixels, to that of the answer."""


def place(answer: Picture, photo: Picture, sent: Picture, frame: Frame) -> Picture | None:
    """``answer`` at the size and in the place of ``photo``, which shows where the answer does not reach; None where it
    does not show the same view. ``sent``: what the service was given, in which the photo lies as ``frame`` says."""
    lies = find_placement(sent, answer)
    if lies is not None:
        return _bring(answer, photo, lies, frame)
    here, there = answer.shape[1] / answer.shape[0], frame.width / frame.height
    if abs(here / there - 1) > MOST_OUTLINE:
        return None
    return unpad(answer, frame, photo)


def find_placement(sent: Picture, answer: Picture) -> Placement | None:
    """How ``answer`` lies on ``sent``, by the points they share (SIFT, RANSAC); None where they share too few."""
    before, after = _small(sent), _small(answer)
    finder = cv2.SIFT_create(nfeatures=2500, contrastThreshold=0.02)  # type: ignore[attr-defined]
    points, marks = finder.detectAndCompute(before[0], None)
    others, other_marks = finder.detectAndCompute(after[0], None)
    if marks is None or other_marks is None or len(others) < 2:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(marks, other_marks, k=2)
    alike = [first for first, second in pairs if first.distance < 0.75 * second.distance]
    if len(alike) < LEAST_POINTS:
        return None
    start = np.array([points[pair.queryIdx].pt for pair in alike]) / before[1]
    end = np.array([others[pair.trainIdx].pt for pair in alike]) / after[1]
    within = 3 / after[1]
    found, agreed = cv2.estimateAffine2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=within, maxIters=5000)
    if found is None or agreed.sum() < max(LEAST_POINTS, LEAST_SHARE * len(alike)):
        return None
    return found if _is_likely(found, sent, answer) else None


def _small(picture: Picture) -> tuple[NDArray[np.uint8], float]:
    """Grey and small, and the scale."""
    scale = min(1.0, WORKING_SIDE / max(picture.shape[:2]))
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return grey, scale


def _is_likely(lies: Placement, sent: Picture, answer: Picture) -> bool:
    """Whether a service may have done that: a little scaled, shifted, hardly stretched, not turned."""
    usual = answer.shape[0] / sent.shape[0]
    across, down = np.hypot(*lies[:, 0]), np.hypot(*lies[:, 1])
    if not (usual / MOST_SCALE < across < usual * MOST_SCALE and usual / MOST_SCALE < down < usual * MOST_SCALE):
        return False
    turned = abs(np.arctan2(lies[1, 0], lies[0, 0])) + abs(np.arctan2(lies[0, 1], lies[1, 1]))
    return bool(turned < MOST_SKEW and abs(across / down - 1) < MOST_SKEW)


def _bring(answer: Picture, photo: Picture, lies: Placement, frame: Frame) -> Picture:
    """The part of ``answer`` that shows ``photo``, at the photo's own size; beyond its edges, the photo."""
    across, down = frame.inner_width / frame.full_width, frame.inner_height / frame.full_height
    # Pixels have their centres at halves: photo → sent → answer.
    into = np.array([[across, 0, frame.left + across / 2 - 0.5], [0, down, frame.top + down / 2 - 0.5], [0, 0, 1]])
    shift: Placement = lies @ into
    reduced = np.hypot(*shift[:, 0])
    if reduced > 1:
        # Sampling alone would leave out pixels of an answer that is larger than the photo.
        answer = cv2.GaussianBlur(answer, (0, 0), 0.5 * float(np.sqrt(reduced**2 - 1)) + 0.01)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = (frame.full_width, frame.full_height)
    placed = cv2.warpAffine(answer, shift, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    beyond = _beyond(answer, shift, size)
    if beyond.any():
        placed = np.where(beyond[..., None] > 0, photo, placed)
    return np.asarray(placed, np.uint8)


def _beyond(answer: Picture, shift: Placement, size: tuple[int, int]) -> NDArray[np.uint8]:
    """1 where a picture of ``size`` (width, height) shows nothing of the answer, that lies on it by ``shift``."""
    right, below = answer.shape[1] - 0.5, answer.shape[0] - 0.5
    corners = np.array([[-0.5, -0.5], [right, -0.5], [right, below], [-0.5, below]])
    # Resampled twice, an answer that reaches the photo's edge may seem to end a pixel or two before it.
    outline = (corners - shift[:, 2]) @ np.linalg.inv(shift[:, :2]).T
    outline += 2 * np.sign(outline - outline.mean(axis=0))
    beyond = np.ones(size[::-1], np.uint8)
    cv2.fillConvexPoly(beyond, np.rint(outline).astype(np.int32), 0)
    return beyond
