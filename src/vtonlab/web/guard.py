"""What every request passes before anything of it is read: whose page sent it, to which name, how much it brings.

Who may ask for a change from where (api.md): a foreign web page never, unless it has a token, which a browser does not
attach by itself; a program that sends neither Origin nor Sec-Fetch-Site always; a browser extension with a token, and
in local mode without.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vtonlab.accounts.addresses import client_address, read_trusted
from vtonlab.accounts.asking import SESSION_COOKIE
from vtonlab.errors import ForeignRequest, MalformedBody, VtonError
from vtonlab.settings import Settings
from vtonlab.web.answers import answer
from vtonlab.web.bodies import Body, limit_of
from vtonlab.web.languages import Interface, find_interface

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
EXTENSIONS = ("chrome-extension://", "moz-extension://")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; "
    "form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000"
FRESH_EACH_TIME = b"no-cache"
"""So that a new version's page meets its own scripts."""
NEVER_KEPT = b"no-store"


class Guard:
    """ASGI middleware: refuses foreign requests and oversized bodies, believes proxies it may believe, and adds the
    security headers to every answer. Raises ``BadSetting`` for proxies that are no addresses."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._trusted = read_trusted(settings.trusted_proxies)
        self._public = urlsplit(settings.public_url)
        headers = SECURITY_HEADERS | ({"Strict-Transport-Security": HSTS} if self._public.scheme == "https" else {})
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one WebSocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        self._believe_proxies(scope)
        headers = Headers(scope=scope)
        if scope["type"] == "websocket":
            await self._guard_socket(scope, headers, receive, send)
            return
        kept = NEVER_KEPT if find_interface(scope["path"]) is not Interface.PAGE else FRESH_EACH_TIME

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self.complete(message.get("headers", ()), kept)
            await send(message)

        body = Body(scope, receive, send_guarded, limit_of(scope["path"], self._settings))
        try:
            self._check(scope, headers)
            body.check()
        except VtonError as error:
            await answer(error, scope, self._settings.language)(scope, body.receive, body.send)
            return
        await self._app(scope, body.receive, body.send)

    async def _guard_socket(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        try:
            self._check_name(headers)
            if not _has_token(scope, headers):
                self._check_origin(headers)
        except ForeignRequest:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        self._check_name(headers)
        if b"%00" in scope.get("query_string", b"") or "\0" in scope["path"]:
            raise MalformedBody
        if scope["method"] not in SAFE_METHODS and not _has_token(scope, headers):
            self._check_origin(headers)

    def is_own_name(self, host: str) -> bool:
        """Whether ``host``, a Host header, may be answered. In local mode a name that is not this machine's was rebound
        to it by its DNS."""
        if not self._settings.is_local:
            return True
        name = _host_name(host)
        if name in LOOPBACK_NAMES or name in {self._settings.host, self._public.hostname}:
            return True
        # An address is no name that could be rebound, where others than this machine are let in at all.
        return not self._settings.is_loopback and _is_address(name)

    def _check_name(self, headers: Headers) -> None:
        if not self.is_own_name(headers.get("host", "")):
            raise ForeignRequest

    def _check_origin(self, headers: Headers) -> None:
        origin = headers.get("origin")
        if origin is not None and origin.startswith(EXTENSIONS):
            if not self._settings.is_local and SESSION_COOKIE in headers.get("cookie", ""):
                raise ForeignRequest
            return
        if origin is not None and not self._is_own(origin, headers):
            raise ForeignRequest
        if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            raise ForeignRequest

    def _is_own(self, origin: str, headers: Headers) -> bool:
        try:
            asked = urlsplit(origin)
        except ValueError:
            return False
        if self._public.netloc and (asked.scheme, asked.netloc) == (self._public.scheme, self._public.netloc):
            return True
        return bool(asked.netloc) and asked.netloc == headers.get("host", "")

    def _believe_proxies(self, scope: Scope) -> None:
        if not self._trusted or not scope.get("client"):
            return
        nearest = scope["client"]
        address = client_address(scope, self._trusted)
        if address == nearest[0]:
            return
        scope["client"] = (address, 0)
        proto = Headers(scope=scope).get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        if proto in {"http", "https"}:
            secure = proto == "https"
            web = {True: "https", False: "http"} if scope["type"] == "http" else {True: "wss", False: "ws"}
            scope["scheme"] = web[secure]

    def complete(self, headers: Iterable[tuple[bytes, bytes]], kept: bytes = NEVER_KEPT) -> list[tuple[bytes, bytes]]:
        """``headers`` with those that every answer has; ``kept``: its ``Cache-Control`` where it says none itself."""
        told = list(headers)
        names = {name for name, _ in told}
        told += [header for header in self._headers if header[0] not in names]
        if b"cache-control" not in names:
            told.append((b"cache-control", kept))
        return told


def _has_token(scope: Scope, headers: Headers) -> bool:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return True
    if scope["type"] != "websocket":
        return False
    return bool(parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token"))


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
