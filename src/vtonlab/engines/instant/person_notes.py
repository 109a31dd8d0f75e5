"""What is worth saying about a photo of a person before anything is fitted on them."""

from __future__ import annotations

import cv2
import numpy as np

from vtonlab.engines.contract import Note, Picture
from vtonlab.engines.instant.anatomy import Floats, Skeleton
from vtonlab.engines.instant.records import Frame
from vtonlab.errors import Text

_BLURRED = 0.125
"""Share of the fine (1 px) in the coarse (4 px) detail of the strongest edges, at working size. Sharp photos have
0.18 and more, the same photos blurred by 3 px at height 1024 at most 0.11. Blurred by much more, the edges of a JPEG's
own blocks are the finest detail: at half the size they are gone (sharp 0.26 and more, blurred by 9 px at most 0.11)."""
_LOOK_AT = 512
"""Side of the square in the person's middle that sharpness is judged by, px."""
_SMALL_SHOULDERS = 45
"""Shoulder-joint distance in pixels of the source under which a print on the chest cannot be told."""

_SEVERAL = Note(
    "several_people",
    "info",
    Text(
        "There are several people in the photo; the largest was chosen. A photo of you alone works better.",
        "照片中有多人，已选择画面中最大的一位。单人照片效果更好。",
    ),
)
_BEHIND = Note(
    "from_behind",
    "warning",
    Text(
        "The person is seen from behind; garments are fitted as if from the front.",
        "人物背对镜头，衣物会按正面试穿。",
    ),
)
_SIDE = Note(
    "seen_from_the_side",
    "problem",
    Text("The person is seen from the side. Use a photo facing the camera.", "人物侧对镜头，请换一张正对镜头的照片。"),
)
_TURNED = Note(
    "turned",
    "warning",
    Text("The body is turned; facing the camera works better.", "身体没有正对镜头，正面照片效果更好。"),
)
_ARMS = Note(
    "arms_across",
    "warning",
    Text(
        "Arms or hands are in front of the body; letting them hang works better.",
        "手臂或手挡在身体前面，自然下垂时效果更好。",
    ),
)
_HEAD = Note(
    "head_cut_off",
    "info",
    Text(
        "The head is cut off; skin and hair are judged by what is there. A photo that shows it works better.",
        "照片没有拍到头部，将根据可见部分判断肤色与头发。拍到头部的照片效果更好。",
    ),
)
_HIPS = Note(
    "cut_off",
    "warning",
    Text(
        "The photo ends above the hips; one from head to hips or lower works better.",
        "照片没有拍到胯部，从头到胯部以下的照片效果更好。",
    ),
)
_SMALL = Note(
    "too_small",
    "warning",
    Text("The person is very small in the photo; details will be lost.", "人物在照片中太小，细节会丢失。"),
)
_BLUR = Note(
    "blurred", "warning", Text("The photo is blurred; a sharp one works better.", "照片模糊，清晰的照片效果更好。")
)

EVERY = (_SEVERAL, _BEHIND, _SIDE, _TURNED, _ARMS, _HEAD, _HIPS, _SMALL, _BLUR)


def take_notes(
    picture: Picture, frame: Frame, skeleton: Skeleton, silhouette: Floats, *, several: bool
) -> tuple[Note, ...]:
    """Notes on the working ``picture`` and the person in it, the worst first."""
    notes = []
    if skeleton.turn < 0.45:
        notes.append(_SIDE)
    elif skeleton.turn < 0.8:
        notes.append(_TURNED)
    if skeleton.behind and skeleton.turn >= 0.45:
        notes.append(_BEHIND)
    if skeleton.hips[1] > picture.shape[0]:
        notes.append(_HIPS)
    if count_arms_across(skeleton):
        notes.append(_ARMS)
    if skeleton.unit / frame.scale < _SMALL_SHOULDERS:
        notes.append(_SMALL)
    if min(measure_sharpness(*one) for one in ((picture, silhouette), _halve(picture, silhouette))) < _BLURRED:
        notes.append(_BLUR)
    if skeleton.eyes[1] < 0:
        notes.append(_HEAD)
    if several:
        notes.append(_SEVERAL)
    return tuple(notes)


def judge_certainty(skeleton: Skeleton, notes: tuple[Note, ...]) -> float:
    """0…1: the least visibility of the torso's corners, less for everything that makes measuring harder."""
    corners = [skeleton.seen(name, side) for name in ("shoulder", "hip") for side in (0, 1)]
    cost = {"problem": 0.4, "warning": 0.75, "info": 0.95}
    return float(np.clip(min(corners) * np.prod([cost[note.level] for note in notes]), 0, 1))


def count_arms_across(skeleton: Skeleton) -> int:
    """How many forearms are seen in front of the torso."""
    count = 0
    square = np.array([skeleton.down[1], -skeleton.down[0]], np.float32)
    for side in (0, 1):
        wrist = skeleton.joint("wrist", side) - skeleton.shoulders
        t = float(wrist @ skeleton.down) / skeleton.torso_length
        u = float(wrist @ square) / skeleton.unit
        count += bool(abs(u) < 0.33 and 0.05 < t < 0.95 and skeleton.seen("wrist", side) > 0.6)
    return count


def _halve(picture: Picture, silhouette: Floats) -> tuple[Picture, Floats]:
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    half = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return half, np.asarray(cv2.resize(silhouette, size, interpolation=cv2.INTER_AREA), np.float32)


def measure_sharpness(picture: Picture, silhouette: Floats) -> float:
    """Fine over coarse detail at the strongest tenth of the person's edges; about 0.08 (blurred) to 0.5 (crisp)."""
    box = cv2.boundingRect((silhouette > 0.5).astype(np.uint8))
    x, y = box[0] + max(0, box[2] - _LOOK_AT) // 2, box[1] + max(0, box[3] - _LOOK_AT) // 4
    rows, columns = slice(y, y + _LOOK_AT), slice(x, x + _LOOK_AT)
    person = silhouette[rows, columns] > 0.5
    if not person.any():
        return 1.0
    grey = cv2.cvtColor(picture[rows, columns], cv2.COLOR_RGB2GRAY)
    coarse = cv2.absdiff(grey, cv2.GaussianBlur(grey, (0, 0), 4.0))
    fine = cv2.absdiff(grey, cv2.GaussianBlur(grey, (0, 0), 1.0))
    strong = person & (coarse >= max(float(np.quantile(coarse[person], 0.9)), 1))
    return float(fine[strong].mean() / coarse[strong].mean()) if strong.any() else 0.0
