"""ThumbHash: a picture in about 25 bytes, to show while the real one loads.

The format of Evan Wallace (https://evanw.github.io/thumbhash/): the lowest frequencies of a cosine transform of
lightness ``l``, the opponent colours ``p`` (yellow–blue) and ``q`` (red–green), and alpha, each coefficient in four
bits, behind a header of five bytes that also tells the shape. Written from its description; every reader of the
format can show what we write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vtonlab.imaging.types import Picture, Plane

LARGEST_SIDE: Final = 100
"""More pixels add nothing to so few frequencies."""

_CHROMA_BOOST: Final = 1.25
"""Quantising eats saturation; the format's readers give this much back."""

_TRACE: Final = 1e-9
"""Less than this is rounding noise of the sums, not picture."""

_Floats = NDArray[np.float64]


def encode_thumbhash(picture: Picture, alpha: Plane | None = None) -> bytes:
    """The hash of ``picture`` ``(H, W, 3)`` RGB with ``alpha`` ``(H, W)``; larger pictures are shrunk to 100 pixels."""
    rgba = _shrink(picture, alpha).astype(np.float64) / 255
    height, width = rgba.shape[:2]
    opacity = rgba[..., 3]
    has_alpha = bool((opacity < 1).any())
    total = opacity.sum()
    average = (rgba[..., :3] * opacity[..., None]).sum((0, 1)) / total if total else np.zeros(3)
    r, g, b = np.moveaxis(average + (rgba[..., :3] - average) * opacity[..., None], 2, 0)

    most = 5 if has_alpha else 7
    across, down = (max(1, _round(most * side / max(width, height))) for side in (width, height))
    lightness = _analyse((r + g + b) / 3, max(3, across), max(3, down))
    yellow_blue = _analyse((r + g) / 2 - b, 3, 3)
    red_green = _analyse(r - g, 3, 3)
    channels = [lightness, yellow_blue, red_green]

    landscape = width > height
    first = (
        _round(63 * lightness.mean)
        | _round(31.5 + 31.5 * yellow_blue.mean) << 6
        | _round(31.5 + 31.5 * red_green.mean) << 12
        | _round(31 * lightness.scale) << 18
        | has_alpha << 23
    )
    second = (
        (down if landscape else across)
        | _round(63 * yellow_blue.scale) << 3
        | _round(63 * red_green.scale) << 9
        | landscape << 15
    )
    header = first.to_bytes(3, "little") + second.to_bytes(2, "little")
    if has_alpha:
        shape = _analyse(opacity, 5, 5)
        header += bytes([_round(15 * shape.mean) | _round(15 * shape.scale) << 4])
        channels.append(shape)
    return header + _pack([level for channel in channels for level in channel.levels])


def decode_thumbhash(code: bytes) -> tuple[Picture, Plane]:
    """The picture in ``code`` as RGB ``(h, w, 3)`` and alpha ``(h, w)``, longer side 32. Raises ValueError."""
    if len(code) < 5:
        raise ValueError("a ThumbHash has at least five bytes")
    first = int.from_bytes(code[:3], "little")
    second = int.from_bytes(code[3:5], "little")
    has_alpha, across, down = _shape(code)
    width, height = thumbhash_size(code)
    start = 6 if has_alpha else 5
    nibbles = [nibble for byte in code[start:] for nibble in (byte & 15, byte >> 4)]
    needed = _count(max(3, across), max(3, down)) + 2 * _count(3, 3) + (_count(5, 5) if has_alpha else 0)
    if len(code) < start or len(nibbles) < needed:
        raise ValueError("this ThumbHash is cut short")

    def channel(mean: float, scale: float, columns: int, rows: int) -> _Floats:
        count = _count(columns, rows)
        taken, nibbles[:] = nibbles[:count], nibbles[count:]
        return _synthesise(mean, [(level / 7.5 - 1) * scale for level in taken], (columns, rows), (width, height))

    lightness = channel((first & 63) / 63, (first >> 18 & 31) / 31, max(3, across), max(3, down))
    yellow_blue = channel((first >> 6 & 63) / 31.5 - 1, (second >> 3 & 63) / 63 * _CHROMA_BOOST, 3, 3)
    red_green = channel((first >> 12 & 63) / 31.5 - 1, (second >> 9 & 63) / 63 * _CHROMA_BOOST, 3, 3)
    alpha = channel((code[5] & 15) / 15, (code[5] >> 4) / 15, 5, 5) if has_alpha else np.ones((height, width))
    blue = lightness - 2 / 3 * yellow_blue
    red = (3 * lightness - blue + red_green) / 2
    return _to_bytes(np.stack([red, red - red_green, blue], axis=-1)), _to_bytes(alpha)


