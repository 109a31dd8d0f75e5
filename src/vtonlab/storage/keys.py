"""What a key may look like: names that no file system and no store reads as anything but names."""

from __future__ import annotations

import re
from typing import Final

UNFINISHED: Final = ".unfinished"
"""First part of the keys of writes that have not ended; no kept file is named so."""

MOST_CHARACTERS: Final = 255
"""As the database keeps them."""

_KEY = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
_PREFIX = re.compile(r"(?:[A-Za-z0-9._-]+/)*[A-Za-z0-9._-]*")


def check_key(key: str) -> str:
    """``key``, when it is one. Raises ``ValueError``."""
    if len(key) > MOST_CHARACTERS or _KEY.fullmatch(key) is None or not _are_names(key):
        raise ValueError(f"not a key: {key[:MOST_CHARACTERS]!r}")
    return key


def check_prefix(prefix: str) -> str:
    """``prefix``, when keys can begin with it: empty, or a key that may stop in the middle of a name or after ``/``.

    Raises ``ValueError``.
    """
    if len(prefix) > MOST_CHARACTERS or _PREFIX.fullmatch(prefix) is None or not _are_names(prefix.rpartition("/")[0]):
        raise ValueError(f"not the beginning of a key: {prefix[:MOST_CHARACTERS]!r}")
    return prefix


def check_folder(prefix: str) -> str:
    """``prefix``, when it names a whole folder of keys (it ends in ``/``). Raises ``ValueError``."""
    if not prefix.endswith("/"):
        raise ValueError(f"not a folder of keys: {prefix[:MOST_CHARACTERS]!r}")
    return check_prefix(prefix)


def check_range(start: int, end: int | None) -> None:
    """Raises ``ValueError`` where ``start`` to ``end`` (exclusive) is no range of bytes."""
    if start < 0 or (end is not None and end < start):
        raise ValueError(f"not a range of bytes: {start} to {end}")


def is_key(text: str) -> bool:
    """Whether ``text`` is a key."""
    try:
        check_key(text)
    except ValueError:
        return False
    return True


def _are_names(path: str) -> bool:
    parts = path.split("/")
    return parts[0] != UNFINISHED and "." not in parts and ".." not in parts
