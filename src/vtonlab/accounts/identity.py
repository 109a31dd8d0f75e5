"""From what a request brings along to who is asking."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts import repository
from vtonlab.accounts.caller import BUILT_IN_ROLES, Caller, CallerKind, Credentials, Via
from vtonlab.accounts.ground import Ground, digest, needs_touch
from vtonlab.accounts.known import Known, KnownCallers
from vtonlab.accounts.models import User
from vtonlab.accounts.sessions import Lasting, duration
from vtonlab.accounts.tokens import Tokens
from vtonlab.db.base import now
from vtonlab.errors import TokenNotValid

API_TOKEN_PREFIX: Final = "vtl_"  # noqa: S105 - what every one of them begins with
NOBODY: Final = "nobody"
"""Key of those who bring nothing; no digest reads so."""
LONGEST_BEARER: Final = 4096


class Identity:
    """Recognises callers. What the database said is remembered for two seconds, unless it changes here."""

    def __init__(self, ground: Ground, tokens: Tokens) -> None:
        self._ground = ground
        self._tokens = tokens
        self._known = KnownCallers()
        self._touching: set[str] = set()
        ground.listeners.append(self._known.forget)

    async def identify(self, credentials: Credentials) -> Caller:
        """Who sends it. Raises ``TokenNotValid`` for a bearer token that is not."""
        if credentials.bearer is not None:
            known = await self._find_bearer(credentials.bearer)
        else:
            known = await self._find_cookie(credentials.session) or await self._find_nobody()
        return replace(known.caller, address=credentials.address, agent=credentials.agent)

    def lasting(self, value: str) -> Lasting:
        """How long the session of that cookie lasts, which was identified a moment ago."""
        known = self._known.get("session " + digest(value))
        return Lasting(known.kind) if known is not None and known.kind else Lasting.BROWSER

    async def _find_bearer(self, bearer: str) -> Known:
        if len(bearer) > LONGEST_BEARER:
            raise TokenNotValid
        found = await (self._find_api_token if bearer.startswith(API_TOKEN_PREFIX) else self._find_access)(bearer)
        if found is None:
            raise TokenNotValid
        return found

    async def _find_cookie(self, value: str | None) -> Known | None:
        if not value:
            return None
        key = "session " + digest(value)
        known, changes = self._known.get(key), self._known.changes
        if known is None:
            async with self._ground.database.read() as session:
                found = await repository.find_session(session, key.removeprefix("session "))
            if found is None or not self._may_come(found[1]):
                return None
            row, user, allowed = found
            lasting = Lasting.REMEMBERED if row.is_remembered else Lasting.BROWSER
            known = Known(
                caller=_come(user, allowed, Via.COOKIE, row.session_id),
                expires_at=row.expires_at,
                last_used_at=row.last_used_at,
                kind=Lasting.GUEST if user.kind == "guest" else lasting,
            )
            self._known.keep(key, known, changes)
        if known.expires_at is not None and known.expires_at <= now():
            return None
        return await self._touch_session(key, known)

    async def _touch_session(self, key: str, known: Known) -> Known | None:
        if not needs_touch(known.last_used_at) or key in self._touching:
            return known
        self._touching.add(key)
        try:
            changes, moment = self._known.changes, now()
            user_id, session_id = known.caller.owner, known.caller.session_id or ""
            expires_at = moment + duration(Lasting(known.kind), self._ground.settings)

            async def work(session: AsyncSession) -> bool:
                if not await repository.touch_session(session, session_id, moment, expires_at):
                    return False
                await repository.see_user(session, user_id, moment)
                return True

            if not await self._ground.database.write(work):  # ended a moment ago
                return None
            known = replace(known, last_used_at=moment, expires_at=expires_at)
            self._known.keep(key, known, changes)
        finally:
            self._touching.discard(key)
        return known

    async def _find_access(self, token: str) -> Known | None:
        key = "access " + digest(token)
        known, changes = self._known.get(key), self._known.changes
        if known is None:
            access = self._tokens.read(token)
            async with self._ground.database.read() as session:
                found = await repository.find_family(session, access.family_id, now())
            if found is None or found[0].user_id != access.user_id or not self._may_come(found[0]):
                return None
            user, allowed = found
            known = Known(_come(user, allowed, Via.JWT, access.family_id), access.expires_at)
            self._known.keep(key, known, changes)
        return known if known.expires_at is None or known.expires_at > now() else None

    async def _find_api_token(self, token: str) -> Known | None:
        key = "token " + digest(token)
        known, changes = self._known.get(key), self._known.changes
        if known is None:
            async with self._ground.database.read() as session:
                found = await repository.find_api_token(session, key.removeprefix("token "))
            if found is None or not self._may_come(found[1]):
                return None
            row, user, allowed = found
            caller = _come(user, sorted(set(allowed) & set(row.scopes)), Via.API_TOKEN, row.id)
            known = Known(caller, row.expires_at, row.last_used_at)
            self._known.keep(key, known, changes)
        if known.expires_at is not None and known.expires_at <= now():
            return None
        return await self._touch_token(key, known)

    async def _touch_token(self, key: str, known: Known) -> Known:
        if not needs_touch(known.last_used_at) or key in self._touching:
            return known
        self._touching.add(key)
        try:
            changes, moment, token_id = self._known.changes, now(), known.caller.session_id or ""
            await self._ground.database.write(lambda session: repository.touch_api_token(session, token_id, moment))
            known = replace(known, last_used_at=moment)
            self._known.keep(key, known, changes)
        finally:
            self._touching.discard(key)
        return known

    def _may_come(self, user: User) -> bool:
        # What was signed in as the machine's own user at home opens nothing once the machine is a server.
        return user.is_active and (user.kind != "default" or self._ground.settings.is_local)

    async def _find_nobody(self) -> Known:
        """A stranger; in local mode a guest of the machine's default user."""
        known, changes = self._known.get(NOBODY), self._known.changes
        if known is None:
            async with self._ground.database.read() as session:
                role = await repository.find_role(session, "guest")
                owner = await repository.find_default_user(session) if self._ground.settings.is_local else None
            allowed = frozenset(BUILT_IN_ROLES["guest"] if role is None else role.permissions)
            if owner is None:
                known = Known(Caller(CallerKind.STRANGER, None, permissions=allowed))
            else:
                known = Known(Caller(CallerKind.GUEST, owner.user_id, permissions=allowed))
            self._known.keep(NOBODY, known, changes)
        return known


def _come(user: User, allowed: list[str], via: Via, session_id: str) -> Caller:
    return Caller(
        kind=CallerKind.GUEST if user.kind == "guest" else CallerKind.USER,
        user_id=user.user_id,
        username=user.username,
        role=user.role,
        permissions=frozenset(allowed),
        via=via,
        session_id=session_id,
    )
