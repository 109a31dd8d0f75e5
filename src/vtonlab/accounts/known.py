"""Callers who were looked up a moment ago, so that a page of thumbnails asks the database once."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vtonlab.accounts.caller import Caller

SECONDS: Final = 2.0
"""How long a change made by another process may go unnoticed."""
MOST: Final = 20_000


@dataclass(frozen=True)
class Known:
    """Who came with a credential, without where from."""

    caller: Caller
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    kind: str = ""
    """What decides how long the session lasts (``sessions.Lasting``)."""


class KnownCallers:
    """Keeps what was found for two seconds; a change made in this process empties it."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, tuple[float, Known]] = OrderedDict()
        self._changes = 0

    def get(self, key: str) -> Known | None:
        """What was found for ``key``, if that is not too long ago."""
        found = self._found.get(key)
        if found is None or found[0] < time.monotonic():
            return None
        return found[1]

    @property
    def changes(self) -> int:
        """Read it before asking the database, and hand it to :meth:`keep`."""
        return self._changes

    def keep(self, key: str, known: Known, changes: int) -> None:
        """Remember ``known``; not what was read before the last change."""
        if changes != self._changes:
            return
        self._found[key] = (time.monotonic() + SECONDS, known)
        self._found.move_to_end(key)
        if len(self._found) > MOST:
            self._found.popitem(last=False)

    def forget(self, _user_id: str = "") -> None:
        """Something changed. All of it is dropped: changes are rare, and a role concerns many."""
        self._changes += 1
        self._found.clear()
