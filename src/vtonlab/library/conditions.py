"""What a request's conditions and ranges mean (RFC 9110 §13 and §14), as far as pictures need it."""

from __future__ import annotations

import re

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_RANGE = re.compile(r"bytes[ \t]*=[ \t]*(\d*)[ \t]*-[ \t]*(\d*)[ \t]*", re.IGNORECASE)
MOST_DIGITS = 18
"""Of a position; what is longer is beyond every file."""


class NotSatisfiable(Exception):
    """A range that has no byte of the file in it (416)."""


def is_known(if_none_match: str, tag: str) -> bool:
    """Whether ``if_none_match`` names ``tag`` (with its quotes) or anything at all (``*``). Compared weakly.

    >>> is_known('"a", W/"b"', '"b"'), is_known("*", '"b"'), is_known('"a"', '"b"')
    (True, True, False)
    """
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)


def read_range(asked: str, if_range: str | None, tag: str, size: int) -> tuple[int, int] | None:
    """First byte (inclusive) and last (exclusive) of what is asked for; None: all of it.

    What is no single range of bytes, and what holds only for another version of the file, asks for all of it. Raises
    ``NotSatisfiable``.

    >>> read_range("bytes=2-5", None, '"a"', 10), read_range("bytes=-3", None, '"a"', 10)
    ((2, 6), (7, 10))
    >>> read_range("bytes=2-5", '"b"', '"a"', 10)
    """
    found = _RANGE.fullmatch(asked.strip())
    if found is None or (if_range is not None and if_range.strip() != tag):
        return None
    first, last = (text[:MOST_DIGITS] if len(text) <= MOST_DIGITS else "9" * MOST_DIGITS for text in found.groups())
    if not first and not last:
        return None
    if not first:
        if int(last) == 0 or size == 0:
            raise NotSatisfiable
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise NotSatisfiable
    return int(first), min(size, int(last) + 1) if last else size
