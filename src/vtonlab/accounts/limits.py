"""How often something may be asked for."""

from __future__ import annotations

import math
import time
from functools import cache
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from vtonlab.accounts.addresses import neighbourhood
from vtonlab.errors import BadSetting, Text, TooManyRequests

REFRESH_RATE: Final = "60/minute"
"""A program refreshes every 15 minutes; many may stand behind one address."""
GUEST_RATE: Final = "30/minute"
"""New guests from one address."""


class Limits:
    """Counts in the memory of this process: with several of them, each counts its own.

    What is refused is not counted, so waiting always helps: a window that lies behind us frees its place.
    """

    def __init__(self) -> None:
        # The other strategies of `limits` keep every key of every address for ever, or let twice the rate through.
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, rate: str, what: str, key: str) -> None:
        """Count one ``what`` of ``key``. Raises ``TooManyRequests`` where ``rate`` ("10/minute") is used up."""
        item = read_rate(rate)
        if not self._counter.hit(item, what, key):
            reset = self._counter.get_window_stats(item, what, key).reset_time
            raise TooManyRequests(seconds=max(1, math.ceil(reset - time.time())))

    def take_from(self, rate: str, what: str, address: str) -> None:
        """The same for an IP address; of an IPv6 one the /64 counts."""
        self.take(rate, what, neighbourhood(address))


@cache
def read_rate(rate: str) -> RateLimitItem:
    """``10/minute``, ``100 per hour``. Raises ``BadSetting``."""
    try:
        return parse(rate)
    except ValueError as error:
        reason = Text("not a rate such as 10/minute", "不是 10/minute 这样的频率")
        raise BadSetting(setting="sign_in_rate", reason=reason) from error
