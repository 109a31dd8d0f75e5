"""Which engine a command uses, what it says of it, whether it may; and who signs what it makes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.cli.conftest import paint

from vtonlab.imaging.manifest import State, read_manifest

SECRET = "http://mei:hunter2@127.0.0.1:1"


@pytest.fixture
def person(tmp_path):
    return paint(tmp_path / "people" / "me.png", (200, 180, 160))


@pytest.fixture
def garment(tmp_path):
    return paint(tmp_path / "clothes" / "shirt.png", (40, 90, 60))


@pytest.fixture
def fashn(tmp_path):
    """Settings of a service that does not answer, and a data folder of one's own."""
    told = {"FASHN_API_KEY": "k", "FASHN_URL": "http://127.0.0.1:1/v1", "FASHN_PRICE": "3", "DATA": tmp_path / "data"}
    return {f"VTONLAB_{name}": str(value) for name, value in told.items()}


def test_every_engine_says_how_it_is_and_has_its_card(vtonlab):
    done = vtonlab("engines", "--json", VTONLAB_ENGINE="paint", VTONLAB_IDM_VTON_URL=SECRET)
    found = {engine["name"]: engine for engine in json.loads(done.stdout)}
    assert (found["instant"]["status"], found["paint"]["status"]) == ("ok", "ok")
    assert [name for name, engine in found.items() if engine["is_default"]] == ["paint"]
    assert found["fashn"]["status"] == "not_set_up"
    assert found["fashn"]["is_paid"] is True
    assert "0.075" in found["fashn"]["card"]["Cost"]
    assert found["fashn"]["card"]["Pictures are sent to"] == "api.fashn.ai"
    assert found["idm_vton"]["status"] == "down"
    assert found["idm_vton"]["commercial_use"] is False
    assert found["idm_vton"]["hint"]
    assert "hunter2" not in done.stdout + done.stderr
    steps = next(option for option in found["idm_vton"]["options"] if option["name"] == "denoise_steps")
    assert steps["description"]


def test_the_list_in_words(vtonlab):
    said = vtonlab("--lang", "zh", "engines", VTONLAB_COMMERCIAL="1").stdout
    assert "instant  即时试衣（本机）  [就绪 · 默认]" in said
    assert "模型权重许可" in said
    assert "[未配置]" in said
    assert "[不允许使用]" in said


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "Set VTONLAB_IDM_VTON_URL"),
        ({"VTONLAB_IDM_VTON_URL": SECRET, "VTONLAB_COMMERCIAL": "1"}, "may not be used commercially (CC BY-NC-SA 4.0)"),
        ({"VTONLAB_IDM_VTON_URL": SECRET}, "is not running"),
    ],
)
def test_what_cannot_serve_or_may_not_is_told(vtonlab, person, garment, tmp_path, variables, told):
    done = vtonlab("try-on", person, garment, "-o", "out.png", "--engine", "idm_vton", **variables)
    assert done.returncode == 1
    assert told in done.stderr
    assert "hunter2" not in done.stderr
    assert not (tmp_path / "out.png").exists()


def test_a_batch_asks_first_whether_it_may(vtonlab, person, garment, tmp_path):
    words = ["batch", "--persons", person.parent, "--garments", garment.parent, "-o", "out", "--engine", "idm_vton"]
    done = vtonlab(*words, VTONLAB_COMMERCIAL="1")
    assert done.returncode == 1
    assert "may not be used commercially" in done.stderr
    assert not (tmp_path / "out" / "results.json").exists()


def test_the_settings_name_the_engine_that_is_asked(vtonlab, person, garment):
    done = vtonlab("try-on", person, garment, "-o", "out.png", VTONLAB_ENGINE="paint")
    assert "by paint" in done.stderr
    done = vtonlab("try-on", person, garment, "-o", "out.png", VTONLAB_ENGINE="nobody")
    assert done.returncode == 2
    assert "no engine “nobody”" in done.stderr


