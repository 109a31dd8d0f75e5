"""What every request passes before Gradio sees it: who may ask, how much may be sent, what is not offered at all."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vtonlab.errors import BodyTooLarge, ForeignRequest, MalformedBody, PageNotFound, VtonError
from vtonlab.errors.language import Language, choose_language
from vtonlab.settings import Settings

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

CLOSED: Final = re.compile(
    r"(/base64)?/(gradio_api/(proxy=|file=?/?[a-z]+:/|deep_link|run-history|runs|mcp|dev/|vibe|stream/)|monitoring|"
    r"login|logout|docs|redoc)",
    re.IGNORECASE,
)
"""Gradio's own routes that nothing here needs: fetching from the web for others, histories, developers' tools."""

OLDER: Final = re.compile(
    r"(?P<app>/base64)?(?P<route>/(queue/(join|data)|upload|file=|info|run/|call/|cancel|reset|heartbeat/|component_server))"
)
"""Where clients of Gradio 4 and before look for what is now under ``/gradio_api``."""

HEADERS: Final = {
    # Gradio's page is made of inline scripts and styles. It may load nothing from elsewhere, whatever its theme asks.
    "Content-Security-Policy": "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; base-uri 'self'; object-src 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
ROOM_FOR_WORDS: Final = 1_000_000
"""Bytes of a request besides its two pictures."""


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        # Two pictures in base64, which takes four bytes for three; drawings are sent with the photo and its composite.
        self._most = 4 * settings.max_upload_bytes + ROOM_FOR_WORDS
        self._headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Counted(receive, self._most)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message.get("headers", ())}
                message["headers"] = [*message.get("headers", ()), *(h for h in self._headers if h[0] not in given)]
            await send(message)

        headers = Headers(scope=scope)
        try:
            self._check(scope, headers)
        except VtonError as error:
            await self._refuse(error, headers)(scope, receive, send_guarded)
            return
        _lead(scope)
        try:
            await self._app(scope, body.receive, send_guarded)
        except BodyTooLarge as error:
            await self._refuse(error, headers)(scope, receive, send_guarded)

    def _check(self, scope: Scope, headers: Headers) -> None:
        if "\0" in scope["path"]:
            raise MalformedBody
        if CLOSED.match(scope["path"]):
            raise PageNotFound
        if self._settings.is_loopback and _name_of(headers.get("host", "")) not in LOOPBACK_NAMES:
            raise ForeignRequest  # a name that its DNS has led here
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > self._most:
            raise BodyTooLarge(limit=f"{self._most / 2**20:.0f} MB")
        if scope["method"] not in SAFE_METHODS:
            self._check_origin(headers)

    def _check_origin(self, headers: Headers) -> None:
        """Pages of other sites may not have pictures made here; programs, which send no Origin, may."""
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
            raise ForeignRequest
        if origin is None and headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            raise ForeignRequest

    def _refuse(self, error: VtonError, headers: Headers) -> JSONResponse:
        otherwise: Language = "en" if self._settings.language == "auto" else self._settings.language
        return answer(error, choose_language(headers.get("accept-language", ""), otherwise))


def answer(error: VtonError, language: str) -> JSONResponse:
    """``error`` for those who speak plain HTTP. Gradio's own clients show ``detail``."""
    said, advice = error.say(language), error.advise(language)
    content = {"error": said, "code": error.code, "hint": advice, "detail": f"{said} {advice}"}
    return JSONResponse(content, error.status)


class _Counted:
    """A request's body, ended by an error where it grows beyond what is allowed."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most
        self._most = most

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise BodyTooLarge(limit=f"{self._most / 2**20:.0f} MB")
        return message


def _lead(scope: Scope) -> None:
    """Lead clients of older Gradios to where things are now."""
    if found := OLDER.match(scope["path"]):
        app = found["app"] or ""
        path = app + "/gradio_api" + scope["path"][len(app) :]
        scope["path"], scope["raw_path"] = path, path.encode()


def _name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.rstrip(".")
