"""Reading what the service answered: a picture, or why there is none."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from vtonlab.engines.gemini.rules import REASONS, tell_rule, word_of
from vtonlab.errors import NoPicture, PromptRefused

if TYPE_CHECKING:
    from google.genai import types

log = logging.getLogger(__name__)


def read_answer(response: types.GenerateContentResponse, engine: str) -> bytes:
    """The bytes of the picture in ``response``.

    Raises ``PromptRefused`` where a filter of the service said no, before it drew or after, and ``NoPicture`` where
    it answered with words only, or with nothing.
    """
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        blocked = word_of(feedback.block_reason)
        log.info("%s refused the request: %s", engine, blocked)
        raise PromptRefused(engine=engine, rule=tell_rule(blocked, feedback.safety_ratings or []))
    candidates = response.candidates or []
    for candidate in candidates:
        picture = _picture_in(candidate)
        if picture:
            return picture
    reasons = {word_of(candidate.finish_reason) for candidate in candidates}
    log.info("%s answered without a picture: %s", engine, ", ".join(sorted(reasons)) or "nothing")
    for candidate in candidates:
        reason = word_of(candidate.finish_reason)
        if reason in REASONS:
            raise PromptRefused(engine=engine, rule=tell_rule(reason, candidate.safety_ratings or []))
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
