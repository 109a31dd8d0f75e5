"""Backups that somebody asks for, and the way back from them. For SQLite, and for pictures in the data folder.

A backup is one file: the database alone (``.db``, which SQLite opens), or a ``.zip`` of ``backup.json``, ``vtonlab.db``
and every picture under the name it has in the data folder. What is restored is looked at first, and what it replaces
is kept in ``{data}/backups``.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from vtonlab.db import copies
from vtonlab.db.copies import FOLDER
from vtonlab.errors import BackupElsewhere, BackupNotUsable, FileProblem, Text

PICTURES = "images"
"""The folder of the pictures, in the data folder and in a backup."""

DATABASE = "vtonlab.db"
ABOUT = "backup.json"
FORMAT = 1


@dataclass(frozen=True)
class Backup:
    """What was written: where, the database's revision, and how many pictures and bytes."""

    path: Path
    revision: str
    pictures: int
    size: int


@dataclass(frozen=True)
class Restored:
    """What was brought back, and where that is which it replaced (None: nothing was there)."""

    revision: str
    pictures: int
    database_before: Path | None
    pictures_before: Path | None


def back_up(database: Path, data: Path, target: Path | None = None, *, with_pictures: bool = False) -> Backup:
    """Write a backup to ``target``: a file that is not there yet, or a folder; by default ``{data}/backups``.

    Others may go on using the database. A picture that is deleted for good meanwhile may be missing in it.
    Raises ``FileProblem`` where it cannot be read or written.
    """
    if not database.is_file():
        raise FileProblem(name=str(database), reason=Text("there is no database yet", "还没有数据库"))
    path = _choose_target(target or data / FOLDER, ".zip" if with_pictures else ".db")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not with_pictures:
            revision = copies.copy(database, path)
            return Backup(path, revision, 0, path.stat().st_size)
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=path.parent) as folder:
            copy = Path(folder) / DATABASE
            revision = copies.copy(database, copy)
            pictures = _write_archive(path, copy, data, revision)
        return Backup(path, revision, pictures, path.stat().st_size)
    except (OSError, sqlite3.Error) as error:
        reason = Text("the backup could not be written", "无法写入备份")
        raise FileProblem(name=str(path), reason=reason) from error


def restore(source: Path, database: Path, data: Path) -> Restored:
    """Put the backup ``source`` in the place of ``database``, and of the pictures where it holds some.

    Nobody else may use either meanwhile: whoever calls holds the lock of the data folder. Raises ``BackupNotUsable``
    before anything is changed, ``FileProblem`` where the data folder cannot be written.
    """
    if not source.is_file():
        raise FileProblem(name=str(source), reason=Text("there is no such file", "文件不存在"))
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with ExitStack() as stack:
            fresh = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".restore-", dir=data)))
            pictures = _unpack(source, fresh)
            revision = copies.check(fresh / DATABASE, source.name)
            os.sync()  # pictures by the thousand: at once instead of one by one
            # Pictures that the older database does not know are swept away when the server starts.
            pictures_before = _link_pictures(data) if pictures is None else None
            before = _keep_present(database, data)
            copies.place(fresh / DATABASE, database)
            if pictures is not None:
                pictures_before = _swap_pictures(fresh / PICTURES, data)
        return Restored(revision, pictures or 0, before, pictures_before)
    except OSError as error:
        reason = Text("the data folder could not be written", "无法写入数据文件夹")
        raise FileProblem(name=str(data), reason=reason) from error


def refuse_server(dialect: str) -> BackupElsewhere:
    """The error for a database that has better tools of its own: what they are, and how they are called."""
    if dialect == "postgresql":
        made, back = "pg_dump --format=custom --file=vtonlab.dump …", "pg_restore --clean --dbname=… vtonlab.dump"
    else:
        made, back = "mariadb-dump --single-transaction … > vtonlab.sql", "mariadb … < vtonlab.sql"
    advice = Text(
        f"Its own tools do it while the server runs: “{made}”, and back: “{back}”. Copy the pictures after it.",
        f"请使用数据库自带的工具（服务器可继续运行）：“{made}”，恢复：“{back}”。之后再复制图片。",
    )
    return BackupElsewhere(what=Text("a database server", "数据库服务器"), advice=advice)


