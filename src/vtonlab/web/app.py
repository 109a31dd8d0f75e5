"""The composition root of the web application: it alone knows every part."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.formparsers import MultiPartParser
from starlette.types import ASGIApp

from vtonlab import settings
from vtonlab.web.answers import answer_errors
from vtonlab.web.fitting import FittingRoom
from vtonlab.web.guard import LOOPBACK_NAMES, Guard
from vtonlab.web.routes import make_router
from vtonlab.web.static import STATIC

PICTURES_IN_A_REQUEST = 3
FORM_OVERHEAD = 64_000
"""Bytes of multipart boundaries and small fields."""


def create_app(chosen: settings.Settings | None = None) -> ASGIApp:
    """The whole application over ``chosen`` settings, or those of the environment. Raises ``BadSetting``."""
    chosen = chosen or settings.load()
    room = FittingRoom(chosen)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        room.warm_up()
        yield
        room.close()

    # Photos of people stay in memory: by default what is over a megabyte goes through a temporary file.
    MultiPartParser.spool_max_size = chosen.max_upload_bytes
    app = FastAPI(title="VTON Lab", version=version("vtonlab"), lifespan=lifespan, docs_url=None, redoc_url=None)
    answer_errors(app, chosen.language)
    app.include_router(make_router(room, chosen, app.version))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return Guard(
        app,
        loopback=chosen.host in LOOPBACK_NAMES,
        most=PICTURES_IN_A_REQUEST * chosen.max_upload_bytes + FORM_OVERHEAD,
        language=chosen.language,
    )
