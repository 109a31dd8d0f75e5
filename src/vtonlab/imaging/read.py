"""Reading the pictures people have: phone photos, screenshots, shop pictures, scans.

Files come from strangers. What a picture is, its content says, never its name; bytes and pixels are counted before
pixels are allocated; every way a decoder can fail becomes one of our errors; and nothing but the pixels, upright and
in sRGB, leaves this module.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from vtonlab.errors import FileProblem, ImageTooLarge, ImageTooSmall, ImageUnreadable, Text
from vtonlab.imaging.colour import lay_on_white, to_eight_bits, to_srgb
from vtonlab.imaging.formats import DECODER_ERRORS, Format, TooManyPixels, open_as, recognise
from vtonlab.imaging.orientation import read_orientation, turn_upright
from vtonlab.imaging.types import Picture, Plane

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile


class Readable(Protocol):
    """An open binary file, or anything that reads like one."""

    def read(self, size: int = -1, /) -> bytes: ...


Source = str | os.PathLike[str] | bytes | bytearray | memoryview | Readable
"""Where a picture comes from: a path, its bytes, or an open binary file."""


@dataclass(frozen=True)
class Limits:
    """How much is accepted. ``size`` in bytes, ``pixels`` in width × height, ``least_side`` in pixels."""

    size: int = 64 * 1024 * 1024
    pixels: int = 220_000_000
    least_side: int = 1


@dataclass(frozen=True)
class Photo:
    """A picture and what its file said about it."""

    picture: Picture
    """``(H, W, 3) uint8`` RGB, upright, laid on white where it was transparent."""
    alpha: Plane | None
    """``(H, W) uint8``; None where every pixel is opaque. A garment cut out by a shop brings its matte this way."""
    format: Format
    """Of the file; PNG stands for pictures that never were one."""
    width: int
    """Of the upright picture in the file, before any reduction."""
    height: int


DEFAULT_LIMITS: Final = Limits()
_REDUCING_GAP: Final = 2.0
"""How much larger than wanted the cheap first step of that resize leaves a picture."""


def read_picture(source: Source, *, limits: Limits = DEFAULT_LIMITS, reduce_to: int | None = None) -> Picture:
    """The picture in ``source`` as ``(H, W, 3) uint8`` RGB (sRGB), upright, on white where it was transparent.

    JPEG, PNG, WebP, GIF and animations (first frame), AVIF, HEIC, TIFF and BMP, of any depth and colour model.
    ``reduce_to``: the longer side is scaled down to so many pixels where it has more. A JPEG then never exists at
    full size: 200 megapixels reduced to 2048 take 90 MB.

    Raises :class:`ImageUnreadable`, :class:`ImageTooLarge`, :class:`ImageTooSmall`, and :class:`FileProblem` where the
    file itself cannot be read.
    """
    return read_photo(source, limits=limits, reduce_to=reduce_to).picture


def read_photo(source: Source, *, limits: Limits = DEFAULT_LIMITS, reduce_to: int | None = None) -> Photo:
    """As :func:`read_picture`, with the alpha and what else the file said."""
    name = name_of(source)
    data = read_bytes(source, limits=limits)
    kind = recognise(data[:64])
    if kind is None:
        raise ImageUnreadable(name=name, reason="format")
    try:
        image = open_as(kind, data)
    except TooManyPixels as error:
        raise too_many_pixels(name, limits) from error
    except DECODER_ERRORS as error:
        raise ImageUnreadable(name=name, reason="header") from error
    check_size(image.size, limits, name)
    try:
        return _decode(image, kind, reduce_to)
    except DECODER_ERRORS as error:
        raise ImageUnreadable(name=name, reason="pixels") from error


def from_pillow(image: Image, *, limits: Limits = DEFAULT_LIMITS, reduce_to: int | None = None) -> Photo:
    """A Pillow image as a :class:`Photo`: orientation, colour profile and alpha are honoured as those of a file."""
    check_size(image.size, limits, "PIL.Image")
    try:
        return _decode(image, Format.PNG, reduce_to)
    except DECODER_ERRORS as error:
        raise ImageUnreadable(name="PIL.Image", reason="pixels") from error


def from_array(array: NDArray[np.uint8], *, limits: Limits = DEFAULT_LIMITS, reduce_to: int | None = None) -> Photo:
    """An array ``(H, W)`` grey, ``(H, W, 3)`` RGB or ``(H, W, 4)`` RGBA, uint8, as a :class:`Photo`.

    Raises :class:`ImageUnreadable` for any other shape or type, and as :func:`read_picture` does for its size.
    """
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.uint8 or array.ndim not in {2, 3} or channels not in {1, 3, 4}:
        raise ImageUnreadable(name=f"array {array.shape} {array.dtype}", reason="shape")
    height, width = array.shape[:2]
    check_size((width, height), limits, "array")
    if channels == 3 and max(width, height) <= (reduce_to or max(width, height)):
        return Photo(np.ascontiguousarray(array), None, Format.PNG, width, height)
    from PIL.Image import fromarray

    flat = array[..., 0] if array.ndim == 3 and channels == 1 else array
    return from_pillow(fromarray(np.ascontiguousarray(flat)), limits=limits, reduce_to=reduce_to)


def name_of(source: object) -> str:
    """What to call ``source`` in a message: the file's base name, never its path."""
    match source:
        case str() | os.PathLike():
            return Path(source).name or "."
        case bytes() | bytearray() | memoryview():
            return "(bytes)"
        case _:
            name = getattr(source, "name", None)
            return Path(name).name if isinstance(name, str) else "(bytes)"


