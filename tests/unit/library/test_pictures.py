"""What is kept of a picture: every kind of file, upright, in sRGB, without anything but the picture."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from tests.unit.library.arriving import decode, draw, encode

from vtonlab.errors import ImageTooLarge, ImageUnreadable
from vtonlab.imaging.formats import Format
from vtonlab.imaging.read import Limits
from vtonlab.imaging.strip import strip_metadata
from vtonlab.imaging.thumbhash import decode_thumbhash
from vtonlab.library import pictures
from vtonlab.library.colours import COLOURS, name_colour
from vtonlab.library.look import count_differences, look_at
from vtonlab.library.pictures import image_key, make_picture, thumbnail_key

SECRET = b"GPS 48.2082 16.3738"
PICTURE = draw(4, width=160, height=240)


def make(data: bytes | Path, max_side: int = 4096, **options: object) -> pictures.Made:
    return make_picture(data, limits=Limits(), max_side=max_side, **options)  # type: ignore[arg-type]


def apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def exif(orientation: int) -> bytes:
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010E] = SECRET.decode()
    return made.tobytes()


def png_with(**options: object) -> bytes:
    info = PngInfo()
    info.add_text("Comment", SECRET.decode())
    return encode(PICTURE, "PNG", pnginfo=info, **options)


PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

UPRIGHT = {
    "jpeg": (encode(PICTURE, "JPEG", quality=85, exif=exif(1), comment=SECRET, icc_profile=PROFILE), "jpg"),
    "progressive": (encode(PICTURE, "JPEG", quality=85, progressive=True, xmp=SECRET, optimize=True), "jpg"),
    "grey jpeg": (encode(Image.fromarray(PICTURE).convert("L"), "JPEG", quality=85, comment=SECRET), "jpg"),
    "png": (png_with(exif=exif(1)), "png"),
    "webp": (encode(PICTURE, "WEBP", quality=85, exif=exif(1), xmp=SECRET), "webp"),
    "lossless webp": (encode(PICTURE, "WEBP", lossless=True, exif=exif(1)), "webp"),
}


@pytest.mark.parametrize("name", UPRIGHT)
def test_an_upright_picture_keeps_its_compressed_pixels(name: str) -> None:
    data, extension = UPRIGHT[name]
    assert SECRET in data
    made = make(data)
    assert made.extension == extension
    assert SECRET not in made.data
    assert apart(decode(made.data), decode(data)) == 0  # bit for bit: nothing was encoded anew
    assert len(made.data) < len(data)
    assert strip_metadata(Format(made.media_type.partition("/")[2]), made.data) == made.data
    assert (made.width, made.height) == (160, 240)


def test_what_follows_the_picture_is_not_kept() -> None:
    tail = SECRET * 100
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP"):
        assert SECRET not in make(encode(PICTURE, kind) + tail).data, kind
    # Inside the pixels' own stream, too: behind its end, in the PNG's last IDAT.
    plain = encode(PICTURE, "PNG")
    at = plain.rindex(b"IDAT") - 4
    length = int.from_bytes(plain[at : at + 4], "big")
    body = plain[at + 8 : at + 8 + length] + SECRET
    chunk = struct.pack(">I", len(body)) + b"IDAT" + body + struct.pack(">I", zlib.crc32(b"IDAT" + body))
    hidden = plain[:at] + chunk + plain[at + 12 + length :]
    made = make(hidden)
    assert SECRET not in made.data
    assert apart(decode(made.data), PICTURE) == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_picture_is_set_upright(kind: str, orientation: int) -> None:
    data = encode(PICTURE, kind, exif=exif(orientation), **({"lossless": True} if kind == "WEBP" else {}))
    made = make(data)
    upright = Image.open(io.BytesIO(data))
    from PIL import ImageOps

    expected = np.asarray(ImageOps.exif_transpose(upright).convert("RGB"))
    assert (made.height, made.width) == expected.shape[:2]
    assert apart(decode(made.data), expected) < 2
    assert SECRET not in made.data
    assert Image.open(io.BytesIO(made.data)).getexif().get(0x0112, 1) == 1


def test_a_png_may_say_behind_its_pixels_how_it_lies() -> None:
    plain = encode(PICTURE, "PNG")
    body = exif(6).removeprefix(b"Exif\x00\x00")
    chunk = struct.pack(">I", len(body)) + b"eXIf" + body + struct.pack(">I", zlib.crc32(b"eXIf" + body))
    made = make(plain[:-12] + chunk + plain[-12:])
    assert (made.width, made.height) == (240, 160)
    assert apart(decode(made.data), np.rot90(PICTURE, -1)) == 0


def test_a_turned_photo_is_as_fine_as_it_was() -> None:
    for quality in (60, 80, 95):
        data = encode(draw(1, width=400, height=600), "JPEG", quality=quality, exif=exif(3))
        made = make(data)
        assert apart(decode(made.data), decode(data)[::-1, ::-1]) < 0.6
        assert len(made.data) < 1.1 * len(data)


@pytest.mark.parametrize(
    ("kind", "extension"),
    [("GIF", "png"), ("BMP", "jpg"), ("TIFF", "jpg"), ("AVIF", "jpg")],
)
def test_other_kinds_become_common_ones(kind: str, extension: str) -> None:
    made = make(encode(PICTURE, kind))
    assert made.extension == extension
    assert apart(decode(made.data), PICTURE) < 6
    clear = Image.fromarray(np.dstack([PICTURE, np.full(PICTURE.shape[:2], 255, np.uint8)]))
    clear.putpixel((0, 0), (1, 2, 3, 0))
    if kind in {"TIFF", "AVIF"}:
        assert make(encode(clear, kind)).extension == "png"


def test_transparency_is_kept() -> None:
    alpha = np.zeros(PICTURE.shape[:2], np.uint8)
    alpha[60:180, 40:120] = 255
    cut_out = Image.fromarray(np.dstack([PICTURE, alpha]))
    for kind, options in (("PNG", {}), ("WEBP", {}), ("WEBP", {"lossless": True}), ("TIFF", {})):
        made = make(encode(cut_out, kind, **options))
        kept = Image.open(io.BytesIO(made.data)).convert("RGBA")
        assert apart(np.asarray(kept)[..., 3], alpha) < 3, kind
        for side, data in made.thumbnails.items():
            small = Image.open(io.BytesIO(data))
            assert small.mode == "RGBA", (kind, side)
        assert decode_thumbhash(base64.b64decode(made.thumbhash))[1].min() < 40
    opaque = make(encode(Image.fromarray(PICTURE).convert("RGBA"), "TIFF"))
    assert opaque.extension == "jpg"


def test_an_animation_is_its_first_frame() -> None:
    frames = [Image.fromarray(draw(n)) for n in range(4)]
    for kind, extension in (("GIF", "png"), ("WEBP", "webp"), ("PNG", "png")):
        made = make(encode(frames[0], kind, save_all=True, append_images=frames[1:]))
        kept = Image.open(io.BytesIO(made.data))
        assert (made.extension, getattr(kept, "n_frames", 1)) == (extension, 1)
        assert apart(decode(made.data), draw(0)) < 8, kind


def test_colours_become_srgb() -> None:
    wide = ImageCms.ImageCmsProfile(make_wide_profile()).tobytes()
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encode(np.full((40, 40, 3), (200, 60, 60), np.uint8), kind, icc_profile=wide)
        made = make(data)
        assert "icc_profile" not in Image.open(io.BytesIO(made.data)).info
        red = decode(made.data)[20, 20]
        assert red[0] > 210, (kind, red)  # a wider space's red is a stronger red in sRGB


def make_wide_profile() -> io.BytesIO:
    """sRGB's profile with the red of Adobe RGB's size: its matrix column made longer."""
    data = bytearray(PROFILE)
    count = int.from_bytes(data[128:132], "big")
    for at in range(132, 132 + 12 * count, 12):
        offset = int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"rXYZ":
            for place in (8, 12, 16):
                value = int.from_bytes(data[offset + place : offset + place + 4], "big", signed=True)
                data[offset + place : offset + place + 4] = int(value * 1.3).to_bytes(4, "big", signed=True)
        if data[at : at + 4] == b"desc":
            size = int.from_bytes(data[at + 8 : at + 12], "big")
            text = bytes(data[offset : offset + size])
            data[offset : offset + size] = text.replace(b"sRGB", b"wide").replace(
                "sRGB".encode("utf-16-be"), "wide".encode("utf-16-be")
            )
    return io.BytesIO(bytes(data))


def test_large_pictures_are_made_smaller() -> None:
    big = np.asarray(Image.fromarray(PICTURE).resize((1000, 1500)))
    for kind, extension in (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "jpg")):
        made = make(encode(big, kind), max_side=600)
        assert (made.extension, made.width, made.height) == (extension, 400, 600)
        assert decode(made.data).shape == (600, 400, 3)
    sliver = make(encode(np.zeros((1, 5000, 3), np.uint8), "PNG"), max_side=600)
    assert (sliver.width, sliver.height) == (600, 1)


def test_thumbnails_and_what_is_known_of_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encode(draw(2, width=900, height=1200), "JPEG", quality=90))
    made = make(path)
    assert {side: decode(data).shape[:2] for side, data in made.thumbnails.items()} == {
        320: (320, 240),
        640: (640, 480),
    }
    assert made.content_hash == hashlib.sha256(made.data).hexdigest()
    small = np.asarray(Image.fromarray(draw(2, width=900, height=1200)).resize((240, 320)))
    assert apart(decode(made.thumbnails[320]), small) < 5
    assert made.colour in COLOURS
    assert len(made.look.text) == 16
    assert make(encode(draw(2, width=900, height=1200), "PNG")).look.parts
    tiny = make(encode(np.full((1, 1, 3), 9, np.uint8), "PNG"))
    assert (tiny.width, tiny.height, tiny.look.is_plain) == (1, 1, True)
    assert decode(tiny.thumbnails[640]).shape == (1, 1, 3)


def test_our_own_pictures_keep_their_marks() -> None:
    data = png_with()
    made = make(data, as_made=True)
    assert made.data == data
    assert made.content_hash == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_truncated_picture_is_none(kind: str) -> None:
    data = encode(draw(5, width=300, height=300), kind)
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(ImageUnreadable):
            make(data[: int(share * len(data))])


def test_a_jpeg_of_thousands_of_scans_is_not_decoded() -> None:
    data = encode(draw(1, width=300, height=300), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    scan = data[start:-2]
    assert make(data[:-2] + 20 * scan + b"\xff\xd9").width == 300
    with pytest.raises(ImageUnreadable):
        make(data[:-2] + 20_000 * scan + b"\xff\xd9")


def test_limits_come_before_pixels() -> None:
    data = encode(draw(1, width=300, height=300), "PNG")
    with pytest.raises(ImageTooLarge, match="IMG_1"):
        make_picture(data, limits=Limits(pixels=80_000), max_side=4096, name="IMG_1")
    with pytest.raises(ImageTooLarge, match="the picture"):
        make_picture(data, limits=Limits(size=100), max_side=4096)


def test_the_same_picture_looks_the_same() -> None:
    for number in range(8):
        whole = draw(number, width=300, height=400)
        look = look_at(whole)
        smaller = np.asarray(Image.fromarray(whole).resize((150, 200)))
        rough = decode(encode(whole, "JPEG", quality=40))
        for other in (smaller, rough, np.clip(whole.astype(int) + 6, 0, 255).astype(np.uint8)):
            assert count_differences(look.text, look_at(other).text) <= 3
        assert count_differences(look.text, look_at(draw(number + 1, width=300, height=400)).text) > 8


SHADES = {
    "black": [(12, 12, 14), (28, 26, 27)],
    "grey": [(128, 128, 128), (90, 92, 95), (180, 180, 178)],
    "white": [(255, 255, 255), (245, 244, 240)],
    "red": [(200, 20, 30), (255, 0, 0), (140, 20, 25)],
    "orange": [(240, 130, 20), (255, 140, 0)],
    "yellow": [(250, 220, 40), (255, 255, 0)],
    "green": [(30, 130, 50), (0, 200, 0), (60, 90, 50)],
    "teal": [(0, 128, 128), (64, 200, 200)],
    "blue": [(20, 40, 140), (0, 0, 255), (100, 150, 220), (25, 35, 75)],
    "purple": [(110, 40, 140), (150, 90, 190)],
    "pink": [(250, 170, 190), (255, 105, 180)],
    "brown": [(110, 70, 40), (139, 90, 60), (80, 50, 30)],
    "beige": [(225, 205, 170), (235, 220, 195)],
}


@pytest.mark.parametrize("name", SHADES)
def test_colours_have_the_names_people_give_them(name: str) -> None:
    for shade in SHADES[name]:
        plain = np.full((60, 60, 3), shade, np.uint8)
        assert name_colour(plain) == name, shade
        if name != "white":
            shown = np.full((100, 100, 3), 255, np.uint8)
            shown[25:75, 30:70] = shade
            assert name_colour(shown) == name, shade  # a shop's photo on white
    assert COLOURS[name].zh != COLOURS[name].en


def test_keys() -> None:
    key = image_key("u1", "clothes", "clothes_20261122_101500_5d6e7f80.jpg")
    assert key == "images/u1/clothes/clothes_20261122_101500_5d6e7f80.jpg"
    assert thumbnail_key(key, 320) == "images/u1/clothes/thumbnails/clothes_20261122_101500_5d6e7f80_320.webp"
