"""A drawn person and a drawn shirt: to try an engine where there is no photo, in self-tests and on the first visit.

Pose models take the figure for a person; nobody was photographed for it. How shapes become cloth and skin is in
:mod:`vtonlab.imaging.drawing`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vtonlab.imaging.drawing import Board, Colour, mirror
from vtonlab.imaging.types import Picture

HEIGHT: Final = 512
"""Of both pictures, unless another is asked for; the shapes below are in these units, 384 wide, the middle at x = 0."""

_WALL: Final = (233, 231, 226)
_FLOOR: Final = (219, 215, 208)
_SKIN: Final = (231, 187, 156)
_SKIN_SHADE: Final = (203, 150, 118)
_HAIR: Final = (84, 58, 47)
_HAIR_LIGHT: Final = (112, 80, 64)
_LIPS: Final = (189, 94, 86)
_INK: Final = (58, 42, 38)
_WHITE: Final = (252, 250, 247)
_TOP: Final = (111, 138, 168)
_TROUSERS: Final = (66, 76, 102)
_CORAL: Final = (206, 88, 70)
_CORAL_RIB: Final = (190, 76, 60)
_SUN: Final = (245, 200, 120)

_OUTLINE: Final = "M -60 512 C -110 470 -120 380 -112 200 L 112 200 C 120 380 110 470 60 512 Z"
_SHIRT_FOLDS: Final = (
    "M 84 190 C 74 220 70 262 74 300",
    "M 40 420 C 46 380 44 340 36 310",
    "M 92 110 C 84 130 82 156 84 182",
)
_SHIRT_HEMS: Final = (
    "M -88 424 C -40 434 40 434 88 424",
    "M 100 219 C 118 213 132 205 146 193",
    "M -100 219 C -118 213 -132 205 -146 193",
)
_TOP_FOLDS: Final = (
    "M 63 232 C 54 242 47 254 45 270",
    "M 58 372 C 52 350 46 330 30 318",
    "M 74 176 C 67 192 64 212 64 232",
)
_HAIR_BEHIND: Final = (
    "M 0 20 C -28 20 -48 42 -47 76 C -46 100 -50 118 -42 132 C -20 140 20 140 42 132 "
    "C 50 118 46 100 47 76 C 48 42 28 20 0 20 Z"
)
_NECK: Final = "M -17 112 C -17 134 -20 146 -42 156 L -30 176 L 30 176 L 42 156 C 20 146 17 134 17 112 Z"
_FACE: Final = "M 0 44 C -24 44 -34 62 -34 86 C -34 112 -16 138 0 138 C 16 138 34 112 34 86 C 34 62 24 44 0 44 Z"
_FRINGE: Final = (
    "M -36 92 C -40 50 -22 32 2 32 C 30 32 42 54 36 92 C 34 76 26 64 10 52 C -4 66 -22 72 -30 74 "
    "C -34 80 -35 86 -36 92 Z"
)
_ARM: Final = (
    "M 84 186 C 98 206 102 230 106 262 C 110 296 114 330 116 366 L 118 378 C 124 392 124 408 117 420 "
    "C 110 425 103 416 101 402 C 99 392 98 384 99 374 C 94 340 84 310 78 276 C 74 254 70 236 70 224 Z"
)
_THUMB: Final = "M 102 378 C 94 384 90 394 91 406 C 94 410 99 406 101 398 L 106 384 Z"
_TROUSERS_LEG: Final = "M -2 352 L 58 352 C 68 396 70 452 66 516 L 8 516 C 8 470 6 436 0 404 Z"
_TOP_HALF: Final = (
    "M 0 178 C 18 178 28 168 32 151 C 46 157 62 161 74 168 C 90 178 96 202 101 230 C 90 238 79 242 69 245 "
    "L 64 232 C 60 254 54 274 54 292 C 54 324 62 350 64 376 C 44 384 20 386 0 386 Z"
)
_SHIRT_HALF: Final = (
    "M 0 112 C 22 112 36 100 42 78 C 58 84 76 88 90 96 C 112 108 136 158 152 200 "
    "C 138 214 122 222 104 228 L 92 200 C 87 189 84 192 84 206 C 86 260 87 350 88 432 C 60 440 30 442 0 442 Z"
)
_RIB_HALF: Final = "M 0 112 C 22 112 36 100 42 78 L 51 81 C 45 108 27 122 0 122 Z"


def draw_person(height: int = HEIGHT) -> Picture:
    """``(height, height * 3 / 4, 3)``: a figure from the front, arms down, in a plain top and trousers."""
    board = Board(height, HEIGHT, _WALL)
    board.shape("M -192 470 L 192 470 L 192 512 L -192 512 Z", _FLOOR, soft=26)
    board.cast(
        "M -60 512 C -110 470 -120 380 -112 200 L 112 200 C 120 380 110 470 60 512 Z", 0.10, soft=30, move=(14, 8)
    )
    board.shape(_HAIR_BEHIND, _HAIR, round_by=0.22)
    for part, colour, roundness in ((_TROUSERS_LEG, _TROUSERS, 0.26), (_ARM, _SKIN, 0.15), (_THUMB, _SKIN, 0.06)):
        for half in (part, mirror(part)):
            board.shape(half, colour, round_by=roundness)
    board.shape(_NECK, _SKIN, round_by=0.12)
    board.cast("M -30 120 C -18 148 18 148 30 120 C 20 132 -20 132 -30 120 Z", 0.22, soft=5, within=_NECK)
    _draw_top(board)
    board.shape(_FACE, _SKIN, round_by=0.10)
    _draw_face(board)
    return board.picture()


def draw_shirt(height: int = HEIGHT) -> Picture:
    """``(height, height * 3 / 4, 3)``: a short-sleeved shirt with a sun on its chest, laid flat on white."""
    board = Board(height, HEIGHT, (255, 255, 255))
    shirt = _whole(_SHIRT_HALF)
    board.shape("M -44 80 C -30 96 30 96 44 80 C 24 74 -24 74 -44 80 Z", _darker(_CORAL, 0.72))
    board.shape("M -42 78 C -36 100 -22 112 0 112 C 22 112 36 100 42 78 C 20 84 -20 84 -42 78 Z", _darker(_CORAL, 0.72))
    board.shape(shirt, _CORAL, round_by=0.20)
    for fold in (
        "M 84 190 C 74 220 70 262 74 300",
        "M 40 420 C 46 380 44 340 36 310",
        "M 92 110 C 84 130 82 156 84 182",
    ):
        for half in (fold, mirror(fold)):
            board.stroke(half, _darker(_CORAL, 0.84), width=5, soft=5, within=shirt)
    board.shape(_whole(_RIB_HALF), _CORAL_RIB, round_by=0.1)
    for hem in _SHIRT_HEMS:
        board.stroke(hem, _CORAL_RIB, width=1.6, within=shirt)
    _draw_sun(board, (0, 214))
    return board.picture()


def _draw_top(board: Board) -> None:
    top = _whole(_TOP_HALF)
    board.cast(top, 0.22, soft=5, move=(0, 6))
    board.shape(top, _TOP, round_by=0.26)
    for fold in _TOP_FOLDS:
        for half in (fold, mirror(fold)):
            board.stroke(half, _darker(_TOP, 0.84), width=5, soft=5, within=top)
    board.stroke("M -32 151 C -28 168 -18 178 0 178 C 18 178 28 168 32 151", _darker(_TOP, 0.86), width=4)


def _draw_face(board: Board) -> None:
    for side in (-1, 1):
        eye, brow = side * 15, f"M {side * 22} 78 C {side * 18} 74 {side * 12} 74 {side * 8} 76"
        board.disc((side * 21, 106), (8, 6), (240, 158, 138), soft=6, opacity=0.55)
        board.disc((eye, 87), (6.4, 3.9), _WHITE)
        board.disc((eye, 87), (3.6, 3.8), _INK)
        board.disc((eye + 1.2, 85.6), (1.1, 1.1), _WHITE)
        board.stroke(f"M {eye - 7.5} 86 C {eye - 4} 81.5 {eye + 4} 81.5 {eye + 7.5} 86", _INK, width=1.7)
        board.stroke(brow, _HAIR, width=2.6)
    board.stroke("M -2 90 C -3 98 -6 103 -4 106 C -2 108 2 108 4 106", _SKIN_SHADE, width=1.8)
    board.shape("M -12 115 C -6 115 -3 116 0 116.5 C 3 116 6 115 12 115 C 7 124.5 -7 124.5 -12 115 Z", _LIPS)
    board.stroke("M -13.5 114 C -6 119.5 6 119.5 13.5 114", _darker(_LIPS, 0.72), width=1.2)
    board.shape(_FRINGE, _HAIR, round_by=0.16)
    for strand in ("M -24 62 C -16 48 -6 42 6 40", "M 14 50 C 26 58 31 68 33 82"):
        board.stroke(strand, _HAIR_LIGHT, width=3, soft=2.5)


def _draw_sun(board: Board, middle: tuple[float, float]) -> None:
    x, y = middle
    for angle in np.arange(0, 2 * np.pi, np.pi / 6):
        across, up = float(np.cos(angle)), float(np.sin(angle))
        foot = (x + 28 * across, y + 28 * up)
        ray = f"M {foot[0] - 4 * up} {foot[1] + 4 * across} L {foot[0] + 4 * up} {foot[1] - 4 * across}"
        board.shape(f"{ray} L {x + 43 * across} {y + 43 * up} Z", _SUN)
    board.disc(middle, (22, 22), _SUN)


def _whole(half: str) -> str:
    """Both halves of a shape that begins and ends at the middle."""
    return half.removesuffix("Z") + mirror(half).replace("M", "Z M", 1)


def _darker(colour: Colour, share: float) -> Colour:
    red, green, blue = (int(channel * share) for channel in colour)
    return red, green, blue
