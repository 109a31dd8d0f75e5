"""What went wrong, in our own words, and whether a picture may have been paid for.

The names of errors are those of FASHN's documentation (docs.fashn.ai, "Error Handling" and "Virtual Try-On v1.6"); so
is that neither a refused request nor a failed job is charged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vtonlab.engines.fashn.service import Refused
from vtonlab.engines.fashn.setup import Setup
from vtonlab.errors import (
    AnswerLost,
    BadOption,
    ContentRefused,
    EngineBusy,
    EngineFailed,
    EngineTimeout,
    EngineUnavailable,
    ImageUnreadable,
    KeyRefused,
    NotThatService,
    PoseNotRecognised,
    QuotaExceeded,
    Text,
    VtonError,
)

NOT_TAKEN: Final = Text("the service does not take these settings", "该服务不接受这些设置")


@dataclass(frozen=True)
class Fault:
    """``may_be_paid``: nobody knows whether the order was taken. ``wait``: in how many seconds the service wants to be
    asked again, where it says so."""

    error: VtonError
    may_be_paid: bool
    wait: float | None = None


def understand_order(error: Exception, engine: str, setup: Setup, *, was_sent: bool) -> Fault:
    """An ``error`` of :func:`vtonlab.engines.fashn.service.order`. ``was_sent``: whether the order went out."""
    if isinstance(error, Refused):
        # Without the service's own word, somebody on the way answered for it, and may have passed the order on.
        if error.code >= 500 and not error.name:
            return Fault(AnswerLost(engine=engine), may_be_paid=True)
        return Fault(explain(error, engine, setup), may_be_paid=False, wait=error.wait)
    if not was_sent:
        return Fault(EngineUnavailable(engine=engine), may_be_paid=False)
    return Fault(AnswerLost(engine=engine), may_be_paid=True)


def explain(error: Refused, engine: str, setup: Setup) -> VtonError:
    """A refused request, order or not."""
    match error.code:
        case 200:
            found = explain_failure(error.name, engine)
        case 401 | 403:
            found = KeyRefused(engine=engine, setting="VTONLAB_FASHN_API_KEY")
        case 402:
            found = QuotaExceeded(engine=engine)
        case 429 if error.name == "OutOfCredits":
            found = QuotaExceeded(engine=engine)
        case 429 | 503:
            found = EngineBusy(engine=engine)
        case 408 | 504:
            found = EngineTimeout(engine=engine, seconds=round(setup.seconds))
        case 400 | 413 | 422:
            found = BadOption(option=setup.model, reason=NOT_TAKEN)
        case code if code >= 500:
            found = EngineUnavailable(engine=engine)
        case _:
            found = NotThatService(engine=engine)
    return found


def explain_failure(name: str, engine: str) -> VtonError:
    """A job that failed, by the service's word for it."""
    match name:
        case "ContentModerationError" | "NSFWError":
            found: VtonError = ContentRefused(engine=engine)
        case "PoseError":
            found = PoseNotRecognised(engine=engine)
        case "ImageLoadError":
            found = ImageUnreadable(name=Text("One of the pictures", "其中一张图片"), reason="elsewhere")
        case "InputValidationError" | "PhotoTypeError" | "BadRequest":
            found = BadOption(option=engine, reason=NOT_TAKEN)
        case "UnavailableError" | "RateLimitExceeded" | "ConcurrencyLimitExceeded":
            found = EngineBusy(engine=engine)
        case "OutOfCredits":
            found = QuotaExceeded(engine=engine)
        case _:  # PipelineError, ThirdPartyError, and those of next year
            found = EngineFailed(engine=engine)
    return found
