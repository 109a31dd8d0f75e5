from __future__ import annotations

import io
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from tests.unit.imaging.conftest import distance, encode

from vtonlab.errors import FileProblem
from vtonlab.imaging.provenance import SourceType, make_xmp, read_source_type
from vtonlab.imaging.read import read_picture
from vtonlab.imaging.thumbnail import make_thumbnail, shrink
from vtonlab.imaging.write import encode_picture, write_bytes, write_picture


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG", ".webp"])
def test_written_pictures_are_read_back(tmp_path, suffix, scene):
    path = tmp_path / f"out{suffix}"
    write_picture(path, scene, source_type=SourceType.COMPOSITE)
    assert distance(read_picture(path), scene) < 3
    assert names_in(tmp_path) == [path.name]


def test_grey_masks(tmp_path):
    mask = np.zeros((20, 30), np.uint8)
    mask[5:, 5:] = 255
    write_picture(tmp_path / "mask.png", mask)
    with Image.open(tmp_path / "mask.png") as image:
        assert image.mode == "L"
    assert np.array_equal(read_picture(tmp_path / "mask.png")[..., 0], mask)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("source_type", SourceType)
def test_a_picture_tells_how_it_was_made(suffix, source_type, scene):
    data = encode_picture(scene, suffix, source_type=source_type)
    assert read_source_type(data) == f"http://cv.iptc.org/newscodes/digitalsourcetype/{source_type.value}"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_nothing_else_is_told(suffix, scene):
    assert read_source_type(encode_picture(scene, suffix)) is None
    image = Image.open(io.BytesIO(encode_picture(scene, suffix)))
    assert not set(image.info) & {"exif", "icc_profile", "xmp", "comment", "photoshop"}


@pytest.mark.parametrize(
    "spelling",
    [
        b"<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/composite</x>",
        b"<Iptc4xmpExt:DigitalSourceType rdf:resource='http://cv.iptc.org/newscodes/digitalsourcetype/composite'/>",
        b'Iptc4xmpExt:DigitalSourceType = "http://cv.iptc.org/newscodes/digitalsourcetype/composite"',
    ],
)
def test_every_spelling_of_xmp(spelling, scene):
    assert read_source_type(encode(scene, "JPEG", xmp=spelling)) == SourceType.COMPOSITE.uri


def test_the_packet_is_well_formed():
    assert ET.fromstring(make_xmp(SourceType.COMPOSITE)) is not None


def test_problems_are_ours(tmp_path, scene):
    with pytest.raises(FileProblem, match=r"\.png, \.jpg or \.webp"):
        write_picture(tmp_path / "out.bmp", scene)
    with pytest.raises(FileProblem, match="no folder"):
        write_picture(tmp_path / "none" / "out.png", scene)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(FileProblem, match="folder"):
        write_picture(tmp_path / "folder.png", scene)
    with pytest.raises(FileProblem, match="WEBP"):
        write_picture(tmp_path / "wide.webp", np.zeros((1, 17000, 3), np.uint8))
    assert names_in(tmp_path) == ["folder.png"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch, scene):
    path = tmp_path / "out.png"
    write_picture(path, scene)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FileProblem, match="disk full"):
        write_bytes(path, b"half")
    assert path.read_bytes() == before
    assert names_in(tmp_path) == ["out.png"]


def test_thumbnails(scene):
    data = encode(scene, "PNG")
    thumbnail = read_picture(make_thumbnail(data, 48))
    assert thumbnail.shape == (32, 48, 3)
    assert distance(thumbnail, shrink(scene, 48)) < 6
    assert shrink(scene, 500) is scene
    assert shrink(np.zeros((3000, 2, 3), np.uint8), 100).shape == (100, 1, 3)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