def thumbhash_size(code: bytes) -> tuple[int, int]:
    """Width and height to show ``code`` at: the longer side 32, the picture's shape as nearly as the hash knows it."""
    _, across, down = _shape(code)
    ratio = across / max(down, 1)
    return (32, max(1, _round(32 / ratio))) if ratio > 1 else (max(1, _round(32 * ratio)), 32)


@dataclass(frozen=True)
class _Channel:
    mean: float
    scale: float
    levels: list[int]
    """Each coefficient but the mean, 0…15, relative to ``scale``."""


def _shrink(picture: Picture, alpha: Plane | None) -> NDArray[np.uint8]:
    from PIL.Image import Resampling, fromarray

    opacity = np.full(picture.shape[:2], 255, np.uint8) if alpha is None else alpha
    image = fromarray(np.dstack([picture, opacity]))
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Resampling.BOX)
    return np.asarray(image)


def _analyse(channel: _Floats, columns: int, rows: int) -> _Channel:
    height, width = channel.shape
    table = _cosines(rows, height) @ channel @ _cosines(columns, width).T / (width * height)
    mean, *rest = [float(table[row, column]) for row, column in _triangle(columns, rows)]
    scale = max((abs(value) for value in rest), default=0.0)
    if scale < _TRACE:
        return _Channel(mean, 0.0, [0] * len(rest))
    return _Channel(mean, scale, [_round(15 * (0.5 + 0.5 * value / scale)) for value in rest])


def _synthesise(mean: float, values: list[float], order: tuple[int, int], size: tuple[int, int]) -> _Floats:
    columns, rows = order
    width, height = size
    table = np.zeros((rows, columns))
    for (row, column), value in zip(_triangle(columns, rows), [mean / 2, *values], strict=True):
        table[row, column] = 2 * value
    waves: _Floats = _cosines(rows, height).T @ table @ _cosines(columns, width)
    return waves


def _triangle(columns: int, rows: int) -> list[tuple[int, int]]:
    """Row and column of the coefficients that are kept: those under the diagonal, the mean first."""
    return [(row, column) for row in range(rows) for column in range(columns) if column * rows < columns * (rows - row)]


def _count(columns: int, rows: int) -> int:
    return len(_triangle(columns, rows)) - 1


def _cosines(order: int, length: int) -> _Floats:
    waves: _Floats = np.cos(np.pi / length * np.outer(np.arange(order), np.arange(length) + 0.5))
    return waves


def _shape(code: bytes) -> tuple[bool, int, int]:
    has_alpha, landscape = bool(code[2] & 0x80), bool(code[4] & 0x80)
    most, fewer = 5 if has_alpha else 7, code[3] & 7
    return (has_alpha, most, fewer) if landscape else (has_alpha, fewer, most)


def _pack(levels: list[int]) -> bytes:
    padded = [*levels, 0] if len(levels) % 2 else levels
    return bytes(low | high << 4 for low, high in zip(padded[::2], padded[1::2], strict=True))


def _round(value: float) -> int:
    """Halves go up, as in the format's description; a trace more, so that no machine's last digit decides."""
    return int(np.floor(value + 0.5 + _TRACE))


def _to_bytes(values: _Floats) -> NDArray[np.uint8]:
    return (np.clip(values, 0, 1) * 255).astype(np.uint8)
