"""The command line without its beginning: one process has imported what commands need, each call is a child of it.

What a call does is what the console script does after Python and the libraries have loaded, which takes most of a short
call's time. The modules of ``vtonlab.cli`` themselves are loaded by the call: their words are in its language.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
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
    "vtonlab.settings",
    "vtonlab.engines.registry",
    "vtonlab.engines.instant.engine",
    "vtonlab.imaging.read",
    "vtonlab.imaging.provenance",
    "vtonlab.fitting.models",
    "vtonlab.generation.models",
    "vtonlab.tasks.models",
    "vtonlab.library.models",
    "vtonlab.remote.models",
    "vtonlab.db.database",
)


class Starter:
    """Starts calls. ``path``: what the children's Python finds besides what is installed (PYTHONPATH)."""

    def __init__(self, path: str) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VTONLAB_")}
        words = [sys.executable, "-m", "tests.forked", str(theirs.fileno())]
        with theirs:
            theirs.set_inheritable(True)
            self._process = subprocess.Popen(
                words, cwd=ROOT, env=kept | {"PYTHONPATH": path}, pass_fds=[theirs.fileno()]
            )

    def close(self) -> None:
        """No more calls."""
        self._line.close()
        self._process.wait(30)

    def run(
        self, *words: str | Path, cwd: Path, environment: Mapping[str, str], timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """``vtonlab`` with ``words``, to its end."""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said, Path(os.devnull).open() as nothing:
            told = [str(word) for word in words]
            order = {"words": told, "cwd": str(cwd), "environment": dict(environment)}
            ends, ended = os.pipe()
            with os.fdopen(ends, "rb", buffering=0) as status:
                try:
                    sent = [nothing.fileno(), output.fileno(), said.fileno(), ended]
                    socket.send_fds(self._line, [json.dumps(order).encode()], sent)
                finally:
                    os.close(ended)
                pid = int.from_bytes(status.read(4), "little")
                if not select.select([status], [], [], timeout)[0]:
                    os.kill(pid, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(told, timeout)
                code = int.from_bytes(status.read(4), "little", signed=True)
            texts = []
            for file in (output, said):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(told, code, *texts)


@contextmanager
def starter(path: str) -> Iterator[Starter]:
    """One for as long as it is wanted."""
    one = Starter(path)
    try:
        yield one
    finally:
        one.close()


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
            return 0
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
    sys.argv = ["vtonlab", *list(order["words"])]  # type: ignore[call-overload]
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, errors="backslashreplace", buffering=1)  # noqa: SIM115
    from vtonlab.cli import main as vtonlab

    return vtonlab()


if __name__ == "__main__":
    sys.exit(main())
