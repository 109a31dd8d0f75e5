from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from tests.unit.imaging.conftest import distance, draw_scene, encode

from vtonlab.errors import FileProblem, ImageTooLarge, ImageTooSmall, ImageUnreadable
from vtonlab.imaging.formats import Format, recognise
from vtonlab.imaging.orientation import read_orientation
from vtonlab.imaging.read import Limits, from_pillow, read_photo, read_picture

DRAWINGS = Path(__file__).parent / "drawings"

LOSSLESS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "BMP": {},
    "TIFF": {"compression": "tiff_lzw"},
    "WEBP": {"lossless": True},
}
LOSSY: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95, "subsampling": 0}, "AVIF": {"quality": 95}, "GIF": {}}


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_pictures_come_back_as_they_were(kind, scene):
    data = encode(scene, kind, **LOSSLESS[kind])
    photo = read_photo(data)
    assert photo.format is Format(kind.lower())
    assert (photo.width, photo.height) == (96, 64)
    assert photo.alpha is None
    assert np.array_equal(photo.picture, scene)


@pytest.mark.parametrize("kind", LOSSY)
def test_lossy_pictures_come_back_nearly_as_they_were(kind, scene):
    photo = read_photo(encode(scene, kind, **LOSSY[kind]))
    assert photo.format is Format(kind.lower())
    assert distance(photo.picture, scene) < 4


@pytest.mark.parametrize("name", ["scene.heic", "lying.heic"])
def test_heic_is_read_and_turned_once(name, scene):
    """``lying.heic`` carries its turn twice, as iPhones write it: as ``irot`` box and as EXIF."""
    photo = read_photo(DRAWINGS / name)
    assert photo.format is Format.HEIF
    assert distance(photo.picture, scene) < 4


def test_result_owns_contiguous_bytes(scene):
    picture = read_picture(encode(scene, "PNG"))
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous


# ------------------------------------------------------------------------------------------------ which way up


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(kind, orientation, scene):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {**LOSSLESS, **LOSSY}[kind]
    photo = read_photo(encode(scene, kind, exif=exif, **options))

    tagged = Image.fromarray(scene)
    tagged.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(tagged))
    assert (photo.height, photo.width) == upright.shape[:2]
    assert distance(photo.picture, upright) < 4


def test_reduction_and_orientation_together(scene):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = read_photo(encode(draw_scene(960, 640), "JPEG", exif=exif), reduce_to=96)
    assert photo.picture.shape == (96, 64, 3)
    assert (photo.width, photo.height) == (640, 960)
    assert distance(photo.picture, np.rot90(scene, -1)) < 6


@pytest.mark.parametrize(
    "exif",
    [
        None,
        b"",
        b"Exif\x00\x00",
        b"Exif\x00\x00II*\x00\xff\xff\xff\xff",
        b"MM\x00*\x00\x00\x00\x08\xff\xff",
        b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x09\x00\x00\x00",
        b"garbage",
    ],
)
def test_damaged_exif_means_upright(exif):
    assert read_orientation(exif) == 1


# ------------------------------------------------------------------------------------------------ colours


def test_transparent_pictures_lie_on_white_and_keep_their_alpha(scene):
    alpha = np.zeros(scene.shape[:2], np.uint8)
    alpha[10:50, 20:80] = 255
    alpha[30, 30] = 128
    photo = read_photo(encode(np.dstack([scene, alpha]), "PNG"))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, alpha)
    assert (photo.picture[0, 0] == 255).all()
    assert np.array_equal(photo.picture[20, 40], scene[20, 40])
    half = np.rint(scene[30, 30] * (128 / 255) + 255 * (127 / 255))
    assert np.array_equal(photo.picture[30, 30], half)


def test_an_alpha_that_hides_nothing_is_no_alpha(scene):
    opaque = np.full(scene.shape[:2], 255, np.uint8)
    assert read_photo(encode(np.dstack([scene, opaque]), "PNG")).alpha is None


