"""A person's photo → :class:`.records.Person`: find them, parse what they wear, measure their body."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Note, Picture
from vtonlab.engines.instant import pose_graph
from vtonlab.engines.instant.anatomy import Floats, Skeleton, build_skeleton
from vtonlab.engines.instant.body import measure_body
from vtonlab.engines.instant.mattes import soften_labels
from vtonlab.engines.instant.parsing import parse_person
from vtonlab.engines.instant.person_notes import judge_certainty, take_notes
from vtonlab.engines.instant.records import Frame, Label, Person, Plane, Points
from vtonlab.engines.instant.scene import shows_skin
from vtonlab.errors import ImageTooSmall, NoPersonFound, Text

LEAST_SIDE = 48
LEAST_WORKING_HEIGHT = 512
_LOOK = 512
"""Longest side of the picture that poses are looked for in; the models themselves see 224 and 256 px."""
_MOST_ENLARGED = 8.0
_PADDINGS = (0.0, 0.25, 0.5)
"""Borders that are added, as shares of the sides, until somebody is found: heads cut off by the border are missed
without (engine.md)."""
_FACE_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
"""MediaPipe's FACEMESH_FACE_OVAL in order; 152 is the chin."""


@dataclass(frozen=True)
class Found:
    """A person in a photo, before parsing. ``silhouette``: (h, w) float32 0…1 of the working ``picture``."""

    frame: Frame
    picture: Picture
    joints: Floats
    silhouette: Floats
    face: Points
    several: bool


def analyse_person(photo: Picture, working_height: int = 1024) -> Person:
    """Everything a fitting has to know of the person in ``photo`` ((H, W, 3) uint8 RGB, upright).

    Raises NoPersonFound, and ImageTooSmall under 48 px.
    """
    found = find_person(photo, working_height)
    skeleton = build_skeleton(found.joints)
    parse = parse_person(found.picture, skeleton, found.silhouette, found.face)
    body = measure_body(skeleton, parse, found.face)
    notes = _take_notes(found, skeleton)
    mattes, labels = soften_labels(found.picture, parse.labels)
    return Person(
        frame=found.frame,
        joints=found.joints,
        labels=labels,
        mattes=mattes,
        face=found.face,
        hands=_find_hands(parse.hands, mattes),
        body=body,
        notes=notes,
        certainty=judge_certainty(skeleton, notes),
    )


def advise_person(photo: Picture) -> tuple[Note, ...]:
    """What would make a better photo of a person, before any fitting; empty where nothing would. Raises nothing."""
    try:
        found = find_person(photo)
    except (NoPersonFound, ImageTooSmall) as error:
        words = Text(f"{error.say('en')} {error.advise('en')}", f"{error.say('zh')}{error.advise('zh')}")
        return (Note(error.code, "problem", words),)
    return _take_notes(found, build_skeleton(found.joints))


def working_picture(photo: Picture, frame: Frame) -> Picture:
    """The part of ``photo`` that ``frame`` says, at working size: (frame.height, frame.width, 3)."""
    right = min(frame.source_width, round(frame.x + frame.width / frame.scale))
    bottom = min(frame.source_height, round(frame.y + frame.height / frame.scale))
    part = photo[frame.y : bottom, frame.x : right]
    if part.shape[:2] == (frame.height, frame.width):
        return np.ascontiguousarray(part)
    way = cv2.INTER_AREA if frame.scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (frame.width, frame.height), interpolation=way), np.uint8)


# ------------------------------------------------------------------------------------------------- finding


def find_person(photo: Picture, working_height: int = 1024) -> Found:
    """Choose the largest person, the part of the photo to work on, and trace joints, silhouette and face.

    Raises NoPersonFound, and ImageTooSmall under 48 px.
    """
    height, width = photo.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise ImageTooSmall(name="photo", found=f"{width} × {height}", limit=f"{LEAST_SIDE} px")
    try:
        return _find_in(photo, working_height)
    except NoPersonFound:
        place = _search_closely(photo)
        if place is None:
            raise
    left, top, right, bottom = place
    found = _find_in(np.ascontiguousarray(photo[top:bottom, left:right]), working_height)
    frame = found.frame
    moved = replace(frame, x=frame.x + left, y=frame.y + top, source_width=width, source_height=height)
    return replace(found, frame=moved)


