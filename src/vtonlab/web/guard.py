"""What every request passes before anything of it is read: whose page sent it, to which name, and how much."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vtonlab.errors import ForeignRequest, ImageTooLarge, VtonError
from vtonlab.web.answers import choose_language, envelope

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """ASGI middleware: refuses foreign requests and oversized bodies, and adds the security headers to every answer.

    ``loopback``: the server listens on loopback only, so a request to any other name was rebound to us by its DNS.
    ``most``: bytes a body may have.
    """

    def __init__(self, app: ASGIApp, *, loopback: bool, most: int, language: Literal["auto", "en", "zh-CN"]) -> None:
        self._app = app
        self._loopback = loopback
        self._most = most
        self._language: Literal["auto", "en", "zh-CN"] = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.update(SECURITY_HEADERS)
                answer.setdefault("Cache-Control", "no-cache")  # so that a new version's page meets its own scripts
            await send(message)

        try:
            self._check(scope["method"], headers)
        except VtonError as error:
            language = choose_language(headers.get("accept-language", ""), self._language)
            await envelope(error, language)(scope, receive, send_guarded)
            return
        await self._app(scope, self._counted(receive), send_guarded)

    def _check(self, method: str, headers: Headers) -> None:
        host = headers.get("host", "")
        if self._loopback and (urlsplit(f"//{host}").hostname or "") not in LOOPBACK_NAMES:
            raise ForeignRequest
        if method not in SAFE_METHODS:
            origin = headers.get("origin")
            # Browsers send Origin with every such request; a program that is no page sends none.
            if origin is not None and urlsplit(origin).netloc != host:
                raise ForeignRequest
            if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
                raise ForeignRequest
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._most:
            raise self._too_large()

    def _counted(self, receive: Receive) -> Receive:
        left = self._most

        async def receive_counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise self._too_large()
            return message

        return receive_counted

    def _too_large(self) -> ImageTooLarge:
        limit = f"{self._most / 1e6:.0f} MB"
        return ImageTooLarge(name="upload", found=f"> {limit}", limit=limit)
