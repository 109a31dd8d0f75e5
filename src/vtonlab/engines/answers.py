"""From the picture that a generative service sent back to the result of a fitting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import cv2
import numpy as np
from pydantic import ValidationError

from vtonlab.engines.composite import find_change, match_colours, paste_back
from vtonlab.engines.contract import Note, Picture, TryOnRequest, TryOnResult
from vtonlab.engines.contract import Options as BaseOptions
from vtonlab.engines.frames import Frame, pad
from vtonlab.engines.placing import place
from vtonlab.errors import BadOption, ImageTooLarge, ImageTooSmall, ImageUnreadable, NoPicture, Text
from vtonlab.imaging.provenance import SourceType
from vtonlab.imaging.read import Limits, read_picture
from vtonlab.imaging.write import encode_picture

T = TypeVar("T", bound=BaseOptions)

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of an answer's picture."""
ANSWER_LIMITS: Final = Limits(size=MOST_BYTES, pixels=64_000_000, least_side=64)
SENT_QUALITY: Final = 95
"""Of the JPEGs that are sent: what FASHN asks for; losses do not show, at a fifth of a PNG's bytes."""
MOST_CHANGED: Final = 0.85
"""Share of the photo above which the service did not edit it but painted another one."""

PAINTED_ANEW: Final = Note(
    "painted_anew",
    "warning",
    Text(
        "The service painted the whole picture anew: face, hands and background are not those of the photo.",
        "该服务重新绘制了整张图片：面部、手部和背景并非照片原貌。",
    ),
)
UNCHANGED: Final = Note(
    "unchanged",
    "warning",
    Text("The service gave the photo back unchanged.", "该服务返回的照片没有变化。"),
)


@dataclass(frozen=True)
class Sent:
    """The photo as a service was given it, and where it lies in that."""

    padded: Picture
    frame: Frame
    data: bytes


def prepare(photo: Picture, ratio: tuple[int, int] | None, longest: int) -> Sent:
    """``photo``, padded to ``ratio`` (width, height) where there is one, its longer side at most ``longest`` pixels, as
    a JPEG without any metadata."""
    if ratio is not None:
        padded, frame = pad(photo, ratio, longest=longest)
        return Sent(padded, frame, encode(padded))
    reduced = _reduce(photo, longest)
    (height, width), (full_height, full_width) = reduced.shape[:2], photo.shape[:2]
    frame = Frame(width, height, 0, 0, width, height, full_width, full_height)
    return Sent(reduced, frame, encode(reduced))


def encode(picture: Picture, longest: int | None = None) -> bytes:
    """``picture`` as a JPEG without any metadata, its longer side at most ``longest`` pixels."""
    return encode_picture(picture if longest is None else _reduce(picture, longest), ".jpg", quality=SENT_QUALITY)


def decode(data: bytes, engine: str) -> Picture:
    """The picture that a service sent. Raises ``NoPicture`` where it is none."""
    try:
        return read_picture(data, limits=ANSWER_LIMITS)
    except (ImageUnreadable, ImageTooLarge, ImageTooSmall) as error:
        raise NoPicture(engine=engine) from error


def finish(
    engine: str, photo: Picture, sent: Sent, answer: Picture, timings: Mapping[str, float], *, composite: bool
) -> TryOnResult:
    """The result of a fitting whose service answered with ``answer``.

    ``composite``: only what changed is taken from the answer, everything else stays the photo's own pixels.
    """
    placed = place(answer, photo, sent.padded, sent.frame)
    everything = np.full(photo.shape[:2], 255, np.uint8)
    if placed is None:
        covering = _cover(answer, photo.shape[1], photo.shape[0])
        return TryOnResult(covering, everything, engine, 0.4, (PAINTED_ANEW,), timings, SourceType.GENERATED)
    mask = find_change(photo, placed)
    share = float((mask > 0).mean())
    notes = (UNCHANGED,) if share == 0 else (PAINTED_ANEW,) if share > MOST_CHANGED else ()
    confidence = 0.1 if share == 0 else 0.5 if notes else 0.9
    if not composite:
        return TryOnResult(placed, everything, engine, confidence, notes, timings, SourceType.GENERATED)
    image = paste_back(photo, match_colours(photo, placed, mask), mask)
    return TryOnResult(image, mask, engine, confidence, notes, timings, SourceType.COMPOSITE_GENERATED)


def options_of(kind: type[T], request: TryOnRequest) -> T:
    """The request's options as ``kind``. Raises ``BadOption``."""
    try:
        return kind.model_validate(dict(request.options))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in fault["loc"]) or "?"
        raise BadOption(option=name, reason=str(fault["msg"])) from error


def _reduce(picture: Picture, longest: int) -> Picture:
    side = max(picture.shape[:2])
    if side <= longest:
        return picture
    size = [max(1, round(extent * longest / side)) for extent in (picture.shape[1], picture.shape[0])]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _cover(picture: Picture, width: int, height: int) -> Picture:
    """The middle of ``picture`` at that size, not stretched."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    whole = cv2.resize(picture, size, interpolation=way)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(whole[top : top + height, left : left + width])
