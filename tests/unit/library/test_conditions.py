"""Ranges and conditions, whatever is sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vtonlab.library.conditions import NotSatisfiable, is_known, read_range

numbers = st.one_of(st.integers(0, 50), st.integers(10**17, 10**30)).map(str) | st.just("")


@given(numbers, numbers, st.integers(0, 40))
def test_a_range_is_what_the_bytes_are(first: str, last: str, size: int) -> None:
    data = bytes(size)
    try:
        span = read_range(f"bytes={first}-{last}", None, '"t"', size)
    except NotSatisfiable:
        assert not data[int(first) :] if first else (int(last) == 0 or not data)
        return
    if span is None:
        assert not (first or last) or (first and last and int(last) < int(first))
        return
    start, end = span
    assert 0 <= start < end <= size
    if not first:
        assert (start, end) == (max(0, size - int(last)), size)
    else:
        assert start == int(first)
        assert end == (min(size, int(last) + 1) if last else size)


@given(st.text(), st.text() | st.none(), st.integers(0, 40))
def test_nothing_that_is_sent_breaks_it(asked: str, condition: str | None, size: int) -> None:
    try:
        span = read_range(asked, condition, '"t"', size)
    except NotSatisfiable:
        return
    assert span is None or 0 <= span[0] < span[1] <= size


@given(st.text(), st.lists(st.text(st.characters(codec="latin-1", exclude_characters='"'), max_size=9), max_size=4))
def test_a_tag_is_known_where_it_is_named(noise: str, others: list[str]) -> None:
    assert isinstance(is_known(noise, '"t"'), bool)
    named = ", ".join(f'"{other}"' for other in others if other.isalnum() and other.isascii())
    assert is_known(f'{named}, W/"t"', '"t"')
    assert is_known(named, '"t"') is ('"t"' in named)
