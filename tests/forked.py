"""The command line without its beginning: one process has imported what commands need, each call is a child of it.

What a call does is what the console script does after Python and the libraries have loaded, which takes most of a short
call's time, and of a server's start. The modules of ``vtonlab.cli`` themselves are loaded by the call: their words are
in its language.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

ROOT = Path(__file__).parents[1]
CAN_FORK = hasattr(os, "pidfd_open")
"""Elsewhere than on Linux every call is a Python of its own."""
LONGEST_ORDER = 1 << 20
PRELOADED = (
    "typer",
    "numpy",
    "cv2",
    "PIL.Image",
    "PIL.ImageOps",
    "mediapipe",
    "httpx",
    "c2pa",
    "cryptography.x509",
    "gradio_client",
    "sqlalchemy.ext.asyncio",
    "aiosqlite",
    "alembic.command",
    "granian.server",
    "vtonlab.engines.instant.engine",
    "vtonlab.imaging.provenance",
    "vtonlab.web.app",
)


class Program:
    """A call that runs; as ``subprocess.Popen`` has it. ``stderr``: what it says, where that is wanted."""

    def __init__(self, pid: int, status: int, stderr: TextIO | None = None) -> None:
        self.pid, self.stderr = pid, stderr
        self.returncode: int | None = None
        self._status = status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: TracebackType | BaseException | type[BaseException] | None) -> None:  # noqa: PYI036
        if self.stderr is not None:
            self.stderr.close()
        self.wait()

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended; ``subprocess.TimeoutExpired`` after ``timeout`` seconds."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("vtonlab", timeout or 0)
            self.returncode = int.from_bytes(os.read(self._status, 4), "little", signed=True)
            os.close(self._status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Starter:
    """Starts calls."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VTONLAB_")}
        words = [sys.executable, "-m", "tests.forked", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(words, cwd=ROOT, env=kept, pass_fds=[theirs.fileno()])

    def close(self) -> None:
        """No more calls."""
        self._line.close()
        self._process.wait(30)

    def start(
        self, words: list[str], cwd: Path, environment: Mapping[str, str], output: int, said: int
    ) -> tuple[int, int]:
        """``vtonlab`` with ``words``, which writes to these two files. Its number, and a file that gives its end."""
        order = {"words": words, "cwd": str(cwd), "environment": dict(environment)}
        status, ended = os.pipe()
        with Path(os.devnull).open() as nothing:
            socket.send_fds(self._line, [json.dumps(order).encode()], [nothing.fileno(), output, said, ended])
        os.close(ended)
        pid = os.read(status, 4)
        assert pid, "what starts the calls has ended"
        return int.from_bytes(pid, "little"), status

    def serve(self, words: list[str], environment: Mapping[str, str]) -> Program:
        """A call that goes on; what it says is read from its ``stderr``."""
        said, theirs = os.pipe()
        with Path(os.devnull).open("w") as nothing:
            pid, status = self.start(words, Path.cwd(), environment, nothing.fileno(), theirs)
        os.close(theirs)
        return Program(pid, status, os.fdopen(said, encoding="utf-8", errors="replace"))

    def run(
        self, *words: str | Path, cwd: Path, environment: Mapping[str, str], timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """A call to its end."""
        told = [str(word) for word in words]
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said:
            program = Program(*self.start(told, cwd, environment, output.fileno(), said.fileno()))
            try:
                code = program.wait(timeout)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
                raise
            texts = []
            for file in (output, said):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(told, code, *texts)


@cache
def starter() -> Starter:
    """One for this process."""
    one = Starter()
    atexit.register(one.close)
    return one


# ------------------------------------------------------------------------------------------------ the other side


def main() -> int:
    """Fork for every order. In the parent it returns at the end of the line, in a child with the call's exit code."""
    for name in PRELOADED:
        __import__(name)
    line = socket.socket(fileno=int(sys.argv[1]))
    running: dict[int, tuple[int, int]] = {}
    while True:
        ready, _, _ = select.select([line.fileno(), *running], [], [])
        for end in set(ready) & set(running):
            pid, status = running.pop(end)
            _, code = os.waitpid(pid, 0)
            os.close(end)
            with contextlib.suppress(BrokenPipeError):
                os.write(status, os.waitstatus_to_exitcode(code).to_bytes(4, "little", signed=True))
            os.close(status)
        if line.fileno() not in ready:
            continue
        data, files, _, _ = socket.recv_fds(line, LONGEST_ORDER, 4)
        if not data:
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            line.close()
            os.close(files.pop())
            return _become(json.loads(data), files)
        for file in files[:3]:
            os.close(file)
        os.write(files[3], pid.to_bytes(4, "little"))
        running[os.pidfd_open(pid)] = (pid, files[3])


def _become(order: dict[str, object], files: list[int]) -> int:
    """The console script, from its first line."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(str(order["cwd"]))
    environment = order["environment"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[1:1] = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.argv = ["vtonlab", *list(order["words"])]  # type: ignore[call-overload]
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, errors="backslashreplace", buffering=1)  # noqa: SIM115
    from vtonlab.cli import main as vtonlab

    return vtonlab()


if __name__ == "__main__":
    sys.exit(main())
