"""The one way to the database: read in a session, change in a function that may be run again.

    async with database.read() as session:
        ...
    await database.write(lambda session: service.rename(session, ...))

A change is one transaction. It is run again, from its first line, when the database asks for that (a deadlock, another
writer), so it must do nothing that the database cannot undo; what is to follow once it holds is said with
:func:`after_commit`.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

T = TypeVar("T")
Work = Callable[[AsyncSession], Awaitable[T]]
Follow = Callable[[], Awaitable[None] | None]

ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.01
BUSY_SECONDS = 15.0
"""How long SQLite waits for a writer of another process."""

SQLITE_POOL = 8
SERVER_POOL = 16

MYSQL_AGAIN = frozenset({1205, 1213})
"""Lock wait timeout, deadlock."""

POSTGRES_AGAIN = frozenset({"40001", "40P01"})
"""Serialization failure, deadlock."""

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "mysql": "mysql+asyncmy"}
DRIVERS |= {"postgres": DRIVERS["postgresql"], "mariadb": "mysql+asyncmy"}

log = logging.getLogger(__name__)


class Database:
    """A database at ``address`` (an SQLAlchemy address; the driver is chosen here). Used in one event loop."""

    def __init__(self, address: str) -> None:
        self.url = choose_driver(address)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine: AsyncEngine = _make_engine(self.url)
        # Writers of this process wait in line here instead of polling for SQLite's lock.
        self._line = asyncio.Lock() if self.is_sqlite else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one state of the database and changes nothing."""
        async with self.engine.connect() as connection, AsyncSession(connection, expire_on_commit=False) as session:
            yield session

    async def write(self, work: Work[T]) -> T:
        """What ``work`` returns, once all it did in its session is committed. Run again after a deadlock."""
        pause = FIRST_PAUSE_SECONDS
        for attempt in range(1, ATTEMPTS + 1):
            try:
                result, follow = await self._once(work)
            except DBAPIError as error:
                if attempt == ATTEMPTS or not may_succeed_again(error):
                    raise
                log.info("transaction is run again (attempt %d)", attempt + 1)
                await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311 - spreads them, hides nothing
                pause *= 2
            else:
                for step in follow:
                    outcome = step()
                    if inspect.isawaitable(outcome):
                        await outcome
                return result
        raise AssertionError("unreachable")

    async def _once(self, work: Work[T]) -> tuple[T, list[Follow]]:
        if self._line is None:
            return await self._transact(work)
        async with self._line:
            return await self._transact(work)

    async def _transact(self, work: Work[T]) -> tuple[T, list[Follow]]:
        async with self.engine.connect() as plain:
            connection = await plain.execution_options(vtonlab_writes=True)
            async with AsyncSession(connection, expire_on_commit=False) as session:
                session.info["after_commit"] = []
                async with session.begin():
                    result = await work(session)
                return result, session.info["after_commit"]

    async def ping(self) -> None:
        """Raises what the driver raises when the database does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Let go of every connection."""
        await self.engine.dispose()


def after_commit(session: AsyncSession, step: Follow) -> None:
    """Do ``step`` once the transaction of ``session`` holds; never if it is undone. Steps run in order.

    A step must not be needed for what is kept to be right: the machine may stop before it.
    """
    session.info["after_commit"].append(step)


def choose_driver(address: str) -> URL:
    """``address`` with the asynchronous driver of its dialect, and the character set that holds every script."""
    url = make_url(address)
    url = url.set(drivername=DRIVERS.get(url.get_backend_name(), url.drivername))
    if url.get_backend_name() == "mysql":
        url = url.update_query_dict({"charset": "utf8mb4"})
    return url


def may_succeed_again(error: DBAPIError) -> bool:
    """Whether the database gave up a transaction only because of another one's."""
    original = error.orig
    if "database is locked" in str(original):
        return True
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    code = original.args[0] if original is not None and original.args else None
    return state in POSTGRES_AGAIN or code in MYSQL_AGAIN


def _make_engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        level = "READ COMMITTED"
        return create_async_engine(url, pool_size=SERVER_POOL, pool_pre_ping=True, isolation_level=level)
    engine = create_async_engine(
        url, pool_size=SQLITE_POOL, max_overflow=0, pool_timeout=60, connect_args={"timeout": BUSY_SECONDS}
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin_sqlite` does
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # a commit outlives a power cut, not only a crash
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    cursor.execute("PRAGMA cache_size = -32000")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # A transaction that reads first and writes later loses to one that wrote in between; IMMEDIATE asks at the start.
    writes = connection.get_execution_options().get("vtonlab_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


__all__ = ["AsyncConnection", "AsyncSession", "Database", "Work", "after_commit", "choose_driver"]
