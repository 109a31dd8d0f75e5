"""What the engine sees, drawn on the photo: for those who work on it (``vtonlab gallery --analyses``)."""

from __future__ import annotations

import cv2
import numpy as np

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.records import Arm, Garment, Label, Leg, Part, Person, Points

LABEL_COLOURS = {
    Label.HAIR: (120, 70, 20),
    Label.SKIN: (250, 170, 120),
    Label.UPPER: (60, 130, 230),
    Label.LOWER: (80, 190, 90),
    Label.OTHER: (180, 60, 200),
}
PART_COLOURS = {
    Part.BODY: (60, 130, 230),
    Part.LEFT_SLEEVE: (230, 120, 40),
    Part.RIGHT_SLEEVE: (240, 200, 60),
    Part.LEFT_LEG: (80, 190, 90),
    Part.RIGHT_LEG: (40, 140, 120),
    Part.INSIDE: (220, 40, 60),
    Part.COLLAR: (180, 60, 200),
}
WHITE, BLACK, RED, CYAN = (255, 255, 255), (0, 0, 0), (230, 30, 30), (20, 220, 220)
SHARE = 0.45
"""How strongly the colours lie over the photo."""


def illustrate_person(working: Picture, person: Person) -> Picture:
    """The working picture with labels in colours, limbs, outline of the torso, neckline, waist and hems."""
    image = _tint(working, person.labels, LABEL_COLOURS)
    body = person.body
    for arm in (body.left_arm, body.right_arm):
        _draw_arm(image, arm)
    for leg in (body.left_leg, body.right_leg):
        _draw_leg(image, leg)
    for side, widths in ((-1, body.profile_left), (1, body.profile_right)):
        along = body.shoulders + np.outer(body.profile_t * body.torso_length, body.down)
        _draw_line(image, along + side * np.outer(widths, body.across), CYAN)
    for line in (body.shoulder_line_left, body.shoulder_line_right, body.neckline):
        _draw_line(image, line, WHITE)
    for t, colour in ((body.waist_t, BLACK), (body.top_hem_t, RED)):
        middle = body.shoulders + t * body.torso_length * body.down
        reach = body.unit * 0.6 * body.across
        _draw_line(image, np.stack([middle - reach, middle + reach]), colour)
    for point in (body.neck, body.chin, body.mouth):
        _draw_point(image, point, WHITE)
    _draw_line(image, person.face, WHITE)
    return image


def illustrate_garment(garment: Garment) -> Picture:
    """The cut-out on grey with its parts in colours, outline, neckline and landmarks (red where unsure)."""
    share = garment.alpha[..., None].astype(np.float32) / 255
    ground = np.full_like(garment.picture, 128)
    cut = (garment.picture * share + ground * (1 - share)).astype(np.uint8)
    image = _tint(cut, garment.parts, PART_COLOURS)
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


def _tint(
    picture: Picture, labels: Picture, colours: dict[Label, tuple[int, int, int]] | dict[Part, tuple[int, int, int]]
) -> Picture:
    image = picture.astype(np.float32)
    for label, colour in colours.items():
        there = labels == int(label)
        image[there] = image[there] * (1 - SHARE) + np.array(colour, np.float32) * SHARE
    return np.ascontiguousarray(image.astype(np.uint8))


def _draw_arm(image: Picture, arm: Arm) -> None:
    joints = np.stack([arm.shoulder, arm.elbow, arm.wrist, arm.fingers])
    _draw_line(image, joints, WHITE if arm.seen > 0.5 else RED)
    if arm.sleeve_end > 0:
        _draw_point(image, _along(joints[:3], arm.sleeve_end), BLACK)


def _draw_leg(image: Picture, leg: Leg) -> None:
    if leg.seen > 0:
        joints = np.stack([leg.hip, leg.knee, leg.ankle])
        _draw_line(image, joints, WHITE if leg.seen > 0.5 else RED)
        _draw_point(image, _along(joints, leg.hem), BLACK)


def _along(points: Points, share: float) -> Points:
    """The place at ``share`` of the length of the line through ``points``."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    reached = np.concatenate([[0.0], np.cumsum(steps)])
    at = share * reached[-1]
    return np.array([np.interp(at, reached, points[:, axis]) for axis in (0, 1)], np.float32)


def _draw_line(image: Picture, points: Points, colour: tuple[int, int, int]) -> None:
    if len(points) > 1:
        cv2.polylines(image, [np.rint(points).astype(np.int32)], False, colour, _stroke(image), cv2.LINE_AA)


def _draw_point(image: Picture, point: Points, colour: tuple[int, int, int]) -> None:
    x, y = (round(float(value)) for value in point)
    cv2.circle(image, (x, y), 2 * _stroke(image), colour, -1, cv2.LINE_AA)


def _stroke(image: Picture) -> int:
    return max(1, round(max(image.shape) / 400))
