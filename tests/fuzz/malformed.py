"""Files that are no pictures, or hardly: made from drawn ones, by chance, the same for the same number."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

KINDS = ("JPEG", "progressive", "PNG", "palette", "WEBP", "lossless", "GIF", "TIFF", "BMP", "AVIF")
HUGE = 30_000
SIGNATURE = b"\x89PNG\r\n\x1a\n"


@cache
def whole(kind: str, seed: int) -> bytes:
    """A small picture file that is right."""
    chance = np.random.default_rng(seed)
    small = chance.integers(0, 256, (6, 5, 3)).astype(np.uint8)
    image = Image.fromarray(small).resize((60 + 8 * (seed % 5), 72), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    match kind:
        case "progressive":
            image.save(file, "JPEG", progressive=True, quality=80, comment=b"a comment")
        case "palette":
            image.quantize(16).save(file, "PNG")
        case "lossless":
            image.convert("RGBA").save(file, "WEBP", lossless=True)
        case _:
            image.save(file, kind)
    return file.getvalue()


def truncate(chance: random.Random) -> bytes:
    data = pick(chance)
    return data[: chance.randrange(len(data))]


def flip(chance: random.Random) -> bytes:
    data = bytearray(pick(chance))
    for _ in range(chance.choice((1, 2, 8, 64))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def overwrite(chance: random.Random) -> bytes:
    data = bytearray(pick(chance))
    at = chance.randrange(len(data))
    data[at : at + chance.randrange(1, 40)] = chance.randbytes(chance.randrange(0, 60))
    return bytes(data)


def noise(chance: random.Random) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 3, 11, 64, 1000, 50_000)))


def wrong_type(chance: random.Random) -> bytes:
    texts = (
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj",
        b"PK\x03\x04" + bytes(60),
        b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        b"#!/bin/sh\nrm -rf /\n",
        b"MZ" + bytes(200),
        b"\x00" * 1000,
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42",
        b"push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://127.0.0.1/)'\npop graphic-context",
    )
    return chance.choice(texts) + chance.randbytes(chance.randrange(20))


def polyglot(chance: random.Random) -> bytes:
    """A picture that is something else as well, or two kinds of picture at once."""
    one, other = pick(chance), pick(chance)
    script = b"<script>alert(1)</script>" * chance.randrange(1, 50)
    return chance.choice((one + other, one + script, one[: len(one) // 2] + other, script + one, one[:12] + other[12:]))


def bomb(chance: random.Random) -> bytes:
    """A small file that says it is 30,000 × 30,000 pixels."""
    side = HUGE
    match chance.randrange(5):
        case 0:
            header = struct.pack(">IIBBBBB", side, side, chance.choice((1, 8)), chance.choice((0, 2, 3)), 0, 0, 0)
            return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9999))) + chunk(b"IEND", b"")
        case 1:
            data = bytearray(whole("GIF", chance.randrange(5)))
            data[6:10] = struct.pack("<HH", side, side)
            at = data.find(b"\x2c")
            data[at + 5 : at + 9] = struct.pack("<HH", side, side)
            return bytes(data)
        case 2:
            flags = b"\x10\x00\x00\x00" + (16_383).to_bytes(3, "little") * 2
            body = b"WEBPVP8X" + struct.pack("<I", 10) + flags + whole("lossless", 0)[12:]
            return b"RIFF" + struct.pack("<I", len(body)) + body
        case 3:
            entries = [
                (256, 4, side),
                (257, 4, side),
                (258, 3, 8),
                (259, 3, 1),
                (262, 3, 1),
                (273, 4, 8),
                (278, 4, side),
            ]
            entries += [(279, 4, 100)]
            fields = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
            return b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(entries)) + fields + bytes(200)
        case _:
            data = bytearray(whole("JPEG", chance.randrange(5)))
            at = data.find(b"\xff\xc0")
            data[at + 5 : at + 9] = struct.pack(">HH", side, side)
            return bytes(data)


def metadata(chance: random.Random) -> bytes:
    """Right, with far too much beside the picture: kept, without it."""
    size = chance.choice((1_000, 70_000, 1_000_000))
    if chance.random() < 0.5:
        data = whole("PNG", chance.randrange(5))
        text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(size * 20)))
        return data[:33] + text + chunk(b"tEXt", b"k\0" + b"v" * size) + data[33:]
    segment = b"\xff\xe1" + struct.pack(">H", 65_000) + b"Exif\0\0" + chance.randbytes(64_992)
    return b"\xff\xd8" + segment * (size // 65_000 + 1) + whole("JPEG", chance.randrange(5))[2:]


def sizes(chance: random.Random) -> bytes:
    """A PNG whose header is right in form and wrong in content."""
    width, height = (chance.choice((0, 1, 2**31 - 1, 2**32 - 1, 65_536)) for _ in range(2))
    depth, colours = chance.choice((0, 1, 3, 8, 16, 255)), chance.choice((0, 1, 2, 3, 4, 6, 7))
    header = struct.pack(">IIBBBBB", width, height, depth, colours, chance.randrange(2), 0, chance.randrange(3))
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(999))) + chunk(b"IEND", b"")


@cache
def film(frames: int) -> bytes:
    """An animated GIF of many frames."""
    first, *more = [Image.new("P", (16, 16), n % 250) for n in range(40)]
    first.putpalette([n for shade in range(256) for n in (shade, 255 - shade, 128)])
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=more, duration=10)
    data = file.getvalue()
    end = data.rindex(b";")
    at = data.index(b"\x21\xf9", data.index(b"\x2c"))
    body = data[at:end]
    return data[:at] + body * (frames // 39 + 1) + b";"


def movie(chance: random.Random) -> bytes:
    return film(10_000)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def pick(chance: random.Random) -> bytes:
    return whole(chance.choice(KINDS), chance.randrange(5))


MAKERS: tuple[Callable[[random.Random], bytes], ...] = (
    *(truncate, flip, overwrite, noise, wrong_type, polyglot, bomb, metadata, sizes, truncate, flip, pick),
)

NAMES = (
    "a.png",
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "a\x00.png",
    "con.png",
    "衣服👗.jpg",
    "\u202egnp.exe",
    "x" * 5_000,
    "",
    ".",
    "a;rm -rf ~;.png",
    "<script>.png",
    "a\r\nX-Evil: 1.png",
    "'; DROP TABLE images; --",
    "%2e%2e%2f.png",
)
