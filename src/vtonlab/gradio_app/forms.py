"""Between the two forms clients speak and what an engine takes and gives.

The form ``idm-vton`` is that of IDM-VTON's own demo; ``base64`` carries pictures as data-URLs. What each argument
means, and how forgiving the originals were with it, is told here and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from vtonlab.engines.contract import Mask, Picture, TryOnResult
from vtonlab.errors import BadOption, BadRequest, ImageTooLarge, ImageTooSmall, ImageUnreadable, Text
from vtonlab.gradio_app.desk import Asked
from vtonlab.imaging.colour import lay_on_contrast
from vtonlab.imaging.read import Limits, Photo, read_photo
from vtonlab.imaging.write import encode_picture
from vtonlab.session import LARGEST_GARMENT
from vtonlab.settings import Settings

MOST_LETTERS: Final = 2_000
"""Of a description; more are cut off."""
MOST_LAYERS: Final = 16
GREY: Final = 127
"""What IDM-VTON's masked image has where the garment goes: 0 of its range −1…1, cut off to a whole number."""

PERSON: Final = Text("The photo of the person", "人物照片")
GARMENT: Final = Text("The photo of the garment", "衣物照片")
MASK: Final = Text("The mask", "遮罩")

File = Path | bytes
"""A picture file that came in: where it lies in our own folder, or its bytes."""


@dataclass(frozen=True)
class Form:
    """What one client sent, nothing of it decoded. ``layers``: what was drawn over the person."""

    person: File | None
    garment: File | None
    layers: tuple[File, ...]
    description: object
    auto_mask: object
    auto_crop: object
    steps: object
    seed: object

    def read(self, settings: Settings) -> Asked:
        """Decode it. Raises ``BadInput``."""
        limits = Limits(settings.max_upload_bytes, settings.max_pixels, least_side=64)
        person = _read(self.person, PERSON, limits, settings.max_side).picture
        garment = _read(self.garment, GARMENT, limits, LARGEST_GARMENT)
        return Asked(
            person=person,
            garment=garment.picture if garment.alpha is None else lay_on_contrast(garment.picture, garment.alpha),
            mask=_read_mask(self.layers, limits, person.shape[:2]),
            auto_mask=_is_yes(self.auto_mask),
            description=str(self.description or "")[:MOST_LETTERS],
            options={
                "auto_crop": _is_yes(self.auto_crop),
                "denoise_steps": _whole("denoise_steps", self.steps, 1, 50),
                "seed": _seed(self.seed),
            },
        )


def take_editor(
    value: object, find_blobs: Callable[[str], Mapping[str, Any] | None]
) -> tuple[File | None, tuple[File, ...]]:
    """Background and layers of an ImageEditor's value, ``{"background", "layers", "composite"}``.

    The page sends its blobs ahead and only their ``id`` here; ``find_blobs`` has them. Where a client sends no
    background, the composite stands for it.
    """
    if not isinstance(value, Mapping):
        return take_file(value), ()
    sent = value
    if isinstance(value.get("id"), str):
        sent = find_blobs(value["id"]) or value
    background = take_file(sent.get("background")) or take_file(sent.get("composite"))
    layers = [take_file(layer) for layer in (sent.get("layers") or ())[:MOST_LAYERS]]
    return background, tuple(layer for layer in layers if layer is not None)


