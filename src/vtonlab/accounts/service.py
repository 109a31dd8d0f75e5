"""The door to accounts: who is asking, guests, the audit log, quotas, and the parts that do the rest."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts import repository
from vtonlab.accounts.api_tokens import ApiTokens
from vtonlab.accounts.audit import Audit
from vtonlab.accounts.caller import Caller, CallerKind, Credentials, SessionCookie, Via
from vtonlab.accounts.deletion import Deletion
from vtonlab.accounts.export import Export
from vtonlab.accounts.ground import Ground, require_in_person, require_own_row
from vtonlab.accounts.guests import Guests
from vtonlab.accounts.hooks import AccountHook
from vtonlab.accounts.identity import Identity
from vtonlab.accounts.limits import read_rate
from vtonlab.accounts.links import Links
from vtonlab.accounts.models import User
from vtonlab.accounts.passwords import Passwords
from vtonlab.accounts.people import USER, People, make_user, set_email
from vtonlab.accounts.roles import Roles
from vtonlab.accounts.sessions import Lasting, Sessions, make_cookie
from vtonlab.accounts.sign_in import SignIn
from vtonlab.accounts.tokens import Tokens
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.db.types import JsonValue
from vtonlab.errors import NotThere
from vtonlab.settings import Settings


@dataclass(frozen=True)
class Profile:
    """A user, what they may, and what they have."""

    user: User
    permissions: list[str]
    """What they may as they came: of a token, its scopes."""
    quota: int
    """Bytes; 0: no limit."""
    usage: dict[str, int]
    """``{"images": 12, "bytes": 3456}``, of all features together."""


class Accounts:
    """Everything about people. ``hooks`` is kept, not copied: the composition root appends to it.

    What is more than these methods is in its parts, each a subject: ``accounts.sign_in``, ``accounts.sessions`` …
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        secret: bytes,
        hooks: list[AccountHook],
        passwords: Passwords | None = None,
    ) -> None:
        read_rate(settings.sign_in_rate)
        self.settings = settings
        self._ground = ground = Ground(database, settings, hooks, passwords or Passwords())
        self.limits = ground.limits
        self.sessions = Sessions(ground)
        self.tokens = Tokens(ground, secret)
        self.api_tokens = ApiTokens(ground)
        self.roles = Roles(ground)
        self.people = People(ground, self.sessions)
        self.deletion = Deletion(ground, self.people)
        self.guests = Guests(ground, self.sessions, self.deletion)
        self.sign_in = SignIn(ground, self.sessions, self.guests, self.tokens)
        self.links = Links(ground, self.sessions, self.sign_in)
        self.audit = Audit(ground)
        self.export = Export(ground)
        self._identity = Identity(ground, self.tokens)

    @property
    def default_user_id(self) -> str | None:
        """The machine's own user, in local mode, once prepared."""
        return self._ground.default_user_id

    async def prepare(self) -> None:
        """At start: the roles, and in local mode the machine's default user."""
        try:
            await self._ground.database.write(self._prepare)
        except IntegrityError:  # another process started in the same moment, and made them
            await self._ground.database.write(self._prepare)

    async def _prepare(self, session: AsyncSession) -> None:
        await self.roles.ensure(session)
        if not self.settings.is_local:
            return
        await repository.lock_admins(session)  # so that of two that start at once, the second finds the first's
        user = await repository.find_default_user(session)
        if user is None:
            user = make_user("default", role=repository.ADMIN)
            session.add(user)
            await session.flush()
        self._ground.default_user_id = user.user_id

    async def identify(self, credentials: Credentials) -> Caller:
        """Who sends it. Raises ``TokenNotValid`` for a bearer token that is not; a dead cookie makes a stranger or,
        in local mode, a guest of the default user."""
        return await self._identity.identify(credentials)

    async def admit_guest(self, caller: Caller) -> tuple[Caller, SessionCookie]:
        """A guest with a row of their own, for a stranger who keeps something (server mode)."""
        return await self.guests.admit(caller)

    def renew(self, caller: Caller, credentials: Credentials) -> SessionCookie | None:
        """The cookie the caller came with, to be kept by the browser as long again; None where it is not kept.

        Our end of a session moves on by itself with every use; the browser's only when it is told.
        """
        if caller.via is not Via.COOKIE or not credentials.session:
            return None
        lasting = Lasting.GUEST if caller.kind is CallerKind.GUEST else self._identity.lasting(credentials.session)
        return None if lasting is Lasting.BROWSER else make_cookie(credentials.session, lasting, self.settings)

    async def record(
        self, session: AsyncSession, caller: Caller, action: str, target: str = "", **details: JsonValue
    ) -> None:
        """An entry of the audit log, in the caller's transaction. ``details`` hold no secret and no name of a person;
        ``target`` is an id."""
        self._ground.record(session, caller, action, target, details)

    async def names_of(self, session: AsyncSession, user_ids: Collection[str]) -> dict[str, str]:
        """The names of those there are, by user id, in one question: for other features, which check who may ask."""
        return await repository.names_of(session, user_ids)

    async def quota(self, session: AsyncSession, user_id: str) -> int:
        """Bytes of pictures the user may keep; 0: no limit."""
        user = await repository.find_user(session, user_id)
        return 0 if user is None else self.quota_of(user)

    def quota_of(self, user: User) -> int:
        """The same of a row that was read."""
        if user.quota_bytes is not None:
            return user.quota_bytes
        return self.settings.guest_quota_bytes if user.kind == "guest" else self.settings.quota_bytes

    async def usage(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """What the user has, of all features together."""
        total: dict[str, int] = {}
        for hook in self._ground.hooks:
            for name, count in (await hook.usage(session, user_id)).items():
                total[name] = total.get(name, 0) + count
        return total

    async def profile(self, caller: Caller) -> Profile:
        """The caller's own. Raises ``SignInNeeded``."""
        return await self.profile_of(require_own_row(caller), caller)

    async def profile_of(self, user_id: str, caller: Caller | None = None) -> Profile:
        """Of any user. Raises ``NotThere``."""
        async with self._ground.database.read() as session:
            user = await repository.find_user(session, user_id)
            if user is None:
                raise NotThere(thing=USER, id=user_id[:64])
            role = await repository.find_role(session, user.role)
            allowed = [] if role is None else role.permissions
            permissions = sorted(caller.permissions) if caller else sorted(allowed)
            return Profile(user, permissions, self.quota_of(user), await self.usage(session, user_id))

    async def edit_own(self, caller: Caller, *, email: str | None = None, language: str | None = None) -> None:
        """Change one's own details; None leaves one, empty takes it away. Raises ``BadDetail``, ``NameTaken``."""
        user_id = require_in_person(caller)

        async def work(session: AsyncSession) -> None:
            user = await repository.lock_user(session, user_id)
            if user is None:
                raise NotThere(thing=USER, id=user_id)
            if email is not None:
                await set_email(session, user, email)
            if language is not None:
                user.language = language or None
            changed = [name for name, value in (("email", email), ("language", language)) if value is not None]
            self._ground.record(session, caller, "users.edit", user_id, {"changed": changed})

        await self._ground.database.write(work)

    async def setup_link(self) -> str | None:
        """The path of a link that makes the first account (``/login?setup=…``, once, 24 h); None where there is an
        administrator, and in local mode."""
        return await self.links.make_first()

    async def purge_guests(self) -> int:
        """Delete guests who did not come for ``guest_days``, and what ran out; how many guests. Called every hour."""
        await self._ground.database.write(lambda session: repository.delete_expired(session, now()))
        return 0 if self.settings.is_local else await self.guests.purge()

    def on_session_end(self, callback: Callable[[str], None]) -> None:
        """Call ``callback(user_id)`` after a session, token, role or account of that user was ended or changed by
        this process, once the change holds."""
        self._ground.listeners.append(callback)
