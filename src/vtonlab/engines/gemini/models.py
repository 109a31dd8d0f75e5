"""The image models of the service: what is known of them, and which of them there are today."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from vtonlab.engines.contract import silent
from vtonlab.engines.gemini.calls import Garbled, Refused, list_models
from vtonlab.engines.gemini.card import FEW, MANY, RATIOS
from vtonlab.engines.gemini.setup import Setup, is_small, sizes_of
from vtonlab.engines.generating import ImageModel
from vtonlab.engines.line import Line

if TYPE_CHECKING:
    from google.genai import types

log = logging.getLogger(__name__)

KNOWN: Final = {
    "gemini-nano-banana-2.1": "Nano Banana 2.1",
    "gemini-3-pro-image": "Gemini 3 Pro Image",
    "gemini-3.1-flash-lite-image": "Gemini 3.1 Flash-Lite Image",
}
"""Offered where the service cannot be asked."""

PLAIN_RATIOS: Final = RATIOS[:10]
"""Without the very long ones, which only models of the third generation draw."""
SECONDS: Final = 4.0
"""For the list of models."""
FRESH_SECONDS: Final = 600.0
"""For which the list is taken to be true."""
RETRY_SECONDS: Final = 60.0
"""After which a service that did not answer is asked again."""

FAULTS: Final = (Refused, Garbled, TimeoutError, httpx.HTTPError, httpx.InvalidURL)


def describe(name: str, setup: Setup, title: str = "", *, batch: bool = True) -> ImageModel:
    """The model ``name``, as far as its name tells. Of the API's own parameters none is for what shall not be in a
    picture: those words are sent as a sentence of the prompt."""
    sizes = sizes_of(name)
    prices = {"1K": setup.price, "2K": setup.price, "4K": setup.price_4k}
    return ImageModel(
        name=name,
        title=title or KNOWN.get(name) or name,
        aspect_ratios=PLAIN_RATIOS if is_small(name) or "pro" in name else RATIOS,
        resolutions=sizes,
        references=FEW if is_small(name) else MANY,
        seed=True,
        negative_prompt=True,
        batch=batch,
        prices={size: prices[size] for size in sizes},
    )


@dataclass(frozen=True)
class Listed:
    """A model of the service's own list."""

    name: str
    title: str
    batch: bool


class Catalogue:
    """The models of one setup, asked now and then. May be used from several threads."""

    def __init__(self, setup: Setup, clock: Callable[[], float] = time.monotonic) -> None:
        self._setup = setup
        self._clock = clock
        self._listed: tuple[Listed, ...] = ()
        self._until = float("-inf")
        self._lock = threading.Lock()

    def get(self) -> tuple[ImageModel, ...]:
        """The models, the usual one first; asks the service where the last answer is old, for a few seconds."""
        with self._lock:
            if self._clock() >= self._until:
                self._ask()
            listed = {one.name: one for one in self._listed}
        chosen = self._setup.models or (*dict.fromkeys((self._setup.model, *(listed or KNOWN))),)
        names = sorted(chosen, key=lambda name: name != self._setup.model)
        return tuple(self._make(name, listed.get(name)) for name in names)

    def _make(self, name: str, listed: Listed | None) -> ImageModel:
        if listed is None:
            return describe(name, self._setup)
        return describe(name, self._setup, listed.title, batch=listed.batch)

    def _ask(self) -> None:
        try:
            with Line(silent, self._setup.auth) as line:
                answer = line.wait(list_models(line.client, self._setup, SECONDS), lambda _: (0.0, "asking"))
        except FAULTS as error:
            log.info("the image models of %s could not be asked for: %s", self._setup.host, type(error).__name__)
            self._until = self._clock() + RETRY_SECONDS
            return
        self._listed = tuple(filter(None, map(read_model, answer)))
        self._until = self._clock() + FRESH_SECONDS


def read_model(model: types.Model) -> Listed | None:
    """``model`` where it draws pictures by ``generateContent``; the API says so nowhere but in its name."""
    name = (model.name or "").removeprefix("models/")
    can = model.supported_actions or ["generateContent", "batchGenerateContent"]
    if not ("image" in name or "banana" in name) or "generateContent" not in can:
        return None
    return Listed(name, model.display_name or "", "batchGenerateContent" in can)
