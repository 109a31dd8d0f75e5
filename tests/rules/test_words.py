"""The words of the pages: whole in every language, every one asked for, none asked for that is not there."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "frontend" / "src"
LOCALES = SRC / "locales"
LANGUAGES = ("en", "zh-CN")
CHINESE = r"[\u3400-\u9fff]"
SAME_IN_BOTH = re.compile(
    r"(?:[\W\d_]|\{\w+\}|\b(?:VTON Lab|IDM-VTON|FASHN|Gemini|Esc|Ctrl|PNG|JPEG|WebP|[A-Z0-9]{1,4})\b)*"
)
"""Names, keys and figures, which nobody translates."""

Words = dict[str, str]


@cache
def words(language: str) -> Words:
    """Every word of a language by its key."""
    found: Words = {}
    for path in sorted((LOCALES / language).glob("*.json")):
        gather(json.loads(path.read_text("utf-8")), path.stem, found)
    return found


def gather(part: object, key: str, found: Words) -> None:
    if isinstance(part, dict):
        for name, value in part.items():
            gather(value, f"{key}.{name}", found)
    else:
        assert isinstance(part, str), f"{key} is no word"
        found[key] = part


def namespaces() -> set[str]:
    return {path.stem for path in (LOCALES / "en").glob("*.json")}


def sources() -> list[Path]:
    """What asks for words."""
    return [
        path
        for path in sorted([*SRC.rglob("*.ts"), *SRC.rglob("*.vue")])
        if LOCALES not in path.parents and not path.name.endswith((".test.ts", ".d.ts"))
    ]


ASKED = re.compile(r"""["'`]((?:%s)\.[A-Za-z0-9_.\-]*(?:\$\{[^`]*?\}[A-Za-z0-9_.\-]*)*)["'`]""")


def code(path: Path) -> str:
    """Where a string in quotes is one: in a component's markup, the quotes of bound attributes are not those of one."""
    script, tag, markup = path.read_text("utf-8").partition("<template>")
    return script + tag + re.sub(r"""([\s"](?:[:@#]|v-)[\w.:\[\]-]*)="([^"]*)\"""", r"\1=(\2)", markup)


@cache
def asked() -> tuple[frozenset[str], frozenset[str]]:
    """Keys that the sources name, and patterns of those that they put together."""
    pattern = re.compile(ASKED.pattern % "|".join(map(re.escape, namespaces())))
    found = {match for path in sources() for match in pattern.findall(code(path))}
    composed = {key for key in found if "${" in key or key.endswith(".")}
    patterns = {re.sub(r"\\\$\\\{.*?\\\}", ".+", re.escape(key)) + (".+" if key[-1] == "." else "") for key in composed}
    return frozenset(found - composed), frozenset(patterns)


def test_every_language_has_the_same_files_and_keys() -> None:
    english, chinese = (words(language) for language in LANGUAGES)
    assert english
    assert english.keys() == chinese.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_can_be_said(language: str) -> None:
    """None that says nothing in one language alone, and none that vue-i18n would stumble over: a loose brace, an at
    sign."""
    faulty = []
    for key, text in words(language).items():
        bare = re.sub(r"\{'[^']*'\}|\{\w+\}", "", text)
        is_silent = not text and any(words(each).get(key) for each in LANGUAGES)
        if is_silent or text != text.strip() or re.search(r"[{}@]", bare):
            faulty.append(f"{key}: {text!r}")
    assert not faulty


def test_what_is_put_into_a_sentence_is_the_same_in_both_languages() -> None:
    differing = [
        key
        for key, english in words("en").items()
        if set(re.findall(r"\{(\w+)\}", english)) != set(re.findall(r"\{(\w+)\}", words("zh-CN").get(key, "")))
    ]
    assert not differing


def test_each_language_is_itself() -> None:
    names_of_languages = {"中文", "简体中文", "中文（简体）", "English"}
    english = [
        f"{key}: {text}"
        for key, text in words("en").items()
        if re.search(CHINESE, text) and text not in names_of_languages and not key.endswith(".languageNames")
    ]
    chinese = [
        f"{key}: {text}"
        for key, text in words("zh-CN").items()
        if text and not re.search(CHINESE, text) and not SAME_IN_BOTH.fullmatch(text) and text not in names_of_languages
    ]
    assert not english + chinese


def test_the_tone_is_calm_and_the_signs_are_those_of_the_language() -> None:
    loud = [
        f"{key}: {text}" for language in LANGUAGES for key, text in words(language).items() if re.search("[!！]", text)
    ]
    dots = [f"{key}: {text}" for key, text in words("en").items() if "..." in text]
    signs = [
        f"{key}: {text}"
        for key, text in words("zh-CN").items()
        if re.search(rf"{CHINESE}[,;:?]|\.\.\.|{CHINESE}\.(?!\w)", text)
    ]
    assert not loud + dots + signs


def test_every_word_that_is_asked_for_exists() -> None:
    exact, patterns = asked()
    known = words("en").keys()
    parts = {key[: found.start()] for key in known for found in re.finditer(r"\.", key)}
    missing = sorted(exact - known - parts)
    missing += sorted(pattern for pattern in patterns if not any(re.fullmatch(pattern, key) for key in known))
    assert not missing


def test_every_word_is_asked_for() -> None:
    exact, patterns = asked()
    unused = [
        key
        for key in words("en")
        if key not in exact
        and not any(key.startswith(f"{each}.") for each in exact)
        and not any(re.fullmatch(pattern, key) for pattern in patterns)
    ]
    assert not unused
