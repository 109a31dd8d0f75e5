"""Copies of an SQLite database: taken while others write, whole or not there, and looked at before they are trusted."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from vtonlab.db import revisions
from vtonlab.errors import BackupNotUsable, DatabaseProblem, Text

FOLDER = "backups"
KEPT = 10
"""Copies that the program made by itself, of which the older ones go."""

MARK = b"SQLite format 3\0"


def keep(database: Path, data: Path, revision: str) -> Path:
    """Copy ``database`` into ``{data}/backups``, and let the oldest of these copies go; the copy.

    Raises ``DatabaseProblem`` when it could not be written.
    """
    folder = data / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = free_name(folder, f"vtonlab-{stamp()}-{revision}", ".db")
        copy(database, target)
        kept = sorted(folder.glob("vtonlab-*.db"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        for old in kept[:-KEPT]:
            old.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        reason = Text(
            f"no backup copy of it could be made ({folder.name})", f"无法为它创建备份（{folder.name} 文件夹）"
        )
        advice = Text("Make room on the disk; the database was not touched.", "请清理磁盘空间；数据库未被改动。")
        raise DatabaseProblem(reason=reason, advice=advice) from error
    return target


def copy(database: Path, target: Path) -> str:
    """Copy ``database`` as it is at one moment to ``target``, one plain file; its revision.

    Raises ``OSError``, ``sqlite3.Error``.
    """
    part = target.with_name(f".{target.name}.part")
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    try:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(part)) as copied:
            source.backup(copied)
            copied.execute("PRAGMA journal_mode = DELETE")  # else whoever reads it would leave two more files beside it
            if copied.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("the copy is damaged")
            revision = _revision(copied)
        place(part, target)
        return revision
    finally:
        part.unlink(missing_ok=True)


def place(part: Path, target: Path) -> None:
    """Give the finished file ``part`` the name ``target``, so that it outlives a power cut."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    descriptor = os.open(target.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check(path: Path, name: str) -> str:
    """The revision of the copy at ``path``. Raises ``BackupNotUsable`` about ``name`` where it is damaged, not ours, or
    newer than this program."""
    try:
        with path.open("rb") as file:
            is_sqlite = file.read(len(MARK)) == MARK
    except OSError as error:
        raise BackupNotUsable(name=name, reason=Text("it cannot be read", "无法读取")) from error
    if not is_sqlite:
        raise BackupNotUsable(name=name, reason=Text("it is no backup of vtonlab", "它不是 vtonlab 的备份"))
    try:
        address = f"file:{quote(str(path))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as copied:
            sound = copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            sound = sound and copied.execute("PRAGMA foreign_key_check").fetchone() is None
            revision = _revision(copied) if sound else None
    except sqlite3.OperationalError as error:  # no such table, no such row
        raise BackupNotUsable(name=name, reason=Text("it is no backup of vtonlab", "它不是 vtonlab 的备份")) from error
    except sqlite3.DatabaseError as error:
        raise BackupNotUsable(name=name, reason=Text("it is damaged", "它已损坏")) from error
    if revision is None:
        raise BackupNotUsable(name=name, reason=Text("it is damaged", "它已损坏"))
    if not revisions.is_known(revision):
        reason = Text("a newer version of the program made it", "它由更新版本的程序创建")
        raise BackupNotUsable(name=name, reason=reason)
    return revision


def _revision(connection: sqlite3.Connection) -> str:
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if found is None:
        raise sqlite3.OperationalError("nothing was made in it yet")
    return str(found[0])


def stamp() -> str:
    """This moment in a file's name, in UTC."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def free_name(folder: Path, stem: str, ending: str) -> Path:
    """A name that nothing in ``folder`` has."""
    path = folder / f"{stem}{ending}"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{number}{ending}"
        number += 1
    return path
