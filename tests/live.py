"""The real server in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SECONDS_TO_STOP = 20


@dataclass
class LiveServer:
    """``address`` without a slash at its end; ``said``: what it has written to stderr so far."""

    address: str
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


@contextmanager
def serve(*options: str, packages: Path | None = None, **variables: str) -> Iterator[LiveServer]:
    """``vtonlab serve`` with ``options`` on a free port; ``variables`` are settings without their prefix, in any
    case. Without ``data`` it gets a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="vtonlab-live-") as folder:
        told = {"VTONLAB_DATA": folder, "PYTHONPATH": str(packages or "")}
        told |= {f"VTONLAB_{name.upper()}": value for name, value in variables.items()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VTONLAB_")}
        command = [sys.executable, "-c", "from vtonlab.cli import main; main()", "serve", "--port", "0", "--no-browser"]
        with subprocess.Popen(
            [*command, *options], env=kept | told, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        ) as process:
            try:
                yield _await_address(process)
            finally:
                process.terminate()
                process.communicate(timeout=SECONDS_TO_STOP)


def _await_address(process: subprocess.Popen[str]) -> LiveServer:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"VTON Lab: (https?://[\w.:\[\]-]+)/", line):
            return LiveServer(found[1], process, said)
    pytest.fail(f"the server did not start: {''.join(said)}")
