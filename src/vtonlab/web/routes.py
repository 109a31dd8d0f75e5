"""The page's addresses."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from vtonlab.accounts.asking import Arriving
from vtonlab.accounts.caller import CallerKind
from vtonlab.engines import registry
from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.imaging.write import encode_picture
from vtonlab.settings import Settings

SAMPLE_HEIGHT: Final = 1024
"""Pixels: sharp on a large screen."""
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "The picture."}}


class PageState(BaseModel):
    """What the page shows itself by."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": "0.2.0",
                "language": "auto",
                "mode": "local",
                "engine": "instant",
                "max_upload_bytes": 26_214_400,
                "registration": True,
                "session_days": 7,
                "guest_days": 30,
                "visitor": "user",
            }
        }
    )

    version: str
    language: Literal["auto", "en", "zh-CN"]
    mode: Literal["local", "server"]
    """Whether the page signs in by itself."""
    engine: str
    """That is asked when nobody says which."""
    max_upload_bytes: int
    registration: bool
    """Whether people may make their own accounts."""
    session_days: int
    """How long a browser that was asked to remember stays signed in."""
    guest_days: int
    """How long a guest's pictures wait for them."""
    visitor: CallerKind
    """Who the browser's session belongs to: of a stranger there is nothing to ask for."""


def make_router(settings: Settings, version: str) -> APIRouter:
    """The page and what it needs before it can ask anything else; ``version`` is the program's."""
    router = APIRouter()

    @router.get("/health", summary="Whether the server answers, and its version")
    def health() -> dict[str, str]:
        """Whether the server answers; says nothing about the engines."""
        return {"status": "ok", "version": version}

    @router.get("/state", summary="What the page shows itself by")
    async def state(caller: Arriving, response: Response) -> PageState:
        """The limits, who may use it how, and whether a stranger asks. What makes pictures is told by
        `/api/v1/engines`, who somebody is by `/api/v1/users/me`."""
        response.headers["Cache-Control"] = "no-store"
        return PageState(
            version=version,
            language=settings.language,
            mode="local" if settings.is_local else "server",
            engine=settings.engine or registry.DEFAULT_ENGINE,
            max_upload_bytes=settings.max_upload_bytes,
            registration=settings.registration or settings.is_local,
            session_days=settings.session_days,
            guest_days=settings.guest_days,
            visitor=caller.kind,
        )

    @router.get("/sample/{role}", summary="A drawn person or shirt", response_class=Response, responses=JPEG)
    def sample(role: Literal["person", "garment"]) -> Response:
        """A drawn person or shirt, for those who have no photo at hand."""
        return Response(_encode_sample(role), media_type="image/jpeg")

    return router


@cache
def _encode_sample(role: Literal["person", "garment"]) -> bytes:
    picture = draw_person(SAMPLE_HEIGHT) if role == "person" else draw_shirt(SAMPLE_HEIGHT)
    return encode_picture(picture, ".jpg")
