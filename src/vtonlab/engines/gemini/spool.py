"""Long answers kept out of memory.

What a batch answers holds all its pictures as text: hundreds of megabytes, which Google's library would hold several
times over. So long strings are taken out of an answer while it is received and laid into a temporary file; the library
reads a small answer that says where they lie, and each picture is read when its turn comes.
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Final, Self

import httpx

LONGEST: Final = 16 * 1024
"""Characters of a string that is left where it is."""
PREFIX: Final = b"(spooled) "
"""How a string that was taken out is told, before its place and length, in base64 as it was itself."""

_QUOTE: Final = re.compile(rb'["\\]')
_PLACE: Final = re.compile(rb"\(spooled\) (\d+) (\d+)")


class Spool:
    """The temporary file, as a context; with ``keeps`` false what is taken out is thrown away. ``heard``: the last
    answer that was JSON, with what Google's library leaves out of it."""

    def __init__(self, *, keeps: bool = True) -> None:
        self.heard: Any = None
        self._file = tempfile.TemporaryFile(prefix="vtonlab-") if keeps else None  # noqa: SIM115 - closed at the end
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def listen(self, client: httpx.AsyncClient) -> None:
        """Take long strings out of all that ``client`` receives from now on."""
        hooks = client.event_hooks
        client.event_hooks = {
            "request": [*hooks["request"], _ask_plainly],
            "response": [*hooks["response"], self._receive],
        }

    def read(self, data: bytes) -> bytes:
        """What ``data`` of an answer stands for: itself, or what was taken out in its place."""
        found = _PLACE.fullmatch(data)
        if found is None or self._file is None:
            return data
        self._file.seek(int(found[1]))
        try:
            text = str(json.loads(b'"' + self._file.read(int(found[2])) + b'"'))
            return base64.b64decode(text.translate({ord("-"): "+", ord("_"): "/"}))
        except ValueError:  # no picture
            return b""

    def write(self, data: bytes) -> None:
        """One more piece of the string that is being taken out."""
        if self._file is not None:
            self._file.seek(self._end)
            self._file.write(data)
        self._end += len(data)

    @property
    def end(self) -> int:
        """Where the next piece will lie."""
        return self._end

    async def _receive(self, response: httpx.Response) -> None:
        if response.headers.get("content-encoding", "identity") == "identity":
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = _Squeezed(response.stream, Squeezer(self))
        if "json" in response.headers.get("content-type", ""):
            await response.aread()
            try:
                self.heard = response.json()
            except ValueError:  # the library says so
                self.heard = None


class Squeezer:
    """JSON without its long strings, piece by piece."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._held: bytearray | None = None
        """The string that we are in, as far as it is not spooled; None between strings."""
        self._begin: int | None = None
        """Where the string lies in the spool, once it is too long."""
        self._escaped = False

    def feed(self, chunk: bytes) -> bytes:
        """What is left of ``chunk``, and of what was held before it."""
        out = bytearray()
        place = 0
        while place < len(chunk):
            if self._held is None:
                quote = chunk.find(b'"', place)
                if quote < 0:
                    out += chunk[place:]
                    break
                out += chunk[place : quote + 1]
                place, self._held = quote + 1, bytearray()
            else:
                place = self._go_on(chunk, place, out)
        return bytes(out)

    def _go_on(self, chunk: bytes, place: int, out: bytearray) -> int:
        """From within a string to its end or the chunk's."""
        assert self._held is not None
        end, is_whole = self._find_end(chunk, place)
        self._held += chunk[place:end]
        if self._begin is not None or len(self._held) > LONGEST:
            if self._begin is None:
                self._begin = self._spool.end
            self._spool.write(bytes(self._held))
            self._held.clear()
        if not is_whole:
            return end
        if self._begin is None:
            out += self._held
        else:
            out += base64.b64encode(b"%s%d %d" % (PREFIX, self._begin, self._spool.end - self._begin))
        out += b'"'
        self._held = self._begin = None
        return end + 1

    def _find_end(self, chunk: bytes, place: int) -> tuple[int, bool]:
        """Where the string's closing quote is, and whether it is in ``chunk`` at all."""
        if self._escaped:
            self._escaped, place = False, place + 1
        while (found := _QUOTE.search(chunk, place)) is not None:
            if found[0] == b'"':
                return found.start(), True
            place = found.start() + 2
        self._escaped = place > len(chunk)
        return len(chunk), False


class _Squeezed(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, squeezer: Squeezer) -> None:
        self._stream = stream
        self._squeezer = squeezer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield self._squeezer.feed(chunk)

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _ask_plainly(request: httpx.Request) -> None:
    """Not compressed: pictures in base64 hardly get smaller."""
    request.headers["Accept-Encoding"] = "identity"
