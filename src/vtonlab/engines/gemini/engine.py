"""The engine `gemini`: try-on by prompt, with the pictures as references."""

from __future__ import annotations

from collections.abc import Mapping

from vtonlab.engines import contract
from vtonlab.engines.contract import Health, HealthStatus, Report, TryOnRequest, TryOnResult, silent
from vtonlab.engines.gemini.card import capabilities
from vtonlab.errors import EngineNotSetUp, EngineUnavailable, Text


class GeminiEngine:
    """Dresses people with an image model of the Gemini API."""

    name = "gemini"
    title = Text("Gemini (Google)", "Gemini（Google）")
    Options = contract.Options

    def __init__(self) -> None:
        self.capabilities = capabilities("generativelanguage.googleapis.com")
        self._key = ""

    def equip(self, values: Mapping[str, object]) -> None:
        """Take ``api_key``, ``model``, ``url``, ``seconds`` and ``price``."""
        self._key = str(values.get("api_key", ""))

    def health(self) -> Health:
        """Whether the service answers."""
        return Health(HealthStatus.NOT_SET_UP, Text("No key is set.", "尚未设置密钥。"))

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        """Dress the person."""
        if not self._key:
            raise EngineNotSetUp(engine=self.name, setting="VTONLAB_GEMINI_API_KEY")
        raise EngineUnavailable(engine=self.name)
