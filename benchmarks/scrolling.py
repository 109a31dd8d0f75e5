"""A library of 100,000 pictures, scrolled in Chromium: frames that were dropped. ``python -m benchmarks.scrolling``.

A frame is dropped where none came in its 1/60 s while the browser's own scroll gesture (a finger, a wheel) moves the
page. Told are the page's own frames (the gaps between animation frames: what our script and its painting cost) and
those shown (what a person sees: the browser scrolls on while the page is busy). Floor: the same page standing still
for as long, in the same run: what the machine itself drops. Chromium draws without a graphics card here, so the figures
are worse than on a person's desk.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._browser import HEIGHT, WIDTH, chromium, memory, new_window, running_site, session_of
from benchmarks._table import Row, machine, show
from playwright.sync_api import CDPSession, Page
from tests.e2e.drawings import draw_into

COUNT = 100_000
SECONDS = 8.0
SPEEDS = {"reading, a row in half a second": 500, "looking for something": 2_000, "flung": 8_000}
"""Pixels a second."""
FRAME_MS = 1000 / 60
TARGET_PERCENT = 5.0

WATCH = """
window.watchFrames = () => {
  const frames = [];
  let going = true;
  const look = (now) => { frames.push(now); if (going) requestAnimationFrame(look); };
  requestAnimationFrame(look);
  window.framesSeen = () => { going = false; return frames; };
};
"""


@dataclass(frozen=True)
class Frames:
    """What was seen in a while."""

    expected: int
    dropped: int
    longest: float
    """Milliseconds between two frames."""
    shown_dropped: int | None = None
    """Of those on the screen; None while nothing moves, when the browser shows none."""

    @property
    def percent(self) -> float:
        """Of those expected, dropped."""
        return 100 * self.dropped / max(1, self.expected)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="pictures in the library")
    count = parser.parse_args().count
    with TemporaryDirectory() as folder, running_site() as site, chromium() as browser:
        started = time.perf_counter()
        site.seed(count, draw_into(Path(folder)).values())
        stocked = time.perf_counter() - started
        page = new_window(browser, site).new_page()
        page.add_init_script(WATCH)
        started = time.perf_counter()
        page.goto("/images")
        page.locator("main img").first.wait_for()
        opened = time.perf_counter() - started
        page.wait_for_timeout(2_000)
        session = session_of(page)
        before = memory(session)
        idle = watch(page, lambda: page.wait_for_timeout(int(1000 * SECONDS)))
        moved = {name: scroll(page, session, speed) for name, speed in SPEEDS.items()}
        page.wait_for_timeout(2_000)
        after = memory(session)
    print(machine())
    rows = [Row("standing still", _say(idle), "", None, "the floor")]
    rows += [_row(name, frames, idle) for name, frames in moved.items()]
    rows.append(Row("script memory before, after", f"{before[0]:.0f} MB, {after[0]:.0f} MB", "", None))
    rows.append(Row("nodes of the document before, after", f"{before[1]}, {after[1]}", "", None))
    rows.append(Row("library opened, first picture there", f"{opened:.1f} s", "", None, f"stocked in {stocked:.0f} s"))
    show(f"scrolling {count:,} pictures at {WIDTH}×{HEIGHT}, {SECONDS:.0f} s each", rows)


def scroll(page: Page, session: CDPSession, speed: int) -> Frames:
    """Move down at ``speed`` pixels a second."""
    gesture = {
        "x": WIDTH // 2,
        "y": HEIGHT // 2,
        "yDistance": -round(speed * SECONDS),
        "speed": speed,
        "gestureSourceType": "mouse",
        "preventFling": True,
    }
    place = "[...document.querySelectorAll('main, main *'), document.scrollingElement].map((e) => e.scrollTop)"
    before = page.evaluate(f"Math.max(...{place})")
    seen: list[Frames] = []

    def move() -> None:
        seen.append(watch(page, lambda: session.send("Input.synthesizeScrollGesture", gesture)))

    shown = shown_during(page, move)
    after = page.evaluate(f"Math.max(...{place})")
    assert after != before, "nothing was scrolled"
    return replace(seen[0], shown_dropped=_missing(shown))


def watch(page: Page, work: Callable[[], object]) -> Frames:
    """The frames of the page that came while ``work`` was done."""
    page.evaluate("window.watchFrames()")
    work()
    seen: list[float] = page.evaluate("window.framesSeen()")
    longest = max(later - earlier for earlier, later in pairwise(seen))
    return Frames(round((seen[-1] - seen[0]) / FRAME_MS), _missing(seen), longest)


def shown_during(page: Page, work: Callable[[], object]) -> list[float]:
    """When pictures were put on the screen while ``work`` was done, in milliseconds."""
    told: list[dict[str, Any]] = []
    ended: list[dict[str, Any]] = []
    session = page.context.new_cdp_session(page)
    session.on("Tracing.dataCollected", lambda event: told.extend(event["value"]))
    session.on("Tracing.tracingComplete", lambda event: ended.extend([event]))
    session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": {"includedCategories": ["viz"]}})
    work()
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(50)
    session.detach()
    # Microseconds; the other steps of the category are parts of this one.
    return sorted(one["ts"] / 1000 for one in told if one["name"] == "DisplayScheduler::DrawAndSwap")


def _missing(moments: Sequence[float]) -> int:
    return sum(max(0, round((later - earlier) / FRAME_MS) - 1) for earlier, later in pairwise(moments))


def _say(frames: Frames) -> str:
    own = f"{frames.percent:.1f} % of {frames.expected} frames dropped (longest {frames.longest:.0f} ms)"
    if frames.shown_dropped is None:
        return own
    return f"{own}, {100 * frames.shown_dropped / frames.expected:.1f} % of those shown"


def _row(name: str, frames: Frames, idle: Frames) -> Row:
    over = frames.percent - idle.percent
    return Row(
        name, _say(frames), f"≤ {TARGET_PERCENT:.0f} %", frames.percent <= TARGET_PERCENT, f"floor {over:+.1f} %"
    )


if __name__ == "__main__":
    main()
