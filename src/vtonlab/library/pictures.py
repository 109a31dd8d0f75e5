"""From a file as it came to what is kept of it: the file without metadata, thumbnails, and what is known by its looks.

One function, pure and blocking, for a worker. Its decoders, resizes and encoders let go of Python's lock: threads do
about 0.8 of what processes do (benchmarks/ingest.py), and save each of those its 100 MB and the copies between them.
"""

from __future__ import annotations

import base64
import ctypes
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from vtonlab.errors import ImageUnreadable, Text, VtonError
from vtonlab.imaging.colour import lay_on_white, says_srgb, to_eight_bits, to_srgb
from vtonlab.imaging.formats import DECODER_ERRORS, Format, TooManyPixels, open_as, recognise
from vtonlab.imaging.orientation import read_orientation
from vtonlab.imaging.read import Limits, check_size, read_bytes, too_many_pixels
from vtonlab.imaging.strip import png_exif, strip_metadata
from vtonlab.imaging.thumbhash import encode_thumbhash
from vtonlab.library.colours import name_colour
from vtonlab.library.look import Look, look_at

if TYPE_CHECKING:
    from PIL.Image import Image as Pillow
    from PIL.ImageFile import ImageFile

NAMELESS: Final = Text("the picture", "该图片")
THUMBNAIL_SIZES: Final = (320, 640)
THUMBNAIL_QUALITY: Final = 80
JPEG_QUALITY: Final = 90
"""Where a picture had to be made smaller, or came as something else than JPEG."""
WEBP_QUALITY: Final = 90
PNG_LEVEL: Final = 3
"""zlib level: a photo takes a third of the time of level 6 for 5 % more bytes."""
LARGE_PIXELS: Final = 25_000_000
"""Pixels above which a picture takes so much memory that only one is worked on at a time. While one of 100 megapixels
is made smaller, it takes 0.3 GB as a JPEG, 0.7 as a PNG, 1.1 as one with transparency, 1.6 as WebP (whose decoder keeps
several canvases); on small machines ``VTONLAB_MAX_PIXELS`` bounds it."""
MOST_SCANS: Final = 200
"""Scans of a JPEG. Each costs a pass over the whole picture, and a hostile file of a megabyte has tens of thousands;
cameras and programs write up to a dozen."""
LONGEST_JPEG: Final = 65_500
LONGEST_WEBP: Final = 16_383

_TYPES: Final = {"JPEG": ("jpg", "image/jpeg"), "PNG": ("png", "image/png"), "WEBP": ("webp", "image/webp")}
_EXTENSIONS: Final = {Format.JPEG: "JPEG", Format.PNG: "PNG", Format.WEBP: "WEBP"}
_SCAN: Final = b"\xff\xda"
_DRAFT_SIDE: Final = THUMBNAIL_SIZES[-1]


@dataclass(frozen=True)
class Made:
    """Everything that is kept of a picture."""

    data: bytes
    """The file."""
    extension: str
    """``jpg``, ``png`` or ``webp``."""
    media_type: str
    width: int
    height: int
    thumbnails: dict[int, bytes]
    """WebP files by their longest side."""
    thumbhash: str
    """Base64."""
    content_hash: str
    """SHA-256 of ``data``, hexadecimal."""
    look: Look
    colour: str
    """A name of ``colours.COLOURS``."""


def make_picture(source: bytes | Path, *, limits: Limits, max_side: int, name: str = "", as_made: bool = False) -> Made:
    """What is kept of the picture in ``source``: upright, in sRGB, without metadata, no side over ``max_side`` pixels.

    JPEG, PNG and WebP stay what they are, and where only metadata has to go, their compressed pixels stay bit for bit.
    A GIF's first frame becomes a PNG; everything else a JPEG, or a PNG where it has transparency.
    ``as_made``: a file of our own making (upright, sRGB, with marks of its provenance) is kept byte for byte.

    Raises :class:`ImageUnreadable` and :class:`ImageTooLarge`, ``name`` being what they call it.
    """
    return _make(_read(source, limits, name), limits, max_side, name or NAMELESS, as_made=as_made)


@dataclass(frozen=True)
class Seen:
    """What is known of a file before its pixels are."""

    source_hash: str
    """SHA-256, hexadecimal."""
    pixels: int
    """How many decoding will give, by its header."""


def look_into(source: bytes | Path, limits: Limits, name: str = "") -> Seen:
    """Read ``source`` once, without decoding it. Raises as :func:`make_picture` does."""
    data = _read(source, limits, name)
    _, image = _open(data, limits, name)
    check_size(image.size, limits, name or NAMELESS)
    return Seen(hashlib.sha256(data).hexdigest(), image.size[0] * image.size[1])


