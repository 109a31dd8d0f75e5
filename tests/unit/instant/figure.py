"""A drawn person whose joints and labels are known exactly."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.records import Label

HEIGHT, WIDTH = 1024, 768
SKIN, HAIR = (224, 178, 150), (62, 40, 30)


@dataclass(frozen=True)
class Drawn:
    picture: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    joints: NDArray[np.float32]
    silhouette: NDArray[np.float32]
    face: NDArray[np.float32]


def draw_figure(
    upper: tuple[int, int, int] = (40, 90, 190),
    lower: tuple[int, int, int] = (60, 60, 60),
    *,
    sleeve: float = 0.4,
    hem: float = 1.0,
    waist: float = 0.98,
    midriff: float = 0.0,
    backdrop: tuple[int, int, int] = (225, 225, 222),
) -> Drawn:
    """A frontal figure, arms a little off the body. ``sleeve`` and ``hem``: shares of arm and leg that are covered;
    ``waist``: t where the lower garment begins; ``midriff``: how much (t) of bare skin lies above it."""
    joints = _joints()
    shoulder_y, hip_y, middle = 300.0, 560.0, 384.0
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)

    def limb(points: list[NDArray[np.float32]], radius: int, label: Label) -> None:
        for start, end in pairwise(points):
            side = np.array([start[1] - end[1], end[0] - start[0]]) / np.hypot(*(end - start)) * radius
            corners = np.round([start - side, end - side, end + side, start + side]).astype(np.int32)
            cv2.fillPoly(labels, [corners], (int(label),))
        for joint in points[:-1]:
            cv2.circle(labels, (round(float(joint[0])), round(float(joint[1]))), radius, (int(label),), -1)

    for sign in (-1, 1):
        arm = [joints[i, :2] for i in ((12, 14, 16) if sign < 0 else (11, 13, 15))]
        leg = [joints[i, :2] for i in ((24, 26, 28) if sign < 0 else (23, 25, 27))]
        limb(leg, 34, Label.SKIN)
        limb(_part(leg, hem), 40, Label.LOWER)
        cv2.ellipse(labels, (int(leg[2][0]), int(leg[2][1]) + 26), (42, 22), 0, 0, 360, (int(Label.OTHER),), -1)
        limb([*arm, arm[2] + (arm[2] - arm[1]) * 0.25], 19, Label.SKIN)
        if sleeve:
            limb(_part(arm, sleeve), 27, Label.UPPER)
    cv2.rectangle(labels, (354, 230), (414, 310), (int(Label.SKIN),), -1)
    waist_y = shoulder_y + waist * (hip_y - shoulder_y)
    top_y = waist_y - midriff * (hip_y - shoulder_y)
    torso = [(middle - 95, 290), (middle - 36, 268), (middle, 300), (middle + 36, 268), (middle + 95, 290)]
    hips = [(middle + 90, 610), (middle - 90, 610)]
    cv2.fillPoly(labels, [np.array([*torso, (middle + 80, 480), *hips, (middle - 80, 480)], np.int32)], (9,))
    body = labels == 9
    rows = np.arange(HEIGHT)[:, None] * np.ones((1, WIDTH))
    labels[body & (rows < top_y)] = Label.UPPER
    labels[body & (rows >= top_y) & (rows < waist_y)] = Label.SKIN
    labels[body & (rows >= waist_y)] = Label.LOWER
    cv2.ellipse(labels, (384, 150), (74, 100), 0, 0, 360, (int(Label.HAIR),), -1)
    cv2.ellipse(labels, (384, 172), (56, 76), 0, 0, 360, (int(Label.SKIN),), -1)
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    face = np.stack([384 + 56 * np.sin(angles), 172 - 76 * np.cos(angles)], 1).astype(np.float32)
    colours = np.array([backdrop, HAIR, SKIN, upper, lower, (120, 30, 30)], np.float32)
    light = 1 + 0.08 * np.sin(rows / 60) + np.random.default_rng(7).normal(0, 0.012, (HEIGHT, WIDTH))
    picture = np.clip(colours[labels] * light[..., None], 0, 255).astype(np.uint8)
    silhouette = cv2.GaussianBlur((labels > 0).astype(np.float32), (0, 0), 5)
    return Drawn(cv2.GaussianBlur(picture, (0, 0), 0.8), labels, joints, silhouette, face)


def _joints() -> NDArray[np.float32]:
    """MediaPipe's 33; the person's left is the picture's right."""
    points = {0: (384, 180), 9: (398, 212), 10: (370, 212), 2: (408, 158), 5: (360, 158), 7: (440, 172), 8: (328, 172)}
    points |= {1: (400, 158), 3: (416, 158), 4: (368, 158), 6: (352, 158)}
    points |= {11: (468, 300), 12: (300, 300), 13: (520, 430), 14: (248, 430), 15: (540, 560), 16: (228, 560)}
    points |= {17: (546, 596), 18: (222, 596), 19: (544, 600), 20: (224, 600), 21: (534, 590), 22: (234, 590)}
    points |= {23: (432, 560), 24: (336, 560), 25: (440, 750), 26: (328, 750), 27: (444, 930), 28: (324, 930)}
    points |= {29: (440, 950), 30: (328, 950), 31: (452, 975), 32: (316, 975)}
    return np.array([[*points[i], 0.98] for i in range(33)], np.float32)


def _part(chain: list[NDArray[np.float32]], share: float) -> list[NDArray[np.float32]]:
    first, second = np.hypot(*(chain[1] - chain[0])), np.hypot(*(chain[2] - chain[1]))
    way = share * (first + second)
    if way <= first:
        return [chain[0], chain[0] + (chain[1] - chain[0]) * way / first]
    return [chain[0], chain[1], chain[1] + (chain[2] - chain[1]) * (way - first) / second]
