"""Pictures' bytes beside nginx, over HTTP. ``python -m benchmarks.image_bytes``.

Both sides serve the same bytes of the same machine, asked by the same wrk with the same settings, in short rounds that
take turns; the figures are medians of the rounds. nginx has one worker process, sendfile, and plain static files: it
asks nobody whose they are. `vtonlab serve` has its one process, a library with rows, and a signed-in session that it
checks. Whether the answers are right is looked at first.

CPU is what the server's processes took for a request, all threads together: the machine being busy changes it less
than it changes the requests a second.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import http.client
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks._table import Row, machine, show
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller, CallerKind
from vtonlab.accounts.service import Accounts
from vtonlab.db.base import new_id
from vtonlab.db.database import Database
from vtonlab.library import changes
from vtonlab.library.models import Image
from vtonlab.library.pictures import image_key, thumbnail_key
from vtonlab.settings import Settings
from vtonlab.storage.local import LocalStorage

THUMBNAIL_BYTES = 30_000
PHOTO_BYTES = 2_000_000
CONNECTIONS = 16
TARGET = 0.5
STRANGER = Caller(CallerKind.STRANGER, None)


@dataclass(frozen=True)
class Case:
    """One address on each side, with the headers that are sent to each."""

    what: str
    ours: str
    theirs: str
    our_headers: dict[str, str]
    their_headers: dict[str, str]
    target: float | None


@dataclass(frozen=True)
class Server:
    """A running one."""

    process: int
    port: int


@dataclass(frozen=True)
class Speed:
    """Of one round: requests and bytes a second, and the server's CPU seconds a request."""

    requests: float
    bytes: float
    cpu: float