@cache
def _trimmer() -> Callable[[int], object] | None:
    """glibc's ``malloc_trim``, where that is what allocates."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back_memory() -> None:
    """Have the allocator hand free memory to the system: after a large picture it would keep some 0.4 GB of it."""
    if (trim := _trimmer()) is not None:
        trim(0)


def image_key(user_id: str, category: str, filename: str) -> str:
    """Where the storage keeps a picture."""
    return f"images/{user_id}/{category}/{filename}"


def thumbnail_key(key: str, size: int) -> str:
    """Where the thumbnail of the picture ``key`` lies, its longest side ``size`` pixels."""
    folder, _, filename = key.rpartition("/")
    return f"{folder}/thumbnails/{filename.rpartition('.')[0]}_{size}.webp"


def _read(source: bytes | Path, limits: Limits, name: str) -> bytes:
    try:
        return read_bytes(source, limits=limits)
    except VtonError as error:  # which knows no other name than the file's own
        raise type(error)(**{**error.values, "name": name or NAMELESS}) from error


def _open(data: bytes, limits: Limits, name: str | Text) -> tuple[Format, ImageFile]:
    kind = recognise(data[:64])
    if kind is None:
        raise ImageUnreadable(name=name or NAMELESS, reason="format")
    try:
        return kind, open_as(kind, data)
    except TooManyPixels as error:
        raise too_many_pixels(name or NAMELESS, limits) from error
    except DECODER_ERRORS as error:
        raise ImageUnreadable(name=name or NAMELESS, reason="header") from error


def _make(data: bytes, limits: Limits, max_side: int, name: str | Text, *, as_made: bool) -> Made:
    kind, image = _open(data, limits, name)
    check_size(image.size, limits, name)
    if kind is Format.JPEG and data.count(_SCAN) > MOST_SCANS:
        raise ImageUnreadable(name=name, reason="scans")
    try:
        kept = data if as_made and kind in _EXTENSIONS else _strip(kind, data, image, max_side)
        if kept is not None:
            size, small = _decode_small(kind, kept)
            return _describe(kept, _EXTENSIONS[kind], size, small)
        whole = _decode_whole(kind, image, max_side)
        chosen = _choose_format(kind, whole)
        file = _encode(whole, chosen, kind, image)
        return _describe(file, chosen, whole.size, whole)
    except DECODER_ERRORS as error:
        raise ImageUnreadable(name=name, reason="pixels") from error


def _strip(kind: Format, data: bytes, image: ImageFile, max_side: int) -> bytes | None:
    """The file without its metadata, where nothing else has to be done to it."""
    if kind not in _EXTENSIONS or max(image.size) > max_side or image.mode in {"CMYK", "F", "I"}:
        return None
    profile = image.info.get("icc_profile")
    if profile and not says_srgb(profile):
        return None
    # A PNG's may stand behind the pixels, which are not decoded yet; older programs wrote it as text.
    if kind is Format.PNG and (b"Raw profile type exif" in data or read_orientation(png_exif(data)) != 1):
        return None
    if kind is not Format.PNG and _orientation_of(kind, image) != 1:
        return None
    return strip_metadata(kind, data)


def _decode_small(kind: Format, data: bytes) -> tuple[tuple[int, int], Pillow]:
    """Size of the picture, and its pixels: of a JPEG, only as many as thumbnails need. Its whole stream is read."""
    image = open_as(kind, data)
    size = image.size
    if kind is Format.JPEG:
        image.draft(None, _fit(size, _DRAFT_SIDE))
    image.load()
    return size, _in_srgb(image, None)


def _decode_whole(kind: Format, image: ImageFile, max_side: int) -> Pillow:
    wanted = _fit(image.size, max_side)
    if kind is Format.JPEG and wanted != image.size:
        image.draft(None, wanted)
    image.load()
    orientation = _orientation_of(kind, image)
    profile = image.info.get("icc_profile")
    plain = to_eight_bits(image)
    if plain.size != wanted:
        plain = plain.resize(wanted, reducing_gap=2.0)
    return _turn(_in_srgb(plain, profile if isinstance(profile, bytes) else None), orientation)


def _in_srgb(image: Pillow, profile: bytes | None) -> Pillow:
    """Mode ``RGB``, or ``RGBA`` where something shows through; with no word of what the file said besides."""
    plain = to_srgb(to_eight_bits(image), profile)
    if plain.mode == "RGBA" and plain.getchannel("A").getextrema() == (255, 255):
        plain = plain.convert("RGB")
    plain.info.clear()  # encoders would write it: comments, the old profile
    return plain


def _orientation_of(kind: Format, image: Pillow) -> int:
    exif = image.info.get("exif")
    if kind is Format.HEIF:
        return 1  # turned by its decoder
    return read_orientation(exif if isinstance(exif, bytes) else None)


def _turn(image: Pillow, orientation: int) -> Pillow:
    from PIL.Image import Transpose

    steps = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image if orientation == 1 else image.transpose(steps[orientation])


def _choose_format(kind: Format, image: Pillow) -> str:
    if kind is Format.WEBP and max(image.size) <= LONGEST_WEBP:
        return "WEBP"
    if image.mode == "RGBA" or kind in {Format.PNG, Format.GIF} or max(image.size) > LONGEST_JPEG:
        return "PNG"
    return "JPEG"


def _encode(image: Pillow, chosen: str, kind: Format, source: ImageFile) -> bytes:
    file = io.BytesIO()
    match chosen:
        case "JPEG":
            image.save(file, "JPEG", **_jpeg_options(kind, source, image))
        case "PNG":
            image.save(file, "PNG", compress_level=PNG_LEVEL)
        case _:
            image.save(file, "WEBP", quality=WEBP_QUALITY, method=2, exact=False)
    return file.getvalue()


def _jpeg_options(kind: Format, source: ImageFile, image: Pillow) -> dict[str, Any]:
    """As fine as the file it was: the same tables and colour resolution lose next to nothing where it was only turned,
    and finer ones would only be larger."""
    if kind is not Format.JPEG:
        return {"quality": JPEG_QUALITY, "subsampling": 0 if max(image.size) < 1600 else 2}
    from PIL.JpegImagePlugin import get_sampling

    sampling = get_sampling(source)
    options: dict[str, Any] = {"subsampling": sampling if sampling in {0, 1, 2} else 2}
    tables = getattr(source, "quantization", {})
    same = sorted(source.size) == sorted(image.size)
    if same and set(tables) <= {0, 1} and tables and all(1 <= v <= 255 for table in tables.values() for v in table):
        return options | {"qtables": tables}
    return options | {"quality": JPEG_QUALITY}


@dataclass(frozen=True)
class Appearance:
    """What is known of a picture by its looks; fields as those of :class:`Made`."""

    thumbnails: dict[int, bytes]
    thumbhash: str
    look: Look
    colour: str


def describe_pixels(picture: NDArray[np.uint8]) -> Appearance:
    """The appearance of a picture that is in memory, ``(H, W, 3) uint8`` RGB: for makers of pictures, beside encoding
    it. As :func:`make_picture` finds it from the file."""
    from PIL.Image import fromarray

    return _look_closely(fromarray(np.ascontiguousarray(picture)))


def make_known(data: bytes, width: int, height: int, appearance: Appearance) -> Made:
    """What is kept of the PNG ``data`` of our own making, whose appearance is known: without decoding it."""
    return _make_known(data, "PNG", (width, height), appearance)


def _describe(data: bytes, chosen: str, size: tuple[int, int], image: Pillow) -> Made:
    """``image``: the picture, or a smaller copy of it that is large enough for thumbnails."""
    return _make_known(data, chosen, size, _look_closely(image))


def _make_known(data: bytes, chosen: str, size: tuple[int, int], appearance: Appearance) -> Made:
    extension, media_type = _TYPES[chosen]
    return Made(
        data=data,
        extension=extension,
        media_type=media_type,
        width=size[0],
        height=size[1],
        thumbnails=appearance.thumbnails,
        thumbhash=appearance.thumbhash,
        content_hash=hashlib.sha256(data).hexdigest(),
        look=appearance.look,
        colour=appearance.colour,
    )


def _look_closely(image: Pillow) -> Appearance:
    thumbnails: dict[int, bytes] = {}
    small = image
    for side in sorted(THUMBNAIL_SIZES, reverse=True):
        fitting = _fit(small.size, side)
        if fitting != small.size:
            small = small.resize(fitting, reducing_gap=2.0)
        file = io.BytesIO()
        small.save(file, "WEBP", quality=THUMBNAIL_QUALITY, method=2)
        thumbnails[side] = file.getvalue()
    pixels: NDArray[np.uint8] = np.asarray(small)
    alpha = pixels[..., 3] if pixels.shape[-1] == 4 else None
    colours = np.ascontiguousarray(pixels[..., :3])
    shown = colours if alpha is None else lay_on_white(colours, alpha)
    return Appearance(
        thumbnails=thumbnails,
        thumbhash=base64.b64encode(encode_thumbhash(colours, alpha)).decode(),
        look=look_at(shown),
        colour=name_colour(colours, alpha),
    )


def _fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    longer = max(size)
    if longer <= side:
        return size
    return max(1, round(size[0] * side / longer)), max(1, round(size[1] * side / longer))
