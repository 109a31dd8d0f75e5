"""A skeleton with the sides of the picture, and the coordinates of torso and limbs in which people are alike.

MediaPipe names joints by the person's own left and right; here ``left`` and ``right`` are the picture's, for somebody
seen from behind too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NOSE, MOUTH, EYES = 0, (9, 10), (2, 5)
_OWN_LEFT = {"shoulder": 11, "elbow": 13, "wrist": 15, "little": 17, "index": 19, "thumb": 21}
_OWN_LEFT |= {"hip": 23, "knee": 25, "ankle": 27, "heel": 29, "toes": 31}

TORSO_TO_SHOULDERS = 1.72
"""Torso length over shoulder-joint distance of a frontal body at which no turn is assumed (engine.md: fitted on the
prototype's photos; anthropometric tables have about 1.45–1.75)."""


@dataclass(frozen=True)
class Skeleton:
    """Joints (33, 3) with visibility, and the torso's own axes. See :class:`.records.Body` for unit, down, across."""

    joints: Floats
    swapped: bool
    """The person's own left shoulder is on the picture's left."""
    behind: bool
    """Seen from behind: swapped, with the head in the picture (where that is cut off, the model often swaps sides)."""
    unit: float
    turn: float
    shoulders: Floats
    hips: Floats
    down: Floats
    across: Floats
    torso_length: float
    eyes: Floats
    mouth: Floats
    face_height: float
    """Eyes to mouth, at least 0.12 unit."""

    def joint(self, name: str, side: int) -> Floats:
        """(2,) of e.g. ``joint("elbow", 0)``; side 0 is the picture's left, 1 its right."""
        return self.joints[self._index(name, side), :2]

    def seen(self, name: str, side: int) -> float:
        """Visibility 0…1."""
        return float(self.joints[self._index(name, side), 2])

    def _index(self, name: str, side: int) -> int:
        own_left = (side == 0) == self.swapped
        return _OWN_LEFT[name] + (0 if own_left else 1)

    def scaled(self, scale: float) -> Skeleton:
        """The same skeleton in a picture ``scale`` times as large."""
        return build_skeleton(self.joints * np.array([scale, scale, 1], np.float32))


def build_skeleton(joints: Floats) -> Skeleton:
    """The skeleton of ``joints`` ((33, 3) float32, MediaPipe's order)."""
    points = joints[:, :2].astype(np.float32)
    shoulders, hips = points[[11, 12]].mean(0), points[[23, 24]].mean(0)
    torso = hips - shoulders
    length = max(float(np.hypot(*torso)), 1.0)
    down = torso / length
    if down[1] <= 0.05:
        down = np.array([0.0, 1.0], np.float32)
    swapped = bool(points[11, 0] < points[12, 0])
    left, right = (points[11], points[12]) if swapped else (points[12], points[11])
    width = max(float(np.hypot(*(right - left))), 1.0)
    unit = max(width, length / TORSO_TO_SHOULDERS)
    square = np.array([down[1], -down[0]], np.float32)
    across = (right - left) / width if width > 0.35 * unit else square
    if float(across @ square) < 0.7:
        across = square
    eyes, mouth = points[list(EYES)].mean(0), points[list(MOUTH)].mean(0)
    return Skeleton(
        joints=joints.astype(np.float32),
        swapped=swapped,
        behind=swapped and bool(points[NOSE, 1] > 0),
        unit=unit,
        turn=min(width / unit, 1.0),
        shoulders=shoulders,
        hips=hips,
        down=down.astype(np.float32),
        across=across.astype(np.float32),
        torso_length=length,
        eyes=eyes,
        mouth=mouth,
        face_height=max(float(np.hypot(*(mouth - eyes))), 0.12 * unit),
    )


def torso_coordinates(skeleton: Skeleton, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Two (h, w) maps: t down the torso (0 shoulders, 1 hips), u across in units from the axis (right positive)."""
    rows = np.arange(shape[0], dtype=np.float32)[:, None] - skeleton.shoulders[1]
    columns = np.arange(shape[1], dtype=np.float32)[None] - skeleton.shoulders[0]
    down = skeleton.down
    t = (columns * down[0] + rows * down[1]) / skeleton.torso_length
    u = (columns * down[1] - rows * down[0]) / skeleton.unit
    return t.astype(np.float32), u.astype(np.float32)


def limb_coordinates(chain: list[Floats], shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Two (h, w) maps for a chain of joints: how far along it the nearest point of its line lies (0 first joint, 1
    second …, not clipped at the ends), and the distance to that point in pixels."""
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    columns = np.arange(shape[1], dtype=np.float32)[None]
    along = np.zeros(shape, np.float32)
    apart = np.full(shape, np.inf, np.float32)
    last = len(chain) - 2
    for index, (start, end) in enumerate(pairwise(chain)):
        bone = end - start
        square = max(float(bone @ bone), 1e-3)
        place = ((columns - start[0]) * bone[0] + (rows - start[1]) * bone[1]) / square
        low, high = (-0.5 if index == 0 else 0.0), (1.5 if index == last else 1.0)
        place = np.clip(place, low, high)
        inside = np.clip(place, 0.0, 1.0)
        distance = np.hypot(columns - start[0] - inside * bone[0], rows - start[1] - inside * bone[1])
        nearer = distance < apart
        along = np.where(nearer, place + index, along)
        apart = np.where(nearer, distance, apart)
    return along.astype(np.float32), apart.astype(np.float32)
