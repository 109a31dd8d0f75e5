"""Which of our languages a client wants."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "zh-CN"]


def choose_language(accepted: str, otherwise: Language) -> Language:
    """The language of ours that ``accepted``, an ``Accept-Language`` header (RFC 9110 §12.5.4), wants most.

    ``otherwise`` where it names none of ours.
    """
    wanted: list[tuple[float, int, Language]] = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, weight = part.strip().lower().partition(";")
        ours: Language | None = "zh-CN" if tag.startswith("zh") else "en" if tag.startswith("en") else None
        share = _read_weight(weight)
        if ours and share > 0:
            wanted.append((-share, place, ours))
    return min(wanted)[2] if wanted else otherwise


def _read_weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
