"""The page's addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse

from vtonlab.engines.contract import GarmentKind
from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.imaging.write import encode_picture
from vtonlab.settings import Settings
from vtonlab.web.fitting import Dressed, FittingRoom, Order, Upload
from vtonlab.web.languages import Language, choose_language
from vtonlab.web.static import STATIC

RESULT_HEADER = "VtonLab-Result"
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "The picture."}}


def make_router(room: FittingRoom, settings: Settings, version: str) -> APIRouter:
    """Routes of the fitting room over ``room``; ``version`` is the program's."""
    router = APIRouter()
    _add_page(router, room, settings, version)
    _add_fitting(router, room, settings)
    return router


def _add_page(router: APIRouter, room: FittingRoom, settings: Settings, version: str) -> None:
    @router.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    @router.get("/login", include_in_schema=False)
    def login() -> FileResponse:
        return FileResponse(STATIC / "login.html")

    @router.get("/health", summary="Whether the server answers, and its version")
    def health() -> dict[str, str]:
        """Whether the server answers; says nothing about the engine."""
        return {"status": "ok", "version": version}

    @router.get("/state", summary="What the page shows itself by")
    def state() -> dict[str, Any]:
        """What the page shows itself by: the engine with its abilities, and the limits."""
        engine = room.engine
        return {
            "version": version,
            "language": settings.language,
            "engine": engine.name,
            "title": {"en": engine.title.en, "zh-CN": engine.title.zh},
            "kinds": [kind.value for kind in engine.capabilities.kinds],
            "outfits": engine.capabilities.outfits,
            "remote_host": engine.capabilities.remote_host,
            "max_upload_bytes": settings.max_upload_bytes,
        }

    @router.get("/sample/{role}", summary="A drawn person or shirt", response_class=Response, responses=JPEG)
    def sample(role: Literal["person", "garment"]) -> Response:
        """A drawn person or shirt, for those who have no photo at hand."""
        picture = draw_person() if role == "person" else draw_shirt()
        return Response(encode_picture(picture, ".jpg"), media_type="image/jpeg")


def _add_fitting(router: APIRouter, room: FittingRoom, settings: Settings) -> None:
    @router.post("/try-on", summary="Dress a person", response_class=Response, responses=JPEG)
    async def try_on(
        request: Request,
        person: Annotated[UploadFile, File(description="photo of one person")],
        garment: Annotated[UploadFile, File(description="photo of a garment; of an outfit, the upper one")],
        kind: Annotated[GarmentKind, Form()] = GarmentKind.AUTO,
        lower: Annotated[UploadFile | None, File(description="makes it an outfit")] = None,
    ) -> Response:
        """Dress the person. The header ``VtonLab-Result`` holds JSON: engine, confidence, notes, seconds by stage."""
        order = Order(
            await _take(person), await _take(garment), kind, lower=None if lower is None else await _take(lower)
        )
        dressed = await room.dress(order, request.is_disconnected)
        language = choose_language(request.headers.get("accept-language", ""), settings.language)
        return Response(
            dressed.jpeg,
            media_type="image/jpeg",
            headers={
                RESULT_HEADER: json.dumps(describe(dressed, language), ensure_ascii=True),
                "Content-Language": language,
                "Cache-Control": "no-store",
            },
        )

    @router.post("/picture", summary="A picture as a small JPEG", response_class=Response, responses=JPEG)
    async def picture(request: Request, picture: Annotated[UploadFile, File()]) -> Response:
        """A picture as a small upright JPEG, for browsers that cannot show its kind (HEIC, TIFF)."""
        shown = await room.show(await _take(picture), request.is_disconnected)
        return Response(shown, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


def describe(dressed: Dressed, language: Language) -> Mapping[str, Any]:
    """What the page says about a result, in ``language``; seconds by stage."""
    result = dressed.result
    return {
        "engine": result.engine,
        "confidence": round(result.confidence, 3),
        "notes": [{"code": n.code, "level": n.level, "text": n.text.say(language)} for n in result.notes],
        "seconds": {stage: round(seconds, 4) for stage, seconds in result.timings.items()},
    }


async def _take(file: UploadFile) -> Upload:
    return Upload(name=(file.filename or "upload")[:120], data=await file.read())