def departures(data: Path) -> list[tuple[object, ...]]:
    """What the log of a data folder says of the machine's own user."""
    query = """SELECT engine, host, pictures, price FROM departures JOIN users USING (user_id)
        WHERE users.kind = 'default' AND bytes > 0 ORDER BY at"""
    with closing(sqlite3.connect(data / "vtonlab.db")) as database:
        return database.execute(query).fetchall()


def test_before_photos_leave_it_is_said_where_they_go_and_written_down(vtonlab, fashn, person, garment, tmp_path):
    words = ["try-on", person, garment, "-o", "out.png", "--engine", "fashn"]
    done = vtonlab(*words, **fashn)
    assert done.returncode == 1
    assert done.stderr.startswith("note: fashn: Pictures are sent to")
    folders = ["--persons", person.parent, "--garments", garment.parent, "-o", "out", "--jobs", "1"]
    assert vtonlab("batch", *folders, "--engine", "fashn", **fashn).returncode == 3
    assert departures(tmp_path / "data") == [("fashn", "127.0.0.1:1", 2, 3.0)]
    done = vtonlab(*words, **fashn, VTONLAB_REMOTE_BUDGET="9", VTONLAB_MODE="server")
    assert "2 pictures" in done.stderr
    assert len(departures(tmp_path / "data")) == 1


def test_nobody_learns_the_price_afterwards(vtonlab, fashn, person, garment, tmp_path):
    paint(person.with_name("other.png"), (10, 20, 30))
    words = ["batch", "--persons", person.parent, "--garments", garment.parent, "-o", "out", "--engine", "fashn"]
    done = vtonlab(*words, **fashn)
    assert done.returncode == 1
    assert "budget for paid engines (5 $)" in done.stderr
    assert not list((tmp_path / "out" / "pictures").iterdir())
    done = vtonlab("try-on", person, garment, "-o", "out.png", "--engine", "fashn", **fashn)
    assert "it is taken to cost 3.00 US dollars (1 × 3.0)" in done.stderr


# ------------------------------------------------------------------------------------------------ signatures


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_pictures_are_signed(vtonlab, person, garment, tmp_path, suffix):
    words = ["try-on", person, garment, "-o", f"out.{suffix}", "--engine", "paint", "--json"]
    told = json.loads(vtonlab(*words, VTONLAB_DATA=str(tmp_path / "data")).stdout)
    assert told["signed"] is True
    anchors = (tmp_path / "data" / "signing" / "root.pem").read_bytes()
    manifest = read_manifest((tmp_path / f"out.{suffix}").read_bytes(), anchors=anchors)
    assert manifest is not None
    assert (manifest.state, manifest.engine) == (State.VALID, "paint")


def test_unless_it_is_not_wanted(vtonlab, person, garment, tmp_path):
    vtonlab("try-on", person, garment, "-o", "out.png", "--engine", "paint", "--no-sign", VTONLAB_DATA="data")
    assert read_manifest((tmp_path / "out.png").read_bytes()) is None
    assert not (tmp_path / "data").exists()


def test_where_there_is_no_place_for_a_key_the_picture_is_made_all_the_same(vtonlab, person, garment, tmp_path):
    (tmp_path / "data").write_text("a file")
    done = vtonlab("try-on", person, garment, "-o", "out.png", "--engine", "paint", VTONLAB_DATA="data")
    assert done.returncode == 0
    assert "warning: The picture is not signed." in done.stderr
    assert read_manifest((tmp_path / "out.png").read_bytes()) is None


def test_a_batch_is_signed_where_that_is_wanted(vtonlab, person, garment, tmp_path):
    words = ["batch", "--persons", person.parent, "--garments", garment.parent, "-o", "out", "--engine", "paint"]
    picture = tmp_path / "out" / "pictures" / "me" / "shirt.jpg"
    assert vtonlab(*words, "--jobs", "1", VTONLAB_DATA="data").returncode == 0
    assert read_manifest(picture.read_bytes()) is None
    assert vtonlab(*words, "--jobs", "1", "--sign", VTONLAB_DATA="data").returncode == 0
    assert read_manifest(picture.read_bytes()) is not None
