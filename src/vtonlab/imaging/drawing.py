"""Shapes that look like cloth and skin: filled paths with a soft roundness, soft strokes and cast shadows.

Paths are written as in SVG, absolute, with spaces: ``M x y L x y C x y x y x y Z``. x counts from the picture's middle.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtonlab.imaging.types import Picture

if TYPE_CHECKING:
    from PIL import Image

Colour = tuple[int, int, int]
Point = tuple[float, float]

_FINER: Final = 2
"""Drawn larger by this and reduced, so that edges are smooth."""
_STEPS: Final = 16
_SPREAD: Final = 2.5
"""How far a blur reaches, in its own softness."""
_ROUNDING: Final = 14
_ROUND_SHADE: Final = (52, 34, 40)
_CAST_SHADE: Final = (40, 30, 30)
_NUMBERS: Final = {"M": 2, "L": 2, "C": 6, "Z": 0}


class _Patch(NamedTuple):
    """How much of each pixel a shape covers, in the part of the board where it does."""

    mask: Image.Image
    corner: tuple[int, int]


class Board:
    """A picture being drawn, ``height`` pixels high, three quarters as wide; shapes are in ``units`` of its height."""

    def __init__(self, height: int, units: int, ground: Colour) -> None:
        from PIL import Image

        self._height = height
        self._scale = height * _FINER / units
        self._size = (height * 3 // 4 * _FINER, height * _FINER)
        self._image = Image.new("RGB", self._size, ground)

    def shape(self, path: str, colour: Colour, *, round_by: float = 0, soft: float = 0) -> None:
        """Fill ``path``; ``round_by`` (0 to 1) darkens towards its edges, as on something round."""
        from PIL import ImageChops

        filled = self._fill(path, soft)
        self._paint(filled, colour)
        if round_by:
            wide = self._fill(path, 0, reach=_ROUNDING)
            inner = ImageChops.invert(self._blur(wide, _ROUNDING).mask)
            edge = ImageChops.multiply(wide.mask, inner).point(lambda share: round(share * round_by * 1.6))
            self._paint(_Patch(edge, wide.corner), _ROUND_SHADE)

    def disc(self, middle: Point, radii: Point, colour: Colour, *, soft: float = 0, opacity: float = 1) -> None:
        """An ellipse."""
        turns = np.linspace(0, 2 * np.pi, 4 * _STEPS, endpoint=False)
        points = [(middle[0] + radii[0] * np.cos(turn), middle[1] + radii[1] * np.sin(turn)) for turn in turns]
        self._paint(self._blur(self._polygons([points], soft), soft), colour, opacity)

    def stroke(self, path: str, colour: Colour, *, width: float, soft: float = 0, within: str | None = None) -> None:
        """A line along ``path``, round at its ends, nowhere but ``within`` that other path."""
        from PIL.ImageDraw import Draw

        lines = trace(path)
        patch = self._blank(lines, width + soft * _SPREAD)
        draw, radius = Draw(patch.mask), width * self._scale / 2
        for line in lines:
            points = [self._place(point, patch.corner) for point in line]
            draw.line(points, fill=255, width=round(2 * radius), joint="curve")
            for x, y in (points[0], points[-1]):
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        self._paint(self._only(self._blur(patch, soft), within), colour)

    def cast(self, path: str, strength: float, *, soft: float, move: Point = (0, 0), within: str | None = None) -> None:
        """The shadow of ``path``, ``strength`` from 0 to 1, moved and softened."""
        self._paint(self._only(self._fill(path, soft, move=move), within), _CAST_SHADE, strength)

    def picture(self) -> Picture:
        """What was drawn, ``(height, height * 3 / 4, 3)``."""
        from PIL.Image import Resampling

        return np.asarray(self._image.resize((self._height * 3 // 4, self._height), Resampling.BOX))

    def _paint(self, patch: _Patch, colour: Colour, opacity: float = 1) -> None:
        mask = patch.mask if opacity == 1 else patch.mask.point(lambda share: round(share * opacity))
        self._image.paste(colour, (*patch.corner, patch.corner[0] + mask.width, patch.corner[1] + mask.height), mask)

    def _fill(self, path: str, soft: float, *, move: Point = (0, 0), reach: float = 0) -> _Patch:
        lines = [[(x + move[0], y + move[1]) for x, y in line] for line in trace(path)]
        return self._blur(self._polygons(lines, max(soft, reach)), soft)

    def _polygons(self, lines: list[list[Point]], soft: float) -> _Patch:
        from PIL.ImageDraw import Draw

        patch = self._blank(lines, soft * _SPREAD)
        for line in lines:
            Draw(patch.mask).polygon([self._place(point, patch.corner) for point in line], fill=255)
        return patch

    def _only(self, patch: _Patch, within: str | None) -> _Patch:
        from PIL import Image, ImageChops

        if within is None:
            return patch
        allowed = self._fill(within, 0)
        here = Image.new("L", patch.mask.size, 0)
        here.paste(allowed.mask, (allowed.corner[0] - patch.corner[0], allowed.corner[1] - patch.corner[1]))
        return _Patch(ImageChops.multiply(patch.mask, here), patch.corner)

    def _blur(self, patch: _Patch, soft: float) -> _Patch:
        from PIL.ImageFilter import GaussianBlur

        return _Patch(patch.mask.filter(GaussianBlur(soft * self._scale)), patch.corner) if soft else patch

    def _blank(self, lines: list[list[Point]], margin: float) -> _Patch:
        """Room for ``lines`` with ``margin`` around them, nothing covered yet."""
        from PIL import Image

        placed = np.array([self._place(point) for line in lines for point in line])
        room = margin * self._scale + 2
        left, top = np.floor(placed.min(0) - room).astype(int)
        right, bottom = np.ceil(placed.max(0) + room).astype(int)
        return _Patch(Image.new("L", (int(right - left), int(bottom - top)), 0), (int(left), int(top)))

    def _place(self, point: Point, corner: tuple[int, int] = (0, 0)) -> Point:
        return self._size[0] / 2 + point[0] * self._scale - corner[0], point[1] * self._scale - corner[1]


def mirror(path: str) -> str:
    """``path`` as its mirror image at the middle."""
    turn = iter(range(len(path)))
    return re.sub(r"-?[\d.]+", lambda number: number[0] if next(turn) % 2 else f"{-float(number[0]):g}", path)


def trace(path: str) -> list[list[Point]]:
    """The lines of ``path`` as points."""
    lines: list[list[Point]] = []
    for letter, words in re.findall(r"([MLCZ])([^MLCZ]*)", path):
        numbers = [float(word) for word in words.split()]
        if len(numbers) != _NUMBERS[letter]:
            raise ValueError(f"{letter} takes {_NUMBERS[letter]} numbers: {path}")
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if letter == "M":
            lines.append(points)
        elif letter == "L":
            lines[-1] += points
        elif letter == "C":
            lines[-1] += _bend(lines[-1][-1], points)
    return lines


def _bend(start: Point, controls: list[Point]) -> list[Point]:
    """Points of a cubic Bézier curve, its start left out."""
    along: NDArray[np.float64] = np.linspace(0, 1, _STEPS + 1)[1:, None]
    first, second, third, fourth = (np.array(point) for point in (start, *controls))
    back = 1 - along
    curve = back**3 * first + 3 * back**2 * along * second + 3 * back * along**2 * third + along**3 * fourth
    return [(float(x), float(y)) for x, y in curve]
