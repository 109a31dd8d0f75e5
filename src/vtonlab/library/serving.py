"""Pictures' bytes without detours: an ASGI layer in front of the application.

It answers the plain case itself (a GET of a whole file of the caller's own, or its 304) from what it found out within
the last two seconds: who the caller is, and which file the address means. Everything else, and everything that ends in
an error, goes on to the routes (file_routes.py), which decide the same from the database.

Rights end at once where this process ends them (``Accounts.on_session_end``, ``changes.on_change``), and after two
seconds where another one does.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qs

from sqlalchemy.exc import SQLAlchemyError

from vtonlab.accounts.caller import Caller, Permission
from vtonlab.errors import VtonError
from vtonlab.library import changes
from vtonlab.library.conditions import is_known
from vtonlab.library.files import Files, PictureFile, read_side
from vtonlab.library.recent import SHORT_SECONDS, Recent
from vtonlab.library.sending import Asked, Headers, Plan, Send, plan, send_plan

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Identify = Callable[[Scope], Awaitable[Caller]]

CALLERS: Final = 4096
ADDRESSES: Final = 16_384
HOSTS: Final = 256
HELD_BYTES: Final = 64_000_000
"""Memory for small files that were asked for last."""
HELD_MOST: Final = 256 * 1024
"""Bytes of the largest file that is held in memory; larger ones are sent from where they lie."""

CURRENT: Final = "current"
"""Stands for the caller's own user id in addresses."""

_BEGINNINGS = ("/api/user/", "/api/v1/library/images/")
_ADDRESS = re.compile(
    r"/api/user/(?P<user>[A-Za-z0-9._-]+)/"
    r"(?:images/(?:[A-Za-z0-9._-]+/)?|(?P<thumbnails>thumbnails)/|vton_results/)(?P<name>[A-Za-z0-9._-]+)"
    r"|/api/v1/library/images/(?P<id>[A-Za-z0-9_-]+)/(?P<what>file|thumbnail)"
)
_WHO = frozenset({b"cookie", b"authorization", b"x-forwarded-for"})
_UNUSUAL = frozenset({b"range", b"if-range", b"if-match", b"if-unmodified-since"})


@dataclass(frozen=True, slots=True)
class Ready:
    """A file with its answers, made once."""

    whole: Plan
    tag: bytes
    body: bytes | None
    """None where it has to be read while it is sent."""
    unchanged: Headers
    """Of a 304."""

    @property
    def file(self) -> PictureFile:
        """What it is about."""
        return self.whole.file


