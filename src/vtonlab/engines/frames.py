"""Bringing a picture to the shape that a service wants, without stretching it, and back.

A service that draws pictures of one shape only stretches whatever else it gets. So a picture gets a border up to that
shape, or is cut to it; its frame remembers where it lies in what is sent; and the answer, whatever its size, is
brought back by the frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vtonlab.engines.contract import Mask, Picture


@dataclass(frozen=True)
class Frame:
    """Where a picture lies in what is sent. In pixels of what is sent, unless said otherwise.

    ``width``, ``height``: of what is sent. ``left``, ``top``, ``inner_width``, ``inner_height``: of the picture in it;
    a picture that was cut begins outside (negative) and is larger. ``full_width``, ``full_height``: of the picture
    before it was reduced, in its own pixels.
    """

    width: int
    height: int
    left: int
    top: int
    inner_width: int
    inner_height: int
    full_width: int
    full_height: int


def pad(
    picture: Picture,
    ratio: tuple[int, int] = (3, 4),
    *,
    longest: int | None = None,
    colour: tuple[int, int, int] | None = None,
) -> tuple[Picture, Frame]:
    """``picture`` in the middle of one whose width and height are as ``ratio``; and its frame.

    The border is of ``colour`` (RGB); without one, the picture's edges are continued. ``longest``: the longer side of
    what is sent is at most that, in pixels; the picture is reduced for it, never enlarged. Width and height meet the
    ratio within one pixel.
    """
    frame = _place(picture, ratio, longest, cut=False)
    inner = _reduce(picture, frame)
    if colour is None:
        return _surround(inner, frame, cv2.BORDER_REPLICATE), frame
    return _surround(inner, frame, cv2.BORDER_CONSTANT, colour), frame


def cut(picture: Picture, ratio: tuple[int, int] = (3, 4), *, longest: int | None = None) -> tuple[Picture, Frame]:
    """The largest part in the middle of ``picture`` whose width and height are as ``ratio``; and its frame. As
    :func:`pad` otherwise."""
    frame = _place(picture, ratio, longest, cut=True)
    return _window(_reduce(picture, frame), frame), frame


def pad_mask(mask: Mask, frame: Frame) -> Mask:
    """The mask of a picture, brought into that picture's frame: 0 in the border. Shape as what is sent."""
    inner = _reduce(mask, frame)
    if frame.inner_width > frame.width or frame.inner_height > frame.height:
        return _window(inner, frame)
    return _surround(inner, frame, cv2.BORDER_CONSTANT)


def unpad(answer: Picture, frame: Frame, outside: Picture | None = None) -> Picture:
    """``answer`` (a picture or mask of any size, taken to show all that was sent) at the size and in the place of the
    picture that ``frame`` was made for: ``(full_height, full_width, …)``.

    ``outside``: what shows where the picture was cut, of that same shape; without it, 0.
    """
    placed = _bring_back(answer, frame)
    columns = _seen(frame.left, frame.width, frame.inner_width, frame.full_width)
    rows = _seen(frame.top, frame.height, frame.inner_height, frame.full_height)
    if (columns, rows) == (slice(0, frame.full_width), slice(0, frame.full_height)):
        return placed
    whole = np.zeros_like(placed) if outside is None else outside.copy()
    whole[rows, columns] = placed[rows, columns]
    return whole


def _place(picture: Picture, ratio: tuple[int, int], longest: int | None, *, cut: bool) -> Frame:
    height, width = picture.shape[:2]
    wide, tall = ratio
    if cut:
        outer_width, outer_height = min(width, height * wide // tall), min(height, width * tall // wide)
        outer_width, outer_height = max(1, outer_width), max(1, outer_height)
    else:
        outer_width, outer_height = max(width, -(-height * wide // tall)), max(height, -(-width * tall // wide))
    inner_width, inner_height = width, height
    if longest is not None and max(outer_width, outer_height) > longest:
        scale = longest / max(outer_width, outer_height)
        inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
        steps = max(1, longest // max(ratio))
        wanted = (steps * wide, steps * tall)
        if cut:
            outer_width, outer_height = min(inner_width, wanted[0]), min(inner_height, wanted[1])
        else:
            inner_width, inner_height = min(inner_width, wanted[0]), min(inner_height, wanted[1])
            outer_width, outer_height = wanted
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


def _reduce(picture: Picture, frame: Frame) -> Picture:
    """``picture``, of any size, at the size it has in the frame."""
    size = (frame.inner_width, frame.inner_height)
    if picture.shape[:2] == size[::-1]:
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _surround(picture: Picture, frame: Frame, border: int, colour: tuple[int, int, int] | int = 0) -> Picture:
    below = frame.height - frame.top - frame.inner_height
    right = frame.width - frame.left - frame.inner_width
    bordered = cv2.copyMakeBorder(picture, frame.top, below, frame.left, right, border, value=colour)
    return np.asarray(bordered, np.uint8)


def _window(picture: Picture, frame: Frame) -> Picture:
    return np.ascontiguousarray(picture[-frame.top :, -frame.left :][: frame.height, : frame.width])


def _seen(start: int, extent: int, inner: int, full: int) -> slice:
    """Which of the picture's own rows or columns lie wholly in what was sent."""
    first = -(min(0, start) * full // inner)
    last = full if start + inner <= extent else (extent - start) * full // inner
    return slice(first, last)


def _bring_back(answer: Picture, frame: Frame) -> Picture:
    """``answer`` at the picture's own scale and place; what lies beyond it repeats its edge."""
    across = answer.shape[1] / frame.width * frame.inner_width / frame.full_width
    down = answer.shape[0] / frame.height * frame.inner_height / frame.full_height
    left, top = answer.shape[1] / frame.width * frame.left, answer.shape[0] / frame.height * frame.top
    size = (frame.full_width, frame.full_height)
    if across > 1 or down > 1:
        # By area first, else pixels would be left out; what is lost is a shift of less than half a pixel.
        smaller = (max(1, round(answer.shape[1] / across)), max(1, round(answer.shape[0] / down)))
        answer = np.asarray(cv2.resize(answer, smaller, interpolation=cv2.INTER_AREA), np.uint8)
        left, top, across, down = round(left / across), round(top / down), 1.0, 1.0
    # Pixels have their centres at halves.
    into = np.array([[across, 0, left + across / 2 - 0.5], [0, down, top + down / 2 - 0.5]])
    if not (into - np.rint(into)).any() and across == down == 1:
        into = np.rint(into)  # a plain shift: bit for bit
        way = cv2.INTER_NEAREST
    else:
        way = cv2.INTER_LINEAR if answer.ndim == 2 else cv2.INTER_CUBIC
    placed = cv2.warpAffine(answer, into, size, flags=way | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(placed, np.uint8)
