"""How long the page takes, over HTTP as a browser asks it. ``python -m benchmarks.page``.

Floor: the same engine called in this process, with both pictures already known; what the page adds is reading two
files, the way through the server, and writing a JPEG.
"""

from __future__ import annotations

import http.client
import re
import secrets
import statistics
import subprocess
import sys
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
        first = ask(port, person, shirt)
        fresh = [ask(port, person, recolour(shirt, step)) for step in range(1, ROUNDS)]
        known = [ask(port, person, shirt) for _ in range(ROUNDS)]
    print(machine())
    rows = [
        Row("start until it answers", f"{1e3 * started:.0f} ms", "≤ 3000 ms", started <= TARGET_START),
        measured("first picture after the start", [first], floor),
        measured("a new garment on a known person", fresh, floor),
        measured("both known: turning the hangers", known, floor),
    ]
    show(f"page, drawn pair at {WIDTH}×{HEIGHT}; floor: the engine alone, {1e3 * floor:.0f} ms", rows)


def measured(what: str, seconds: list[float], floor: float) -> Row:
    """A line with the median and the best, beside the engine alone."""
    middle, best = statistics.median(seconds), min(seconds)
    return Row(what, f"{1e3 * middle:.0f} ms (best {1e3 * best:.0f})", "", None, f"{middle / floor:.1f} × floor")


@contextmanager
def serve() -> Iterator[tuple[int, float]]:
    """The port of a running server, and the seconds from its start until it answered."""
    command = [sys.executable, "-c", "from vtonlab.cli import main; main()", "serve", "--port", "0", "--no-browser"]
    start = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        found = next(filter(None, (re.search(r":(\d+)/", line) for line in server.stderr)))
        try:
            yield int(found.group(1)), time.perf_counter() - start
        finally:
            server.terminate()
            server.communicate(timeout=20)


def ask(port: int, person: Picture, garment: Picture) -> float:
    """Seconds of one POST /try-on, both photos sent as JPEG files, until the answer is read."""
    boundary = secrets.token_hex(16)
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.jpg"\r\n\r\n'.encode()
        + encode_picture(picture, ".jpg")
        + b"\r\n"
        for name, picture in (("person", person), ("garment", garment))
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    start = time.perf_counter()
    connection.request("POST", "/try-on", body + f"--{boundary}--\r\n".encode(), headers)
    answer = connection.getresponse()
    data = answer.read()
    took = time.perf_counter() - start
    connection.close()
    if answer.status != http.HTTPStatus.OK:
        sys.exit(f"the page answered {answer.status}: {data.decode(errors='replace')}")
    return took


def recolour(picture: Picture, step: int) -> Picture:
    """The picture with its hues turned, so that it is a garment never seen before."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int32) + 180 * step // ROUNDS) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


if __name__ == "__main__":
    main()
