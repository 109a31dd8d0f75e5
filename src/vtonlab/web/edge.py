"""What surrounds every request: its id, its line in the log, its place in the figures, and the last catch."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import Any
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vtonlab.db.base import new_id
from vtonlab.web.answers import CLIENT_GONE, unexpected
from vtonlab.web.languages import Preferred
from vtonlab.web.logs import CURRENT_REQUEST
from vtonlab.web.metrics import Metrics

WELL_FORMED = re.compile(rb"[A-Za-z0-9._-]{8,64}")
PROBES = frozenset({"/healthz", "/readyz", "/metrics", "/health"})

log = logging.getLogger("vtonlab.access")


class Edge:
    """The outermost layer. Nothing that is raised inside leaves it."""

    def __init__(self, app: ASGIApp, metrics: Metrics, preferred: Preferred) -> None:
        self._app = app
        self._metrics = metrics
        self._preferred: Preferred = preferred

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one WebSocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = _choose_id(scope)
        # A dictionary of its own: servers may hand the same one to every request.
        scope["state"] = {**(scope.get("state") or {}), "request_id": request_id}
        token = CURRENT_REQUEST.set(request_id)
        try:
            if scope["type"] == "http":
                await self._answer(scope, receive, send, request_id)
            else:
                await self._talk(scope, receive, send)
        finally:
            CURRENT_REQUEST.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began = time.perf_counter()
        told = {"status": 0, "bytes": 0}

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            else:
                told["bytes"] += len(message.get("body", b""))
            await send(message)

        self._metrics.begin()
        try:
            await self._app(scope, receive, send_noted)
        except (ClientDisconnect, asyncio.CancelledError) as error:
            told["status"] = told["status"] or CLIENT_GONE
            if isinstance(error, asyncio.CancelledError):
                raise
        except Exception as error:  # noqa: BLE001 - the edge: whatever else happens is told as our fault
            # Starlette answers what is raised before an answer began, and raises it once more.
            if "fault" not in scope["state"]:
                response = unexpected(scope, error, self._preferred)
                if not told["status"]:
                    await response(scope, receive, send_noted)
        finally:
            seconds = time.perf_counter() - began
            received = int(scope["state"].get("received", 0))
            self._metrics.end(scope["method"], route_of(scope), told["status"] or 500, seconds, received)
            _note(scope, told, seconds)

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.open_socket()
        try:
            await self._app(scope, receive, send)
        except Exception:  # the edge: a socket that breaks is closed by the server, and told in the log
            log.exception("unexpected error at socket %s", scope["path"])
        finally:
            self._metrics.close_socket()


def route_of(scope: Scope) -> str:
    """The template of the route that answered (``/api/images/{id}``); ``(none)`` where none did."""
    # A router inside a router: the route alone knows only its own part, what FastAPI made of both the whole.
    route = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    return str(path) if path else "(none)"


def _choose_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and WELL_FORMED.fullmatch(value):
            return bytes(value).decode("ascii")
    return new_id()


def _note(scope: Scope, told: dict[str, int], seconds: float) -> None:
    level = logging.DEBUG if scope["path"] in PROBES else logging.INFO
    if not log.isEnabledFor(level):
        return
    caller = scope["state"].get("caller")
    path = quote(scope["path"], errors="replace")  # without the query: it may hold a token
    event: dict[str, Any] = {
        "method": scope["method"],
        "path": path,
        "route": route_of(scope),
        "status": told["status"],
        "bytes": told["bytes"],
        "seconds": round(seconds, 4),
        "address": scope["client"][0] if scope.get("client") else "",
        "user_id": getattr(caller, "user_id", None),
    }
    line = "%s %s %d %d bytes %.1f ms %s"
    values = (scope["method"], path, told["status"], told["bytes"], seconds * 1000, event["address"])
    log.log(level, line, *values, extra={"event": event})
