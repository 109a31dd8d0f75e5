"""What the fitting service adds to its engine, over HTTP. ``python -m benchmarks.fitting [--people 50]``.

The real server over an empty folder, asked as clients ask it; photos of 768×1024 as JPEG files, real ones where there
are some. Each figure stands beside what the engine itself took for the very same answer: the answer of a try-on says
it (``processing_time``: analyses and picture), that of a preview too (``Server-Timing``). So what is compared is one
request with itself, and a busy machine makes both longer.

The rest of a try-on is the way through the server, reading two files, a PNG with its signature, two thumbnails and a
mask on the disk, one transaction, and the picture as base64. Where many ask at once, the floor is the ideal line: the
engine's seconds of all answers together, shared by as many workers as there are, and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import http
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
from benchmarks._subjects import Subjects, at_size, find_subjects
from benchmarks._table import Row, clock, machine, show

from vtonlab.engines import registry
from vtonlab.engines.contract import AnalysingEngine, Picture, TryOnRequest
from vtonlab.imaging.write import encode_picture

WIDTH, HEIGHT = 768, 1024
ROUNDS = 12
TRY_ON, PREVIEW, STUDIO = "/api/vton/tryon", "/api/v1/tryon/preview", "/api/v1/tryon"
TRY_ON_TARGET, PREVIEW_TARGET, START_TARGET = 0.150, 0.030, 3.0
LINE_TARGET = 1.5
"""How much longer than by the ideal line the slowest twentieth may wait."""
MATRIX = 24
"""Fittings that one person asks for at once while another asks for one."""
PREVIEW_SIZES = (1024, 512)
FOLDER = Path("../shared/data")


@dataclass(frozen=True)
class Taken:
    """Seconds of one request, and of the engine within it."""

    whole: float
    engine: float

    @property
    def added(self) -> float:
        """Seconds that the service added."""
        return self.whole - self.engine


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50, help="how many ask at once")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder with pairs.csv")
    options = parser.parse_args()
    subjects = find_subjects(options.data, 8)
    people = [at_size(one, WIDTH, HEIGHT) for one in subjects.persons]
    clothes = [at_size(one, WIDTH, HEIGHT) for one, _ in subjects.garments]
    print(machine())
    print(subjects)
    floor = measure_engine(subjects)
    with serve("--mode", "local") as (address, started):
        alone = asyncio.run(measure_one(address, as_files(people), as_files(clothes), started, floor))
    show(f"one person at home, {WIDTH}×{HEIGHT}; the engine alone in this process, both known: {ms(floor)}", alone)
    workers = max(1, (os.cpu_count() or 1) // 2)
    with serve("--mode", "server", "--workers", str(workers)) as (address, _):
        crowd = asyncio.run(
            measure_many(address, spread(people, options.people), spread(clothes, options.people), workers)
        )
    show(f"{options.people} guests of a server, {workers} worker(s), each with pictures of their own", crowd)


def as_files(pictures: list[Picture]) -> list[bytes]:
    """Each as a JPEG file."""
    return [encode_picture(one, ".jpg") for one in pictures]


def spread(pictures: list[Picture], count: int) -> list[bytes]:
    """So many files of which no two are equal: the later ones are a shade brighter, so that nothing that was found out
    about one is known of another."""
    brighter = [cv2.add(pictures[n % len(pictures)], (n // len(pictures),) * 3 + (0,)) for n in range(count)]
    return as_files([np.asarray(one, np.uint8) for one in brighter])


def measure_engine(subjects: Subjects) -> float:
    """Seconds of the engine for a pair whose analyses are known: what flipping costs at the least."""
    engine = registry.get()
    assert isinstance(engine, AnalysingEngine)
    person, garment = (at_size(one, WIDTH, HEIGHT) for one in (subjects.persons[0], subjects.garments[0][0]))
    known = engine.analyse_person(person), engine.analyse_garment(garment)
    request = TryOnRequest(person, garment, person_analysis=known[0], garment_analysis=known[1])
    return clock(lambda: engine.try_on(request), ROUNDS).middle


# ---- one person


async def measure_one(
    address: str, people: list[bytes], clothes: list[bytes], started: float, floor: float
) -> list[Row]:
    """The lines of the first table."""
    rows = [Row("start until it answers", ms(started), f"≤ {ms(START_TARGET)}", started <= START_TARGET)]
    async with visit(address) as client:
        persons = [await keep(client, photo, "char") for photo in people]
        garments = [await keep(client, photo, "clothes") for photo in clothes]
        body = {"human_image": persons[0], "garment_image": garments[0]}
        for size in PREVIEW_SIZES:
            wanted = [body | {"garment_image": one, "size": size} for one in garments]
            fresh = [await preview(client, one) for one in wanted]
            known = [await preview(client, wanted[turn % len(wanted)]) for turn in range(ROUNDS)]
            rows.append(line(f"preview at {size}, a new garment on this person", fresh, PREVIEW_TARGET))
            rows.append(line(f"preview at {size}, turning known hangers", known, PREVIEW_TARGET, floor))
        rows.append(await measure_known(client, body))
        fresh = [await try_on(client, {"human_image": one, "garment_image": garments[1]}) for one in persons[1:]]
        known = [await try_on(client, body | {"garment_image": garments[n % len(garments)]}) for n in range(ROUNDS)]
        rows.append(line("try-on with wait, a new person", fresh, TRY_ON_TARGET))
        rows.append(line("try-on with wait, both known", known, TRY_ON_TARGET, floor))
    return rows


def line(what: str, taken: list[Taken], target: float, floor: float | None = None) -> Row:
    """A line with what the service adds: the median decides, the slowest tenth is told."""
    added = sorted(one.added for one in taken)
    middle, slow = statistics.median(added), added[int(0.9 * (len(added) - 1))]
    engine = statistics.median(one.engine for one in taken)
    beside = f"engine {ms(engine)}" + ("" if floor is None else f", {engine / floor:.1f} × alone")
    return Row(what, f"engine + {ms(middle)} (p90 {ms(slow)})", f"≤ + {ms(target)}", middle <= target, beside)


async def measure_known(client: httpx.AsyncClient, body: dict[str, Any]) -> Row:
    """A preview that the client has already."""
    tag = (await client.post(PREVIEW, json=body)).headers["etag"]
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        answer = await client.post(PREVIEW, json=body, headers={"If-None-Match": tag})
        taken.append(time.perf_counter() - start)
        assert answer.status_code == 304
    return Row("preview that the client has (304)", ms(statistics.median(taken)), "", None)


async def preview(client: httpx.AsyncClient, body: dict[str, Any]) -> Taken:
    """One preview."""
    start = time.perf_counter()
    answer = await client.post(PREVIEW, json=body)
    whole = time.perf_counter() - start
    check(answer)
    steps = dict(re.findall(r"(\w+);dur=([\d.]+)", answer.headers["server-timing"]))
    return Taken(whole, (float(steps["analyses"]) + float(steps["engine"])) / 1e3)


async def try_on(client: httpx.AsyncClient, body: dict[str, Any]) -> Taken:
    """One try-on with its picture."""
    start = time.perf_counter()
    answer = await client.post(TRY_ON, json=body)
    whole = time.perf_counter() - start
    check(answer)
    return Taken(whole, answer.json()["result"]["processing_time"])


# ---- many people


async def measure_many(address: str, people: list[bytes], clothes: list[bytes], workers: int) -> list[Row]:
    """The lines of the second table; one guest for each of ``people``."""
    guests = [visit(address) for _ in people]
    try:
        bodies = []
        for guest, person, garment in zip(guests, people, clothes, strict=True):
            human = await keep(guest, person, "char")
            bodies.append({"human_image": human, "garment_image": await keep(guest, garment, "clothes")})
        async with visit(address) as first:  # the worker's first picture loads its models
            drawn = {"human_image": await keep(first, people[0], "char"), "garment_image": await copy_from(first, 0)}
            await try_on(first, drawn)
        start = time.perf_counter()
        taken = await asyncio.gather(*(try_on(*one) for one in zip(guests, bodies, strict=True)))
        wall = time.perf_counter() - start
        rows = describe_crowd(taken, wall, workers)
        rows += await measure_fairness(guests[0], guests[1], bodies)
    finally:
        await asyncio.gather(*(guest.aclose() for guest in guests))
    return rows


def describe_crowd(taken: list[Taken], wall: float, workers: int) -> list[Row]:
    """All who asked at once, beside the ideal line."""
    waits = sorted(one.whole for one in taken)
    ideal = sum(one.engine for one in taken) / workers
    engine = statistics.median(one.engine for one in taken)
    p95, p50 = waits[int(0.95 * (len(waits) - 1))], statistics.median(waits)
    told = f"ideal line {ms(ideal)} ({len(taken)} × {ms(engine)} / {workers})"
    limit = f"≤ {LINE_TARGET} × ideal"
    return [
        Row("served", f"{len(taken)} of {len(taken)}", "all", True, "else this program ends with the answer"),
        Row("until the last one had their picture", ms(wall), "", None, f"{wall / ideal:.2f} × {told}"),
        Row("wait, median", ms(p50), "", None, f"{p50 / (ideal / 2):.2f} × half the line"),
        Row("wait, p95", ms(p95), limit, p95 <= LINE_TARGET * ideal, f"{p95 / ideal:.2f} × ideal line"),
        Row("wait, longest: nobody starves", ms(waits[-1]), limit, waits[-1] <= LINE_TARGET * ideal, ""),
        Row("added to the engine, for each", ms((wall - ideal) * workers / len(taken)), "", None),
    ]


async def measure_fairness(
    greedy: httpx.AsyncClient, other: httpx.AsyncClient, bodies: list[dict[str, Any]]
) -> list[Row]:
    """One person asks for many at once; another asks for one."""
    greed = bodies[0]
    garments = [greed["garment_image"]]
    async with asyncio.TaskGroup() as group:
        adding = [group.create_task(copy_from(greedy, number)) for number in range(MATRIX - 1)]
    garments += [task.result() for task in adding]
    asked = await greedy.post(STUDIO, json={"human_images": [greed["human_image"]], "garment_images": garments})
    check(asked)
    await asyncio.sleep(1.0)
    taken = await try_on(other, bodies[1])
    left = (await greedy.get(f"/api/v1/tasks/{asked.json()['id']}")).json()
    cancelled = await greedy.post(f"/api/v1/tasks/{asked.json()['id']}/cancel")
    told = f"engine {ms(taken.engine)}; of the {MATRIX}, {1 - left['progress']:.0%} still stood in line"
    reached = left["progress"] < 1 and cancelled.is_success
    ratio = f"{taken.whole / taken.engine:.1f} × engine"
    return [
        Row(f"one more, while one asked for {MATRIX}", f"{ms(taken.whole)}, {ratio}", "served before", reached, told)
    ]


async def copy_from(client: httpx.AsyncClient, number: int) -> str:
    """Another garment in the library: the drawn sample, dyed."""
    from vtonlab.imaging.mannequin import draw_shirt

    picture = draw_shirt().copy()
    picture[..., number % 3] = 255 - picture[..., number % 3] // (1 + number // 3)
    return await keep(client, encode_picture(picture, ".jpg"), "clothes")


# ---- the server


def visit(address: str) -> httpx.AsyncClient:
    """Somebody who was never here."""
    return httpx.AsyncClient(base_url=address, timeout=600, trust_env=False)


async def keep(client: httpx.AsyncClient, photo: bytes, category: str) -> str:
    """The filename of ``photo`` in the library of who asks. New guests of one address are let in 30 a minute."""
    file = {"file": ("photo.jpg", photo, "image/jpeg")}
    while True:
        answer = await client.post("/api/upload-file", files=file, data={"category": category})
        if answer.status_code != http.HTTPStatus.TOO_MANY_REQUESTS:
            break
        await asyncio.sleep(float(answer.headers["retry-after"]))
    check(answer)
    return str(answer.json()["filename"])


def check(answer: httpx.Response) -> None:
    """Ends the program where it is no success: nothing is measured then."""
    if not answer.is_success:
        sys.exit(f"{answer.request.url.path} answered {answer.status_code}: {answer.text[:400]}")


def ms(seconds: float) -> str:
    """In milliseconds."""
    return f"{1e3 * seconds:.0f} ms"


@contextmanager
def serve(*options: str) -> Iterator[tuple[str, float]]:
    """The address of a running server over an empty folder, and the seconds from its start until it answered."""
    with tempfile.TemporaryDirectory(prefix="vtonlab-bench-") as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VTONLAB_")}
        variables = {"VTONLAB_DATA": folder, "VTONLAB_LOG_LEVEL": "warning", "VTONLAB_UPLOAD_RATE": "100000/minute"}
        if "--workers" in options:
            place = options.index("--workers")
            variables["VTONLAB_WORKERS"] = options[place + 1]
            options = options[:place] + options[place + 2 :]
        command = [sys.executable, "-c", "from vtonlab.cli import main; main()", "serve", "--port", "0", "--no-browser"]
        start = time.perf_counter()
        with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True, env=kept | variables) as server:
            assert server.stderr is not None
            found = next(filter(None, (re.search(r"VTON Lab: (https?://[\w.:]+)/", line) for line in server.stderr)))
            try:
                yield found.group(1), time.perf_counter() - start
            finally:
                server.terminate()
                server.communicate(timeout=60)


if __name__ == "__main__":
    main()