def test_palettes_with_a_transparent_colour():
    image = Image.new("P", (40, 40), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (10, 10, 30, 30))
    for kind in ("PNG", "GIF"):
        photo = read_photo(encode(image, kind, transparency=0))
        assert (photo.picture[0, 0] == 255).all()
        assert tuple(photo.picture[20, 20]) == (0, 0, 255)
        assert photo.alpha is not None


def test_sixteen_bits_are_scaled_not_cut():
    grey = np.linspace(0, 65535, 64 * 48).astype(np.uint16).reshape(48, 64)
    for kind in ("PNG", "TIFF"):
        picture = read_picture(encode(Image.fromarray(grey), kind))
        assert np.array_equal(picture[..., 0], grey >> 8)


def test_sixteen_bit_colour_png():
    """Pillow cannot write one, so its chunks are written here (PNG, third edition, §11)."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    row = b"\x00" + struct.pack(">3H", 65535, 32896, 0) * 8
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">2I5B", 8, 4, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(row * 4))
        + chunk(b"IEND", b"")
    )
    assert (read_picture(data) == (255, 128, 0)).all()


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [("1", 1, 255), ("L", 77, 77), ("I;16", 77 * 256, 77), ("F", 0.5, 128), ("I", 300, 1)],
)
def test_grey_of_every_depth(mode, value, expected):
    image = Image.new(mode, (16, 16), value)
    assert (read_picture(encode(image, "TIFF")) == expected).all()


def test_cmyk_with_and_without_profile(scene):
    plain = read_picture(encode(Image.fromarray(scene).convert("CMYK"), "JPEG", quality=95))
    assert distance(plain, scene) < 6


def test_colours_are_converted_from_the_profile_to_srgb():
    """A profile with red and blue exchanged leaves no doubt whether it was used."""
    swapped = _profile_with_red_and_blue_swapped()
    picture = np.full((32, 32, 3), (250, 20, 30), np.uint8)
    converted = read_picture(encode(picture, "PNG", icc_profile=swapped))
    assert converted[0, 0, 2] > 200
    assert converted[0, 0, 0] < 80


def test_a_damaged_profile_is_passed_over(scene):
    assert np.array_equal(read_picture(encode(scene, "PNG", icc_profile=b"\x00" * 200)), scene)


def test_a_profile_of_srgb_changes_nothing(scene):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(read_picture(encode(scene, "PNG", icc_profile=profile)), scene)


def _profile_with_red_and_blue_swapped() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    names = {profile[at : at + 4].decode(): at for at in range(132, 132 + 12 * profile[131], 12)}
    red, blue = names["rXYZ"], names["bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF", "TIFF", "MPO", "PNG"])
def test_the_first_of_several_frames(kind, scene):
    first, second = Image.fromarray(scene), Image.fromarray(scene[::-1].copy())
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(first, kind, save_all=True, append_images=[second], **options)
    photo = read_photo(data)
    assert photo.picture.shape == scene.shape
    assert distance(photo.picture, scene) < 5


# ------------------------------------------------------------------------------------------------ limits


def test_two_hundred_megapixels_reduce_in_bounded_memory():
    data = encode(Image.new("RGB", (16000, 12500), (90, 120, 30)), "JPEG", quality=70)
    tracemalloc.start()
    picture = read_picture(data, reduce_to=2000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert picture.shape == (1562, 2000, 3)
    assert peak < 64e6  # Python's side; Pillow's own is measured in benchmarks/cli.py
    assert abs(picture.mean((0, 1)) - (90, 120, 30)).max() < 2


def test_too_many_pixels_are_refused_before_they_are_allocated():
    header = struct.pack(">2I5B", 60000, 60000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data += struct.pack(">I", 4) + b"IDAT" + b"\x00" * 4 + struct.pack(">I", zlib.crc32(b"IDAT" + b"\x00" * 4))
    tracemalloc.start()
    with pytest.raises(ImageTooLarge) as caught:
        read_picture(data)
    assert tracemalloc.get_traced_memory()[1] < 4e6
    tracemalloc.stop()
    assert "3600 MP" in str(caught.value)
    assert "220 MP" in str(caught.value)


def test_too_many_bytes(tmp_path, scene):
    path = tmp_path / "heavy.png"
    path.write_bytes(encode(scene, "PNG") + b"\x00" * 3_000_000)
    limits = Limits(size=1_000_000)
    with path.open("rb") as file:
        for source in (path, str(path), path.read_bytes(), file):
            with pytest.raises(ImageTooLarge):
                read_picture(source, limits=limits)


def test_too_small(scene):
    with pytest.raises(ImageTooSmall, match="96×64"):
        read_picture(encode(scene, "PNG"), limits=Limits(least_side=65))


# ------------------------------------------------------------------------------------------------ what is no picture

SVG = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect/></svg>"
NOT_PICTURES = {
    "empty": b"",
    "text": b"This is a shopping list.\n" * 20,
    "svg": SVG,
    "zip": b"PK\x03\x04" + b"\x00" * 60,
    "pdf": b"%PDF-1.7\n" + b"\x00" * 60,
    "mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 60,
    "zeros": b"\x00" * 4096,
    "bmp in name only": b"BMW is a maker of cars.",
}


@pytest.mark.parametrize("name", NOT_PICTURES)
def test_what_is_no_picture(name):
    with pytest.raises(ImageUnreadable):
        read_picture(NOT_PICTURES[name])


def test_the_content_counts_and_not_the_name(tmp_path, scene):
    path = tmp_path / "photo.txt"
    path.write_bytes(encode(scene, "PNG"))
    assert np.array_equal(read_picture(path), scene)
    lie = tmp_path / "notes.jpg"
    lie.write_bytes(NOT_PICTURES["text"])
    with pytest.raises(ImageUnreadable, match=r"^notes\.jpg is not"):
        read_picture(lie)


def test_messages_hold_the_base_name_only(tmp_path):
    for source in (tmp_path / "missing.jpg", str(tmp_path / "missing.jpg")):
        with pytest.raises(FileProblem) as caught:
            read_picture(source)
        assert "missing.jpg" in str(caught.value)
        assert str(tmp_path) not in str(caught.value)
        assert "没有这个文件" in caught.value.say("zh-CN")


def test_folders_and_odd_files(tmp_path):
    with pytest.raises(FileProblem, match="folder"):
        read_picture(tmp_path)
    with pytest.raises(FileProblem):
        read_picture("a\x00b.jpg")
    with pytest.raises(FileProblem, match="plain file"):
        read_picture("/dev/null")


def test_file_objects(scene):
    assert np.array_equal(read_picture(io.BytesIO(encode(scene, "PNG"))), scene)


def test_pillow_images(scene):
    assert np.array_equal(from_pillow(Image.fromarray(scene)).picture, scene)
    assert from_pillow(Image.fromarray(scene).convert("P")).picture.shape == scene.shape


@pytest.mark.parametrize("kind", [kind for kind in {**LOSSLESS, **LOSSY} if kind != "GIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_pictures(kind, share):
    rng = np.random.default_rng(5)
    data = encode(rng.integers(0, 255, (200, 300, 3), dtype=np.uint8), kind, **{**LOSSLESS, **LOSSY}[kind])
    with pytest.raises(ImageUnreadable):
        read_picture(data[: int(len(data) * share)])


def test_truncated_heic():
    data = (DRAWINGS / "scene.heic").read_bytes()
    with pytest.raises(ImageUnreadable):
        read_picture(data[: int(len(data) * 0.8)])


def test_brands():
    assert recognise(b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf") is Format.AVIF
    assert recognise(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic") is Format.HEIF
    assert recognise(b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic") is Format.HEIF
    assert recognise(b"\xff\xff\xff\xffftypisom") is None
