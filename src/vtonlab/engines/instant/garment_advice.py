"""What would make a better photo of a garment, in words for people."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Note, Picture
from vtonlab.engines.instant.cut_out import Cutting
from vtonlab.errors import Text

_SMALL = 220
"""Pixels of the garment's longer side in the photo below which a print turns to mush."""
_BLURRED = 5.5
"""Edge slope (8-bit levels a pixel, 99.5th percentile at 512 px) below which a photo looks out of focus."""

BUSY = Note("garment_busy_background", "warning", Text(
    "The background is busy, so the garment's edge may be rough. A plain, contrasting background works better.",
    "背景较杂乱，衣物边缘可能不够准确。使用纯色且对比明显的背景效果更好。",
))
PALE = Note("garment_low_contrast", "info", Text(
    "The garment has nearly the colour of its background. A background of another colour gives cleaner edges.",
    "衣物与背景颜色接近。换一个颜色不同的背景，边缘会更清晰。",
))
SEVERAL = Note("garment_several", "warning", Text(
    "There are several things in the photo; the largest was taken. One garment a photo works better.",
    "照片中有多件物品，已选用最大的一件。每张照片只放一件衣物效果更好。",
))
SMALL = Note("garment_small", "warning", Text(
    "The garment has few pixels in this photo, so it will look soft. Use the original instead of a thumbnail.",
    "照片中的衣物像素较少，效果会偏模糊。请使用原图，而不是缩略图。",
))
BLURRED = Note("garment_blurred", "warning", Text(
    "The photo looks out of focus, and so will the garment on the person.",
    "照片看起来没有对准焦点，试穿效果也会模糊。",
))
CROPPED = Note("garment_cropped", "warning", Text(
    "The garment is cut off by the photo's border. A photo that shows all of it works better.",
    "衣物被照片边缘截断了。请使用完整拍到衣物的照片。",
))
WORN = Note("garment_worn", "info", Text(
    "Somebody is wearing the garment in this photo. It was cut out; a photo of the garment laid flat works better.",
    "这张照片里的衣物穿在人身上，已自动抠出。使用平铺拍摄的照片效果更好。",
))
UNSURE = Note("garment_unsure", "warning", Text(
    "The garment's shape was hard to read. Lay it flat with the sleeves spread out, and photograph it from above.",
    "衣物的形状较难辨认。请将衣物平铺、袖子展开，并从正上方拍摄。",
))

EVERY = (BUSY, PALE, SEVERAL, SMALL, BLURRED, CROPPED, WORN, UNSURE)


def take_notes(picture: Picture, cutting: Cutting) -> tuple[Note, ...]:
    """Notes on a photo (the one that was cut out, at most about 1024 pixels) and how it could be cut out."""
    inside = (cutting.matte > 127).astype(np.uint8)
    found = []
    if cutting.backdrop.busy:
        found.append(BUSY)
    elif cutting.contrast < 9:
        found.append(PALE)
    if cutting.rivals:
        found.append(SEVERAL)
    if max(cv2.boundingRect(inside)[2:]) < _SMALL:
        found.append(SMALL)
    elif measure_sharpness(picture) < _BLURRED:
        found.append(BLURRED)
    if touches_border(inside):
        found.append(CROPPED)
    return tuple(found)


def measure_sharpness(picture: Picture) -> float:
    """The steepest edges' slope, levels a pixel, in the photo at no more than 512 pixels."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    scale = 512 / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    slope = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 8
    return float(np.percentile(slope, 99.5))


def touches_border(inside: NDArray[np.uint8]) -> bool:
    """Whether the garment runs along the photo's border for a good part of its own size."""
    _, _, width, height = cv2.boundingRect(inside)
    along = max(int(inside[edge].sum()) for edge in (0, -1))
    down = max(int(inside[:, edge].sum()) for edge in (0, -1))
    return along > 0.10 * width or down > 0.10 * height
