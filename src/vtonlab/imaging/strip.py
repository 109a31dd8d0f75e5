"""Files without what is not picture: metadata dropped, the compressed pixels kept as they are, bit for bit.

Each function gives the bytes of such a file, or None where the file is not built as plainly as that needs; then it has
to be decoded and written anew. What is given must still be decoded to be known as whole.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from vtonlab.imaging.formats import Format

_JPEG_KEPT: Final = frozenset(
    {0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xEE}  # frames, tables, scans, restart interval, Adobe's transform
)
_JFIF: Final = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
"""A JFIF header of its own: version 1.1, square pixels, no thumbnail."""
_ADOBE_LENGTH: Final = 12
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PIECE: Final = 1 << 20
_WEBP_PIXELS: Final = frozenset({b"ALPH", b"VP8 ", b"VP8L"})
_ALPHA_FLAG: Final = 0x10


def strip_metadata(kind: Format, data: bytes) -> bytes | None:
    """The picture file ``data`` of ``kind`` with nothing but the picture in it; None where that cannot be done so.

    Orientation and colour profile go with the metadata: whoever needs them has read them before.
    """
    match kind:
        case Format.JPEG:
            return _strip_jpeg(data)
        case Format.PNG:
            return _strip_png(data)
        case Format.WEBP:
            return _strip_webp(data)
        case _:
            return None


def png_exif(data: bytes) -> bytes | None:
    """The EXIF block of a PNG, before or behind the pixels, without decoding them."""
    return next((bytes(body) for name, _, body in _png_chunks(data) if name == b"eXIf"), None)


def _strip_jpeg(data: bytes) -> bytes | None:
    """Segments of ITU T.81 Annex B: kept are tables, frame and scans, to the first end-of-image."""
    parts = [b"\xff\xd8", b""]
    at = 2
    while True:
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if data[at : at + 1] != b"\xff":
            return None
        marker = data[at + 1] if at + 1 < len(data) else 0
        if marker == 0xD9:
            parts.append(b"\xff\xd9")
            return b"".join(parts)
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(data) or not (0xC0 <= marker <= 0xFE) or 0xD0 <= marker <= 0xD8:
            return None
        # Which of the two headers is there decides how the colours are read.
        if marker == 0xE0 and data[at + 4 : at + 9] == b"JFIF\0":
            parts[1] = _JFIF
        elif marker == 0xEE:
            if data[at + 4 : at + 9] == b"Adobe" and length >= 2 + _ADOBE_LENGTH:
                parts.append(b"\xff\xee\x00\x0e" + data[at + 4 : at + 4 + _ADOBE_LENGTH])
        elif marker in _JPEG_KEPT:
            parts.append(data[at:end])
        elif marker < 0xE0:
            return None  # arithmetic or lossless coding, hierarchies
        at = end
        if marker == 0xDA:
            end = _end_of_scan(data, at)
            parts.append(data[at:end])
            at = end


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the next marker stands that is none of a scan: its 0xFF bytes are followed by 0 or are restarts."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        follows = data[at + 1]
        if follows not in {0x00, 0xFF} and not 0xD0 <= follows <= 0xD7:
            return at
        at += 1 if follows == 0xFF else 2
    return len(data)


def _strip_png(data: bytes) -> bytes | None:
    """Chunks of the PNG specification (third edition, §5). The pixels' stream must end where the picture does."""
    parts = [_PNG_SIGNATURE]
    pixels: list[memoryview] = []
    header = b""
    for name, whole, body in _png_chunks(data):
        if name == b"IHDR":
            header = bytes(body)
        elif name == b"IDAT":
            pixels.append(body)
        elif name not in _PNG_KEPT and not name[0] & 0x20:
            return None  # something critical that we do not know
        if name in _PNG_KEPT:
            parts.append(bytes(whole))
        if name == b"IEND":
            return b"".join(parts) if _is_exact(header, pixels) else None
    return None


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    view, at = memoryview(data), len(_PNG_SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(view[at : at + 4], "big")
        end = at + 12 + length
        if end > len(data):
            return
        yield bytes(view[at + 4 : at + 8]), view[at:end], view[at + 8 : end - 4]
        at = end


def _is_exact(header: bytes, pixels: list[memoryview]) -> bool:
    """Whether the compressed stream holds the rows of the picture and nothing behind them."""
    if len(header) != 13:
        return False
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if interlaced or colours not in _PNG_CHANNELS:
        return False
    wanted: int = height * (1 + (width * depth * _PNG_CHANNELS[colours] + 7) // 8)
    try:
        return _count_pixels(pixels, wanted) == int(wanted)
    except zlib.error:
        return False


def _count_pixels(pixels: list[memoryview], most: int) -> int:
    """Bytes in the stream, never held together; -1 where it goes on for more than ``most``, or anything follows it."""
    reader, found = zlib.decompressobj(), 0
    for piece in pixels:
        if reader.eof and len(piece):
            return -1
        left: bytes | memoryview = piece
        while not reader.eof:
            more = reader.decompress(left, _PIECE)
            left = reader.unconsumed_tail
            found += len(more)
            if found > most:
                return -1
            if not left and len(more) < _PIECE:
                break
    return found if reader.eof and not reader.unused_data else -1


def _strip_webp(data: bytes) -> bytes | None:
    """Chunks of the WebP container (RFC 9649): of a still picture, its bitstream and its alpha."""
    chunks: dict[bytes, bytes] = {}
    end = 8 + int.from_bytes(data[4:8], "little")
    at = 12
    while at + 8 <= min(end, len(data)):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > len(data) or name in {b"ANIM", b"ANMF"} or name in chunks:
            return None
        chunks[name] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    pixels = [name for name in chunks if name in _WEBP_PIXELS]
    wide = chunks.get(b"VP8X")
    if len(pixels) == 1 and pixels[0] != b"ALPH":
        body = _riff(pixels[0], chunks[pixels[0]])
    elif pixels == [b"ALPH", b"VP8 "] and wide is not None and len(wide) == 10:
        flags = bytes([_ALPHA_FLAG]) + b"\x00\x00\x00" + wide[4:10]
        body = _riff(b"VP8X", flags) + _riff(b"ALPH", chunks[b"ALPH"]) + _riff(b"VP8 ", chunks[b"VP8 "])
    else:
        return None
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body


def _riff(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body + b"\x00" * (len(body) % 2)
