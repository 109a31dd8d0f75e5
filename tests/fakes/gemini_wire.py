"""What the fake Gemini API says, byte for byte as the real one does: errors, sizes, and the form of answers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

KEY = "AIza-the-right-key"
MODELS = ("gemini-nano-banana-2.1", "gemini-3-pro-image", "gemini-3.1-flash-lite-image")
OTHER_MODELS = ("gemini-3.8-flash", "text-embedding-004", "imagen-5.0-generate")
"""Those that draw no pictures by ``generateContent``."""

SIDES = {
    "1:1": (1024, 1024),
    "2:3": (832, 1248),
    "3:2": (1248, 832),
    "3:4": (864, 1184),
    "4:3": (1184, 864),
    "4:5": (896, 1152),
    "5:4": (1152, 896),
    "9:16": (768, 1344),
    "16:9": (1344, 768),
    "21:9": (1536, 672),
}
"""Sizes of 1K pictures: not quite of the shape they are named after, as the real ones."""

OTHERS = {"1:4": (512, 2048), "4:1": (2048, 512), "1:8": (352, 2816), "8:1": (2816, 352)}
TIMES = {"1K": 1, "2K": 2, "4K": 4}


def make_error(code: int, status: str, message: str, *details: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    return code, {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def quota(name: str, wait: str) -> tuple[Mapping[str, Any], ...]:
    return (
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": name}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": wait},
    )


WRONG_KEY = make_error(
    400,
    "INVALID_ARGUMENT",
    "API key not valid. Please pass a valid API key.",
    {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"},
)

REFUSALS: dict[str, tuple[int, dict[str, Any]]] = {
    "too fast": make_error(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota. Please retry in 0.2s.",
        *quota("GenerateRequestsPerMinutePerProjectPerModel", "0.2s"),
    ),
    "much too fast": make_error(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota. Please retry in 100s.",
        *quota("GenerateRequestsPerMinutePerProjectPerModel", "100s"),
    ),
    "day is over": make_error(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota.",
        *quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20s"),
    ),
    "never allowed": make_error(429, "RESOURCE_EXHAUSTED", "* Quota exceeded for metric: images, limit: 0, model: x"),
    "exhausted": make_error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "no money": make_error(402, "RESOURCE_EXHAUSTED", "Your prepay credits are depleted."),
    "no billing": make_error(400, "FAILED_PRECONDITION", "Free tier is not available in your country."),
    "bad request": make_error(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    "forbidden": make_error(403, "PERMISSION_DENIED", "Your API key was reported as leaked."),
    "unauthorised": make_error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
    "trouble": make_error(500, "INTERNAL", "An internal error has occurred."),
    "overloaded": make_error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "too long": make_error(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}


def not_found(what: str) -> tuple[int, dict[str, Any]]:
    return make_error(404, "NOT_FOUND", f"{what} is not found for API version v1")


def read_pictures(body: Mapping[str, Any]) -> list[bytes]:
    """The pictures in a request, in order."""
    parts = [part for content in body["contents"] for part in content["parts"]]
    found = [part["inlineData"]["data"] for part in parts if "inlineData" in part]
    return [base64.urlsafe_b64decode(data) for data in found]


def read_words(body: Mapping[str, Any]) -> str:
    """The words in a request."""
    return "\n".join(part.get("text", "") for content in body["contents"] for part in content["parts"])


def find_size(body: Mapping[str, Any], model: str) -> tuple[int, int]:
    """Width and height that are asked for. Raises ``KeyError`` where the model does not draw so."""
    config = body["generationConfig"]["imageConfig"]
    times = TIMES[config.get("imageSize", "1K")]
    if times > 1 and "lite" in model:
        raise KeyError(config["imageSize"])
    width, height = (SIDES | OTHERS)[config["aspectRatio"]]
    return width * times, height * times


def make_answer(parts: list[dict[str, Any]], reason: str = "STOP") -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}]}


def make_picture_part(data: bytes) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(data).decode()}}


def refused_for(category: str, reason: str = "IMAGE_SAFETY") -> dict[str, Any]:
    rating = {"category": f"HARM_CATEGORY_{category}", "probability": "HIGH", "blocked": True}
    return {"candidates": [{"finishReason": reason, "index": 0, "safetyRatings": [rating]}]}


WITHOUT_PICTURE: dict[str, dict[str, Any]] = {
    "words": make_answer([{"text": "I cannot draw that, but here is a poem."}]),
    "nothing": {"candidates": []},
    "stop": {"candidates": [{"finishReason": "STOP", "index": 0}]},
    "no image": {"candidates": [{"finishReason": "NO_IMAGE", "index": 0}]},
    "blocked": {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}},
    "blocked word": {"promptFeedback": {"blockReason": "BLOCKLIST"}},
    "unsafe": {"candidates": [{"finishReason": "IMAGE_SAFETY", "index": 0}]},
    "unsafe kind": refused_for("DANGEROUS_CONTENT"),
    "new reason": {"candidates": [{"finishReason": "A_REASON_OF_NEXT_YEAR", "index": 0}]},
}
"""Answers that are none, word by word."""
