"""Guests of server mode: a row of their own, until they sign in or stay away."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts import repository
from vtonlab.accounts.caller import Caller, CallerKind, SessionCookie, Via
from vtonlab.accounts.deletion import Deletion
from vtonlab.accounts.ground import Ground
from vtonlab.accounts.limits import GUEST_RATE
from vtonlab.accounts.models import User
from vtonlab.accounts.people import make_user
from vtonlab.accounts.sessions import Lasting, Sessions, come_in
from vtonlab.db.base import now

AT_ONCE: Final = 100
"""Stale guests looked up at a time."""

PROGRAM: Final = Caller(CallerKind.STRANGER, None, "vtonlab")
"""Who does what nobody asked for."""


class Guests:
    """Admits, merges and purges them."""

    def __init__(self, ground: Ground, sessions: Sessions, deletion: Deletion) -> None:
        self._ground = ground
        self._sessions = sessions
        self._deletion = deletion

    async def admit(self, caller: Caller) -> tuple[Caller, SessionCookie]:
        """A guest with a row and a cookie, for a stranger. Raises ``TooManyRequests``."""
        self._ground.limits.take_from(GUEST_RATE, "guest", caller.address)

        async def work(session: AsyncSession) -> tuple[Caller, SessionCookie]:
            user = make_user("guest", role="guest")
            session.add(user)
            await session.flush()
            begun = await self._sessions.begin(session, caller, user, Lasting.GUEST)
            role = await repository.find_role(session, "guest")
            allowed = sorted(caller.permissions) if role is None else role.permissions
            guest = come_in(caller, user, allowed, begun)
            self._ground.record(session, guest, "guests.admit", user.user_id)
            return guest, begun.cookie

        return await self._ground.database.write(work)

    async def merge(self, session: AsyncSession, caller: Caller, user: User) -> None:
        """Hand over what ``caller`` made as a guest, if they were one, to ``user``; the guest is gone."""
        if caller.kind is not CallerKind.GUEST or caller.via is not Via.COOKIE:
            return
        guest = await repository.lock_user(session, caller.owner)
        if guest is None or guest.kind != "guest":
            return
        for hook in self._ground.hooks:
            await hook.merge(session, guest.user_id, user.user_id)
        await session.flush()
        await repository.delete_user(session, guest.user_id)
        await repository.forget_person(session, guest.user_id)
        known = replace(caller, user_id=user.user_id, username=user.username)
        self._ground.record(session, known, "guests.merge", user.user_id)
        self._ground.changed(session, [guest.user_id, user.user_id])

    async def purge(self) -> int:
        """Delete those not seen for ``guest_days``, each in a transaction of its own; how many."""
        before, gone = now() - timedelta(days=self._ground.settings.guest_days), 0
        while True:
            async with self._ground.database.read() as session:
                found = await repository.stale_guests(session, before, AT_ONCE)
            if not found:
                return gone
            for guest_id in found:
                gone += await self._ground.database.write(
                    lambda session, guest_id=guest_id: self._purge_one(session, guest_id, before)  # type: ignore[misc]
                )

    async def _purge_one(self, session: AsyncSession, guest_id: str, before: datetime) -> bool:
        guest = await repository.lock_user(session, guest_id)
        if guest is None or guest.kind != "guest" or guest.last_seen_at >= before:
            return False
        await self._deletion.erase(session, PROGRAM, guest, "guests.purge")
        return True