class Serving:
    """See the module. ``identify`` tells who sends a request; it raises what ``Accounts.identify`` raises."""

    def __init__(self, files: Files, identify: Identify) -> None:
        self._files = files
        self._identify = identify
        self._callers: Recent[bytes, Caller] = Recent(CALLERS, SHORT_SECONDS)
        self._ready: Recent[tuple[str, str, bytes], Ready] = Recent(ADDRESSES, room=HELD_BYTES, weigh=_weigh)
        self._hosts: dict[bytes, bool] = {}
        self._complete: Callable[[Headers], Headers] = list
        self.answered: Counter[int] = Counter()
        """Answers given here, by status; for the figures of the server."""
        self.sent_bytes = 0
        changes.on_change(self.forget_pictures)

    def forget_caller(self, user_id: str) -> None:
        """A session, token, role or account of ``user_id`` was ended or changed (``Accounts.on_session_end``)."""
        self._callers.forget(lambda _, caller: caller.user_id == user_id)
        self._ready.forget(lambda key, _: key[0] == user_id)

    def forget_pictures(self, user_id: str, _image_ids: object = None) -> None:
        """Pictures of ``user_id`` were changed."""
        self._ready.forget(lambda key, _: key[0] == user_id)

    def wrap(
        self,
        app: App,
        is_our_name: Callable[[str], bool] = lambda _: True,
        complete: Callable[[Headers], Headers] = list,
    ) -> App:
        """``app`` with this in front.

        Where this stands outermost, and every microsecond counts, it does what others would do for it:
        ``is_our_name`` judges the Host header, and ``complete`` gives the headers that every answer has.
        """
        self._complete = complete

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(_BEGINNINGS):
                await app(scope, receive, send)
                return
            tags, who, host = None, b"", b""
            for name, value in scope["headers"]:
                if name in _WHO:
                    who += name + b":" + value + b"\n"
                elif name == b"if-none-match":
                    tags = value if tags is None else tags + b"," + value
                elif name == b"host":
                    host += value
                elif name in _UNUSUAL:
                    await app(scope, receive, send)
                    return
            ready = await self._find(scope, who) if self._is_ours(host, is_our_name) else None
            if ready is None:
                await app(scope, receive, send)
            elif tags is not None and (tags == ready.tag or is_known(tags.decode("latin-1"), ready.file.tag)):
                await self._answer(send, 304, ready.unchanged, b"")
            elif ready.body is not None:
                await self._answer(send, 200, ready.whole.headers, ready.body)
            else:
                await self._send(ready, scope, receive, send, app)

        return serve

    def _is_ours(self, host: bytes, is_our_name: Callable[[str], bool]) -> bool:
        known = self._hosts.get(host)
        if known is None:
            if len(self._hosts) >= HOSTS:
                self._hosts.clear()
            known = self._hosts[host] = is_our_name(host.decode("latin-1"))
        return known

    async def _find(self, scope: Scope, who: bytes) -> Ready | None:
        """What the address means to who asks; None where that is not the plain case."""
        client = scope.get("client")
        key = hashlib.sha256(who + (client[0] if client else "").encode()).digest()
        caller = self._callers.get(key)
        try:
            if caller is None:
                caller = await self._callers.find(key, lambda: self._identify(scope))
            if caller.user_id is None or not caller.may(Permission.IMAGES_READ):
                return None
            address = (caller.user_id, scope["path"], scope["query_string"])
            return self._ready.get(address) or await self._look_up(address)
        except (VtonError, SQLAlchemyError, OSError, ValueError):
            return None  # the routes meet the same, inside the layers that tell it

    async def _look_up(self, address: tuple[str, str, bytes]) -> Ready | None:
        user_id, path, query = address
        found = _ADDRESS.fullmatch(path)
        if found is None or found["user"] not in {user_id, CURRENT, None} or b"%00" in query:
            return None
        values = parse_qs(query.decode("latin-1"))
        side = None
        if found["thumbnails"] or found["what"] == "thumbnail":
            side = read_side(values.get("size", [None])[0])
        version = None if found["user"] == CURRENT else values.get("v", [None])[0]
        return await self._ready.find(address, lambda: self._prepare(address, found, side, version))

    async def _prepare(
        self, address: tuple[str, str, bytes], found: re.Match[str], side: int | None, version: str | None
    ) -> Ready:
        user_id = address[0]
        if found["id"]:
            file = await self._files.by_id(user_id, found["id"], side)
        else:
            file = await self._files.named(user_id, found["name"], side)
        asked = Asked(is_versioned=version == file.version)
        before = self._ready.last(address)
        if before is not None and before.body is not None and before.file == file:
            body: bytes | None = before.body
        else:
            body = await self._files.storage.load(file.key) if file.size <= HELD_MOST else None
        whole = plan(file, asked)
        unchanged = plan(file, Asked(if_none_match="*", is_versioned=asked.is_versioned))
        return Ready(
            replace(whole, headers=self._complete(whole.headers)),
            file.tag.encode(),
            body,
            self._complete(unchanged.headers),
        )

    async def _answer(self, send: Send, status: int, headers: Headers, body: bytes) -> None:
        self.answered[status] += 1
        self.sent_bytes += len(body)
        # Whoever stands in front adds to what it is given: each gets its own.
        await send({"type": "http.response.start", "status": status, "headers": headers.copy()})
        await send({"type": "http.response.body", "body": body})

    async def _send(self, ready: Ready, scope: Scope, receive: Receive, send: Send, app: App) -> None:
        began = False

        async def send_noting(message: MutableMapping[str, Any]) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await send_plan(ready.whole, self._files.storage, scope, send_noting)
            self.answered[200] += 1
            self.sent_bytes += ready.file.size
        except (FileNotFoundError, VtonError):
            if began:
                raise
            await app(scope, receive, send)


def _weigh(ready: Ready) -> int:
    return 0 if ready.body is None else len(ready.body)
