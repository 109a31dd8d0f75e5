"""How a picture's file is answered: status and headers, then its bytes. Both ways in share it (see serving.py)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from vtonlab.library.conditions import NotSatisfiable, is_known, read_range
from vtonlab.library.files import PictureFile
from vtonlab.storage.contract import Storage

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

FOR_EVER: Final = b"private, max-age=31536000, immutable"
ASK_EACH_TIME: Final = b"private, no-cache"
VARY: Final = b"Cookie, Authorization"

PROTECTION: Final[Headers] = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]
"""A picture is shown by our own pages and does nothing, whatever a browser takes it for."""


@dataclass(frozen=True)
class Asked:
    """What of a request decides about the answer, as sent."""

    method: str = "GET"
    if_none_match: str | None = None
    range: str | None = None
    if_range: str | None = None
    is_versioned: bool = False
    """The address holds the file's version, and is no other user's for another file: it may be kept for ever."""


@dataclass(frozen=True)
class Plan:
    """An answer about ``file``: bytes ``start`` to ``end`` (exclusive), or none."""

    file: PictureFile
    status: int
    headers: Headers
    start: int = 0
    end: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether every byte of the file is sent."""
        return self.start == 0 and self.end == self.file.size > 0


def plan(file: PictureFile, asked: Asked) -> Plan:
    """What ``asked`` gets of ``file``: 200, 206, 304 or 416."""
    same = _headers_of_every_answer(file, is_versioned=asked.is_versioned)
    if asked.if_none_match is not None and is_known(asked.if_none_match, file.tag):
        return Plan(file, 304, same)
    described = [
        *same,
        (b"content-type", file.media_type.encode()),
        (b"content-disposition", f"inline; filename*=UTF-8''{quote(file.name, safe='')}".encode()),
        (b"accept-ranges", b"bytes"),
    ]
    if asked.method == "HEAD":
        return Plan(file, 200, [*described, _length(file.size)])
    try:
        span = None if asked.range is None else read_range(asked.range, asked.if_range, file.tag, file.size)
    except NotSatisfiable:
        return Plan(file, 416, [*same, (b"content-range", f"bytes */{file.size}".encode()), _length(0)])
    if span is None:
        return Plan(file, 200, [*described, _length(file.size)], 0, file.size)
    start, end = span
    where = (b"content-range", f"bytes {start}-{end - 1}/{file.size}".encode())
    return Plan(file, 206, [*described, where, _length(end - start)], start, end)


async def send_plan(planned: Plan, storage: Storage, scope: MutableMapping[str, Any], send: Send) -> None:
    """Send what was planned. Raises ``FileNotFoundError`` or a storage error while nothing was sent yet."""
    file = planned.file
    start = {"type": "http.response.start", "status": planned.status, "headers": planned.headers.copy()}
    if planned.start == planned.end:
        await send(start)
        await send({"type": "http.response.body", "body": b""})
        return
    path = storage.path(file.key) if planned.is_whole else None
    if path is not None and "http.response.pathsend" in (scope.get("extensions") or {}):
        await send(start)
        await send({"type": "http.response.pathsend", "path": str(path)})
        return
    pieces = storage.read(file.key, planned.start, planned.end)
    first = await anext(pieces, b"")  # a file that is gone says so before anything is sent
    await send(start)
    await _send_pieces(first, pieces, planned.end - planned.start, send)


async def _send_pieces(piece: bytes, pieces: AsyncIterator[bytes], left: int, send: Send) -> None:
    while piece:
        left -= len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
        piece = await anext(pieces, b"")


def _headers_of_every_answer(file: PictureFile, *, is_versioned: bool) -> Headers:
    """Those that a 304 has too."""
    lasting = is_versioned and not file.in_trash
    kept = [(b"cache-control", FOR_EVER)] if lasting else [(b"cache-control", ASK_EACH_TIME), (b"vary", VARY)]
    return [(b"etag", file.tag.encode()), *kept, *PROTECTION]


def _length(size: int) -> tuple[bytes, bytes]:
    return b"content-length", str(size).encode()
