"""The console script with the built-in engine, on drawings: the whole way from files to a picture, and bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from tests.unit.cli.conftest import read

from vtonlab.imaging.mannequin import draw_person, draw_shirt


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawings")
    person, shirt = draw_person(), draw_shirt()
    landscape = np.zeros((512, 384, 3), np.uint8)
    landscape[:300], landscape[300:] = (150, 190, 240), (90, 140, 60)
    pictures = {
        "person": person,
        "shirt": shirt,
        "two": np.concatenate([person, person[:, ::-1]], axis=1),
        "landscape": landscape,
        "blank": np.full((512, 384, 3), 255, np.uint8),
        "noise": np.random.default_rng(3).integers(0, 256, (512, 384, 3), dtype=np.uint8),
    }
    for name, picture in pictures.items():
        Image.fromarray(picture).save(folder / f"{name}.png")
    return folder


def test_a_drawn_person_is_dressed(vtonlab, drawings, tmp_path):
    words = [
        "try-on",
        drawings / "person.png",
        drawings / "shirt.png",
        "-o",
        "out.png",
        "--mask-out",
        "mask.png",
        "--json",
    ]
    done = vtonlab(*words)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "nothing of MediaPipe's own talk"
    told = json.loads(done.stdout)
    assert 0 < told["confidence"] <= 1
    before, after, mask = draw_person(), read(tmp_path / "out.png"), read(tmp_path / "mask.png")[..., 0]
    assert np.array_equal(before[mask == 0], after[mask == 0])
    assert np.array_equal(before[:110], after[:110]), "face and hair"
    chest = after[200:340, 150:234].reshape(-1, 3).mean(0)
    assert chest[0] > chest[2] + 40, "red, no longer blue"


@pytest.mark.parametrize(
    ("person", "garment", "told"),
    [
        ("landscape", "shirt", "No person was found"),
        ("blank", "shirt", "No person was found"),
        ("noise", "shirt", "No person was found"),
        ("person", "blank", "No garment"),
        ("person", "noise", "No garment"),
    ],
)
def test_nobody_and_nothing(vtonlab, drawings, tmp_path, person, garment, told):
    done = vtonlab("try-on", drawings / f"{person}.png", drawings / f"{garment}.png", "-o", "out.png")
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "\nhint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.png").exists()


def test_several_people(vtonlab, drawings):
    done = vtonlab("try-on", drawings / "two.png", drawings / "shirt.png", "-o", "out.png", "--json")
    assert done.returncode == 0, done.stderr
    assert "several_people" in [note["code"] for note in json.loads(done.stdout)["notes"]]


def test_wrong_options(vtonlab, drawings):
    done = vtonlab("try-on", drawings / "person.png", drawings / "shirt.png", "-o", "out.png", "-O", "colour=red")
    assert done.returncode == 2
    assert "colour" in done.stderr


def test_advice(vtonlab, drawings):
    done = vtonlab("advise", drawings / "landscape.png", "--as", "person", "--json")
    assert any(note["level"] == "problem" for note in json.loads(done.stdout)[0]["notes"]), done.stdout
    done = vtonlab("advise", drawings / "person.png", "--as", "person", "--json")
    assert not any(note["level"] == "problem" for note in json.loads(done.stdout)[0]["notes"]), done.stdout
    done = vtonlab("advise", drawings / "blank.png", "--as", "garment", "--json")
    assert any(note["level"] == "problem" for note in json.loads(done.stdout)[0]["notes"]), done.stdout


def test_a_batch_on_two_processes(vtonlab, drawings, tmp_path):
    for folder, names in (("persons", ["person", "two"]), ("garments", ["shirt", "blank"])):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / f"{name}.png").write_bytes((drawings / f"{name}.png").read_bytes())
    done = vtonlab("batch", "--persons", "persons", "--garments", "garments", "-o", "out", "--jobs", "2", timeout=120)
    assert done.returncode == 0, done.stderr
    assert "2 of 4 fittings done, 2 failed" in done.stderr
    one, two = (tmp_path / "out" / "pictures" / name / "shirt.jpg" for name in ("person", "two"))
    assert read(one).shape == (512, 384, 3)
    assert read(two).shape == (512, 768, 3)


def test_what_the_engine_sees(vtonlab, drawings, tmp_path):
    for folder, name in (("persons", "person"), ("garments", "shirt")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.png").write_bytes((drawings / f"{name}.png").read_bytes())
    done = vtonlab("gallery", "persons", "garments", "--analyses", "-o", "seen.png")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "seen.png").exists()
