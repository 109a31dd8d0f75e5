"""The engine ``fashn``: FASHN's try-on service, paid by the picture.

    photo, garment → order, which costs → its id is kept → asked until done → picture → only the change pasted back

What survives us being cut off: before the order a mark is kept, after it the job's id. Who finds the id asks for that
job and orders nothing; who finds the mark cannot know whether the order was taken, and does not order again by himself
(``AnswerLost``). The same where the service does not know the id any more: it gave it to us, so the picture was ordered
and, for all we know, made and paid; only a person decides to pay again.
"""

from __future__ import annotations

import asyncio
import base64
import math
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final, Literal

import httpx
from pydantic import Field

from vtonlab.engines import contract
from vtonlab.engines.answers import decode, encode, finish, options_of, prepare
from vtonlab.engines.contract import Errand, GarmentKind, Health, Report, TryOnRequest, TryOnResult, silent
from vtonlab.engines.fashn.card import capabilities
from vtonlab.engines.fashn.faults import Fault, explain, explain_failure, understand_order
from vtonlab.engines.fashn.health import ask_health
from vtonlab.engines.fashn.service import ENDED, Garbled, Gone, Refused, State, ask, fetch, order
from vtonlab.engines.fashn.setup import Setup, read_setup
from vtonlab.engines.fashn.turns import Turns
from vtonlab.engines.line import MARK, TICK_SECONDS, Line, Progress, Quota, keep, kept
from vtonlab.errors import (
    AnswerLost,
    EngineBusy,
    EngineNotSetUp,
    EngineTimeout,
    EngineUnavailable,
    NoPicture,
    Text,
    WrongKind,
)

LONGEST_SIDE: Final = 2000
"""Of pictures that are sent, in pixels. FASHN asks for that, and for their own shape: it fits them to its model
(864×1296) itself, and where it cuts, the answer is laid where it belongs."""
USUAL_SECONDS: Final = 10.0
"""A picture mostly takes; progress goes by it, for the service tells none."""
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 3.0
"""Between two questions how the job stands, in seconds."""
MOST_UNKNOWN: Final = 4
"""Times that the service may say in a row not to know a job, until it is believed: its servers tell each other late."""
MOST_TROUBLE: Final = 30.0
"""Seconds of not reaching the service after which the task goes back into its line."""
MOST_FETCHES: Final = 3
MOST_RESENDS: Final = 2
"""After being told to come back in a moment."""
MOST_WAIT: Final = 60.0
"""Seconds that are waited here for that, as limits by the minute ask for; for longer ones the task goes back into its
line."""

CATEGORIES: Final = {
    GarmentKind.AUTO: "auto",
    GarmentKind.UPPER: "tops",
    GarmentKind.LOWER: "bottoms",
    GarmentKind.DRESS: "one-pieces",
}
FAULTS: Final = (Refused, Garbled, TimeoutError, httpx.HTTPError, httpx.InvalidURL)


class Options(contract.Options):
    """What can be asked of this engine."""

    composite: bool = True
    """Only what changed is taken from the answer, face, hands and background stay the photo's own pixels; without it,
    the service's raw picture."""
    mode: Literal["performance", "balanced", "quality"] = "balanced"
    """Speed against quality: about 5, 8 and 12–17 seconds."""
    garment_photo_type: Literal["auto", "flat-lay", "model"] = "auto"
    """Whether the garment lies flat in its picture or somebody wears it; `auto` looks."""
    segmentation_free: bool = True
    """Fits without cutting out the old garment first; switch it off where something of that stays."""
    moderation_level: Literal["conservative", "permissive", "none"] = "permissive"
    """Which garments the service refuses: also swimwear and underwear, only nudity, or none."""
    seed: Annotated[int | None, Field(ge=-1, le=2**32 - 1)] = None
    """The same seed draws the same picture; -1 or none leaves it to the service."""


@dataclass
class _Job:
    """One job as it is asked about. ``until``: by the monotonic clock."""

    remote_id: str
    until: float
    status: str = "starting"
    begun: float = 0.0

    def progress(self, _: float) -> Progress:
        """Where it is, as far as its status and the time tell."""
        if self.status != "processing":
            return 0.1, "remote_queue"
        return 0.2 + 0.6 * (1 - math.exp(-(time.monotonic() - self.begun) / USUAL_SECONDS)), "remote_work"


