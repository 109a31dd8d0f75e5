"""What the settings say about the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from vtonlab.engines.line import host_of, without_credentials

ADDRESS: Final = "https://generativelanguage.googleapis.com"
MODEL: Final = "gemini-nano-banana-2.1"
SECONDS: Final = 180.0


@dataclass(frozen=True)
class Setup:
    """``seconds`` for one picture, ``price`` of one in US dollars, ``price_4k`` of one of 4K. ``models``: those that
    are offered, in that order; empty takes those that the service lists. ``auth``: for a proxy before the service."""

    key: str = field(default="", repr=False)
    model: str = MODEL
    address: str = ADDRESS
    auth: tuple[str, str] | None = field(default=None, repr=False)
    seconds: float = SECONDS
    price: float = 0.0
    price_4k: float = 0.0
    models: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Where pictures go; empty where the address is none."""
        return host_of(self.address)

    @property
    def missing(self) -> str:
        """The setting without which nothing can be asked; empty where all are there."""
        if not self.key:
            return "VTONLAB_GEMINI_API_KEY"
        return "" if self.host else "VTONLAB_GEMINI_URL"

    @property
    def sizes(self) -> tuple[str, ...]:
        """The sizes in which the model draws."""
        return sizes_of(self.model)


def is_small(model: str) -> bool:
    """Whether it is one of the small models, or of the second generation: one size, few reference pictures."""
    return "lite" in model or "2.5" in model


def sizes_of(model: str) -> tuple[str, ...]:
    """The sizes in which the model draws; longer sides of about 1024, 2048 and 4096 pixels."""
    return ("1K",) if is_small(model) else ("1K", "2K", "4K")


def read_setup(values: Mapping[str, object]) -> Setup:
    """The settings as :class:`Setup`; what is missing has its default."""
    address, auth = without_credentials(str(values.get("url") or ADDRESS))
    price = float(str(values.get("price") or 0.0))
    models = (name.strip().removeprefix("models/") for name in str(values.get("models") or "").split(","))
    return Setup(
        key=str(values.get("api_key") or "").strip(),
        model=str(values.get("model") or MODEL).removeprefix("models/"),
        address=address.rstrip("/"),
        auth=auth,
        seconds=float(str(values.get("seconds") or SECONDS)),
        price=price,
        price_4k=float(str(values.get("price_4k", price))),
        models=tuple(dict.fromkeys(filter(None, models))),
    )
