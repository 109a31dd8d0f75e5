"""The batches of the fake Gemini API: handed in inline or as a file, done after a while, answered in any order."""

from __future__ import annotations

import json
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.gemini_wire import REFUSALS, WITHOUT_PICTURE, make_answer, make_picture_part, not_found
from tests.fakes.serving import Exchange

if TYPE_CHECKING:
    from tests.fakes.gemini import FakeGemini

PAGE = 4
"""Batches on a page of their list, at most."""
TYPE = "type.googleapis.com/google.ai.generativelanguage.v1main."


@dataclass
class Knobs:
    """``polls``: how often a batch is asked about until it is done; or, where ``seconds`` are given, how long it takes.

    ``handed_in``: what becomes of the next batches that are handed in: "take", "lose" (taken, no answer), "hang"
    (taken, no answer ever), "forget" (not taken, no answer), "nameless" (taken, answered without its name), or a
    refusal.

    ``failing``: what becomes of prompts by their number in the batch: "picture", an answer without one ("unsafe",
    "words" …), a refusal ("trouble" …) or "missing" (no answer at all).

    ``ending``: "succeeded", "failed", "expired" or "cancelled", with ``done`` of the prompts answered (a share) in the
    last two. ``words``: "BATCH" or "JOB", how states are called. ``trouble``: what becomes of the next questions:
    refusals, or "hang", "lose"."""

    polls: int = 1
    seconds: float | None = None
    handed_in: deque[str] = field(default_factory=deque)
    failing: dict[int, str] = field(default_factory=dict)
    ending: str = "succeeded"
    done: float = 0.5
    words: str = "BATCH"
    is_shuffled: bool = False
    trouble: deque[str] = field(default_factory=deque)


@dataclass
class Batch:
    name: str
    title: str
    model: str
    requests: list[tuple[str, dict[str, Any]]]
    """Key and request of each."""
    from_file: bool
    begun: float = field(default_factory=time.monotonic)
    polls: int = 0
    is_cancelled: bool = False
    pictures: dict[int, bytes] = field(default_factory=dict)


