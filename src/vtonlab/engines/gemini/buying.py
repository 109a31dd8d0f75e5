"""One picture bought: everything between its departure and its answer.

The call cannot be asked about afterwards. So a mark is kept before it; who finds the mark again was cut off while the
picture was made, and does not buy it a second time by himself (``AnswerLost``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import httpx

from vtonlab.engines.contract import Errand
from vtonlab.engines.gemini.calls import Garbled, Refused, draw
from vtonlab.engines.gemini.faults import Fault, understand
from vtonlab.engines.gemini.prompt import Prompt
from vtonlab.engines.gemini.setup import Setup
from vtonlab.engines.line import MARK, Line, Progress, Quota, keep
from vtonlab.errors import EngineBusy

if TYPE_CHECKING:
    from google.genai import types

USUAL_SECONDS: Final = 15.0
"""A picture mostly takes; progress goes by it, for the service tells none."""
MOST_RESENDS: Final = 2
"""After being told to come back in a moment."""
MOST_WAIT: Final = 60.0
"""Seconds that are waited here for that, as limits by the minute ask for; for longer ones the task goes back into its
line."""

FAULTS: Final = (Refused, Garbled, TimeoutError, httpx.HTTPError, httpx.InvalidURL)


def buy(
    line: Line, prompt: Prompt, setup: Setup, quota: Quota, errand: Errand | None, price: float, engine: str
) -> types.GenerateContentResponse:
    """What the service answers to ``prompt``, paid for with ``price`` US dollars. Raises the errors of engines."""
    quota.check()
    if errand is not None:
        errand.leaving(setup.host, len(prompt.pictures), prompt.weight, price)
    keep(errand, MARK)
    resends = 0
    while True:
        sending = line.expect_purchase()
        try:
            return line.wait(draw(line.client, setup, prompt), tell_progress)
        except FAULTS as error:
            fault = understand(error, engine, setup, was_sent=sending.begun)
            if not is_worth_waiting(fault) or resends == MOST_RESENDS:
                if not fault.may_be_paid:
                    keep(errand, "")
                quota.hear(fault.error)
                raise fault.error from error
            resends += 1
            line.rest(fault.wait or 0.0, 0.1)


def is_worth_waiting(fault: Fault) -> bool:
    """Whether the service refused only for the moment, unpaid, and says for how long."""
    return isinstance(fault.error, EngineBusy) and fault.wait is not None and fault.wait <= MOST_WAIT


def tell_progress(seconds: float) -> Progress:
    """How far a picture will be after ``seconds``."""
    return 0.1 + 0.78 * (1 - math.exp(-seconds / USUAL_SECONDS)), "remote_work"
