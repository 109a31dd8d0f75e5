"""One fitting's stay at the service: connecting, asking, waiting, fetching, and leaving in good order.

gradio_client blocks; so each of its calls runs in a thread of the visit's own, and whoever waits reports every second,
gives up at the deadline and leaves at once when the person does not want the picture any more.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from vtonlab.engines.contract import Report
from vtonlab.engines.idm_vton.address import NAME, Address
from vtonlab.engines.idm_vton.failures import explain
from vtonlab.engines.idm_vton.interface import ENDPOINT, Interface, recognise
from vtonlab.engines.idm_vton.outputs import fetch
from vtonlab.engines.idm_vton.wire import Wire
from vtonlab.errors import EngineTimeout, EngineUnavailable, NotThatService

T = TypeVar("T")

TICK_SECONDS: Final = 0.1
REPORT_SECONDS: Final = 0.9
"""Between two reports of the same; whoever asks to stop waits no longer than that."""
NEWS_SECONDS: Final = 0.4
"""Between two reports of one stage whose numbers changed."""
RETRY_SECONDS: Final = (0.3, 1.0)
"""Before connecting again to a service that does not answer; longer waits are the queue's business."""
CANCEL_SECONDS: Final = 2.0
"""For telling the service that nobody waits any more."""
MOST_GUESSED: Final = 0.9
"""Share of the work that is taken to be done by how long it usually takes."""
LEAST_SHARE: Final = 0.02
"""Of the work, before anything is said of the time left."""
CONNECTED: Final = 0.04
QUEUED: Final = 0.08
WORKING: Final = 0.12
WORKED: Final = 0.92


class Visit:
    """A context. Its methods raise our errors, ``EngineTimeout`` at the address's deadline, and what ``report`` raises.

    ``queued``, ``worked``: seconds that the answer took to be begun, and to be made. ``was_taken``: whether the service
    took the last job on.
    """

    def __init__(self, address: Address, report: Report) -> None:
        self.queued = self.worked = 0.0
        self.was_taken = False
        self._wire = Wire(address)
        self._report = report
        self._told = (0.0, "")
        self._fraction = 0.0
        self._began = time.monotonic()
        self._client: Any = None
        self._job: Any = None
        self._threads = concurrent.futures.ThreadPoolExecutor(max_workers=3, thread_name_prefix=NAME)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def connect(self) -> Interface:
        """Connect, and find out how the service is asked."""
        for pause in RETRY_SECONDS:
            try:
                return self._run(self._open, 0.0, "connecting", connecting=True)
            except EngineUnavailable as error:
                # Nothing was asked yet, so asking again cannot do anything twice.
                if not error.retryable:
                    raise
            self.rest(pause, 0.0, "connecting")
        return self._run(self._open, 0.0, "connecting", connecting=True)

    def ask(self, arguments: Sequence[object]) -> Sequence[object]:
        """What the service makes of ``arguments``, as gradio_client gives it."""
        self.tell(CONNECTED, "sending")
        asked = time.monotonic()
        self._job = self._client.submit(*arguments, api_name=ENDPOINT)
        future: concurrent.futures.Future[Any] = self._job.future
        started = None
        usual: float | None = None
        while not self._is_done(future):
            status = self._job.status()
            usual = _last_eta(self._job) or usual
            if started is None and status.code.name in {"PROCESSING", "PROGRESS", "ITERATING"}:
                started = time.monotonic()
                self.queued = started - asked
            self.tell(*_stage(status, 0.0 if started is None else time.monotonic() - started, usual))
        self.worked = time.monotonic() - (started or asked)
        error = future.exception()
        self.was_taken = self._job.communicator.event_id is not None
        self._job = None
        if error is not None:
            raise explain(error, self._wire) from error
        outputs = future.result()
        return outputs if isinstance(outputs, list | tuple) else (outputs,)

    def fetch(self, output: object) -> bytes | None:
        """The bytes of the picture that ``output`` names or holds; None where it is none."""
        return self._run(lambda: fetch(output, self._client, self._wire), WORKED, "fetching")

    def rest(self, seconds: float, fraction: float, stage: str) -> None:
        """Wait, telling so."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.tell(fraction, stage)
            time.sleep(min(left, TICK_SECONDS))

    def tell(self, fraction: float, stage: str) -> None:
        """Report, unless the same was said within the second. Raises ``EngineTimeout`` at the deadline."""
        now = time.monotonic()
        if now - self._began > self._wire.address.seconds:
            raise EngineTimeout(engine=NAME, seconds=round(self._wire.address.seconds))
        self._fraction = max(self._fraction, fraction)
        said, words = self._told
        is_new = words.partition(" ")[0] != stage.partition(" ")[0]
        if is_new or now - said > (REPORT_SECONDS if words == stage else NEWS_SECONDS):
            self._told = (now, stage)
            self._report(self._fraction, stage)

    def _open(self) -> Interface:
        from vtonlab.engines.idm_vton.client import open_client

        self._client = open_client(self._wire)
        description = self._client.view_api(print_info=False, return_format="dict")
        found = recognise(description, self._client.config)
        if found is None:
            raise NotThatService(engine=NAME)
        return found

    def _run(self, work: Callable[[], T], fraction: float, stage: str, *, connecting: bool = False) -> T:
        """``work()``, in a thread."""
        future = self._threads.submit(work)
        self.tell(fraction, stage)
        while not self._is_done(future):
            self.tell(fraction, stage)
        error = future.exception()
        if error is not None:
            raise explain(error, self._wire, connecting=connecting) from error
        return future.result()

    @staticmethod
    def _is_done(future: concurrent.futures.Future[Any]) -> bool:
        return bool(concurrent.futures.wait([future], timeout=TICK_SECONDS).done)

    def _leave(self) -> None:
        """Give the place in the service's queue back, and end every connection and thread."""
        if self._job is not None and not self._job.future.done() and self._client.can_cancel:
            told = self._threads.submit(self._job.cancel_fn)
            concurrent.futures.wait([told], timeout=CANCEL_SECONDS)
        self._wire.cut()
        if self._client is not None:
            with contextlib.suppress(RuntimeError):  # its heartbeat was never started
                self._client.close()
        self._threads.shutdown(wait=False, cancel_futures=True)