class Batches:
    """``all``: what was handed in and taken, which is what is paid for. ``polls``: questions how one stands."""

    def __init__(self, fake: FakeGemini) -> None:
        self._fake = fake
        self.knobs = Knobs()
        self.all: dict[str, Batch] = {}
        self.polls = 0
        self.cancels = 0

    def create(self, exchange: Exchange, model: str) -> None:
        word = self.knobs.handed_in.popleft() if self.knobs.handed_in else "take"
        if word in REFUSALS:
            exchange.answer(*REFUSALS[word])
            return
        if word == "forget":
            exchange.drop()
            return
        body = exchange.json()["batch"]
        requests, from_file = self._read(body["inputConfig"])
        if not requests or not body.get("displayName"):
            exchange.answer(*REFUSALS["bad request"])
            return
        batch = Batch(f"batches/{uuid.uuid4().hex}", body["displayName"], model, requests, from_file)
        with self._fake.lock:
            self.all[batch.name] = batch
            self._fake.requests += [request for _, request in requests]
        if word == "hang":
            self._fake.closing.wait(60)
        if word in {"hang", "lose"}:
            exchange.drop()
        else:
            exchange.answer(200, self._tell(batch) if word != "nameless" else {"done": False})

    def get(self, exchange: Exchange) -> None:
        word = self.knobs.trouble.popleft() if self.knobs.trouble else ""
        if word in REFUSALS:
            exchange.answer(*REFUSALS[word])
            return
        if word in {"hang", "lose"}:
            self._fake.closing.wait(60 if word == "hang" else 0)
            exchange.drop()
            return
        name = exchange.path.removeprefix("/v1/")
        if name == "batches":
            self._list(exchange)
        elif name not in self.all:
            exchange.answer(*not_found(name))
        else:
            with self._fake.lock:
                self.polls += 1
                self.all[name].polls += 1
            exchange.answer(200, self._tell(self.all[name], is_asked=True))

    def post(self, exchange: Exchange) -> None:
        name, _, method = exchange.path.removeprefix("/v1/").partition(":")
        batch = self.all.get(name)
        if batch is None or method != "cancel":
            exchange.answer(*not_found(name))
        elif self._state(batch) not in {"PENDING", "RUNNING"}:
            exchange.answer(*REFUSALS["no billing"])  # FAILED_PRECONDITION
        else:
            with self._fake.lock:
                self.cancels += 1
                batch.is_cancelled = True
            exchange.answer(200, {})

    def _read(self, config: Mapping[str, Any]) -> tuple[list[tuple[str, dict[str, Any]]], bool]:
        """The requests with their keys; whether they came as a file."""
        if "fileName" in config:
            lines = self._fake.files.uploaded.get(config["fileName"], b"").splitlines()
            return [(line["key"], line["request"]) for line in map(json.loads, lines)], True
        inline = config["requests"]["requests"]
        return [(one["metadata"]["key"], one["request"]) for one in inline], False

    def _list(self, exchange: Exchange) -> None:
        asked = parse_qs(urlsplit(exchange.full_path).query)
        begin = int(asked.get("pageToken", ["0"])[0])
        page = sorted(self.all.values(), key=lambda one: -one.begun)[begin : begin + PAGE]
        more = {"nextPageToken": str(begin + PAGE)} if begin + PAGE < len(self.all) else {}
        exchange.answer(200, {"operations": [self._tell(one) for one in page], **more})

    def _share(self, batch: Batch) -> float:
        """How much of it is done."""
        if self.knobs.seconds is not None:
            return min(1.0, (time.monotonic() - batch.begun) / max(self.knobs.seconds, 1e-9))
        return min(1.0, batch.polls / (self.knobs.polls + 1))

    def _state(self, batch: Batch) -> str:
        if batch.is_cancelled:
            return "CANCELLED"
        share = self._share(batch)
        return self.knobs.ending.upper() if share >= 1 else "RUNNING" if share else "PENDING"

    def _tell(self, batch: Batch, *, is_asked: bool = False) -> dict[str, Any]:
        """The operation, as the service tells of it; with the answers only to who asks for this very one."""
        state, count = self._state(batch), len(batch.requests)
        is_over = state not in {"PENDING", "RUNNING"}
        known = self._count_known(batch, state)
        failed = sum(self._word(batch, index) != "picture" for index in range(known))
        stats = {
            "requestCount": str(count),
            "pendingRequestCount": str(count - known),
            "successfulRequestCount": str(known - failed),
            "failedRequestCount": str(failed),
        }
        told: dict[str, Any] = {
            "@type": f"{TYPE}GenerateContentBatch",
            "model": f"models/{batch.model}",
            "displayName": batch.title,
            "state": f"{self.knobs.words}_STATE_{state}",
            "createTime": "2026-11-22T10:00:00.123456Z",
            "updateTime": "2026-11-22T10:00:05.654321Z",
            "name": batch.name,
            "batchStats": {name: value for name, value in stats.items() if value != "0"},
        }
        answer: dict[str, Any] = {"name": batch.name, "metadata": told}
        if not is_over:
            return answer
        answer["done"] = True
        told["endTime"] = "2026-11-22T11:00:00Z"
        if state == "FAILED":
            return answer | {"error": {"code": 13, "message": "The batch could not be processed."}}
        if is_asked and known:
            told["output"] = self._output(batch, known)
            answer["response"] = {"@type": f"{TYPE}GenerateContentBatchOutput", **told["output"]}
        return answer

    def _count_known(self, batch: Batch, state: str) -> int:
        """How many prompts are done."""
        count = len(batch.requests)
        if state == "SUCCEEDED":
            return count
        if state == "FAILED":
            return 0
        return int(count * (self.knobs.done if state in {"EXPIRED", "CANCELLED"} else self._share(batch)))

    def _output(self, batch: Batch, known: int) -> dict[str, Any]:
        indices = [index for index in range(known) if self._word(batch, index) != "missing"]
        if self.knobs.is_shuffled:
            indices = indices[1::2] + indices[::2]
        if batch.from_file:
            name = f"files/batch-{batch.name.removeprefix('batches/')}"
            self._fake.files.made[name] = lambda: b"".join(
                json.dumps({"key": batch.requests[index][0], **self._answer(batch, index)}).encode() + b"\n"
                for index in indices
            )
            return {"responsesFile": name}
        inline = [{"metadata": {"key": batch.requests[i][0]}, **self._answer(batch, i)} for i in indices]
        return {"inlinedResponses": {"inlinedResponses": inline}}

    def _word(self, batch: Batch, index: int) -> str:
        return self.knobs.failing.get(index) or self._fake.find_word(batch.requests[index][1])

    def _answer(self, batch: Batch, index: int) -> dict[str, Any]:
        word = self._word(batch, index)
        if word in REFUSALS:
            error = REFUSALS[word][1]["error"]
            return {"error": {"code": GRPC.get(error["status"], 13), "message": error["message"]}}
        if word in WITHOUT_PICTURE:
            return {"response": WITHOUT_PICTURE[word]}
        if index not in batch.pictures:
            batch.pictures[index] = self._fake.buy(batch.requests[index][1], batch.model)
        return {"response": make_answer([make_picture_part(batch.pictures[index])])}


GRPC = {
    "INVALID_ARGUMENT": 3,
    "DEADLINE_EXCEEDED": 4,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "INTERNAL": 13,
    "UNAVAILABLE": 14,
    "UNAUTHENTICATED": 16,
}
"""Numbers of google.rpc.Code."""
