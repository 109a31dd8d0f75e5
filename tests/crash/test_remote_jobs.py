"""``vtonlab serve`` killed with all its processes while a paid service works for it, and started again: the fitting
ends by itself, and nothing is bought twice. Server, database and HTTP are real; the services are our fakes of them."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.crash.looking import ask
from tests.fakes import fashn, gemini
from tests.fakes.errand import textured
from tests.fakes.fashn import FakeFashn
from tests.fakes.gemini import FakeGemini
from tests.fakes.serving import Exchange

from vtonlab.imaging.write import encode_picture
from vtonlab.settings import PREFIX

SCRIPT = Path(sys.executable).with_name("vtonlab")
SECONDS = 60

SITE = '''"""Kills whoever gets to a place in the program."""
import os, signal

wanted, once = os.environ.get("KILL_AT"), os.environ.get("KILL_ONCE", "")
if wanted:
    from vtonlab import crash_points

    def kill(name):
        if name == wanted and not os.path.exists(once):
            open(once, "w").close()
            os.killpg(0, signal.SIGKILL)

    crash_points.listen(kill)
'''
"""A ``sitecustomize`` module: it is imported by every process of the server."""


@dataclass
class Server:
    process: subprocess.Popen[str]
    address: str

    def kill(self, how: signal.Signals) -> None:
        """It and all its processes, at once; or asked to end."""
        if how is signal.SIGTERM:
            self.process.terminate()
        else:
            os.killpg(self.process.pid, how)


@contextmanager
def serve(data: Path, **variables: str) -> Iterator[Server]:
    """A server over ``data`` with settings (with prefix where they are ours), dead at the end."""
    words = [SCRIPT, "serve", "--no-browser", "--port", "0", "--data", data]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | {"LANG": "C.UTF-8"}
    settings = {"VTONLAB_TASK_LEASE_SECONDS": "3", "VTONLAB_HEALTH_SECONDS": "3600"}
    with subprocess.Popen(
        list(map(str, words)),
        stderr=subprocess.PIPE,
        text=True,
        env=kept | settings | variables,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        said = []
        try:
            for line in process.stderr:
                said.append(line)
                if found := re.search(r"VTON Lab: (http://\S+)/", line):
                    threading.Thread(target=process.stderr.read, daemon=True).start()  # so that it never waits for us
                    yield Server(process, found[1])
                    break
            else:
                pytest.fail("".join(said))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def order_fitting(server: Server, engine: str, *, is_outfit: bool = False) -> str:
    """The id of a task that asks ``engine`` for a fitting; its pictures are uploaded before."""
    with httpx.Client(base_url=server.address, timeout=30, trust_env=False) as client:
        names = []
        for category, picture in (("char", textured(300, 400, 1)), ("clothes", textured(200, 260, 2))):
            files = [("file", (f"{category}.png", encode_picture(picture, ".png"), "image/png"))]
            answer = client.post("/api/upload-file", files=files, data={"category": category})
            assert answer.status_code == 200, answer.text
            names.append(answer.json()["imageId"])
        wanted: dict[str, Any] = {"human_image": names[0], "engine": engine}
        if is_outfit:
            wanted["outfit"] = [{"garment_image": names[1], "garment_kind": kind} for kind in ("upper", "lower")]
        else:
            wanted |= {"garment_image": names[1], "garment_kind": "upper"}
        answer = client.post("/api/v1/tryon", json=wanted)
        assert answer.status_code == 202, answer.text
        task_id: str = answer.json()["id"]
        return task_id


def wait_until(is_so: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + SECONDS
    while not (found := is_so()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


def ended(data: Path, task_id: str) -> sqlite3.Row | None:
    rows = ask(data, "SELECT * FROM tasks WHERE task_id = ?", task_id)
    return rows[0] if rows and rows[0]["status"] in {"succeeded", "failed", "cancelled"} else None


def live_twice(
    data: Path,
    engine: str,
    settings: Mapping[str, str],
    dies: threading.Event | None,
    how: signal.Signals = signal.SIGKILL,
    *,
    is_outfit: bool = False,
) -> sqlite3.Row:
    """Ask for a fitting, die when ``dies`` is set (or at ``KILL_AT``), and live again until the task has ended."""
    if not SCRIPT.exists():
        pytest.skip("the package is not installed (pip install -e . --no-deps)")
    with serve(data, **settings) as server:
        task_id = order_fitting(server, engine, is_outfit=is_outfit)
        if dies is not None:
            assert dies.wait(SECONDS), "it never came to that"
            server.kill(how)
        server.process.wait(SECONDS)
    assert ended(data, task_id) is None, "it was cut off"
    with serve(data, **settings):
        found: sqlite3.Row = wait_until(lambda: ended(data, task_id), "the task never ended")
    return found


class Watched(FakeFashn):
    """Says when something was asked of it, before it answers. Then it waits, so that no answer outruns the killing."""

    def __init__(self, moment: str, **knobs: Any) -> None:
        super().__init__(**knobs)
        self.moment = moment
        self.reached = threading.Event()
        self.questions = 0

    def _stop_at(self, moment: str) -> None:
        if moment == self.moment and not self.reached.is_set():
            self.reached.set()
            self.closing.wait(1.5)

    def get(self, exchange: Exchange) -> None:
        if exchange.path.startswith("/v1/status/"):
            self.questions += 1
            self._stop_at(
                "kept" if self.questions == 1 else "asking" if len(self.jobs) == 1 else "asking for the second"
            )
        elif exchange.path.startswith("/pictures/"):
            self._stop_at("fetching")
        super().get(exchange)

    def _take(self, exchange: Exchange, word: str) -> None:
        if self.moment == "ordered":
            # Bought, and the answer never arrives.
            super()._take(exchange, "lose") if self.reached.is_set() else self._hold(exchange)
        else:
            super()._take(exchange, word)

    def _hold(self, exchange: Exchange) -> None:
        self.bought += 1
        self._stop_at("ordered")
        exchange.drop()


def look_at_what_was_sent(data: Path, fake: FakeFashn | FakeGemini, times: int = 1) -> None:
    """One purchase (or so many), and as many lines in the log of what left."""
    assert (fake.asked, fake.bought) == (times, times)
    departures = ask(data, "SELECT * FROM departures")
    assert [(row["host"], row["pictures"]) for row in departures] == [(fake.host, 2)] * times
    (spent,) = ask(data, "SELECT * FROM spendings")
    assert spent["pictures"] == times


def settings_for(fake: FakeFashn, **more: str) -> dict[str, str]:
    return {"VTONLAB_FASHN_URL": fake.url, "VTONLAB_FASHN_API_KEY": fashn.KEY} | more


def look_at_the_fitting(data: Path, task: sqlite3.Row) -> None:
    """It is there once, whole."""
    assert task["status"] == "succeeded", task["error"]
    assert task["attempts"] >= 2
    (history,) = ask(data, "SELECT * FROM vton_history")
    assert history["task_id"] == task["task_id"]
    assert history["engine"] == "fashn"
    (result,) = ask(data, "SELECT * FROM images WHERE category = 'vton_results'")
    assert result["id"] == task["image_id"] == history["result_image_id"]
    assert (data / result["storage_key"]).stat().st_size == result["file_size"]


@pytest.mark.parametrize(
    "moment",
    ["asking", pytest.param("kept", marks=pytest.mark.deep), pytest.param("fetching", marks=pytest.mark.deep)],
)
def test_a_bought_fitting_ends_by_itself(tmp_path: Path, moment: str) -> None:
    with Watched(moment) as fake:
        task = live_twice(tmp_path / "data", "fashn", settings_for(fake), fake.reached)
        look_at_the_fitting(tmp_path / "data", task)
        look_at_what_was_sent(tmp_path / "data", fake)


@pytest.mark.deep
def test_of_an_outfit_in_two_runs_neither_is_bought_twice(tmp_path: Path) -> None:
    with Watched("asking for the second") as fake:
        settings = settings_for(fake)
        task = live_twice(tmp_path / "data", "fashn", settings, fake.reached, is_outfit=True)
        look_at_the_fitting(tmp_path / "data", task)
        look_at_what_was_sent(tmp_path / "data", fake, times=2)


@pytest.mark.deep
@pytest.mark.parametrize("moment", ["kept", "asking", "fetching"])
def test_a_server_that_is_asked_to_end_leaves_it_to_the_next(tmp_path: Path, moment: str) -> None:
    with Watched(moment, questions=4) as fake:
        task = live_twice(tmp_path / "data", "fashn", settings_for(fake), fake.reached, signal.SIGTERM)
        look_at_the_fitting(tmp_path / "data", task)
        look_at_what_was_sent(tmp_path / "data", fake)


@pytest.mark.deep
@pytest.mark.parametrize(
    "place", ["tryon.engine_done", "tryon.files_kept", "tryon.before_commit", "task.before_finish"]
)
def test_a_made_picture_is_kept_by_the_next_life(tmp_path: Path, place: str) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "sitecustomize.py").write_text(SITE)
    with FakeFashn() as fake:
        more = {"PYTHONPATH": str(packages), "KILL_AT": place, "KILL_ONCE": str(tmp_path / "killed")}
        task = live_twice(tmp_path / "data", "fashn", settings_for(fake, **more), None)
        look_at_the_fitting(tmp_path / "data", task)
        look_at_what_was_sent(tmp_path / "data", fake)


@pytest.mark.deep
def test_an_order_whose_answer_was_lost_is_not_made_again(tmp_path: Path) -> None:
    with Watched("ordered") as fake:
        task = live_twice(tmp_path / "data", "fashn", settings_for(fake), fake.reached)
        assert task["status"] == "failed"
        assert '"answer_lost"' in task["error"]
        look_at_what_was_sent(tmp_path / "data", fake)


def test_a_service_of_one_call_is_not_called_again(tmp_path: Path) -> None:
    data, called = tmp_path / "data", threading.Event()

    class Hanging(FakeGemini):
        def buy(self, body: Mapping[str, Any], model: str) -> bytes:
            made = super().buy(body, model)
            called.set()
            return made

    with Hanging("hang") as fake:
        settings = {"VTONLAB_GEMINI_URL": fake.address, "VTONLAB_GEMINI_API_KEY": gemini.KEY}
        task = live_twice(data, "gemini", settings, called)
        assert task["status"] == "failed"
        assert '"answer_lost"' in task["error"]
        look_at_what_was_sent(data, fake)
        assert not ask(data, "SELECT * FROM vton_history")
