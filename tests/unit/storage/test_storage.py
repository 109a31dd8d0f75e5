"""One suite over both places for bytes."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vtonlab.storage.contract import CHUNK, Storage

pytestmark = pytest.mark.anyio

KEY = "images/u1/clothes/clothes_20261122_101112_0123abcd.jpg"
WRONG_KEYS = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "a/./b",
    "../a",
    "a\\b",
    "a b",
    "a\0b",
    "a\nb",
    "ä",
    "a%2e%2e/b",
    "C:/x",
    "~/x",
    "a" * 256,
    ".unfinished/a",
    "a\u2028",
]


async def read(storage: Storage, key: str, start: int = 0, end: int | None = None) -> bytes:
    pieces = [piece async for piece in storage.read(key, start, end)]
    assert all(0 < len(piece) <= CHUNK for piece in pieces)
    return b"".join(pieces)


async def keys(storage: Storage, prefix: str = "") -> list[str]:
    return [entry.key async for entry in storage.list(prefix)]


async def pieces_of(data: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 6 * 1024 * 1024 + 3])
@pytest.mark.parametrize("form", ["bytes", "path", "pieces"])
async def test_what_is_put_is_read_again(storage: Storage, tmp_path: Path, size: int, form: str) -> None:
    data = random.Random(size).randbytes(size)
    source: bytes | Path | AsyncIterator[bytes] = data
    if form == "path":
        source = tmp_path / "source.bin"
        source.write_bytes(data)
    elif form == "pieces":
        source = pieces_of(data, 100_000)
    assert await storage.put(KEY, source) == size
    assert await storage.load(KEY) == data
    assert await read(storage, KEY) == data
    kept = await storage.stat(KEY)
    assert (kept.key, kept.size) == (KEY, size)
    assert abs(kept.modified - datetime.now(UTC)) < timedelta(minutes=1)


async def test_ranges_are_half_open_and_end_with_the_file(storage: Storage) -> None:
    data = random.Random(1).randbytes(2 * CHUNK + 10)
    await storage.put(KEY, data)
    size = len(data)
    for start, end in [
        (0, 0),
        (0, 1),
        (5, 5),
        (CHUNK - 1, CHUNK + 1),
        (size - 1, size),
        (size - 1, None),
        (0, size + 100),
        (size, None),
        (size + 5, size + 10),
        (3, 2 * CHUNK + 3),
    ]:
        assert await read(storage, KEY, start, end) == data[start:end], (start, end)
    for start, end in [(-1, None), (5, 4), (0, -1)]:
        with pytest.raises(ValueError, match="range"):
            await read(storage, KEY, start, end)


async def test_what_is_not_there_says_so(storage: Storage) -> None:
    await storage.put("a/b/c", b"x")
    for key in ("nothing", "a/nothing", "a/b", "a", "a/b/c/d"):
        with pytest.raises(FileNotFoundError):
            await storage.load(key)
        with pytest.raises(FileNotFoundError):
            await read(storage, key)
        with pytest.raises(FileNotFoundError):
            await read(storage, key, 1, 2)
        with pytest.raises(FileNotFoundError):
            await storage.stat(key)
        with pytest.raises(FileNotFoundError):
            await storage.copy(key, "other")
        assert await storage.delete(key) is False
    assert await storage.delete_all("nothing/") == 0
    assert await keys(storage, "nothing/") == []
    assert await keys(storage) == ["a/b/c"]


@pytest.mark.parametrize("key", WRONG_KEYS)
async def test_wrong_keys_are_refused_by_everything(storage: Storage, key: str) -> None:
    for call in (
        lambda: storage.put(key, b""),
        lambda: storage.copy(key, "to"),
        lambda: storage.copy("from", key),
        lambda: storage.load(key),
        lambda: storage.stat(key),
        lambda: storage.delete(key),
        lambda: read(storage, key),
    ):
        with pytest.raises(ValueError, match="not a key"):
            await call()
    with pytest.raises(ValueError, match="not a key"):
        storage.path(key)
    assert await keys(storage) == []


async def test_prefixes_are_checked_too(storage: Storage) -> None:
    for prefix in ("/", "../", "a/../", "a//", "a b/", ".unfinished/"):
        with pytest.raises(ValueError, match="beginning of a key"):
            await keys(storage, prefix)
    for prefix in ("", "a", "a/b"):
        with pytest.raises(ValueError, match="folder of keys"):
            await storage.delete_all(prefix)


async def test_a_list_is_in_the_order_of_its_keys(storage: Storage) -> None:
    names = ["a/b", "a-b", "a.b", "a0", "a/0/x", "a/b.c", "a/b-c/d", "A", "z/y", "a_b"]
    for name in names:
        await storage.put(name, name.encode())
    assert await keys(storage) == sorted(names)
    for prefix in ("a", "a/", "a/b", "a/b-c/", "z", "z/", "x", "a/b/"):
        assert await keys(storage, prefix) == sorted(name for name in names if name.startswith(prefix)), prefix
    sizes = {entry.key: entry.size async for entry in storage.list()}
    assert sizes == {name: len(name) for name in names}


async def test_a_copy_is_a_thing_of_its_own(storage: Storage) -> None:
    await storage.put("a", b"first")
    await storage.copy("a", "b/c")
    await storage.copy("a", "b/c")  # onto itself, so to say
    await storage.put("a", b"second")
    assert await storage.load("b/c") == b"first"
    assert await storage.delete("a") is True
    assert await storage.load("b/c") == b"first"
    await storage.put("d", b"third")
    await storage.copy("d", "b/c")
    assert await storage.load("b/c") == b"third"
    await storage.copy("d", "d")
    assert await storage.load("d") == b"third"


async def test_deleting_all_stops_at_the_folder(storage: Storage) -> None:
    for key in ("u1/a", "u1/b/c", "u1/b/d/e", "u10/a", "u1-x/a"):
        await storage.put(key, b"x")
    assert await storage.delete_all("u1/") == 3
    assert await keys(storage) == ["u1-x/a", "u10/a"]
    await storage.put("u1/a", b"again")
    assert await storage.load("u1/a") == b"again"


async def test_a_write_that_fails_leaves_nothing(storage: Storage, unfinished: Callable[[], list[str]]) -> None:
    class ClientGone(Exception):
        pass

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 6_000_000
        yield b"y" * 1_000_000
        raise ClientGone

    await storage.put(KEY, b"old")
    with pytest.raises(ClientGone):
        await storage.put(KEY, broken())
    assert await storage.load(KEY) == b"old"
    assert await keys(storage) == [KEY]
    assert unfinished() == []


async def test_a_write_that_is_cancelled_leaves_the_old(storage: Storage, unfinished: Callable[[], list[str]]) -> None:
    reached = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x" * 6_000_000
        reached.set()
        await asyncio.sleep(600)

    await storage.put(KEY, b"old")
    writing = asyncio.create_task(storage.put(KEY, slow()))
    await reached.wait()
    assert await storage.load(KEY) == b"old"
    assert await keys(storage) == [KEY]
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await storage.load(KEY) == b"old"
    await storage.sweep(datetime.now(UTC) + timedelta(minutes=1))
    assert unfinished() == []


async def test_readers_get_the_old_or_the_new_whole(storage: Storage) -> None:
    versions = [bytes([number]) * (1_000_000 + number) for number in range(8)]
    known = {hashlib.sha256(version).digest() for version in versions}
    await storage.put(KEY, versions[0])
    done = asyncio.Event()

    async def replace() -> None:
        for version in versions[1:]:
            await storage.put(KEY, version)
        done.set()

    async def look() -> int:
        seen = 0
        while not done.is_set():
            assert hashlib.sha256(await read(storage, KEY)).digest() in known
            seen += 1
        return seen

    _, *seen = await asyncio.gather(replace(), look(), look())
    assert sum(count for count in seen if count) > 2
    assert await storage.load(KEY) == versions[-1]


async def test_two_writers_of_one_key(storage: Storage, unfinished: Callable[[], list[str]]) -> None:
    versions = [bytes([number]) * 700_000 for number in range(6)]
    await asyncio.gather(*(storage.put(KEY, pieces_of(version, 65_536)) for version in versions))
    assert await storage.load(KEY) in versions
    assert await keys(storage) == [KEY]
    assert unfinished() == []


async def test_a_reader_that_stops_early_lets_go(storage: Storage) -> None:
    await storage.put(KEY, b"x" * 3_000_000)
    reading = storage.read(KEY)
    assert len(await anext(reading)) > 0
    await reading.aclose()  # type: ignore[attr-defined]
    assert await storage.delete(KEY)


async def test_a_ping_leaves_nothing(storage: Storage, unfinished: Callable[[], list[str]]) -> None:
    await storage.ping()
    assert await keys(storage) == []
    assert unfinished() == []
