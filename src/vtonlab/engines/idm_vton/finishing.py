"""From the service's answer to the result: put back into the photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from vtonlab.engines.composite import find_change, match_colours, paste_back
from vtonlab.engines.contract import Mask, Note, Picture, TryOnRequest, TryOnResult
from vtonlab.engines.frames import Frame, unpad
from vtonlab.engines.idm_vton.address import NAME
from vtonlab.engines.idm_vton.asking import Asking
from vtonlab.engines.idm_vton.greyed import read_mask
from vtonlab.errors import EngineFailed, Text
from vtonlab.imaging.provenance import SourceType

SHAPE_TOLERANCE: Final = 0.02
"""How far an answer's width to height may be from what was sent: rounding, no more."""
UNSURE: Final = 0.6
"""Confidence where the service did not say what it changed."""

MASK_GUESSED = Note(
    "mask_guessed",
    "info",
    Text(
        "The service did not say what it changed; that was found by comparing the pictures.",
        "该服务没有说明修改了哪些区域；已通过比较图片得出。",
    ),
)
UNCHANGED = Note(
    "unchanged",
    "warning",
    Text("The service gave the photo back unchanged.", "该服务返回的照片没有变化。"),
)


@dataclass(frozen=True)
class Answer:
    """What the service made: its picture, and its second one, the photo with the mask greyed out, where it has one."""

    picture: Picture
    masked: Picture | None


def finish(
    request: TryOnRequest, asking: Asking, answer: Answer, *, composite: bool, timings: Mapping[str, float]
) -> TryOnResult:
    """The result at the photo's own size. Raises ``EngineFailed`` for a picture of another shape than was sent."""
    photo, frame = request.person, asking.frame
    check_shape(answer.picture, frame)
    drawn = unpad(answer.picture, frame, photo)
    seen = unpad(np.full((frame.height, frame.width), 255, np.uint8), frame)
    if not composite:
        return TryOnResult(drawn, seen, NAME, timings=timings, source_type=SourceType.GENERATED)
    mask, notes = _choose_mask(request, asking, answer, drawn, seen)
    # Where the photo was cut off, the two are alike because both are the photo.
    drawn = match_colours(photo, drawn, np.maximum(mask, np.invert(seen)))
    return TryOnResult(
        image=paste_back(photo, drawn, mask),
        mask=mask,
        engine=NAME,
        confidence=UNSURE if notes else 1.0,
        notes=notes,
        timings=timings,
        source_type=SourceType.COMPOSITE_GENERATED,
    )


def check_shape(picture: Picture, frame: Frame) -> None:
    """Raises ``EngineFailed`` where ``picture`` cannot be what became of the framed photo."""
    here, there = picture.shape[1] / picture.shape[0], frame.width / frame.height
    if abs(here / there - 1) > SHAPE_TOLERANCE + 1 / min(frame.width, frame.height):
        raise EngineFailed(engine=NAME)


def _choose_mask(
    request: TryOnRequest, asking: Asking, answer: Answer, drawn: Picture, seen: Mask
) -> tuple[Mask, tuple[Note, ...]]:
    """Where the answer is taken: in the person's own mask, else where the service says, else where it shows; only
    where the service has ``seen`` the photo."""
    if request.mask is not None:
        own = request.mask
        if own.shape != request.person.shape[:2]:
            own = np.asarray(cv2.resize(own, request.person.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)
        return np.minimum(np.where(own > 127, 255, 0).astype(np.uint8), seen), ()
    told = None if answer.masked is None else read_mask(answer.masked, asking.person, answer.picture)
    if told is not None:
        return unpad(told, asking.frame), ()
    found = find_change(request.person, drawn)
    return found, (MASK_GUESSED,) if found.any() else (UNCHANGED,)
