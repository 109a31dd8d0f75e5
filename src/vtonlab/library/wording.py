"""The words of a picture: as they are kept, as they are sorted, and as they are looked for."""

from __future__ import annotations

import re
import unicodedata

from vtonlab.db.types import JsonValue
from vtonlab.library.models import Image

SORT_LETTERS = 255
SEARCH_LETTERS = 8_000
"""Letters of one picture that a search looks at."""

MOST_WORDS = 16
"""Words of one search; more are not looked at."""

TITLE_LETTERS = 500

# Control characters, and halves of characters that no database takes.
_UNKEPT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def clean(text: str, letters: int) -> str:
    """``text`` on one line, without what cannot be kept or seen, cut to ``letters``."""
    return " ".join(_UNKEPT.sub(" ", text).split())[:letters].strip()


def fold(text: str) -> str:
    """The form in which two ways to write the same words are equal: NFKC, case folded, NFKC again."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def split_search(search: str) -> tuple[str, ...]:
    """The words of a search, folded, each once and in a steady order; none where nothing is looked for."""
    return tuple(sorted(set(fold(clean(search, 1_000)).split())))[:MOST_WORDS]


def write_words(image: Image) -> None:
    """Bring ``sort_name`` and ``search_text`` of ``image`` in step with its title, names and page."""
    name = image.page_title or image.original_name or image.filename
    image.sort_name = clean(fold(name), SORT_LETTERS)
    told = (image.page_title, image.original_name, image.filename, _shop_address(image.page_url))
    words = [text for text in (*told, *_context_words(image.context_info)) if text]
    image.search_text = clean(fold("\n".join(words)), SEARCH_LETTERS)


def _shop_address(address: str | None) -> str:
    """Of a page's address, what people know it by; the rest is noise to a search."""
    return address.partition("?")[0] if address and not address.startswith("data:") else ""


def _context_words(context: dict[str, JsonValue]) -> list[str]:
    """What the shop's page said about the picture (``altText``, ``product.brand`` …), however deep."""
    found: list[str] = []
    waiting: list[tuple[str, JsonValue]] = [("", context)]
    while waiting:
        name, value = waiting.pop(0)
        if isinstance(value, dict):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(name, item) for item in value]
        elif isinstance(value, str) and name in _TELLING:
            found.append(value)
    return found


_TELLING = frozenset({"altText", "contextText", "title", "name", "brand", "description"})
"""Fields of a picture's context that are words of people; the others are sizes, moments and addresses."""
