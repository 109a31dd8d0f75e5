"""The smallest engine that does something: it pins the garment's picture on the middle of the photo."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from vtonlab.engines import contract
from vtonlab.engines.contract import Capabilities, Health, HealthStatus, Note, TryOnRequest, TryOnResult
from vtonlab.errors import BadOption, NoPersonFound, Text


class PinOptions(contract.Options):
    """What can be chosen."""

    share: float = Field(0.5, gt=0, le=1)
    """Share of the photo's width and height that the garment takes."""


class PinEngine:
    """Pins the garment on the photo, sampled by nearest neighbours."""

    name: str = "example"
    title: Text = Text("Pin", "别针")
    capabilities: Capabilities = Capabilities(code_licence="Apache-2.0")
    Options: type[contract.Options] = PinOptions

    LEAST_SIDE: ClassVar[int] = 8

    def health(self) -> Health:
        """It always works."""
        return Health(HealthStatus.OK, Text("Has a pin.", "有别针。"))

    def try_on(self, request: TryOnRequest, report: contract.Report = contract.silent) -> TryOnResult:
        """The garment over the middle of the photo. Raises ``NoPersonFound`` where the photo is too small for one."""
        try:
            share = PinOptions(**request.options).share
        except ValueError as error:
            raise BadOption(option="share", reason=Text("a number over 0, at most 1", "应大于 0 且不超过 1")) from error
        height, width = request.person.shape[:2]
        if min(height, width) < self.LEAST_SIDE:
            raise NoPersonFound
        report(0.5, "pin")
        h, w = max(1, round(height * share)), max(1, round(width * share))
        top, left = (height - h) // 2, (width - w) // 2
        rows = np.arange(h) * request.garment.shape[0] // h
        columns = np.arange(w) * request.garment.shape[1] // w
        image, mask = request.person.copy(), np.zeros((height, width), np.uint8)
        image[top : top + h, left : left + w] = request.garment[rows[:, None], columns]
        mask[top : top + h, left : left + w] = 255
        note = Note("pinned", "info", Text("Pinned, not fitted.", "只是别上去，没有试穿。"))
        return TryOnResult(image, mask, engine=self.name, confidence=0.1, notes=(note,))