def read_bytes(source: Source, *, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The bytes of ``source``, no more of them read than ``limits`` allow.

    Raises :class:`FileProblem`, :class:`ImageTooLarge`, and :class:`ImageUnreadable` where there are none.
    """
    match source:
        case str() | os.PathLike():
            data = _read_file(Path(source), limits)
        case bytes() | bytearray() | memoryview():
            data = bytes(source)
        case _:
            data = source.read(limits.size + 1)
    if len(data) > limits.size:
        raise _too_heavy(name_of(source), len(data), limits)
    if not data:
        raise ImageUnreadable(name=name_of(source), reason="empty")
    return data


def _read_file(path: Path, limits: Limits) -> bytes:
    try:
        if path.is_dir():
            raise FileProblem(name=path.name, reason=Text("this is a folder, not a picture", "这是文件夹，不是图片"))
        if not path.is_file() and path.exists():
            raise FileProblem(name=path.name, reason=Text("this is not a plain file", "这不是普通文件"))
        size = path.stat().st_size
        if size > limits.size:
            raise _too_heavy(path.name, size, limits)
        with path.open("rb") as file:
            return file.read(limits.size + 1)
    except FileNotFoundError as error:
        raise FileProblem(name=path.name, reason=Text("there is no such file", "没有这个文件")) from error
    except PermissionError as error:
        raise FileProblem(name=path.name, reason=Text("it may not be read", "没有读取权限")) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise FileProblem(name=path.name, reason=Text("it cannot be read", "无法读取")) from error


def _too_heavy(name: str, size: int, limits: Limits) -> ImageTooLarge:
    # A file object is read no further than the limit, so its whole size is not known.
    found = f"{size / 2**20:.0f} MB" if size > limits.size + 1 else f"> {limits.size / 2**20:.0f} MB"
    return ImageTooLarge(name=name, found=found, limit=f"{limits.size / 2**20:.0f} MB")


def too_many_pixels(name: str | Text, limits: Limits) -> ImageTooLarge:
    """What is told of a file that names more pixels than decoders count."""
    return ImageTooLarge(name=name, found=f"> {limits.pixels / 1e6:.0f} MP", limit=f"{limits.pixels / 1e6:.0f} MP")


def check_size(size: tuple[int, int], limits: Limits, name: str | Text) -> None:
    """Raises where a picture of ``size`` (width, height) is beyond ``limits``; ``name`` is what messages call it."""
    width, height = size
    if width < 1 or height < 1:
        raise ImageUnreadable(name=name, reason="header")
    if width * height > limits.pixels:
        raise ImageTooLarge(
            name=name,
            found=f"{width}×{height} ({width * height / 1e6:.0f} MP)",
            limit=f"{limits.pixels / 1e6:.0f} MP",
        )
    if min(width, height) < limits.least_side:
        raise ImageTooSmall(name=name, found=f"{width}×{height}", limit=f"{limits.least_side}×{limits.least_side}")


def _decode(image: Image | ImageFile, kind: Format, reduce_to: int | None) -> Photo:
    full = image.size
    wanted = _fit_within(full, reduce_to)
    if wanted != full and kind is Format.JPEG:
        image.draft(image.mode, wanted)  # decodes at 1/2, 1/4 or 1/8, no smaller than wanted
    image.load()
    # PNG keeps its EXIF behind the pixels, so this is read only now. HEIF's own rotation is applied by its decoder.
    orientation = 1 if kind is Format.HEIF else read_orientation(_exif_of(image))
    upright = (full[1], full[0]) if orientation >= 5 else full

    profile = image.info.get("icc_profile")
    plain = to_eight_bits(image)
    if plain.size != wanted:
        plain = plain.resize(wanted, reducing_gap=_REDUCING_GAP)
    plain = to_srgb(plain, profile if isinstance(profile, bytes) else None)
    pixels = np.asarray(plain)
    alpha = pixels[..., 3] if pixels.shape[-1] == 4 else None
    if alpha is not None and bool((alpha == 255).all()):
        alpha = None
    picture = pixels[..., :3] if alpha is None else lay_on_white(pixels[..., :3], alpha)
    return Photo(
        picture=turn_upright(picture, orientation),
        alpha=None if alpha is None else turn_upright(alpha, orientation),
        format=kind,
        width=upright[0],
        height=upright[1],
    )


def _fit_within(size: tuple[int, int], side: int | None) -> tuple[int, int]:
    longer = max(size)
    if side is None or longer <= side:
        return size
    return max(1, round(size[0] * side / longer)), max(1, round(size[1] * side / longer))


def _exif_of(image: Image) -> bytes | None:
    exif = image.info.get("exif")
    return exif if isinstance(exif, bytes) else None
