"""Any engine behind IDM-VTON's own Gradio interface, and behind the base64 form of it (``vtonlab gradio``).

    client ─▶ guard ─▶ Gradio (queue, uploads, page) ─▶ forms ─▶ desk ─▶ engine
                 └───▶ POST /api/tryon ────────────────────┘

docs/guides/gradio.md is written for those who use it. Nothing here needs the database: what comes in is computed,
handed back, and forgotten within the hour.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

# Read by Gradio when it is imported, and again when an app is made: nobody is told that it is used.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

PORT: Final = 7860
"""Where Gradio apps are looked for."""
MOST_WAITING: Final = 32


class Shape(StrEnum):
    """Whose signature ``/tryon`` has."""

    IDM_VTON = "idm-vton"
    BASE64 = "base64"


@dataclass(frozen=True)
class Offer:
    """What is offered: an engine, in which shape at the address itself, and to how many.

    ``waiting``: how many may wait for a place. ``options``: of the engine, the same for everybody; what is set here no
    client can set.
    """

    engine: str
    shape: Shape = Shape.IDM_VTON
    waiting: int = MOST_WAITING
    options: Mapping[str, Any] = field(default_factory=dict)
