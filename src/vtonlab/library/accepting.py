"""What clients say about a picture, made fit to be kept: bounded, cleaned, and of the form it should have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vtonlab.db.types import JsonValue
from vtonlab.library.receiving import LongText
from vtonlab.library.wording import clean

ADDRESS_LETTERS: Final = 2_000
CONTEXT_LETTERS: Final = 2_000
"""Of one text."""
CONTEXT_LETTERS_TOGETHER: Final = 20_000
CONTEXT_VALUES: Final = 200
"""In all."""
CONTEXT_DEPTH: Final = 4
LARGEST_NUMBER: Final = 2**53
"""Beyond it, JSON's readers no longer agree about whole numbers."""

_OF_THE_PAGE: Final = ("favIconUrl", "documentTitle", "documentUrl", "contextFound", "error")


def text_of(value: object, letters: int) -> str | None:
    """The text in ``value``, cut; None where it is no text or an empty one."""
    if isinstance(value, LongText):
        value = value.head(letters)
    return clean(value[: 4 * letters], letters) or None if isinstance(value, str) else None


def object_of(value: object) -> Mapping[str, Any]:
    """``value`` where it is an object; an empty one otherwise (null, a text, nothing)."""
    return value if isinstance(value, dict) else {}


def gather_context(body: Mapping[str, Any]) -> dict[str, JsonValue]:
    """What ``/api/receive-image`` says of a picture's surroundings: the fields of ``imageContext``, and beside them the
    product, the page's own words, and who sent it."""
    page = object_of(body.get("pageInfo"))
    told: dict[str, Any] = dict(object_of(page.get("imageContext")))
    told |= {name: value for name in _OF_THE_PAGE if (value := page.get(name)) is not None}
    told |= {name: value for name in ("source", "timestamp") if (value := body.get(name)) is not None}
    if product := object_of(page.get("product")):
        told["product"] = product
    return clean_context(told)


def clean_context(told: Mapping[str, Any]) -> dict[str, JsonValue]:
    """``told`` with everything in it that can be kept, up to bounds of number, depth and length."""
    left, letters = [CONTEXT_VALUES], [CONTEXT_LETTERS_TOGETHER]

    def keep(value: Any, depth: int) -> JsonValue:
        left[0] -= 1
        match value:
            case None | bool():
                return value
            case int() | float():
                return value if abs(value) <= LARGEST_NUMBER else None
            case str() | LongText():
                text = text_of(value, min(CONTEXT_LETTERS, letters[0])) or ""
                letters[0] -= len(text)
                return text
            case dict() if depth:
                return {clean(str(name), 64): keep(inner, depth - 1) for name, inner in value.items() if left[0] > 0}
            case list() if depth:
                return [keep(inner, depth - 1) for inner in value if left[0] > 0]
            case _:
                return None

    kept = keep(dict(told), CONTEXT_DEPTH)
    return kept if isinstance(kept, dict) else {}
