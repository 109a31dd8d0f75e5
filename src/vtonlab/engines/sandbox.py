"""The engine ``sandbox``: a placeholder that says what was asked, for trying out programs that call this one.

It makes no picture of anybody in anything: the photo comes back hatched, with a card on it that reads SANDBOX and
lists the request. It takes every general option, takes its time, and fails, as it is told to. From words it draws
cards on a plain ground (:mod:`vtonlab.engines.sandbox_studio`), told by the beginning of the prompt how long it shall
take and whether it shall fail. Off unless ``VTONLAB_SANDBOX_ON`` is set, so that nobody meets it by accident.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from pydantic import Field, ValidationError

from vtonlab.engines import contract, sandbox_studio
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
from vtonlab.engines.generating import (
    BatchAnswer,
    BatchRequest,
    BatchState,
    GenerateRequest,
    GenerateResult,
    ImageModel,
)
from vtonlab.engines.sandbox_card import draw_placeholder
from vtonlab.engines.sandbox_orders import SETTING, Failure, make_error, pass_time
from vtonlab.engines.sandbox_studio import plain
from vtonlab.errors import BadOption, EngineNotSetUp, MaskNeeded, Text
from vtonlab.imaging.provenance import SourceType

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
        generate=True,
        batch=True,
        references=sandbox_studio.MODEL.references,
        aspect_ratios=sandbox_studio.RATIOS,
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
        self._check_on()
        options = _read_options(request)
        if not options.auto_mask and (request.mask is None or not request.mask.any()):
            raise MaskNeeded
        waited = pass_time(options.seconds, lambda share, left: _tell(report, options, share, left))
        if options.fail is not None:
            raise make_error(options.fail, self.name)
        report(0.95, "draw")
        begun = time.perf_counter()
        image, mask = draw_placeholder(request, _describe(request, options))
        timings = {"wait": waited, "draw": time.perf_counter() - begun}
        report(1.0, "done")
        return TryOnResult(image, mask, self.name, 0.0, (_NOTE,), timings, SourceType.COMPOSITE)

    def models(self) -> tuple[ImageModel, ...]:
        """One that takes everything and is free; none while the sandbox is off."""
        return (sandbox_studio.MODEL,) if self._is_on else ()

    def generate(self, request: GenerateRequest, report: Report = silent) -> GenerateResult:
        """A card that reads SANDBOX, of exactly the asked shape and size. A prompt that begins so is an order first:
        ``sandbox: seconds=3 fail=prompt_refused a red coat``.

        Raises ``EngineNotSetUp`` while it is off, ``BadOption``, and what the prompt says.
        """
        self._check_on()
        return sandbox_studio.generate(request, report)

    def submit_batch(self, batch: BatchRequest, report: Report = silent) -> str:
        """Begins to take its time: 0.2 seconds a prompt, or what the prompt says."""
        self._check_on()
        report(0.0, "preparing")
        return sandbox_studio.submit(batch)

    def poll_batch(self, remote_id: str, report: Report = silent) -> BatchState:
        """How far it is; it needs nothing but its name for that. Raises ``BatchGone`` where that is not ours."""
        self._check_on()
        report(0.0, "remote_work")
        return sandbox_studio.poll(remote_id)

    def fetch_batch(self, remote_id: str, batch: BatchRequest, report: Report = silent) -> Iterator[BatchAnswer]:
        """The cards, each drawn when it is asked for."""
        self._check_on()
        return sandbox_studio.fetch(remote_id, batch, report)

    def cancel_batch(self, remote_id: str, report: Report = silent) -> None:
        """It is over, as far as this process knows: another one lets it run to its end."""
        self._check_on()
        report(0.0, "remote_work")
        sandbox_studio.cancel(remote_id)

    def _check_on(self) -> None:
        if not self._is_on:
            raise EngineNotSetUp(engine=self.name, setting=SETTING)


def _read_options(request: TryOnRequest) -> Options:
    try:
        return Options.model_validate(dict(request.options))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise BadOption(option=".".join(str(part) for part in fault["loc"]) or "?", reason=fault["msg"]) from error


def _tell(report: Report, options: Options, share: float, left: float) -> None:
    step = 1 + int(share * options.denoise_steps)
    report(0.9 * share, f"denoise step={step} steps={options.denoise_steps} seconds={left:.0f}")


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
        f"description: {plain(request.description, 60)}",
        ", ".join(f"{name}={_json(value)}" for name, value in asked.items()),
    )


def _json(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
