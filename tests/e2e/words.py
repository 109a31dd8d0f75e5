"""The words of the pages in a language, so that what is on the screen is found by what it says."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

LOCALES = Path(__file__).parents[2] / "frontend" / "src" / "locales"


class Say:
    """``say("home.title")``: the words; ``say("tasks.button", n=2)``: with its values, and the form for that number."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        """The words of ``key``. Raises ``KeyError``."""
        text = _find(self.language, key)
        if "n" in values and "|" in text:
            forms = [form.strip() for form in text.split("|")]
            number = int(str(values["n"]))
            text = forms[min(number, len(forms) - 1)] if len(forms) > 2 else forms[0 if number == 1 else -1]
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), text)

    def like(self, key: str) -> re.Pattern[str]:
        """Anything that ``key`` can say, whatever is put into it."""
        forms = [re.escape(form.strip()) for form in _find(self.language, key).split("|")]
        return re.compile("^(?:" + "|".join(re.sub(r"\\\{\w+\\\}", ".+", form) for form in forms) + ")$")


@cache
def _words(language: str, namespace: str) -> Any:
    return json.loads((LOCALES / language / f"{namespace}.json").read_text("utf-8"))


def _find(language: str, key: str) -> str:
    namespace, *path = key.split(".")
    part = _words(language, namespace)
    for name in path:
        part = part[name]
    assert isinstance(part, str), key
    return part
