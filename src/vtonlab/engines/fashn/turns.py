"""Whose turn it is: the service takes so many jobs at once, and so many orders a minute."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

AT_ONCE: Final = 6
PER_MINUTE: Final = 50


class Turns:
    """The places of one account, as far as this process fills them; what others of the account do, the service says
    itself."""

    def __init__(
        self, at_once: int = AT_ONCE, per_minute: int = PER_MINUTE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_once = at_once
        self._per_minute = per_minute
        self._clock = clock
        self._taken = 0
        self._begun: deque[float] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def take(self, wait: Callable[[], None]) -> Iterator[None]:
        """A place. While there is none ``wait`` is called, again and again; it may raise."""
        while not self._enter():
            wait()
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1

    def _enter(self) -> bool:
        with self._lock:
            now = self._clock()
            while self._begun and now - self._begun[0] >= 60:
                self._begun.popleft()
            if self._taken >= self._at_once or len(self._begun) >= self._per_minute:
                return False
            self._taken += 1
            self._begun.append(now)
            return True
