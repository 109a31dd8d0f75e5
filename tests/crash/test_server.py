"""``vtonlab serve`` itself, killed with all its processes while pictures come in over HTTP, and started again."""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.crash.house import draw
from tests.crash.looking import ask, look_at_everything, look_at_what_is_served

from vtonlab.settings import PREFIX

SCRIPT = Path(sys.executable).with_name("vtonlab")
CLIENTS = 3


@contextmanager
def serve(data: Path) -> Iterator[str]:
    """The address of a server over ``data``; it and all its processes are killed at the end."""
    words = [SCRIPT, "serve", "--no-browser", "--port", "0", "--data", data]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | {"LANG": "C.UTF-8"}
    with subprocess.Popen(
        list(map(str, words)), stderr=subprocess.PIPE, text=True, env=kept, start_new_session=True
    ) as process:
        assert process.stderr is not None
        said = []
        try:
            for line in process.stderr:
                said.append(line)
                if found := re.search(r"VTON Lab: (http://\S+)/", line):
                    threading.Thread(target=process.stderr.read, daemon=True).start()  # so that it never waits for us
                    yield found[1]
                    break
            else:
                pytest.fail("".join(said))
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def upload(address: str, seed: int, answered: dict[str, int], begun: threading.Event) -> None:
    """Save pictures one after the other until the server is gone."""
    chance = random.Random(seed)
    with httpx.Client(base_url=address, timeout=20, trust_env=False) as client:
        while True:
            number = chance.randrange(10**9)
            files = [("file", (f"{number}.jpg", draw(number), "image/jpeg"))]
            try:
                answer = client.post("/api/upload-file", files=files, data={"category": "clothes"})
            except httpx.HTTPError:
                return
            assert answer.status_code == 200, answer.text
            answered[answer.json()["imageId"]] = number
            begun.set()


def kill_while_uploading(data: Path, seed: int, seconds: float) -> dict[str, int]:
    """The pictures that were answered, and what each was drawn from."""
    answered: dict[str, int] = {}
    begun = threading.Event()
    with serve(data) as address:
        clients = [
            threading.Thread(target=upload, args=(address, seed + place, answered, begun)) for place in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        assert begun.wait(60)
        threading.Event().wait(seconds)
    for client in clients:
        client.join()
    return answered


def look_through_the_server(data: Path, answered: dict[str, int]) -> None:
    """Every picture that was answered is there, every listed one is whole, and nothing else is in the folder."""
    with serve(data) as address, httpx.Client(base_url=address, timeout=20, trust_env=False) as client:
        listed: dict[str, Any] = {}
        page = 1
        while images := client.get("/api/images", params={"page": page, "per_page": 100}).json()["images"]:
            listed |= {image["id"]: image for image in images}
            page += 1
        assert answered.keys() <= listed.keys()
        hashes = {row["id"]: row["content_hash"] for row in ask(data, "SELECT id, content_hash FROM images")}
        for image_id, image in listed.items():
            served = client.get(image["preview_url"])
            assert served.status_code == 200
            assert hashlib.sha256(served.content).hexdigest() == hashes[image_id]
            assert client.get(image["thumbnail_url"]).status_code == 200
    look_at_everything(data)


def live_and_die(data: Path, seed: int, times: int) -> None:
    if not SCRIPT.exists():
        pytest.skip("the package is not installed (pip install -e . --no-deps)")
    chance = random.Random(seed)
    answered: dict[str, int] = {}
    for life in range(times):
        answered |= kill_while_uploading(data, seed + 100 * life, chance.uniform(0.2, 1.5))
        look_at_what_is_served(data)
    look_through_the_server(data, answered)


def test_the_server_is_killed_while_pictures_come_in(tmp_path):
    live_and_die(tmp_path / "data", 1, times=1)


@pytest.mark.deep
@pytest.mark.parametrize("place", range(12))
def test_the_server_is_killed_again_and_again(tmp_path, place):
    seed = random.SystemRandom().randrange(10**9)
    live_and_die(tmp_path / "data", seed, times=3)
