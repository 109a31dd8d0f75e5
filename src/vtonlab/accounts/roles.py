"""Roles are named sets of permissions. Four are built in; administrators change all but their own, and make others."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts import repository
from vtonlab.accounts.caller import BUILT_IN_ROLES, Caller, Permission
from vtonlab.accounts.ground import Ground
from vtonlab.accounts.models import Role
from vtonlab.accounts.repository import ADMIN
from vtonlab.errors import BadDetail, Conflict, NotAllowed, NotThere, Text

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{1,31}")
KNOWN: Final = frozenset(permission.value for permission in Permission)
ROLE: Final = Text("role", "角色")
TAKEN: Final = Text("there is a role of this name", "已有同名角色")
IN_USE: Final = Text("users have this role", "仍有用户使用该角色")
BUILT_IN: Final = Text("it is built in", "这是内置角色")
ADMINS_OWN: Final = Text("an administrator may do everything", "管理员始终拥有全部权限")


class Roles:
    """Administration of roles. Nobody gives or takes a permission they do not have."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def ensure(self, session: AsyncSession) -> None:
        """The built-in ones exist, and ``admin`` has what this version of the program knows."""
        for name, permissions in BUILT_IN_ROLES.items():
            role = await repository.find_role(session, name)
            if role is None:
                session.add(Role(name=name, permissions=sorted(permissions), is_built_in=True))
            elif name == ADMIN and set(role.permissions) != permissions:
                role.permissions = sorted(permissions)
        await session.flush()

    async def list(self) -> Sequence[Role]:
        """All, by name."""
        async with self._ground.database.read() as session:
            return await repository.list_roles(session)

    async def count_users(self) -> dict[str, int]:
        """How many users have each role that somebody has."""
        async with self._ground.database.read() as session:
            return await repository.count_by_role(session)

    async def create(self, caller: Caller, name: str, permissions: Collection[str]) -> Role:
        """Raises ``BadDetail``, ``NotAllowed``; ``Conflict`` where the name is taken."""
        chosen = _read(permissions)
        if not NAME.fullmatch(name):
            reason = Text("a role's name has small letters, digits, - and _", "角色名只能包含小写字母、数字、- 和 _")
            raise BadDetail(part="name", reason=reason)
        _require(caller, chosen)

        async def work(session: AsyncSession) -> Role:
            if await repository.find_role(session, name) is not None:
                raise Conflict(reason=TAKEN)
            role = Role(name=name, permissions=chosen, is_built_in=False)
            session.add(role)
            try:
                await session.flush()
            except IntegrityError as error:
                raise Conflict(reason=TAKEN) from error
            self._ground.record(session, caller, "roles.create", name, {"permissions": chosen})
            return role

        return await self._ground.database.write(work)

    async def edit(self, caller: Caller, name: str, permissions: Collection[str]) -> Role:
        """Give the role exactly these. Raises ``NotThere``, ``NotAllowed``; ``Conflict`` for ``admin``."""
        chosen = _read(permissions)
        return await self._change(caller, name, lambda _: chosen)

    async def change(self, caller: Caller, name: str, add: Collection[str], remove: Collection[str]) -> Role:
        """Give the role some, take some. Raises the same, and ``BadDetail``."""
        added, removed = set(_read(add)), set(_read(remove))
        return await self._change(caller, name, lambda before: sorted((set(before) | added) - removed))

    async def _change(self, caller: Caller, name: str, choose: Callable[[Collection[str]], Sequence[str]]) -> Role:
        async def work(session: AsyncSession) -> Role:
            role = await self._find(session, caller, name)
            before, chosen = role.permissions, [*choose(role.permissions)]
            _require(caller, chosen)
            if name == ADMIN:
                raise Conflict(reason=ADMINS_OWN)
            role.permissions = chosen
            self._ground.record(session, caller, "roles.edit", name, {"from": before, "to": chosen})
            self._ground.changed(session, await repository.users_of_role(session, name) or [""])
            return role

        return await self._ground.database.write(work)

    async def delete(self, caller: Caller, name: str) -> None:
        """Raises ``NotThere``, ``NotAllowed``; ``Conflict`` for a built-in one and one that somebody has."""

        async def work(session: AsyncSession) -> None:
            role = await self._find(session, caller, name)
            if role.is_built_in:
                raise Conflict(reason=BUILT_IN)
            if await repository.users_of_role(session, name, limit=1):
                raise Conflict(reason=IN_USE)
            await session.delete(role)
            try:
                await session.flush()
            except IntegrityError as error:  # given to somebody this moment
                raise Conflict(reason=IN_USE) from error
            self._ground.record(session, caller, "roles.delete", name)

        await self._ground.database.write(work)

    async def _find(self, session: AsyncSession, caller: Caller, name: str) -> Role:
        role = await repository.find_role(session, name)
        if role is None:
            raise NotThere(thing=ROLE, id=name[:32])
        _require(caller, role.permissions)
        return role


async def require_to_grant(session: AsyncSession, caller: Caller, name: str) -> None:
    """Raises ``NotThere`` for a role that is not, ``NotAllowed`` for one that may what ``caller`` may not."""
    role = await repository.find_role(session, name)
    if role is None:
        raise NotThere(thing=ROLE, id=name[:32])
    _require(caller, role.permissions)


def _require(caller: Caller, permissions: Collection[str]) -> None:
    more = sorted(set(permissions) - caller.permissions)
    if more:
        raise NotAllowed(permission=more[0])


def _read(permissions: Collection[str]) -> list[str]:
    unknown = sorted(set(permissions) - KNOWN)
    if unknown:
        reason = Text("there is no permission of this name", "没有这个名称的权限")
        raise BadDetail(part="permissions", reason=reason)
    return sorted(set(permissions))
