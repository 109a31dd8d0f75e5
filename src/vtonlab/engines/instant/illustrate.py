"""A garment's analysis drawn on it, for looking at: ``vtonlab gallery --analyses``. Persons: :mod:`.portrait`."""

from __future__ import annotations

import cv2
import numpy as np

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.records import Garment, Part, Plane, Points

PART_COLOURS = {
    Part.BODY: (60, 130, 230),
    Part.LEFT_SLEEVE: (230, 120, 40),
    Part.RIGHT_SLEEVE: (240, 200, 60),
    Part.LEFT_LEG: (80, 190, 90),
    Part.RIGHT_LEG: (40, 140, 120),
    Part.INSIDE: (220, 40, 60),
    Part.COLLAR: (180, 60, 200),
}
WHITE, BLACK, CYAN = (255, 255, 255), (0, 0, 0), (20, 220, 220)
SHARE = 0.45
"""How strongly the colours lie over the photo."""


def illustrate_garment(garment: Garment) -> Picture:
    """The cut-out on grey with its parts in colours, outline, neckline and landmarks (red where unsure)."""
    share = garment.alpha[..., None].astype(np.float32) / 255
    ground = np.full_like(garment.picture, 128)
    cut = (garment.picture * share + ground * (1 - share)).astype(np.uint8)
    image = _tint(cut, garment.parts)
    for line, colour in (
        (garment.outline_left, CYAN),
        (garment.outline_right, CYAN),
        (garment.neckline, WHITE),
    ):
        _draw_line(image, line, colour)
    for name, mark in garment.landmarks.items():
        sure = (int(255 * (1 - mark.certainty)), int(200 * mark.certainty), 40)
        _draw_point(image, np.array([mark.x, mark.y], np.float32), sure)
        place = (int(mark.x) + 6, int(mark.y) - 6)
        cv2.putText(image, name, place, cv2.FONT_HERSHEY_SIMPLEX, _stroke(image) * 0.2, BLACK, 1, cv2.LINE_AA)
    words = f"{garment.kind} {garment.cut} {garment.certainty:.2f}" + (" worn" if garment.worn else "")
    words += (" open" if garment.open_front else "") + (" collar" if garment.has_collar else "")
    cv2.putText(image, words, (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.7, BLACK, 2, cv2.LINE_AA)
    return image


def _tint(picture: Picture, parts: Plane) -> Picture:
    image = picture.astype(np.float32)
    for part, colour in PART_COLOURS.items():
        there = parts == int(part)
        image[there] = image[there] * (1 - SHARE) + np.array(colour, np.float32) * SHARE
    return np.ascontiguousarray(image.astype(np.uint8))


def _draw_line(image: Picture, points: Points, colour: tuple[int, int, int]) -> None:
    if len(points) > 1:
        cv2.polylines(image, [np.rint(points).astype(np.int32)], False, colour, _stroke(image), cv2.LINE_AA)


def _draw_point(image: Picture, point: Points, colour: tuple[int, int, int]) -> None:
    x, y = (round(float(value)) for value in point)
    cv2.circle(image, (x, y), 2 * _stroke(image), colour, -1, cv2.LINE_AA)


def _stroke(image: Picture) -> int:
    return max(1, round(max(image.shape) / 400))
