"""How long a picture takes over HTTP, as the pages ask for it. ``python -m benchmarks.preview``.

Floor: the same engine called in this process, with both pictures already known; what the server adds is keeping a new
picture in the library, the way through the server, and writing a JPEG. ``benchmarks.fitting`` has the parts of it.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from benchmarks._table import Row, clock, machine, show

from vtonlab.engines import registry
from vtonlab.engines.contract import Picture, TryOnRequest
from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.imaging.write import encode_picture

WIDTH, HEIGHT = 768, 1024
ROUNDS = 9
TARGET_START = 3.0


def main() -> None:
    """Print the table."""
    person, shirt = (cv2.resize(drawn, (WIDTH, HEIGHT)) for drawn in (draw_person(), draw_shirt()))
    engine, request = registry.get(), TryOnRequest(person, shirt)
    floor = clock(lambda: engine.try_on(request), ROUNDS).middle
    with serve() as (port, started):
        client = Client(port)
        started_at = time.perf_counter()
        me, its = client.keep(person, "char"), client.keep(shirt, "clothes")
        client.preview(me, its)
        first = time.perf_counter() - started_at
        fresh = [client.try_new(me, recolour(shirt, step)) for step in range(1, ROUNDS)]
        known = [client.preview(me, its) for _ in range(ROUNDS)]
        client.close()
    print(machine())
    rows = [
        Row("start until it answers", f"{1e3 * started:.0f} ms", "≤ 3000 ms", started <= TARGET_START),
        measured("first picture after the start, both uploaded", [first], floor),
        measured("a new garment, uploaded, on a known person", fresh, floor),
        measured("both known: turning the hangers", known, floor),
    ]
    show(f"preview over HTTP, drawn pair at {WIDTH}×{HEIGHT}; floor: the engine alone, {1e3 * floor:.0f} ms", rows)


def measured(what: str, seconds: list[float], floor: float) -> Row:
    """A line with the median and the best, beside the engine alone."""
    middle, best = statistics.median(seconds), min(seconds)
    return Row(what, f"{1e3 * middle:.0f} ms (best {1e3 * best:.0f})", "", None, f"{middle / floor:.1f} × floor")


@contextmanager
def serve() -> Iterator[tuple[int, float]]:
    """The port of a running server, and the seconds from its start until it answered."""
    command = [sys.executable, "-c", "from vtonlab.cli import main; main()", "serve", "--port", "0", "--no-browser"]
    start = time.perf_counter()
    with (
        tempfile.TemporaryDirectory(prefix="vtonlab-bench-") as folder,
        subprocess.Popen(
            command, env=os.environ | {"VTONLAB_DATA": folder}, stderr=subprocess.PIPE, text=True
        ) as server,
    ):
        assert server.stderr is not None
        found = next(filter(None, (re.search(r":(\d+)/", line) for line in server.stderr)))
        try:
            threading.Thread(target=server.stderr.read, daemon=True).start()
            yield int(found.group(1)), time.perf_counter() - start
        finally:
            server.terminate()
            server.wait(timeout=20)


class Client:
    """Asks as the page does, over one connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def keep(self, picture: Picture, category: str) -> str:
        """The id of ``picture``, sent as a JPEG file and kept in the library."""
        boundary = secrets.token_hex(16)
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="category"\r\n\r\n{category}\r\n'.encode(),
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'.encode(),
            encode_picture(picture, ".jpg"),
            f"\r\n--{boundary}--\r\n".encode(),
        ]
        answer = self._ask("/api/v1/library/images", b"".join(parts), f"multipart/form-data; boundary={boundary}")
        return str(json.loads(answer)["items"][0]["image"]["id"])

    def preview(self, person: str, garment: str) -> float:
        """Seconds until the picture is here."""
        order = {"human_image": person, "garment_image": garment, "garment_kind": "auto", "size": HEIGHT}
        start = time.perf_counter()
        self._ask("/api/v1/tryon/preview", json.dumps(order).encode(), "application/json")
        return time.perf_counter() - start

    def try_new(self, person: str, garment: Picture) -> float:
        """The same, with a garment that is not in the library yet; encoding it is the camera's affair, not counted."""
        start = time.perf_counter()
        encode_picture(garment, ".jpg")
        encoding = time.perf_counter() - start
        start = time.perf_counter()
        self.preview(person, self.keep(garment, "clothes"))
        return time.perf_counter() - start - encoding

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, address: str, body: bytes, kind: str) -> bytes:
        self._connection.request("POST", address, body, {"Content-Type": kind})
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status != http.HTTPStatus.OK:
            sys.exit(f"{address} answered {answer.status}: {data.decode(errors='replace')}")
        return data


def recolour(picture: Picture, step: int) -> Picture:
    """The picture with its hues turned, so that it is a garment never seen before."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int32) + 180 * step // ROUNDS) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


if __name__ == "__main__":
    main()
