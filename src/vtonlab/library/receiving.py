"""Bodies with pictures in them, taken as they come: the pictures go to files, only the small rest is held in memory.

A form (multipart/form-data) is read piece by piece. Of a JSON body every long text is set aside to a file while it
comes (a picture as a data-URL is one), so that a request of 34 MB takes about as much memory as one of a megabyte.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from vtonlab.errors import BodyTooLarge, ImageTooLarge, ImageUnreadable, MalformedBody, VtonError
from vtonlab.library.scratch import Folder
from vtonlab.library.wording import clean

FIELD_BYTES: Final = 64_000
"""Of all small fields of a form together, and of the headers of a part."""
LONG_TEXT: Final = 32_000
"""Bytes of a JSON text above which it is set aside."""
SKELETON_BYTES: Final = 1_000_000
"""Bytes of a JSON body without its long texts."""
NAME_LETTERS: Final = 255
PIECE: Final = 192 * 1024
"""Bytes of base64 decoded at a time; a multiple of 4."""
DATA_URL_HEAD: Final = 1_000


@dataclass
class ReceivedFile:
    """A file of a form."""

    path: Path
    name: str
    """As the client calls it: text, cleaned, and never used as a path."""
    size: int = 0
    error: VtonError | None = None
    """Why it is not what was sent."""


@dataclass
class Form:
    """What came in a form."""

    files: list[ReceivedFile] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """``size`` in bytes of one file, and how many ``files`` there may be."""

    size: int
    files: int


async def read_form(content_type: str, body: AsyncIterator[bytes], folder: Folder, limits: Limits) -> Form:
    """The files called ``file`` (or ``files``) and the fields of a form. A file that is too large is cut off and says
    so; the others are whole. Raises ``MalformedBody`` and ``BodyTooLarge``."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise MalformedBody
    reader = _FormReader(folder, limits)
    try:
        parser = MultipartParser(boundary, reader.callbacks())  # type: ignore[arg-type]
        async for piece in body:
            parser.write(piece)
        parser.finalize()
    except FormParserError as error:
        raise MalformedBody from error
    finally:
        reader.close()
    if not reader.is_ended:
        raise MalformedBody
    return reader.form


