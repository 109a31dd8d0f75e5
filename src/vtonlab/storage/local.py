"""Bytes in a folder of this machine.

A file is written under a temporary name in ``.unfinished`` (on the same file system), fsynced, renamed to its place,
and the folder that now names it is fsynced: whoever looks sees the old file, or the new one whole, also after a power
cut. Every step goes from folder to folder by open handles and follows no symbolic link below the data folder, whoever
put it there. Files are the owner's alone (0600, folders 0700).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import secrets
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import ParamSpec, TypeVar

from vtonlab import crash_points
from vtonlab.errors import StorageFull, StorageUnavailable, VtonError
from vtonlab.storage.contract import CHUNK, Entry
from vtonlab.storage.keys import UNFINISHED, check_folder, check_key, check_prefix, check_range, is_key
from vtonlab.storage.steps import (
    FOLDER_FLAGS,
    READ_FLAGS,
    WRITE_FLAGS,
    Handle,
    look_at,
    make_folder,
    name_of,
    remove_tree,
    sync,
    when_begun,
    write_all,
    write_from,
)

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
LISTED_AT_ONCE = 1000

NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.ENXIO})
"""Nothing of that name, or something that is no file of ours (a link, a folder, a socket)."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

NO_HARD_LINKS = frozenset({errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES})
"""What file systems without hard links, or with no more of them for this file, answer."""

log = logging.getLogger(__name__)


