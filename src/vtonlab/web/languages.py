"""Which interface an address belongs to, and which language its answer speaks."""

from __future__ import annotations

from enum import Enum
from typing import Literal

from vtonlab.errors import language
from vtonlab.errors.language import Language

Preferred = Literal["auto", "en", "zh-CN"]


class Interface(Enum):
    """Who is spoken to: each has its own form of errors, and its own language where none is asked for."""

    WARDROBE = "zh-CN"
    """``/api/…``: cookie session, ``{"success", "error", "code"}``."""
    STUDIO = "en"
    """``/api/v1/…``: bearer token, RFC 9457 problem details."""
    PAGE = "auto"
    """Everything else: ``{"code", "message", "hint"}``."""


def find_interface(path: str) -> Interface:
    """The interface of an address.

    >>> find_interface("/api/v1/tasks"), find_interface("/api/images"), find_interface("/api/v1x")
    (<Interface.STUDIO: 'en'>, <Interface.WARDROBE: 'zh-CN'>, <Interface.WARDROBE: 'zh-CN'>)
    """
    if path == "/api/v1" or path.startswith("/api/v1/"):
        return Interface.STUDIO
    if path == "/api" or path.startswith("/api/"):
        return Interface.WARDROBE
    return Interface.PAGE


def language_of(path: str, accepted: str, preferred: Preferred) -> Language:
    """The language of an answer at ``path`` to a request whose ``Accept-Language`` is ``accepted``.

    ``preferred`` is the setting, which decides for pages where the request does not.
    """
    own = find_interface(path).value
    return choose_language(accepted, preferred if own == "auto" else own)  # type: ignore[arg-type]


def choose_language(accepted: str, preferred: Preferred = "auto") -> Language:
    """The language of ours that ``accepted`` wants most; ``preferred`` where it names none, English for ``auto``."""
    return language.choose_language(accepted, "en" if preferred == "auto" else preferred)


__all__ = ["Interface", "Language", "Preferred", "choose_language", "find_interface", "language_of"]
