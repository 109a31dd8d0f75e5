"""What the engine can do, and what using it means for privacy and licences."""

from __future__ import annotations

from typing import Final

from vtonlab.engines.contract import Capabilities
from vtonlab.errors import Text

PRIVACY: Final = Text(
    "Pictures are sent to FASHN. It says that it does not store what is sent, and keeps the finished picture for 72 "
    "hours, then deletes it.",
    "图片会发送到 FASHN。该服务声明不保存上传的图片；生成的图片保留 72 小时后删除。",
)

PRESETS: Final = {
    "fast": {"mode": "performance"},
    "balanced": {"mode": "balanced"},
    "best": {"mode": "quality"},
}


def capabilities(host: str) -> Capabilities:
    """The card of the engine while its pictures go to ``host``."""
    return Capabilities(
        seed=True,
        presets=PRESETS,
        remote_host=host,
        waits=True,
        privacy=PRIVACY,
        code_licence="Apache-2.0",
        weights_licence="FASHN Terms of Service (a service; no weights are given out)",
        commercial_use=True,
        is_paid=True,
    )
