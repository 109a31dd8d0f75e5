"""Understanding a garment's photo: cut it out, set it upright, find its landmarks, neckline and pieces."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from vtonlab.engines.contract import GarmentKind, Note, Picture
from vtonlab.engines.instant.bleed import bleed
from vtonlab.engines.instant.classify import find_waist, tell_cut, tell_kind
from vtonlab.engines.instant.cut_out import Cutting, cut_out
from vtonlab.engines.instant.garment_advice import PALE, UNSURE, WORN, take_notes
from vtonlab.engines.instant.landmarks import Reading, find_upper_landmarks, name_landmarks
from vtonlab.engines.instant.lower_landmarks import Gap, find_gap, find_lower_landmarks
from vtonlab.engines.instant.neckline import find_neckline
from vtonlab.engines.instant.outline import Outline, resample, trace_outline
from vtonlab.engines.instant.pieces import split_lower, split_upper
from vtonlab.engines.instant.records import Cut, Garment, Landmark, Plane, Points
from vtonlab.engines.instant.upright import Upright, resample_plane, set_upright
from vtonlab.engines.instant.worn import Wearer, find_wearer
from vtonlab.engines.instant.worn_landmarks import find_worn_landmarks
from vtonlab.errors import GarmentNotUnderstood, ImageTooSmall, Text

LEAST_SIDE = 48
"""Pixels a photo has at least on each side."""
_SMALLEST_SHARE = 0.008
"""A garment fills at least this share of its photo."""


def analyse_garment(photo: Picture, kind: GarmentKind = GarmentKind.AUTO, working_height: int = 1024) -> Garment:
    """Cut out and measure the garment in ``photo`` (``(H, W, 3) uint8`` RGB, any size, upright).

    ``kind`` is obeyed when it is not AUTO. ``working_height`` bounds the working picture's longer side. Raises
    :class:`.errors.GarmentNotUnderstood` when no garment can be made out.
    """
    _insist_on_size(photo)
    picture = bring_to_size(photo, 2 * working_height)
    small = bring_to_size(picture, working_height)
    cutting = cut_out(small)
    wearer = find_wearer(small, cutting, kind)
    if wearer is not None:
        return _analyse_worn(picture, small, cutting, wearer, working_height)
    _insist_on_one(cutting)
    upright = set_upright(picture, cutting.matte, working_height)
    outline = trace_outline(upright.matte, upright.axis_x)
    left, right = find_upper_landmarks(outline)
    gap = find_gap(upright.picture, upright.matte, outline)
    told, sure = tell_kind(outline, gap, left, right)
    if kind not in (GarmentKind.AUTO, told):
        told, sure = kind, 0.6
    if told is GarmentKind.LOWER:
        shape = _read_lower(upright, outline, gap, left, right)
    else:
        shape = _read_upper(upright, outline, left, right, told)
    return _write_down(upright, outline, shape, take_notes(small, cutting), cutting.certainty * (0.7 + 0.3 * sure))


def _analyse_worn(picture: Picture, small: Picture, cutting: Cutting, wearer: Wearer, working_height: int) -> Garment:
    """A garment on somebody, told by their joints instead of the outline's dents."""
    body, frame = wearer.person.body, wearer.person.frame
    tilt = -float(np.degrees(np.arctan2(body.down[0], body.down[1])))
    upright = set_upright(picture, wearer.matte, working_height, tilt=tilt if abs(tilt) < 30 else 0.0)
    to_photo = np.array([[1 / frame.scale, 0, frame.x], [0, 1 / frame.scale, frame.y], [0, 0, 1]])
    to_work = upright.to_work @ to_photo
    if wearer.kind is GarmentKind.LOWER:
        outline = trace_outline(upright.matte, upright.axis_x)
        gap = find_gap(upright.picture, upright.matte, outline)
        shape = _read_lower(upright, outline, gap, *find_upper_landmarks(outline))
    else:
        middle = to_work @ np.array([*body.shoulders, 1.0])
        outline = trace_outline(upright.matte, float(middle[0]))
        left, right = find_worn_landmarks(upright.matte, outline, wearer.person, to_work)
        shape = _read_upper(upright, outline, left, right, wearer.kind, worn=True)
    hidden = resample_plane(wearer.hidden, upright.to_work, (upright.matte.shape[1], upright.matte.shape[0]))
    notes = (*(note for note in take_notes(small, replace(cutting, matte=wearer.matte)) if note is not PALE), WORN)
    garment = _write_down(upright, outline, shape, notes, 0.75 * wearer.person.certainty, hidden)
    return replace(garment, worn=True)


def bring_to_size(photo: Picture, longest: int) -> Picture:
    """``photo`` shrunk, never enlarged, so that its longer side is at most ``longest``."""
    scale = longest / max(photo.shape[:2])
    if scale >= 1:
        return photo
    size = (max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale)))
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def advise_garment(photo: Picture) -> tuple[Note, ...]:
    """What would make a better photo of a garment, before any fitting; empty where nothing would. Raises nothing."""
    try:
        return analyse_garment(photo).notes
    except (GarmentNotUnderstood, ImageTooSmall) as error:
        words = Text(f"{error.say('en')} {error.advise('en')}", f"{error.say('zh')}{error.advise('zh')}")
        return (Note(error.code, "problem", words),)


