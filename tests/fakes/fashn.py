"""A FASHN API: orders, questions how they stand, credits, and the place where finished pictures lie.

What becomes of the next orders is told to it beforehand, one word each (``orders``: :data:`REFUSALS` and "take",
"lose", "hang", "page"), and so is how the jobs end (``endings``: "completed", the name of an error, …).
"""

from __future__ import annotations

import base64
import binascii
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from tests.fakes.drawing import dress
from tests.fakes.serving import Exchange, Fake

from vtonlab.engines.contract import Picture
from vtonlab.imaging.write import encode_picture

KEY = "fa-the-right-key"
CATEGORIES = {"auto", "tops", "bottoms", "one-pieces"}
KNOWN_INPUTS = {
    "model_image",
    "garment_image",
    "category",
    "garment_photo_type",
    "mode",
    "moderation_level",
    "segmentation_free",
    "num_samples",
    "seed",
    "output_format",
    "return_base64",
}

REFUSALS: dict[str, tuple[int, str, dict[str, str]]] = {
    "too fast": (429, "RateLimitExceeded", {"Retry-After": "1"}),
    "much too fast": (429, "RateLimitExceeded", {"Retry-After": "300"}),
    "too many": (429, "ConcurrencyLimitExceeded", {}),
    "no credits": (429, "OutOfCredits", {}),
    "bad request": (400, "BadRequest", {}),
    "unauthorised": (401, "UnauthorizedAccess", {}),
    "trouble": (500, "InternalServerError", {}),
    "overloaded": (503, "UnavailableError", {}),
    "not found": (404, "NotFound", {}),
}


@dataclass
class Job:
    inputs: dict[str, Any]
    ending: str
    asked: int = 0
    fetched: int = 0
    ended: bool = False
    made: bytes = b""


@dataclass
class Knobs:
    """``questions``: how often a job is asked about until it is done. ``trouble``: answers to the next questions, as
    HTTP codes; 0 drops the line. ``fetches``: what becomes of the next fetches: "picture", "gone", "half", "noise",
    "trouble", "redirect", "hang"."""

    questions: int = 2
    orders: deque[str] = field(default_factory=deque)
    endings: deque[str] = field(default_factory=deque)
    trouble: deque[int] = field(default_factory=deque)
    fetches: deque[str] = field(default_factory=deque)
    credits: int = 100
    output: str = ""
    """Address of the finished picture, where it is not the fake's own."""
    side: int = 648
    """Longer side of what it makes, in pixels."""
    is_cutting: bool = False
    """Whether it cuts the photo to 2:3 first."""
    slow: float = 0.0
    """Seconds an order takes."""


