"""How fast photos come in. ``python -m benchmarks.ingest [--photos 200]``.

Photos of 12 megapixels, drawn, with detail like a camera's, as JPEG with an EXIF orientation by which each has to be
turned, so that none can be kept without decoding and encoding it. (Upright ones, whose compressed pixels are kept as
they are, have a line of their own.) They go through the whole of ``Ingest.add``: duplicates looked for, pixels, files
and folders fsynced, one transaction each with its quota, totals and journal; several at once, as an upload of many
files does.

Floor: a bare loop over the same files on all cores that decodes each fully, turns it, writes it anew as JPEG and makes
the two thumbnails, and keeps nothing. Both in one run, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import shutil
import statistics
import tempfile
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from benchmarks._table import Row, machine, show
from PIL import Image, ImageOps
from sqlalchemy.ext.asyncio import AsyncSession

import vtonlab.accounts.models
import vtonlab.library.models
import vtonlab.tasks.models  # noqa: F401 - the tables
from vtonlab.accounts.models import Role, User
from vtonlab.accounts.service import Accounts
from vtonlab.db.base import Base
from vtonlab.db.database import Database
from vtonlab.imaging.read import Limits
from vtonlab.library.incoming import Incoming
from vtonlab.library.ingest import Ingest
from vtonlab.library.pictures import JPEG_QUALITY, THUMBNAIL_QUALITY, THUMBNAIL_SIZES, make_picture
from vtonlab.settings import Settings
from vtonlab.storage.local import LocalStorage
from vtonlab.tasks.service import Tasks

WIDTH, HEIGHT = 4000, 3000
TARGET = 0.7
DEFAULT = 24
ROUNDS = 3
USER = "ann"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=DEFAULT, help="how many, all rounds together")
    count = max(ROUNDS, parser.parse_args().photos)
    cores = os.cpu_count() or 1
    print(machine())
    with tempfile.TemporaryDirectory(prefix="vtonlab-ingest-") as place, ThreadPoolExecutor(cores) as threads:
        files = draw_photos(Path(place) / "photos", count, threads, (6, 8, 3))
        upright = draw_photos(Path(place) / "upright", max(ROUNDS, count // 4), threads, (1,))
        size = sum(file.stat().st_size for file in files) / len(files) / 1e6
        rounds = [files[number::ROUNDS] for number in range(ROUNDS)]
        bare_loop(files[:cores], threads)  # warm up
        asyncio.run(take_in(Path(place) / "warm", files[:cores]))
        bare, ours = [], []
        for number, some in enumerate(rounds):
            bare.append(len(some) / clocked(lambda some=some: bare_loop(some, threads)))
            seconds = asyncio.run(take_in(Path(place) / f"data{number}", some))
            ours.append(len(some) / seconds)
        apart = asyncio.run(take_in(Path(place) / "upright data", upright))
        workers = compare_workers(files[: 4 * cores], cores, threads)
    less = "" if count >= 200 else " (200 with --photos 200)"
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    rows = [
        Row("bare loop, all cores", f"{statistics.median(bare):.2f} photos/s", "", None, "1.00 ×"),
        Row(
            "Ingest.add, whole",
            f"{statistics.median(ours):.2f} photos/s",
            f"≥ {TARGET} × bare loop",
            ratio >= TARGET,
            f"{ratio:.2f} ×",
        ),
        Row("the same, upright photos", f"{len(upright) / apart:.2f} photos/s", "", None),
        *workers,
    ]
    show(f"ingest of {count} photos of {WIDTH}×{HEIGHT}, {size:.1f} MB each{less}, {ROUNDS} rounds in turns", rows)


def draw_photos(folder: Path, count: int, threads: Executor, orientations: tuple[int, ...]) -> list[Path]:
    """Soft shapes, fine folds and a sensor's grain."""
    folder.mkdir()

    def draw(number: int) -> Path:
        random = np.random.default_rng(number)
        picture = np.full((HEIGHT // 4, WIDTH // 4, 3), random.integers(120, 230, 3), np.uint8)
        for _ in range(60):
            centre = tuple(int(n) for n in random.integers(0, (WIDTH // 4, HEIGHT // 4)))
            axes = tuple(int(n) for n in random.integers(10, 260, 2))
            shade = [int(n) for n in random.integers(0, 256, 3)]
            cv2.ellipse(picture, centre, axes, float(random.integers(180)), 0, 360, shade, -1, cv2.LINE_AA)
        picture = cv2.resize(cv2.GaussianBlur(picture, (0, 0), 1.2), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        folds = 7 * np.sin(x / random.uniform(3, 9) + 3 * np.sin(y / random.uniform(20, 90)))
        grain = cv2.resize(random.normal(0, 9, (HEIGHT // 2, WIDTH // 2)).astype(np.float32), (WIDTH, HEIGHT))
        shaded = np.clip(picture + (folds + grain)[..., None], 0, 255).astype(np.uint8)
        exif = Image.Exif()
        exif[0x0112] = orientations[number % len(orientations)]
        exif[0x010F] = "a camera"
        path = folder / f"{number}.jpg"
        Image.fromarray(shaded).save(path, "JPEG", quality=92, exif=exif.tobytes())
        return path

    return list(threads.map(draw, range(count)))


def bare_loop(files: list[Path], threads: Executor) -> None:
    """Decode, turn, encode, two thumbnails: nothing looked at, nothing kept."""
    list(threads.map(bare, files))


def bare(path: Path) -> int:
    """One photo; the bytes made of it."""
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    total = len(saved(image, "JPEG", quality=JPEG_QUALITY))
    for size in THUMBNAIL_SIZES:
        share = size / max(image.size)
        small = image.resize((round(share * image.width), round(share * image.height)), reducing_gap=2.0)
        total += len(saved(small, "WEBP", quality=THUMBNAIL_QUALITY, method=2))
    return total


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The file of ``image``."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


async def take_in(data: Path, files: list[Path]) -> float:
    """Seconds until every photo of ``files`` is in a new library, durably."""
    settings = Settings(data=data, quota_bytes=10**12)
    data.mkdir()  # noqa: ASYNC240 - before the clock starts
    database = Database(settings.database_address)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)

    async def people(session: AsyncSession) -> None:
        session.add(Role(name="editor", permissions=[], is_built_in=True))
        await session.flush()
        session.add(User(user_id=USER, username=USER, username_key=USER))

    await database.write(people)
    storage = LocalStorage(data)
    accounts = Accounts(database, settings, b"a secret for a benchmark, 32 bytes", [])
    ingest = Ingest(database, storage, settings, accounts, Tasks(database, settings, accounts))
    start = time.perf_counter()
    added = await asyncio.gather(*(ingest.add(USER, Incoming(path, original_name=path.name)) for path in files))
    seconds = time.perf_counter() - start
    assert len({one.image.id for one in added}) == len(files)
    await ingest.close()
    await storage.close()
    await database.close()
    shutil.rmtree(data)
    return seconds


def compare_workers(files: list[Path], cores: int, threads: Executor) -> list[Row]:
    """The same pixels in threads and in processes of this machine: what the choice of workers rests on."""
    by_processes, by_threads = [], []
    with ProcessPoolExecutor(cores) as processes:
        list(processes.map(work, files[:cores]))
        for _ in range(ROUNDS):
            by_processes.append(len(files) / clocked(lambda: list(processes.map(work, files))))
            by_threads.append(len(files) / clocked(lambda: list(threads.map(work, files))))
    ratio = statistics.median(one / other for one, other in zip(by_threads, by_processes, strict=True))
    return [
        Row("pixels alone, in processes", f"{statistics.median(by_processes):.2f} photos/s", "", None),
        Row(
            "pixels alone, in threads",
            f"{statistics.median(by_threads):.2f} photos/s",
            "",
            None,
            f"{ratio:.2f} × processes",
        ),
    ]


def work(path: Path) -> int:
    """What a worker does with one photo; the bytes it made, which a process hands back."""
    made = make_picture(path, limits=Limits(), max_side=4096)
    return len(made.data)


def clocked(work: Any) -> float:
    """Seconds of the wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