def _insist_on_size(photo: Picture) -> None:
    if min(photo.shape[:2]) < LEAST_SIDE:
        raise ImageTooSmall(
            name="garment", found=f"{photo.shape[1]} × {photo.shape[0]}", limit=f"{LEAST_SIDE} px"
        )


def _insist_on_one(cutting: Cutting) -> None:
    """One garment that stands out: not nothing, not the whole photo, not a heap of small things or a row of equals."""
    share = float((cutting.matte > 127).mean())
    if share < _SMALLEST_SHARE or share > 0.995 or cutting.equals > 0:
        raise GarmentNotUnderstood


@dataclass(frozen=True)
class _Shape:
    landmarks: dict[str, Landmark]
    parts: Plane
    neckline: Points
    kind: GarmentKind
    cut: Cut
    has_collar: bool = False
    open_front: bool = False


def _read_upper(
    upright: Upright, outline: Outline, left: Reading, right: Reading, kind: GarmentKind, worn: bool = False
) -> _Shape:
    neckline = find_neckline(upright.picture, upright.matte, left, right, worn)
    landmarks = name_landmarks(left, right)
    if kind is GarmentKind.DRESS:
        landmarks |= find_waist(left, right)
    return _Shape(
        landmarks=landmarks,
        parts=split_upper(upright.matte, left, right, neckline),
        neckline=neckline.points,
        kind=kind,
        cut=tell_cut(kind, outline, None, left, right),
        has_collar=left.neck != left.collar_top or right.neck != right.collar_top,
        open_front=_falls_open(outline, left, right),
    )


def _read_lower(
    upright: Upright, outline: Outline, gap: Gap | None, left: Reading, right: Reading
) -> _Shape:
    landmarks = find_lower_landmarks(upright.matte, outline, gap)
    return _Shape(
        landmarks=landmarks,
        parts=split_lower(upright.matte, outline, gap),
        neckline=_waistline(outline, landmarks),
        kind=GarmentKind.LOWER,
        cut=tell_cut(GarmentKind.LOWER, outline, gap, left, right),
    )


def _falls_open(outline: Outline, left: Reading, right: Reading) -> bool:
    """A cardigan or coat that lies open: backdrop parts its front from the hem to above the waist."""
    neck = (left.places["neck"][1] + right.places["neck"][1]) / 2
    hem = (left.places["hem"][1] + right.places["hem"][1]) / 2
    wide = left.places["hem"][0] + right.places["hem"][0] > 0.5 * (left.places["armpit"][0] + right.places["armpit"][0])
    return wide and float(outline.left.down[-1]) < neck + 0.55 * (hem - neck)


def _waistline(outline: Outline, landmarks: dict[str, Landmark]) -> Points:
    ends = [landmarks[name] for name in ("waist_left", "waist_right")]
    corners = [
        side.nearest(side.sign * (end.x - side.axis_x), end.y)
        for side, end in zip((outline.left, outline.right), ends, strict=True)
    ]
    path = np.vstack([outline.left.points()[: corners[0] + 1][::-1], outline.right.points()[1 : corners[1] + 1]])
    return resample(path.astype(np.float64), 64).astype(np.float32)


def _write_down(
    upright: Upright, outline: Outline, shape: _Shape, notes: tuple[Note, ...], sure: float, hidden: Plane | None = None
) -> Garment:
    sound = upright.matte > 250
    if hidden is not None:
        sound &= hidden < 20
    core = np.asarray(cv2.erode(sound.astype(np.uint8), np.ones((5, 5), np.uint8)), np.uint8)
    if hidden is None or not (hidden > 127).any():
        hidden = np.zeros((0, 0), np.uint8)
    seen = float(np.mean([mark.certainty for mark in shape.landmarks.values()]))
    symmetry = float(np.clip((upright.symmetry - 0.6) / 0.3, 0.3, 1))
    certainty = sure * (0.5 + 0.5 * seen) * (0.6 + 0.4 * symmetry)
    return Garment(
        picture=bleed(upright.picture, core),
        alpha=upright.matte,
        parts=shape.parts,
        kind=shape.kind,
        cut=shape.cut,
        axis_x=outline.axis_x,
        landmarks=shape.landmarks,
        neckline=shape.neckline,
        outline_left=outline.left.points(),
        outline_right=outline.right.points(),
        open_front=shape.open_front,
        has_collar=shape.has_collar,
        worn=False,
        hidden=np.where(hidden > 127, np.uint8(255), np.uint8(0)),
        notes=(*notes, UNSURE) if seen < 0.5 or upright.symmetry < 0.7 else notes,
        certainty=float(np.clip(certainty, 0, 1)),
    )
