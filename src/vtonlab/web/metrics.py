"""Figures of the running server, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

disable_created_metrics()  # type: ignore[no-untyped-call] # when each series began is told by nothing else here, and doubles the text

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
UPLOADS = frozenset(
    {
        "/api/upload-file",
        "/api/upload-clipboard",
        "/api/receive-image",
        "/api/v1/library/images",
        "/api/v1/library/images/import",
    }
)
"""Routes that take pictures in, by their templates."""


class Metrics:
    """Counts requests by the template of their route, never by their path: the number of series stays small."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        here = self.registry
        self._requests = Counter("vtonlab_requests", "Requests answered.", ["method", "route", "status"], registry=here)
        self._seconds = Histogram(
            "vtonlab_request_seconds", "Time to answer.", ["method", "route"], buckets=SECONDS, registry=here
        )
        self._running = Gauge("vtonlab_requests_running", "Requests being answered.", registry=here)
        self._uploads = Counter("vtonlab_uploads", "Requests that brought pictures.", ["status"], registry=here)
        self._upload_bytes = Counter("vtonlab_upload_bytes", "Bytes of such requests.", registry=here)
        self._sockets = Gauge("vtonlab_sockets", "WebSocket connections.", registry=here)
        self._tasks = Gauge("vtonlab_tasks", "Tasks by lane and status.", ["lane", "status"], registry=here)
        Gauge("vtonlab_info", "The program.", ["version"], registry=here).labels(version).set(1)

    def begin(self) -> None:
        """A request has come."""
        self._running.inc()

    def end(self, method: str, route: str, status: int, seconds: float, received: int) -> None:
        """It was answered; ``received`` bytes were its body."""
        method = method if method in METHODS else "OTHER"
        self._running.dec()
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        if method == "POST" and route in UPLOADS:
            self._uploads.labels(str(status)).inc()
            self._upload_bytes.inc(received)

    def open_socket(self) -> None:
        """A WebSocket has come."""
        self._sockets.inc()

    def close_socket(self) -> None:
        """It has gone."""
        self._sockets.dec()

    def watch_pictures(self, answered: Mapping[int, int]) -> None:
        """``answered`` counts, by status, the pictures that are answered before anything else stands in between."""
        self.registry.register(_Pictures(answered))

    def write(self, tasks: Mapping[tuple[str, str], int]) -> bytes:
        """Everything as text; ``tasks`` counts them by lane and status."""
        self._tasks.clear()
        for (lane, status), count in tasks.items():
            self._tasks.labels(lane, status).set(count)
        return generate_latest(self.registry)


class _Pictures(Collector):
    def __init__(self, answered: Mapping[int, int]) -> None:
        self._answered = answered

    def collect(self) -> Iterable[Metric]:
        """The counts as they are now."""
        told = CounterMetricFamily(
            "vtonlab_pictures", "Pictures answered from what is remembered; not among requests.", labels=["status"]
        )
        for status, count in sorted(self._answered.items()):
            told.add_metric([str(status)], count)
        return [told]
