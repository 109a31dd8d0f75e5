"""A process that computes what it is sent, one call at a time: ``python -m vtonlab.tasks.process_main FD``.

It ends when the other end of its connection does, whatever it is computing; so none outlives the server, however that
ended.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from vtonlab.errors import Cancelled, VtonError
from vtonlab.tasks.outcomes import Outcome

CALL, CANCEL = "call", "cancel"
PROGRESS, DONE, REFUSED, FAULT = "progress", "done", "refused", "fault"


def main() -> None:
    """Listen until the connection ends; compute beside that, so that a request to stop is heard meanwhile."""
    connection: Connection[Any, Any] = Connection(int(sys.argv[1]))
    sys.path[:] = connection.recv()
    stopped = threading.Event()
    while True:
        try:
            message, *content = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        if message == CANCEL:
            stopped.set()
        else:
            stopped.clear()
            threading.Thread(target=_compute, args=(connection, stopped, content[0]), daemon=True).start()


def _compute(connection: Connection[Any, Any], stopped: threading.Event, call: bytes) -> None:
    def report(fraction: float, stage: str) -> None:
        if stopped.is_set():
            raise Cancelled
        connection.send((PROGRESS, float(fraction), str(stage)))

    outcome: Outcome[bytes] = Outcome()
    with outcome:
        outcome.value = _answer(pickle.loads(call), report)  # noqa: S301 - of our own server
    connection.send(_describe(outcome))


def _answer(call: tuple[Callable[..., Any], tuple[Any, ...]], report: Callable[[float, str], None]) -> bytes:
    work, arguments = call
    return pickle.dumps(work(*arguments, report), pickle.HIGHEST_PROTOCOL)


def _describe(outcome: Outcome[bytes]) -> tuple[str, bytes | str]:
    error = outcome.error
    if error is None:
        return DONE, outcome.value or b""
    if isinstance(error, VtonError):
        kept: Outcome[bytes] = Outcome()
        with kept:
            kept.value = pickle.dumps(error)
        if kept.error is None:
            return REFUSED, kept.value or b""
    return FAULT, "".join(traceback.format_exception(error))


if __name__ == "__main__":
    main()
