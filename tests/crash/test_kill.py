"""The machine stops at every named place, and at any other moment: nothing is lost, nothing is there twice, nothing is
half there."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from tests.crash.conftest import Send
from tests.crash.looking import look_at_answers, look_at_everything, look_at_what_is_served

POINTS = {
    "upload": [
        "ingest.file_begun",
        "storage.begun",
        "storage.written",
        "storage.renamed",
        "ingest.file_kept",
        "ingest.thumbnails_kept",
        "ingest.before_commit",
        "ingest.after_commit",
    ],
    "throw_away": ["delete.before_commit", "delete.after_commit"],
    "fetch_back": ["restore.before_commit", "restore.after_commit"],
    "empty": ["delete.before_commit", "delete.after_commit", "delete.files_gone"],
    "work": ["task.claimed", "task.before_finish", "task.finished", "ingest.file_kept", "ingest.thumbnails_kept"],
}
PLACES = [(action, point) for action, points in POINTS.items() for point in points]


def recover(driver: Send, data: Path, log: Path) -> None:
    look_at_what_is_served(data)
    answer = driver(folder=data, log=log, action="recover")
    assert answer["status"] == 0, log.read_text()
    look_at_everything(data)
    look_at_answers(data, log)


@pytest.mark.parametrize(("action", "point"), PLACES)
def test_killed_at_a_named_place(driver, data, tmp_path, action, point):
    log = tmp_path / "log"
    answer = driver(folder=data, log=log, action=action, point=point)
    assert answer["killed"], f"{point} was not reached\n{log.read_text()}"
    recover(driver, data, log)


@pytest.mark.deep
@pytest.mark.parametrize("times", range(2, 7))
@pytest.mark.parametrize(("action", "point"), PLACES)
def test_killed_there_a_later_time(driver, data, tmp_path, action, point, times):
    log = tmp_path / "log"
    driver(folder=data, log=log, action=action, point=point, times=times)
    recover(driver, data, log)


def test_not_killed(driver, data, tmp_path):
    """Everything without a crash: what is looked for is what is there."""
    log = tmp_path / "log"
    for action in POINTS:
        assert driver(folder=data, log=log, action=action)["status"] == 0, log.read_text()
    recover(driver, data, log)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(driver, data, tmp_path, seed):
    lives(driver, data, tmp_path / "log", seed, times=1)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(300))
def test_killed_at_any_moment_many_times(driver, data, tmp_path, seed):
    """Three lives, each killed. Other seeds at every run; CRASH_SEED names those to be seen again."""
    begin = int(os.environ.get("CRASH_SEED", random.SystemRandom().randrange(10**9)))
    print(f"CRASH_SEED={begin}")
    lives(driver, data, tmp_path / "log", begin + seed, times=3)


def lives(driver: Send, data: Path, log: Path, seed: int, times: int) -> None:
    chance = random.Random(seed)
    for life in range(times):
        seconds = chance.choice((chance.uniform(0.05, 0.4), chance.uniform(0.2, 1.5)))
        answer = driver(folder=data, log=log, action="live", seed=f"{seed} {life}", seconds=seconds)
        assert answer["killed"], log.read_text()
        look_at_what_is_served(data)
        look_at_answers(data, log)
    recover(driver, data, log)
