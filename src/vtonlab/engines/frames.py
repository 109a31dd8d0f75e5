"""Bringing a picture to the shape that a service wants, without stretching it, and back.

A service that draws pictures of one shape only stretches whatever else it gets. So a picture gets a border up to that
shape, its frame remembers where it lies in it, and the answer, whatever its size, is cut and scaled back by the frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vtonlab.engines.contract import Mask, Picture


@dataclass(frozen=True)
class Frame:
    """Where a picture lies in its padded form. All in pixels, of the picture as it is sent.

    ``width``, ``height``: of the padded picture. ``left``, ``top``, ``inner_width``, ``inner_height``: of the picture
    in it. ``full_width``, ``full_height``: of the picture before it was reduced, if it was.
    """

    width: int
    height: int
    left: int
    top: int
    inner_width: int
    inner_height: int
    full_width: int
    full_height: int


def pad(picture: Picture, ratio: tuple[int, int] = (3, 4), *, longest: int | None = None) -> tuple[Picture, Frame]:
    """``picture`` in the middle of one whose width and height are as ``ratio``, its edges continued; and its frame.

    ``longest``: the padded picture's longer side is at most that, in pixels; the picture is reduced for it, never
    enlarged. Width and height meet the ratio within one pixel.
    """
    full_height, full_width = picture.shape[:2]
    frame = _place(full_width, full_height, ratio, longest)
    if (frame.inner_width, frame.inner_height) != (full_width, full_height):
        picture = cv2.resize(picture, (frame.inner_width, frame.inner_height), interpolation=cv2.INTER_AREA)
    return _surround(picture, frame, cv2.BORDER_REPLICATE), frame


def pad_mask(mask: Mask, frame: Frame) -> Mask:
    """The mask of a picture, brought into that picture's frame: 0 in the border. Shape as the padded picture."""
    if mask.shape != (frame.inner_height, frame.inner_width):
        mask = cv2.resize(mask, (frame.inner_width, frame.inner_height), interpolation=cv2.INTER_AREA)
    return _surround(mask, frame, cv2.BORDER_CONSTANT)


def unpad(padded: Picture, frame: Frame) -> Picture:
    """What lies inside the frame of ``padded`` (a picture or mask of any size, taken to be the whole padded picture),
    at the size of the picture that the frame was made for: ``(full_height, full_width, …)``."""
    height, width = padded.shape[:2]
    across, down = width / frame.width, height / frame.height
    left, top = frame.left * across, frame.top * down
    size = (frame.full_width, frame.full_height)
    if (width, height) == (frame.width, frame.height) and size == (frame.inner_width, frame.inner_height):
        cut = padded[frame.top : frame.top + frame.inner_height, frame.left : frame.left + frame.inner_width]
        return np.ascontiguousarray(cut)
    return _resample(padded, left, top, frame.inner_width * across, frame.inner_height * down, size)


def _place(width: int, height: int, ratio: tuple[int, int], longest: int | None) -> Frame:
    wide, tall = ratio
    outer_width = max(width, -(-height * wide // tall))
    outer_height = max(height, -(-width * tall // wide))
    scale = min(1.0, (longest or max(outer_width, outer_height)) / max(outer_width, outer_height))
    inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
    outer_width = max(inner_width, round(outer_width * scale))
    outer_height = max(inner_height, round(outer_height * scale))
    return Frame(
        width=outer_width,
        height=outer_height,
        left=(outer_width - inner_width) // 2,
        top=(outer_height - inner_height) // 2,
        inner_width=inner_width,
        inner_height=inner_height,
        full_width=width,
        full_height=height,
    )


def _surround(picture: Picture, frame: Frame, border: int) -> Picture:
    below = frame.height - frame.top - frame.inner_height
    right = frame.width - frame.left - frame.inner_width
    return np.ascontiguousarray(cv2.copyMakeBorder(picture, frame.top, below, frame.left, right, border, value=0))


def _resample(padded: Picture, left: float, top: float, width: float, height: float, size: tuple[int, int]) -> Picture:
    """The part of ``padded`` that begins at ``left``, ``top``, at ``size``; reduced by area, enlarged by cubic."""
    across, down = width / size[0], height / size[1]
    if across > 1 or down > 1:
        # Sub-pixel cuts hardly matter where many pixels become one.
        first, last = (round(left), round(top)), (round(left + width), round(top + height))
        part = padded[first[1] : max(first[1] + 1, last[1]), first[0] : max(first[0] + 1, last[0])]
        return cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    shift = np.array([[across, 0, left + across / 2 - 0.5], [0, down, top + down / 2 - 0.5]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(padded, shift, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
