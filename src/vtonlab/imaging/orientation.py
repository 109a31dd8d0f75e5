"""Which way up a photo is: the EXIF orientation, read and applied.

A parser of our own, of the one tag that matters: it never warns or raises on damaged EXIF, which phones and editors
write often, and it saves importing a TIFF library for every photo.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from vtonlab.imaging.types import Plane

_ORIENTATION_TAG: Final = 0x0112
_SHORT: Final = 3
_ENTRY_SIZE: Final = 12


def read_orientation(exif: bytes | None) -> int:
    """The orientation (1…8, EXIF 2.32 §4.6.4) that an EXIF block gives; 1, upright, where it gives none."""
    if not exif:
        return 1
    tiff = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}4xI", tiff)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for index in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + index * _ENTRY_SIZE)
            if tag == _ORIENTATION_TAG:
                return value if kind == _SHORT and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def turn_upright(plane: Plane, orientation: int) -> Plane:
    """``plane``, ``(H, W[, C])``, as it was stored with ``orientation`` (1…8), turned and mirrored to stand upright."""
    match orientation:
        case 2:
            turned = plane[:, ::-1]
        case 3:
            turned = plane[::-1, ::-1]
        case 4:
            turned = plane[::-1]
        case 5:
            turned = plane.swapaxes(0, 1)
        case 6:
            turned = np.rot90(plane, -1)
        case 7:
            turned = plane[::-1, ::-1].swapaxes(0, 1)
        case 8:
            turned = np.rot90(plane)
        case _:
            turned = plane
    return np.ascontiguousarray(turned)
