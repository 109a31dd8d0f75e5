"""Pictures' bytes over a real server and real sockets: what it does with files it is told to send, and with clients
that go away."""

from __future__ import annotations

import io
import socket
import time
import zipfile
from collections.abc import Iterator

import httpx
import pytest
from tests.api.pictures import draw
from tests.live import LiveServer

PICTURES = 6


@pytest.fixture
def browser(live_server: LiveServer) -> Iterator[httpx.Client]:
    """Signed in as the machine's own user."""
    with httpx.Client(base_url=live_server.address, trust_env=False, timeout=30) as client:
        own = {"Origin": live_server.address, "Sec-Fetch-Site": "same-origin"}
        assert client.post("/api/v1/auth/local", headers=own).status_code == 200
        yield client


@pytest.fixture
def large(browser: httpx.Client) -> tuple[str, bytes]:
    """The address and the bytes of a picture that is sent from where it lies."""
    for seed in range(PICTURES):
        file = {"file": ("noise.jpg", draw(900, 700, seed=50 + seed), "image/jpeg")}
        kept = browser.post("/api/upload-file", files=file).json()
    address = f"/api/user/current/images/clothes/{kept['filename']}"
    data = browser.get(address).content
    assert len(data) == kept["fileSize"] > 256 * 1024
    return address, data


def test_whole_part_and_nothing(browser: httpx.Client, large: tuple[str, bytes]) -> None:
    address, data = large
    for _ in range(2):
        whole = browser.get(address)
        assert (whole.status_code, whole.content) == (200, data)
        assert whole.headers["content-length"] == str(len(data))
    head = browser.head(address)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(data)))
    part = browser.get(address, headers={"Range": "bytes=1000-300000"})
    assert (part.status_code, part.content) == (206, data[1000:300001])
    same = browser.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    beyond = browser.get(address, headers={"Range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond.content) == (416, b"")


def test_a_zip_that_nobody_waits_for_is_given_up(
    browser: httpx.Client, large: tuple[str, bytes], live_server: LiveServer
) -> None:
    cookie = f"vtonlab_session={browser.cookies['vtonlab_session']}"
    request = (
        "POST /api/v1/library/download HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{live_server.port}\r\nCookie: {cookie}\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )
    for _ in range(4):  # of which only two may be made at a time
        with socket.create_connection(("127.0.0.1", live_server.port), timeout=30) as gone:
            gone.sendall(request.encode())
            assert gone.recv(4096).startswith((b"HTTP/1.1 200", b"HTTP/1.1 429"))
    for _ in range(100):
        answer = browser.post("/api/v1/library/download", json={})
        if answer.status_code == 200:
            break
        time.sleep(0.1)
    assert answer.status_code == 200
    assert len(zipfile.ZipFile(io.BytesIO(answer.content)).namelist()) >= PICTURES + 1
    assert not [line for line in live_server.said if "Traceback" in line]
