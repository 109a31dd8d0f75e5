"""The engine `fashn`: a try-on service that is asked, polled, and paid by the picture."""

from __future__ import annotations

from collections.abc import Mapping

from vtonlab.engines import contract
from vtonlab.engines.contract import Health, HealthStatus, Report, TryOnRequest, TryOnResult, silent
from vtonlab.engines.fashn.card import capabilities
from vtonlab.errors import EngineNotSetUp, EngineUnavailable, Text


class FashnEngine:
    """Dresses people with the FASHN API."""

    name = "fashn"
    title = Text("FASHN", "FASHN")
    Options = contract.Options

    def __init__(self) -> None:
        self.capabilities = capabilities("api.fashn.ai")
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
            raise EngineNotSetUp(engine=self.name, setting="VTONLAB_FASHN_API_KEY")
        raise EngineUnavailable(engine=self.name)
