"""A Gemini API, as far as image models go, over the wire format of version ``v1``: single pictures, batches, files
and the list of models.

What becomes of requests is told to it beforehand, one word each (:data:`ANSWERS`, and the words of
:mod:`tests.fakes.gemini_wire`): of the next ones (``answers``), or of those whose prompt contains something
(``by_prompt``), in batches too. How its batches behave: :class:`tests.fakes.gemini_batches.Knobs`.

It is a server of its own, in threads of its own: programs in other processes may use it (``VTONLAB_GEMINI_URL``, with
the key ``KEY``), be killed, and find everything as it was.
"""

from __future__ import annotations

import binascii
import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from tests.fakes.drawing import dress
from tests.fakes.gemini_batches import Batches
from tests.fakes.gemini_files import Files
from tests.fakes.gemini_wire import (
    KEY,
    MODELS,
    OTHER_MODELS,
    REFUSALS,
    WITHOUT_PICTURE,
    WRONG_KEY,
    find_size,
    make_answer,
    make_picture_part,
    not_found,
    read_pictures,
    read_words,
)
from tests.fakes.serving import Exchange, Fake

from vtonlab.engines.contract import Picture
from vtonlab.engines.gemini.prompt import KEEP
from vtonlab.imaging.read import read_picture
from vtonlab.imaging.write import encode_picture

__all__ = ["KEY", "MODELS", "FakeGemini", "colour_of", "read_pictures", "read_words"]


class FakeGemini(Fake):
    """``answers``: what becomes of the next requests; ``"picture"`` when there is nothing left. ``by_prompt``: what
    becomes of those whose words contain the key. ``asked``: requests with the right key, ``bought``: pictures made,
    seen by anybody or not, those of batches too. ``requests``: the bodies, of batches one for each prompt. ``scale``:
    of its pictures, small ones are drawn faster. ``models``: those that are listed."""

    def __init__(self, *answers: str) -> None:
        super().__init__()
        self.answers = deque(answers)
        self.by_prompt: dict[str, str] = {}
        self.asked = 0
        self.bought = 0
        self.health_code = 200
        self.lists_asked = 0
        self.models: list[str] = [*OTHER_MODELS, *MODELS]
        self.requests: list[dict[str, Any]] = []
        self.seen: list[Exchange] = []
        self.size: tuple[int, int] | None = None
        self.scale = 0.5
        self.files = Files(self)
        self.batches = Batches(self)

    @property
    def batch(self):
        """How its batches behave."""
        return self.batches.knobs

    def get(self, exchange: Exchange) -> None:
        path = exchange.path
        if exchange.headers.get("x-goog-api-key") != KEY:
            exchange.answer(*WRONG_KEY)
        elif path == "/v1/models":
            self._list_models(exchange)
        elif path.startswith("/v1/models/"):
            self._tell_model(exchange, path.removeprefix("/v1/models/"))
        elif path == "/v1/batches" or path.startswith("/v1/batches/"):
            self.batches.get(exchange)
        elif path.startswith("/v1/files/"):
            self.files.get(exchange)
        else:
            exchange.answer(*not_found(path))

    def post(self, exchange: Exchange) -> None:
        path = exchange.path
        if path.startswith("/upload/"):  # its second step comes without a key
            self.files.post(exchange)
        elif exchange.headers.get("x-goog-api-key") != KEY:
            exchange.answer(*WRONG_KEY)
        elif path.startswith("/v1/batches/"):
            self.batches.post(exchange)
        else:
            model, _, method = path.removeprefix("/v1/models/").partition(":")
            if model not in MODELS or method not in {"generateContent", "batchGenerateContent"}:
                exchange.answer(*not_found(f"models/{model}"))
            elif method == "generateContent":
                self._generate(exchange, model)
            else:
                self.batches.create(exchange, model)

    def _list_models(self, exchange: Exchange) -> None:
        with self.lock:
            self.lists_asked += 1
        if self.health_code != 200:
            exchange.answer(*REFUSALS["trouble"])
            return
        methods = {"text-embedding-004": ["embedContent"], "imagen-5.0-generate": ["predict"]}
        exchange.answer(
            200,
            {
                "models": [
                    {
                        "name": f"models/{name}",
                        "displayName": name.replace("-", " ").title(),
                        "supportedGenerationMethods": methods.get(name, ["generateContent", "batchGenerateContent"]),
                        "aFieldOfNextYear": {"is": "there"},
                    }
                    for name in self.models
                ]
            },
        )

    def _tell_model(self, exchange: Exchange, model: str) -> None:
        if model in MODELS:
            exchange.answer(self.health_code, {"name": f"models/{model}"})
        else:
            exchange.answer(*not_found(f"models/{model}"))

    def _generate(self, exchange: Exchange, model: str) -> None:
        body = exchange.json()
        with self.lock:
            self.asked += 1
            self.requests.append(body)
            self.seen.append(exchange)
            word = self.answers.popleft() if self.answers else self.find_word(body)
        if word in REFUSALS:
            exchange.answer(*REFUSALS[word])
        elif word in WITHOUT_PICTURE:
            exchange.answer(200, WITHOUT_PICTURE[word])
        elif not is_right(body, model):
            exchange.answer(*REFUSALS["bad request"])
        else:
            ANSWERS[word](self, exchange, body, model)

    def find_word(self, body: Mapping[str, Any]) -> str:
        """What becomes of a request, by its words."""
        said = read_words(body)
        return next((word for part, word in self.by_prompt.items() if part in said), "picture")

    def buy(self, body: Mapping[str, Any], model: str) -> bytes:
        """A picture for a request, as a file."""
        with self.lock:
            self.bought += 1
        width, height = self.size or find_size(body, model)
        return encode_picture(draw(body, (round(width * self.scale), round(height * self.scale))), ".png")


