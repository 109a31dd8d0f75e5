"""What went wrong, in our own words, and whether a picture may have been paid for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from vtonlab.engines.gemini.calls import Garbled, Refused
from vtonlab.engines.gemini.setup import Setup
from vtonlab.errors import (
    AnswerLost,
    BadOption,
    BatchGone,
    EngineBusy,
    EngineTimeout,
    EngineUnavailable,
    KeyRefused,
    NotThatService,
    QuotaExceeded,
    ServiceTrouble,
    Text,
    VtonError,
)

LONG_WAIT: Final = 120.0
"""Seconds: who is told to come back later than that has used up a quota and is not merely too fast."""


@dataclass(frozen=True)
class Fault:
    """``may_be_paid``: nobody knows whether the picture was made. ``wait``: in how many seconds the service wants to be
    asked again, where it says so."""

    error: VtonError
    may_be_paid: bool
    wait: float | None = None


def understand(error: Exception, engine: str, setup: Setup, *, was_sent: bool) -> Fault:
    """``error`` of :func:`vtonlab.engines.gemini.calls.draw`. ``was_sent``: whether the request went out."""
    if isinstance(error, Refused):
        # Google bills no answer with an error (ai.google.dev/gemini-api/docs/billing). Without Google's form it comes
        # from somebody on the way, who may have passed the request on.
        if error.code >= 500 and not _has_google_form(error):
            return Fault(AnswerLost(engine=engine), may_be_paid=True)
        return Fault(_refusal(error, engine, setup), may_be_paid=False, wait=_wait_told(error))
    if isinstance(error, Garbled):
        return Fault(NotThatService(engine=engine), may_be_paid=was_sent)
    if not was_sent:
        return Fault(EngineUnavailable(engine=engine), may_be_paid=False)
    if is_timeout(error):
        return Fault(EngineTimeout(engine=engine, seconds=round(setup.seconds)), may_be_paid=True)
    return Fault(AnswerLost(engine=engine), may_be_paid=True)


def understand_question(error: Exception, engine: str, setup: Setup) -> VtonError:
    """``error`` of a question that costs nothing, about a batch."""
    if isinstance(error, Garbled):
        return NotThatService(engine=engine)
    if isinstance(error, Refused):
        if error.code == 404:
            return BatchGone(engine=engine)
        found = _refusal(error, engine, setup)
        return NotThatService(engine=engine) if isinstance(found, BadOption) else found
    if is_timeout(error):
        return EngineTimeout(engine=engine, seconds=round(setup.seconds))
    return EngineUnavailable(engine=engine)


def is_timeout(error: Exception) -> bool:
    """Whether nothing came in time."""
    import httpx

    return isinstance(error, TimeoutError | httpx.TimeoutException)


def _refusal(error: Refused, engine: str, setup: Setup) -> VtonError:
    match error.code:
        case 401 | 403:
            found: VtonError = KeyRefused(engine=engine, setting="VTONLAB_GEMINI_API_KEY")
        case 400 | 413 | 422:
            found = _bad_request(error, engine, setup)
        case 402:
            found = QuotaExceeded(engine=engine)
        case 429:
            found = QuotaExceeded(engine=engine) if _is_used_up(error) else EngineBusy(engine=engine)
        case 408 | 504:
            found = EngineTimeout(engine=engine, seconds=round(setup.seconds))
        case 503:
            found = EngineBusy(engine=engine)
        case code if code >= 500:
            found = ServiceTrouble(engine=engine)
        case _:  # a redirect, or no such model
            found = NotThatService(engine=engine)
    return found


def _bad_request(error: Refused, engine: str, setup: Setup) -> VtonError:
    if "API_KEY" in _reasons(error) or "api key" in error.message.lower():
        return KeyRefused(engine=engine, setting="VTONLAB_GEMINI_API_KEY")
    if error.status == "FAILED_PRECONDITION":  # no billing, where nothing is free
        return QuotaExceeded(engine=engine)
    return BadOption(option=setup.model, reason=Text("the service does not take this request", "该服务不接受此请求"))


def _has_google_form(error: Refused) -> bool:
    return isinstance(error.details, dict) and isinstance(error.details.get("error"), dict)


def _is_used_up(error: Refused) -> bool:
    """Whether a quota of a day, or of money, is used up, or there is none; else it is one of a minute."""
    wait = _wait_told(error)
    words = _reasons(error)
    return "PerDay" in words or bool(re.search(r"limit: 0\b", error.message)) or (wait is not None and wait > LONG_WAIT)


def _wait_told(error: Refused) -> float | None:
    """Seconds of google.rpc.RetryInfo (``"46s"``, ``"0.5s"``)."""
    for detail in _details(error):
        found = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay", "")))
        if found:
            return float(found[1])
    return None


def _reasons(error: Refused) -> str:
    """The reasons and names of quotas in the details, one after another."""
    words: list[str] = []
    for detail in _details(error):
        words.append(str(detail.get("reason", "")))
        violations = detail.get("violations")
        words += [str(one.get("quotaId", "")) for one in violations or [] if isinstance(one, dict)]
    return " ".join(words)


def _details(error: Refused) -> list[dict[str, Any]]:
    inside = error.details.get("error", error.details) if isinstance(error.details, dict) else {}
    found = inside.get("details") if isinstance(inside, dict) else None
    return [detail for detail in found if isinstance(detail, dict)] if isinstance(found, list) else []
