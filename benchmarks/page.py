"""How soon the pages can be used, and how much script they take, in Chromium. ``python -m benchmarks.page``.

Every load is somebody's first visit: an empty cache, no cookies, no service worker; the server is warm. Interactive:
the first control of the page's own part (not of the bars) is enabled, nothing lies over it, and the page has had time
for a task and a frame after that, so that a click would be answered at once. Floor: the same for a page of plain text
from the same server, without any script of its own but the one that sees it.
"""

from __future__ import annotations

import statistics

from benchmarks._browser import Traffic, chromium, listen, new_window, running_site, session_of
from benchmarks._table import Row, machine, show
from playwright.sync_api import Browser
from tests.e2e.site import Site

PAGES = {
    "home": "/",
    "fitting room": "/tryon",
    "library": "/images",
    "help": "/tutorial",
    "settings": "/settings",
    "sign in": "/login",
}
PLAIN = "/offline.html"
ROUNDS = 7
AFTERWARDS_MS = 700
"""Watched further for long tasks, and for scripts that a page fetches for later."""
TARGET_SECONDS = 1.0
TARGET_SCRIPT_KB = 200.0

SEE_WHEN_USABLE = """
(() => {
  const isFree = (control) => {
    const box = control.getBoundingClientRect();
    if (box.width === 0 || box.bottom < 0 || box.top > innerHeight || !control.checkVisibility()) return false;
    const x = box.left + box.width / 2, y = Math.min(box.top + box.height / 2, innerHeight - 1);
    const hit = document.elementFromPoint(x, y);
    return hit !== null && (control.contains(hit) || control.labels?.[0]?.contains(hit));
  };
  const look = () => {
    const part = document.querySelector("main") ?? (location.pathname.endsWith(".html") ? document.body : null);
    const controls = part?.querySelectorAll("button:not(:disabled), a[href], input:not(:disabled), [role=tab]") ?? [];
    const isUsable = [...controls].some(isFree) || (part === document.body && part?.innerText.trim());
    if (!isUsable) return requestAnimationFrame(look);
    const channel = new MessageChannel(); // a task of its own, which waits for those before it
    channel.port1.onmessage = () => requestAnimationFrame(() => (window.usableAt = performance.now()));
    channel.port2.postMessage(null);
  };
  requestAnimationFrame(look);
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
  }).observe({ type: "longtask", buffered: true });
})();
"""


def main() -> None:
    """Print the tables."""
    with running_site() as site, chromium() as browser:
        load(browser, site, PLAIN)
        plain = [load(browser, site, PLAIN).usable for _ in range(ROUNDS)]
        loads = {name: [load(browser, site, path) for _ in range(ROUNDS)] for name, path in PAGES.items()}
    floor = statistics.median(plain)
    print(machine())
    show(
        f"interactive on a first visit; floor: a page of plain text, {1e3 * floor:.0f} ms; {ROUNDS} visits each",
        [row for name, visits in loads.items() for row in _times(name, visits, floor)],
    )
    encodings = {one for visits in loads.values() for visit in visits for one in visit.encodings}
    show(
        f"fetched on a first visit, as it came over the network (scripts encoded: {', '.join(sorted(encodings))})",
        [_sizes(name, visits[0]) for name, visits in loads.items()],
    )


class Load:
    """One visit: seconds until usable, the longest task in it, kilobytes."""

    def __init__(self, usable: float, longest: float, traffic: Traffic) -> None:
        self.usable, self.longest = usable, longest
        self.script, self.total = traffic.of("Script"), traffic.total
        self.scripts = traffic.requests.get("Script", 0)
        self.encodings = traffic.encodings.get("Script", set())


def load(browser: Browser, site: Site, path: str) -> Load:
    """Go to ``path`` as somebody who was never here."""
    window = new_window(browser, site)
    page = window.new_page()
    page.add_init_script(SEE_WHEN_USABLE)
    traffic = listen(session_of(page))
    page.goto(path, wait_until="commit")
    page.wait_for_function("() => window.usableAt !== undefined")
    page.wait_for_load_state()
    page.wait_for_timeout(AFTERWARDS_MS)
    usable, longest = page.evaluate("[window.usableAt, window.longest]")
    seen = Load(usable / 1e3, longest, traffic)
    window.close()
    return seen


def _times(name: str, visits: list[Load], floor: float) -> list[Row]:
    seconds = [visit.usable for visit in visits]
    middle, worst = statistics.median(seconds), max(seconds)
    longest = statistics.median(visit.longest for visit in visits)
    figure = f"{1e3 * middle:.0f} ms (worst {1e3 * worst:.0f}; longest task {longest:.0f})"
    return [Row(name, figure, "< 1000 ms", middle < TARGET_SECONDS, f"{middle / floor:.1f} × floor")]


def _sizes(name: str, visit: Load) -> Row:
    figure = f"{visit.script:.0f} kB of script in {visit.scripts} files"
    return Row(
        name, figure, "< 200 kB", visit.script < TARGET_SCRIPT_KB, f"{visit.total:.0f} kB of everything with headers"
    )


if __name__ == "__main__":
    main()
