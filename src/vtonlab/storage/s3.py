"""Bytes in an S3-compatible store.

An object becomes visible when it is complete; a write that was broken off leaves at most parts that nobody can read,
which :meth:`S3Storage.sweep` aborts.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from vtonlab import crash_points
from vtonlab.errors import StorageFull, StorageUnavailable
from vtonlab.storage.contract import CHUNK, Entry
from vtonlab.storage.keys import UNFINISHED, check_folder, check_key, check_prefix, check_range, is_key
from vtonlab.storage.s3_unfinished import abort_unfinished

if TYPE_CHECKING:
    from obstore import ObjectMeta

PART = 5 * 1024 * 1024
"""Bytes of a part; the least that S3 takes."""
PARTS_AT_ONCE = 2
"""So a write holds about 15 MB of memory, however long it is."""
LISTED_AT_ONCE = 1000
DELETED_AT_ONCE = 1000
"""The most that one request of S3 takes."""

CONNECT_SECONDS = 5
SILENT_SECONDS = 30
RETRY_SECONDS = 20

NO_ROOM = re.compile(r"StorageFull|QuotaExceeded|InsufficientStorage|\b507 Insufficient Storage")
"""What stores say that have no room left; S3 itself has no word for it."""

NO_BUCKET = "NoSuchBucket"

LET_GO_SECONDS = 0.3
"""How long after its last answer the library's threads may still hold Python objects (it takes them well under a
millisecond). An interpreter that ends meanwhile is aborted: without waiting 19 of 60 processes, with 0.05 s none."""

log = logging.getLogger(__name__)


class S3Storage:
    """The bucket ``bucket``, below ``prefix``; keys and region from the usual ``AWS_*`` variables.

    ``endpoint``: address of a server that is not Amazon's. See :class:`vtonlab.storage.contract.Storage`.
    """

    name = "s3"

    def __init__(self, bucket: str, prefix: str = "", *, endpoint: str = "") -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self.endpoint = endpoint
        other: dict[str, Any] = {"endpoint": endpoint, "virtual_hosted_style_request": False} if endpoint else {}
        self._store = S3Store(
            bucket,
            prefix=self.prefix.rstrip("/") or None,
            client_options={
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "read_timeout": timedelta(seconds=SILENT_SECONDS),
                # The whole of a request: a slow reader may take its time over a picture, not for ever.
                "timeout": timedelta(minutes=10),
                "allow_http": endpoint.startswith("http://"),
            },
            retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
            **other,
        )

    async def put(self, key: str, source: bytes | Path | AsyncIterator[bytes]) -> int:
        """Keep ``source`` under ``key``; the bytes written."""
        check_key(key)
        counted = _Counted(source)
        crash_points.reach("storage.begun")
        with _explained(key):
            if isinstance(source, bytes) and len(source) <= PART:
                await obstore.put_async(self._store, key, source, use_multipart=False)
            else:
                await obstore.put_async(
                    self._store, key, counted, use_multipart=True, chunk_size=PART, max_concurrency=PARTS_AT_ONCE
                )
        crash_points.reach("storage.written")
        crash_points.reach("storage.renamed")
        return len(source) if isinstance(source, bytes) else counted.size

    async def copy(self, key: str, to: str) -> None:
        """Keep the same bytes under a second key; the store copies them itself."""
        check_key(key)
        check_key(to)
        if key == to:
            await self.stat(key)  # S3 refuses what changes nothing
            return
        with _explained(key):
            await obstore.copy_async(self._store, key, to)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Bytes ``start`` to ``end`` (exclusive), at most ``CHUNK`` at a time."""
        check_key(key)
        check_range(start, end)
        if start or end is not None:
            size = (await self.stat(key)).size  # stores answer a range without bytes with an error
            end = size if end is None else min(end, size)
            if start >= end:
                return
        with _explained(key):
            options = None if end is None else {"range": (start, end)}
            found = await obstore.get_async(self._store, key, options=options)  # type: ignore[arg-type]
            async for piece in found.stream(min_chunk_size=CHUNK):
                view = memoryview(piece)
                for at in range(0, len(view), CHUNK):
                    yield bytes(view[at : at + CHUNK])

    async def load(self, key: str) -> bytes:
        """All bytes at once."""
        check_key(key)
        with _explained(key):
            found = await obstore.get_async(self._store, key)
            return bytes(await found.bytes_async())

    async def stat(self, key: str) -> Entry:
        """What is kept under ``key``."""
        check_key(key)
        with _explained(key):
            return _entry(await obstore.head_async(self._store, key))

    async def delete(self, key: str) -> bool:
        """Forget ``key``; whether it was there."""
        try:
            await self.stat(key)  # S3 says the same whether there was something or not
        except FileNotFoundError:
            return False
        with _explained(key):
            await obstore.delete_async(self._store, key)
        return True

    async def delete_all(self, prefix: str) -> int:
        """Forget everything below ``prefix``; how many."""
        check_folder(prefix)
        count, keys = 0, [entry.key async for entry in self.list(prefix)]
        with _explained(prefix):
            for at in range(0, len(keys), DELETED_AT_ONCE):
                batch = keys[at : at + DELETED_AT_ONCE]
                await obstore.delete_async(self._store, batch)
                count += len(batch)
        return count

    async def list(self, prefix: str = "") -> AsyncIterator[Entry]:
        """Everything whose key begins with ``prefix``, in the order of the keys."""
        check_prefix(prefix)
        # A store is asked for whole folders only; what stops in the middle of a name is picked out here.
        folder = prefix.rpartition("/")[0]
        with _explained(prefix):
            async for batch in obstore.list(self._store, prefix=folder or None, chunk_size=LISTED_AT_ONCE):
                for found in batch:
                    if found["path"].startswith(prefix) and is_key(found["path"]):
                        yield _entry(found)

    async def sweep(self, older_than: datetime) -> int:
        """Abort multipart writes begun before ``older_than``; how many."""
        return await abort_unfinished(self.bucket, self.prefix, self.endpoint, older_than)

    def path(self, key: str) -> Path | None:
        """No file of this machine."""
        check_key(key)
        return None

    async def ping(self) -> None:
        """Raises ``StorageUnavailable`` when nothing could be kept there now."""
        key = f"{UNFINISHED}/ping"
        with _explained(key):
            await obstore.put_async(self._store, key, b"ping", use_multipart=False)
            await obstore.delete_async(self._store, key)

    async def close(self) -> None:
        """Wait for the library's threads; connections belong to the store's object."""
        await asyncio.sleep(LET_GO_SECONDS)