class FakeFashn(Fake):
    """``asked``: orders with the right key. ``bought``: orders that were taken, and are paid unless they fail.
    ``at_once``: the most jobs that ran at one time."""

    def __init__(self, **knobs: Any) -> None:
        super().__init__()
        self.knobs = Knobs(**knobs)
        self.jobs: dict[str, Job] = {}
        self.asked = 0
        self.bought = 0
        self.at_once = 0
        self.keys_at_pictures: list[str] = []

    @property
    def url(self) -> str:
        return f"{self.address}/v1"

    def is_let_in(self, exchange: Exchange) -> bool:
        if exchange.headers.get("authorization") == f"Bearer {KEY}":
            return True
        exchange.answer(401, {"error": "UnauthorizedAccess", "message": "Unauthorized: Invalid token"})
        return False

    def get(self, exchange: Exchange) -> None:
        if exchange.path.startswith("/pictures/"):
            self._give(exchange, exchange.path.split("/")[2])
        elif not self.is_let_in(exchange):
            return
        elif exchange.path == "/v1/credits":
            exchange.answer(200, {"credits": {"total": self.knobs.credits, "subscription": 0, "on_demand": 0}})
        elif exchange.path.startswith("/v1/status/"):
            self._tell(exchange, exchange.path.removeprefix("/v1/status/"))
        else:
            exchange.answer(404, {"error": "NotFound", "message": "Cannot GET"})

    def post(self, exchange: Exchange) -> None:
        if not self.is_let_in(exchange):
            return
        if exchange.path != "/v1/run":
            exchange.answer(404, {"error": "NotFound", "message": "Cannot POST"})
            return
        with self.lock:
            self.asked += 1
            word = self.knobs.orders.popleft() if self.knobs.orders else "take"
        if word in REFUSALS:
            code, name, headers = REFUSALS[word]
            exchange.answer(code, {"error": name, "message": "No."}, headers)
        elif word == "page":
            exchange.send(502, b"<html>Bad gateway</html>", "text/html")
        else:
            self._take(exchange, word)

    def _take(self, exchange: Exchange, word: str) -> None:
        wanted = exchange.json()
        inputs = wanted.get("inputs", {})
        if wanted.get("model_name") != "tryon-v1.6" or not is_right(inputs):
            exchange.answer(400, {"error": "BadRequest", "message": "Invalid inputs"})
            return
        remote_id = f"{uuid.uuid4()}-u1"
        with self.lock:
            self.bought += 1
            ending = self.knobs.endings.popleft() if self.knobs.endings else "completed"
            self.jobs[remote_id] = Job(inputs, ending)
            self.at_once = max(self.at_once, sum(not job.ended for job in self.jobs.values()))
        time.sleep(self.knobs.slow)
        if word == "lose":
            exchange.drop()
        elif word == "hang":
            self.closing.wait(60)
            exchange.drop()
        else:
            exchange.answer(200, {"id": remote_id, "error": None})

    def _tell(self, exchange: Exchange, remote_id: str) -> None:
        with self.lock:
            job = self.jobs.get(remote_id)
            trouble = self.knobs.trouble.popleft() if self.knobs.trouble else None
            if job is not None and trouble is None:
                job.asked += 1
        if trouble == 0:
            exchange.drop()
        elif trouble is not None:
            exchange.answer(trouble, {"error": "Trouble", "message": "Later."})
        elif job is None:
            exchange.answer(404, {"error": "NotFound", "message": f"Prediction {remote_id} not found"})
        else:
            exchange.answer(200, {"id": remote_id, "output": None, "error": None} | self._state(remote_id, job))

    def _state(self, remote_id: str, job: Job) -> dict[str, Any]:
        if job.asked <= self.knobs.questions:
            return {"status": "in_queue" if job.asked == 1 else "processing"}
        job.ended = True
        if job.ending == "completed":
            address = self.knobs.output or f"{self.address}/pictures/{remote_id}/output_0.png"
            return {"status": "completed", "output": [address]}
        if job.ending in {"canceled", "time_out"}:
            return {"status": job.ending}
        if job.ending == "empty":
            return {"status": "completed", "output": []}
        return {"status": "failed", "error": {"name": job.ending, "message": "It did not work."}}

    def _give(self, exchange: Exchange, remote_id: str) -> None:
        with self.lock:
            self.keys_at_pictures += [exchange.headers["authorization"]] if "authorization" in exchange.headers else []
            word = self.knobs.fetches.popleft() if self.knobs.fetches else "picture"
            job = self.jobs[remote_id]
            job.fetched += 1
            if not job.made:
                person, garment = (read_data(job.inputs[name]) for name in ("model_image", "garment_image"))
                job.made = encode_picture(self._draw(person, garment), ".png")
        match word:
            case "picture":
                exchange.send(200, job.made, "image/png")
            case "gone":
                exchange.send(404, b"", "text/plain")
            case "half":
                exchange.send_half(job.made, "image/png")
            case "noise":
                exchange.send(200, job.made[:500], "image/png")
            case "trouble":
                exchange.send(502, b"", "text/plain")
            case "redirect":
                exchange.send(302, b"", "text/plain", {"Location": f"/pictures/{remote_id}/again.png"})
            case "hang":
                self.closing.wait(60)
                exchange.drop()

    def _draw(self, person: bytes, garment: bytes) -> Picture:
        made = dress(person, garment)
        height, width = made.shape[:2]
        if self.knobs.is_cutting:
            kept = min(width, height * 2 // 3)
            made = made[:, (width - kept) // 2 :][:, :kept]
        scale = self.knobs.side / max(made.shape[:2])
        return np.asarray(cv2.resize(made, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def is_right(inputs: dict[str, Any]) -> bool:
    """Whether the service would take them."""
    try:
        pictures = [read_data(inputs[name]) for name in ("model_image", "garment_image")]
    except (KeyError, ValueError, binascii.Error):
        return False
    return (
        all(picture.startswith(b"\xff\xd8") for picture in pictures)
        and inputs.keys() <= KNOWN_INPUTS
        and inputs.get("category", "auto") in CATEGORIES
        and inputs.get("mode", "balanced") in {"performance", "balanced", "quality"}
        and inputs.get("moderation_level", "permissive") in {"conservative", "permissive", "none"}
        and inputs.get("garment_photo_type", "auto") in {"auto", "flat-lay", "model"}
        and isinstance(inputs.get("segmentation_free", True), bool)
        and 0 <= inputs.get("seed", 42) < 2**32
    )


def read_data(address: str) -> bytes:
    """The bytes of a data address."""
    kind, _, data = address.partition(",")
    if kind != "data:image/jpeg;base64":
        raise ValueError(kind)
    return base64.b64decode(data, validate=True)
