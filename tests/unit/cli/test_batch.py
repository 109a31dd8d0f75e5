from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import SCRIPT, paint

PERSONS = {"anna.png": (200, 180, 160), "ben.jpg": (190, 170, 150)}
GARMENTS = {"red shirt.png": (150, 40, 40), "skirt.jpg": (40, 60, 120), "coat.webp": (60, 60, 60)}


@pytest.fixture
def folders(tmp_path):
    for name, colour in PERSONS.items():
        paint(tmp_path / "persons" / name, colour)
    for name, colour in GARMENTS.items():
        paint(tmp_path / "garments" / name, colour)
    (tmp_path / "persons" / "README.txt").write_text("about these pictures")
    return tmp_path


def call(*more: str) -> list[str]:
    return ["batch", "--persons", "persons", "--garments", "garments", "-o", "out", "--engine", "paint", *more]


def results(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    told = json.loads((folder / "out" / "results.json").read_text())
    return {(pair["person"], pair["garment"]): pair for pair in told["pairs"]}


def times(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*.jpg")}


def test_every_person_in_every_garment(vtonlab, folders):
    done = vtonlab(*call(), PAINT_LOG=str(folders / "log"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "out/index.html"
    assert "6 of 6 fittings done, 0 failed" in done.stderr
    pairs = results(folders)
    assert len(pairs) == 6
    for pair in pairs.values():
        assert (folders / "out" / pair["picture"]).is_file()
    assert sorted((folders / "log").read_text().split()) == ["garment"] * 3 + ["person"] * 2, (
        "each picture analysed once"
    )

    page = (folders / "out" / "index.html").read_text()
    assert page.count("<img") == 6 + 2 + 3
    for source in [part.split('"')[0] for part in page.split('src="')[1:]]:
        assert (folders / "out" / source.replace("%20", " ")).is_file()
    assert str(folders) not in page


def test_finished_pairs_are_not_made_again(vtonlab, folders):
    assert vtonlab(*call()).returncode == 0
    before = times(folders / "out" / "pictures")
    (folders / "out" / "pictures" / "anna" / "coat.jpg").unlink()
    paint(folders / "garments" / "skirt.jpg", (90, 10, 120))
    done = vtonlab(*call(), PAINT_LOG=str(folders / "log"))
    assert "6 of 6 fittings done" in done.stderr
    after = times(folders / "out" / "pictures")
    assert {name for name in after if after[name] != before.get(name)} == {
        "anna/coat.jpg",
        "anna/skirt.jpg",
        "ben/skirt.jpg",
    }
    assert (folders / "log").read_text().split() == ["garment"], "only the changed skirt is looked at again"
    assert vtonlab(*call("--fresh"), PAINT_LOG=str(folders / "log")).returncode == 0
    assert len((folders / "log").read_text().split()) == 1 + 5


def test_failing_pairs_do_not_stop_the_rest(vtonlab, folders):
    (folders / "persons" / "text.jpg").write_text("not a picture")
    paint(folders / "garments" / "nothing.png", (0, 0, 0))
    paint(folders / "garments" / "slow.png", (0, 255, 0))
    paint(folders / "garments" / "odd.png", (255, 0, 0))
    done = vtonlab(*call("--jobs", "2"))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr
    pairs = results(folders)
    assert len(pairs) == 18
    codes = {(person, garment): pair.get("error", {}).get("code") for (person, garment), pair in pairs.items()}
    for garment in ("red shirt", "skirt", "coat", "nothing", "slow", "odd"):
        assert codes["text", garment] == "image_unreadable"
    for person in ("anna", "ben"):
        assert codes[person, "nothing"] == "garment_not_understood"
        assert codes[person, "slow"] == "engine_timeout"
        assert codes[person, "odd"] == "engine_fault"
        assert codes[person, "coat"] is None
    assert "text.jpg is not a picture we can read" in done.stderr
    assert "6 of 18 fittings done, 12 failed" in done.stderr
    assert "No garment could be made out" in (folders / "out" / "index.html").read_text()


def test_a_worker_that_dies_takes_only_its_pair_with_it(vtonlab, folders):
    paint(folders / "garments" / "deadly.png", (0, 0, 255))
    done = vtonlab(*call("--jobs", "2"), timeout=120)
    assert done.returncode == 0, done.stderr
    for (_, garment), pair in results(folders).items():
        assert (pair["status"] == "failed") == (garment == "deadly"), pair


def test_when_nothing_works(vtonlab, tmp_path):
    paint(tmp_path / "persons" / "p.png", (0, 0, 0))
    paint(tmp_path / "garments" / "g.png", (99, 99, 99))
    assert vtonlab(*call()).returncode == 3


def test_folders_that_are_not_there_or_empty(vtonlab, folders):
    assert vtonlab("batch", "--persons", "nowhere", "--garments", "garments", "-o", "out").returncode == 2
    (folders / "bare").mkdir()
    done = vtonlab("batch", "--persons", "bare", "--garments", "garments", "-o", "out")
    assert done.returncode == 2
    assert "no pictures in this folder" in done.stderr


def test_two_pictures_of_one_stem(vtonlab, tmp_path):
    paint(tmp_path / "persons" / "p.png", (200, 180, 160))
    paint(tmp_path / "garments" / "a.png", (99, 99, 99))
    paint(tmp_path / "garments" / "a.jpg", (20, 99, 99))
    assert vtonlab(*call()).returncode == 0
    assert set(results(tmp_path)) == {("p", "a.jpg"), ("p", "a.png")}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopping_keeps_what_is_done(environment, folders, how):
    with subprocess.Popen(
        [str(SCRIPT), *call("--jobs", "1")],
        cwd=folders,
        env=environment | {"PAINT_SLEEP": "0.5"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        first = folders / "out" / "pictures" / "anna"
        wait_for(lambda: first.exists() and any(first.iterdir()))
        if how == signal.SIGINT:
            os.killpg(process.pid, how)  # a terminal sends Ctrl+C to the workers too
        else:
            process.send_signal(how)
        _, said = process.communicate(timeout=40)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "goes on where it stopped" in said
    assert (folders / "out" / "index.html").exists()
    assert not list((folders / "out").rglob("*.part"))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to see the workers")
def test_workers_end_with_their_parent(environment, folders):
    with subprocess.Popen(
        [str(SCRIPT), *call("--jobs", "1")],
        cwd=folders,
        env=environment | {"PAINT_SLEEP": "0.5", "MARK_OF_THIS_TEST": str(folders)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_for(lambda: any((folders / "out" / "pictures").rglob("*.jpg")))
        process.kill()
    assert wait_for(lambda: not processes_with(f"MARK_OF_THIS_TEST={folders}"))


def wait_for(condition: Callable[[], bool], seconds: float = 40) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def processes_with(variable: str) -> list[str]:
    """Processes whose environment holds ``variable``."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if variable.encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:  # gone, or somebody else's
            continue
    return found
