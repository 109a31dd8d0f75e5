"""What somebody asks for: one picture from words; and what a task's row says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vtonlab.db.types import JsonValue
from vtonlab.library.receiving import LongText

KIND: Final = "generate"
BATCH_KIND: Final = "batch"
PROMPT_LETTERS: Final = 20_000
MOST_REFERENCES: Final = 16
"""In one request, whatever a model takes."""
UPLOAD: Final = "upload"
"""What is told of a reference picture that came with the request."""
UPLOADS: Final = "_uploads"
"""Where a task's parameters have the storage keys of those, in their order; what begins so is not told."""
PRICE: Final = "_price"


@dataclass(frozen=True)
class Order:
    """One picture. ``reference_images``: of each the library filename or id, or a data-URL."""

    prompt: str
    reference_images: tuple[str | LongText, ...] = ()
    aspect_ratio: str = "1:1"
    resolution: str = "1K"
    provider: str | None = None
    """None: the usual one."""
    model: str | None = None
    negative_prompt: str = ""
    seed: int | None = None


@dataclass(frozen=True)
class Reference:
    """A reference picture that is there: of the library, or one that came with the request."""

    image_id: str | None = None
    key: str | None = None
    """Where the storage keeps it; instead of ``image_id``."""


@dataclass(frozen=True)
class Wanted:
    """An order that was looked through: the engine is there and can do it."""

    provider: str
    model: str
    prompt: str
    negative_prompt: str
    references: tuple[Reference, ...]
    aspect_ratio: str
    """As it was asked for."""
    resolution: str
    seed: int | None
    price: float
    """US dollars."""

    @property
    def told_references(self) -> tuple[str, ...]:
        """Ids of pictures of the library; ``upload`` for one that came with the request."""
        return tuple(one.image_id or UPLOAD for one in self.references)

    def write(self) -> dict[str, JsonValue]:
        """As a task's ``parameters``."""
        return {
            "provider": self.provider,
            "model": self.model,
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "reference_images": list(self.told_references),
            "aspect_ratio": self.aspect_ratio,
            "resolution": self.resolution,
            "seed": self.seed,
            UPLOADS: [one.key for one in self.references if one.key is not None],
            PRICE: self.price,
        }

    @classmethod
    def read(cls, written: Mapping[str, JsonValue]) -> Wanted:
        """What :meth:`write` wrote."""
        keys = iter(written[UPLOADS])
        return cls(
            provider=written["provider"],
            model=written["model"],
            prompt=written["prompt"],
            negative_prompt=written["negative_prompt"],
            references=tuple(
                Reference(key=next(keys)) if name == UPLOAD else Reference(name) for name in written["reference_images"]
            ),
            aspect_ratio=written["aspect_ratio"],
            resolution=written["resolution"],
            seed=written["seed"],
            price=written[PRICE],
        )
