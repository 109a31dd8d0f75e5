"""The engine ``gemini``: an image model of the Gemini API edits the photo, with the garment's picture as reference.

    photo, garments → prompt → one call, which costs → picture → placed on the photo → only the change pasted back

The call cannot be asked about afterwards. So a mark is kept before it; who finds the mark again was cut off while the
picture was made, and does not buy it a second time by himself (``AnswerLost``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import httpx
from pydantic import Field

from vtonlab.engines import contract
from vtonlab.engines.answers import Sent, decode, encode, finish, options_of, prepare
from vtonlab.engines.contract import Errand, Health, Report, TryOnRequest, TryOnResult, silent
from vtonlab.engines.gemini.answer import read_answer
from vtonlab.engines.gemini.calls import Garbled, Refused, draw
from vtonlab.engines.gemini.card import capabilities
from vtonlab.engines.gemini.faults import Fault, understand
from vtonlab.engines.gemini.health import ask_health
from vtonlab.engines.gemini.prompt import Prompt, nearest_ratio, nearest_size, numbers, write_try_on
from vtonlab.engines.gemini.setup import Setup, read_setup
from vtonlab.engines.line import MARK, Line, Progress, Quota, keep, kept
from vtonlab.errors import AnswerLost, BadOption, EngineBusy, EngineNotSetUp, Text

PHOTO_SIDE: Final = 2048
"""Longer side of the photo as it is sent, in pixels: what a 2K answer can show."""
GARMENT_SIDE: Final = 1536
"""Longer side of a garment's picture as it is sent."""
USUAL_SECONDS: Final = 15.0
"""A picture mostly takes; progress goes by it, for the service tells none."""
MOST_RESENDS: Final = 2
"""After being told to come back in a moment."""
MOST_WAIT: Final = 60.0
"""Seconds that are waited here for that, as limits by the minute ask for; for longer ones the task goes back into its
line."""

TOO_LARGE: Final = Text("the model {model} draws 1K only", "模型 {model} 只能生成 1K 图片")
FAULTS: Final = (Refused, Garbled, TimeoutError, httpx.HTTPError, httpx.InvalidURL)


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
        self._setup = Setup()
        self._quota = Quota(self.name)
        self.capabilities = capabilities(self._setup.host, self._setup.sizes)

    def equip(self, values: Mapping[str, object]) -> None:
        """Take ``api_key``, ``model``, ``url``, ``seconds`` and ``price``."""
        self._setup = read_setup(values)
        self._quota = Quota(self.name)
        self.capabilities = capabilities(self._setup.host or "?", self._setup.sizes)

    def health(self) -> Health:
        """Whether the service knows our key and the model; at most 5 seconds."""
        return ask_health(self._setup)

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        """Dress the person.

        Raises ``EngineNotSetUp``, ``BadOption``, ``KeyRefused``, ``BudgetSpent``, ``QuotaExceeded``, ``EngineBusy``,
        ``EngineUnavailable``, ``NotThatService``, ``ContentRefused``, ``NoPicture``, ``EngineTimeout``, ``AnswerLost``
        and ``Cancelled``.
        """
        asked, setup = options_of(Options, request), self._setup
        if setup.missing:
            raise EngineNotSetUp(engine=self.name, setting=setup.missing)
        if asked.size not in {"auto", *setup.sizes}:
            raise BadOption(option="size", reason=TOO_LARGE.with_values(model=setup.model))
        if kept(request.errand):
            raise AnswerLost(engine=self.name)
        report(0.0, "preparing")
        begin = time.perf_counter()
        sent, prompt = _ask_for(request, asked, setup)
        prepared = time.perf_counter()
        with Line(report, setup.auth) as line:
            data = self._buy(line, prompt, setup, request.errand)
        answered = time.perf_counter()
        report(0.9, "finishing")
        timings = {"preparing": prepared - begin, "remote_work": answered - prepared}
        return finish(self.name, request.person, sent, decode(data, self.name), timings, composite=asked.composite)

    def _buy(self, line: Line, prompt: Prompt, setup: Setup, errand: Errand | None) -> bytes:
        """The bytes of the picture; everything between the departure and the answer."""
        self._quota.check()
        if errand is not None:
            pictures = prompt.pictures
            errand.leaving(setup.host, len(pictures), sum(map(len, pictures)), setup.price)
        keep(errand, MARK)
        resends = 0
        while True:
            sending = line.expect_purchase()
            try:
                response = line.wait(draw(line.client, setup, prompt), _progress)
            except FAULTS as error:
                fault = understand(error, self.name, setup, was_sent=sending.begun)
                if not _is_worth_waiting(fault) or resends == MOST_RESENDS:
                    if not fault.may_be_paid:
                        keep(errand, "")
                    self._quota.hear(fault.error)
                    raise fault.error from error
                resends += 1
                line.rest(fault.wait or 0.0, 0.1)
            else:
                return read_answer(response, self.name)


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


def _is_worth_waiting(fault: Fault) -> bool:
    """Whether the service refused only for the moment, unpaid, and says for how long."""
    return isinstance(fault.error, EngineBusy) and fault.wait is not None and fault.wait <= MOST_WAIT


def _progress(seconds: float) -> Progress:
    return 0.1 + 0.78 * (1 - math.exp(-seconds / USUAL_SECONDS)), "remote_work"
