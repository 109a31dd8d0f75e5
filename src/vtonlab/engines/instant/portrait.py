"""A person's analysis drawn over their photo, for looking at: ``vtonlab gallery --analyses``."""

from __future__ import annotations

import cv2
import numpy as np

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.person import working_picture
from vtonlab.engines.instant.records import Arm, Leg, Person, Points

COLOURS = np.array(
    [[120, 120, 120], [40, 120, 255], [255, 190, 120], [0, 190, 60], [210, 40, 210], [245, 225, 0]], np.float32
)
"""Of BACKGROUND, HAIR, SKIN, UPPER, LOWER, OTHER."""
_WHITE, _RED, _BLUE = (255, 255, 255), (230, 30, 30), (30, 60, 230)
_YELLOW, _CYAN, _GREEN, _PINK = (255, 240, 0), (0, 230, 255), (0, 255, 90), (255, 0, 255)


def draw_person(photo: Picture, person: Person) -> Picture:
    """(h, w, 3) at working size: the labels' mattes in colours over the photo, with joints, outlines and lines.

    White: torso outline and neckline; red: shoulder lines; blue: face; yellow: arms, with a dot where the sleeve ends;
    cyan: legs, with a dot at the hem; green and pink across: the top's hem and where the lower garment begins.
    """
    picture = working_picture(photo, person.frame)
    colours = np.einsum("khw,kc->hwc", person.mattes.astype(np.float32), COLOURS / 255)
    drawn = np.asarray(np.clip(0.5 * picture + 0.5 * colours, 0, 255), np.uint8)
    body = person.body
    thick = max(1, round(body.unit / 90))
    square = np.array([body.down[1], -body.down[0]], np.float32)
    axis = body.shoulders + body.profile_t[:, None] * body.torso_length * body.down
    left, right = axis - square * body.profile_left[:, None], axis + square * body.profile_right[:, None]
    _line(drawn, np.asarray(left, np.float32), _WHITE, thick)
    _line(drawn, np.asarray(right, np.float32), _WHITE, thick)
    _line(drawn, body.neckline, _WHITE, thick)
    _line(drawn, body.shoulder_line_left, _RED, thick)
    _line(drawn, body.shoulder_line_right, _RED, thick)
    _line(drawn, np.vstack([person.face, person.face[:1]]), _BLUE, thick)
    for t, colour in ((body.top_hem_t, _GREEN), (body.waist_t, _PINK)):
        middle = body.shoulders + t * body.torso_length * body.down
        _line(drawn, np.stack([middle - 0.4 * body.unit * square, middle + 0.4 * body.unit * square]), colour, thick)
    for arm in (body.left_arm, body.right_arm):
        _limb(drawn, arm, thick)
    for leg in (body.left_leg, body.right_leg):
        _limb(drawn, leg, thick)
    for point in (body.neck, body.chin, body.mouth, body.eyes):
        _dot(drawn, point, _CYAN, 2 * thick)
    return drawn


def _limb(drawn: Picture, limb: Arm | Leg, thick: int) -> None:
    if isinstance(limb, Arm):
        chain, end, colour = [limb.shoulder, limb.elbow, limb.wrist, limb.fingers], limb.sleeve_end, _YELLOW
    else:
        chain, end, colour = [limb.hip, limb.knee, limb.ankle, limb.toes], limb.hem, _CYAN
    _line(drawn, np.stack(chain), colour, max(1, thick // 2))
    first, second = chain[1] - chain[0], chain[2] - chain[1]
    lengths = max(float(np.hypot(*first)), 1.0), max(float(np.hypot(*second)), 1.0)
    way = end * sum(lengths)
    if way < lengths[0]:
        place = chain[0] + first * way / lengths[0]
    else:
        place = chain[1] + second * (way - lengths[0]) / lengths[1]
    _dot(drawn, place, colour, 3 * thick)


def _line(drawn: Picture, points: Points, colour: tuple[int, int, int], thick: int) -> None:
    if len(points) > 1:
        corners = np.clip(np.round(points), -32000, 32000).astype(np.int32)
        cv2.polylines(drawn, [corners], False, colour, thick, cv2.LINE_AA)


def _dot(drawn: Picture, point: Points, colour: tuple[int, int, int], radius: int) -> None:
    x, y = np.clip(np.round(point), -32000, 32000).astype(int)
    cv2.circle(drawn, (int(x), int(y)), radius, colour, -1, cv2.LINE_AA)