class _Counted:
    """The pieces of a source, and how many bytes went through."""

    def __init__(self, source: bytes | Path | AsyncIterator[bytes]) -> None:
        self.size = 0
        self._source = source

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces():
            self.size += len(piece)
            yield piece

    async def _pieces(self) -> AsyncIterator[bytes]:
        if isinstance(self._source, bytes):
            for at in range(0, len(self._source), PART):
                yield self._source[at : at + PART]
        elif isinstance(self._source, Path):
            with await asyncio.to_thread(self._source.open, "rb") as file:
                while piece := await asyncio.to_thread(file.read, CHUNK):
                    yield piece
        else:
            async for piece in self._source:
                yield piece


@contextmanager
def _explained(key: str) -> Iterator[None]:
    """What the store says, in our words."""
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        said = str(error)
        if isinstance(error, NotFoundError | FileNotFoundError) and NO_BUCKET not in said:
            raise FileNotFoundError(errno.ENOENT, "not there", key) from error
        log.warning("the picture storage failed: %s", said.partition("\n")[0])
        raise (StorageFull() if NO_ROOM.search(said) else StorageUnavailable()) from error


def _entry(found: ObjectMeta) -> Entry:
    return Entry(found["path"], found["size"], found["last_modified"].astimezone(UTC))
