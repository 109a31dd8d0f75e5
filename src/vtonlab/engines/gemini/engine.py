"""The engine ``gemini``: image models of the Gemini API.

They edit a photo, with the garment's picture as reference:

    photo, garments → prompt → one call, which costs → picture → placed on the photo → only the change pasted back

and draw new pictures, one at a time as above, or up to a hundred at half the price, within a day
(:mod:`vtonlab.engines.gemini.batches`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from vtonlab.engines import contract
from vtonlab.engines.answers import Sent, decode, encode, finish, options_of, prepare
from vtonlab.engines.contract import Health, Report, TryOnRequest, TryOnResult, silent
from vtonlab.engines.gemini.answer import read_answer
from vtonlab.engines.gemini.batches import Batches
from vtonlab.engines.gemini.buying import buy
from vtonlab.engines.gemini.card import capabilities
from vtonlab.engines.gemini.drawing import find_model, write_prompts
from vtonlab.engines.gemini.health import ask_health
from vtonlab.engines.gemini.models import Catalogue
from vtonlab.engines.gemini.prompt import Prompt, nearest_ratio, nearest_size, numbers, write_try_on
from vtonlab.engines.gemini.setup import Setup, read_setup
from vtonlab.engines.generating import (
    BatchAnswer,
    BatchRequest,
    BatchState,
    GenerateRequest,
    GenerateResult,
    ImageModel,
)
from vtonlab.engines.line import Line, Quota, kept
from vtonlab.errors import AnswerLost, BadOption, ContentRefused, EngineNotSetUp, PromptRefused, Text

PHOTO_SIDE: Final = 2048
"""Longer side of the photo as it is sent, in pixels: what a 2K answer can show."""
GARMENT_SIDE: Final = 1536
"""Longer side of a garment's picture as it is sent."""

TOO_LARGE: Final = Text("the model {model} draws 1K only", "模型 {model} 只能生成 1K 图片")


class Options(contract.Options):
    """What can be asked of this engine."""

    composite: bool = True
    """Only what changed is taken from the answer, face, hands and background stay the photo's own pixels; without it,
    the service's raw picture."""
    size: Literal["auto", "1K", "2K", "4K"] = "auto"
    """Of the service's picture; `auto` takes what is nearest to the photo, at most 2K. Larger ones cost more."""
    seed: Annotated[int | None, Field(ge=-1, le=2**31 - 1)] = None
    """The same seed draws about the same picture; -1 or none draws another each time."""


