"""The engine `idm_vton`: an IDM-VTON service, or anything with its Gradio interface."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from vtonlab.engines.contract import (
    Capabilities,
    Health,
    HealthStatus,
    Report,
    TryOnRequest,
    TryOnResult,
    silent,
)
from vtonlab.engines.contract import Options as BaseOptions
from vtonlab.errors import EngineNotSetUp, EngineUnavailable, Text


class IdmVtonEngine:
    """Tries clothes on with an IDM-VTON service over Gradio."""

    name = "idm_vton"
    title = Text("IDM-VTON", "IDM-VTON")

    class Options(BaseOptions):
        """How it is asked."""

        auto_mask: bool = True
        """The service finds out itself what is to be changed; without it a mask is needed."""
        auto_crop: bool = False
        """The service cuts the photo to the person first."""
        denoise_steps: int = Field(default=30, ge=1, le=50)
        """Rounds of denoising: more take longer and look cleaner."""
        seed: int | None = None
        """The same seed draws the same picture; None draws another each time."""
        composite: bool = True
        """Everything that was not to be changed is taken from the photo; without it, the service's raw picture."""

    def __init__(self) -> None:
        self.capabilities = Capabilities(mask=True, seed=True, steps=True, description=True, waits=True)
        self._url = ""

    def equip(self, values: Mapping[str, object]) -> None:
        """Take ``url``, ``token``, ``seconds``."""
        self._url = str(values.get("url", ""))

    def health(self) -> Health:
        """Whether the service answers."""
        return Health(HealthStatus.NOT_SET_UP, Text("No address is set.", "尚未设置地址。"))

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        """Dress the person."""
        if not self._url:
            raise EngineNotSetUp(engine=self.name, setting="VTONLAB_IDM_VTON_URL")
        raise EngineUnavailable(engine=self.name)
