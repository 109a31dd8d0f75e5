"""Clients that send half of it, too much of it or nothing that makes sense, over connections to the real server."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.api.house import make_photo
from tests.live import LiveServer, serve

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("broken")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LiveServer]:
    with serve("--mode", "local", data=str(folder), max_upload_bytes="2000000", max_files="2") as server:
        yield server


def talk(server: LiveServer, sent: bytes, *, close: bool = False) -> bytes:
    """What comes back for ``sent``; ``close``: nothing more will come from us."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(sent)
        if close:
            connection.shutdown(socket.SHUT_WR)
        found = b""
        while piece := connection.recv(65_536):
            found += piece
            head, _, body = found.partition(b"\r\n\r\n")
            length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            if length and len(body) >= int(length[0].split(b":")[1]):
                break
        return found


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def request(method: str = "POST", path: str = "/api/upload-file", *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


FORM = "Content-Type: multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'


@pytest.mark.parametrize(
    "sent",
    [
        request(),
        request("POST", "/api/upload-file", "Content-Length: 0"),
        request("POST", "/api/upload-file", FORM, "Content-Length: 0"),
        request("POST", "/api/upload-file", FORM, f"Content-Length: {len(PART)}", body=PART),
        request("POST", "/api/upload-file", "Content-Type: multipart/form-data", "Content-Length: 4", body=b"abcd"),
        request("POST", "/api/login", "Content-Type: application/json", "Content-Length: 2", body=b"{}"),
        request("POST", "/api/login", "Content-Type: text/plain", "Content-Length: 2", body=b"{}"),
        request("POST", "/api/login", "Content-Type: ;;;", "Content-Length: 2", body=b"{}"),
        request("GET", "/api/images", "Content-Length: 9", body=b"some body"),
        request("GET", "/api/images?page=%FF&per_page=%00"),
        request("GET", "/api/images?page=99999999999999999999999"),
        request("GET", "/api/images?cursor=" + "x" * 4_000),
        request("GET", "/api/user/..%2f..%2fetc/images/%2e%2e/passwd"),
        request("GET", "//api//images"),
        request("GET", "/%00"),
        request("GET", "/api/images", "Cookie: vtonlab_session=" + "y" * 5_000),
        request("GET", "/api/images", "Cookie: ;;;=;vtonlab_session"),
        request("GET", "/api/images", "Authorization: Bearer \xff\xfe"),
        request("GET", "/api/images", "Accept-Language: " + ",".join(["zh;q=x"] * 500)),
        request("GET", "/api/images", "X-Forwarded-For: , , ,not-an-address", "X-Forwarded-Proto: javascript"),
        request("PATCH", "/api/images/none", "Content-Type: application/json", "Content-Length: 1", body=b"\xff"),
        request("OPTIONS", "/api/images"),
        request("TRACE", "/api/images"),
        request("PROPFIND", "/"),
    ],
)
def test_strange_requests_are_answered_as_the_clients_mistake_or_as_usual(server: LiveServer, sent: bytes) -> None:
    answer = talk(server, sent)
    assert 200 <= status_of(answer) < 500, answer[:300]


@pytest.mark.parametrize(
    "sent",
    [
        request("POST", "/api/upload-file", FORM, "Content-Length: 5000", body=PART + b"half"),
        request("POST", "/api/upload-clipboard", "Content-Type: application/json", "Content-Length: 99", body=b'{"a'),
        request("POST", "/api/upload-file", FORM, "Transfer-Encoding: chunked", body=b"40\r\n" + PART[:20]),
        request("POST", "/api/upload-file", "Content-Length: -5"),
        request("POST", "/api/upload-file", "Content-Length: 5", "Content-Length: 6", body=b"abcdef"),
        request("POST", "/api/upload-file", "Content-Length: 4", "Transfer-Encoding: chunked", body=b"zz\r\n"),
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        request("GET", "/" + "a" * 100_000),
    ],
)
def test_half_a_request_harms_nobody(server: LiveServer, sent: bytes) -> None:
    try:
        answer = talk(server, sent, close=True)
    except ConnectionError:
        answer = b""
    assert status_of(answer) < 500
    assert httpx.get(server.address + "/healthz").status_code == 200


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/api/login", 3 * MEGABYTE),
        ("/api/login", 40 * MEGABYTE),
        ("/api/upload-clipboard", 40 * MEGABYTE),
        ("/api/v1/library/images/import", 40 * MEGABYTE),
    ],
)
def test_who_sends_too_much_is_told_so_while_still_sending(server: LiveServer, path: str, size: int) -> None:
    for is_chunked in (False, True):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = {"Content-Type": "application/json"} | ({} if is_chunked else {"Content-Length": str(size)})
        pieces = (b"x" * 65_536 for _ in range(size // 65_536))
        body = pieces if is_chunked else b"x" * size
        connection.request("POST", path, body, headers, encode_chunked=is_chunked)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        assert (answer.status, told["code"]) == (413, "body_too_large"), (path, is_chunked)


def test_what_was_begun_and_given_up_leaves_no_file(server: LiveServer, folder: Path) -> None:
    before = {path for path in folder.rglob("*") if path.is_file()}
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(request("POST", "/api/upload-file", FORM, "Content-Length: 900000", body=PART))
            connection.sendall(make_photo(1) + b"\0" * 400_000)
            time.sleep(0.05)
    deadline = time.monotonic() + 20
    while left := {path for path in folder.rglob("*") if path.is_file() and "vtonlab.db" not in path.name} - before:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def test_none_of_it_was_our_fault(server: LiveServer) -> None:
    """Comes last: what the server said meanwhile."""
    assert not [line for line in server.said if "unexpected error" in line or "Traceback" in line]
