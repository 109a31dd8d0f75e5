"""A Gemini API, as far as image models go: ``generateContent`` and the description of a model, over the wire format
of version ``v1``. What it answers is told to it beforehand, one word a request (:data:`ANSWERS`)."""

from __future__ import annotations

import base64
import binascii
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.drawing import dress
from tests.fakes.serving import Exchange, Fake

from vtonlab.imaging.write import encode_picture

KEY = "AIza-the-right-key"
MODELS = ("gemini-nano-banana-2.1", "gemini-3-pro-image", "gemini-3.1-flash-lite-image")
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


def _error(code: int, status: str, message: str, *details: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    return code, {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def _quota(name: str, wait: str) -> tuple[Mapping[str, Any], ...]:
    return (
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": name}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": wait},
    )


WRONG_KEY = _error(
    400,
    "INVALID_ARGUMENT",
    "API key not valid. Please pass a valid API key.",
    {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"},
)

REFUSALS: dict[str, tuple[int, dict[str, Any]]] = {
    "too fast": _error(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota. Please retry in 0.2s.",
        *_quota("GenerateRequestsPerMinutePerProjectPerModel", "0.2s"),
    ),
    "much too fast": _error(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota. Please retry in 100s.",
        *_quota("GenerateRequestsPerMinutePerProjectPerModel", "100s"),
    ),
    "day is over": _error(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota.",
        *_quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20s"),
    ),
    "never allowed": _error(429, "RESOURCE_EXHAUSTED", "* Quota exceeded for metric: images, limit: 0, model: x"),
    "exhausted": _error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "no money": _error(402, "RESOURCE_EXHAUSTED", "Your prepay credits are depleted."),
    "no billing": _error(400, "FAILED_PRECONDITION", "Free tier is not available in your country."),
    "bad request": _error(400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    "forbidden": _error(403, "PERMISSION_DENIED", "Your API key was reported as leaked."),
    "unauthorised": _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
    "trouble": _error(500, "INTERNAL", "An internal error has occurred."),
    "overloaded": _error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "too long": _error(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}


class FakeGemini(Fake):
    """``answers``: what becomes of the next requests; ``"picture"`` when there is nothing left. ``asked``: requests
    with the right key, ``bought``: pictures made, seen by anybody or not. ``requests``: their bodies. ``scale``:
    of its pictures, small ones are drawn faster."""

    def __init__(self, *answers: str) -> None:
        super().__init__()
        self.answers = deque(answers)
        self.asked = 0
        self.bought = 0
        self.health_code = 200
        self.requests: list[dict[str, Any]] = []
        self.seen: list[Exchange] = []
        self.size: tuple[int, int] | None = None
        self.scale = 0.5

    def get(self, exchange: Exchange) -> None:
        model = exchange.path.removeprefix("/v1/models/")
        if exchange.headers.get("x-goog-api-key") != KEY:
            exchange.answer(*WRONG_KEY)
        elif model not in MODELS:
            exchange.answer(*_error(404, "NOT_FOUND", f"models/{model} is not found for API version v1"))
        else:
            exchange.answer(self.health_code, {"name": f"models/{model}"})

    def post(self, exchange: Exchange) -> None:
        model, _, method = exchange.path.removeprefix("/v1/models/").partition(":")
        if exchange.headers.get("x-goog-api-key") != KEY:
            exchange.answer(*WRONG_KEY)
            return
        if model not in MODELS or method != "generateContent":
            exchange.answer(*_error(404, "NOT_FOUND", f"models/{model} is not found for API version v1"))
            return
        body = exchange.json()
        with self.lock:
            self.asked += 1
            self.requests.append(body)
            self.seen.append(exchange)
            word = self.answers.popleft() if self.answers else "picture"
        if word in REFUSALS:
            exchange.answer(*REFUSALS[word])
            return
        try:
            pictures = read_pictures(body)
            ratio = body["generationConfig"]["imageConfig"]["aspectRatio"]
            if not pictures or ratio not in SIDES | OTHERS:
                raise KeyError(ratio)
        except (KeyError, TypeError, binascii.Error):
            exchange.answer(*REFUSALS["bad request"])
            return
        width, height = self.size or (SIDES | OTHERS)[ratio]
        ANSWERS[word](self, exchange, pictures, (round(width * self.scale), round(height * self.scale)))

    def buy(self, pictures: list[bytes], size: tuple[int, int]) -> bytes:
        with self.lock:
            self.bought += 1
        return encode_picture(dress(pictures[0], pictures[1], size), ".png")


def read_pictures(body: Mapping[str, Any]) -> list[bytes]:
    """The pictures in a request, in order."""
    parts = [part for content in body["contents"] for part in content["parts"]]
    found = [part["inlineData"]["data"] for part in parts if "inlineData" in part]
    return [base64.urlsafe_b64decode(data) for data in found]


def read_words(body: Mapping[str, Any]) -> str:
    """The words in a request."""
    return "\n".join(part.get("text", "") for content in body["contents"] for part in content["parts"])


def _answer(parts: list[dict[str, Any]], reason: str = "STOP") -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}]}


def _picture_part(data: bytes) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(data).decode()}}


