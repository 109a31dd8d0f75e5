"""Registering, signing in, changing the password."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts import repository
from vtonlab.accounts.caller import Caller, SessionCookie
from vtonlab.accounts.ground import Ground, require_in_person
from vtonlab.accounts.guests import Guests
from vtonlab.accounts.models import User
from vtonlab.accounts.names import (
    SHORTEST_WARDROBE_PASSWORD,
    fold,
    normalize_password,
    read_email,
    read_password,
    read_username,
)
from vtonlab.accounts.people import add_person
from vtonlab.accounts.sessions import Lasting, Sessions, come_in
from vtonlab.accounts.tokens import TokenPair, Tokens
from vtonlab.db.base import now
from vtonlab.db.types import JsonValue
from vtonlab.errors import BadDetail, Conflict, ForeignRequest, NotAllowed, PageNotFound, Text, WrongPassword

FAMILIAR: Final = timedelta(days=90)
"""From where somebody signed in so lately, others' guesses elsewhere cannot keep them out."""

NO_PASSWORD: Final = Text("this account has no password", "该账户没有密码")


@dataclass(frozen=True)
class Entered:
    """Somebody who just came in."""

    user: User
    caller: Caller
    cookie: SessionCookie


class SignIn:
    """The ways in that ask for a password, and the one at home that asks for none."""

    def __init__(self, ground: Ground, sessions: Sessions, guests: Guests, tokens: Tokens) -> None:
        self._ground = ground
        self._sessions = sessions
        self._guests = guests
        self._tokens = tokens

    async def register(self, caller: Caller, username: str, email: str | None, password: str) -> User:
        """A new account, and with it what the caller made as a guest. Does not sign in.

        Raises ``BadDetail``, ``NameTaken``, ``NotAllowed`` where registering is switched off, ``TooManyRequests``.
        """
        settings = self._ground.settings
        if not (settings.registration or settings.is_local):
            raise NotAllowed(permission="registration")
        self._ground.limits.take_from(settings.sign_in_rate, "register", caller.address)
        read_username(username)
        read_email(email)
        kept = await self._ground.passwords.hash(read_password(password, SHORTEST_WARDROBE_PASSWORD))

        async def work(session: AsyncSession) -> User:
            user = await add_person(session, username, email, kept, "editor")
            known = replace(caller, user_id=user.user_id, username=user.username)
            self._ground.record(session, known, "auth.register", user.user_id)
            await self._guests.merge(session, caller, user)
            return user

        return await self._ground.database.write(work)

    async def with_password(self, caller: Caller, username: str, password: str, *, remember: bool) -> Entered:
        """A new session, and with it what the caller made as a guest. Raises ``WrongPassword``, ``TooManyRequests``."""
        user, better = await self._check(caller, username, password)
        lasting = Lasting.REMEMBERED if remember else Lasting.BROWSER

        async def work(session: AsyncSession) -> Entered:
            return await self.enter(session, caller, await self._still(session, user, better), lasting, "auth.sign_in")

        return await self._ground.database.write(work)

    async def of_program(self, caller: Caller, username: str, password: str) -> TokenPair:
        """A pair of tokens. Raises ``WrongPassword``, ``TooManyRequests``."""
        user, better = await self._check(caller, username, password)

        async def work(session: AsyncSession) -> TokenPair:
            found = await self._still(session, user, better)
            found.last_login = found.last_seen_at = now()
            known = replace(caller, user_id=found.user_id, username=found.username)
            self._ground.record(session, known, "auth.token", found.user_id)
            return self._tokens.issue(session, known, found)

        return await self._ground.database.write(work)

    async def at_home(self, caller: Caller, *, origin: str, host: str, fetch_site: str) -> Entered | None:
        """A session of the machine's default user for our own page; None for who is signed in already.

        Only in local mode (``PageNotFound``), and only for a page that proves it is ours (``ForeignRequest``): by an
        ``Origin`` of the same host, or ``Sec-Fetch-Site: same-origin``, neither of which a page can set; a program
        that sends none of them is refused.
        """
        if not self._ground.settings.is_local:
            raise PageNotFound
        same = origin.partition("://")[2].lower() == host.lower() if origin else fetch_site == "same-origin"
        if not (same and host) or fetch_site not in {"", "same-origin"}:
            raise ForeignRequest
        if caller.is_signed_in:
            return None

        async def work(session: AsyncSession) -> Entered:
            user = await repository.find_default_user(session)
            assert user is not None, "made by prepare()"
            return await self.enter(session, caller, user, Lasting.REMEMBERED, "auth.local")

        return await self._ground.database.write(work)

    async def change_password(self, caller: Caller, current: str, chosen: str) -> int:
        """Set a new one and end every other session and all programs' tokens; how many ended.

        Raises ``WrongPassword``, ``BadDetail``, ``Conflict`` where there is none to change, ``TooManyRequests``.
        """
        user_id = require_in_person(caller)
        self._ground.limits.take(self._ground.settings.sign_in_rate, "password", user_id)
        async with self._ground.database.read() as session:
            user = await repository.find_user(session, user_id)
        if user is None or user.password_hash is None:
            raise Conflict(reason=NO_PASSWORD)
        password = read_password(chosen)
        good, _ = await self._ground.passwords.check(normalize_password(current), user.password_hash)
        if not good:
            await self._note_failure(caller, user, "password", "auth.password_refused")
            raise WrongPassword
        kept = await self._ground.passwords.hash(password)

        async def work(session: AsyncSession) -> int:
            found = await self._still(session, user, kept)
            ended = await self._sessions.end_all_but(session, caller, user_id)
            await repository.revoke_families(session, user_id, now())
            await repository.delete_links(session, "password", user_id)
            self._ground.record(session, caller, "auth.password", found.user_id)
            return ended

        return await self._ground.database.write(work)

    async def enter(self, session: AsyncSession, caller: Caller, user: User, lasting: Lasting, action: str) -> Entered:
        """A new session of ``user`` for the browser of ``caller``, in this transaction."""
        await self._guests.merge(session, caller, user)
        begun = await self._sessions.begin(session, caller, user, lasting)
        user.last_login = user.last_seen_at = now()
        role = await repository.find_role(session, user.role)
        entered = come_in(caller, user, [] if role is None else role.permissions, begun)
        self._ground.record(session, entered, action, user.user_id)
        return Entered(user, entered, begun.cookie)

    async def _check(self, caller: Caller, username: str, password: str) -> tuple[User, str | None]:
        """Whose name and password these are; with a better hash, where there is one.

        The same is looked up and computed for a name that nobody has. The name alone is limited too, as guesses may
        come from many addresses; but not for an address its owner came from before, or anybody could lock them out.
        """
        rate = self._ground.settings.sign_in_rate
        self._ground.limits.take_from(rate, "sign-in", caller.address)
        try:
            _, key = read_username(username)
        except BadDetail:
            key = ""
        async with self._ground.database.read() as session:
            user = await repository.find_by_name(session, key)
            familiar = await repository.came_from(
                session, user.user_id if user else "", caller.address, now() - FAMILIAR
            )
        if not familiar:
            self._ground.limits.take(rate, "sign-in name", key or fold(username)[:64])
        usable = user is not None and user.is_active and user.kind == "person"
        kept = user.password_hash if user is not None and usable else None
        good, better = await self._ground.passwords.check(normalize_password(password), kept)
        if user is None or not good:
            reason = "unknown" if user is None else "password" if kept else "disabled"
            await self._note_failure(caller, user, reason)
            raise WrongPassword
        return user, better

    async def _still(self, session: AsyncSession, user: User, hashed: str | None) -> User:
        """``user`` as they are now, locked, with the hash ``hashed`` from now on. Raises ``WrongPassword`` where the
        password that was checked is no longer the one, or the account was disabled meanwhile."""
        found = await repository.lock_user(session, user.user_id)
        if found is None or not found.is_active or found.password_hash != user.password_hash:
            raise WrongPassword
        if hashed is not None:
            found.password_hash = hashed
        return found

    async def _note_failure(
        self, caller: Caller, user: User | None, reason: str, action: str = "auth.sign_in_failed"
    ) -> None:
        # Not the name that was typed: people type their password there.
        details: dict[str, JsonValue] = {"reason": reason}

        async def work(session: AsyncSession) -> None:
            self._ground.record(session, caller, action, user.user_id if user else "", details)

        await self._ground.database.write(work)