class LocalStorage:
    """A folder, made when something is first kept. See :class:`vtonlab.storage.contract.Storage`."""

    name = "local"

    def __init__(self, folder: Path) -> None:
        self.folder = Path(os.path.realpath(folder))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="storage")
        self._unfinished: set[str] = set()

    async def put(self, key: str, source: bytes | Path | AsyncIterator[bytes]) -> int:
        """Keep ``source`` under ``key``; the bytes written."""
        check_key(key)
        with self._temporary() as name:
            with Handle() as file:
                await self._in_thread(self._begin, name, file)
                size = await self._write(file.number, source)
                await self._in_thread(_finish, file.number)
            await self._in_thread(self._place, name, key)
        return size

    async def copy(self, key: str, to: str) -> None:
        """Keep the same bytes under a second key: a hard link, or a second file where there are none."""
        check_key(key)
        check_key(to)
        with self._temporary() as name:
            await self._in_thread(self._link, key, name)
            await self._in_thread(self._place, name, to)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Bytes ``start`` to ``end`` (exclusive), at most ``CHUNK`` at a time."""
        check_key(key)
        check_range(start, end)
        with Handle() as file:
            wanted = _step(start, end)
            chunk = await self._in_thread(self._open_and_read, key, file, wanted, start)
            while chunk:
                start += len(chunk)
                yield chunk
                if len(chunk) < wanted:  # the end: nobody writes to a file that has its name
                    return
                wanted = _step(start, end)
                chunk = await self._in_thread(os.pread, file.number, wanted, start)

    async def load(self, key: str) -> bytes:
        """All bytes at once."""
        check_key(key)
        return await self._in_thread(self.load_now, key)

    async def stat(self, key: str) -> Entry:
        """What is kept under ``key``."""
        check_key(key)
        return await self._in_thread(self._stat, key)

    async def delete(self, key: str) -> bool:
        """Forget ``key``; whether it was there. A power cut right after may bring it back."""
        check_key(key)
        return await self._in_thread(self._delete, key)

    async def delete_all(self, prefix: str) -> int:
        """Forget everything below ``prefix``, and its folders; how many files."""
        check_folder(prefix)
        return await self._in_thread(self._delete_all, prefix.rstrip("/"))

    async def list(self, prefix: str = "") -> AsyncIterator[Entry]:
        """Everything whose key begins with ``prefix``, in the order of the keys."""
        check_prefix(prefix)
        walk = self._walk(prefix)
        while batch := await self._in_thread(_take, walk, LISTED_AT_ONCE):
            for entry in batch:
                yield entry

    async def sweep(self, older_than: datetime) -> int:
        """Remove unfinished writes begun before ``older_than``; how many."""
        return await self._in_thread(self._sweep, older_than.timestamp())

    def path(self, key: str) -> Path | None:
        """The file that holds ``key``."""
        return self.folder / check_key(key)

    async def ping(self) -> None:
        """Raises ``StorageUnavailable`` (``StorageFull``) when nothing could be kept there now."""
        with self._temporary() as name, Handle() as file:
            await self._in_thread(self._begin, name, file)
            await self._in_thread(write_all, file.number, b"ping")

    async def close(self) -> None:
        """Let go of the threads."""
        await asyncio.to_thread(self._threads.shutdown)

    def load_now(self, key: str) -> bytes:
        """All bytes at once, blocking; for callers that are in a thread already."""
        with Handle() as file:
            self._open(key, file)
            size = os.fstat(file.number).st_size
            return b"".join(iter(lambda: os.read(file.number, max(CHUNK, size + 1)), b""))

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``work`` in a thread, its OSErrors in our words. Who is cancelled meanwhile still waits for its end: a
        thread cannot be stopped, and must not go on with a file that was given up."""
        job = asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            while not job.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({job})
            raise
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _explain(error) from error

    @contextmanager
    def _temporary(self) -> Iterator[str]:
        """A new name in ``.unfinished``; nothing of that name is left in the end."""
        name = f"{time.time_ns():016x}-{secrets.token_hex(8)}"
        self._unfinished.add(name)
        try:
            yield name
        finally:
            self._unfinished.discard(name)
            with suppress(OSError):  # renamed, or never begun; else the sweep finds it
                (self.folder / UNFINISHED / name).unlink()

    def _begin(self, name: str, file: Handle) -> None:
        with self._opened([UNFINISHED], make=True) as folder:
            file.number = os.open(name, WRITE_FLAGS, 0o600, dir_fd=folder)
        crash_points.reach("storage.begun")

    async def _write(self, file: int, source: bytes | Path | AsyncIterator[bytes]) -> int:
        if isinstance(source, bytes):
            return await self._in_thread(write_all, file, source)
        if isinstance(source, Path):
            return await self._in_thread(write_from, file, source)
        size, waiting, length = 0, [], 0
        async for chunk in source:
            waiting.append(chunk)
            length += len(chunk)
            if length >= CHUNK:
                size += await self._in_thread(write_all, file, b"".join(waiting))
                waiting, length = [], 0
        return size + await self._in_thread(write_all, file, b"".join(waiting))

    def _link(self, key: str, name: str) -> None:
        *folders, last = key.split("/")
        with Handle() as file:
            self._open(key, file)  # so it is a file of ours, and no link or folder
            with self._opened(folders) as source, self._opened([UNFINISHED], make=True) as target:
                try:
                    os.link(last, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
                except OSError as error:
                    if error.errno not in NO_HARD_LINKS:
                        raise
                    log.debug("no hard link here (%s): the file is copied", error)
                    with Handle() as second:
                        second.number = os.open(name, WRITE_FLAGS, 0o600, dir_fd=target)
                        while chunk := os.read(file.number, CHUNK):
                            write_all(second.number, chunk)
                        sync(second.number)
        crash_points.reach("storage.written")

    def _place(self, name: str, key: str) -> None:
        *folders, last = key.split("/")
        for attempt in (1, 2):
            with self._opened([UNFINISHED]) as source, self._opened(folders, make=True) as target:
                try:
                    os.rename(name, last, src_dir_fd=source, dst_dir_fd=target)
                except FileNotFoundError as error:
                    if attempt == 2:
                        raise _explain(error) from error
                    continue  # the folder was deleted between two steps: it is made again
                crash_points.reach("storage.renamed")
                sync(target)
                return

    def _open(self, key: str, file: Handle) -> None:
        *folders, last = key.split("/")
        with _known(key), self._opened(folders) as folder:
            file.number = os.open(last, READ_FLAGS, dir_fd=folder)
            if not stat.S_ISREG(os.fstat(file.number).st_mode):
                raise FileNotFoundError(errno.ENOENT, "not a file", key)

    def _open_and_read(self, key: str, file: Handle, wanted: int, start: int) -> bytes:
        self._open(key, file)
        return os.pread(file.number, wanted, start)

    def _stat(self, key: str) -> Entry:
        *folders, last = key.split("/")
        with _known(key), self._opened(folders) as folder:
            found = os.stat(last, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            raise FileNotFoundError(errno.ENOENT, "not a file", key)
        return _entry(key, found)

    def _delete(self, key: str) -> bool:
        *folders, last = key.split("/")
        try:
            with _known(key), self._opened(folders) as folder:
                os.unlink(last, dir_fd=folder)
        except FileNotFoundError:
            return False
        return True

    def _delete_all(self, prefix: str) -> int:
        *folders, last = prefix.split("/")
        try:
            with _known(prefix), self._opened(folders) as folder:
                count = remove_tree(last, folder)
                sync(folder)
        except FileNotFoundError:
            return 0
        return count

    def _walk(self, prefix: str, inside: str = "") -> Iterator[Entry]:
        """What begins with ``prefix``, below the folder ``inside`` (empty, or ends in ``/``), by key."""
        try:
            with _known(inside), self._opened(inside.split("/")[:-1]) as folder:
                with os.scandir(folder) as entries:
                    names = sorted(name_of(entry) for entry in entries)  # names alone: a folder may hold 200,000
                for name in names:
                    key = inside + name
                    if not (key.startswith(prefix) or prefix.startswith(key)) or not is_key(key.rstrip("/")):
                        continue
                    if name.endswith("/"):
                        yield from self._walk(prefix, key)
                    elif key.startswith(prefix) and (status := look_at(name, folder)) is not None:
                        yield _entry(key, status)
        except FileNotFoundError:
            return

    def _sweep(self, moment: float) -> int:
        count = 0
        try:
            with self._opened([UNFINISHED]) as folder:
                for name in os.listdir(folder):  # noqa: PTH208 - of an open folder
                    begun = when_begun(name, folder)
                    if begun < moment and name not in self._unfinished:
                        os.unlink(name, dir_fd=folder)
                        count += 1
        except FileNotFoundError:
            log.debug("nothing was ever written here")
        return count

    @contextmanager
    def _opened(self, folders: Sequence[str], *, make: bool = False) -> Iterator[int]:
        """A handle of the folder that ``folders`` lead to from the data folder, no link followed on the way."""
        if make and not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with Handle() as at:
            at.number = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            for name in folders:
                if make:
                    make_folder(name, at.number)
                inner = os.open(name, FOLDER_FLAGS, dir_fd=at.number)
                os.close(at.number)
                at.number = inner
            yield at.number


@contextmanager
def _known(key: str) -> Iterator[None]:
    """Whatever is no file of ours under ``key`` is not there."""
    try:
        yield
    except OSError as error:
        if error.errno in NOT_THERE:
            raise FileNotFoundError(errno.ENOENT, "not there", key) from error
        raise


def _explain(error: OSError) -> VtonError:
    log.warning("the picture storage failed: %s", error)
    return StorageFull() if error.errno in FULL else StorageUnavailable()


def _step(start: int, end: int | None) -> int:
    """Bytes to read next."""
    return CHUNK if end is None else min(CHUNK, end - start)


def _finish(file: int) -> None:
    sync(file)
    crash_points.reach("storage.written")


def _entry(key: str, found: os.stat_result) -> Entry:
    return Entry(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _take(entries: Iterator[Entry], most: int) -> list[Entry]:
    return list(islice(entries, most))
