"""What the engine ``instant`` reaches: speed, memory, and how true its geometry is.

    python benchmarks/instant.py [--data DIR] [--quick]

Prints every figure with its target and with a floor measured in the same run. How close the pictures come to real
ones is another measurement; the last line tells how to run it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks._geometry import chest_anisotropy, count_folds, mirrored_landmarks
from benchmarks._subjects import Subjects, at_size, find_subjects
from benchmarks._table import Row, clock, machine, once, show, summarise

from vtonlab.engines.contract import GarmentKind, Picture, TryOnRequest, TryOnResult
from vtonlab.engines.instant import pose_graph
from vtonlab.engines.instant.blend import lay_over
from vtonlab.engines.instant.engine import InstantEngine
from vtonlab.engines.instant.outfit import drape
from vtonlab.engines.instant.storage import unpack_garment, unpack_person
from vtonlab.errors import VtonError

ROOT = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data", help="folder with pairs.csv and photos")
    parser.add_argument("--quick", action="store_true", help="fewer pictures, a few seconds")
    parser.add_argument("--only", choices=[*PARTS], help="one part alone")
    arguments = parser.parse_args()
    subjects = find_subjects(arguments.data, 3 if arguments.quick else 10)
    print(f"{machine()}\n{subjects}")
    for name, part in PARTS.items():
        if arguments.only in (None, name):
            show(name.capitalize(), part(subjects, arguments.quick))
    print("\nLikeness to real photos (the paired score) is measured apart:")
    print("  python ../shared/tools/score_tryon.py ../shared/data --sheet sheet.png \\")
    print("    --engine-cmd 'vtonlab try-on {person} {garment} -o {out} --kind {kind}'")


# ------------------------------------------------------------------------------------------------ speed


@dataclass(frozen=True)
class Case:
    """A person and a garment with what is known of both."""

    request: TryOnRequest
    known: TryOnRequest


def cases_at(subjects: Subjects, width: int, height: int, engine: InstantEngine) -> list[Case]:
    """Every person with every garment; those that cannot be understood are left out and told."""
    persons, garments = [], []
    for picture in subjects.persons:
        photo = at_size(picture, width, height)
        try:
            persons.append((photo, engine.analyse_person(photo)))
        except VtonError as error:
            print(f"  left out: a person ({type(error).__name__})")
    for picture, kind in subjects.garments:
        try:
            garments.append((picture, kind, engine.analyse_garment(picture, kind)))
        except VtonError as error:
            print(f"  left out: a garment ({type(error).__name__})")
    return [
        Case(
            TryOnRequest(photo, garment, kind),
            TryOnRequest(photo, garment, kind, person_analysis=who, garment_analysis=what),
        )
        for photo, who in persons
        for garment, kind, what in garments
    ]


def measure_speed(subjects: Subjects, quick: bool) -> list[Row]:
    rows = []
    for width, height, target in ((768, 1024, 150), (384, 512, 60)):
        cases = cases_at(subjects, width, height, InstantEngine())
        first, flipping = _time_known(cases)
        floor = clock(partial(_bare_layer, cases[0]), 9)
        for what, taken in (("first garment of a person", first), ("next garment (flipping)", flipping)):
            if not taken:
                continue
            spent = summarise(taken)
            ratio = f"{spent.middle / floor.middle:.0f} × remap and blend of that region ({1e3 * floor.middle:.1f} ms)"
            in_time = spent.middle * 1e3 <= target
            rows.append(Row(f"both known, {width}×{height}, {what}", str(spent), f"≤ {target} ms", in_time, ratio))
    cases = cases_at(subjects, 768, 1024, InstantEngine())
    number = len(subjects.garments)
    chosen = cases[:: number + 1][: 3 if quick else 10]
    unknown = summarise([once(partial(InstantEngine().try_on, case.request)) for case in chosen])
    pose = clock(lambda: _bare_pose(chosen[0].request.person), 9)
    rows.append(
        Row(
            "nothing known, 768×1024",
            str(unknown),
            "≤ 700 ms",
            unknown.middle <= 0.7,
            f"{unknown.middle / pose.middle:.0f} × finding and tracing the pose alone ({1e3 * pose.middle:.0f} ms)",
        )
    )
    return rows


def _time_known(cases: list[Case]) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Seconds of every person's first garment, and of all others, with analyses handed in as bytes."""
    engine = InstantEngine()
    first: list[tuple[float, float]] = []
    flipping: list[tuple[float, float]] = []
    InstantEngine().try_on(cases[0].known)  # OpenCV and the allocator warm up
    person: Picture | None = None
    for case in cases:
        taken = once(partial(engine.try_on, case.known))
        (flipping if person is case.known.person else first).append(taken)
        person = case.known.person
    return first, flipping


