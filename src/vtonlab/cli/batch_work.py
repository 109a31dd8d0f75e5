"""The work of a batch, in processes of its own: look at a picture, dress a person in a few garments."""

from __future__ import annotations

import functools
import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from vtonlab.cli.batch_plan import Entry, PairOutcome, Plan
from vtonlab.cli.departures import open_errand
from vtonlab.cli.logs import is_debugging, prepare_logging
from vtonlab.cli.orphans import end_with_parent
from vtonlab.cli.signed import open_own_signer, save_result
from vtonlab.engines import registry
from vtonlab.engines.contract import AnalysingEngine, GarmentKind, Picture, TryOnRequest
from vtonlab.equip import find_engine
from vtonlab.errors import EngineFault, VtonError
from vtonlab.imaging.thumbnail import shrink
from vtonlab.imaging.write import encode_picture, write_bytes
from vtonlab.session import as_garment, as_kind, as_person

THUMBNAIL_SIDE = 240

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """Job: read a picture, make its thumbnail, find out about it."""

    plan: Plan
    entry: Entry


@dataclass(frozen=True)
class Dress:
    """Job: dress ``person`` in ``garments``, one after the other. Few enough that progress is seen, many enough that
    the person is read once for several."""

    plan: Plan
    person: Entry
    garments: tuple[Entry, ...]


Job = TypeVar("Job", Look, Dress)
Answer = TypeVar("Answer")


class Crew:
    """Processes that work on jobs. A job that kills its process is given up; the others go on."""

    def __init__(self, workers: int, engine: str) -> None:
        self._workers = workers
        self._engine = engine
        self._pool = self._hire()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def work(
        self, do: Callable[[Job], Answer], jobs: Iterable[Job], split: Callable[[Job], list[Job]] = lambda job: [job]
    ) -> Iterator[tuple[Job, Answer | EngineFault]]:
        """Each job with its answer, as they finish; ``EngineFault`` for a job that kills its process.

        ``split`` cuts a job that was lost into its parts, so that only the deadly one is given up.
        """
        waiting, suspects = deque(jobs), deque[Job]()
        running: dict[Future[Answer], Job] = {}
        while waiting or suspects or running:
            alone = bool(suspects)
            queue, room = (suspects, 1) if alone else (waiting, 2 * self._workers)
            while queue and len(running) < room:
                job = queue.popleft()
                running[self._pool.submit(do, job)] = job
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            lost: list[Job] = []
            for future in done:
                job = running.pop(future)
                try:
                    yield job, future.result()
                except BrokenProcessPool:
                    lost.append(job)
            if lost:
                # All that ran is lost with the process that died. Who killed it shows when each runs alone.
                lost += running.values()
                running.clear()
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = self._hire()
                if alone:
                    yield lost[0], EngineFault(engine=self._engine)
                else:
                    suspects.extend(part for job in lost for part in split(job))

    def _hire(self) -> ProcessPoolExecutor:
        if self._workers > 1:
            # One thread each: more workers than cores' worth of threads would only get in each other's way.
            for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
                os.environ.setdefault(name, "1")
        return ProcessPoolExecutor(
            self._workers,
            mp_context=get_context("spawn"),
            initializer=prepare_worker,
            initargs=(self._engine, self._workers > 1),
        )


def prepare_worker(engine: str, shares_machine: bool) -> None:
    """Once in each process: leave Ctrl+C to the parent, end when it is gone, and load the engine."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    prepare_logging(debug=is_debugging())
    find_engine(engine)
    opencv = sys.modules.get("cv2")
    if shares_machine and opencv is not None:
        opencv.setNumThreads(1)


def look(job: Look) -> VtonError | None:
    """Do a :class:`Look`; the error that every pair with this picture will have, or None."""
    plan, entry = job.plan, job.entry
    thumbnail, analysis = plan.input_thumbnail(entry), plan.analysis(entry)
    if thumbnail.exists() and analysis.exists():
        return None
    try:
        picture = as_person(entry.path).picture if entry.role == "person" else as_garment(entry.path)
        _write_thumbnail(thumbnail, picture)
        engine = registry.get(plan.engine)
        if isinstance(engine, AnalysingEngine):
            known = (
                engine.analyse_person(picture)
                if entry.role == "person"
                else engine.analyse_garment(picture, as_kind(plan.kind))
            )
            write_bytes(analysis, known)
    except VtonError as error:
        return error
    except Exception as error:  # the edge: one picture's fault must not stop the others
        log.exception("looking at %s: %s", entry.name, type(error).__name__)
        return EngineFault(engine=plan.engine)
    return None


def dress(job: Dress) -> list[tuple[PairOutcome, VtonError | None]]:
    """Do a :class:`Dress`; for each garment what became of it."""
    return [_dress_in(job.plan, job.person, garment) for garment in job.garments]


def one_by_one(job: Dress) -> list[Dress]:
    """``job`` as jobs of one garment each."""
    return [replace(job, garments=(garment,)) for garment in job.garments]


def _dress_in(plan: Plan, person: Entry, garment: Entry) -> tuple[PairOutcome, VtonError | None]:
    outcome = PairOutcome(person.name, garment.name, plan.key(person, garment))
    start = time.perf_counter()
    try:
        result = registry.get(plan.engine).try_on(
            TryOnRequest(
                person=_read_person(person.path),
                garment=_read_garment(garment.path),
                kind=GarmentKind(plan.kind),
                options=plan.options,
                person_analysis=_read_analysis(plan.analysis(person)),
                garment_analysis=_read_analysis(plan.analysis(garment)),
                errand=open_errand(plan.engine),
            )
        )
        target = plan.picture(person.name, garment.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        save_result(result, target, open_own_signer() if plan.signs else None)
        _write_thumbnail(plan.thumbnail(person.name, garment.name), result.image)
    except VtonError as error:
        return outcome, error
    except Exception as error:  # the edge: one pair's fault must not stop the others
        log.exception("dressing %s in %s: %s", person.name, garment.name, type(error).__name__)
        return outcome, EngineFault(engine=plan.engine)
    notes = [{"code": note.code, "level": note.level, "en": note.text.en, "zh": note.text.zh} for note in result.notes]
    seconds = round(time.perf_counter() - start, 3)
    return replace(outcome, confidence=round(float(result.confidence), 3), seconds=seconds, notes=notes), None


@functools.lru_cache(maxsize=2)
def _read_person(path: Path) -> Picture:
    return as_person(path).picture


@functools.lru_cache(maxsize=32)
def _read_garment(path: Path) -> Picture:
    return as_garment(path)


@functools.lru_cache(maxsize=64)
def _read_analysis(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write_thumbnail(path: Path, picture: Picture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_picture(shrink(picture, THUMBNAIL_SIDE), ".webp", quality=75))
