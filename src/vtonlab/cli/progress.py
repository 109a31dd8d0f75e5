"""How far a long command is: a bar on a terminal, a line now and then in a log; always on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from vtonlab.cli.language import here

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Counts ``total`` things; shows the rate and the time left."""

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._start = self._last_line = time.monotonic()
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._bar = self._make_bar()
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=self._total, rate="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def say(self, words: str) -> None:
        """Tell something above the bar."""
        if self._bar is not None:
            self._bar.console.print(words, markup=False, highlight=False)
        else:
            print(words, file=sys.stderr, flush=True)

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if self._done == 1:
            self._start = time.monotonic()  # before the first there was the warming up
        rate = self._rate()
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, rate=f"{rate:.1f}/s" if rate else "")
        elif rate and time.monotonic() - self._last_line > SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            left = (self._total - self._done) / rate
            words = here(f"{rate:.1f}/s, {left:.0f} s left", f"每秒 {rate:.1f}，剩余 {left:.0f} 秒")
            print(f"{self._what} {self._done}/{self._total}  {words}", file=sys.stderr, flush=True)

    def _rate(self) -> float:
        seconds = time.monotonic() - self._start
        return (self._done - 1) / seconds if seconds > 0.5 else 0.0

    @staticmethod
    def _make_bar() -> Bar:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        return Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
