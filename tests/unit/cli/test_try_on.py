from __future__ import annotations

import json
import struct
import zlib

import numpy as np
import pytest
from tests.unit.cli.conftest import paint, read

from vtonlab.imaging.provenance import SourceType, read_source_type


@pytest.fixture
def person(tmp_path):
    return paint(tmp_path / "me.png", (200, 180, 160))


@pytest.fixture
def garment(tmp_path):
    return paint(tmp_path / "shirt.png", (40, 90, 60))


def test_a_fitting(vtonlab_script, person, garment, tmp_path):
    done = vtonlab_script("try-on", person, garment, "-o", "out.png", "--engine", "paint", "--mask-out", "mask.png")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "out.png\n"
    assert "confidence 0.50" in done.stderr
    assert "Painted." in done.stderr
    picture, mask = read(tmp_path / "out.png"), read(tmp_path / "mask.png")
    assert picture.shape == (128, 96, 3)
    assert tuple(picture[64, 48]) == (40, 90, 60)
    assert np.array_equal((picture != read(person)).any(2), mask[..., 0] > 0)
    assert read_source_type((tmp_path / "out.png").read_bytes()) == SourceType.COMPOSITE.uri


def test_json_is_all_there_is_on_stdout(vtonlab, person, garment):
    done = vtonlab("try-on", person, garment, "-o", "out.webp", "--engine", "paint", "--json", "-O", "strength=0.5")
    told = json.loads(done.stdout)
    assert (told["engine"], told["width"], told["height"], told["confidence"]) == ("paint", 96, 128, 0.5)
    assert told["notes"] == [{"code": "painted", "level": "info", "text": "Painted."}]


def test_the_reader_is_spoken_to_in_chinese(vtonlab, person, garment):
    for words, variables in (
        (["--lang", "zh"], {}),
        ([], {"LANG": "zh_CN.UTF-8"}),
        ([], {"VTONLAB_LANGUAGE": "zh-CN"}),
    ):
        done = vtonlab(*words, "try-on", person, "nothing.png", "-o", "o.png", "--engine", "paint", **variables)
        assert done.returncode == 2
        assert "错误: nothing.png：没有这个文件。\n提示: " in done.stderr
    assert "Painted" not in vtonlab("--lang=zh", "try-on", person, garment, "-o", "o.png", "--engine", "paint").stderr


# ------------------------------------------------------------------------------------------------ what goes wrong


def _inputs(tmp_path):
    """Each bad input with a word of its message."""
    good = paint(tmp_path / "good.jpg", (120, 100, 90)).read_bytes()
    made = {
        "truncated.jpg": (good[: len(good) // 2], "is not a picture"),
        "text.jpg": (b"Dear diary, " * 50, "is not a picture"),
        "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a picture"),
        "archive.png": (b"PK\x03\x04" + b"\x00" * 100, "is not a picture"),
        "empty.png": (b"", "is not a picture"),
    }
    for name, (data, _) in made.items():
        (tmp_path / name).write_bytes(data)
    paint(tmp_path / "tiny.png", (90, 90, 90), (20, 20))
    (tmp_path / "huge.png").write_bytes(_enlarge((tmp_path / "tiny.png").read_bytes(), 20000, 12000))
    return {name: words for name, (_, words) in made.items()} | {
        "tiny.png": "too small",
        "huge.png": "too large",
        "missing.jpg": "no such file",
        ".": "folder",
    }


def _enlarge(png, width, height):
    """The file says that it is of that size, and so it is refused: before it is unpacked."""
    header = b"IHDR" + struct.pack(">2I", width, height) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


def test_bad_pictures_are_told_with_a_hint_and_without_a_trace(vtonlab, person, garment, tmp_path):
    for name, words in _inputs(tmp_path).items():
        for pair in ((name, garment), (person, name))[: 2 if name == "truncated.jpg" else 1]:
            done = vtonlab("try-on", *pair, "-o", "out.png", "--engine", "paint")
            assert done.returncode == 2, (name, done.stderr)
            assert words in done.stderr, (name, done.stderr)
            assert "\nhint: " in done.stderr
            assert "Traceback" not in done.stderr
            assert str(tmp_path) not in done.stderr
            assert done.stdout == ""


def test_a_wrong_extension_does_not_matter(vtonlab, person, garment, tmp_path):
    renamed = garment.rename(tmp_path / "shirt.txt")
    assert vtonlab("try-on", person, renamed, "-o", "out.png", "--engine", "paint").returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--engine", "paint", "--kind", "hat"], 2, "“hat”"),
        (["--engine", "nobody"], 2, "no engine “nobody”"),
        (["--engine", "paint", "-O", "strength"], 2, "KEY=VALUE"),
        (["--engine", "paint", "-O", "colour=red"], 2, "“colour”"),
        (["--engine", "paint", "--frobnicate"], 2, "No such option"),
    ],
)
def test_wrong_calls(vtonlab, person, garment, words, code, told):
    done = vtonlab("try-on", person, garment, "-o", "out.png", *words)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "hint: " in done.stderr


def test_results_that_cannot_be_written(vtonlab, person, garment):
    for output, told in (("none/out.png", "no folder"), ("out.bmp", ".png, .jpg or .webp")):
        done = vtonlab("try-on", person, garment, "-o", output, "--engine", "paint")
        assert (done.returncode, told in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("person_colour", "garment_colour", "code", "told"),
    [
        ((0, 0, 0), (40, 90, 60), 2, "No person was found"),
        ((200, 180, 160), (0, 0, 0), 2, "No garment"),
        ((200, 180, 160), (0, 255, 0), 1, "did not answer"),
        ((200, 180, 160), (255, 0, 0), 1, "failed"),
    ],
)
def test_engine_errors(vtonlab, tmp_path, person_colour, garment_colour, code, told):
    person = paint(tmp_path / "p.png", person_colour)
    garment = paint(tmp_path / "g.png", garment_colour)
    done = vtonlab("try-on", person, garment, "-o", "out.png", "--engine", "paint")
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.png").exists()


def test_debugging_shows_the_trace(vtonlab, person, tmp_path):
    red = paint(tmp_path / "red.png", (255, 0, 0))
    done = vtonlab("try-on", person, red, "-o", "out.png", "--engine", "paint", VTONLAB_DEBUG="1")
    assert "Traceback" in done.stderr
    assert "RuntimeError" in done.stderr
