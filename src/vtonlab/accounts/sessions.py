"""Browsers that are signed in, and guests' browsers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts import repository
from vtonlab.accounts.caller import Caller, CallerKind, SessionCookie, Via
from vtonlab.accounts.ground import Ground, digest, new_secret, require_in_person
from vtonlab.accounts.listings import is_id
from vtonlab.accounts.models import Session, User
from vtonlab.db.base import new_id, now
from vtonlab.errors import NotThere, Text
from vtonlab.settings import Settings

UNREMEMBERED: Final = timedelta(hours=24)
"""After its last use, a session of a browser that was not asked to remember ends on our side too."""

FORGET: Final = SessionCookie("", 0)

THING: Final = Text("session", "会话")


class Lasting(StrEnum):
    """How long a session lasts after its last use."""

    BROWSER = "browser"
    """Until the browser is closed, at most 24 hours."""
    REMEMBERED = "remembered"
    """The setting ``session_days``."""
    GUEST = "guest"
    """The setting ``guest_days``."""


@dataclass(frozen=True)
class Listed:
    """A place where an account is signed in: a browser, or a program with refresh tokens."""

    session_id: str
    kind: str
    """``browser`` or ``program``."""
    device: str
    agent: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_remembered: bool
    is_current: bool


class Sessions:
    """Begins, lists and ends them."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def begin(self, session: AsyncSession, caller: Caller, user: User, lasting: Lasting) -> Begun:
        """A new session of ``user`` for the browser of ``caller``, always with a new id: whoever planted the old one
        gains nothing. The one it came with ends."""
        if caller.via is Via.COOKIE and caller.session_id and caller.user_id:
            await repository.end_sessions(session, caller.user_id, only=caller.session_id)
            self._ground.changed(session, [caller.user_id])
        value, moment = new_secret(), now()
        row = Session(
            session_id=new_id(),
            token_hash=digest(value),
            user_id=user.user_id,
            created_at=moment,
            last_used_at=moment,
            expires_at=moment + duration(lasting, self._ground.settings),
            is_remembered=lasting is not Lasting.BROWSER,
            address=caller.address[:64],
            agent=caller.agent[:200],
        )
        session.add(row)
        return Begun(row.session_id, make_cookie(value, lasting, self._ground.settings))

    async def list(self, caller: Caller) -> list[Listed]:
        """Everywhere the caller is signed in: browsers, then programs, last used first."""
        user_id, moment = require_in_person(caller), now()
        async with self._ground.database.read() as session:
            browsers = await repository.list_sessions(session, user_id, moment)
            programs = await repository.list_families(session, user_id, moment)
        here = caller.session_id
        found = [
            Listed(
                session_id=row.session_id,
                kind="browser",
                device=name_device(row.agent),
                agent=row.agent,
                address=row.address,
                created_at=row.created_at,
                last_used_at=row.last_used_at,
                expires_at=row.expires_at,
                is_remembered=row.is_remembered,
                is_current=row.session_id == here,
            )
            for row in browsers
        ]
        return found + [
            Listed(
                session_id=row.family_id,
                kind="program",
                device=name_device(row.agent),
                agent=row.agent,
                address=row.address,
                created_at=row.created_at,
                last_used_at=row.created_at,
                expires_at=row.expires_at,
                is_remembered=True,
                is_current=row.family_id == here,
            )
            for row in programs
        ]

    async def end(self, caller: Caller, session_id: str) -> None:
        """End one of the caller's. Raises ``NotThere``."""
        user_id = require_in_person(caller)

        async def work(session: AsyncSession) -> None:
            ended = 0
            if is_id(session_id):
                ended = await repository.end_sessions(session, user_id, only=session_id)
                ended += await repository.revoke_families(session, user_id, now(), only=session_id)
            if not ended:
                raise NotThere(thing=THING, id=session_id[:64])
            self._ground.record(session, caller, "auth.session_end", session_id)
            self._ground.changed(session, [user_id])

        await self._ground.database.write(work)

    async def end_others(self, caller: Caller) -> int:
        """End all but the one the caller came with; how many."""
        user_id = require_in_person(caller)
        return await self._ground.database.write(lambda session: self.end_all_but(session, caller, user_id))

    async def end_all_but(self, session: AsyncSession, caller: Caller, user_id: str) -> int:
        """The same, inside a transaction, for the user ``user_id``; the caller's own stays if it is of that user."""
        moment, here = now(), caller.session_id
        programs = await repository.list_families(session, user_id, moment)
        ended = await repository.end_sessions(session, user_id, but=here)
        await repository.revoke_families(session, user_id, moment, but=here)
        ended += sum(row.family_id != here for row in programs)
        self._ground.record(session, caller, "auth.sessions_end", user_id, {"ended": ended})
        self._ground.changed(session, [user_id])
        return ended

    async def sign_out(self, caller: Caller) -> SessionCookie:
        """End what the caller came with; the cookie that makes the browser forget. Tokens of programs stay: they are
        revoked by name."""
        user_id = require_in_person(caller)

        async def work(session: AsyncSession) -> None:
            if caller.via is Via.COOKIE:
                await repository.end_sessions(session, user_id, only=caller.session_id)
            else:
                await repository.revoke_families(session, user_id, now(), only=caller.session_id)
            self._ground.record(session, caller, "auth.sign_out")
            self._ground.changed(session, [user_id])

        await self._ground.database.write(work)
        return FORGET


@dataclass(frozen=True)
class Begun:
    """A new session's id, and the cookie that carries it."""

    session_id: str
    cookie: SessionCookie


def duration(lasting: Lasting, settings: Settings) -> timedelta:
    """How long a session lasts after its last use."""
    match lasting:
        case Lasting.BROWSER:
            return UNREMEMBERED
        case Lasting.REMEMBERED:
            return timedelta(days=settings.session_days)
        case Lasting.GUEST:
            return timedelta(days=settings.guest_days)


def make_cookie(value: str, lasting: Lasting, settings: Settings) -> SessionCookie:
    """The cookie of a session's value."""
    if lasting is Lasting.BROWSER:
        return SessionCookie(value, None)
    return SessionCookie(value, int(duration(lasting, settings).total_seconds()))


def come_in(caller: Caller, user: User, permissions: list[str], begun: Begun) -> Caller:
    """``caller`` once they have the session ``begun``."""
    return replace(
        caller,
        kind=CallerKind.GUEST if user.kind == "guest" else CallerKind.USER,
        user_id=user.user_id,
        username=user.username,
        role=user.role,
        permissions=frozenset(permissions),
        via=Via.COOKIE,
        session_id=begun.session_id,
    )


BROWSERS: Final = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"))
SYSTEMS: Final = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"))
SYSTEMS_AFTER: Final = (("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))


def name_device(agent: str) -> str:
    """What a person calls the program of a ``User-Agent``; the first word of one that is no browser's.

    >>> name_device("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36")
    'Chrome · Linux'
    >>> name_device("python-requests/2.32")
    'python-requests'
    """
    if not agent.startswith("Mozilla/"):
        return re.split(r"[/ ]", agent, maxsplit=1)[0][:40]
    browser = next((name for mark, name in (*BROWSERS, ("Safari/", "Safari")) if mark in agent), "")
    system = next((name for mark, name in (*SYSTEMS, *SYSTEMS_AFTER) if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part)
