"""Tokens of programs: named, with scopes, shown once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts import repository
from vtonlab.accounts.caller import Caller, Permission
from vtonlab.accounts.ground import Ground, digest, new_secret, require_in_person
from vtonlab.accounts.identity import API_TOKEN_PREFIX
from vtonlab.accounts.listings import is_id
from vtonlab.accounts.models import ApiToken
from vtonlab.accounts.names import read_label
from vtonlab.db.base import new_id, now
from vtonlab.errors import BadDetail, Conflict, NotAllowed, NotThere, Text

SHOWN: Final = 12
"""Characters of a token by which its owner tells it from others: the prefix and 48 of its 256 bits."""
MOST: Final = 100
LONGEST_NAME: Final = 100
TOKEN: Final = Text("token", "令牌")
USER: Final = Text("user", "用户")
TOO_MANY: Final = Text(f"an account has at most {MOST} tokens", f"每个账户最多 {MOST} 个令牌")


class ApiTokens:
    """One's own; only somebody who signed in themselves makes or deletes them. Whoever runs the server, anybody's."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def list(self, caller: Caller) -> Sequence[ApiToken]:
        """Newest first, those that ran out too."""
        return await self._list(require_in_person(caller))

    async def make(
        self, caller: Caller, name: str, scopes: Collection[str], days: int | None = None
    ) -> tuple[ApiToken, str]:
        """A new token and its text, which is never to be seen again. ``days`` until it runs out; None: never.

        Raises ``NotAllowed`` for a scope that the caller's role does not have, ``BadDetail``, ``Conflict``.
        """
        user_id, chosen = require_in_person(caller), _read_scopes(scopes)
        more = sorted(set(chosen) - caller.permissions)
        if more:
            raise NotAllowed(permission=more[0])
        return await self._make(caller, user_id, name, chosen, days)

    async def delete(self, caller: Caller, token_id: str) -> None:
        """It opens nothing from now on. Raises ``NotThere``."""
        await self._delete(caller, require_in_person(caller), token_id)

    # For whoever runs the server

    async def list_of(self, caller: Caller, user_id: str) -> Sequence[ApiToken]:
        """Somebody's. Raises ``NotAllowed``."""
        _require_everything(caller)
        return await self._list(user_id)

    async def make_for(
        self, caller: Caller, user_id: str, name: str, scopes: Collection[str], days: int | None = None
    ) -> tuple[ApiToken, str]:
        """A new token of somebody's. Raises ``NotThere``; ``BadDetail`` also for a scope that their role lacks."""
        _require_everything(caller)
        chosen = _read_scopes(scopes)
        async with self._ground.database.read() as session:
            user = await repository.find_user(session, user_id)
            role = None if user is None else await repository.find_role(session, user.role)
        if user is None or role is None:
            raise NotThere(thing=USER, id=user_id[:64])
        more = sorted(set(chosen) - set(role.permissions))
        if more:
            reason = Text(f"the role {role.name} does not have {more[0]}", f"角色 {role.name} 没有 {more[0]} 权限")
            raise BadDetail(part="scope", reason=reason)
        return await self._make(caller, user_id, name, chosen, days)

    async def delete_any(self, caller: Caller, token_id: str) -> ApiToken:
        """Anybody's; what it was. Raises ``NotThere``."""
        _require_everything(caller)
        async with self._ground.database.read() as session:
            token = await session.get(ApiToken, token_id) if is_id(token_id) else None
        if token is None:
            raise NotThere(thing=TOKEN, id=token_id[:64])
        await self._delete(caller, token.user_id, token_id)
        return token

    # For both

    async def _list(self, user_id: str) -> Sequence[ApiToken]:
        async with self._ground.database.read() as session:
            return await repository.list_api_tokens(session, user_id)

    async def _make(
        self, caller: Caller, user_id: str, name: str, scopes: Sequence[str], days: int | None
    ) -> tuple[ApiToken, str]:
        label, moment, secret = read_label(name, "name", LONGEST_NAME), now(), new_secret(API_TOKEN_PREFIX)

        async def work(session: AsyncSession) -> ApiToken:
            if len(await repository.list_api_tokens(session, user_id)) >= MOST:
                raise Conflict(reason=TOO_MANY)
            token = ApiToken(
                id=new_id(),
                token_hash=digest(secret),
                prefix=secret[:SHOWN],
                user_id=user_id,
                name=label,
                scopes=[*scopes],
                created_at=moment,
                expires_at=None if days is None else moment + timedelta(days=days),
            )
            session.add(token)
            whose = {} if caller.user_id == user_id else {"user_id": user_id}
            self._ground.record(session, caller, "tokens.create", token.id, {"scopes": [*scopes]} | whose)
            return token

        return await self._ground.database.write(work), secret

    async def _delete(self, caller: Caller, user_id: str, token_id: str) -> None:
        async def work(session: AsyncSession) -> None:
            if not is_id(token_id) or not await repository.delete_api_token(session, user_id, token_id):
                raise NotThere(thing=TOKEN, id=token_id[:64])
            whose = {} if caller.user_id == user_id else {"user_id": user_id}
            self._ground.record(session, caller, "tokens.delete", token_id, whose)
            self._ground.changed(session, [user_id])

        await self._ground.database.write(work)


def _require_everything(caller: Caller) -> None:
    """A token acts as its owner: who makes one for somebody could do all that anybody may."""
    more = sorted(set(Permission) - caller.permissions)
    if more:
        raise NotAllowed(permission=more[0])


def _read_scopes(scopes: Collection[str]) -> list[str]:
    known = {permission.value for permission in Permission}
    if not scopes or set(scopes) - known:
        reason = Text("scopes are one or more permissions", "权限范围必须是一个或多个已知权限")
        raise BadDetail(part="scopes", reason=reason)
    return sorted(set(scopes))
