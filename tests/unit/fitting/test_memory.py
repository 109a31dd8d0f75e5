"""The memory keeps what was used last, within its bytes, and makes nothing twice at a time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtonlab.fitting.memory import Memory


@given(size=st.integers(0, 50), keys=st.lists(st.integers(0, 12), max_size=40))
def test_it_never_keeps_more_bytes_than_it_may(size: int, keys: list[int]) -> None:
    memory = Memory(size)
    for key in keys:
        assert memory.recall(key, partial(bytes, key), len) == bytes(key)
        assert sum(weight for _, weight in memory._kept.values()) == memory._used <= size


def test_the_least_recently_used_goes_first() -> None:
    memory, made = Memory(2), []

    def ask(key: str) -> None:
        memory.recall(key, lambda: made.append(key), lambda _: 1)

    for key in "abacab":  # c drives out b, which is then made again
        ask(key)
    assert made == ["a", "b", "c", "b"]


def test_several_threads_make_a_value_once() -> None:
    memory, made = Memory(100), []

    def make() -> bytes:
        made.append(1)
        time.sleep(0.05)
        return b"value"

    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda _: memory.recall("key", make, len), range(8)))
    assert values == [b"value"] * 8
    assert len(made) == 1


def test_what_fails_is_told_to_all_who_wait_and_tried_again_later() -> None:
    memory, entered, go_on = Memory(100), threading.Event(), threading.Event()

    def fail() -> bytes:
        entered.set()
        go_on.wait(5)
        raise ValueError("no")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(memory.recall, "key", fail, len)
        entered.wait(5)
        second = pool.submit(memory.recall, "key", fail, len)
        go_on.set()
        for future in (first, second):
            with pytest.raises(ValueError, match="no"):
                future.result(5)
    assert memory.recall("key", lambda: b"now", len) == b"now"
