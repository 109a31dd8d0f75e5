"""The machine stops while a service draws a batch, or while its pictures are kept: it is bought once, every picture is
there once, and none is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crash.batches import PROMPTS
from tests.crash.conftest import Send
from tests.crash.looking import ask, files, files_of, look_at_what_is_served
from tests.fakes.gemini import FakeGemini

USUAL = [("batch.remembering", 2), ("batch.before_commit", 4)]
"""``remembering`` for the second time: the service has it, and nobody knows its name for it."""
OTHERS = [
    ("batch.remembering", 1),
    ("batch.handed_in", 1),
    ("batch.remembered", 1),
    ("batch.ended", 1),
    ("batch.picture_kept", 2),
    ("task.before_finish", 1),
    ("task.finished", 1),
    *(("ingest.thumbnails_kept", times) for times in range(1, 7)),
    *(("batch.files_kept", times) for times in (1, 3, 6)),
    *(("batch.before_commit", times) for times in (1, 2, 6)),
]


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as fake:
        fake.size, fake.scale = (64, 64), 1.0
        fake.batch.polls = 0
        yield fake


def look_at_batch(folder: Path, fake: FakeGemini) -> None:
    look_at_what_is_served(folder)
    assert len(fake.batches.all) == 1, "bought once"
    (batch,) = ask(folder, "SELECT * FROM generation_batches")
    (task,) = ask(folder, "SELECT * FROM tasks WHERE is_hidden = 0")
    prompts = ask(folder, "SELECT * FROM generation_prompts ORDER BY number")
    assert (task["status"], batch["succeeded"], batch["failed"]) == ("succeeded", len(PROMPTS), 0)
    assert (batch["round"], batch["is_over"]) == (1, 1)
    assert [(row["prompt"], row["status"]) for row in prompts] == [(prompt, "succeeded") for prompt in PROMPTS]
    pictures = {row["id"]: row for row in ask(folder, "SELECT * FROM images WHERE category = 'generated'")}
    assert sorted(row["image_id"] for row in prompts) == sorted(pictures)
    for row in prompts:
        context = json.loads(pictures[row["image_id"]]["context_info"])
        assert (context["index"], context["prompt"]) == (row["number"], row["prompt"])
    assert [one["image_id"] for one in json.loads(task["result"])["images"]] == [row["image_id"] for row in prompts]
    kept = {key for row in ask(folder, "SELECT * FROM images") for key in files_of(row["storage_key"])}
    assert files(folder) == kept
    assert not ask(folder, "SELECT * FROM generation_stops")


def draw_on(driver: Send, data: Path, log: Path, fake: FakeGemini) -> None:
    look_at_what_is_served(data)
    answer = driver(folder=data, log=log, action="draw_on", seed=fake.address)
    assert answer["status"] == 0, log.read_text()
    look_at_batch(data, fake)


@pytest.mark.deep
def test_not_killed(driver, data, tmp_path, fake):
    log = tmp_path / "log"
    assert driver(folder=data, log=log, action="draw_batch", seed=fake.address)["status"] == 0, log.read_text()
    assert len(ask(data, "SELECT * FROM departures")) == 1
    draw_on(driver, data, log, fake)


@pytest.mark.parametrize(("point", "times"), USUAL + [pytest.param(*place, marks=pytest.mark.deep) for place in OTHERS])
def test_killed(driver, data, tmp_path, fake, point, times):
    log = tmp_path / "log"
    answer = driver(folder=data, log=log, action="draw_batch", seed=fake.address, point=point, times=times)
    assert answer["killed"], f"{point} was not reached\n{log.read_text()}"
    draw_on(driver, data, log, fake)


@pytest.mark.deep
@pytest.mark.parametrize("seconds", [0.3 + 0.15 * step for step in range(20)])
def test_killed_at_any_moment(driver, data, tmp_path, fake, seconds):
    """Whatever it was doing; what was asked for before is drawn."""
    log = tmp_path / "log"
    driver(folder=data, log=log, action="draw_batch", seed=fake.address, seconds=seconds)
    if ask(data, "SELECT * FROM generation_batches"):
        draw_on(driver, data, log, fake)
    else:
        assert not fake.batches.all