def _stage(status: Any, worked: float, usual: float | None) -> tuple[float, str]:
    """Fraction and stage for what gradio_client knows of a job that has been worked on for ``worked`` seconds;
    ``usual``: how long the service said last that one takes."""
    match status.code.name:
        case "STARTING" | "JOINING_QUEUE" | "SENDING_DATA":
            return CONNECTED, "sending"
        case "IN_QUEUE":
            return QUEUED, _name(
                "remote_queue", position=_after(status.rank), size=status.queue_size, seconds=_whole(status.eta)
            )
    steps = status.progress_data[0] if status.progress_data else None
    done, of = (steps.index, steps.length) if steps is not None else (None, None)
    share = steps.progress if steps is not None else None
    if share is None and done is not None and of:
        share = done / of
    if share is None:
        # IDM-VTON's own demo tells no progress.
        left = max(0.0, usual - worked) if usual else None
        share = min(MOST_GUESSED, worked / usual) if usual else 0.0
    else:
        share = min(1.0, max(0.0, share))
        left = worked * (1 - share) / share if share > LEAST_SHARE else None
    return WORKING + (WORKED - WORKING) * share, _name(
        "remote_work", done=_whole(done), of=_whole(of), seconds=_whole(left)
    )


def _last_eta(job: Any) -> float | None:
    """What the service said last about how long it takes; it may have been overtaken by the next thing it said."""
    last = None
    updates = job.communicator.updates
    while not updates.empty():
        last = getattr(updates.get_nowait(), "eta", None) or last
    return last


def _name(stage: str, **values: int | None) -> str:
    """The stage in the form of ``contract.Report``, without what is not known."""
    return " ".join([stage, *(f"{name}={value}" for name, value in values.items() if value is not None)])


def _after(rank: object) -> int | None:
    return rank + 1 if isinstance(rank, int) else None


def _whole(value: object) -> int | None:
    return min(round(value), 10**7) if isinstance(value, int | float) and value >= 0 else None
