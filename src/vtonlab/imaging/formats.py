"""Which kind of picture some bytes are, told by their content alone, and how that kind is opened.

Nothing here decodes pixels. Decoders are imported when a picture of their kind first arrives.
"""

from __future__ import annotations

import io
import struct
import zlib
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile


class TooManyPixels(ValueError):
    """A file whose header names more pixels than any decoder here would begin to make."""


class Format(StrEnum):
    """A kind of picture we read."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    AVIF = "avif"
    HEIF = "heif"
    TIFF = "tiff"
    BMP = "bmp"

    @property
    def media_type(self) -> str:
        """The IANA media type, such as ``image/jpeg``."""
        return f"image/{self.value}"


DECODER_ERRORS: Final = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    AttributeError,
    ArithmeticError,
    LookupError,
    RuntimeError,
    AssertionError,
    MemoryError,
    Warning,
    struct.error,
    zlib.error,
)
"""What decoders raise on damaged or hostile bytes (seen under fuzzing, or raised in their sources)."""

_PLUGINS: Final = {
    Format.JPEG: ("PIL.JpegImagePlugin", "JpegImageFile"),
    Format.PNG: ("PIL.PngImagePlugin", "PngImageFile"),
    Format.WEBP: ("PIL.WebPImagePlugin", "WebPImageFile"),
    Format.GIF: ("PIL.GifImagePlugin", "GifImageFile"),
    Format.AVIF: ("PIL.AvifImagePlugin", "AvifImageFile"),
    Format.HEIF: ("pi_heif", "HeifImageFile"),
    Format.TIFF: ("PIL.TiffImagePlugin", "TiffImageFile"),
    Format.BMP: ("PIL.BmpImagePlugin", "BmpImageFile"),
}

_SIGNATURES: Final = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"II*\x00", Format.TIFF),
    (b"MM\x00*", Format.TIFF),
    (b"II+\x00", Format.TIFF),
    (b"MM\x00+", Format.TIFF),
    (b"BM", Format.BMP),
)

_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)


def recognise(head: bytes) -> Format | None:
    """The kind of picture whose first bytes are ``head`` (64 are enough); None where it is none we read.

    >>> recognise(b"\\x89PNG\\r\\n\\x1a\\n....")
    <Format.PNG: 'png'>
    >>> recognise(b"<svg xmlns='http://www.w3.org/2000/svg'/>") is None
    True
    """
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head[4:8] == b"ftyp":
        return _recognise_by_brands(head)
    return None


def open_as(kind: Format, data: bytes) -> ImageFile:
    """Read the headers of ``data``, a picture of ``kind``, without decoding its pixels.

    The plugin's class is called directly: ``Image.open`` would first import a dozen plugins and try them in turn.
    Raises one of :data:`DECODER_ERRORS` where the headers make no sense, among them :class:`TooManyPixels`.
    """
    from PIL.Image import DecompressionBombError

    module, name = _PLUGINS[kind]
    try:
        return cast("ImageFile", getattr(import_module(module), name)(io.BytesIO(data)))
    except DecompressionBombError as error:
        raise TooManyPixels(str(error)) from error


def _recognise_by_brands(head: bytes) -> Format | None:
    """By the ``ftyp`` box of ISO base media files: the major brand, a version, then the compatible brands."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    # "mif1" (any HEIF) may lead an AVIF's list, so AVIF is looked for first.
    if not _AVIF_BRANDS.isdisjoint(brands):
        return Format.AVIF
    if not _HEIF_BRANDS.isdisjoint(brands):
        return Format.HEIF
    return None
