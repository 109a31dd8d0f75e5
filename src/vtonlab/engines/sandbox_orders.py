"""How the sandbox is told to take its time and to fail."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vtonlab import errors
from vtonlab.errors import BadOption, Text, VtonError

SETTING: Final = "VTONLAB_SANDBOX_ON"
STEP_SECONDS: Final = 0.2
"""How often progress is told, and so how soon a wish to stop is heard."""
TESTED: Final = Text("as the sandbox was told", "按沙盒的指令")

_ORDERS: Final = re.compile(r"\s*sandbox:((?:\s*[a-z_]+=\S+(?=\s|$))*)\s*(.*)", re.DOTALL)


class Failure(StrEnum):
    """How a request can be made to fail: the code of the error that it then ends in."""

    NO_PERSON = "no_person_found"
    NO_GARMENT = "garment_not_understood"
    UNAVAILABLE = "engine_unavailable"
    BUSY = "engine_busy"
    TIMEOUT = "engine_timeout"
    REFUSED = "content_refused"
    PROMPT = "prompt_refused"
    QUOTA = "quota_exceeded"
    BUDGET = "budget_spent"
    KEY = "key_refused"
    POSE = "pose_not_recognised"
    MEMORY = "out_of_gpu_memory"
    LOST = "answer_lost"
    NO_PICTURE = "no_picture"
    FAILED = "engine_failed"
    FAULT = "engine_fault"


class BatchEnd(StrEnum):
    """How a batch can be made to end."""

    ENDED = "ended"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Orders(BaseModel):
    """What a prompt may tell the sandbox before its own words: ``sandbox: seconds=3 fail=prompt_refused a red coat``.

    ``batch``, in the first prompt of a batch, says how the whole batch ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: Annotated[float, Field(ge=0, le=3600)] | None = None
    fail: Failure | None = None
    batch: BatchEnd = BatchEnd.ENDED


def read_orders(prompt: str) -> tuple[Orders, str]:
    """The orders at the beginning of ``prompt``, and the words after them. Raises ``BadOption``."""
    found = _ORDERS.fullmatch(prompt)
    if found is None:
        return Orders(), prompt
    pairs = dict(pair.split("=", 1) for pair in found[1].split())
    try:
        return Orders.model_validate(pairs), found[2]
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in fault["loc"]) or "?"
        raise BadOption(option=f"sandbox: {name}", reason=fault["msg"]) from error


def pass_time(seconds: float, tell: Callable[[float, float], None]) -> float:
    """Let ``seconds`` pass, with ``tell(share, seconds left)`` every now and then. The seconds it took."""
    begun = time.monotonic()
    while (gone := time.monotonic() - begun) < seconds:
        left = seconds - gone
        tell(gone / seconds, left)
        time.sleep(min(STEP_SECONDS, left))
    return time.monotonic() - begun


def make_error(failure: Failure, engine: str) -> VtonError:
    """The error of that code."""
    known = [getattr(errors, name) for name in errors.__all__]
    kinds = [one for one in known if isinstance(one, type) and issubclass(one, VtonError)]
    kind = next(kind for kind in kinds if kind.code == failure.value)
    return kind(engine=engine, setting=SETTING, seconds=0, limit=0, rule=TESTED)
