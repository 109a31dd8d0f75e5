"""Everything that is kept of a person, in one zip, made while it is sent."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from zipstream import ZIP_STORED, ZipStream  # type: ignore[import-untyped]

from vtonlab.accounts import repository
from vtonlab.accounts.caller import Caller, Permission, Via
from vtonlab.accounts.ground import Ground, require_own_row
from vtonlab.accounts.hooks import ExportedFile
from vtonlab.accounts.models import AuditEntry
from vtonlab.accounts.people import USER
from vtonlab.accounts.repository import AuditFilter
from vtonlab.db.base import now
from vtonlab.errors import NotThere

T = TypeVar("T")

AUDIT_PAGE: Final = 500


class Export:
    """The zip: ``account.json``, ``audit.json``, and what each feature adds."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def begin(self, caller: Caller) -> AsyncIterator[bytes]:
        """The zip's bytes, a piece at a time; the log says that it was asked for.

        Raises ``SignInNeeded``, and ``NotAllowed`` for a token whose scopes do not hold ``account:manage``.
        """
        user_id = require_own_row(caller)
        if caller.via is Via.API_TOKEN:
            caller.require(Permission.ACCOUNT_MANAGE)
        account = await self._describe(user_id)

        async def work(session: AsyncSession) -> None:
            self._ground.record(session, caller, "users.export", user_id)

        await self._ground.database.write(work)
        return zip_files(self._files(user_id, account))

    async def _files(self, user_id: str, account: dict[str, Any]) -> AsyncGenerator[ExportedFile, None]:
        yield ExportedFile("account.json", _write(account).encode())
        yield ExportedFile("audit.json", self._audit(user_id))
        for hook in self._ground.hooks:
            async with _closing(hook.export(user_id)) as files:
                async for file in files:
                    yield file

    async def _describe(self, user_id: str) -> dict[str, Any]:
        async with self._ground.database.read() as session:
            user = await repository.find_user(session, user_id)
            if user is None:
                raise NotThere(thing=USER, id=user_id)
            sessions = await repository.list_sessions(session, user_id, now())
            tokens = await repository.list_api_tokens(session, user_id)
        hidden = {"password_hash", "username_key", "email_key", "token_hash"}
        return {
            "account": _columns(user, hidden),
            "sessions": [_columns(row, hidden) for row in sessions],
            "api_tokens": [_columns(row, hidden) for row in tokens],
        }

    async def _audit(self, user_id: str) -> AsyncIterator[bytes]:
        before, mark = None, b"["
        while True:
            async with self._ground.database.read() as session:
                wanted = AuditFilter(about=user_id)
                found = await repository.list_audit(session, wanted, AUDIT_PAGE, before=before)
            for entry in found:
                yield mark + b"\n" + _write(describe_entry(entry, user_id)).encode()
                mark = b","
            if len(found) < AUDIT_PAGE:
                yield b"]\n" if mark == b"," else b"[]\n"
                return
            before = found[-1].number


def describe_entry(entry: AuditEntry, user_id: str) -> dict[str, Any]:
    """An entry as the person it is about may see it: who else did it, and from where, stays out."""
    told = _columns(entry, set())
    if entry.user_id not in {user_id, None}:
        told |= {"user_id": "", "username": "", "address": "", "agent": ""}
    return told


async def zip_files(files: AsyncGenerator[ExportedFile, None]) -> AsyncGenerator[bytes, None]:
    """A zip of ``files`` in their order, uncompressed (pictures are already), its pieces as small as theirs."""
    archive = ZipStream(compress_type=ZIP_STORED)
    async with aclosing(files) as given:
        async for file in given:
            async with aclosing(_add(archive, file)) as pieces:
                async for piece in pieces:
                    yield piece
    for piece in archive.finalize():
        yield piece


async def _add(archive: ZipStream, file: ExportedFile) -> AsyncGenerator[bytes, None]:
    # The archive pulls its data, and cannot wait. So a piece is fetched before it can ask for one: at each step it
    # takes at most one, and finds none only at the end.
    ready: deque[bytes] = deque()

    def pull() -> Iterator[bytes]:
        while ready:
            yield ready.popleft()

    archive.add(pull(), file.name)
    step = archive.file()
    source = _pieces(file.data)
    async with aclosing(source):
        has_more = True
        while True:
            if has_more and not ready:
                piece = await anext(source, None)
                has_more = piece is not None
                ready.extend([] if piece is None else [piece])
            made = next(step, None)
            if made is None:
                return
            yield made


async def _pieces(data: bytes | AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    if isinstance(data, bytes):
        if data:
            yield data
        return
    async with _closing(data) as pieces:
        async for piece in pieces:
            if piece:
                yield piece


@asynccontextmanager
async def _closing(pieces: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """``pieces``, closed at the end if it is what can be closed: who stops reading leaves no file open."""
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def _columns(row: Any, hidden: set[str]) -> dict[str, Any]:
    names = [column.key for column in row.__table__.columns if column.key not in hidden]
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _write(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
