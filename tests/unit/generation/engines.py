"""An engine for tests that does what a test tells it to: ``tester``. It may not be used commercially, and draws little:
squares of 1K."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint

import numpy as np

from vtonlab.engines import contract
from vtonlab.engines.contract import Capabilities, Health, HealthStatus, Report, TryOnRequest, TryOnResult, silent
from vtonlab.engines.generating import GenerateRequest, GenerateResult, ImageModel
from vtonlab.errors import EngineNotSetUp, Text

SQUARES = ImageModel("squares", "Squares", ("1:1",))


@dataclass
class Script:
    """What it does, and what it was asked."""

    models: tuple[ImageModel, ...] = (SQUARES,)
    models_seconds: float = 0.0
    models_error: Exception | None = None
    models_asked: int = 0
    health: HealthStatus = HealthStatus.OK
    errors: list[Exception] = field(default_factory=list)
    """Raised by the next calls, in order."""
    seconds: float = 0.0
    shape: tuple[int, ...] = (64, 64, 3)
    asked: list[GenerateRequest] = field(default_factory=list)


SCRIPT = Script()


class Tester:
    """See above."""

    name = "tester"
    title = Text("Tester", "测试")
    capabilities = Capabilities(
        try_on=False, generate=True, weights_licence="CC-BY-NC-4.0", commercial_use=False, waits=True
    )
    Options = contract.Options

    def health(self) -> Health:
        return Health(
            SCRIPT.health, Text("As it was told.", "按设定返回。"), Text("Set VTONLAB_TESTER_ON.", "请设置。")
        )

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        raise EngineNotSetUp(engine=self.name, setting="none")

    def models(self) -> tuple[ImageModel, ...]:
        SCRIPT.models_asked += 1
        time.sleep(SCRIPT.models_seconds)
        if SCRIPT.models_error is not None:
            raise SCRIPT.models_error
        return SCRIPT.models

    def generate(self, request: GenerateRequest, report: Report = silent) -> GenerateResult:
        SCRIPT.asked.append(request)
        end = time.monotonic() + SCRIPT.seconds
        while time.monotonic() < end:
            report(0.5, "remote_work")
            time.sleep(0.01)
        if SCRIPT.errors:
            raise SCRIPT.errors.pop(0)
        return GenerateResult(np.full(SCRIPT.shape, 120, np.uint8), self.name, request.model)


TESTER = EntryPoint("tester", "tests.unit.generation.engines:Tester", "vtonlab.engines")
