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
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from vtonlab.db.connections import choose_driver, file_of, make_readers, make_writers
from vtonlab.errors import DatabaseUnavailable, StorageFull

T = TypeVar("T")
Work = Callable[[AsyncSession], Awaitable[T]]
Follow = Callable[[], Awaitable[None] | None]

ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.01

MYSQL_AGAIN = frozenset({1020, 1205, 1213, 1305})
"""A row that changed since it was read, lock wait timeout, deadlock; and a savepoint that is no more, which is what
going back to it says after a deadlock: that took the whole transaction, not only the part since the savepoint."""

POSTGRES_AGAIN = frozenset({"40001", "40P01"})
"""Serialization failure, deadlock."""

FOLLOW = "after_commit"
"""What a session of ``write`` keeps the steps under that follow its commit."""

log = logging.getLogger(__name__)


class Database:
    """A database at ``address`` (an SQLAlchemy address; the driver is chosen here). Used in one event loop.

    Whatever is done raises ``DatabaseUnavailable`` where the database does not answer. Raises ``BadSetting`` at once
    for an address that cannot be one.
    """

    def __init__(self, address: str) -> None:
        self.url = choose_driver(address)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.file = file_of(self.url)
        self.engine: AsyncEngine = make_writers(self.url)
        self._readers: AsyncEngine = make_readers(self.url)
        # Writers of this process wait in line here instead of polling for SQLite's lock.
        self._line = asyncio.Lock() if self.is_sqlite else None
        self._at_work: set[asyncio.Task[Any] | None] = set()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one state of the database, from its first question on; it cannot change anything."""
        async with _connect(self._readers) as connection, AsyncSession(connection, expire_on_commit=False) as session:
            try:
                yield session
            except DBAPIError as error:
                _raise_for_people(error)
                raise

    async def write(self, work: Work[T]) -> T:
        """What ``work`` returns, once all it did in its session is committed. Run again after a deadlock.

        Cancelled before the commit began, nothing was done; later, everything was, with what follows the commit.
        Raises ``StorageFull`` where SQLite has no room, and whatever ``work`` raises. A change within ``work`` itself
        would wait for its own end: it raises ``RuntimeError``.
        """
        if asyncio.current_task() in self._at_work:
            raise RuntimeError("a change within a change: do it in the session that is there, or after the commit")
        change = _Change(self.engine, self._line, self._at_work, work)
        task = asyncio.create_task(change.make())
        stopped: asyncio.CancelledError | None = None
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as asked:  # once is enough: undoing takes its time, and is not to be stopped
                if stopped is None and not change.is_committing:
                    task.cancel()
                stopped = asked
        if stopped is not None:
            if not task.cancelled() and (error := task.exception()) is not None:
                log.info("a change that was cancelled had failed", exc_info=error)
            raise stopped
        return task.result()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, given a connection to write with, outside any transaction. For migrations."""
        async with _connect(self.engine) as plain:
            connection = await plain.execution_options(vtonlab_writes=True)
            return await connection.run_sync(work)

    async def ping(self) -> None:
        """Raises ``DatabaseUnavailable`` when it does not answer."""
        async with _connect(self._readers) as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Let go of every connection."""
        await self._readers.dispose()
        await self.engine.dispose()


class _Change(Generic[T]):
    """One call of ``write``: its attempts, and what follows."""

    def __init__(
        self, engine: AsyncEngine, line: asyncio.Lock | None, at_work: set[asyncio.Task[Any] | None], work: Work[T]
    ) -> None:
        self.engine = engine
        self.line = line
        self.at_work = at_work
        self.work = work
        self.is_committing = False

    async def make(self) -> T:
        pause = FIRST_PAUSE_SECONDS
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.line or nullcontext():
                    result, follow = await self._attempt()
            except DBAPIError as error:
                self.is_committing = False
                if attempt == ATTEMPTS or not may_succeed_again(error):
                    _raise_for_people(error)
                    raise
                log.info("transaction is run again (attempt %d)", attempt + 1)
                await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311 - spreads them, hides nothing
                pause *= 2
            else:
                await _follow(follow)
                return result
        raise AssertionError("unreachable")

    async def _attempt(self) -> tuple[T, list[Follow]]:
        async with _connect(self.engine) as plain:
            connection = await plain.execution_options(vtonlab_writes=True)
            async with AsyncSession(connection, expire_on_commit=False) as session:
                follow: list[Follow] = []
                session.info[FOLLOW] = follow
                self.at_work.add(asyncio.current_task())
                try:
                    result = await self.work(session)
                    await session.flush()
                finally:
                    self.at_work.discard(asyncio.current_task())
                self.is_committing = True
                await session.commit()
                return result, follow


def after_commit(session: AsyncSession, step: Follow) -> None:
    """Do ``step`` once the transaction of ``session`` holds; never if it is undone. Steps run in order; one that fails
    is logged, for what was committed stays committed.

    A step must not be needed for what is kept to be right: the machine may stop before it.
    """
    session.info[FOLLOW].append(step)


def may_succeed_again(error: DBAPIError) -> bool:
    """Whether the database gave up a transaction only because of another one's."""
    original = error.orig
    if "database is locked" in str(original):
        return True
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    code = original.args[0] if original is not None and original.args else None
    return state in POSTGRES_AGAIN or code in MYSQL_AGAIN


async def _follow(steps: list[Follow]) -> None:
    for step in steps:
        try:
            outcome = step()
            if inspect.isawaitable(outcome):
                await outcome
        except Exception:  # the edge: the change holds, so whatever fails after it must not look as if it did not
            log.exception("a step after a commit failed")


@asynccontextmanager
async def _connect(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(engine.connect())
        except (OSError, DBAPIError, NoConnectionFree) as error:
            log.warning("the database does not answer: %s", error)
            raise DatabaseUnavailable from error
        yield connection


def _raise_for_people(error: DBAPIError) -> None:
    """Raises what ``error`` is for those above: no room, no answer. Anything else is for its caller."""
    if "database or disk is full" in str(error.orig):
        raise StorageFull from error
    if error.connection_invalidated or may_succeed_again(error):
        raise DatabaseUnavailable from error


__all__ = ["AsyncConnection", "AsyncSession", "Database", "Work", "after_commit", "choose_driver", "may_succeed_again"]
