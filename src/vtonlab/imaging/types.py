"""The shapes of pictures in this package."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""``(H, W, 3) uint8``, RGB (sRGB), upright."""

Plane = NDArray[np.uint8]
"""``(H, W) uint8``."""