class GeminiEngine:
    """Dresses people with an image model of the Gemini API. One object may be used from several threads."""

    name = "gemini"
    title = Text("Gemini (Google)", "Gemini（Google）")
    Options = Options

    def __init__(self) -> None:
        self._take(Setup())

    def equip(self, values: Mapping[str, object]) -> None:
        """Take ``api_key``, ``model``, ``models``, ``url``, ``seconds``, ``price`` and ``price_4k``."""
        self._take(read_setup(values))

    def _take(self, setup: Setup) -> None:
        self._setup = setup
        self._quota = Quota(self.name)
        self._catalogue = Catalogue(setup)
        self._batches = Batches(self.name, setup, self._quota)
        self.capabilities = capabilities(setup)

    def health(self) -> Health:
        """Whether the service knows our key and the model; at most 5 seconds."""
        return ask_health(self._setup)

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        """Dress the person.

        Raises ``EngineNotSetUp``, ``BadOption``, ``KeyRefused``, ``BudgetSpent``, ``QuotaExceeded``, ``EngineBusy``,
        ``EngineUnavailable``, ``NotThatService``, ``ContentRefused``, ``NoPicture``, ``EngineTimeout``, ``AnswerLost``
        and ``Cancelled``.
        """
        asked, setup = options_of(Options, request), self._check_set_up()
        if asked.size not in {"auto", *setup.sizes}:
            raise BadOption(option="size", reason=TOO_LARGE.with_values(model=setup.model))
        if kept(request.errand):
            raise AnswerLost(engine=self.name)
        report(0.0, "preparing")
        begin = time.perf_counter()
        sent, prompt = _ask_for(request, asked, setup)
        prepared = time.perf_counter()
        with Line(report, setup.auth) as line:
            answer = buy(line, prompt, setup, self._quota, request.errand, setup.price, self.name)
        try:
            data = read_answer(answer, self.name)
        except PromptRefused as error:  # nobody wrote a prompt
            raise ContentRefused(engine=self.name) from error
        answered = time.perf_counter()
        report(0.9, "finishing")
        timings = {"preparing": prepared - begin, "remote_work": answered - prepared}
        return finish(self.name, request.person, sent, decode(data, self.name), timings, composite=asked.composite)

    def models(self) -> tuple[ImageModel, ...]:
        """What the service lists, or what is known of it; ``models`` of the settings limits and orders it."""
        return () if self._setup.missing else self._catalogue.get()

    def generate(self, request: GenerateRequest, report: Report = silent) -> GenerateResult:
        """Draw a picture.

        Raises what :meth:`try_on` does, with ``PromptRefused`` in place of ``ContentRefused``.
        """
        setup = self._check_set_up()
        if kept(request.errand):
            raise AnswerLost(engine=self.name)
        report(0.0, "preparing")
        begin = time.perf_counter()
        (prompt,) = write_prompts([request], setup)
        price = find_model(request, setup).price(request.resolution)
        prepared = time.perf_counter()
        with Line(report, setup.auth) as line:
            answer = buy(line, prompt, setup, self._quota, request.errand, price, self.name)
        data = read_answer(answer, self.name)
        answered = time.perf_counter()
        report(0.9, "finishing")
        timings = {"preparing": prepared - begin, "remote_work": answered - prepared}
        return GenerateResult(decode(data, self.name), self.name, prompt.model, timings=timings)

    def submit_batch(self, batch: BatchRequest, report: Report = silent) -> str:
        """Hand the batch in. Raises what :meth:`generate` does, and what it raises of itself may be tried again."""
        self._check_set_up()
        return self._batches.submit(batch, report)

    def poll_batch(self, remote_id: str, report: Report = silent) -> BatchState:
        """How it stands. Raises ``BatchGone``, ``KeyRefused``, and what may pass."""
        self._check_set_up()
        return self._batches.poll(remote_id, report)

    def fetch_batch(self, remote_id: str, batch: BatchRequest, report: Report = silent) -> Iterator[BatchAnswer]:
        """The answers, each decoded when it is asked for. Raises as :meth:`poll_batch`, at the first."""
        self._check_set_up()
        return self._batches.fetch(remote_id, batch, report)

    def cancel_batch(self, remote_id: str, report: Report = silent) -> None:
        """Ask the service to stop. Raises as :meth:`poll_batch`."""
        self._check_set_up()
        self._batches.cancel(remote_id, report)

    def _check_set_up(self) -> Setup:
        if self._setup.missing:
            raise EngineNotSetUp(engine=self.name, setting=self._setup.missing)
        return self._setup


def _ask_for(request: TryOnRequest, asked: Options, setup: Setup) -> tuple[Sent, Prompt]:
    """The photo as it is sent, and the whole prompt."""
    ratio = nearest_ratio(request.person)
    sent = prepare(request.person, numbers(ratio), PHOTO_SIDE)
    lower = None if request.lower is None else encode(request.lower, GARMENT_SIDE)
    garment = encode(request.garment, GARMENT_SIDE)
    parts = write_try_on(sent.data, garment, request.kind, lower, request.description)
    size = nearest_size(request.person, setup.sizes) if asked.size == "auto" else asked.size
    seed = None if asked.seed == -1 else asked.seed
    return sent, Prompt(parts, ratio, size, seed)
