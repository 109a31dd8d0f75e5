"""What only a folder can get wrong: links, rights, a full disk, a machine that stops."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from vtonlab.errors import StorageFull, StorageUnavailable
from vtonlab.storage import local
from vtonlab.storage.local import LocalStorage

pytestmark = pytest.mark.anyio


def everything_in(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def kept(folder: Path) -> AsyncIterator[LocalStorage]:
    """A storage with one file."""
    storage = LocalStorage(folder)
    await storage.put("images/u/a.png", b"old")
    yield storage
    await storage.close()


async def test_only_the_owner_may_look(kept: LocalStorage, folder: Path) -> None:
    await kept.copy("images/u/a.png", "images/v/b.png")
    for path in everything_in(folder):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


async def test_a_copy_is_a_hard_link_where_there_are_some(kept: LocalStorage, folder: Path) -> None:
    await kept.copy("images/u/a.png", "images/u/b.png")
    assert (folder / "images/u/a.png").stat().st_ino == (folder / "images/u/b.png").stat().st_ino


@pytest.mark.parametrize("reason", [errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP])
async def test_a_copy_is_a_file_elsewhere(
    kept: LocalStorage, folder: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "link", refuse)
    await kept.copy("images/u/a.png", "images/u/b.png")
    assert await kept.load("images/u/b.png") == b"old"
    assert (folder / "images/u/a.png").stat().st_ino != (folder / "images/u/b.png").stat().st_ino


async def test_no_link_is_followed_out_of_the_folder(kept: LocalStorage, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(b"secret")
    (folder / "images/linked").symlink_to(outside)
    (folder / "images/u/link.png").symlink_to(outside / "secret.png")
    (folder / "images/u/dangling.png").symlink_to(outside / "nothing.png")
    for key in ("images/linked/secret.png", "images/u/link.png", "images/u/dangling.png"):
        with pytest.raises(FileNotFoundError):
            await kept.load(key)
        with pytest.raises(FileNotFoundError):
            await kept.stat(key)
        with pytest.raises(FileNotFoundError):
            await kept.copy(key, "images/u/copied.png")
        with pytest.raises(FileNotFoundError):
            _ = [piece async for piece in kept.read(key)]
    with pytest.raises(StorageUnavailable):
        await kept.put("images/linked/new.png", b"x")
    with pytest.raises(StorageUnavailable):
        await kept.copy("images/u/a.png", "images/linked/new.png")
    assert await kept.delete("images/linked/secret.png") is False
    assert [entry.key async for entry in kept.list()] == ["images/u/a.png"]

    await kept.put("images/u/link.png", b"mine")  # takes the link's place, and leaves alone what it led to
    assert await kept.load("images/u/link.png") == b"mine"
    assert await kept.delete_all("images/") > 0
    assert (outside / "secret.png").read_bytes() == b"secret"
    assert not (folder / "images").exists()


async def test_the_data_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    storage = LocalStorage(tmp_path / "data")
    await storage.put("a/b", b"x")
    assert (tmp_path / "disk/a/b").read_bytes() == b"x"
    await storage.close()


async def test_what_is_no_file_is_not_there(kept: LocalStorage, folder: Path) -> None:
    os.mkfifo(folder / "images/u/pipe")
    (folder / "images/u/not a key.png").write_bytes(b"x")
    with pytest.raises(FileNotFoundError):
        await kept.load("images/u/pipe")
    with pytest.raises(FileNotFoundError):
        await kept.stat("images/u/pipe")
    assert [entry.key async for entry in kept.list()] == ["images/u/a.png"]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EIO, StorageUnavailable),
        (errno.EROFS, StorageUnavailable),
    ],
)
@pytest.mark.parametrize("step", ["write", "fsync", "rename"])
async def test_what_the_system_says_is_told_in_our_words(
    kept: LocalStorage, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, expected: type[Exception]
) -> None:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(expected):
        await kept.put("images/u/a.png", b"new")
    monkeypatch.undo()
    assert await kept.load("images/u/a.png") == b"old"
    assert list((folder / ".unfinished").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB, where this machine lets us have one."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no right to mount a file system here")
    yield small
    subprocess.run(["umount", small], check=True)


async def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    storage = LocalStorage(small_disk / "data")
    await storage.put("a", b"x" * 100_000)
    with pytest.raises(StorageFull):
        await storage.put("a", b"y" * 2_000_000)
    assert await storage.load("a") == b"x" * 100_000
    await storage.put("a", b"z" * 500_000)  # nothing of the failed one is left
    await storage.close()


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    storage = LocalStorage(tmp_path / "data")
    with pytest.raises(StorageUnavailable):
        await storage.put("a", b"x")
    with pytest.raises(StorageUnavailable):
        await storage.ping()
    await storage.close()


async def test_the_sweep_takes_what_is_old_and_leaves_what_goes_on(kept: LocalStorage, folder: Path) -> None:
    (folder / ".unfinished" / "0000000000000001-aa").write_bytes(b"left by a crash long ago")
    (folder / ".unfinished" / "stray").write_bytes(b"x")
    os.utime(folder / ".unfinished" / "stray", (1, 1))
    moment = datetime.now(UTC)

    async def slow() -> AsyncIterator[bytes]:
        yield b"a" * 500_000
        assert await kept.sweep(datetime.now(UTC) + timedelta(hours=1)) == 2
        yield b"b"

    assert await kept.sweep(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert await kept.put("images/u/slow.png", slow()) == 500_001
    assert await kept.sweep(moment) == 0
    assert list((folder / ".unfinished").iterdir()) == []
    assert await LocalStorage(folder / "nothing").sweep(moment) == 0


STOP_AT = """
import asyncio, os, signal, sys
from pathlib import Path
from vtonlab import crash_points
from vtonlab.storage.local import LocalStorage