def is_right(body: Mapping[str, Any], model: str) -> bool:
    """Whether the service would take the request."""
    try:
        read_pictures(body)
        find_size(body, model)
        return bool(read_words(body).strip()) and body["generationConfig"]["responseModalities"] == ["IMAGE"]
    except (KeyError, TypeError, binascii.Error):
        return False


def draw(body: Mapping[str, Any], size: tuple[int, int]) -> Picture:
    """What a model draws: the dressed person; else a plain ground in the colour of the words, with the reference
    pictures in the colour of each side by side across its middle."""
    pictures, words = read_pictures(body), read_words(body)
    if KEEP in words:
        return dress(pictures[0], pictures[1], size)
    made = np.full((size[1], size[0], 3), colour_of(words.split("\n")[0]), np.uint8)
    made[: size[1] // 8] //= 2
    width = size[0] // max(1, len(pictures))
    for place, data in enumerate(pictures):
        colour = read_picture(data).mean(axis=(0, 1))
        made[size[1] // 3 : size[1] // 2, place * width : (place + 1) * width] = colour
    return np.asarray(cv2.GaussianBlur(made, (3, 3), 0), np.uint8)


def colour_of(prompt: str) -> tuple[int, int, int]:
    """The colour in which a prompt is drawn."""
    red, green, blue = hashlib.blake2b(prompt.encode(), digest_size=3).digest()
    return red, green, blue


def _send_picture(fake: FakeGemini, exchange: Exchange, body: Mapping[str, Any], model: str) -> None:
    exchange.answer(200, make_answer([make_picture_part(fake.buy(body, model))]))


def _send_drafts(fake: FakeGemini, exchange: Exchange, body: Mapping[str, Any], model: str) -> None:
    final = fake.buy(body, model)
    pictures = read_pictures(body)
    draft = encode_picture(dress(pictures[0], pictures[0]), ".png") if pictures else final[:100]
    thought = make_picture_part(draft) | {"thought": True}
    words = {"text": "Here is the picture."}
    exchange.answer(200, make_answer([{"text": "Hm.", "thought": True}, thought, words, make_picture_part(final)]))


def _send_unchanged(fake: FakeGemini, exchange: Exchange, body: Mapping[str, Any], model: str) -> None:
    fake.buy(body, model)
    exchange.answer(200, make_answer([make_picture_part(read_pictures(body)[0])]))


def _hang(fake: FakeGemini, exchange: Exchange, body: Mapping[str, Any], model: str) -> None:
    fake.buy(body, model)
    fake.closing.wait(60)
    exchange.drop()


def _lose(fake: FakeGemini, exchange: Exchange, body: Mapping[str, Any], model: str) -> None:
    fake.buy(body, model)
    exchange.drop()


def _break_off(fake: FakeGemini, exchange: Exchange, body: Mapping[str, Any], model: str) -> None:
    fake.buy(body, model)
    exchange.send_half(b'{"candidates": [{"content": {"parts": [' + b" " * 4000, "application/json")


def _send_noise(fake: FakeGemini, exchange: Exchange, body: Mapping[str, Any], model: str) -> None:
    exchange.answer(200, make_answer([make_picture_part(fake.buy(body, model)[:60])]))


def _send_page(_: FakeGemini, exchange: Exchange, __: Mapping[str, Any], ___: str) -> None:
    exchange.send(200, b"<html>Welcome to the hotel's network</html>", "text/html")


ANSWERS: dict[str, Callable[[FakeGemini, Exchange, Mapping[str, Any], str], None]] = {
    "picture": _send_picture,
    "drafts": _send_drafts,
    "unchanged": _send_unchanged,
    "hang": _hang,
    "lose": _lose,
    "break off": _break_off,
    "noise": _send_noise,
    "page": _send_page,
}
"""What can become of a request, besides refusals and answers without a picture."""
