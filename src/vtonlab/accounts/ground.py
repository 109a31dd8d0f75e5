"""What every part of accounts stands on: the database, the settings, the audit log, and who is told of a change."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller, CallerKind, Via
from vtonlab.accounts.hooks import AccountHook
from vtonlab.accounts.limits import Limits
from vtonlab.accounts.models import AuditEntry
from vtonlab.accounts.passwords import Passwords
from vtonlab.db.base import now
from vtonlab.db.database import Database, after_commit
from vtonlab.db.types import JsonValue
from vtonlab.errors import NotAllowed, SignInNeeded
from vtonlab.settings import Settings

TOUCH_EVERY: Final = timedelta(minutes=5)
"""How often the last use of a session or token is written at most."""

IN_PERSON: Final = frozenset({Via.COOKIE, Via.JWT})


@dataclass
class Ground:
    """Shared by the parts of accounts; made once by ``service.Accounts``."""

    database: Database
    settings: Settings
    hooks: list[AccountHook]
    passwords: Passwords
    limits: Limits = field(default_factory=Limits)
    listeners: list[Callable[[str], None]] = field(default_factory=list)
    default_user_id: str | None = None
    """The machine's own user, in local mode."""

    def record(
        self,
        session: AsyncSession,
        caller: Caller,
        action: str,
        target: str = "",
        details: dict[str, JsonValue] | None = None,
    ) -> None:
        """An entry of the audit log, in the transaction of ``session``."""
        session.add(
            AuditEntry(
                user_id=caller.user_id,
                username=caller.username,
                action=action,
                target=target,
                details=details or {},
                address=caller.address[:64],
                agent=caller.agent[:200],
            )
        )

    def changed(self, session: AsyncSession, user_ids: Iterable[str]) -> None:
        """Once the transaction holds, tell whoever remembers callers that these users' changed."""
        told = tuple(user_ids)
        after_commit(session, lambda: self._tell(told))

    def _tell(self, user_ids: tuple[str, ...]) -> None:
        for user_id in user_ids:
            for listener in self.listeners:
                listener(user_id)


def new_secret(prefix: str = "") -> str:
    """256 random bits, as text that goes into addresses and headers."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def needs_touch(last: datetime | None) -> bool:
    """Whether a last use is old enough to be written again."""
    return last is None or now() - last > TOUCH_EVERY


def require_in_person(caller: Caller) -> str:
    """The user id of somebody who signed in, themselves. Raises ``SignInNeeded``, or ``NotAllowed`` for a token of a
    program: it cannot make more of itself."""
    if not caller.is_signed_in:
        raise SignInNeeded
    if caller.via not in IN_PERSON:
        raise NotAllowed(permission="session")
    return caller.owner


def require_own_row(caller: Caller) -> str:
    """The user id of somebody whose row is their own: signed in, or a guest of server mode. Raises ``SignInNeeded``;
    a guest of the machine's default user is not that user."""
    if caller.is_signed_in or (caller.kind is CallerKind.GUEST and caller.via is Via.COOKIE):
        return caller.owner
    raise SignInNeeded
