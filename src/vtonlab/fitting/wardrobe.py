"""Fittings on the wardrobe interface: ``/api/vton/…``, as pages and programs written before us use it."""

from __future__ import annotations

import base64
import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, Field

from vtonlab.accounts.asking import Asking, language_of
from vtonlab.accounts.caller import Permission
from vtonlab.db.types import JsonValue
from vtonlab.engines.contract import GarmentKind
from vtonlab.errors import Text
from vtonlab.errors.language import Language
from vtonlab.fitting.asking import while_here
from vtonlab.fitting.choosing import ANY_SEED, LARGEST_SEED, MOST_STEPS, USUAL_STEPS
from vtonlab.fitting.history import Fitted, HistoryItem, HistoryPage
from vtonlab.fitting.orders import Layer, Order
from vtonlab.fitting.schemas import DESCRIPTION_LETTERS, mask_link, tell_notes
from vtonlab.fitting.service import Fitting
from vtonlab.library.links import picture_link
from vtonlab.providers.conditions import OTHERS, Condition, Conditions, State
from vtonlab.tasks.models import Task

Answer = dict[str, Any]

USUAL_DESCRIPTION: Final = "a shirt"
MOST_PER_PAGE: Final = 50

TO_WAIT: Final = (Permission.TASKS_READ, Permission.IMAGES_READ)
"""What who waits for a picture must be allowed to see."""

DONE: Final = Text("The fitting is done.", "试衣完成")
QUEUED: Final = Text("The fitting is in line.", "试衣任务已提交")
READY: Final = Text("{title}: {detail}", "{title}：{detail}")

WORDS: Final = {
    State.OK: "available",
    State.UNKNOWN: "available",
    State.DEGRADED: "available_limited",
    State.DOWN: "unavailable",
    State.NOT_SET_UP: "unavailable",
    State.REFUSED: "unavailable",
    State.MISSING: "dependency_missing",
    State.ERROR: "error",
}
"""What the interface calls how an engine stands."""


def _absent(value: Any) -> Any:
    """Older pages send an empty text for a field that was left empty."""
    return None if value == "" else value


Blank = BeforeValidator(_absent)


class TryOn(BaseModel):
    """What is asked for. What this interface does not know is ignored; null and "" are absent."""

    human_image: str = Field(min_length=1, description="Library filename or image id.")
    garment_image: str = Field(min_length=1, description="Library filename or image id.")
    engine: Annotated[str | None, Blank] = None
    garment_kind: Annotated[GarmentKind | None, Blank] = None
    garment_description: str | None = Field(default=None, description="By default “a shirt”.")
    auto_mask: Annotated[bool | None, Blank] = Field(default=None, description="By default true.")
    auto_crop: Annotated[bool | None, Blank] = Field(default=None, description="By default true.")
    denoise_steps: Annotated[int | None, Blank] = Field(
        default=None, ge=1, le=MOST_STEPS, description=f"By default {USUAL_STEPS}."
    )
    seed: Annotated[int | None, Blank] = Field(default=None, ge=-LARGEST_SEED, le=LARGEST_SEED)
    mask_image: Annotated[str | None, Blank] = None
    options: dict[str, Any] | None = Field(default=None, description="The engine's own.")
    wait: Annotated[bool | None, Blank] = Field(
        default=None, description="By default true: until the picture is there."
    )

    def order(self) -> Order:
        """The fitting that is asked for; what the engine does not know of it is left out."""
        general: dict[str, JsonValue] = {
            "auto_mask": self.auto_mask is not False,
            "auto_crop": self.auto_crop is not False,
            "denoise_steps": self.denoise_steps or USUAL_STEPS,
            "seed": None if self.seed == ANY_SEED else self.seed,
        }
        return Order(
            self.human_image,
            (Layer(self.garment_image, self.garment_kind or GarmentKind.AUTO),),
            engine=self.engine,
            options={**(self.options or {}), **general},
            description=(self.garment_description or USUAL_DESCRIPTION)[:DESCRIPTION_LETTERS],
            mask_image=self.mask_image,
            strict=False,
        )


