"""Links that work once: for the first administrator, and for a password that was forgotten or never set."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts import repository
from vtonlab.accounts.caller import Caller
from vtonlab.accounts.ground import Ground, digest, new_secret
from vtonlab.accounts.guests import PROGRAM
from vtonlab.accounts.models import SetupLink
from vtonlab.accounts.names import read_email, read_password, read_username
from vtonlab.accounts.people import NOT_A_PERSON, USER, add_person
from vtonlab.accounts.repository import ADMIN
from vtonlab.accounts.roles import require_to_grant
from vtonlab.accounts.sessions import Lasting, Sessions
from vtonlab.accounts.sign_in import Entered, SignIn
from vtonlab.db.base import now
from vtonlab.errors import BadDetail, Conflict, NotThere, Text, TokenNotValid

LASTS: Final = timedelta(hours=24)
FIRST: Final = "first"
PASSWORD: Final = "password"  # noqa: S105 - a purpose, no secret
HAS_ADMIN: Final = Text("there is an administrator already", "已有管理员")


class Links:
    """Makes and redeems them."""

    def __init__(self, ground: Ground, sessions: Sessions, sign_in: SignIn) -> None:
        self._ground = ground
        self._sessions = sessions
        self._sign_in = sign_in

    async def make_first(self, caller: Caller = PROGRAM) -> str | None:
        """The path of a link that makes the first administrator; None where there is one, and in local mode.

        Links of this kind that were made before stop working.
        """
        if self._ground.settings.is_local:
            return None
        secret = new_secret()

        async def work(session: AsyncSession) -> bool:
            await repository.lock_admins(session)
            if await repository.count_admins(session, with_default=False):
                return False
            await repository.delete_links(session, FIRST)
            self._add(session, secret, FIRST, None)
            self._ground.record(session, caller, "auth.setup_link")
            return True

        return f"/login?setup={secret}" if await self._ground.database.write(work) else None

    async def make_for(self, caller: Caller, user_id: str) -> str:
        """The path of a link with which the user sets a new password. Raises ``NotThere``, ``NotAllowed``,
        ``Conflict`` for what is no person's account."""
        secret = new_secret()

        async def work(session: AsyncSession) -> None:
            user = await repository.lock_user(session, user_id)
            if user is None:
                raise NotThere(thing=USER, id=user_id[:64])
            if user.kind != "person":
                raise Conflict(reason=NOT_A_PERSON)
            await require_to_grant(session, caller, user.role)
            await repository.delete_links(session, PASSWORD, user_id)
            self._add(session, secret, PASSWORD, user_id)
            self._ground.record(session, caller, "users.password_link", user_id)

        await self._ground.database.write(work)
        return f"/login?reset={secret}"

    async def redeem(
        self, caller: Caller, secret: str, password: str, username: str | None, email: str | None
    ) -> Entered:
        """Set the password, of the first administrator with their name, and sign in.

        Raises ``TokenNotValid`` for a link that is unknown, used or too old, ``BadDetail``, ``NameTaken``,
        ``Conflict`` where somebody else became administrator meanwhile, ``TooManyRequests``.
        """
        self._ground.limits.take_from(self._ground.settings.sign_in_rate, "setup", caller.address)
        shown = digest(secret)
        async with self._ground.database.read() as session:
            link = await repository.find_link(session, shown, now())
        if link is None:
            raise TokenNotValid
        if link.purpose == FIRST:
            _require_name(username, email)
        kept = await self._ground.passwords.hash(read_password(password))

        async def work(session: AsyncSession) -> Entered:
            await repository.lock_admins(session)
            if not await repository.use_link(session, shown, now()):
                raise TokenNotValid
            if link.user_id is None:
                return await self._make_first(session, caller, kept, username or "", email)
            return await self._set_password(session, caller, link.user_id, kept)

        return await self._ground.database.write(work)

    async def _make_first(
        self, session: AsyncSession, caller: Caller, kept: str, username: str, email: str | None
    ) -> Entered:
        if await repository.count_admins(session, with_default=False):
            raise Conflict(reason=HAS_ADMIN)
        user = await add_person(session, username, email, kept, ADMIN)
        return await self._sign_in.enter(session, caller, user, Lasting.BROWSER, "auth.setup")

    async def _set_password(self, session: AsyncSession, caller: Caller, user_id: str, kept: str) -> Entered:
        user = await repository.lock_user(session, user_id)
        if user is None or not user.is_active:
            raise TokenNotValid
        user.password_hash = kept
        await self._sessions.end_all_but(session, caller, user_id)
        return await self._sign_in.enter(session, caller, user, Lasting.BROWSER, "auth.setup")

    def _add(self, session: AsyncSession, secret: str, purpose: str, user_id: str | None) -> None:
        moment = now()
        link = SetupLink(token_hash=digest(secret), purpose=purpose, user_id=user_id)
        link.created_at, link.expires_at = moment, moment + LASTS
        session.add(link)


def _require_name(username: str | None, email: str | None) -> None:
    if username is None:
        raise BadDetail(part="username", reason=Text("a user name is needed", "需要填写用户名"))
    read_username(username)
    read_email(email)
