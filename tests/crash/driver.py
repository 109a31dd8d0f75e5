"""The process that is killed. It imports everything once, then does each order it reads in a child of its own:

    {"folder": …, "action": …, "log": …, "seed": …, "point": …, "times": …, "seconds": …}

The child kills itself (SIGKILL) when it reaches ``point`` for the ``times``-th time; or it is killed after ``seconds``.
The answer is ``{"killed": …, "status": …}``; what the child says goes to ``log``.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any

from tests.crash import house as doings
from tests.crash.batches import BATCH_ACTIONS
from tests.crash.fittings import FITTING_ACTIONS
from tests.crash.house import open_house

from vtonlab import crash_points

LONGEST_SECONDS = 60.0
ACTIONS = doings.ACTIONS | FITTING_ACTIONS | BATCH_ACTIONS


def main() -> None:
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            do(order)
        print(json.dumps(wait_for(child, order.get("seconds"))), flush=True)


def do(order: dict[str, Any]) -> None:
    """In the child; never returns."""
    with open(order["log"], "ab", buffering=0) as log:  # noqa: PTH123 - a plain file, each line written at once
        os.dup2(log.fileno(), 2)

        def write(entry: dict[str, Any]) -> None:
            log.write(json.dumps(entry).encode() + b"\n")

        async def work() -> None:
            house = await open_house(Path(order["folder"]), write)
            if order.get("point"):
                listen(order["point"], order.get("times", 1))
            arguments = [order["seed"]] if "seed" in order else []
            await ACTIONS[order["action"]](house, *arguments)
            crash_points.listen(None)
            await house.close()

        status = 1
        try:
            asyncio.run(work())
            status = 0
        finally:
            os._exit(status)


def listen(point: str, times: int) -> None:
    """Stop the machine there."""
    left = times

    def reached(name: str) -> None:
        nonlocal left
        left -= name == point
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    crash_points.listen(reached)


def wait_for(child: int, seconds: float | None) -> dict[str, Any]:
    """How it ended; it is killed after ``seconds``, or when it hangs."""
    ends = os.pidfd_open(child)
    try:
        done, _, _ = select.select([ends], [], [], seconds or LONGEST_SECONDS)
        if not done:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    finally:
        os.close(ends)
    code = os.waitstatus_to_exitcode(status)
    return {"killed": code == -signal.SIGKILL, "status": code, "hung": not done and seconds is None}


if __name__ == "__main__":
    main()
