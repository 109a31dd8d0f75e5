"""Accounts as administrators see them: made, looked at, changed."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts import listings, repository
from vtonlab.accounts.caller import Caller, CallerKind, Permission
from vtonlab.accounts.ground import Ground
from vtonlab.accounts.listings import Use, UserFilter, UserPage, UserSort, is_id
from vtonlab.accounts.models import User
from vtonlab.accounts.names import key_of, read_email, read_password, read_username
from vtonlab.accounts.repository import ADMIN
from vtonlab.accounts.roles import require_to_grant
from vtonlab.accounts.sessions import Sessions
from vtonlab.db.base import new_id, now
from vtonlab.db.types import JsonValue
from vtonlab.errors import Conflict, NameTaken, NotThere, Text

USER: Final = Text("user", "用户")
LAST_ADMIN: Final = Text("this is the last administrator", "这是最后一位管理员")
NOT_A_PERSON: Final = Text("this is no person's account", "这不是个人账户")

OPERATOR: Final = Caller(CallerKind.USER, None, "command line", ADMIN, frozenset(Permission))
"""Whoever may run ``vtonlab`` over the data may do everything."""


@dataclass(frozen=True)
class NewPerson:
    """An account to be made. No password: none opens it until one is set by a link."""

    username: str
    email: str | None = None
    password: str | None = None
    role: str = "editor"


@dataclass(frozen=True)
class Changes:
    """What is changed of an account; None leaves it."""

    role: str | None = None
    is_active: bool | None = None
    email: str | None = None
    """Empty takes it away."""
    quota_bytes: int | None = None
    """0: no limit; -1: the setting's."""


CountUse = Callable[[AsyncSession, Collection[str]], Awaitable[dict[str, Use]]]
"""What each of the users keeps, in one question; those who keep nothing may be left out."""


class People:
    """Administration of accounts. Nobody gives a permission they do not have, or touches those who have more."""

    def __init__(self, ground: Ground, sessions: Sessions) -> None:
        self._ground = ground
        self._sessions = sessions
        self._count_use: CountUse = _count_nothing

    def know_use(self, count_use: CountUse) -> None:
        """The library tells what people keep: accounts does not know it."""
        self._count_use = count_use

    async def list(
        self,
        wanted: UserFilter,
        page: int,
        page_size: int,
        cursor: str | None = None,
        sort: UserSort = UserSort.NEWEST,
    ) -> UserPage:
        """A page, with what each keeps. Raises ``BadRequest`` for a cursor that is not ours."""
        if wanted.role is not None and not is_id(wanted.role):
            return UserPage((), 0, None, {})
        async with self._ground.database.read() as session:
            total = await listings.count_users(session, wanted)
            skip = (page - 1) * page_size
            found = await listings.list_users(session, wanted, sort, page_size + 1, skip, cursor)
            shown = found[:page_size]
            uses = await self._count_use(session, [user.user_id for user in shown])
        more = listings.make_cursor(shown[-1], sort) if len(found) > page_size else None
        return UserPage(shown, total, more, uses)

    async def get(self, user_id: str) -> User:
        """Raises ``NotThere``."""
        async with self._ground.database.read() as session:
            return _there(await repository.find_user(session, user_id), user_id)

    async def find(self, username: str) -> User:
        """By the name they sign in with. Raises ``NotThere``."""
        async with self._ground.database.read() as session:
            return _there(await repository.find_by_name(session, key_of(username)), username)

    async def create(self, caller: Caller, person: NewPerson) -> User:
        """Raises ``BadDetail``, ``NameTaken``, ``NotThere`` (role), ``NotAllowed``."""
        read_username(person.username)
        kept = None
        if person.password is not None:
            kept = await self._ground.passwords.hash(read_password(person.password))

        async def work(session: AsyncSession) -> User:
            await require_to_grant(session, caller, person.role)
            user = await add_person(session, person.username, person.email, kept, person.role)
            self._ground.record(session, caller, "users.create", user.user_id, {"role": person.role})
            self._ground.changed(session, [user.user_id])
            return user

        return await self._ground.database.write(work)

    async def edit(self, caller: Caller, user_id: str, changes: Changes) -> User:
        """Raises ``NotThere``, ``NotAllowed``, ``BadDetail``, ``NameTaken``; ``Conflict`` for the last admin."""

        async def work(session: AsyncSession) -> User:
            await repository.lock_admins(session)
            user = _there(await repository.lock_user(session, user_id), user_id)
            await require_to_grant(session, caller, user.role)
            details = await self._apply(session, caller, user, changes)
            self._ground.record(session, caller, "users.edit", user.user_id, details)
            self._ground.changed(session, [user.user_id])
            return user

        try:
            return await self._ground.database.write(work)
        except IntegrityError as error:
            raise Conflict(reason=Text("somebody else changed it meanwhile", "其他人刚刚修改过")) from error

    async def _apply(self, session: AsyncSession, caller: Caller, user: User, changes: Changes) -> dict[str, JsonValue]:
        details: dict[str, JsonValue] = {}
        if changes.role is not None and changes.role != user.role:
            if user.kind != "person":
                raise Conflict(reason=NOT_A_PERSON)
            await require_to_grant(session, caller, changes.role)
            await self.require_another_admin(session, user)
            details["role"] = [user.role, changes.role]
            user.role = changes.role
        if changes.is_active is not None and changes.is_active != user.is_active:
            if user.kind == "default":
                raise Conflict(reason=NOT_A_PERSON)
            if not changes.is_active:
                await self.require_another_admin(session, user)
                await self._sessions.end_all_but(session, caller, user.user_id)
            details["is_active"] = user.is_active = changes.is_active
        if changes.email is not None:
            await set_email(session, user, changes.email)
            details["email"] = "changed"
        if changes.quota_bytes is not None:
            user.quota_bytes = None if changes.quota_bytes < 0 else changes.quota_bytes
            details["quota_bytes"] = user.quota_bytes
        await session.flush()
        return details

    async def set_password(self, caller: Caller, user_id: str, password: str) -> None:
        """Set it without asking for the old one, and end every session. Raises ``NotThere``, ``BadDetail``."""
        kept = await self._ground.passwords.hash(read_password(password))

        async def work(session: AsyncSession) -> None:
            user = _there(await repository.lock_user(session, user_id), user_id)
            if user.kind != "person":
                raise Conflict(reason=NOT_A_PERSON)
            await require_to_grant(session, caller, user.role)
            user.password_hash = kept
            await self._sessions.end_all_but(session, caller, user_id)
            await repository.delete_links(session, "password", user_id)
            self._ground.record(session, caller, "users.password", user_id)

        await self._ground.database.write(work)

    async def require_another_admin(self, session: AsyncSession, user: User) -> None:
        """Raises ``Conflict`` when no administrator could come in without ``user``. After ``lock_admins``."""
        if user.role != ADMIN or not user.is_active or user.kind != "person" or user.password_hash is None:
            return
        local = self._ground.settings.is_local
        if not await repository.count_admins(session, with_default=local, but=user.user_id):
            raise Conflict(reason=LAST_ADMIN)


