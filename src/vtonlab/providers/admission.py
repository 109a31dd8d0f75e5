"""Who may ask for how much, on a server for many people. At home the machine's owner may do everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vtonlab.accounts.caller import Caller
from vtonlab.engines.contract import Engine
from vtonlab.errors import SignInNeeded, TooManyRequests

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from vtonlab.settings import Settings
    from vtonlab.tasks.service import Tasks

GUESTS_SHARE: Final = 10
"""A guest, whom anybody can become at will, may have this part of what an account may, as one divided by this."""
WAIT_SECONDS: Final = 30
"""When to come back: by then some of what waits has been done."""


def check_payer(settings: Settings, caller: Caller, engine: Engine) -> None:
    """Raises ``SignInNeeded`` for a guest who would spend the money of whoever runs the server."""
    if engine.capabilities.is_paid and not settings.is_local and not caller.is_signed_in:
        raise SignInNeeded


async def check_line(
    session: AsyncSession, tasks: Tasks, settings: Settings, caller: Caller, kind: str, most: int
) -> None:
    """Raises ``TooManyRequests`` where more than ``most`` tasks of ``kind`` of an account are unfinished; of a guest,
    more than a part of it."""
    if settings.is_local:
        return
    most = most if caller.is_signed_in else max(1, most // GUESTS_SHARE)
    if await tasks.count_open(session, caller.owner, kind) > most:
        raise TooManyRequests(seconds=WAIT_SECONDS)
