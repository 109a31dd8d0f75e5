"""Which language the person at the terminal reads, and words in it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from vtonlab.errors import Text

CHINESE = "zh-CN"
ENGLISH = "en"

_chosen = ENGLISH


def choose_language(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> tuple[str, list[str]]:
    """The reader's language, and ``arguments`` without ``--lang``.

    ``--lang`` decides, then ``VTONLAB_LANGUAGE``, then the locale (``LC_ALL``, ``LC_MESSAGES``, ``LANG``).

    >>> choose_language(["--lang", "zh", "engines"], {})
    ('zh-CN', ['engines'])
    >>> choose_language(["engines"], {"LANG": "zh_CN.UTF-8"})
    ('zh-CN', ['engines'])
    >>> choose_language(["engines"], {"LANG": "zh_CN.UTF-8", "VTONLAB_LANGUAGE": "en"})
    ('en', ['engines'])
    """
    asked, rest = _take_option(arguments)
    wished = environment.get("VTONLAB_LANGUAGE", "")
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    tag = asked or (wished if wished != "auto" else "") or locale
    return CHINESE if tag.lower().startswith("zh") else ENGLISH, rest


def speak(language: str) -> None:
    """Let :func:`say` and :func:`here` answer in ``language`` from now on."""
    global _chosen  # noqa: PLW0603 - one process has one reader
    _chosen = language


def language() -> str:
    """The language chosen with :func:`speak`."""
    return _chosen


def say(text: Text) -> str:
    """``text`` in the reader's language."""
    return text.say(_chosen)


def here(en: str, zh: str) -> str:
    """One of two phrasings, by the reader's language."""
    return zh if _chosen == CHINESE else en


def _take_option(arguments: Sequence[str]) -> tuple[str, list[str]]:
    rest: list[str] = []
    asked = ""
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            return asked, [*rest, word, *waiting]
        if word == "--lang" and waiting:
            asked = waiting.pop(0)
        elif word.startswith("--lang="):
            asked = word.removeprefix("--lang=")
        else:
            rest.append(word)
    return asked, rest