folder, step, at = sys.argv[1:]
crash_points.listen(lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == at else None)
storage = LocalStorage(Path(folder))

async def pieces():
    for _ in range(20):
        yield b"n" * 100_000

async def main():
    if step == "put":
        await storage.put("images/u/a.png", pieces())
    else:
        await storage.copy("images/u/other.png", "images/u/a.png")

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("step", "at"),
    [
        ("put", "storage.begun"),
        ("put", "storage.written"),
        ("put", "storage.renamed"),
        ("copy", "storage.written"),  # a hard link is begun and written in one
        ("copy", "storage.renamed"),
    ],
)
async def test_killed_at_any_step_it_is_the_old_or_the_new_whole(
    kept: LocalStorage, folder: Path, step: str, at: str
) -> None:
    new = b"n" * 2_000_000
    await kept.put("images/u/other.png", new)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", STOP_AT, str(folder), step, at)
    assert await process.wait() == -signal.SIGKILL
    assert await kept.load("images/u/a.png") == (new if at == "storage.renamed" else b"old")
    assert [entry.key async for entry in kept.list()] == ["images/u/a.png", "images/u/other.png"]
    left = [] if at == "storage.renamed" else [1]
    assert await kept.sweep(datetime.now(UTC) + timedelta(seconds=1)) == len(left)
    assert list((folder / ".unfinished").iterdir()) == []


async def test_bytes_and_names_are_synced_before_put_returns(
    kept: LocalStorage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        happened.append(f"sync {kind} {os.fstat(handle).st_ino}")
        real_fsync(handle)

    def rename(*arguments: Any, **names: Any) -> None:
        happened.append("rename")
        real_rename(*arguments, **names)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr("fcntl.F_FULLFSYNC", None, raising=False)
    await kept.put("images/new/b.png", b"x")
    inode = {name: (folder / name).stat().st_ino for name in ("images", "images/new", "images/new/b.png")}
    assert happened == [
        f"sync file {inode['images/new/b.png']}",
        f"sync folder {inode['images']}",  # which names the new folder
        "rename",
        f"sync folder {inode['images/new']}",
    ]


async def test_who_is_cancelled_waits_for_the_thread(kept: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    closed: list[int] = []
    real_finish, real_close = local._finish, os.close

    def finish(file: int) -> None:
        begun.set()
        go_on.wait(10)
        assert file not in closed
        real_finish(file)

    def close(handle: int) -> None:
        closed.append(handle)
        real_close(handle)

    monkeypatch.setattr(local, "_finish", finish)
    writing = asyncio.create_task(kept.put("images/u/a.png", b"new"))
    await asyncio.to_thread(begun.wait, 10)
    monkeypatch.setattr(os, "close", close)
    closed.clear()
    writing.cancel()
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await kept.load("images/u/a.png") == b"old"
