"""Errands whose loop ends while a thread waits for it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from tests.unit.remote.jobs import FakeJob

from vtonlab.db.database import Database
from vtonlab.errors import Cancelled, VtonError
from vtonlab.remote.errand import TaskErrand
from vtonlab.remote.service import Outbound
from vtonlab.settings import Settings


def call(errand: TaskErrand, deed: str) -> None:
    if deed == "leaving":
        errand.leaving("far.example", 2, 1_000)
    else:
        errand.keep("job-7")


class Caller(threading.Thread):
    """An engine's thread; ``raised`` once it has ended."""

    def __init__(self, errand: TaskErrand, deed: str) -> None:
        super().__init__(daemon=True)
        self.errand, self.deed = errand, deed
        self.raised: BaseException | None = None

    def run(self) -> None:
        try:
            call(self.errand, self.deed)
        except VtonError as error:
            self.raised = error


@pytest.mark.parametrize("deed", ["leaving", "keep"])
@pytest.mark.parametrize("end", ["cancelled", "stopped", "closed before"])
def test_a_loop_that_ends_hangs_no_thread(tmp_path: Path, deed: str, end: str) -> None:
    outbound = Outbound(Database(f"sqlite:///{tmp_path / 'never.db'}"), Settings())
    job = FakeJob(wait=True)
    loop = asyncio.new_event_loop()
    errand = TaskErrand(outbound, job, "far", loop)  # type: ignore[arg-type]
    thread = Caller(errand, deed)
    if end == "closed before":
        loop.close()
        thread.start()
    else:

        async def serve() -> None:
            thread.start()
            await asyncio.to_thread(job.asked.wait, 10)

        loop.run_until_complete(serve())  # the call now waits in a loop that does not run
        if end == "cancelled":  # as asyncio.run does
            pending = asyncio.all_tasks(loop)
            for task in pending:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(thread.raised, Cancelled)
    if not loop.is_closed():
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
