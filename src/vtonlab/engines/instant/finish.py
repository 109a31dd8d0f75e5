"""Back to the photo's own resolution: only what changed is touched."""

from __future__ import annotations

import cv2
import numpy as np

from vtonlab.engines.instant.blend import grow
from vtonlab.engines.instant.records import Frame, Picture, Plane


def finish(photo: Picture, frame: Frame, before: Picture, after: Picture) -> tuple[Picture, Plane]:
    """The photo with the change from ``before`` to ``after`` (working size) brought into it, and where it changed.

    Every pixel outside the returned mask is bit-identical to ``photo``.
    """
    changed = np.where(cv2.absdiff(before, after).max(2) > 0, 255, 0).astype(np.uint8)
    if frame.scale == 1.0 and after.shape == photo.shape:
        return after, changed
    result, mask = photo.copy(), np.zeros(photo.shape[:2], np.uint8)
    rows = slice(frame.y, min(photo.shape[0], frame.y + round(frame.height / frame.scale)))
    columns = slice(frame.x, min(photo.shape[1], frame.x + round(frame.width / frame.scale)))
    size = (columns.stop - columns.start, rows.stop - rows.start)
    window = result[rows, columns]
    enlarging = frame.scale < 1
    method = cv2.INTER_CUBIC if enlarging else cv2.INTER_AREA
    new = cv2.resize(after, size, interpolation=method)
    if enlarging:
        # Beside the change the working picture is only a blurred copy of the photo: blend over its rim.
        weight = cv2.resize(grow(changed, 1), size, interpolation=cv2.INTER_LINEAR)
    else:
        weight = np.where(cv2.resize(changed, size, interpolation=cv2.INTER_AREA) > 0, 255, 0).astype(np.uint8)
    share = weight.astype(np.float32) * np.float32(1 / 255)
    window[:] = cv2.blendLinear(new, np.ascontiguousarray(window), share, 1 - share)
    mask[rows, columns] = np.where(weight > 0, 255, 0)
    return result, mask
