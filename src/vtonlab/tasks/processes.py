"""Processes of this machine that compute: started anew rather than forked (MediaPipe's threads do not survive a fork),
kept warm for the next call, and ended when they neither obey nor answer."""

from __future__ import annotations

import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from vtonlab.errors import Cancelled, WorkerLost
from vtonlab.tasks import process_main as other

OBEY_SECONDS = 2.0
"""How long a process that was asked to stop may go on."""
IDLE_SECONDS = 600.0
"""How long one that has nothing to do is kept."""
TICK_SECONDS = 0.1
END_SECONDS = 5.0


class ComputingFault(RuntimeError):
    """What the process's own trace says; for the log."""


class Worker:
    """One process. Its calls come from one thread at a time."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "vtonlab.tasks.process_main", str(theirs.fileno())]
        # A session of its own: the terminal's Ctrl-C is the server's affair.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
        )
        theirs.close()
        self._connection: Connection[Any, Any] = Connection(ours.detach())
        self._connection.send(sys.path)
        self.used_at = time.monotonic()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can be called."""
        return self._process.poll() is None and not self._connection.closed

    def call(
        self,
        work: Callable[..., Any],
        arguments: tuple[Any, ...],
        report: Callable[[float, str], None],
        stopped: threading.Event,
        patience: float,
    ) -> Any:
        """``work(*arguments, report)`` over there. Blocks.

        ``report`` hears of progress; ``stopped`` asks it to stop. ``patience``: seconds without a report after which it
        is taken to hang. Raises what ``work`` raises, ``Cancelled``, ``WorkerLost`` where the process is no more, and
        ``ComputingFault`` for errors that are not ours.
        """
        self._send(other.CALL, pickle.dumps((work, arguments), pickle.HIGHEST_PROTOCOL))
        heard = time.monotonic()
        asked: float | None = None
        while True:
            message = self._hear()
            if message is not None:
                heard = time.monotonic()
                match message:
                    case (other.PROGRESS, fraction, stage):
                        report(fraction, stage)
                    case (kind, content):
                        self.used_at = heard
                        return _read(kind, content)
            if stopped.is_set() and asked is None:
                asked = time.monotonic()
                self._send(other.CANCEL)
            if asked is not None and time.monotonic() - asked > OBEY_SECONDS:
                self.kill()
                raise Cancelled
            if time.monotonic() - heard > patience:
                self.kill()
                raise WorkerLost

    def _hear(self) -> Any:
        try:
            return self._connection.recv() if self._connection.poll(TICK_SECONDS) else None
        except (EOFError, OSError) as error:
            self.kill()
            raise WorkerLost from error

    def _send(self, *message: object) -> None:
        try:
            self._connection.send(message)
        except OSError as error:
            self.kill()
            raise WorkerLost from error

    def close(self) -> None:
        """Let it go: it ends when its connection does."""
        self._connection.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def end(self) -> None:
        """End it now; whoever waits for its call hears ``WorkerLost``."""
        self._process.kill()

    def kill(self) -> None:
        """End it now, and let go of it. For whoever uses it."""
        self._process.kill()
        self._process.wait()
        self._connection.close()


def _read(kind: str, content: Any) -> Any:
    if kind == other.DONE:
        return pickle.loads(content)  # noqa: S301 - of our own process
    if kind == other.REFUSED:
        raise pickle.loads(content)  # noqa: S301
    raise ComputingFault(content)


class Processes:
    """The processes of a runner. Used from several threads."""

    def __init__(self) -> None:
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def run(
        self,
        work: Callable[..., Any],
        arguments: tuple[Any, ...],
        report: Callable[[float, str], None],
        stopped: threading.Event,
        patience: float,
    ) -> Any:
        """As :meth:`Worker.call`, in a process that is free, or a new one. Blocks."""
        worker = self._take()
        try:
            return worker.call(work, arguments, report, stopped, patience)
        finally:
            self._put(worker)

    def _take(self) -> Worker:
        with self._lock:
            if self._is_closed:
                raise Cancelled
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive:
                    self._busy.add(worker)
                    return worker
                worker.kill()
        worker = Worker()
        with self._lock:
            self._busy.add(worker)
        return worker

    def _put(self, worker: Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            if worker.is_alive and not self._is_closed:
                self._idle.append(worker)
                return
        worker.kill()

    def close_idle(self) -> None:
        """Let go of those that had nothing to do for a while."""
        moment = time.monotonic()
        with self._lock:
            old = [worker for worker in self._idle if moment - worker.used_at > IDLE_SECONDS]
            self._idle = [worker for worker in self._idle if worker not in old]
        for worker in old:
            worker.close()

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for worker in busy:
            worker.end()
        for worker in idle:
            worker.kill()
