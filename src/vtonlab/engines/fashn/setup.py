"""What the settings say about the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from vtonlab.engines.line import host_of, without_credentials

ADDRESS: Final = "https://api.fashn.ai/v1"
MODEL: Final = "tryon-v1.6"
SECONDS: Final = 240.0


@dataclass(frozen=True)
class Setup:
    """``seconds`` for one picture, ``price`` of one in US dollars."""

    key: str = field(default="", repr=False)
    model: str = MODEL
    address: str = ADDRESS
    seconds: float = SECONDS
    price: float = 0.0

    @property
    def host(self) -> str:
        """Where pictures go; empty where the address is none."""
        return host_of(self.address)

    @property
    def headers(self) -> dict[str, str]:
        """What says who we are. For the service itself only, not for the servers that keep its pictures."""
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def missing(self) -> str:
        """The setting without which nothing can be asked; empty where all are there."""
        if not self.key:
            return "VTONLAB_FASHN_API_KEY"
        return "" if self.host else "VTONLAB_FASHN_URL"


def read_setup(values: Mapping[str, object]) -> Setup:
    """The settings as :class:`Setup`; what is missing has its default."""
    address, _ = without_credentials(str(values.get("url") or ADDRESS))
    return Setup(
        key=str(values.get("api_key") or "").strip(),
        model=str(values.get("model") or MODEL),
        address=address.rstrip("/"),
        seconds=float(str(values.get("seconds") or SECONDS)),
        price=float(str(values.get("price") or 0.0)),
    )
