"""Reading what a batch answered, prompt by prompt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from vtonlab.engines.answers import decode
from vtonlab.engines.gemini.answer import read_answer
from vtonlab.engines.gemini.spool import Spool
from vtonlab.engines.generating import BatchAnswer, GenerateResult
from vtonlab.errors import BadOption, EngineError, KeyRefused, PromptFailed, QuotaExceeded, Text, VtonError

if TYPE_CHECKING:
    from google.genai import types

CODES: Final = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    16: "UNAUTHENTICATED",
}
"""Of google.rpc.Code."""
NOT_TAKEN: Final = Text("the service does not take this request", "该服务不接受此请求")


def sort_answers(answers: Iterable[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """The answers by the number of their prompt."""
    found = {}
    for answer in answers:
        key = str(answer.get("key") or (answer.get("metadata") or {}).get("key") or "")
        if key.isdecimal():
            found[int(key)] = answer
    return found


def read_one(index: int, answer: Mapping[str, Any], spool: Spool, engine: str, model: str) -> BatchAnswer:
    """What became of one prompt."""
    if answer.get("error"):
        return BatchAnswer(index, error=read_error(answer["error"], engine, model))
    try:
        data = spool.read(read_answer(read_response(answer.get("response") or {}), engine))
        return BatchAnswer(index, GenerateResult(decode(data, engine), engine, model))
    except EngineError as error:
        return BatchAnswer(index, error=error)
    except (ValueError, TypeError, AttributeError):  # JSON of another form
        return BatchAnswer(index, error=PromptFailed(engine=engine, reason="GARBLED"))


def read_error(error: Mapping[str, Any], engine: str, model: str) -> VtonError:
    """Why one prompt failed, or a whole batch."""
    code = error.get("code")
    name = str(error.get("status") or (CODES.get(code, str(code)) if isinstance(code, int) else "UNKNOWN"))
    match name:
        case "RESOURCE_EXHAUSTED" | "429":
            return QuotaExceeded(engine=engine)
        case "PERMISSION_DENIED" | "UNAUTHENTICATED" | "401" | "403":
            return KeyRefused(engine=engine, setting="VTONLAB_GEMINI_API_KEY")
        case "INVALID_ARGUMENT" | "400":
            return BadOption(option=model, reason=NOT_TAKEN)
        case _:
            return PromptFailed(engine=engine, reason=name)


def read_response(response: Mapping[str, Any]) -> types.GenerateContentResponse:
    """``response`` of the wire as the library's own type; only what is looked at, so that what the library does not
    know yet does not matter."""
    from google.genai import types

    feedback = response.get("promptFeedback") or {}
    return types.GenerateContentResponse(
        prompt_feedback=types.GenerateContentResponsePromptFeedback.model_validate(
            {"blockReason": feedback.get("blockReason"), "safetyRatings": _ratings(feedback)}
        ),
        candidates=[
            types.Candidate.model_validate(
                {
                    "finishReason": candidate.get("finishReason"),
                    "safetyRatings": _ratings(candidate),
                    "content": {"parts": [_part(part) for part in (candidate.get("content") or {}).get("parts") or []]},
                }
            )
            for candidate in response.get("candidates") or []
        ],
    )


def _ratings(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = ("category", "probability", "blocked")
    return [{name: rating.get(name) for name in names} for rating in told.get("safetyRatings") or []]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    inline = part.get("inlineData")
    if not inline:
        return {"text": ""}
    picture = {"data": inline.get("data"), "mimeType": inline.get("mimeType")}
    return {"inlineData": picture, "thought": part.get("thought")}
