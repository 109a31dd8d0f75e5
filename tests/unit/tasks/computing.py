"""What jobs of the tests compute in other processes."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from vtonlab.errors import GarmentNotUnderstood

Report = Callable[[float, str], None]


def double(number: int, report: Report) -> tuple[int, int]:
    """Twice the number, and the process that found it out."""
    for step in range(4):
        report(step / 4, f"step {step}")
    return 2 * number, os.getpid()


def refuse(report: Report) -> None:
    raise GarmentNotUnderstood


def break_down(report: Report) -> None:
    raise ValueError("/a/secret/path")


def obey(begun: str, report: Report) -> None:
    """Goes on until it is told to stop, and says that it was."""
    Path(begun).write_text(str(os.getpid()))
    try:
        while True:
            report(0.5, "going on")
            time.sleep(0.02)
    finally:
        Path(begun).with_name("obeyed").touch()


def ignore(begun: str, report: Report) -> None:
    """Never reports, so never hears that it is to stop."""
    Path(begun).write_text(str(os.getpid()))
    while True:
        time.sleep(0.05)


def die(begun: str, report: Report) -> str:
    """Is killed the first time."""
    if Path(begun).exists():
        return "alive"
    Path(begun).write_text(str(os.getpid()))
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def is_fresh(report: Report) -> bool:
    """Whether this process was started anew: nothing of the parent's modules but what was asked for."""
    return "pytest" not in sys.modules and threading.main_thread().name == "MainThread"


def large(size: int, report: Report) -> bytes:
    return bytes(size)


def cannot_be_sent(report: Report) -> object:
    return lambda: None
