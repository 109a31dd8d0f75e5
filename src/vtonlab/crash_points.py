"""Named places between two steps that must survive the machine stopping right there.

The program only says that it got there; tests listen, and stop it. Nothing listens otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

_listener: Callable[[str], None] | None = None


def reach(name: str) -> None:
    """Say that the place ``name`` (``feature.step``) was reached."""
    if _listener is not None:
        _listener(name)


def listen(listener: Callable[[str], None] | None) -> None:
    """Call ``listener`` with every name from now on; None ends it. For tests."""
    global _listener  # noqa: PLW0603 - one for the whole process, as crashes are
    _listener = listener
