"""Bring the database to the shape this program works with: on SQLite by itself when the server starts, after a backup
copy; elsewhere when somebody asks for it (``vtonlab db upgrade``).

On SQLite and PostgreSQL all steps are one transaction: a machine that stops in the middle leaves the old database. On
MariaDB, which commits every change of a table by itself, the step that was interrupted is taken again.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from vtonlab import crash_points
from vtonlab.db import copies, revisions
from vtonlab.db.database import Database
from vtonlab.errors import DatabaseProblem, DatabaseUnavailable, FileProblem, Text
from vtonlab.settings import Settings

LOCK_NAME = "vtonlab db upgrade"
LOCK_NUMBER = 0x76746F6E
"""By these two, PostgreSQL (a number) and MariaDB (a name) let one at a time upgrade."""

LOCK_SECONDS = 3600
PAUSE_SECONDS = 0.05
NO_DATABASE = "file is not a database"
"""What SQLite says of a file that begins with something else."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upgraded:
    """What was done: the revisions before (None: nothing was there) and after, and the copy made first."""

    before: str | None
    after: str
    copy: Path | None = None


async def prepare(database: Database, settings: Settings) -> None:
    """Make sure that the server can work with ``database``. Called once at the start.

    SQLite is made, or upgraded after a copy of it went to ``{data}/backups``. Raises ``DatabaseProblem`` where another
    database is not up to date, or it is newer than this program, or not ours; ``FileProblem`` where the file's folder
    cannot be written; ``DatabaseUnavailable``.
    """
    if database.is_sqlite:
        done = await upgrade(database, settings)
        if done.before != done.after:
            log.info("database upgraded from %s to %s, copy: %s", done.before, done.after, done.copy)
        return
    if await current(database) != revisions.newest():
        reason = Text("it is not up to date with this version of the program", "它的版本低于当前程序")
        advice = Text(
            "Back it up, then run “vtonlab db upgrade” once; stop every server of the old version before.",
            "请先备份，停止所有旧版本的服务器，然后运行一次 “vtonlab db upgrade”。",
        )
        raise DatabaseProblem(reason=reason, advice=advice)


async def upgrade(database: Database, settings: Settings) -> Upgraded:
    """Take every step that is missing; of several that ask at once one does it. Raises what ``prepare`` does."""
    async with _one_at_a_time(database):
        before = await current(database)
        after = revisions.newest()
        if before == after:
            return Upgraded(before, after)
        copy = None
        if database.file is not None and before is not None:
            copy = await asyncio.to_thread(copies.keep, database.file, settings.data_folder, before)
            crash_points.reach("upgrade.copied")
        await database.run(_take_steps)
        return Upgraded(before, after, copy)


async def current(database: Database) -> str | None:
    """The revision the database has; None where nothing was made yet. Raises ``DatabaseProblem`` where this program
    cannot work with it."""
    try:
        return await database.run(_read)
    except DatabaseUnavailable as error:
        if database.is_sqlite and isinstance(error.__cause__, DBAPIError) and NO_DATABASE in str(error.__cause__.orig):
            reason = Text("the file is no database", "该文件不是数据库")
            advice = Text(
                "Restore a backup with “vtonlab db restore”, or move the file away.",
                "请用 “vtonlab db restore” 恢复备份，或移走该文件。",
            )
            raise DatabaseProblem(reason=reason, advice=advice) from error
        raise


def _read(connection: Connection) -> str | None:
    revision = revisions.read(connection)
    if revision is None and revisions.is_foreign(connection):
        reason = Text("it holds tables of another program", "其中有其他程序的数据表")
        advice = Text(
            "Name an empty database in VTONLAB_DATABASE_URL.", "请在 VTONLAB_DATABASE_URL 中指定一个空数据库。"
        )
        raise DatabaseProblem(reason=reason, advice=advice)
    if revision is not None and not revisions.is_known(revision):
        reason = Text(f"a newer version of the program made it ({revision})", f"它由更新版本的程序创建（{revision}）")
        advice = Text(
            "Install the newest vtonlab; nothing was changed. “vtonlab db restore” brings back an older backup.",
            "请安装最新版 vtonlab；未作任何更改。也可以用 “vtonlab db restore” 恢复较早的备份。",
        )
        raise DatabaseProblem(reason=reason, advice=advice)
    connection.rollback()
    return revision


def _take_steps(connection: Connection) -> None:
    match connection.dialect.name:
        case "postgresql":
            take, give_back = func.pg_advisory_lock(LOCK_NUMBER), func.pg_advisory_unlock(LOCK_NUMBER)
        case "mysql" | "mariadb":
            take, give_back = func.get_lock(LOCK_NAME, LOCK_SECONDS), func.release_lock(LOCK_NAME)
        case _:
            revisions.upgrade(connection)
            return
    # The session holds these locks, not a transaction, so they outlast the steps' own and end with the connection.
    connection.execute(select(take))
    connection.rollback()
    try:
        revisions.upgrade(connection)  # whoever waited finds nothing left to do
    finally:
        connection.execute(select(give_back))
        connection.rollback()


@asynccontextmanager
async def _one_at_a_time(database: Database) -> AsyncIterator[None]:
    """Between processes of this machine, for SQLite."""
    if database.file is None:
        yield
        return
    descriptor = _open_lock(database.file)
    try:
        while not _is_taken(descriptor):  # noqa: ASYNC110 - a lock of another process sends no event
            await asyncio.sleep(PAUSE_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _open_lock(file: Path) -> int:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The file, too: as SQLite makes it, everybody on the machine might read it.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = Text("the folder of the database cannot be written", "数据库所在的文件夹无法写入")
        raise FileProblem(name=str(file), reason=reason) from error


def _is_taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
