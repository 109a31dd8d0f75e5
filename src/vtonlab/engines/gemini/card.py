"""What the engine can do, and what using it means for privacy and licences."""

from __future__ import annotations

from typing import Final

from vtonlab.engines.contract import Capabilities
from vtonlab.engines.gemini.setup import Setup, is_small
from vtonlab.errors import Text

RATIOS: Final = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "1:4", "4:1", "1:8", "8:1")
"""Shapes in which the models draw, width to height."""

PRIVACY: Final = Text(
    "Pictures are sent to Google's Gemini API. With a paid key Google does not train on them and keeps them for a "
    "limited time to detect abuse; with a free key it may use them to improve its products, and people may look at "
    "them.",
    "图片会发送到 Google 的 Gemini API。使用付费密钥时，Google 不会用其训练模型，仅为检测滥用保留有限时间；"
    "使用免费密钥时，Google 可能用其改进产品，也可能由人工查看。",
)


LARGER: Final = "2K"
PRESETS: Final = {"fast": {"size": "1K"}, "balanced": {"size": "auto"}, "best": {"size": LARGER}}
"""For models that draw more than one size."""


MANY: Final = 14
"""Reference pictures that the larger models take (Google: “include a maximum of 14 images in an input”)."""
FEW: Final = 3
"""Reference pictures of small and older models: Google's word for 2.5; taken to be true of “lite” too, which it says
nothing of."""


def capabilities(setup: Setup) -> Capabilities:
    """The card of the engine as it is set up."""
    return Capabilities(
        generate=True,
        batch=True,
        references=FEW if is_small(setup.model) else MANY,
        outfits=True,
        seed=True,
        description=True,
        presets=PRESETS if LARGER in setup.sizes else {},
        aspect_ratios=RATIOS,
        remote_host=setup.host or "?",
        waits=True,
        privacy=PRIVACY,
        code_licence="Apache-2.0",
        weights_licence="Gemini API Additional Terms of Service (a service; no weights are given out)",
        commercial_use=True,
        is_paid=True,
    )
