"""How the fakes dress people: not well, but so that a test can see what was done."""

from __future__ import annotations

import cv2
import numpy as np

from vtonlab.engines.contract import Picture
from vtonlab.imaging.read import read_picture


def dress(photo: bytes, garment: bytes, size: tuple[int, int] | None = None) -> Picture:
    """The picture in ``photo`` with a block in the garment's colour on its middle, as a service returns it: redrawn at
    its own ``size`` (width, height), with a little noise everywhere."""
    person, cloth = read_picture(photo), read_picture(garment)
    dressed = person.copy()
    height, width = person.shape[:2]
    middle = cloth[cloth.shape[0] // 3 : -cloth.shape[0] // 3, cloth.shape[1] // 3 : -cloth.shape[1] // 3]
    dressed[height * 35 // 100 : height * 65 // 100, width * 30 // 100 : width * 70 // 100] = middle.mean(axis=(0, 1))
    if size is not None:
        dressed = cv2.resize(dressed, size, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(1).integers(-3, 4, dressed.shape)
    return np.clip(dressed + noise, 0, 255).astype(np.uint8)