async def add_person(
    session: AsyncSession, username: str, email: str | None, password_hash: str | None, role: str
) -> User:
    """A new account. Raises ``BadDetail``, ``NameTaken``."""
    name, key = read_username(username)
    address = read_email(email)
    if await repository.find_by_name(session, key) is not None:
        raise NameTaken(name=name)
    if address is not None and await repository.is_email_taken(session, address[1]):
        raise NameTaken(name=address[0])
    moment = now()
    user = User(
        user_id=new_id(),
        kind="person",
        username=name,
        username_key=key,
        email=address and address[0],
        email_key=address and address[1],
        password_hash=password_hash,
        role=role,
        created_at=moment,
        last_seen_at=moment,
        is_active=True,
        cloud_sync_enabled=False,
    )
    session.add(user)
    try:
        await session.flush()
    except IntegrityError as error:  # somebody was as quick
        taken = address[0] if address and "email" in str(error.orig) else name
        raise NameTaken(name=taken) from error
    return user


def make_user(kind: str, role: str) -> User:
    """A row that is no person's: a guest's, or the machine's own."""
    name = f"{'default-user' if kind == 'default' else kind}-{secrets.token_hex(4)}"
    moment = now()
    return User(
        user_id=name if kind == "default" else new_id(),
        kind=kind,
        username=name,
        username_key=name,
        role=role,
        created_at=moment,
        last_seen_at=moment,
        is_active=True,
        cloud_sync_enabled=False,
    )


async def set_email(session: AsyncSession, user: User, email: str) -> None:
    """Empty takes it away. Raises ``BadDetail``, ``NameTaken``."""
    address = read_email(email)
    if address is not None and await repository.is_email_taken(session, address[1], user.user_id):
        raise NameTaken(name=address[0])
    user.email, user.email_key = address or (None, None)
    try:
        await session.flush()
    except IntegrityError as error:
        raise NameTaken(name=email) from error


async def _count_nothing(_session: AsyncSession, _user_ids: Collection[str]) -> dict[str, Use]:
    return {}


def _there(user: User | None, user_id: str) -> User:
    if user is None:
        raise NotThere(thing=USER, id=user_id[:64])
    return user