class _FormReader:
    """Hears what the parser finds."""

    def __init__(self, folder: Folder, limits: Limits) -> None:
        self.form = Form()
        self.is_ended = False
        self._folder = folder
        self._limits = limits
        self._header = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._text = bytearray()
        self._small = 0
        self._file: ReceivedFile | None = None
        self._open: IO[bytes] | None = None

    def callbacks(self) -> Mapping[str, Any]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add(self._header, data[start:end]),
            "on_header_value": lambda data, start, end: self._add(self._value, data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_data,
            "on_part_data": self._take,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _begin(self) -> None:
        self._headers, self._file, self._name = {}, None, ""
        self._text.clear()
        self._count(64)  # so that parts without anything in them are bounded too

    def _add(self, to: bytearray, piece: bytes) -> None:
        self._count(len(piece))
        to += piece

    def _count(self, size: int) -> None:
        self._small += size
        if self._small > FIELD_BYTES + 1_000 * self._limits.files:
            raise BodyTooLarge(limit=f"{FIELD_BYTES // 1000} kB")

    def _end_header(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _begin_data(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options or self._name not in {"file", "files", "files[]"}:
            return
        if len(self.form.files) >= self._limits.files:
            raise BodyTooLarge(limit=f"{self._limits.files} files")
        name = clean(options[b"filename"].decode("utf-8", "replace"), NAME_LETTERS)
        self._file = ReceivedFile(self._folder.new(), name)
        self._open = self._file.path.open("wb")
        self.form.files.append(self._file)

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._file is None:
            self._add(self._text, data[start:end])
            return
        self._file.size += end - start
        if self._file.size > self._limits.size:
            limit = f"{self._limits.size / 2**20:.0f} MB"
            self._file.error = ImageTooLarge(name=self._file.name or "file", found=f"> {limit}", limit=limit)
            self.close()
        elif self._open is not None:
            self._open.write(memoryview(data)[start:end])

    def _end(self) -> None:
        if self._file is None:
            self.form.fields[self._name] = self._text.decode("utf-8", "replace")
        elif self._file.error is not None:
            self._file.path.write_bytes(b"")
        self.close()

    def _finish(self) -> None:
        self.is_ended = True


class LongText:
    """A text of a JSON body that was set aside: where in the file it lies, as JSON writes it."""

    def __init__(self, file: Path, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self.size = size
        """Bytes."""

    def head(self, letters: int) -> str:
        """Its first ``letters``."""
        with self._file.open("rb") as file:
            file.seek(self._start)
            raw = file.read(min(self.size, 12 * letters + 12))
        for _ in range(12):  # an escape, or a letter's bytes, may be cut in the middle
            try:
                return str(json.loads(b'"' + raw + b'"'))[:letters]
            except ValueError:
                raw = raw[:-1]
        raise MalformedBody

    def data(self) -> Iterator[bytes]:
        """Of a data-URL, its bytes behind the comma. Its only escapes are ``\\/`` and line breaks."""
        carried = b""
        with self._file.open("rb") as file:
            file.seek(self._start)
            skip = file.read(min(self.size, DATA_URL_HEAD)).find(b",") + 1
            left = self.size - skip
            file.seek(self._start + skip)
            while left > 0 and (piece := file.read(min(left, PIECE))):
                left -= len(piece)
                piece, carried = carried + piece, b""
                if piece.endswith(b"\\") and left:
                    piece, carried = piece[:-1], b"\\"
                yield _ESCAPE.sub(_unescape, piece) if b"\\" in piece else piece


_ESCAPE: Final = re.compile(rb"\\(.?)", re.DOTALL)


def _unescape(found: re.Match[bytes]) -> bytes:
    match found[1]:
        case b"/":
            return b"/"
        case b"n" | b"r" | b"t":
            return b""
        case _:
            raise ImageUnreadable(name="data-URL", reason="base64")


async def read_json(body: AsyncIterator[bytes], folder: Folder) -> dict[str, Any]:
    """The JSON object in ``body``, long texts in it as :class:`LongText`. Empty where the body is.

    Raises ``MalformedBody``, and ``BodyTooLarge`` where more than ``SKELETON_BYTES`` are no long texts.
    """
    splitter = _Splitter(folder.new())
    try:
        async for piece in body:
            splitter.take(piece)
        splitter.end()
    finally:
        splitter.close()
    if not splitter.skeleton.strip():
        return {}
    try:
        found = json.loads(splitter.skeleton.decode("utf-8"), object_hook=splitter.fill, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise MalformedBody from error
    if not isinstance(found, dict):
        raise MalformedBody
    return found


def _refuse(_: str) -> None:
    raise ValueError("not JSON")


_TEXT: Final = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)


class _Splitter:
    """Follows the texts of a JSON body as it comes, and writes the long ones to ``path``."""

    def __init__(self, path: Path) -> None:
        self.skeleton = bytearray()
        self._path = path
        self._file = path.open("wb")
        self._written = 0
        self._inside = False
        self._escaped = False
        self._begin = 0
        """Where in the skeleton the text began."""
        self._set_aside: int | None = None
        """Where in the file it began, once it is long."""
        self._mark = secrets.token_hex(16)
        self._texts: dict[str, LongText] = {}

    def close(self) -> None:
        self._file.close()

    def end(self) -> None:
        if self._inside:
            raise MalformedBody

    def take(self, piece: bytes) -> None:
        at = 0
        while at < len(piece):
            if not self._inside:
                quote = piece.find(b'"', at)
                end = len(piece) if quote < 0 else quote + 1
                self._keep(piece[at:end])
                if quote >= 0:
                    self._inside, self._begin = True, len(self.skeleton)
                at = end
                continue
            end = self._end_of_text(piece, at)
            if end < 0:
                self._put(piece[at:])
                return
            self._put(piece[at:end])
            self._close_text()
            at = end + 1

    def _end_of_text(self, piece: bytes, at: int) -> int:
        """Index of the quote that ends the text; -1 where it goes on behind ``piece``."""
        if self._escaped:
            at, self._escaped = at + 1, False
        found = _TEXT.match(piece, at)
        end = found.end() if found else len(piece)
        if end >= len(piece):
            return -1
        if piece[end : end + 1] == b'"':
            return end
        self._escaped = True  # a backslash is the last of the piece
        return -1

    def _put(self, part: bytes) -> None:
        if self._set_aside is None and len(self.skeleton) - self._begin + len(part) > LONG_TEXT:
            self._set_aside = self._written
            self._write(self.skeleton[self._begin :])
            del self.skeleton[self._begin :]
        if self._set_aside is None:
            self._keep(part)
        else:
            self._write(part)

    def _close_text(self) -> None:
        if self._set_aside is not None:
            name = f"{self._mark}{len(self._texts)}"
            self._texts[name] = LongText(self._path, self._set_aside, self._written - self._set_aside)
            self._keep(name.encode())
            self._set_aside = None
        self._keep(b'"')
        self._inside = False

    def _keep(self, part: bytes) -> None:
        self.skeleton += part
        if len(self.skeleton) > SKELETON_BYTES:
            raise BodyTooLarge(limit=f"{SKELETON_BYTES / 1e6:.0f} MB")

    def _write(self, part: bytes | bytearray) -> None:
        self._file.write(part)
        self._written += len(part)

    def fill(self, found: dict[str, Any]) -> dict[str, Any]:
        """Put the long texts back in their places."""
        if not self._texts:
            return found
        return {name: self._find(value) for name, value in found.items()}

    def _find(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._find(one) for one in value]
        return self._texts.get(value, value) if isinstance(value, str) else value


def write_data_url(text: str | LongText, into: Path, most: int, name: str) -> None:
    """Decode a data-URL (RFC 2397) to the file ``into``. Raises ``ImageUnreadable``, and ``ImageTooLarge`` for more
    than ``most`` bytes."""
    head = text[:DATA_URL_HEAD] if isinstance(text, str) else text.head(DATA_URL_HEAD)
    about, comma, _ = head.partition(",")
    if not comma or not about[:5].lower() == "data:":
        raise ImageUnreadable(name=name, reason="data-URL")
    if isinstance(text, str):
        pieces: Iterator[bytes] = iter([text[len(about) + 1 :].encode("utf-8", "replace")])
    else:
        pieces = text.data()
    is_base64 = about.rstrip().lower().endswith(";base64")
    size = 0
    with into.open("wb") as file:
        for piece in _decode_base64(pieces, name) if is_base64 else map(unquote_to_bytes, [b"".join(pieces)]):
            size += len(piece)
            if size > most:
                limit = f"{most / 2**20:.0f} MB"
                raise ImageTooLarge(name=name, found=f"> {limit}", limit=limit)
            file.write(piece)


_NO_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")


def _decode_base64(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    carried, ended = b"", False
    for piece in pieces:
        text = b"".join(piece.replace(b"%2B", b"+").replace(b"%2F", b"/").replace(b"%3D", b"=").split())
        text, equals, _ = text.translate(_URL_SAFE).partition(b"=")
        if (ended and text) or _NO_BASE64.search(text):
            raise ImageUnreadable(name=name, reason="base64")
        ended = ended or bool(equals)
        text = carried + text
        whole = len(text) - len(text) % 4
        carried = text[whole:]
        yield binascii.a2b_base64(text[:whole])
    if len(carried) == 1:
        raise ImageUnreadable(name=name, reason="base64")
    if carried:
        yield base64.b64decode(carried + b"=" * (4 - len(carried)))
