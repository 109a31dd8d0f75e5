"""The machine stops in mid-job: each fitting is finished by whoever comes next, with exactly one result."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from tests.crash.conftest import Send
from tests.crash.looking import ask, files, files_of, look_at_what_is_served

ASKED = 5
"""Fittings that ``fit`` asks for, besides the group."""
POINTS = (
    "tryon.engine_done",
    "ingest.file_begun",
    "ingest.file_kept",
    "ingest.thumbnails_kept",
    "tryon.files_kept",
    "task.before_finish",
    "tryon.before_commit",
    "task.finished",
)


def look_at_fittings(folder: Path) -> None:
    """Every task has succeeded with one picture, one mask, one line of history and one of the journal; and there is no
    file besides."""
    look_at_what_is_served(folder)
    tasks = ask(folder, "SELECT * FROM tasks WHERE is_hidden = 0")
    assert Counter(row["status"] for row in tasks) == {"succeeded": ASKED + 1}
    made = [row for row in tasks if row["lane"] != "(group)"]
    history = ask(folder, "SELECT * FROM vton_history")
    assert Counter(row["task_id"] for row in history) == Counter(row["task_id"] for row in made)
    results = {row["id"]: row for row in ask(folder, "SELECT * FROM images WHERE category = 'vton_results'")}
    assert {row["result_image_id"] for row in history} == {row["image_id"] for row in made} == set(results)
    noted = ask(folder, "SELECT * FROM changes WHERE entity = 'history'")
    assert Counter(row["entity_id"] for row in noted) == Counter(row["id"] for row in history)
    assert {json.loads(row["result"])["vton_id"] for row in made} == {row["id"] for row in history}
    expected = {key for row in ask(folder, "SELECT * FROM images") for key in files_of(row["storage_key"])}
    for row in history:
        expected.add(row["mask_image"])
        if row["layer_key"]:
            expected.add(row["mask_image"].replace("/masks/", "/layers/"))
    assert {key for key in files(folder) if "/analyses/" not in key} == expected


def open_again(driver: Send, data: Path, log: Path) -> None:
    look_at_what_is_served(data)
    answer = driver(folder=data, log=log, action="open_again")
    assert answer["status"] == 0, log.read_text()
    look_at_fittings(data)


def test_not_killed(driver, data, tmp_path):
    log = tmp_path / "log"
    assert driver(folder=data, log=log, action="fit")["status"] == 0, log.read_text()
    look_at_fittings(data)
    assert len(ask(data, "SELECT * FROM departures")) == 2, "one for each run of the outfit elsewhere"
    open_again(driver, data, log)


@pytest.mark.parametrize("point", ["tryon.engine_done", "ingest.file_kept", "tryon.files_kept", "tryon.before_commit"])
def test_killed_in_mid_job(driver, data, tmp_path, point):
    log = tmp_path / "log"
    # The three pictures that are uploaded pass some of the places, too.
    times = 4 if point.startswith("ingest.") else 1
    answer = driver(folder=data, log=log, action="fit", point=point, times=times)
    assert answer["killed"], f"{point} was not reached\n{log.read_text()}"
    open_again(driver, data, log)


@pytest.mark.deep
@pytest.mark.parametrize("times", range(1, 6))
@pytest.mark.parametrize("point", POINTS)
def test_killed_there_a_later_time(driver, data, tmp_path, point, times):
    log = tmp_path / "log"
    driver(folder=data, log=log, action="fit", point=point, times=times + (3 if point.startswith("ingest.") else 0))
    open_again(driver, data, log)


def test_killed_again_and_again(driver, data, tmp_path):
    """Also the one who took over."""
    log = tmp_path / "log"
    assert driver(folder=data, log=log, action="fit", point="tryon.files_kept")["killed"]
    assert driver(folder=data, log=log, action="open_again", point="tryon.before_commit", times=2)["killed"]
    open_again(driver, data, log)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(40))
def test_killed_at_any_moment(driver, data, tmp_path, seed):
    log = tmp_path / "log"
    chance = random.Random(seed)
    driver(folder=data, log=log, action="fit", seconds=chance.uniform(0.7, 2.5))
    if len(ask(data, "SELECT * FROM tasks WHERE is_hidden = 0")) == ASKED + 1:
        open_again(driver, data, log)