def take_base64(value: object) -> bytes | None:
    """A picture of the base64 form: text, and nothing that could name a file of this machine. Raises
    ``BadRequest``."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return read_data_url(value)
    raise BadRequest(part="base64")


def take_file(value: object) -> File | None:
    """A picture in any form clients send one: Gradio's file data, a data-URL, bytes. Only for what came through
    Gradio, whose door lets no path pass but those of its own uploads. Raises ``BadRequest``."""
    if value is None or value == "":
        return None
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return read_data_url(value)
    if isinstance(value, Mapping):
        url = value.get("url")
        if isinstance(url, str) and url.startswith("data:"):
            return read_data_url(url)
        if isinstance(value.get("path"), str):
            return Path(value["path"])
    raise BadRequest(part="picture")


def read_data_url(text: str) -> bytes:
    """The bytes of ``data:image/png;base64,…``; base64 without that beginning is taken too. Raises ``BadRequest``.

    >>> read_data_url("data:image/png;base64,iVBORw=="), read_data_url("iVBORw")
    (b'\\x89PNG', b'\\x89PNG')
    """
    head, comma, body = text.partition(",")
    if not comma:
        body = text
    elif not head.startswith("data:") or not head.endswith(";base64"):
        raise BadRequest(part="base64")
    body = "".join(body.split())
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(part="base64") from error


def show_pictures(asked: Asked, made: TryOnResult, png: bytes) -> tuple[bytes, bytes]:
    """PNG files as IDM-VTON answers: the result, and the photo with the changed region in grey; both as large as the
    photo it was asked with."""
    return png, encode_picture(grey_out(asked.person, made.mask), ".png")


def show_base64(_: Asked, made: TryOnResult, png: bytes) -> tuple[str, str]:
    """Data-URLs as the base64 form answers: the result, and a mask that is white where the photo was changed."""
    return _make_data_url(png), _make_data_url(encode_picture(made.mask, ".png"))


def grey_out(photo: Picture, mask: Mask) -> Picture:
    """``photo`` with the grey of IDM-VTON's masked image where ``mask`` is."""
    rows, columns = mask.any(axis=1).nonzero()[0], mask.any(axis=0).nonzero()[0]
    greyed = photo.copy()
    if len(rows):
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        share = mask[box].astype(np.uint16)[..., None]
        greyed[box] = (photo[box] * (255 - share) + GREY * share + 127) // 255
    return greyed


def _make_data_url(png: bytes) -> str:
    """``data:image/png;base64,…``."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _read(file: File | None, name: Text, limits: Limits, side: int) -> Photo:
    if file is None:
        raise BadRequest(part=name)
    try:
        return read_photo(file, limits=limits, reduce_to=side)
    except (ImageUnreadable, ImageTooLarge, ImageTooSmall) as error:
        # What clients call their temporary files helps nobody.
        raise type(error)(**(error.values | {"name": name})) from error


def _read_mask(layers: Sequence[File], limits: Limits, shape: tuple[int, ...]) -> Mask | None:
    """Where something was drawn. IDM-VTON takes any pixel of the first layer that is not black, whatever its alpha; a
    layer with transparency is taken by that instead, so that black ink counts too, and all layers together."""
    drawn: Mask | None = None
    for layer in layers:
        photo = _read(layer, MASK, Limits(limits.size, limits.pixels), max(shape))
        plane = photo.picture.max(axis=2) if photo.alpha is None else photo.alpha
        one = _fit(np.where(plane > 0, np.uint8(255), np.uint8(0)), shape)
        drawn = one if drawn is None else np.maximum(drawn, one)
    return drawn


def _fit(plane: Mask, shape: tuple[int, ...]) -> Mask:
    if plane.shape == shape:
        return plane
    from PIL.Image import Resampling, fromarray

    resized: Mask = np.asarray(fromarray(plane).resize((shape[1], shape[0]), Resampling.NEAREST))
    return resized


def _is_yes(value: object) -> bool:
    """Clients that build their JSON by hand send words, too."""
    return bool(value) and str(value).strip().lower() not in {"false", "0", "no", "off"}


def _whole(name: str, value: object, least: int, most: int) -> int | None:
    if value is None or value == "":
        return None
    reason = Text(f"a whole number from {least} to {most} is wanted", f"应为 {least} 到 {most} 之间的整数")
    if not isinstance(value, int | float | str):
        raise BadOption(option=name, reason=reason)
    try:
        number = float(value)
    except ValueError as error:
        raise BadOption(option=name, reason=reason) from error
    if not number.is_integer() or not least <= number <= most:
        raise BadOption(option=name, reason=reason)
    return int(number)


def _seed(value: object) -> int | None:
    """Services take −1 for "any"."""
    seed = _whole("seed", value, -1, 2**32 - 1)
    return None if seed == -1 else seed
