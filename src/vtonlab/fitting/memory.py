"""What was made lately, within a bound of bytes, and never made twice at the same time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import TypeVar, cast

T = TypeVar("T")


class Memory:
    """A least-recently-used store of values that take a while to make. Safe to use from several threads."""

    def __init__(self, size: int) -> None:
        """``size``: bytes that all kept values may take together; a value larger than that is not kept."""
        self._size = size
        self._used = 0
        self._kept: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._making: dict[Hashable, Future[object]] = {}
        self._lock = threading.Lock()

    def recall(self, key: Hashable, make: Callable[[], T], weigh: Callable[[T], int]) -> T:
        """The value kept under ``key``, else what ``make`` returns; ``weigh`` gives its bytes.

        Whoever asks while another thread is making it waits for that one. What ``make`` raises is raised to all who
        wait, and not kept. A key must always be used with values of one type.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast("T", self._kept[key][0])
            waiting = self._making.get(key)
            if waiting is None:
                mine = self._making[key] = Future()
        if waiting is not None:
            return cast("T", waiting.result())
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._keep(key, value, weigh(value))
        mine.set_result(value)
        return value

    def _keep(self, key: Hashable, value: object, weight: int) -> None:
        if weight > self._size:
            return
        self._kept[key] = (value, weight)
        self._used += weight
        while self._used > self._size:
            _, (_, freed) = self._kept.popitem(last=False)
            self._used -= freed
