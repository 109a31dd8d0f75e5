"""The whole door: both Gradio apps, the plain HTTP route, and the guard before them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI, Request
from gradio.utils import get_upload_folder
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from vtonlab.engines.contract import silent
from vtonlab.errors import BadRequest, MalformedBody, VtonError
from vtonlab.gradio_app import Offer, Shape
from vtonlab.gradio_app.desk import Desk
from vtonlab.gradio_app.door import Door, language_of
from vtonlab.gradio_app.forms import show_base64
from vtonlab.gradio_app.guard import Guard, answer
from vtonlab.gradio_app.pages import build, read_base64
from vtonlab.gradio_app.sweep import sweep_on_and_on
from vtonlab.gradio_app.words import make_words
from vtonlab.settings import Settings

DEFAULTS = ("", True, False, 30, 42)
"""Of the base64 form's arguments after the two pictures."""


BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["data"],
                "properties": {
                    "data": {
                        "type": "array",
                        "minItems": 2,
                        "maxItems": 7,
                        "items": {},
                        "description": "human_image_base64, garment_image_base64 (data-URLs), garment_description, "
                        "auto_mask, auto_crop, denoise_steps (1-50), seed. The Gradio endpoint /tryon is described at "
                        "/gradio_api/info.",
                    }
                },
            }
        }
    },
}


def make_app(settings: Settings, offer: Offer) -> ASGIApp:
    """The engine behind ``/`` in the shape of the offer, behind ``/base64`` and behind ``POST /api/tryon``.

    Gradio keeps its files under ``GRADIO_TEMP_DIR``, which must be a folder of this app's own. Raises
    ``UnknownEngine`` and ``EngineUnavailable``.
    """
    desk = Desk(settings, offer)

    @contextlib.asynccontextmanager
    async def live(_: FastAPI) -> AsyncIterator[None]:
        desk.warm_up()
        sweeping = asyncio.create_task(sweep_on_and_on(Path(get_upload_folder())))
        yield
        sweeping.cancel()
        desk.close()

    app = FastAPI(title="VTON Lab · Gradio", lifespan=live, docs_url=None, redoc_url=None)
    app.add_api_route("/api/tryon", _make_route(desk), methods=["POST"], openapi_extra={"requestBody": BODY})
    _mount(app, build(Shape.BASE64, desk), "/base64", desk)
    _mount(app, build(offer.shape, desk), "/", desk)
    return Guard(app, settings)


def _mount(app: FastAPI, blocks: Door, path: str, desk: Desk) -> None:
    fonts = ["system-ui", "Noto Sans CJK SC", "sans-serif"]  # the default ones are loaded from elsewhere
    gr.mount_gradio_app(
        app, blocks, path, max_file_size=desk.settings.max_upload_bytes, show_error=False, ssr_mode=False,
        mcp_server=False, enable_monitoring=False, run_history=False, pwa=False, footer_links=["api"],
        i18n=gr.I18n(**make_words(desk.engine)),
        theme=gr.themes.Default(primary_hue="neutral", font=fonts, font_mono=["ui-monospace", "monospace"]),
    )  # fmt: skip


def _make_route(desk: Desk) -> Any:
    async def tryon(request: Request) -> JSONResponse:
        """``{"data": […]}``, the base64 form's arguments in their order → ``{"data": [result, mask]}``."""
        try:
            form = read_base64(*_read_data(await request.body()))
            shown = await desk.fit(lambda: form.read(desk.settings), show_base64, silent, request.is_disconnected)
        except VtonError as error:
            return answer(error, language_of(request, desk.settings))
        return JSONResponse({"data": shown})

    return tryon


def _read_data(body: bytes) -> list[Any]:
    try:
        sent = json.loads(body)
    except ValueError as error:
        raise MalformedBody from error
    data = sent.get("data") if isinstance(sent, dict) else None
    if not isinstance(data, list) or not 2 <= len(data) <= 2 + len(DEFAULTS):
        raise BadRequest(part="data")
    return [*data, *DEFAULTS[len(data) - 2 :]]
