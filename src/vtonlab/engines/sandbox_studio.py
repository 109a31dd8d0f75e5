"""What the sandbox draws from words, one by one and in batches.

Its batches live nowhere: what it calls one says when it began, how many prompts it has, how long they take together
and how it ends. So it goes on through restarts of whatever asks.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from vtonlab.engines.contract import Note, Report
from vtonlab.engines.generating import (
    RESOLUTIONS,
    BatchAnswer,
    BatchRequest,
    BatchState,
    BatchStatus,
    GenerateRequest,
    GenerateResult,
    ImageModel,
)
from vtonlab.engines.sandbox_orders import BatchEnd, make_error, pass_time, read_orders
from vtonlab.engines.sandbox_sheet import draw_sheet, make_seed
from vtonlab.errors import (
    BadOption,
    BatchExpired,
    BatchFailed,
    BatchGone,
    PromptFailed,
    Text,
)

NAME: Final = "sandbox"
RATIOS: Final = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
MODEL: Final = ImageModel(
    NAME, "Sandbox", RATIOS, RESOLUTIONS, references=4, seed=True, negative_prompt=True, batch=True
)
BATCH_SECONDS: Final = 0.2
"""For each prompt of a batch that says nothing else."""

NOTE: Final = Note(
    "sandbox",
    "warning",
    Text("A placeholder of the sandbox, not a picture of what was asked for.", "这是沙盒的占位图，并非所要求的图片。"),
)

_REMOTE: Final = re.compile(r"sandbox-(\d+)-(\d+)-(\d+)-(\w+)")
_cancelled: Final[dict[str, int]] = {}
"""How many prompts were done when it was cancelled; remembered by this process alone."""
_lock: Final = threading.Lock()


def now_ms() -> float:
    """Milliseconds since 1970."""
    return time.time() * 1000


@dataclass(frozen=True)
class Batch:
    """A batch of ``count`` prompts that began at ``begun`` (ms since 1970) and takes ``length`` ms together."""

    begun: int
    count: int
    length: int
    end: BatchEnd

    @classmethod
    def read(cls, remote_id: str) -> Self:
        """The batch of that name. Raises ``BatchGone`` where no sandbox gave it."""
        found = _REMOTE.fullmatch(remote_id)
        if found is None or found[4] not in set(BatchEnd):
            raise BatchGone(engine=NAME)
        return cls(int(found[1]), int(found[2]), int(found[3]), BatchEnd(found[4]))

    @property
    def remote_id(self) -> str:
        """What it is called."""
        return f"sandbox-{self.begun}-{self.count}-{self.length}-{self.end.value}"

    @property
    def finished(self) -> int:
        """Prompts that are done by now."""
        gone = now_ms() - self.begun
        share = 1.0 if self.length == 0 else min(1.0, max(0.0, gone / self.length))
        return int(self.most * share)

    @property
    def is_over(self) -> bool:
        """Whether its time is up."""
        return now_ms() - self.begun >= self.length

    @property
    def most(self) -> int:
        """Prompts that are done in the end."""
        return {BatchEnd.ENDED: self.count, BatchEnd.FAILED: 0}.get(self.end, self.count // 2)


def check(request: GenerateRequest) -> None:
    """Raises ``BadOption`` where the sandbox has no such ratio, size or model, or too many references came."""
    for name, value, known in (
        ("aspect_ratio", request.aspect_ratio, RATIOS),
        ("resolution", request.resolution, RESOLUTIONS),
        ("model", request.model, ("", MODEL.name)),
    ):
        if value not in known:
            raise BadOption(option=name, reason=", ".join(filter(None, known)))
    if len(request.references) > MODEL.references:
        raise BadOption(option="references", reason=f"≤ {MODEL.references}")


def generate(request: GenerateRequest, report: Report) -> GenerateResult:
    """A card, after the time that the prompt asks for. Raises ``BadOption`` and what the prompt says."""
    check(request)
    orders, words = read_orders(request.prompt)
    waited = pass_time(
        orders.seconds or 0.0, lambda share, left: report(0.9 * share, f"remote_work seconds={left:.0f}")
    )
    if orders.fail is not None:
        raise make_error(orders.fail, NAME)
    report(0.95, "finishing")
    begun = time.perf_counter()
    seed = secrets.randbits(31) if request.seed is None else request.seed
    made = _draw(request, words, seed)
    report(1.0, "done")
    return dataclasses.replace(made, timings={"wait": waited, "draw": time.perf_counter() - begun})


def submit(batch: BatchRequest) -> str:
    """What the batch is called from now on. Raises ``BadOption``."""
    kept = batch.errand.remote_id if batch.errand is not None else None
    if kept:
        return kept
    for request in batch.requests:
        check(request)
    orders = [read_orders(request.prompt)[0] for request in batch.requests]
    length = sum(BATCH_SECONDS if one.seconds is None else one.seconds for one in orders)
    begun = Batch(int(now_ms()), len(orders), round(length * 1000), orders[0].batch)
    if batch.errand is not None:
        batch.errand.keep(begun.remote_id)
    return begun.remote_id


def poll(remote_id: str) -> BatchState:
    """How the batch stands. Raises ``BatchGone``."""
    batch = Batch.read(remote_id)
    with _lock:
        stopped = _cancelled.get(remote_id)
    if stopped is not None:
        return BatchState(BatchStatus.CANCELLED, stopped)
    if not batch.is_over:
        status = BatchStatus.RUNNING if batch.finished else BatchStatus.WAITING
        return BatchState(status, batch.finished)
    error = {BatchEnd.FAILED: BatchFailed, BatchEnd.EXPIRED: BatchExpired}.get(batch.end)
    return BatchState(BatchStatus(batch.end.value), batch.finished, error(engine=NAME) if error else None)


def fetch(remote_id: str, batch: BatchRequest, report: Report) -> Iterator[BatchAnswer]:
    """A card or an error for each request, drawn when it is asked for."""
    count, finished = len(batch.requests), poll(remote_id).finished
    for index, request in enumerate(batch.requests):
        report(index / count, "remote_fetch")
        if index >= finished:
            yield BatchAnswer(index, error=PromptFailed(engine=NAME, reason="NOT_DONE"))
        else:
            yield _answer(remote_id, index, request)


def cancel(remote_id: str) -> None:
    """It is over from now on, as long as this process remembers. Raises ``BatchGone``."""
    batch = Batch.read(remote_id)
    with _lock:
        if not batch.is_over:
            _cancelled.setdefault(remote_id, batch.finished)


def _answer(remote_id: str, index: int, request: GenerateRequest) -> BatchAnswer:
    try:
        orders, words = read_orders(request.prompt)
    except BadOption as error:
        return BatchAnswer(index, error=error)
    if orders.fail is not None:
        return BatchAnswer(index, error=make_error(orders.fail, NAME))
    seed = make_seed(remote_id, index) if request.seed is None else request.seed
    return BatchAnswer(index, _draw(request, words, seed))


def _draw(request: GenerateRequest, words: str, seed: int) -> GenerateResult:
    image = draw_sheet(request, _describe(request, words, seed), make_seed(seed, words))
    return GenerateResult(image, NAME, MODEL.name, (NOTE,))


def _describe(request: GenerateRequest, words: str, seed: int) -> tuple[str, ...]:
    """The lines of the card below its title."""
    return (
        f"prompt: {plain(words, 300)}",
        f"without: {plain(request.negative_prompt, 120)}",
        f"{request.aspect_ratio}, {request.resolution}, seed {seed}{'' if request.seed is not None else ' (drawn)'}",
        f"references: {len(request.references)}",
    )


def plain(words: str, most: int) -> str:
    """``words`` as far as the card's font has them: other scripts are told by their length."""
    said = " ".join(words.split())
    if not said:
        return "none"
    return said[:most] if said.isascii() and said.isprintable() else f"{len(said)} letters"