def refuse_pictures() -> BackupElsewhere:
    """The error for pictures that are not in the data folder."""
    advice = Text(
        "Leave --with-pictures away, and copy the bucket with the tools of your storage.",
        "请去掉 --with-pictures，并用存储服务自带的工具复制存储桶。",
    )
    return BackupElsewhere(what=Text("pictures in S3 storage", " S3 存储中的图片"), advice=advice)


def _choose_target(target: Path, ending: str) -> Path:
    if target.is_dir() or target.name == FOLDER:
        return copies.free_name(target, f"backup-{copies.stamp()}", ending)
    if target.exists():
        raise FileProblem(name=str(target), reason=Text("it is there already", "文件已存在"))
    return target


def _write_archive(path: Path, copy: Path, data: Path, revision: str) -> int:
    """The number of pictures written, a piece of one at a time."""
    part = path.with_name(f".{path.name}.part")
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    about = {
        "format": FORMAT,
        "revision": revision,
        "vtonlab": version("vtonlab"),
        "made": datetime.now(UTC).isoformat(),
    }
    pictures = 0
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            archive.writestr(ABOUT, json.dumps(about))
            archive.write(copy, DATABASE, zipfile.ZIP_DEFLATED)
            for folder, folders, names in os.walk(data / PICTURES):
                folders.sort()
                for name in sorted(names):
                    file = Path(folder) / name
                    try:
                        archive.write(file, file.relative_to(data).as_posix())
                    except FileNotFoundError:
                        continue  # deleted for good since the folder was listed
                    pictures += 1
        copies.place(part, path)
    finally:
        part.unlink(missing_ok=True)
    return pictures


def _unpack(source: Path, fresh: Path) -> int | None:
    """Bring what ``source`` holds to ``fresh``; the number of pictures, None where it holds the database alone."""
    if not zipfile.is_zipfile(source):
        shutil.copyfile(source, fresh / DATABASE)
        (fresh / DATABASE).chmod(0o600)
        return None
    try:
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            names = {entry.filename for entry in entries}
            if not {ABOUT, DATABASE} <= names or not all(_is_ours(name) for name in names):
                raise BackupNotUsable(
                    name=source.name, reason=Text("it is no backup of vtonlab", "它不是 vtonlab 的备份")
                )
            (fresh / PICTURES).mkdir(mode=0o700)
            for entry in entries:
                target = fresh / entry.filename
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with archive.open(entry) as packed, target.open("xb") as file:
                    shutil.copyfileobj(packed, file)  # raises BadZipFile where a byte is not what it was
                target.chmod(0o600)
            return len(entries) - 2
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise BackupNotUsable(name=source.name, reason=Text("it is damaged", "它已损坏")) from error


def _is_ours(name: str) -> bool:
    """Whether a name in an archive is one that we write: never a way out of the folder it is unpacked to."""
    parts = PurePosixPath(name).parts
    if name in {ABOUT, DATABASE}:
        return True
    return len(parts) > 1 and parts[0] == PICTURES and not {"..", "."} & set(parts) and "\\" not in name


def _keep_present(database: Path, data: Path) -> Path | None:
    """Copy what will be replaced; where it is too damaged for that, move it away as it is. No journal is left that a
    new file could be taken to belong to."""
    if not database.is_file() or not database.stat().st_size:
        return None
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = copies.free_name(folder, f"before-restore-{copies.stamp()}", ".db")
    try:
        copies.copy(database, target)
        with closing(sqlite3.connect(database)) as present:
            if present.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",):
                return target
    except sqlite3.Error:
        target.unlink(missing_ok=True)
    for ending in ("-shm", "-wal", ""):
        file = database.with_name(database.name + ending)
        if file.exists():
            file.replace(target.with_name(target.name + ending))
    return target


def _swap_pictures(fresh: Path, data: Path) -> Path | None:
    present = data / PICTURES
    before = _name_for_pictures(data) if present.exists() else None
    if before is not None:
        present.replace(before)
    fresh.replace(present)
    return before


def _link_pictures(data: Path) -> Path | None:
    """Every picture under a second name: it takes no room where the file system knows hard links."""
    present = data / PICTURES
    if not present.exists():
        return None
    before = _name_for_pictures(data)
    shutil.copytree(present, before, symlinks=True, copy_function=_link)
    return before


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _name_for_pictures(data: Path) -> Path:
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return copies.free_name(folder, f"{PICTURES}-before-restore-{copies.stamp()}", "")
