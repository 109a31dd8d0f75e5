"""The engines on the studio interface: ``/api/v1/engines``."""

from __future__ import annotations

from fastapi import APIRouter, Request

from vtonlab.errors.language import choose_language
from vtonlab.providers.conditions import Conditions
from vtonlab.providers.schemas import EngineAnswer, EngineList


def make_router(conditions: Conditions) -> APIRouter:
    """``/api/v1/engines``."""
    router = APIRouter(tags=["fitting"])

    @router.get("/api/v1/engines", summary="What can make pictures here")
    async def engines(request: Request) -> EngineList:
        """How each was when it was last asked, what it takes, its licences, and where pictures go."""
        language = choose_language(request.headers.get("accept-language", ""), "en")
        return EngineList(items=[EngineAnswer.of(one, language, conditions.settings) for one in conditions.get()])

    return router