def _send_picture(fake: FakeGemini, exchange: Exchange, pictures: list[bytes], size: tuple[int, int]) -> None:
    exchange.answer(200, _answer([_picture_part(fake.buy(pictures, size))]))


def _send_drafts(fake: FakeGemini, exchange: Exchange, pictures: list[bytes], size: tuple[int, int]) -> None:
    draft = encode_picture(dress(pictures[0], pictures[0], size), ".png")
    thought = _picture_part(draft) | {"thought": True}
    words = {"text": "Here is the picture."}
    exchange.answer(
        200, _answer([{"text": "Hm.", "thought": True}, thought, words, _picture_part(fake.buy(pictures, size))])
    )


def _send_unchanged(fake: FakeGemini, exchange: Exchange, pictures: list[bytes], size: tuple[int, int]) -> None:
    fake.buy(pictures, size)
    exchange.answer(200, _answer([_picture_part(pictures[0])]))


def _hang(fake: FakeGemini, exchange: Exchange, pictures: list[bytes], size: tuple[int, int]) -> None:
    fake.buy(pictures, size)
    fake.closing.wait(60)
    exchange.drop()


def _lose(fake: FakeGemini, exchange: Exchange, pictures: list[bytes], size: tuple[int, int]) -> None:
    fake.buy(pictures, size)
    exchange.drop()


def _break_off(fake: FakeGemini, exchange: Exchange, pictures: list[bytes], size: tuple[int, int]) -> None:
    fake.buy(pictures, size)
    exchange.send_half(b'{"candidates": [{"content": {"parts": [' + b" " * 4000, "application/json")


def _send_words(content: Any) -> Callable[[FakeGemini, Exchange, list[bytes], tuple[int, int]], None]:
    def send(_: FakeGemini, exchange: Exchange, __: list[bytes], ___: tuple[int, int]) -> None:
        exchange.answer(200, content)

    return send


def _send_noise(fake: FakeGemini, exchange: Exchange, pictures: list[bytes], size: tuple[int, int]) -> None:
    exchange.answer(200, _answer([_picture_part(fake.buy(pictures, size)[:700])]))


def _send_page(_: FakeGemini, exchange: Exchange, __: list[bytes], ___: tuple[int, int]) -> None:
    exchange.send(200, b"<html>Welcome to the hotel's network</html>", "text/html")


ANSWERS: dict[str, Callable[[FakeGemini, Exchange, list[bytes], tuple[int, int]], None]] = {
    "picture": _send_picture,
    "drafts": _send_drafts,
    "unchanged": _send_unchanged,
    "hang": _hang,
    "lose": _lose,
    "break off": _break_off,
    "noise": _send_noise,
    "page": _send_page,
    "words": _send_words(_answer([{"text": "I cannot draw that, but here is a poem."}])),
    "nothing": _send_words({"candidates": []}),
    "stop": _send_words({"candidates": [{"finishReason": "STOP", "index": 0}]}),
    "blocked": _send_words({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
    "unsafe": _send_words({"candidates": [{"finishReason": "IMAGE_SAFETY", "index": 0}]}),
    "new reason": _send_words({"candidates": [{"finishReason": "A_REASON_OF_NEXT_YEAR", "index": 0}]}),
}
"""What can become of a request, besides :data:`REFUSALS`."""