class FashnEngine:
    """Dresses people with the FASHN API. One object may be used from several threads."""

    name = "fashn"
    title = Text("FASHN", "FASHN")
    Options = Options

    def __init__(self) -> None:
        self._setup = Setup()
        self._quota = Quota(self.name)
        self._turns = Turns()
        self.capabilities = capabilities(self._setup.host)

    def equip(self, values: Mapping[str, object]) -> None:
        """Take ``api_key``, ``model``, ``url``, ``seconds`` and ``price``."""
        self._setup = read_setup(values)
        self._quota = Quota(self.name)
        self.capabilities = capabilities(self._setup.host or "?")

    def health(self) -> Health:
        """Whether the service knows our key and the account has credits; at most 5 seconds."""
        return ask_health(self._setup)

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        """Dress the person.

        Raises ``EngineNotSetUp``, ``BadOption``, ``WrongKind``, ``KeyRefused``, ``BudgetSpent``, ``QuotaExceeded``,
        ``EngineBusy``, ``EngineUnavailable``, ``NotThatService``, ``ContentRefused``, ``PoseNotRecognised``,
        ``EngineFailed``, ``NoPicture``, ``EngineTimeout``, ``AnswerLost`` and ``Cancelled``.
        """
        asked, setup = options_of(Options, request), self._setup
        if setup.missing:
            raise EngineNotSetUp(engine=self.name, setting=setup.missing)
        if request.lower is not None:
            raise WrongKind(asked="outfit", known=", ".join(self.capabilities.kinds))
        remote_id = kept(request.errand)
        if remote_id == MARK:
            raise AnswerLost(engine=self.name)
        report(0.0, "preparing")
        begin = time.perf_counter()
        sent = prepare(request.person, None, LONGEST_SIDE)
        garment = encode(request.garment, LONGEST_SIDE)
        prepared = time.perf_counter()
        place = nullcontext() if remote_id else self._turns.take(lambda: _wait_for_turn(report))
        with place, Line(report) as line:
            if not remote_id:
                remote_id = self._order(line, (sent.data, garment), _inputs(asked, request.kind), request.errand)
            state = self._follow(line, _Job(remote_id, time.monotonic() + setup.seconds), request.errand)
            made = time.perf_counter()
            data = self._fetch(line, state)
        timings = {"preparing": prepared - begin, "remote_work": made - prepared, "fetch": time.perf_counter() - made}
        report(0.9, "finishing")
        return finish(self.name, request.person, sent, decode(data, self.name), timings, composite=asked.composite)

    def _order(self, line: Line, pictures: tuple[bytes, bytes], inputs: dict[str, Any], errand: Errand | None) -> str:
        """The id of the job, kept."""
        setup = self._setup
        self._quota.check()
        if errand is not None:
            errand.leaving(setup.host, len(pictures), sum(map(len, pictures)), setup.price)
        keep(errand, MARK)
        person, garment = (f"data:image/jpeg;base64,{base64.b64encode(data).decode()}" for data in pictures)
        wanted = {"model_image": person, "garment_image": garment} | inputs
        resends = 0
        while True:
            sending = line.expect_purchase()
            try:
                # Nothing names the job but this answer: it is heard to its end even when we are to stop.
                return line.wait(
                    order(line.client, setup, wanted), lambda _: (0.05, "remote_send"), partial(keep, errand)
                )
            except FAULTS as error:
                fault = understand_order(error, self.name, setup, was_sent=sending.begun)
                if not _is_worth_waiting(fault) or resends == MOST_RESENDS:
                    if not fault.may_be_paid:
                        keep(errand, "")
                    self._quota.hear(fault.error)
                    raise fault.error from error
                resends += 1
                line.rest(fault.wait or 0.0, 0.05)

    def _follow(self, line: Line, job: _Job, errand: Errand | None) -> State:
        """The job when it is completed. What we cannot find out leaves its id kept: the next attempt asks again."""
        pause, unknown, troubled = FIRST_PAUSE, 0, 0.0
        while True:
            try:
                state = line.wait(ask(line.client, self._setup, job.remote_id), job.progress)
            except FAULTS as error:
                unknown = unknown + 1 if isinstance(error, Refused) and error.code == 404 else 0
                if unknown >= MOST_UNKNOWN:
                    raise AnswerLost(engine=self.name) from error
                if not unknown:
                    troubled = troubled or time.monotonic()
                    self._bear(error, time.monotonic() - troubled)
            else:
                unknown, troubled = 0, 0.0
                if state.status in ENDED:
                    self._judge(state, errand)
                    return state
                if state.status != job.status:
                    job.status, job.begun = state.status, time.monotonic()
            if time.monotonic() + pause > job.until:
                raise EngineTimeout(engine=self.name, seconds=round(self._setup.seconds))
            line.wait(asyncio.sleep(pause), job.progress)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _bear(self, error: Exception, seconds: float) -> None:
        """Go on asking in spite of ``error``, or raise what it means."""
        if isinstance(error, Refused) and error.code < 500 and error.code not in {408, 429}:
            raise explain(error, self.name, self._setup) from error
        if seconds > MOST_TROUBLE:
            raise EngineUnavailable(engine=self.name) from error

    def _judge(self, state: State, errand: Errand | None) -> None:
        """Raise for a job that ended in any other way than with a picture; those are not charged."""
        if state.status == "completed":
            if not state.outputs:
                raise NoPicture(engine=self.name)
            return
        keep(errand, "")
        if state.status == "time_out":
            raise EngineTimeout(engine=self.name, seconds=round(self._setup.seconds))
        raise explain_failure(state.failure, self.name)

    def _fetch(self, line: Line, state: State) -> bytes:
        """The finished picture; it can be fetched for 72 hours."""
        left = MOST_FETCHES
        while True:
            try:
                return line.wait(fetch(line.client, self._setup, state.outputs[0]), lambda _: (0.85, "remote_fetch"))
            except (*FAULTS, Gone) as error:
                left -= 1
                if isinstance(error, Garbled):
                    raise NoPicture(engine=self.name) from error
                if not left:
                    lost = AnswerLost if isinstance(error, Gone) else EngineUnavailable
                    raise lost(engine=self.name) from error
            line.wait(asyncio.sleep(FIRST_PAUSE), lambda _: (0.85, "remote_fetch"))


def _inputs(asked: Options, kind: GarmentKind) -> dict[str, Any]:
    inputs: dict[str, Any] = {
        "category": CATEGORIES[kind],
        "garment_photo_type": asked.garment_photo_type,
        "mode": asked.mode,
        "moderation_level": asked.moderation_level,
        "segmentation_free": asked.segmentation_free,
        "num_samples": 1,
        "output_format": "png",
        "return_base64": False,
    }
    return inputs if asked.seed in {None, -1} else inputs | {"seed": asked.seed}


def _wait_for_turn(report: Report) -> None:
    report(0.02, "remote_queue")
    time.sleep(TICK_SECONDS)


def _is_worth_waiting(fault: Fault) -> bool:
    """Whether the service refused only for the moment, unpaid, and says for how long."""
    return isinstance(fault.error, EngineBusy) and fault.wait is not None and fault.wait <= MOST_WAIT
