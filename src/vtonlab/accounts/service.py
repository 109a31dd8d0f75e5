"""The door to accounts: who is asking, guests, the audit log, quotas."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller, Credentials, SessionCookie
from vtonlab.accounts.hooks import AccountHook
from vtonlab.db.database import Database
from vtonlab.db.types import JsonValue
from vtonlab.settings import Settings


class Accounts:
    """Everything about people. ``hooks`` is kept, not copied: the composition root appends to it."""

    def __init__(self, database: Database, settings: Settings, secret: bytes, hooks: list[AccountHook]) -> None:
        self.database = database
        self.settings = settings
        self.hooks = hooks
        self.default_user_id: str | None = None
        self._secret = secret
        self._listeners: list[Callable[[str], None]] = []

    async def prepare(self) -> None:
        """At start: the roles, and in local mode the machine's default user."""
        raise NotImplementedError

    async def identify(self, credentials: Credentials) -> Caller:
        """Who sends it. Raises ``TokenNotValid`` for a bearer token that is not; a dead cookie makes a stranger or,
        in local mode, a guest of the default user."""
        raise NotImplementedError

    async def admit_guest(self, caller: Caller) -> tuple[Caller, SessionCookie]:
        """A guest with a row of their own, for a stranger who keeps something (server mode)."""
        raise NotImplementedError

    async def record(
        self, session: AsyncSession, caller: Caller, action: str, target: str = "", **details: JsonValue
    ) -> None:
        """An entry of the audit log, in the caller's transaction. ``details`` hold no secret and no name of a person;
        ``target`` is an id."""
        raise NotImplementedError

    async def quota(self, session: AsyncSession, user_id: str) -> int:
        """Bytes of pictures the user may keep; 0: no limit."""
        raise NotImplementedError

    async def setup_link(self) -> str | None:
        """The path of a link that makes the first account (``/login?setup=…``, once, 24 h); None where there is an
        administrator, and in local mode."""
        raise NotImplementedError

    async def purge_guests(self) -> int:
        """Delete guests who did not come for ``guest_days``, and what ran out; how many guests. Called every hour."""
        raise NotImplementedError

    def on_session_end(self, callback: Callable[[str], None]) -> None:
        """Call ``callback(user_id)`` after a session, token, role or account of that user was ended or changed by
        this process, once the change holds."""
        self._listeners.append(callback)
