"""The layers around a small application of two routes, spoken to without a server."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import httpx
from fastapi import Body, FastAPI, Query, Request
from pydantic import BaseModel, ConfigDict

from vtonlab.errors import NotThere, Text, TooManyRequests
from vtonlab.settings import Settings
from vtonlab.web.answers import answer_errors
from vtonlab.web.edge import Edge
from vtonlab.web.guard import Guard
from vtonlab.web.metrics import Metrics


class Garment(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    kind: Literal["upper", "lower"] = "upper"
    size: Annotated[int, Query(ge=1, le=60)] = 40


def make_app(settings: Settings) -> Edge:
    """A wardrobe and a studio route of every kind, inside edge and guard."""
    app = FastAPI(redirect_slashes=False)
    answer_errors(app, settings.language)

    @app.post("/api/things")
    @app.post("/api/v1/things")
    @app.post("/things")
    async def take(thing: Annotated[Garment | None, Body()] = None) -> dict[str, Any]:
        return {"got": None if thing is None else thing.name}

    @app.get("/api/things/{thing_id}")
    @app.get("/api/v1/things/{thing_id}")
    async def show(thing_id: str, request: Request, page: int = 1) -> dict[str, Any]:
        match thing_id:
            case "missing":
                raise NotThere(thing=Text("picture", "图片"), id=thing_id)
            case "often":
                raise TooManyRequests(seconds=17)
            case "broken":
                raise RuntimeError("a secret of the machine")
            case "half":
                "\ud800".encode()
        return {"id": thing_id, "address": request.client.host if request.client else "", "url": str(request.url)}

    @app.post("/api/upload-file")
    async def swallow(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    return Edge(Guard(app, settings), Metrics("0"), settings.language)


def speak_to(settings: Settings, base_url: str = "http://localhost", **options: Any) -> httpx.AsyncClient:
    """A client of such an application."""
    transport = httpx.ASGITransport(make_app(settings), **options)
    return httpx.AsyncClient(transport=transport, base_url=base_url)
