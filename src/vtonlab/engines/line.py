"""A line to a service elsewhere: what an engine needs to talk to it while somebody waits.

The talking is asynchronous and happens in a thread of the line's own, so that whoever waits can report every half
second, and hang up at once when the person does not want the picture any more.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import ipaddress
import logging
import math
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlsplit

import httpx

from vtonlab.engines.contract import Errand, Report
from vtonlab.errors import QuotaExceeded

T = TypeVar("T")

TICK_SECONDS: Final = 0.5
"""Between two reports; whoever asks to stop waits no longer than that."""
CONNECT_SECONDS: Final = 10.0
"""For a connection to be made, whatever time the answer may take."""
HANG_UP_SECONDS: Final = 2.0
"""For the connections to be closed at the end."""

LAST_WORD_SECONDS: Final = 1.5
"""For an answer that is heard to its end although nobody wants it any more."""

QUOTA_SECONDS: Final = 20.0
"""For which a used-up quota is not asked about again."""

MARK: Final = "(asked)"
"""Kept in place of a job's name from before a purchase until its answer: who finds it does not know what came of the
purchase. No service names a job so."""

Progress = tuple[float, str]
"""What is reported: a fraction and a stage."""


class Sending:
    """Whether anything of a request's body went out: before that, nothing can have been bought."""

    def __init__(self) -> None:
        self.begun = False

    async def watch(self, event: str, _: object) -> None:
        """Hears what the connection does (httpcore's `trace` extension)."""
        if event.endswith("send_request_body.started"):
            self.begun = True


class Line:
    """One fitting's connections, as a context. ``auth``: user and password of a proxy before the service."""

    def __init__(self, report: Report, auth: tuple[str, str] | None = None) -> None:
        self.sending = Sending()
        self._report = report
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._talk, name="line", daemon=True)
        # No redirects: httpx would carry a service's own key header to whatever host it is sent to.
        self.client = httpx.AsyncClient(
            verify=certificates(), follow_redirects=False, auth=auth, event_hooks={"request": [self._prepare]}
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        # A resolver that hangs must not keep the person waiting; the thread ends when it does.
        self._thread.join(HANG_UP_SECONDS)

    def wait(
        self,
        work: Coroutine[Any, Any, T],
        progress: Callable[[float], Progress],
        hear: Callable[[T], None] | None = None,
    ) -> T:
        """What ``work`` returns or raises. Meanwhile ``progress(seconds so far)`` is reported twice a second; when
        that raises, the work is cancelled and its connection closed.

        ``hear`` is called with what the work returns, also where that comes up to ``LAST_WORD_SECONDS`` after a report
        raised: for answers that must not be missed.
        """
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        waited = 0.0
        try:
            while True:
                self._report(*progress(waited))
                done, _ = concurrent.futures.wait([running], TICK_SECONDS)
                if done:
                    break
                waited += TICK_SECONDS
        finally:
            if hear is not None:
                concurrent.futures.wait([running], LAST_WORD_SECONDS)
                if running.done() and running.exception() is None:
                    hear(running.result())
            running.cancel()
        return running.result()

    def rest(self, seconds: float, fraction: float) -> None:
        """Wait as a service asked to, and say how long it will take."""
        self.wait(
            asyncio.sleep(seconds),
            lambda waited: (fraction, f"remote_queue seconds={max(0, math.ceil(seconds - waited))}"),
        )

    def expect_purchase(self) -> Sending:
        """What is sent from now on, to be asked whether it went out."""
        self.sending = Sending()
        return self.sending

    async def _prepare(self, request: httpx.Request) -> None:
        times = request.extensions.get("timeout") or {}
        request.extensions = {
            **request.extensions,
            "trace": self.sending.watch,
            "timeout": {**times, "connect": CONNECT_SECONDS},
        }

    def _talk(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self.client.aclose())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()


class Quota:
    """Remembers for a moment that a service's quota is used up: the queue's next attempts, and what else stands in the
    line, then send no pictures only to hear it again."""

    def __init__(self, engine: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._until = float("-inf")

    def check(self) -> None:
        """Raises ``QuotaExceeded`` where it was used up a moment ago."""
        if self._clock() < self._until:
            raise QuotaExceeded(engine=self._engine)

    def hear(self, error: Exception) -> None:
        """What the service refused with."""
        if isinstance(error, QuotaExceeded):
            self._until = self._clock() + QUOTA_SECONDS


class _Discretion(logging.Filter):
    """Keeps addresses out of httpx's own log lines."""

    def __init__(self) -> None:
        super().__init__()
        self.unsaid: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.args if isinstance(record.args, tuple) else ()
        return not any(isinstance(one, httpx.URL) and str(one) in self.unsaid for one in said)


_discretion: Final = _Discretion()
logging.getLogger("httpx").addFilter(_discretion)


@contextmanager
def unsaid(address: str) -> Iterator[None]:
    """No log names ``address`` meanwhile: whoever has it can fetch what lies there. Raises ``httpx.InvalidURL``."""
    written = str(httpx.URL(address))
    _discretion.unsaid.add(written)
    try:
        yield
    finally:
        _discretion.unsaid.discard(written)


@functools.cache
def certificates() -> ssl.SSLContext:
    """Whose word is taken for a host's name. Made once: it takes a tenth of a second."""
    return httpx.create_ssl_context()


def keep(errand: Errand | None, remote_id: str) -> None:
    """``errand.keep``, where there is an errand. Empty: forget it, nothing was bought."""
    if errand is not None:
        errand.keep(remote_id)


def kept(errand: Errand | None) -> str:
    """What an earlier attempt kept; empty where it kept nothing."""
    return (errand.remote_id or "") if errand is not None else ""


def host_of(address: str) -> str:
    """The host that pictures sent to ``address`` go to, with its port where that is not the usual one; empty where
    ``address`` is none."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.hostname or ""
    return host if port in {None, usual} else f"{host}:{port}"


def without_credentials(address: str) -> tuple[str, tuple[str, str] | None]:
    """``address`` without user and password, and these: addresses are logged, they are not."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, TypeError):
        return "", None
    if not url.username:
        return address, None
    return str(url.copy_with(username=None, password=None)), (url.username, url.password)


def is_safe(address: str, *, allow_loopback: bool = True) -> bool:
    """Whether nobody on the way can read along: `https`, or `http` to this very machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and allow_loopback and is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
