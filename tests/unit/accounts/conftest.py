"""Accounts over an empty database, and a feature that keeps something of its users."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller, Credentials
from vtonlab.accounts.hooks import ExportedFile
from vtonlab.accounts.passwords import Passwords
from vtonlab.accounts.people import OPERATOR, NewPerson
from vtonlab.accounts.service import Accounts
from vtonlab.accounts.sign_in import Entered
from vtonlab.db.database import Database, after_commit
from vtonlab.library.models import LibraryTotal
from vtonlab.settings import Settings

SECRET = b"0123456789abcdef0123456789abcdef"
PASSWORD = "correct horse"


def quick_passwords() -> Passwords:
    """argon2id at the least it can do: tests are not attacked."""
    return Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))


class Shelf:
    """A feature's part in accounts: each user has totals; what is deleted is noted once it holds."""

    name = "shelf"

    def __init__(self) -> None:
        self.removed: list[str] = []

    async def put(self, database: Database, user_id: str, name: str = "clothes", images: int = 2) -> None:
        async def work(session: AsyncSession) -> None:
            session.add(LibraryTotal(user_id=user_id, name=name, images=images, bytes=100 * images))

        await database.write(work)

    async def export(self, user_id: str) -> AsyncIterator[ExportedFile]:
        async def pieces() -> AsyncIterator[bytes]:
            for number in range(1000):
                yield f"{number:07}\n".encode()

        yield ExportedFile("shelf/small.txt", user_id.encode())
        yield ExportedFile("shelf/empty.txt", b"")
        yield ExportedFile("shelf/long.txt", pieces())

    async def delete(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        found = await self.usage(session, user_id)
        await session.execute(delete(LibraryTotal).where(LibraryTotal.user_id == user_id))
        after_commit(session, lambda: self.removed.append(user_id))
        return found

    async def merge(self, session: AsyncSession, guest_id: str, user_id: str) -> None:
        await session.execute(update(LibraryTotal).where(LibraryTotal.user_id == guest_id).values(user_id=user_id))

    async def usage(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        sums = select(func.coalesce(func.sum(LibraryTotal.images), 0), func.coalesce(func.sum(LibraryTotal.bytes), 0))
        images, size = (await session.execute(sums.where(LibraryTotal.user_id == user_id))).one()
        return {"images": int(images), "bytes": int(size)}


@dataclass
class Home:
    """Accounts, with what tests often do."""

    accounts: Accounts
    database: Database
    shelf: Shelf
    told: list[str] = field(default_factory=list)
    """Users whose sessions changed, as listeners hear it."""

    async def stranger(self, address: str = "192.0.2.1", agent: str = "test") -> Caller:
        return await self.accounts.identify(Credentials(None, None, address, agent))

    async def with_cookie(self, value: str, address: str = "192.0.2.1") -> Caller:
        return await self.accounts.identify(Credentials(value, None, address, "test"))

    async def with_bearer(self, value: str, address: str = "192.0.2.1") -> Caller:
        return await self.accounts.identify(Credentials(None, value, address, "test"))

    async def make(self, name: str = "mei", role: str = "editor", password: str = PASSWORD) -> str:
        return (await self.accounts.people.create(OPERATOR, NewPerson(name, None, password, role))).user_id

    async def enter(self, name: str = "mei", *, remember: bool = False, address: str = "192.0.2.1") -> Entered:
        caller = await self.stranger(address)
        return await self.accounts.sign_in.with_password(caller, name, PASSWORD, remember=remember)

    async def member(self, name: str = "mei", role: str = "editor") -> Entered:
        """A new account, signed in."""
        await self.make(name, role)
        return await self.enter(name)


OpenHome = Callable[..., Awaitable[Home]]


async def open_home(database: Database, folder: Path, **chosen: object) -> Home:
    settings = Settings(data=folder, **{"mode": "server", "sign_in_rate": "1000/second"} | chosen)  # type: ignore[arg-type]
    shelf = Shelf()
    accounts = Accounts(database, settings, SECRET, [shelf], quick_passwords())
    await accounts.prepare()
    home = Home(accounts, database, shelf)
    accounts.on_session_end(home.told.append)
    return home


@pytest.fixture
def opened(database: Database, tmp_path: Path) -> OpenHome:
    """Accounts with settings of the test's choice, on SQLite."""

    async def open_it(**chosen: object) -> Home:
        return await open_home(database, tmp_path, **chosen)

    return open_it


@pytest.fixture
async def home(database: Database, tmp_path: Path) -> Home:
    """Accounts in server mode, on SQLite."""
    return await open_home(database, tmp_path)


@pytest.fixture
async def any_home(any_database: Database, tmp_path: Path) -> Home:
    """Accounts in server mode, on each of the three databases."""
    return await open_home(any_database, tmp_path)


@pytest.fixture
async def local_home(database: Database, tmp_path: Path) -> Home:
    """Accounts in local mode, on SQLite."""
    return await open_home(database, tmp_path, mode="local")
