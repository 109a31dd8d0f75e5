"""Deleting an account: every row, every byte, and an answer that says what it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts import repository
from vtonlab.accounts.caller import Caller
from vtonlab.accounts.ground import IN_PERSON, Ground, require_own_row
from vtonlab.accounts.models import User
from vtonlab.accounts.names import fold, normalize_password
from vtonlab.accounts.people import USER, People, make_user
from vtonlab.accounts.roles import require_to_grant
from vtonlab.db.base import now
from vtonlab.db.database import after_commit
from vtonlab.errors import BadDetail, Conflict, NotAllowed, NotThere, Text, WrongPassword

OWN: Final = Text("one's own account asks for the password", "删除自己的账户需要输入密码")
NOT_THE_MACHINES: Final = Text("the machine's own account is only emptied by itself", "本机账户只能由其本人清空")


@dataclass(frozen=True)
class Erased:
    """What was deleted: of each feature, what and how much (``{"library": {"images": 12, "bytes": 3456}}``)."""

    user_id: str
    deleted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Deletion:
    """Deletes accounts and guests. Files go in a step after the commit, which the features add."""

    def __init__(self, ground: Ground, people: People) -> None:
        self._ground = ground
        self._people = people

    async def delete_own(self, caller: Caller, password: str | None, confirm: str | None) -> Erased:
        """Delete the caller's account: with its ``password``, or where it has none with its name in ``confirm``.

        Raises ``WrongPassword``, ``BadDetail`` (``confirm``), ``Conflict`` for the last administrator, and
        ``TooManyRequests``. The machine's own user is replaced by an empty one.
        """
        user_id = self._require(caller)
        async with self._ground.database.read() as session:
            user = await repository.find_user(session, user_id)
        if user is None:
            raise NotThere(thing=USER, id=user_id)
        if user.password_hash is None:
            if fold(confirm or "") != user.username_key:
                reason = Text("write the name of the account to confirm", "请输入账户名以确认删除")
                raise BadDetail(part="confirm", reason=reason)
        else:
            self._ground.limits.take(self._ground.settings.sign_in_rate, "password", user_id)
            good, _ = await self._ground.passwords.check(normalize_password(password or ""), user.password_hash)
            if not good:
                await self._ground.database.write(lambda session: self._note_failure(session, caller))
                raise WrongPassword
        kept = user.password_hash

        async def work(session: AsyncSession) -> Erased:
            await repository.lock_admins(session)
            found = await repository.lock_user(session, user_id)
            if found is None or found.password_hash != kept:
                raise WrongPassword
            await self._people.require_another_admin(session, found)
            return await self.erase(session, caller, found, "users.delete")

        return await self._ground.database.write(work)

    async def delete_person(self, caller: Caller, user_id: str) -> Erased:
        """Delete another's account, or a guest. Raises ``NotThere``, ``NotAllowed``, ``Conflict``."""
        if caller.user_id == user_id:
            raise Conflict(reason=OWN)

        async def work(session: AsyncSession) -> Erased:
            await repository.lock_admins(session)
            user = await repository.lock_user(session, user_id)
            if user is None:
                raise NotThere(thing=USER, id=user_id[:64])
            if user.kind == "default" and self._ground.settings.is_local:
                raise Conflict(reason=NOT_THE_MACHINES)
            await require_to_grant(session, caller, user.role)
            await self._people.require_another_admin(session, user)
            return await self.erase(session, caller, user, "users.delete")

        return await self._ground.database.write(work)

    async def erase(self, session: AsyncSession, caller: Caller, user: User, action: str) -> Erased:
        """Delete it all in this transaction. The log keeps that it happened, to which id; nothing personal."""
        user_id, moment = user.user_id, now()
        deleted: dict[str, dict[str, int]] = {}
        for hook in self._ground.hooks:
            deleted[hook.name] = dict(await hook.delete(session, user_id))
        deleted["accounts"] = {
            "accounts": 1,
            "sessions": len(await repository.list_sessions(session, user_id, moment)),
            "api_tokens": len(await repository.list_api_tokens(session, user_id)),
        }
        await session.flush()
        await repository.delete_user(session, user_id)
        await repository.forget_person(session, user_id)
        by_themselves = caller.user_id == user_id
        known = replace(caller, username="", address="", agent="") if by_themselves else caller
        self._ground.record(session, known, action, user_id, {"deleted": deleted})
        self._ground.changed(session, [user_id])
        if user.kind == "default" and self._ground.settings.is_local:
            self._replace_default(session, user.role)
        return Erased(user_id, deleted)

    def _replace_default(self, session: AsyncSession, role: str) -> None:
        following = make_user("default", role=role)
        session.add(following)
        after_commit(session, lambda: setattr(self._ground, "default_user_id", following.user_id))

    def _require(self, caller: Caller) -> str:
        user_id = require_own_row(caller)
        if caller.via not in IN_PERSON:
            raise NotAllowed(permission="session")
        return user_id

    async def _note_failure(self, session: AsyncSession, caller: Caller) -> None:
        self._ground.record(session, caller, "users.delete_refused", caller.owner)
