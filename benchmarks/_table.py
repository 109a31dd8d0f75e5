"""A table of measurements with their targets and, beside each, the same work's floor measured in the same run.

Machines are noisy and differ: the ratio to the floor is what can be compared between two runs.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Row:
    """One line: what was measured, the figure with its unit, the target, and what it is compared with."""

    what: str
    figure: str
    target: str
    reached: bool | None
    """None where there is no target or nothing could be measured."""
    floor: str = ""


def show(title: str, rows: list[Row]) -> None:
    """Print the table."""
    print(f"\n{title}")
    widths = [max(len(text) for text in column) for column in zip(*map(_cells, rows), strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(_cells(row), widths, strict=True)).rstrip())


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    mark = {True: "ok", False: "MISSED", None: ""}[row.reached]
    return row.what, row.figure, row.target, mark, row.floor


@dataclass(frozen=True)
class Seconds:
    """Times of the same work done several times."""

    middle: float
    best: float
    cpu: float
    """Seconds all cores together worked, in the middle: what a busy machine does not change much."""

    def __str__(self) -> str:
        return f"{1e3 * self.middle:.0f} ms (best {1e3 * self.best:.0f}, CPU {1e3 * self.cpu:.0f})"


def clock(work: Callable[[], object], times: int) -> Seconds:
    """Do ``work`` once to warm up and ``times`` times by the clock."""
    work()
    return summarise([once(work) for _ in range(times)])


def once(work: Callable[[], object]) -> tuple[float, float]:
    """Do ``work``; seconds by the wall clock and of CPU."""
    start, worked = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - worked


def summarise(taken: list[tuple[float, float]]) -> Seconds:
    wall = [wall for wall, _ in taken]
    return Seconds(statistics.median(wall), min(wall), statistics.median(cpu for _, cpu in taken))


def machine() -> str:
    """The machine and its libraries, and how busy it was before the measurements."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores{load}, Python {platform.python_version()}, "
        f"numpy {np.__version__}, OpenCV {cv2.__version__}"
    )
