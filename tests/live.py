"""The real server in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from tests.forked import CAN_FORK, Program, starter

SECONDS_TO_START = 90
SECONDS_TO_STOP = 30


@dataclass
class LiveServer:
    """``address`` without a slash at its end; ``said``: what it has written to stderr so far; ``setup``: the token of
    the link that makes the first administrator (server mode)."""

    process: subprocess.Popen[str] | Program
    address: str = ""
    setup: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


@contextmanager
def serve(*options: str, alone: bool = False, **variables: str) -> Iterator[LiveServer]:
    """``vtonlab serve`` with ``options`` on a free port; ``variables`` are settings without their prefix, in any
    case. Without ``data`` it gets a folder of its own. Unless it is to be ``alone``, in a Python of its own, it begins
    with everything imported (tests/forked.py)."""
    with tempfile.TemporaryDirectory(prefix="vtonlab-live-") as folder:
        command = ["serve", "--port", "0", "--no-browser", *options]
        with _run(command, {"data": folder} | variables, alone=alone) as server:
            yield server


@contextmanager
def serve_gradio(*options: str, **variables: str) -> Iterator[LiveServer]:
    """``vtonlab gradio`` with ``options`` on a free port, with settings as :func:`serve` has them."""
    with (
        tempfile.TemporaryDirectory(prefix="vtonlab-live-") as folder,
        _run(["gradio", "--port", "0", *options], {"data": folder} | variables, alone=True) as server,
    ):
        yield server


@contextmanager
def _run(words: list[str], variables: dict[str, str], *, alone: bool) -> Iterator[LiveServer]:
    told = {f"VTONLAB_{name.upper()}": value for name, value in variables.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VTONLAB_")}
    with _start(words, kept | told | {"PYTHONPATH": ""}, alone=alone) as process:
        server = LiveServer(process)
        heard = threading.Event()
        listener = threading.Thread(target=_listen, args=(server, heard, "server" in words))
        listener.start()
        try:
            if not heard.wait(SECONDS_TO_START) or not server.address:
                pytest.fail(f"{words[0]} did not start: {''.join(server.said)}")
            yield server
        finally:
            process.terminate()
            process.wait(SECONDS_TO_STOP)
            listener.join(SECONDS_TO_STOP)


def _start(words: list[str], environment: dict[str, str], *, alone: bool) -> subprocess.Popen[str] | Program:
    if CAN_FORK and not alone:
        return starter().serve(words, environment)
    command = [sys.executable, "-c", "from vtonlab.cli import main; main()", *words]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def _listen(server: LiveServer, heard: threading.Event, wants_link: bool) -> None:
    """Hear it to its end: a server whose log nobody reads would stop when the pipe is full."""
    assert server.process.stderr is not None
    for line in server.process.stderr:
        server.said.append(line)
        if found := re.search(r"^VTON Lab[^:]*: (https?://[\w.:\[\]-]+)/", line):
            server.address = found[1]
        if found := re.search(r"[?]setup=([\w-]+)", line):
            server.setup = found[1]
        if server.address and (server.setup or not wants_link):
            heard.set()
    heard.set()