def main() -> None:
    """Print the table."""
    options = read_options()
    for program in ("nginx", "wrk"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed: there is nothing to compare with, or nobody to ask")
    with tempfile.TemporaryDirectory(prefix="vtonlab-bench-") as name:
        folder = Path(name)
        with serve(folder / "data") as ours, serve_files(folder) as theirs:
            cases = asyncio.run(fill(folder, ours.port, theirs.port))
            print(machine())
            rows = [measure(case, ours, theirs, options) for case in cases]
    title = f"image bytes, {options.rounds} rounds of {options.seconds} s, {CONNECTIONS} connections; peer: nginx"
    show(title, rows)


def read_options() -> argparse.Namespace:
    """How long and how often."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=1)
    return parser.parse_args()


def measure(case: Case, ours: Server, theirs: Server, options: argparse.Namespace) -> Row:
    """Both sides in turns."""
    load(ours, case.ours, case.our_headers, 1)
    load(theirs, case.theirs, case.their_headers, 1)
    pairs = [
        (
            load(ours, case.ours, case.our_headers, options.seconds),
            load(theirs, case.theirs, case.their_headers, options.seconds),
        )
        for _ in range(options.rounds)
    ]
    own, other = (
        Speed(*(statistics.median(getattr(s, name) for s in side) for name in ("requests", "bytes", "cpu")))
        for side in zip(*pairs, strict=True)
    )
    ratios = sorted(first.requests / second.requests for first, second in pairs)
    ratio = statistics.median(ratios)
    reached = None if case.target is None else ratio >= case.target
    target = "" if case.target is None else f"≥ {case.target} ×"
    beside = f"{ratio:.2f} × nginx ({ratios[0]:.2f}–{ratios[-1]:.2f}), which does {tell(other)}"
    return Row(case.what, tell(own), target, reached, beside)


def tell(speed: Speed) -> str:
    """The figures in words."""
    return f"{speed.requests:,.0f}/s {speed.bytes / 1e6:,.0f} MB/s CPU {1e6 * speed.cpu:.0f} µs"


def load(server: Server, path: str, headers: dict[str, str], seconds: int) -> Speed:
    """What wrk gets out of ``path``; stops where an answer is an error."""
    named = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    address = f"http://127.0.0.1:{server.port}{path}"
    before = cpu_seconds(server.process)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *named, address]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    worked = cpu_seconds(server.process) - before
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(f"{address} answered with errors:\n{said}")
    requests = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    count = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
    amount, unit = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?)B", said).groups()  # type: ignore[union-attr]
    size = float(amount) * {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}[unit]
    return Speed(requests, size, worked / max(1, count))


def cpu_seconds(process: int) -> float:
    """Of the process and all that it started, which still run (Linux; 0 elsewhere)."""
    seconds = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == process:
            seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        elif int(fields[1]) == process:
            seconds += cpu_seconds(int(stat.parent.name))
    return seconds


async def fill(folder: Path, port: int, peer: int) -> list[Case]:
    """A person with a session and a picture; the same bytes for nginx. Sees that both sides answer alike."""
    settings = Settings(data=folder / "data")
    database, storage = Database(settings.database_address), LocalStorage(settings.data_folder)
    accounts = Accounts(database, settings, os.urandom(32), [])
    await accounts.prepare()
    user = await accounts.sign_in.register(STRANGER, "bench", "bench@example.com", password := os.urandom(12).hex())
    entered = await accounts.sign_in.with_password(STRANGER, "bench", password, remember=True)
    thumbnail, photo = os.urandom(THUMBNAIL_BYTES), os.urandom(PHOTO_BYTES)
    image = make_row(user.user_id, photo)
    await storage.put(image.storage_key, photo)
    await storage.put(thumbnail_key(image.storage_key, 320), thumbnail)

    async def work(session: AsyncSession) -> None:
        await changes.add(session, image)

    await database.write(work)
    await database.close()
    await storage.close()
    (folder / "www" / "thumbnail.webp").write_bytes(thumbnail)
    (folder / "www" / "photo.jpg").write_bytes(photo)

    cookie = {"Cookie": f"vtonlab_session={entered.cookie.value}"}
    own = f"/api/user/{user.user_id}"
    small = f"{own}/thumbnails/{image.filename}?size=320&v={image.content_hash[:12]}"
    large = f"{own}/images/clothes/{image.filename}?v={image.content_hash[:12]}"
    ours = {"If-None-Match": see(port, small, cookie, thumbnail)}
    theirs = {"If-None-Match": see(peer, "/thumbnail.webp", {}, thumbnail)}
    see(port, large, cookie, photo)
    see(peer, "/photo.jpg", {}, photo)
    see(port, small, cookie | ours, None)
    see(peer, "/thumbnail.webp", theirs, None)
    return [
        Case("thumbnail, 30 kB", small, "/thumbnail.webp", cookie, {}, TARGET),
        Case("photo, 2 MB", large, "/photo.jpg", cookie, {}, TARGET),
        Case("304, thumbnail unchanged", small, "/thumbnail.webp", cookie | ours, theirs, None),
    ]


def make_row(user_id: str, photo: bytes) -> Image:
    """A picture's row."""
    number, digest = new_id(), hashlib.sha256(photo).hexdigest()
    filename = f"clothes_20261122_101112_{number[-8:]}.jpg"
    return Image(
        id=number,
        user_id=user_id,
        filename=filename,
        storage_key=image_key(user_id, "clothes", filename),
        media_type="image/jpeg",
        context_info={},
        category="clothes",
        file_size=len(photo),
        image_width=1,
        image_height=1,
        thumbhash="",
        content_hash=digest,
        source_hash=digest,
        look="0" * 16,
        **dict.fromkeys(("look_a", "look_b", "look_c", "look_d"), 0),
    )


def see(port: int, path: str, headers: dict[str, str], expected: bytes | None) -> str:
    """Ask once; the ETag. Stops where the answer is not ``expected`` (None: 304)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    wanted = http.HTTPStatus.OK if expected is not None else http.HTTPStatus.NOT_MODIFIED
    if answer.status != wanted or body != (expected or b""):
        sys.exit(f"{path} answered {answer.status} with {len(body)} bytes")
    return answer.headers["ETag"]


@contextmanager
def serve(data: Path) -> Iterator[Server]:
    """A running `vtonlab serve` over ``data``."""
    command = [sys.executable, "-c", "from vtonlab.cli import main; main()", "serve", "--port", "0", "--no-browser"]
    environment = os.environ | {"VTONLAB_DATA": str(data), "VTONLAB_LOG_LEVEL": "warning"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stderr is not None
        try:
            found = next(filter(None, (re.search(r":(\d+)/", line) for line in server.stderr)))
            yield Server(server.pid, int(found.group(1)))
        finally:
            server.terminate()
            server.communicate(timeout=20)


@contextmanager
def serve_files(folder: Path) -> Iterator[Server]:
    """An nginx that serves ``folder/www``."""
    (folder / "www").mkdir()
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    temporary = "".join(
        f"{name}_temp_path {folder}/nginx-{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;"
        "events { worker_connections 256; }"
        f"http {{ sendfile on; tcp_nopush on; access_log off; etag on; keepalive_requests 1000000000; {temporary}"
        f"server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}"
    )
    folder.chmod(0o755)  # nginx's worker may be another user
    with subprocess.Popen(["nginx", "-e", f"{folder}/nginx.log", "-c", f"{folder}/nginx.conf"]) as server:
        try:
            for _ in range(100):
                with socket.socket() as trial:
                    if trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield Server(server.pid, port)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