def _bare_layer(case: Case) -> Picture:
    """The least that any fitting has to do: sample the garment once over its region, and lay it over the photo."""
    photo, garment = case.known.person, case.known.garment
    height, width = photo.shape[:2]
    rows, columns = slice(height // 5, height * 4 // 5), slice(width // 5, width * 4 // 5)
    y, x = np.mgrid[rows, columns].astype(np.float32)
    map_x, map_y = x * (garment.shape[1] / width), y * (garment.shape[0] / height)
    sampled = cv2.remap(garment, map_x, map_y, cv2.INTER_CUBIC)
    result = photo.copy()
    alpha = np.full(sampled.shape[:2], 200, np.uint8)
    result[rows, columns] = lay_over(np.ascontiguousarray(result[rows, columns]), np.asarray(sampled, np.uint8), alpha)
    return result


def _bare_pose(photo: Picture) -> object:
    small = at_size(photo, 384, 512)
    circles = pose_graph.find_circles(small)
    return pose_graph.trace_figure(small, circles[0]) if circles else None


# ------------------------------------------------------------------------------------------------ a fresh process

FIRST = """
import os, sys, time
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
start = time.perf_counter()
{work}
print(time.perf_counter() - start, time.process_time(), peak() if os.path.exists("/proc/self/status") else 0)
"""
PICTURE = """
import vtonlab
result = vtonlab.try_on(sys.argv[1], sys.argv[2], kind=sys.argv[3])
"""
IMPORTS = """
import numpy, cv2
from vtonlab.engines.instant import pose_graph
pose_graph._load_bindings()
"""


def measure_first_picture(subjects: Subjects, quick: bool) -> list[Row]:
    """Import and first picture of a process of its own, from files, and its peak memory."""
    times = 2 if quick else 5
    photo = at_size(subjects.persons[0], 768, 1024)
    garment, kind = subjects.garments[0]
    with tempfile.TemporaryDirectory() as folder:
        person_file, garment_file = f"{folder}/person.png", f"{folder}/garment.png"
        cv2.imwrite(person_file, photo[..., ::-1])
        cv2.imwrite(garment_file, garment[..., ::-1])
        made = [_fresh(PICTURE, person_file, garment_file, kind.value) for _ in range(times)]
        floor = [_fresh(IMPORTS) for _ in range(times)]
    spent, least = summarise([m[:2] for m in made]), summarise([f[:2] for f in floor])
    memory, base = max(m[2] for m in made), max(f[2] for f in floor)
    return [
        Row(
            "import and first picture, files read",
            str(spent),
            "≤ 1500 ms",
            spent.middle <= 1.5,
            f"{spent.middle / least.middle:.1f} × importing numpy, OpenCV, pose runtime ({1e3 * least.middle:.0f} ms)",
        ),
        Row(
            "peak memory of that process",
            f"{memory:.0f} MB" if memory else "unknown here",
            "≤ 450 MB",
            memory <= 450 if memory else None,
            f"{memory / max(base, 1):.1f} × after those imports ({base:.0f} MB)",
        ),
    ]


def _fresh(work: str, *arguments: str) -> tuple[float, float, float]:
    """Seconds, seconds of CPU and peak memory (MB) of ``work`` in a new Python."""
    command = [sys.executable, "-c", FIRST.format(work=work), *arguments]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    seconds, cpu, memory = answer.stdout.split()[-3:]
    return float(seconds), float(cpu), float(memory)


# ------------------------------------------------------------------------------------------------ throughput


def measure_throughput(subjects: Subjects, quick: bool) -> list[Row]:
    """Pictures per second with everybody known: one process, and one process a core."""
    rounds = 1 if quick else 3
    cases = [case.known for case in cases_at(subjects, 768, 1024, InstantEngine())][: 12 if quick else 60]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    (one, _), (many, worked) = _rate(cases, 1, rounds), _rate(cases, cores, rounds)
    return [
        Row(
            f"pictures per second, {cores} processes, all known",
            f"{many:.1f}",
            "≥ 12 on two cores",
            many >= 12 if cores == 2 else None,
            f"{many / one:.2f} × one process ({one:.1f}); {1e3 * worked:.0f} ms of CPU a picture",
        )
    ]


def _rate(cases: list[TryOnRequest], processes: int, rounds: int) -> tuple[float, float]:
    """Pictures per second, and seconds of CPU a picture; starting and warming up are not counted."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes)
    with ProcessPoolExecutor(processes, context, _prepare, (cases, barrier)) as pool:
        spans = list(pool.map(_work_through, [rounds] * processes))
    begin, end = min(s[0] for s in spans), max(s[1] for s in spans)
    pictures = processes * rounds * len(cases)
    return pictures / (end - begin), sum(s[2] for s in spans) / pictures


def _prepare(cases: list[TryOnRequest], barrier: object) -> None:
    cv2.setNumThreads(1)
    globals()["_waiting"] = cases, barrier


def _work_through(rounds: int) -> tuple[float, float, float]:
    """Dress everybody ``rounds`` times; when it began and ended, and seconds of CPU between."""
    cases, barrier = globals()["_waiting"]
    engine = InstantEngine()
    for case in cases:
        engine.try_on(case)
    barrier.wait(600)
    start, worked = time.monotonic(), time.process_time()
    for _ in range(rounds):
        for case in cases:
            engine.try_on(case)
    return start, time.monotonic(), time.process_time() - worked


# ------------------------------------------------------------------------------------------------ geometry


def measure_geometry(subjects: Subjects, quick: bool) -> list[Row]:
    """Distortion of what is printed on the chest, fold-overs in every piece, and what stays untouched."""
    cases = cases_at(subjects, 768, 1024, InstantEngine())
    chest: list[float] = []
    folds, pixels, folded_cases = 0, 0, 0
    for case in cases:
        person = unpack_person(_bytes(case.known.person_analysis))
        garment = unpack_garment(_bytes(case.known.garment_analysis))
        draped = drape(person, garment)
        if garment.kind is not GarmentKind.LOWER:
            chest.extend(chest_anisotropy(draped.pieces, garment))
        found, seen = map(sum, zip(*(count_folds(piece) for piece in draped.pieces), strict=True))
        folds, pixels, folded_cases = folds + found, pixels + seen, folded_cases + (found > 0)
    p95 = float(np.percentile(chest, 95)) if chest else float("nan")
    marks = mirrored_landmarks()
    face, far = _untouched(list(_results(cases[:: 3 if quick else 1])))
    return [
        Row(
            "anisotropy in the chest, 95 % of pixels",
            f"{p95:.3f}",
            "≤ 1.15",
            p95 <= 1.15,
            f"half of them {np.median(chest):.3f}; {len(cases)} fittings; 1 is the garment's photo itself",
        ),
        Row(
            "fold-overs in all pieces",
            f"{folds} px in {folded_cases} fittings",
            "0",
            folds == 0,
            f"{folds / max(pixels, 1):.2%} of {pixels} px of cloth",
        ),
        Row(
            "left and right landmarks, drawn garments",
            f"{np.percentile(marks, 95):.2%} of the width",
            "≤ 1.5 %",
            bool(np.percentile(marks, 95) <= 0.015),
            f"95 % of {len(marks)}; worst {marks.max():.2%}; 0 is the drawing's",
        ),
        Row("face unchanged", f"{face} px differ", "0", face == 0, "inside the face's outline"),
        Row("background unchanged", f"{far} px differ", "0", far == 0, "outside the mask that comes with the result"),
    ]


def _results(cases: list[Case]) -> Iterator[tuple[Case, TryOnResult]]:
    engine = InstantEngine()
    for case in cases:
        yield case, engine.try_on(case.known)


def _untouched(results: list[tuple[Case, TryOnResult]]) -> tuple[int, int]:
    """Pixels of the faces, and of everything outside the masks, that differ from the photo."""
    face = outside = 0
    for case, result in results:
        person = unpack_person(_bytes(case.known.person_analysis))
        differs = (result.image != case.known.person).any(2)
        outside += int((differs & (result.mask == 0)).sum())
        if len(person.face) > 2:
            frame = person.frame
            outline = person.face / frame.scale + [frame.x, frame.y]
            inside = np.zeros(differs.shape, np.uint8)
            cv2.fillPoly(inside, [np.round(outline).astype(np.int32)], (1,))
            inner = cv2.erode(inside, np.ones((5, 5), np.uint8))
            face += int((differs & (inner > 0)).sum())
    return face, outside


def _bytes(analysis: bytes | None) -> bytes:
    assert analysis is not None
    return analysis


PARTS = {
    "speed": measure_speed,
    "a fresh process": measure_first_picture,
    "throughput": measure_throughput,
    "geometry": measure_geometry,
}

if __name__ == "__main__":
    main()
