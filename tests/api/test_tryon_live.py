"""Try-ons and previews over the real server: people who go away, and several at once."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from tests.api.fittings import person, shirt
from tests.live import LiveServer, serve

PREVIEW = "/api/v1/tryon/preview"
TRY_ON = "/api/vton/tryon"


@pytest.fixture(scope="module")
def home_server() -> Iterator[LiveServer]:
    with serve("--mode", "local", workers="1") as server:
        yield server


@pytest.fixture(scope="module")
def open_server() -> Iterator[LiveServer]:
    with serve("--mode", "server", workers="1") as server:
        yield server


def keep(client: httpx.Client, photo: bytes, category: str) -> str:
    answer = client.post(
        "/api/upload-file", files={"file": ("photo.jpg", photo, "image/jpeg")}, data={"category": category}
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["filename"])


def visit(server: LiveServer) -> httpx.Client:
    return httpx.Client(base_url=server.address, trust_env=False, timeout=60)


def send(server: LiveServer, path: str, body: dict[str, Any]) -> socket.socket:
    """A connection on which ``body`` was sent, and of which nothing was read yet."""
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    connection.sendall(head.encode() + f"Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return connection


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def left(server: LiveServer, path: str) -> int:
    """How many went away from ``path`` before the answer, by the log."""
    return sum(f"POST {path} 499" in line for line in server.said)


def test_previews_that_nobody_waits_for_are_not_made(home_server: LiveServer) -> None:
    with visit(home_server) as client:
        human = keep(client, person(), "char")
        garments = [keep(client, shirt(step), "clothes") for step in range(1, 5)]
        waiting = [send(home_server, PREVIEW, {"human_image": human, "garment_image": name}) for name in garments]
        for connection in waiting:
            connection.close()
        # The first one may have been made by then; of those that went before they were heard nothing is written.
        until(lambda: left(home_server, PREVIEW) >= 1)
        assert sum(f"POST {PREVIEW} 200" in line for line in home_server.said) <= 1
        answer = client.post(PREVIEW, json={"human_image": human, "garment_image": garments[0]})
        assert answer.status_code == 200


def test_who_goes_away_stops_the_wait_and_not_the_task(home_server: LiveServer) -> None:
    with visit(home_server) as client:
        body = {
            "human_image": keep(client, person(), "char"),
            "garment_image": keep(client, shirt(6), "clothes"),
        }
        before = client.get("/api/vton/history").json()["total"]
        tasks = client.get("/api/v1/tasks?kind=tryon").json()["total"]
        connection = send(home_server, TRY_ON, body)
        until(lambda: client.get("/api/v1/tasks?kind=tryon").json()["total"] > tasks)
        connection.close()
        until(lambda: client.get("/api/vton/history").json()["total"] > before)


def test_guests_of_a_server_ask_at_once_and_each_gets_their_own(open_server: LiveServer) -> None:
    def ask(number: int) -> dict[str, Any]:
        with visit(open_server) as guest:
            body = {
                "human_image": keep(guest, person(), "char"),
                "garment_image": keep(guest, shirt(number), "clothes"),
            }
            answer = guest.post(TRY_ON, json=body | {"seed": None})
            assert answer.status_code == 200, answer.text
            told: dict[str, Any] = answer.json()["result"]
            assert told["garment_image"] == body["garment_image"]
            assert guest.get("/api/vton/history").json()["total"] == 1
            return told

    with ThreadPoolExecutor(5) as people:
        told = list(people.map(ask, range(5)))
    assert len({one["vton_id"] for one in told}) == 5
    assert len({one["result_image"] for one in told}) == 5
    with visit(open_server) as stranger:
        assert stranger.get(told[0]["mask_url"]).status_code == 401
        assert stranger.get("/api/vton/history").json()["history"] == []
