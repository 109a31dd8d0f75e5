"""Reading what the service answered: a picture, or why there is none."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from vtonlab.errors import ContentRefused, NoPicture

if TYPE_CHECKING:
    from google.genai import types

log = logging.getLogger(__name__)

REFUSALS: Final = frozenset(
    {
        "BLOCKLIST",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "IMAGE_SAFETY",
        "MODEL_ARMOR",
        "PROHIBITED_CONTENT",
        "RECITATION",
        "SAFETY",
        "SPII",
    }
)
"""Reasons to finish that mean: not these pictures."""


def read_answer(response: types.GenerateContentResponse, engine: str) -> bytes:
    """The bytes of the picture in ``response``.

    Raises ``ContentRefused`` where a filter of the service said no, before it drew or after, and ``NoPicture`` where
    it answered with words only, or with nothing.
    """
    blocked = response.prompt_feedback.block_reason if response.prompt_feedback else None
    if blocked is not None:
        log.info("%s refused the request: %s", engine, _word(blocked))
        raise ContentRefused(engine=engine)
    for candidate in response.candidates or []:
        picture = _picture_in(candidate)
        if picture:
            return picture
    reasons = {_word(candidate.finish_reason) for candidate in response.candidates or []}
    log.info("%s answered without a picture: %s", engine, ", ".join(sorted(reasons)) or "nothing")
    if reasons & REFUSALS:
        raise ContentRefused(engine=engine)
    raise NoPicture(engine=engine)


def _picture_in(candidate: types.Candidate) -> bytes | None:
    """The last picture, which is the finished one: models that think send drafts before it."""
    parts = (candidate.content.parts if candidate.content else None) or []
    found = [
        part.inline_data.data
        for part in parts
        if not part.thought and part.inline_data and (part.inline_data.mime_type or "").startswith("image/")
    ]
    return found[-1] if found else None


def _word(reason: object) -> str:
    """``FinishReason.STOP`` and the plain word of a library that does not know it yet."""
    return str(getattr(reason, "value", reason) or "")
