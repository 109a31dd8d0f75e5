"""Bleeding colour past an edge, so that sampling near it never meets what lies beyond."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.records import Plane


def bleed(picture: Picture, known: Plane) -> Picture:
    """``picture`` with every pixel outside ``known`` (``(h, w)``, non-zero inside) replaced by nearby known colour.

    Push-pull: averages of known colour are pushed up a pyramid and pulled back into the gaps (Gortler et al., “The
    Lumigraph”, 1996). The fill is worked out at half size; known pixels stay as they are.
    """
    height, width = known.shape
    half = (max(1, (width + 1) // 2), max(1, (height + 1) // 2))
    weight = cv2.resize((known > 0).astype(np.float32), half, interpolation=cv2.INTER_AREA)
    marked = np.where(known[..., None] > 0, picture, np.uint8(0))
    colour = cv2.resize(marked, half, interpolation=cv2.INTER_AREA).astype(np.float32)  # already times its weight
    filled = _pull(colour, weight)
    whole = cv2.resize(np.clip(filled, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(known[..., None] > 0, picture, whole).astype(np.uint8, copy=False)


def _pull(colour: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Known colour (premultiplied) where there is some, that of the next coarser level elsewhere."""
    here = colour / np.maximum(weight, 1e-6)[..., None]
    height, width = weight.shape
    if min(height, width) <= 2 or float(weight.min()) > 0.999:
        if float(weight.min()) > 0.999:
            return here
        total = float(weight.sum())
        mean = colour.sum(axis=(0, 1)) / total if total > 0 else np.full(3, 127.0, np.float32)
        return np.where(weight[..., None] > 1e-4, here, mean).astype(np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse = _pull(
        cv2.resize(colour, half, interpolation=cv2.INTER_AREA), cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    )
    below = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    share = np.minimum(weight, 1.0)[..., None]
    return (colour + below * (1.0 - share)).astype(np.float32)
