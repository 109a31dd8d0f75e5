"""Thousands of malformed uploads to a really running server: a clear answer each, memory flat, nothing left behind."""

from __future__ import annotations

import base64
import http.client
import io
import json
import random
import re
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from PIL import Image
from tests.fuzz.malformed import MAKERS, NAMES, film, movie
from tests.live import LiveServer, serve

SHORT, DEEP = 600, 10_000
AT_ONCE = 4
WARM_UP = 0.25
"""Share of the uploads after which memory is measured for the first time."""
MOST_GROWTH = 80_000_000
"""Bytes by which the server may be larger at the end: decoders and pools that were first used late. A leak of 20 kB an
upload would be 150 MB in the long run."""
GIGABYTE = 1_000_000_000


@dataclass
class Outcome:
    """What all the answers came to."""

    statuses: Counter[int] = field(default_factory=Counter)
    image_ids: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[LiveServer]:
    with serve("--mode", "local", data=str(data), log_level="error") as live:
        yield live


def test_malformed_uploads(server: LiveServer, data: Path) -> None:
    attack(server, data, SHORT)


@pytest.mark.deep
def test_ten_thousand_malformed_uploads(tmp_path: Path) -> None:
    with serve("--mode", "local", alone=True, data=str(tmp_path), log_level="error") as server:
        attack(server, tmp_path, DEEP)


def attack(server: LiveServer, data: Path, count: int) -> None:
    outcome = Outcome()
    first = int(WARM_UP * count)
    with ThreadPoolExecutor(AT_ONCE) as threads, httpx.Client(base_url=server.address, timeout=60) as client:
        list(threads.map(lambda number: send(client, number, outcome), range(first)))
        before = resident(server)
        list(threads.map(lambda number: send(client, number, outcome), range(first, count)))
        after = resident(server)
        print(dict(sorted(outcome.statuses.items())), f"{before / 1e6:.0f} MB, then {after / 1e6:.0f} MB")
        assert not outcome.wrong[:5]
        assert outcome.statuses[200] > count // 20  # some really are pictures
        assert sum(outcome.statuses.values()) == count
        assert after - before < MOST_GROWTH
        assert server.process.poll() is None
        check_what_is_kept(client, data, outcome)


def send(client: httpx.Client, number: int, outcome: Outcome) -> None:
    chance = random.Random(number)
    made = movie(chance) if number % 200 == 7 else chance.choice(MAKERS)(chance)
    name = chance.choice(NAMES)
    match chance.randrange(6):
        case 0:
            text = base64.b64encode(made).decode()
            head = chance.choice(("data:image/png;base64,", "data:;base64,", "data:image/jpeg;charset=x;base64,"))
            answer = client.post("/api/upload-clipboard", json={"imageData": head + text, "category": name[:50]})
        case 1:
            text = base64.b64encode(made).decode()
            page = {"url": name, "title": name, "imageContext": {"altText": name, name[:9]: [name] * 3}}
            body = {"imageData": f"data:image/gif;base64,{text}", "originalUrl": name, "pageInfo": page}
            answer = client.post("/api/receive-image", content=json.dumps(body).encode())
        case 2:
            order = {"data_url": f"data:image/png;base64,{base64.b64encode(made).decode()}"}
            answer = client.post("/api/v1/library/images/import", json=order)
        case _:
            answer = post_file(client, name, made, chance)
    judge(answer, number, outcome)


def post_file(client: httpx.Client, name: str, made: bytes, chance: random.Random) -> httpx.Response:
    """As a program writes a form that does not care for rules: the name goes out as it is."""
    mark = secrets.token_hex(8).encode()
    quoted = name.replace('"', "%22").encode("utf-8", "surrogateescape")
    kind = chance.choice((b"image/png", b"text/html", b"application/x-sh", b""))
    head = b'Content-Disposition: form-data; name="file"; filename="' + quoted + b'"\r\nContent-Type: ' + kind
    body = b"--" + mark + b"\r\n" + head + b"\r\n\r\n" + made + b"\r\n--" + mark + b"--\r\n"
    if chance.random() < 0.05:
        body = body[: chance.randrange(len(body))]
    headers = {"Content-Type": f"multipart/form-data; boundary={mark.decode()}"}
    return client.post("/api/upload-file", content=body, headers=headers)


def judge(answer: httpx.Response, number: int, outcome: Outcome) -> None:
    outcome.statuses[answer.status_code] += 1
    try:
        told = answer.json()
    except ValueError:
        outcome.wrong.append(f"{number}: {answer.status_code}, no JSON")
        return
    if answer.status_code == 200:
        outcome.image_ids.add(told["imageId"] if "imageId" in told else told["image"]["id"])
    elif not (400 <= answer.status_code < 500 and told.get("code") and (told.get("error") or told.get("detail"))):
        outcome.wrong.append(f"{number}: {answer.status_code} {answer.text[:300]}")