def _search_closely(photo: Picture) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom around somebody too small to be seen in the whole photo: the model looks at 224 px."""
    height, width = photo.shape[:2]
    side = min(height, width)
    for divided in (1, 2, 3):
        tile = max(side // divided, 2 * LEAST_SIDE)
        found: list[tuple[float, float, float, float]] = []
        for top in _starts(height, tile):
            for left in _starts(width, tile):
                part = _shrink(np.ascontiguousarray(photo[top : top + tile, left : left + tile]))
                scale = part.shape[0] / min(tile, height - top)
                found += [
                    (circle.score, circle.x / scale + left, circle.y / scale + top, circle.radius / scale)
                    for circle in pose_graph.find_circles(part)
                    if circle.score > 0.5
                ]
        if found:
            _, x, y, radius = max(found)
            reach = 1.6 * radius
            return (
                *(max(0, int(x - reach)), max(0, int(y - reach))),
                *(min(width, int(x + reach) + 1), min(height, int(y + reach) + 1)),
            )
    return None


def _starts(length: int, tile: int) -> list[int]:
    """Where tiles begin so that each overlaps the next by half, at most nine of them."""
    count = min(9, max(1, -(-2 * (length - tile) // tile) + 1))
    return [round(i * max(0, length - tile) / max(1, count - 1)) for i in range(count)]


def _find_in(photo: Picture, working_height: int) -> Found:
    height, width = photo.shape[:2]
    look_scale = min(1.0, _LOOK / max(height, width))
    look = _shrink(photo)
    figure, several = _trace_largest(look)
    whole = choose_frame((height, width), figure.joints, figure.silhouette, look_scale, working_height)
    picture = working_picture(photo, whole)
    closer = whole.width / whole.scale < 0.9 * width or whole.height / whole.scale < 0.9 * height
    if closer:
        part = _shrink(picture)
        part_scale = part.shape[0] / picture.shape[0]
        again, _ = _trace_largest(part, otherwise=_moved(figure, whole, look_scale, part_scale, part))
        joints = again.joints / np.array([part_scale, part_scale, 1], np.float32)
        small, figure_mask = part, again.silhouette
    else:
        ratio = whole.scale / look_scale
        joints = figure.joints * np.array([ratio, ratio, 1], np.float32)
        small, figure_mask = look, figure.silhouette
    silhouette = _merge(figure_mask, pose_graph.trace_silhouette(small))
    silhouette = np.asarray(cv2.resize(silhouette, (picture.shape[1], picture.shape[0])), np.float32)
    skeleton = build_skeleton(joints.astype(np.float32))
    face = _trace_face(picture, skeleton)
    if not shows_skin(picture, skeleton, silhouette, face):
        raise NoPersonFound
    return Found(whole, picture, skeleton.joints, silhouette, face, several)


def _shrink(picture: Picture) -> Picture:
    """At most ``_LOOK`` pixels on its longer side."""
    scale = _LOOK / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _moved(
    figure: pose_graph.Figure, frame: Frame, look_scale: float, part_scale: float, part: Picture
) -> pose_graph.Figure:
    """The figure as seen in the frame's part, for when it is not found again there."""
    ratio = frame.scale * part_scale / look_scale
    shift = np.array([frame.x, frame.y], np.float32) * frame.scale * part_scale
    joints = figure.joints.copy()
    joints[:, :2] = joints[:, :2] * ratio - shift
    move = np.array([[ratio, 0, -shift[0]], [0, ratio, -shift[1]]], np.float32)
    mask = np.asarray(cv2.warpAffine(figure.silhouette, move, (part.shape[1], part.shape[0])), np.float32)
    x, y = figure.circle.x * ratio - float(shift[0]), figure.circle.y * ratio - float(shift[1])
    return pose_graph.Figure(joints, mask, replace(figure.circle, x=x, y=y, radius=figure.circle.radius * ratio))


def _trace_largest(picture: Picture, otherwise: pose_graph.Figure | None = None) -> tuple[pose_graph.Figure, bool]:
    """The largest figure in the picture and whether there are others of note."""
    height, width = picture.shape[:2]
    for padding in _PADDINGS:
        top, side = round(padding * height), round(padding * width)
        padded = _pad(picture, top, side)
        circles = sorted(pose_graph.find_circles(padded), key=lambda c: -c.radius * (0.3 + c.score))
        for circle in circles:
            figure = _trace_twice(padded, circle)
            if figure is None:
                continue
            joints = (figure.joints - np.array([side, top, 0], np.float32)).astype(np.float32)
            mask = np.ascontiguousarray(figure.silhouette[top : top + height, side : side + width])
            moved = replace(figure.circle, x=figure.circle.x - side, y=figure.circle.y - top)
            others = [c for c in circles if c is not circle and c.radius > 0.5 * circle.radius and c.score > 0.5]
            return pose_graph.Figure(joints, mask, moved), bool(others)
    if otherwise is None:
        raise NoPersonFound
    return otherwise, False


