"""Errors turned into words once, at the edge: ``{"code", "message", "hint"}`` in the reader's language."""

from __future__ import annotations

import logging
from typing import Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from vtonlab.errors import BadRequest, EngineFault, MethodNotAllowed, PageNotFound, VtonError

Language = Literal["en", "zh-CN"]

RETRY_AFTER_SECONDS = "2"

log = logging.getLogger(__name__)


def answer_errors(app: FastAPI, preferred: Literal["auto", "en", "zh-CN"]) -> None:
    """Make ``app`` answer every error with the envelope, and none with a trace or a path of this machine."""

    def tell(request: Request, error: VtonError) -> JSONResponse:
        return envelope(error, choose_language(request.headers.get("accept-language", ""), preferred))

    def ours(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, VtonError)
        return tell(request, error)

    def malformed(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        where = error.errors()[0]["loc"]
        return tell(request, BadRequest(part=str(where[-1])[:80]))

    def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if isinstance(error.__cause__, VtonError):  # FastAPI wraps whatever is raised while it reads a body
            return tell(request, error.__cause__)
        match error.status_code:
            case 404:
                return tell(request, PageNotFound())
            case 405:
                return tell(request, MethodNotAllowed())
            case _:
                return tell(request, BadRequest(part="body"))

    def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected error at %s", request.url.path, exc_info=error)
        return tell(request, EngineFault(engine="vtonlab"))

    app.add_exception_handler(VtonError, ours)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unexpected)


def envelope(error: VtonError, language: Language) -> JSONResponse:
    """The answer that tells ``error`` in ``language``."""
    return JSONResponse(
        {"code": error.code, "message": error.say(language), "hint": error.advise(language)},
        status_code=error.status,
        headers={
            "Content-Language": language,
            "Cache-Control": "no-store",
            **({"Retry-After": RETRY_AFTER_SECONDS} if error.retryable else {}),
        },
    )


def choose_language(accepted: str, preferred: Literal["auto", "en", "zh-CN"] = "auto") -> Language:
    """The language of ours that ``accepted``, an ``Accept-Language`` header (RFC 9110 §12.5.4), wants most.

    ``preferred`` decides where the header names none of ours, or is not sent.
    """
    wanted: list[tuple[float, int, Language]] = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, weight = part.strip().partition(";")
        ours: Language | None = (
            "zh-CN" if tag.lower().startswith("zh") else "en" if tag.lower().startswith("en") else None
        )
        share = _read_weight(weight)
        if ours and share > 0:
            wanted.append((-share, place, ours))
    if wanted:
        return min(wanted)[2]
    return "en" if preferred == "auto" else preferred


def _read_weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
