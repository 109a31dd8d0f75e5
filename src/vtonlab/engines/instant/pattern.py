"""Drawing what was understood of a garment over its picture, for people who look after the analyses."""

from __future__ import annotations

import cv2
import numpy as np

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.records import Garment, Part

_TINTS: dict[int, tuple[int, int, int]] = {
    Part.LEFT_SLEEVE: (60, 130, 255),
    Part.RIGHT_SLEEVE: (255, 150, 40),
    Part.LEFT_LEG: (60, 130, 255),
    Part.RIGHT_LEG: (255, 150, 40),
    Part.INSIDE: (255, 0, 0),
    Part.COLLAR: (0, 200, 80),
}
_MARKS: dict[str, tuple[int, int, int]] = {
    "neck": (255, 0, 0),
    "shoulder": (255, 200, 0),
    "armpit": (0, 0, 255),
    "cuff": (255, 0, 255),
    "hem": (0, 150, 0),
    "waist": (0, 200, 200),
    "hip": (120, 60, 0),
    "crotch": (0, 0, 255),
}


def draw_garment(garment: Garment) -> Picture:
    """The working picture with backdrop dimmed to violet, pieces tinted, landmarks and neckline drawn.

    A landmark's ring is filled as far as it is certain.
    """
    picture = garment.picture.astype(np.float32)
    for part, tint in _TINTS.items():
        picture = np.where((garment.parts == part)[..., None], 0.7 * picture + 0.3 * np.array(tint, np.float32), picture)
    cover = garment.alpha[..., None].astype(np.float32) / 255
    ground = 0.35 * garment.picture + np.array([90, 0, 90], np.float32)
    drawn = np.clip(cover * picture + (1 - cover) * ground, 0, 255).astype(np.uint8)
    size = max(3, max(drawn.shape[:2]) // 90)
    column = round(garment.axis_x)
    cv2.line(drawn, (column, 0), (column, drawn.shape[0]), (128, 128, 128), 1)
    line = np.rint(garment.neckline).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(drawn, [line], False, (255, 255, 0), max(2, size // 4))
    for name, mark in garment.landmarks.items():
        colour = _MARKS.get(name.split("_")[0], (255, 255, 255))
        spot = (round(mark.x), round(mark.y))
        cv2.circle(drawn, spot, size, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(drawn, spot, max(1, round(size * mark.certainty)), colour, -1, cv2.LINE_AA)
        cv2.circle(drawn, spot, size, colour, 1, cv2.LINE_AA)
    return drawn