def _pad(picture: Picture, top: int, side: int) -> Picture:
    return np.asarray(cv2.copyMakeBorder(picture, top, top // 2, side, side, cv2.BORDER_REPLICATE), np.uint8)


def _trace_twice(picture: Picture, circle: pose_graph.Circle) -> pose_graph.Figure | None:
    """Trace within the found circle, then within the figure's own: where the first circle is poor (no head in the
    picture) only the second gets the limbs right, and where both agree their mean is steadier than either."""
    first = pose_graph.trace_figure(picture, circle)
    second = None if first is None else pose_graph.trace_figure(picture, first.circle)
    if first is None or second is None:
        return first
    width = float(np.hypot(*(second.joints[11, :2] - second.joints[12, :2])))
    apart = np.hypot(*(first.joints[:, :2] - second.joints[:, :2]).T)
    joints = second.joints.copy()
    agree = apart < 0.15 * max(width, 1.0)
    joints[agree] = (first.joints[agree] + second.joints[agree]) / 2
    return pose_graph.Figure(joints, second.silhouette, second.circle)


def choose_frame(
    shape: tuple[int, int], joints: Floats, silhouette: Floats, look_scale: float, working_height: int
) -> Frame:
    """The whole photo, or a generous cut around a person who fills little of it. ``joints`` and ``silhouette`` are at
    ``look_scale``."""
    height, width = shape
    seen = joints[joints[:, 2] > 0.4, :2]
    seen = seen if len(seen) >= 4 else joints[:, :2]
    rows, columns = np.nonzero(silhouette > 0.5)
    points = np.concatenate([seen, np.stack([columns, rows], 1).astype(np.float32)]) / look_scale
    low = np.clip(points.min(0), 0, [width, height])
    high = np.clip(points.max(0), 0, [width, height])
    margin = 0.18 * max(float(high[1] - low[1]), float(high[0] - low[0]), 16.0)
    x0, y0 = np.maximum(np.floor(low - margin), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(high + margin), [width, height]).astype(int)
    if (y1 - y0) > 0.72 * height:
        y0, y1 = 0, height
    if (x1 - x0) > 0.6 * width:
        x0, x1 = 0, width
    part_height, part_width = max(int(y1 - y0), 1), max(int(x1 - x0), 1)
    scale = min(1.0, working_height / part_height, 1.5 * working_height / part_width)
    if part_height < LEAST_WORKING_HEIGHT:
        enlarged = min(LEAST_WORKING_HEIGHT, working_height) / part_height
        scale = max(scale, min(enlarged, 1.5 * working_height / part_width, _MOST_ENLARGED))
    size = (max(1, round(part_width * scale)), max(1, round(part_height * scale)))
    return Frame(int(x0), int(y0), size[0], size[1], float(scale), width, height)


def _merge(figure: Floats, people: Floats) -> Floats:
    """The figure's own silhouette, with the hair and loose cloth that only the other model sees near it."""
    own = figure > 0.4
    spread = max(3, round(0.02 * max(figure.shape)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * spread + 1, 2 * spread + 1))
    near = cv2.dilate(own.astype(np.uint8), kernel) > 0
    return np.asarray(0.5 * figure + 0.5 * np.where(near, np.maximum(people, figure), figure), np.float32)


def _trace_face(picture: Picture, skeleton: Skeleton) -> Points:
    """The face's outline (36, 2), chin included; (0, 2) where no face is seen."""
    nothing = np.zeros((0, 2), np.float32)
    nose = skeleton.joints[0]
    height, width = picture.shape[:2]
    if not (0 <= nose[0] < width and 0 <= nose[1] < height):
        return nothing
    lean = skeleton.mouth - skeleton.eyes
    size = 5.2 * skeleton.face_height
    middle = (skeleton.eyes + skeleton.mouth) / 2
    tilt = float(np.arctan2(-lean[0], lean[1]))
    x0, y0 = np.maximum(np.floor(middle - size), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(middle + size), [width, height]).astype(int)
    if x1 - x0 < 8 or y1 - y0 < 8:
        return nothing
    mesh = pose_graph.trace_face(picture[y0:y1, x0:x1], float(middle[0] - x0), float(middle[1] - y0), size, tilt)
    return nothing if mesh is None else (mesh[list(_FACE_OVAL)] + np.array([x0, y0], np.float32)).astype(np.float32)


def _take_notes(found: Found, skeleton: Skeleton) -> tuple[Note, ...]:
    return take_notes(found.picture, found.frame, skeleton, found.silhouette, several=found.several)


def _find_hands(expected: Plane, mattes: NDArray[np.uint8]) -> Plane:
    """(h, w) 0/255 at working size: what is skin or held where hands are expected."""
    size = (mattes.shape[2], mattes.shape[1])
    near = cv2.resize(expected, size, interpolation=cv2.INTER_NEAREST)
    held = mattes[Label.SKIN].astype(np.uint16) + mattes[Label.OTHER] > 100
    return np.where(held, near, 0).astype(np.uint8)
