"""The main process of ``vtonlab serve`` alone is killed: all that it started ends too, and nothing is lost by that."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.fittings import person, shirt
from tests.crash.looking import ask
from tests.live import LiveServer, serve

SECONDS = 60
SECONDS_TO_END = 10.0
HOURS = {"seconds": 3600}


def descend(pid: int) -> set[int]:
    """Every process that ``pid`` started, and those that they did."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
            continue
        parents[int(status.parent.name)] = int(told[1])
    found, wanted = set(), {pid}
    while wanted:
        wanted = {child for child, parent in parents.items() if parent in wanted}
        found |= wanted
    return found


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def ask_for_a_long_fitting(server: LiveServer) -> None:
    """One that a process of its own makes."""
    with httpx.Client(base_url=server.address, trust_env=False, timeout=SECONDS) as client:
        names = []
        for photo, category in ((person(), "char"), (shirt(), "clothes")):
            files = {"file": ("photo.jpg", photo, "image/jpeg")}
            answer = client.post("/api/upload-file", files=files, data={"category": category})
            assert answer.status_code == 200, answer.text
            names.append(answer.json()["filename"])
        wanted = {"human_image": names[0], "garment_image": names[1], "engine": "sandbox", "options": HOURS}
        answer = client.post("/api/v1/tryon", json=wanted)
        assert answer.status_code == 202, answer.text


def attempts(data: Path) -> Iterator[int]:
    """Of the tasks that are being worked on, which attempt it is."""
    return (int(row["attempts"]) for row in ask(data, "SELECT * FROM tasks WHERE status = 'running'"))


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="looks for processes as Linux has them")
def test_nothing_outlives_the_main_process(tmp_path):
    settings: dict[str, Any] = {
        "data": str(tmp_path),
        "sandbox_on": "1",
        "task_lease_seconds": "1",
        "health_seconds": "3600",
    }
    with serve("--mode", "server", **settings) as server:
        ask_for_a_long_fitting(server)
        until(lambda: [*attempts(tmp_path)] == [1] and len(descend(server.process.pid)) > 1)
        left = {os.pidfd_open(pid) for pid in descend(server.process.pid)}
        server.process.kill()
        end = time.monotonic() + SECONDS_TO_END
        while left:
            ended, _, _ = select.select(left, [], [], max(0.0, end - time.monotonic()))
            assert ended, f"{len(left)} processes go on"
            for process in ended:
                os.close(process)
            left -= set(ended)
    with serve("--mode", "server", **settings) as server:
        until(lambda: [*attempts(tmp_path)] == [2])
        server.process.kill()
