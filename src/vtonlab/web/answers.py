"""Errors turned into words once, at the edge, in the form of the interface they happen at and the reader's language.

/api/…       {"success": false, "error": "…", "code": "…", "hint": "…"}
/api/v1/…    application/problem+json (RFC 9457): type, title, status, detail, code, hint, request_id, errors
all others   {"code": "…", "message": "…", "hint": "…"}
"""

from __future__ import annotations

import http
import json
import logging
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from vtonlab.errors import (
    BadDetail,
    BadOption,
    BadRequest,
    DatabaseUnavailable,
    EngineFault,
    MalformedBody,
    MethodNotAllowed,
    PageNotFound,
    ServerFault,
    Text,
    TooManyRequests,
    UnknownEngine,
    VtonError,
)
from vtonlab.web.faults import Fault, read_faults
from vtonlab.web.languages import Interface, Language, Preferred, choose_language, find_interface, language_of

RETRY_AFTER_SECONDS = 2
CLIENT_GONE = 499
"""Status in the log for those who left before the answer; nginx's number for it."""
SIGN_IN = "登录"
"""Older pages sign themselves out by this word in a 401 (api.md)."""

log = logging.getLogger(__name__)

__all__ = ["Language", "answer", "answer_errors", "choose_language", "request_id"]


def answer_errors(app: FastAPI, preferred: Preferred) -> None:
    """Make ``app`` answer every error it knows with an envelope, and none with a trace or a path of this machine."""

    def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, VtonError)
        return answer(error, request.scope, preferred)

    def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        found = error.errors()
        if any(one["type"] == "json_invalid" for one in found):
            return answer(MalformedBody(), request.scope, preferred)
        faults = read_faults(found)
        return answer(BadRequest(part=faults[0].field or "body"), request.scope, preferred, faults)

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if isinstance(error.__cause__, ClientDisconnect):
            return gone(request, error)
        if isinstance(error.__cause__, VtonError):  # FastAPI wraps whatever is raised while it reads a body
            return answer(error.__cause__, request.scope, preferred)
        told = _STARLETTES.get(error.status_code, MalformedBody)()
        response = answer(told, request.scope, preferred)
        response.headers.update(error.headers or {})  # Allow
        return response

    def gone(_request: Request, _error: Exception) -> Response:
        return Response(status_code=CLIENT_GONE)  # nobody reads it; the log and the figures do

    def others(request: Request, error: Exception) -> Response:
        return unexpected(request.scope, error, preferred)

    app.add_exception_handler(VtonError, ours)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(ClientDisconnect, gone)
    for kind in (SQLAlchemyError, UnicodeEncodeError, OverflowError, Exception):
        app.add_exception_handler(kind, others)


_STARLETTES: dict[int, type[VtonError]] = {404: PageNotFound, 405: MethodNotAllowed}


def explain_database(error: Exception) -> VtonError | None:
    """The error of ours behind one of the database or its driver; None where it is our fault.

    Text with NUL or half a character, and numbers beyond 64 bits, pass every other check: JSON has them.
    """
    original = error.orig if isinstance(error, StatementError) else error
    if isinstance(original, UnicodeEncodeError | OverflowError):
        return MalformedBody()
    if isinstance(error, DBAPIError):
        state = str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
        if state in _UNKEEPABLE:
            return MalformedBody()
        if error.connection_invalidated or state.startswith(_CONNECTION):
            return DatabaseUnavailable()
    return None


_UNKEEPABLE = frozenset({"22021", "22P05", "22003"})
"""PostgreSQL: character not in repertoire, untranslatable character, numeric value out of range."""
_CONNECTION = ("08", "57P0")
"""SQL's class of connection exceptions; PostgreSQL shutting down."""


def unexpected(scope: MutableMapping[str, Any], error: BaseException, preferred: Preferred) -> Response:
    """The answer to what nobody expected; the story goes to the log under the request's id."""
    known = explain_database(error) if isinstance(error, Exception) else None
    return answer(known or _fault(scope, error), scope, preferred)


def _fault(scope: MutableMapping[str, Any], error: BaseException) -> VtonError:
    scope.setdefault("state", {})["fault"] = True
    log.error("unexpected error at %s %s", scope.get("method"), scope.get("path"), exc_info=error)
    return ServerFault(request=request_id(scope))


def answer(
    error: VtonError, scope: MutableMapping[str, Any], preferred: Preferred = "auto", faults: Sequence[Fault] = ()
) -> Response:
    """The answer that tells ``error``, with what is wrong with each field, to the request of ``scope``."""
    interface = find_interface(scope["path"])
    language = language_of(scope["path"], Headers(scope=scope).get("accept-language", ""), preferred)
    status, sentence = _adjust(error, interface, error.say(language))
    if faults:
        sentence = _join(faults, language)
    if interface is Interface.WARDROBE:
        body = {"success": False, "error": sentence, "code": error.code, "hint": error.advise(language)}
    elif interface is Interface.STUDIO:
        body = _problem(error, status, sentence, language, scope)
    else:
        body = {"code": error.code, "message": sentence, "hint": error.advise(language)}
    told = [*faults] or _of_detail(error)
    if told and interface is not Interface.PAGE:
        body["errors"] = [{"field": fault.field, "reason": fault.reason.say(language)} for fault in told]
    return Response(
        json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
        status_code=status,
        media_type="application/problem+json" if interface is Interface.STUDIO else "application/json",
        headers=_headers(error, status, language),
    )


def _of_detail(error: VtonError) -> list[Fault]:
    """The field that ``error`` is about, for forms that show it there."""
    reason = error.values.get("reason")
    if isinstance(error, BadDetail) and isinstance(reason, Text):
        return [Fault(str(error.values["part"]), reason)]
    return []


_WARDROBE_STATUS: dict[tuple[type[VtonError], ...], int] = {
    (BadRequest, BadOption, UnknownEngine): 400,
    (EngineFault,): 502,
}
"""Where that interface has another one (api.md): parameters are 400, an engine that fails is 502."""


def _adjust(error: VtonError, interface: Interface, sentence: str) -> tuple[int, str]:
    status = error.status
    if interface is Interface.WARDROBE:
        status = next((told for kinds, told in _WARDROBE_STATUS.items() if isinstance(error, kinds)), status)
        if status == 401 and SIGN_IN not in sentence:
            sentence = f"需要登录 · {sentence}"
    return status, sentence


def _join(faults: Sequence[Fault], language: Language) -> str:
    told = [f"“{fault.field}” {fault.reason.say(language)}" for fault in faults[:3]]
    return ("；".join(told) + "。") if language == "zh-CN" else ("; ".join(told) + ".")


def _problem(
    error: VtonError, status: int, sentence: str, language: Language, scope: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
        "code": error.code,
        "hint": error.advise(language),
        "request_id": request_id(scope),
    }


def _headers(error: VtonError, status: int, language: Language) -> dict[str, str]:
    headers = {"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "no-store"}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(max(1, round(float(str(error.values.get("seconds", RETRY_AFTER_SECONDS))))))
    elif error.retryable:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="vtonlab"'
    return headers


def request_id(scope: Mapping[str, Any]) -> str:
    """The id of the request, which the answer and every line of the log carry; empty outside of one."""
    return str((scope.get("state") or {}).get("request_id", ""))
