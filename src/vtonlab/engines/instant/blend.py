"""The pixel arithmetic that several stages share: laying one picture over another, wide blurs, filling holes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.records import Plane
from vtonlab.engines.instant.warp import Field


def lay_over(base: Picture, top: Picture, alpha: Plane) -> Picture:
    """``top`` over ``base`` by ``alpha`` (0…255); exactly ``base`` where alpha is 0 and ``top`` where it is 255."""
    result = base.copy()
    x, y, width, height = cv2.boundingRect(alpha)
    if width:
        part = slice(y, y + height), slice(x, x + width)
        weight = alpha[part].astype(np.float32) * np.float32(1 / 255)
        result[part] = cv2.blendLinear(top[part], base[part], weight, 1 - weight)
    return result


def times(*planes: Plane) -> Plane:
    """Product of coverages, 0…255 each."""
    product = planes[0]
    for plane in planes[1:]:
        product = np.asarray(cv2.multiply(product, plane, scale=1 / 255), np.uint8)
    return product


def without(plane: Plane, other: Plane) -> Plane:
    """Coverage of ``plane`` that ``other`` does not hide: a · (1 − b)."""
    return times(plane, cv2.bitwise_not(other))


def blur(values: NDArray[np.float32], sigma: float) -> Field:
    """Gaussian blur of a plane; wide ones are done on a smaller grid, where nothing is lost."""
    if sigma < 4:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), max(sigma, 0.3)), np.float32)
    factor = 4 if sigma >= 9 else 2
    height, width = values.shape[:2]
    small = cv2.resize(
        values, (max(4, width // factor), max(4, height // factor)), interpolation=cv2.INTER_AREA
    )
    small = cv2.GaussianBlur(small, (0, 0), sigma / factor)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def grow(mask: Plane, radius: float) -> Plane:
    """The mask widened by ``radius`` px (narrowed when negative), round."""
    reach = max(1, round(abs(radius)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(mask, disc) if radius >= 0 else cv2.erode(mask, disc), np.uint8)


def continue_colours(picture: Picture, known: Plane, levels: int = 9) -> Picture:
    """The colours of ``known`` places (0…255) carried on smoothly into all others (push-pull; Gortler et al. 1996)."""
    weight = known.astype(np.float32) * np.float32(1 / 255)
    colours = [cv2.multiply(picture, cv2.merge([weight] * 3), dtype=cv2.CV_32F)]
    weights = [weight]
    while len(colours) < levels and min(weights[-1].shape) >= 4:
        colours.append(cv2.pyrDown(colours[-1]))
        weights.append(cv2.pyrDown(weights[-1]))
    filled = colours[-1] / np.maximum(weights[-1], 1e-6)[..., None]
    for colour, share in zip(colours[-2::-1], weights[-2::-1], strict=True):
        coarse = cv2.pyrUp(filled, dstsize=(share.shape[1], share.shape[0]))
        # Each colour is already times its own weight.
        filled = cv2.add(cv2.multiply(coarse, cv2.merge([np.maximum(1 - share, 0)] * 3)), colour)
    return np.asarray(cv2.convertScaleAbs(np.maximum(filled, 0)), np.uint8)


def shrink(image: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Area-averaged to 1/factor of the size."""
    height, width = image.shape[:2]
    size = (max(2, width // factor), max(2, height // factor))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def enlarge(image: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Bilinear to ``shape`` = (height, width, …)."""
    return np.asarray(cv2.resize(image, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.uint8)
