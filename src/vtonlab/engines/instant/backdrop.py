"""What a garment lies on or hangs before: the photo's border, modelled as a smooth surface of colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_BUSY_SPREAD = 7.0
_FLAT_SPREAD = 0.6
_FAINT_SPREAD = 1.2


@dataclass(frozen=True)
class Backdrop:
    """A quadratic surface in 8-bit Lab over the photo, fitted to its border."""

    terms: NDArray[np.float64]
    """``(6, 3)``: factors of 1, x, y, xy, x², y² with x and y in -0.5 … 0.5."""
    spread: float
    """90th percentile of the border's distance to the surface, where it belongs to the backdrop."""
    fitting: float
    """Share of the border that follows the surface; the rest is cloth that reaches the border, or clutter."""

    @property
    def flat(self) -> bool:
        """Digitally flat: a colour filled in by a program."""
        return self.spread < _FLAT_SPREAD and self.fitting > 0.4

    @property
    def faint(self) -> bool:
        """Nearly flat: a white ground with some compression noise, which smoothing takes away."""
        return not self.flat and self.spread < _FAINT_SPREAD and self.fitting > 0.8

    @property
    def busy(self) -> bool:
        """Too varied to be modelled by a surface."""
        return self.spread > _BUSY_SPREAD or self.fitting < 0.6

    def surface(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """``(h, w, 3) float32`` colour of the backdrop at every pixel, Lab."""
        small = (max(2, shape[0] // 16), max(2, shape[1] // 16))
        coarse = (_terms_of(*small).reshape(-1, 6) @ self.terms).reshape(*small, 3).astype(np.float32)
        return cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)

    def difference(self, lab: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """``(h, w) float32`` distance of each pixel to the backdrop; chroma counts 1.25 times."""
        if lab.dtype == np.uint8 and self._is_even():
            squares = (np.arange(256)[:, None] - self.surface((2, 2))[0, 0]) * (1, 1.25, 1.25)
            return length_of(cv2.LUT(lab, (squares**2).astype(np.float32).reshape(1, 256, 3)))
        away = lab - self.surface(lab.shape)
        return length_of(cv2.multiply(away, away, scale=1.0), (1, 1.5625, 1.5625))

    def _is_even(self) -> bool:
        """One colour all over, within a hundredth of a level."""
        return float(np.abs(self.terms[1:]).max()) < 0.01


def length_of(squares: NDArray[np.float32], weights: tuple[float, float, float] = (1, 1, 1)) -> NDArray[np.float32]:
    """``(h, w)`` root of the weighted sum of ``(h, w, 3)`` squares."""
    total = cv2.transform(squares, np.array([weights], np.float32))
    return cv2.sqrt(total).astype(np.float32, copy=False)


def read_backdrop(lab: NDArray[np.uint8]) -> Backdrop:
    """Fit the surface to the border of an ``(h, w, 3)`` Lab photo, leaving out what does not belong to it."""
    height, width = lab.shape[:2]
    rim = max(2, width // 60)
    border = np.zeros((height, width), bool)
    border[:rim] = border[-rim:] = True
    border[:, :rim] = border[:, -rim:] = True
    rows, columns = (axis[::7] for axis in np.nonzero(border))
    colours = lab[rows, columns].astype(np.float64)
    places = _terms_at((rows + 0.5) / height - 0.5, (columns + 0.5) / width - 0.5)
    fits = np.abs(colours - np.median(colours, axis=0)).max(1) < 22
    terms = np.zeros((6, 3))
    terms[0] = np.median(colours, axis=0)
    residual = np.abs(colours - places @ terms).max(1)
    for _ in range(3):
        if fits.sum() < 30:
            break
        terms = np.linalg.lstsq(places[fits], colours[fits], rcond=None)[0]
        residual = np.abs(colours - places @ terms).max(1)
        fits = residual < max(2.0, 2.5 * float(np.median(residual)))
    spread = float(np.percentile(residual[fits], 90)) if fits.any() else 99.0
    return Backdrop(terms, spread, float(fits.mean()))


def _terms_of(height: int, width: int) -> NDArray[np.float64]:
    rows, columns = np.mgrid[0:height, 0:width]
    return _terms_at((rows + 0.5) / height - 0.5, (columns + 0.5) / width - 0.5)


def _terms_at(y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], -1)
