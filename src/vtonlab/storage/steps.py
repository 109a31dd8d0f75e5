"""Single steps on files and folders of this machine, by open handles, following no link."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Self

from vtonlab.storage.contract import CHUNK

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe put there must not make us wait
WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

log = logging.getLogger(__name__)


class Handle:
    """An open file or folder that is closed in the end, whoever opened it (a thread that nobody waits for any more)."""

    number = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.number >= 0:
            os.close(self.number)


def write_all(file: int, data: bytes) -> int:
    """Write all of ``data``; its length."""
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
    return len(data)


def write_from(file: int, source: Path) -> int:
    """Write all of the file ``source``; its length."""
    with source.open("rb") as taken:
        return sum(write_all(file, chunk) for chunk in iter(lambda: taken.read(CHUNK), b""))


def sync(handle: int) -> None:
    """Have the machine keep what the handle stands for, also through a power cut."""
    if (command := getattr(fcntl, "F_FULLFSYNC", None)) is not None:
        with suppress(OSError):  # file systems that do not know it are synced as elsewhere
            fcntl.fcntl(handle, command)
            return
    os.fsync(handle)


def make_folder(name: str, inside: int) -> None:
    """Make the folder ``name`` for the owner alone, where there is none, and have the outer one remember it."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=inside)
        sync(inside)


def remove_tree(name: str, inside: int) -> int:
    """Remove the folder ``name`` and all that is in it; how many files. Links are removed, not followed."""
    count = 0
    with Handle() as folder:
        folder.number = os.open(name, FOLDER_FLAGS, dir_fd=inside)
        with os.scandir(folder.number) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        for inner, is_folder in found:
            if is_folder:
                count += remove_tree(inner, folder.number)
            else:
                with suppress(FileNotFoundError):
                    os.unlink(inner, dir_fd=folder.number)
                    count += 1
    try:
        os.rmdir(name, dir_fd=inside)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT}:
            raise
        log.debug("something was written to a folder while it was deleted")
    return count


def name_of(entry: os.DirEntry[str]) -> str:
    """Its name as it orders keys: a folder's ends in ``/``."""
    return entry.name + "/" if entry.is_dir(follow_symlinks=False) else entry.name


def look_at(name: str, folder: int) -> os.stat_result | None:
    """The status of the file ``name``; None where it is none, or no longer there."""
    with suppress(FileNotFoundError):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        return found if stat.S_ISREG(found.st_mode) else None
    return None


def when_begun(name: str, folder: int) -> float:
    """Seconds since the epoch. The name tells; a hard link would show the time of what it was made from."""
    try:
        return int(name.partition("-")[0], 16) / 1e9
    except ValueError:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime
