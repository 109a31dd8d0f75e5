"""What a picture looks like, in 64 bits: two files of one photo differ in few of them, two photos in about half."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

PART_BITS: Final = 16
ALIKE_BITS: Final = 3
"""Of two hashes that differ in no more bits, one of the four parts is equal: so an index finds them."""

_SIDE: Final = 32
_PLAIN: Final = 2.0
"""Standard deviation of grey below which there is nothing to be recognised: the bits would be noise."""


@dataclass(frozen=True)
class Look:
    """The perceptual hash of a picture."""

    bits: int
    is_plain: bool = False
    """A plain surface: its bits say nothing."""

    @property
    def text(self) -> str:
        """16 hexadecimal digits."""
        return f"{self.bits:016x}"

    @property
    def parts(self) -> tuple[int, int, int, int]:
        """Its four 16-bit parts, the highest first."""
        a, b, c, d = ((self.bits >> shift) & 0xFFFF for shift in (48, 32, 16, 0))
        return a, b, c, d


def look_at(picture: NDArray[np.uint8]) -> Look:
    """The look of ``picture`` ``(H, W, 3)`` RGB.

    pHash (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions") as OpenCV computes it:
    the signs against the median of the 8×8 lowest frequencies of a 32×32 grey picture.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    bits = int.from_bytes(cv2.img_hash.pHash(small).tobytes(), "big")
    return Look(bits, is_plain=float(small.std()) < _PLAIN)


def count_differences(one: str, other: str) -> int:
    """In how many bits two looks (hexadecimal) differ.

    >>> count_differences("00ff", "00fe")
    1
    """
    return (int(one, 16) ^ int(other, 16)).bit_count()
