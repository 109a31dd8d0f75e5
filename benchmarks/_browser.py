"""A warm server, a Chromium before it, and what the browser itself says of a page."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright
from tests.e2e.site import Site, run_site

ROOT = Path(__file__).parents[1]
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTH, HEIGHT = 1440, 900


@contextmanager
def running_site(**settings: str) -> Iterator[Site]:
    """At home, with the built-in engine and the pages as they are built now."""
    subprocess.run([ROOT / "scripts" / "frontend.sh"], check=True)
    with tempfile.TemporaryDirectory(prefix="vtonlab-bench-") as folder, run_site(Path(folder), **settings) as site:
        with site.client() as client:
            client.get("/").raise_for_status()
        yield site


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window; ends the benchmark where there is none."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        sys.exit("no Chromium on this machine (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield browser
        browser.close()


def new_window(browser: Browser, site: Site) -> BrowserContext:
    """A window with an empty cache, no cookies and no service worker: somebody's first visit."""
    return browser.new_context(
        base_url=site.address, locale="en-GB", viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light"
    )


@dataclass
class Traffic:
    """What a page fetched, by kind: bytes over the network with and without headers, requests, and encodings."""

    bodies: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    encodings: dict[str, set[str]] = field(default_factory=dict)

    def of(self, kind: str) -> float:
        """kB (1000 bytes) of a kind as compressed: ``Script``, ``Stylesheet``, ``Document``, ``Image`` …"""
        return self.bodies.get(kind, 0) / 1000

    @property
    def total(self) -> float:
        """kB of everything, headers too."""
        return sum(self.bytes.values()) / 1000


def listen(session: CDPSession) -> Traffic:
    """Count from now on, as it comes over the network."""
    traffic, kinds, heads = Traffic(), {}, {}

    def answered(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]
        heads[event["requestId"]] = int(event["response"]["encodedDataLength"])
        headers = {name.lower(): value for name, value in event["response"]["headers"].items()}
        traffic.encodings.setdefault(event["type"], set()).add(headers.get("content-encoding", "none"))

    def ended(event: dict[str, Any]) -> None:
        kind = kinds.get(event["requestId"], "Other")
        traffic.bytes[kind] = traffic.bytes.get(kind, 0) + int(event["encodedDataLength"])
        body = int(event["encodedDataLength"]) - heads.get(event["requestId"], 0)
        traffic.bodies[kind] = traffic.bodies.get(kind, 0) + max(0, body)
        traffic.requests[kind] = traffic.requests.get(kind, 0) + 1

    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", ended)
    session.send("Network.enable")
    return traffic


def session_of(page: Page) -> CDPSession:
    """The browser's own figures of ``page``."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    return session


def memory(session: CDPSession) -> tuple[float, int]:
    """Megabytes of script memory after a collection, and nodes of the document."""
    session.send("HeapProfiler.collectGarbage")
    figures = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return figures["JSHeapUsedSize"] / 1e6, int(figures["Nodes"])


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of ``values`` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def tell(milliseconds: Sequence[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(milliseconds):.0f} ms (p95 {percentile(milliseconds, 0.95):.0f})"