RESULT_EXAMPLE: Final = {
    "vton_id": "019ab3c4d5e6f708192a3b4c5d6e7f90",
    "task_id": "019ab3c4d5e6f708192a3b4c5d6e7f70",
    "engine": "instant",
    "result_image": "data:image/png;base64,iVBORw0KGgo…",
    "result_filename": "vton_result_20261122_101510_5d6e7f90.png",
    "result_image_id": "019ab3c4d5e6f708192a3b4c5d6e7f91",
    "result_url": "/api/user/u1/images/vton_results/vton_result_20261122_101510_5d6e7f90.png?v=9f86d081884c",
    "mask_url": "/api/v1/tryon/019ab3c4d5e6f708192a3b4c5d6e7f90/mask",
    "processing_time": 0.31,
    "parameters": {"auto_mask": True, "auto_crop": True, "denoise_steps": 25, "seed": ANY_SEED},
    "human_image": "char_20261122_101500_5d6e7f80.jpg",
    "garment_image": "clothes_20261122_101501_5d6e7f81.jpg",
    "is_favorited": False,
    "original_page_url": "https://shop.example/linen-shirt",
    "original_page_title": "Linen shirt, white",
    "has_original_page": True,
    "confidence": 0.87,
    "notes": [],
}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The picture.",
        "content": {"application/json": {"example": {"success": True, "message": DONE.zh, "result": RESULT_EXAMPLE}}},
    },
    202: {
        "description": "With `wait:false`: the task.",
        "content": {"application/json": {"example": {"success": True, "task_id": RESULT_EXAMPLE["task_id"]}}},
    },
}
CHECKED: Final[dict[int | str, dict[str, Any]]] = {
    503: {"description": "No engine can serve.", "content": {"application/json": {"schema": {"type": "object"}}}}
}


def make_router(fitting: Fitting, conditions: Conditions) -> APIRouter:
    """``/api/vton/check``, ``/api/vton/tryon`` and ``/api/vton/history``."""
    router = APIRouter(prefix="/api/vton", tags=["wardrobe: fitting"])
    _add_check(router, conditions)
    _add_try_on(router, fitting, conditions)
    _add_history(router, fitting)
    return router


# ---- how the engines are


def _add_check(router: APIRouter, conditions: Conditions) -> None:
    @router.get("/check", summary="Whether pictures can be made", response_model=None, responses=CHECKED)
    async def check(request: Request) -> Answer | Response:
        """By what is known of the engines already; it waits for none."""
        language, known = language_of(request), conditions.get()
        asked = conditions.find_default()
        told = describe_check(asked, known, language)
        if any(one.can_try_on for one in known):
            return told
        return JSONResponse(told, status_code=503)


def describe_check(asked: Condition, known: list[Condition], language: Language) -> Answer:
    """How the engine ``asked`` is, which is the one that a request without a name would get, and all that are."""
    serves, title = asked.can_try_on, _title(asked, language)
    told = READY.with_values(title=title, detail=asked.detail.say(language)).say(language)
    if not serves:
        others = [one.name for one in known if one.can_try_on]
        hints = [asked.hint] if asked.hint else []
        hints += [OTHERS.with_values(names=", ".join(others))] if others else []
        told = _join([told, *(hint.say(language) for hint in hints)], language)
    return {
        "success": serves,
        "status": WORDS[asked.state],
        "engine": asked.name,
        "service_url": asked.service_url,
        "message": told,
        **({} if serves else {"error": told}),
        "has_tryon_api": serves,
        "engines": [_describe_engine(one, language) for one in known],
    }


def _describe_engine(one: Condition, language: Language) -> Answer:
    return {
        "name": one.name,
        "title": _title(one, language),
        "status": WORDS[one.state],
        "detail": one.detail.say(language),
        "parameters": one.engine.Options.model_json_schema() if one.engine else {},
    }


def _title(one: Condition, language: Language) -> str:
    return one.engine.title.say(language) if one.engine else one.name


def _join(sentences: list[str], language: Language) -> str:
    return ("" if language == "zh-CN" else " ").join(sentences)


# ---- a fitting


def _add_try_on(router: APIRouter, fitting: Fitting, conditions: Conditions) -> None:
    @router.post("/tryon", summary="Try a garment on", response_model=None, responses=ANSWERS)
    async def try_on(request: Request, caller: Asking, asked: Annotated[TryOn, Body()]) -> Response:
        """Waits for the picture, or with `wait:false` answers 202 with the task at once. Who goes away while waiting
        finds the picture in the history."""
        language, waits = language_of(request), asked.wait is not False
        for needed in TO_WAIT if waits else ():
            caller.require(needed, signed_in=False)  # before the fitting is made, not after
        with conditions.naming_others(asked.engine):
            task = await fitting.ask(caller, asked.order())
            if not waits:
                return _answer(describe_task(task, language), 202)
            fitted = await while_here(request, fitting.wait(caller, task.task_id))
        return _answer(describe_fitted(fitted, language))


