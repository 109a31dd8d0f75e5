"""Back to the photo's own resolution: only what changed is touched."""

from __future__ import annotations

import cv2
import numpy as np

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.blend import grow, lay_over
from vtonlab.engines.instant.records import Frame, Plane


def finish(photo: Picture, frame: Frame, before: Picture, after: Picture) -> tuple[Picture, Plane]:
    """The photo with the change from ``before`` to ``after`` (working size) brought into it, and where it changed.

    Every pixel outside the returned mask is bit-identical to ``photo``.
    """
    changed = np.asarray(cv2.bitwise_not(cv2.inRange(cv2.absdiff(before, after), (0, 0, 0, 0), (0, 0, 0, 0))), np.uint8)
    if frame.scale == 1.0 and after.shape == photo.shape:
        return after, changed
    result, mask = photo.copy(), np.zeros(photo.shape[:2], np.uint8)
    rows = slice(frame.y, min(photo.shape[0], frame.y + round(frame.height / frame.scale)))
    columns = slice(frame.x, min(photo.shape[1], frame.x + round(frame.width / frame.scale)))
    _bring(result[rows, columns], mask[rows, columns], after, changed)
    return result, mask


def _bring(window: Picture, mask: Plane, after: Picture, changed: Plane) -> None:
    """Write the changed part of ``after`` into ``window``, the same view at another size, and mark it in ``mask``."""
    # Beside the change an enlarged working picture is only a blurred copy of the photo: blend over the change's rim.
    enlarging = window.shape[0] > after.shape[0]
    weight = grow(changed, 1) if enlarging else changed
    x, y, width, height = cv2.boundingRect(weight)
    if width == 0:
        return
    fx, fy = after.shape[1] / window.shape[1], after.shape[0] / window.shape[0]
    left, top = max(0, int((x - 2) / fx)), max(0, int((y - 2) / fy))
    right = min(window.shape[1], int((x + width + 2) / fx) + 1)
    bottom = min(window.shape[0], int((y + height + 2) / fy) + 1)
    if enlarging:
        place = np.array([[fx, 0, (left + 0.5) * fx - 0.5], [0, fy, (top + 0.5) * fy - 0.5]])
        size, flags = (right - left, bottom - top), cv2.WARP_INVERSE_MAP
        new = cv2.warpAffine(after, place, size, flags=flags | cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        weight = cv2.warpAffine(weight, place, size, flags=flags | cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    else:
        size = (window.shape[1], window.shape[0])
        new = cv2.resize(after, size, interpolation=cv2.INTER_AREA)[top:bottom, left:right]
        weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)[top:bottom, left:right]
        weight = np.where(weight > 0, np.uint8(255), np.uint8(0))
    part = window[top:bottom, left:right]
    part[:] = lay_over(np.ascontiguousarray(part), np.ascontiguousarray(new), np.ascontiguousarray(weight))
    mask[top:bottom, left:right] = np.where(weight > 0, 255, 0)
