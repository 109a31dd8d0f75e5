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
TOO_MANY: Final = Text(f"an account has at most {MOST} tokens", f"每个账户最多 {MOST} 个令牌")


class ApiTokens:
    """One's own; only somebody who signed in themselves makes or deletes them."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def list(self, caller: Caller) -> Sequence[ApiToken]:
        """Newest first, those that ran out too."""
        async with self._ground.database.read() as session:
            return await repository.list_api_tokens(session, require_in_person(caller))

    async def make(
        self, caller: Caller, name: str, scopes: Collection[str], days: int | None = None
    ) -> tuple[ApiToken, str]:
        """A new token and its text, which is never to be seen again. ``days`` until it runs out; None: never.

        Raises ``NotAllowed`` for a scope that the caller's role does not have, ``BadDetail``, ``Conflict``.
        """
        user_id, label, moment = require_in_person(caller), read_label(name, "name", LONGEST_NAME), now()
        chosen = _read_scopes(caller, scopes)
        secret = new_secret(API_TOKEN_PREFIX)

        async def work(session: AsyncSession) -> ApiToken:
            if len(await repository.list_api_tokens(session, user_id)) >= MOST:
                raise Conflict(reason=TOO_MANY)
            token = ApiToken(
                id=new_id(),
                token_hash=digest(secret),
                prefix=secret[:SHOWN],
                user_id=user_id,
                name=label,
                scopes=chosen,
                created_at=moment,
                expires_at=None if days is None else moment + timedelta(days=days),
            )
            session.add(token)
            self._ground.record(session, caller, "tokens.create", token.id, {"scopes": chosen})
            return token

        return await self._ground.database.write(work), secret

    async def delete(self, caller: Caller, token_id: str) -> None:
        """It opens nothing from now on. Raises ``NotThere``."""
        user_id = require_in_person(caller)

        async def work(session: AsyncSession) -> None:
            if not is_id(token_id) or not await repository.delete_api_token(session, user_id, token_id):
                raise NotThere(thing=TOKEN, id=token_id[:64])
            self._ground.record(session, caller, "tokens.delete", token_id)
            self._ground.changed(session, [user_id])

        await self._ground.database.write(work)


def _read_scopes(caller: Caller, scopes: Collection[str]) -> list[str]:
    known = {permission.value for permission in Permission}
    if not scopes or set(scopes) - known:
        reason = Text("scopes are one or more permissions", "权限范围必须是一个或多个已知权限")
        raise BadDetail(part="scopes", reason=reason)
    more = sorted(set(scopes) - caller.permissions)
    if more:
        raise NotAllowed(permission=more[0])
    return sorted(set(scopes))