def _answer(told: Answer, status: int = 200) -> Response:
    """As JSON. A picture in it is compressed already: doing that again would cost more time than it saves."""
    headers = {"Content-Encoding": "identity"} if "result" in told else {}
    content = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, status_code=status, media_type="application/json", headers=headers)


def describe_task(task: Task, language: Language) -> Answer:
    """The answer to who does not wait."""
    return {"success": True, "task_id": task.task_id, "message": QUEUED.say(language)}


def describe_fitted(fitted: Fitted, language: Language) -> Answer:
    """The answer with the picture in it."""
    entry, page = fitted.entry, fitted.entry.page_url or ""
    result = {
        "vton_id": entry.id,
        "task_id": fitted.task_id,
        "engine": entry.engine,
        "result_image": f"data:{fitted.media_type};base64,{base64.b64encode(fitted.data).decode()}",
        "result_filename": fitted.picture.filename,
        "result_image_id": fitted.picture.id,
        "result_url": picture_link(fitted.picture),
        "mask_url": mask_link(entry.id) if entry.mask_image else None,
        "processing_time": float(entry.processing_time),
        "parameters": with_numbers(entry.parameters),
        "human_image": entry.human_image,
        "garment_image": entry.garment_image,
        "is_favorited": fitted.is_favorited,
        "original_page_url": entry.page_url,
        "original_page_title": entry.page_title,
        # Pages open it: what is no address of the web leads nowhere.
        "has_original_page": page.startswith(("http://", "https://")),
        "confidence": entry.confidence,
        "notes": [note.model_dump() for note in tell_notes(entry, language)],
    }
    return {"success": True, "message": DONE.say(language), "result": result}


def with_numbers(parameters: dict[str, JsonValue]) -> Answer:
    """``parameters`` with numbers in ``denoise_steps`` and ``seed``, which pages print, also where the engine uses
    neither."""
    usual = {"denoise_steps": USUAL_STEPS, "seed": ANY_SEED}
    numbers = {name: parameters.get(name) for name in usual}
    told = {
        name: value if isinstance(value, int | float) and not isinstance(value, bool) else usual[name]
        for name, value in numbers.items()
    }
    return {**parameters, **told}


# ---- the history


class _Page(BaseModel):
    """Which page; beyond the end it is empty, and more than 50 a page is 50."""

    page: Annotated[int | None, Blank] = None
    per_page: Annotated[int | None, Blank] = None


def _add_history(router: APIRouter, fitting: Fitting) -> None:
    @router.get("/history", summary="One's own fittings")
    async def history(caller: Asking, query: Annotated[_Page, Query()]) -> Answer:
        """The newest first. They stay when their pictures are gone: `result_url` is null then."""
        size = max(1, min(20 if query.per_page is None else query.per_page, MOST_PER_PAGE))
        return describe_history(await fitting.history(caller, max(1, query.page or 1), size))


def describe_history(found: HistoryPage) -> Answer:
    """The answer with a page of fittings."""
    return {
        "success": True,
        "history": [_describe_item(item) for item in found.items],
        "total": found.total,
        "page": found.page,
        "per_page": found.per_page,
        "has_next": found.has_next,
        "has_prev": found.has_prev,
    }


def _describe_item(item: HistoryItem) -> Answer:
    entry = item.entry
    return {
        "id": entry.id,
        "human_image": entry.human_image,
        "garment_image": entry.garment_image,
        "lower_image": entry.lower_image,
        "result_image": entry.result_image,
        "result_image_id": entry.result_image_id,
        "result_url": picture_link(item.picture) if item.picture else None,
        "mask_url": mask_link(entry.id) if item.has_mask else None,
        "engine": entry.engine,
        "parameters": with_numbers(entry.parameters),
        "processing_time": float(entry.processing_time),
        "created_at": entry.created_at.isoformat(),
        "is_favorited": item.is_favorited,
        "original_page_url": entry.page_url,
        "original_page_title": entry.page_title,
    }