def check_what_is_kept(client: httpx.Client, data: Path, outcome: Outcome) -> None:
    """Every picture that was answered is there, whole and decodable, and nothing else is."""
    home = {"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/v1/auth/local", headers=home).status_code == 200
    images, cursor = [], None
    while True:
        page = client.get("/api/user/images", params={"per_page": 100} | ({"cursor": cursor} if cursor else {})).json()
        images += page["images"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert {image["id"] for image in images} == outcome.image_ids
    for image in images[:: max(1, len(images) // 60)]:
        for link in (image["preview_url"], image["thumbnail_url"]):
            shown = client.get(link)
            assert shown.status_code == 200
            with Image.open(io.BytesIO(shown.content)) as picture:
                picture.load()
                assert picture.format in {"JPEG", "PNG", "WEBP"}
                assert not picture.info.keys() & {"exif", "xmp", "comment", "Comment", "k"}
                assert getattr(picture, "n_frames", 1) == 1
    files = [path.relative_to(data).as_posix() for path in (data / "images").rglob("*") if path.is_file()]
    assert len(files) == 3 * len(images)
    assert all(re.fullmatch(r"images/[\w-]+/\w+/(thumbnails/)?\w+\.(jpg|png|webp)", name) for name in files)
    left = [path for folder in ("tmp", ".unfinished") for path in (data / folder).glob("*")]
    assert left == []
    strange = {path.name for path in data.iterdir()} - {"images", "tmp", ".unfinished"}
    own = re.compile(r"vtonlab\.db|server\.lock|secret|signing|backups|.*\.key")
    assert not [name for name in strange if not own.match(name)]


def test_a_film_is_its_first_frame(server: LiveServer) -> None:
    with httpx.Client(base_url=server.address, timeout=60) as client:
        answer = client.post("/api/upload-file", files={"file": ("film.gif", film(10_000))})
        assert answer.status_code == 200
        assert answer.json()["filename"].endswith(".png")


def test_who_goes_away_in_the_middle_leaves_nothing(server: LiveServer, data: Path) -> None:
    picture = film(2_000)
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.gif"\r\n\r\n' + picture
    text = b'{"imageData":"data:image/gif;base64,' + base64.b64encode(picture)
    for path, kind, body in (
        ("/api/upload-file", "multipart/form-data; boundary=x", form),
        ("/api/upload-clipboard", "application/json", text),
    ):
        for _ in range(5):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            connection.putrequest("POST", path)
            connection.putheader("Content-Type", kind)
            connection.putheader("Content-Length", str(len(body) + 100))
            connection.endheaders()
            connection.send(body)
            time.sleep(0.05)
            connection.close()
    deadline = time.monotonic() + 20
    while (left := list((data / "tmp").glob("*"))) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


def test_a_gigabyte_is_refused_while_memory_stays_flat(server: LiveServer, data: Path) -> None:
    """Sent whole to the address that takes many files, and in pieces without a length to the one that takes one."""
    before = resident(server, peak=True)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n\x89PNG\r\n\x1a\n'
    tail = b"\r\n--x--\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.putrequest("POST", "/api/upload-file")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(len(head) + GIGABYTE + len(tail)))
    connection.endheaders()
    connection.send(head)
    piece = bytes(1_000_000)
    for _ in range(GIGABYTE // len(piece)):
        connection.send(piece)
    connection.send(tail)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    assert (answer.status, told["code"]) == (413, "image_too_large")
    connection.close()
    for path in ("/api/upload-clipboard", "/api/receive-image", "/api/v1/library/images/import"):
        assert refuse_endless(server, path) == 413
    growth = resident(server, peak=True) - before
    assert growth < 60_000_000, growth
    assert [path for folder in ("tmp", ".unfinished") for path in (data / folder).glob("*")] == []


def refuse_endless(server: LiveServer, path: str) -> int:
    """The status of the answer to a JSON body that does not end; sending stops when it comes, or after a gigabyte."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    piece = b"A" * 1_000_000
    frame = b"%x\r\n%s\r\n" % (len(piece), piece)
    sent = 0
    try:
        connection.send(chunked(b'{"imageData":"data:image/png;base64,'))
        while sent < GIGABYTE // 10:
            connection.send(frame)
            sent += len(piece)
        connection.send(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        print(f"{path}: closed after {sent / 1e6:.0f} MB")
    status = connection.getresponse().status
    connection.close()
    return status


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def resident(server: LiveServer, *, peak: bool = False) -> int:
    """Bytes of memory of the process that serves, with its children; ``peak``: the most there ever were."""
    name = "VmHWM" if peak else "VmRSS"
    return sum(read_memory(pid, name) for pid in family(server.process.pid))


def family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += family(int(child))
    return found


def read_memory(pid: int, name: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
