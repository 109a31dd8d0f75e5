"""The web application: the layers around it, and its start and stop. What is inside is put together by ``wiring``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.formparsers import MultiPartParser
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vtonlab import settings
from vtonlab.accounts.secret import load_secret
from vtonlab.errors import PageNotFound
from vtonlab.imaging.signing import open_signer
from vtonlab.web.answers import answer, answer_errors
from vtonlab.web.described import describe
from vtonlab.web.edge import Edge
from vtonlab.web.guard import Guard
from vtonlab.web.languages import Interface, find_interface
from vtonlab.web.metrics import Metrics
from vtonlab.web.pages import wants_page
from vtonlab.web.wiring import Parts, build

NOT_TEXT = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream", "image/heic", "image/heif", "image/tiff")
"""Bytes that are compressed already."""
COMPRESSION = 5
SMALLEST_COMPRESSED = 1_000


def create_app(chosen: settings.Settings | None = None) -> Application:
    """The whole application over ``chosen`` settings, or those of the environment. Raises ``BadSetting``.

    Nothing is opened before its lifespan begins.
    """
    return Application(chosen or settings.load())


class Application(FastAPI):
    """FastAPI inside the layers that every request passes: edge, guard, compression, errors."""

    def __init__(self, chosen: settings.Settings) -> None:
        self.settings = chosen
        self.metrics = Metrics(version("vtonlab"))
        super().__init__(
            title="VTON Lab",
            version=version("vtonlab"),
            lifespan=_live,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
        )
        answer_errors(self, chosen.language)
        self.add_exception_handler(404, self._show_lost)
        # Made here, so that proxies that are no addresses are told before anything starts.
        self.guard = Guard(self._enter, chosen)
        self._inside: ASGIApp | None = None
        self.outside: ASGIApp | None = None
        """What a request meets first, while the server lives."""
        self.parts: Parts | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, one WebSocket, or the lifespan."""
        await (self.outside or super().__call__)(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """The layers, from the outside in."""
        self._inside = GZipMiddleware(
            super().build_middleware_stack(),
            minimum_size=SMALLEST_COMPRESSED,
            compresslevel=COMPRESSION,
            exclude_content_types=NOT_TEXT,
        )
        return Edge(self.guard, self.metrics, self.settings.language)

    def openapi(self) -> dict[str, Any]:
        """The description of every route, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = describe(self)
        return self.openapi_schema

    def _show_lost(self, request: Request, _error: Exception) -> Response:
        """Who goes to a page that is not there is shown so by the pages themselves; programs are told in words."""
        if self.parts is not None and find_interface(request.scope["path"]) is Interface.PAGE and wants_page(request):
            return self.parts.pages.shell(request, 404)
        return answer(PageNotFound(), request.scope, self.settings.language)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._inside is not None
        if scope["type"] != "http" or scope["method"] != "HEAD" or find_interface(scope["path"]) is not Interface.PAGE:
            await self._inside(scope, receive, send)
            return

        # Load balancers and curious people ask pages and probes so; the routes know GET.
        async def send_head(message: Message) -> None:
            await send(message if message["type"] == "http.response.start" else {**message, "body": b""})

        scope["method"] = "GET"
        await self._inside(scope, receive, send_head)


@asynccontextmanager
async def _live(app: FastAPI) -> AsyncIterator[None]:
    assert isinstance(app, Application)
    chosen = app.settings
    # Photos of people stay in memory: by default what is over a megabyte goes through a temporary file.
    MultiPartParser.spool_max_size = chosen.max_upload_bytes
    before = list(app.router.routes)
    parts = build(chosen, load_secret(chosen), open_signer(chosen.signing_folder), app.metrics, app.version)
    app.parts = parts
    app.state.accounts = parts.accounts
    for router in parts.routers():
        app.include_router(router)
    # Outside of all layers, whose work it does itself: with them a thumbnail would take half as long again.
    app.outside = parts.serving.wrap(super(Application, app).__call__, app.guard.is_own_name, app.guard.complete)
    try:
        await parts.start()
        yield
    finally:
        await parts.stop()
        app.outside = None
        app.router.routes[:] = before
        app.openapi_schema = None
