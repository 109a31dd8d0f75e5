"""The engine ``sandbox``: a placeholder that says what was asked, for trying out programs that call this one.

It makes no picture of anybody in anything: the photo comes back hatched, with a card on it that reads SANDBOX and
lists the request. It takes every general option, takes its time, and fails, as it is told to. Off unless
``VTONLAB_SANDBOX_ON`` is set, so that nobody meets it by accident.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, ValidationError

from vtonlab import errors
from vtonlab.engines import contract
from vtonlab.engines.contract import (
    Capabilities,
    GarmentKind,
    Health,
    HealthStatus,
    Note,
    Report,
    TryOnRequest,
    TryOnResult,
    silent,
)
from vtonlab.engines.sandbox_card import draw_placeholder
from vtonlab.errors import BadOption, EngineNotSetUp, MaskNeeded, Text, VtonError
from vtonlab.imaging.provenance import SourceType

SETTING: Final = "VTONLAB_SANDBOX_ON"
STEP_SECONDS: Final = 0.2
"""How often progress is told, and so how soon a wish to stop is heard."""

_HINT: Final = Text(f"Set {SETTING}=1 to switch it on.", f"设置 {SETTING}=1 即可启用。")
_NOTE: Final = Note(
    "sandbox",
    "warning",
    Text("A placeholder of the sandbox, not a fitting.", "这是沙盒的占位图，不是试穿效果。"),
)


PRESETS: Final = {
    "fast": {"denoise_steps": 15},
    "balanced": {"denoise_steps": 25},
    "best": {"denoise_steps": 40},
}


class Failure(StrEnum):
    """How a request can be made to fail: the code of the error that it then ends in."""

    NO_PERSON = "no_person_found"
    NO_GARMENT = "garment_not_understood"
    UNAVAILABLE = "engine_unavailable"
    BUSY = "engine_busy"
    TIMEOUT = "engine_timeout"
    REFUSED = "content_refused"
    QUOTA = "quota_exceeded"
    BUDGET = "budget_spent"
    KEY = "key_refused"
    POSE = "pose_not_recognised"
    MEMORY = "out_of_gpu_memory"
    LOST = "answer_lost"
    FAILED = "engine_failed"
    FAULT = "engine_fault"


class Options(contract.Options):
    """What can be asked of this engine."""

    auto_mask: bool = True
    """Whether the region to change is found by the engine; if not, a mask has to come with the request."""
    auto_crop: bool = False
    """Shown on the card."""
    denoise_steps: Annotated[int, Field(ge=1, le=50)] = 30
    """Stages that the time is divided into."""
    seed: Annotated[int, Field(ge=-1, le=2**32 - 1)] | None = None
    """Shown on the card."""
    seconds: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """How long it takes."""
    fail: Failure | None = None
    """The error it ends in when the time is over."""


class SandboxEngine:
    """The placeholder. One object may be used from several threads."""

    name = "sandbox"
    title = Text("Sandbox (a placeholder, no fitting)", "沙盒（仅占位图，不试穿）")
    capabilities = Capabilities(
        outfits=True,
        mask=True,
        seed=True,
        steps=True,
        description=True,
        presets=PRESETS,
        code_licence="Apache-2.0",
    )
    Options = Options

    def __init__(self) -> None:
        self._is_on = False

    def equip(self, values: Mapping[str, object]) -> None:
        """``on``: whether there is a sandbox; true, or the text of a setting that says so."""
        self._is_on = str(values.get("on", "")).strip().lower() in {"1", "true", "yes", "on", "t", "y"}

    def health(self) -> Health:
        """Able to work once it is switched on."""
        if not self._is_on:
            return Health(HealthStatus.NOT_SET_UP, Text("Switched off.", "未启用。"), _HINT)
        return Health(HealthStatus.OK, Text("Draws placeholders, for tests.", "只绘制占位图，供测试使用。"))

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        """The photo with a card that reads SANDBOX, at the photo's size; ``mask``: the pixels drawn on.

        Raises ``EngineNotSetUp`` while it is off, ``MaskNeeded``, ``BadOption``, and what ``fail`` asks for.
        """
        if not self._is_on:
            raise EngineNotSetUp(engine=self.name, setting=SETTING)
        options = _read_options(request)
        if not options.auto_mask and (request.mask is None or not request.mask.any()):
            raise MaskNeeded
        waited = _pass_time(options, report)
        report(0.95, "draw")
        begun = time.perf_counter()
        image, mask = draw_placeholder(request, _describe(request, options))
        timings = {"wait": waited, "draw": time.perf_counter() - begun}
        report(1.0, "done")
        return TryOnResult(image, mask, self.name, 0.0, (_NOTE,), timings, SourceType.COMPOSITE)


def _read_options(request: TryOnRequest) -> Options:
    try:
        return Options.model_validate(dict(request.options))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise BadOption(option=".".join(str(part) for part in fault["loc"]) or "?", reason=fault["msg"]) from error


def _pass_time(options: Options, report: Report) -> float:
    """Let the time pass that was asked for, and fail in the end where that was; the seconds it took."""
    begun = time.monotonic()
    while (gone := time.monotonic() - begun) < options.seconds:
        share = gone / options.seconds
        step = 1 + int(share * options.denoise_steps)
        left = options.seconds - gone
        report(0.9 * share, f"denoise step={step} steps={options.denoise_steps} seconds={left:.0f}")
        time.sleep(min(STEP_SECONDS, left))
    if options.fail is not None:
        raise _find_error(options.fail)
    return time.monotonic() - begun


def _find_error(failure: Failure) -> VtonError:
    kinds = [getattr(errors, name) for name in errors.__all__ if name not in {"LANGUAGES", "Text"}]
    kind: type[VtonError] = next(kind for kind in kinds if kind.code == failure.value)
    return kind(engine=SandboxEngine.name, setting=SETTING, seconds=0, limit=0)


def _describe(request: TryOnRequest, options: Options) -> tuple[str, ...]:
    """The lines of the card below its title."""
    height, width = request.person.shape[:2]
    garments = [request.garment] + ([] if request.lower is None else [request.lower])
    sizes = " + ".join(f"{garment.shape[1]} x {garment.shape[0]}" for garment in garments)
    kind = "outfit" if request.lower is not None else GarmentKind(request.kind).value
    asked = {name: value for name, value in options.model_dump(mode="json").items() if value is not None}
    return (
        "placeholder - nothing was tried on",
        f"person {width} x {height}, garment {sizes} ({kind})",
        f"mask: {'given' if request.mask is not None else 'none'}",
        f"description: {_plain(request.description)}",
        ", ".join(f"{name}={_json(value)}" for name, value in asked.items()),
    )


def _json(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(words: str) -> str:
    """``words`` as far as the card's font has them: other scripts are told by their length."""
    if not words:
        return "none"
    return words[:60] if words.isascii() and words.isprintable() else f"{len(words)} letters"
