"""The language of an answer, and the words of the page."""

from __future__ import annotations

import json
import re

import pytest

from vtonlab.web.languages import choose_language


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("en-GB,zh;q=0.5", "en"),
        ("fr, en;q=0.2, zh;q=0.7", "zh-CN"),
        ("zh;q=0, en", "en"),
        ("de, *;q=0.5", "en"),
        ("zh;q=lots, en;q=0.1", "en"),
    ],
)
def test_the_language_that_is_wanted_most(accepted: str, language: str) -> None:
    assert choose_language(accepted) == language


def test_the_setting_decides_where_the_request_does_not() -> None:
    assert choose_language("", "zh-CN") == "zh-CN"
    assert choose_language("en", "zh-CN") == "en"


def read_words() -> dict[str, dict[str, str]]:
    body = (STATIC / "words.js").read_text("utf-8").partition("export const words = ")[2]
    words: dict[str, dict[str, str]] = json.loads(body.strip().removesuffix(";"))
    return words


def test_every_word_of_the_page_is_there_in_every_language() -> None:
    words = read_words()
    assert set(words) == {"en", "zh-CN"}
    assert words["en"].keys() == words["zh-CN"].keys()
    for key, english in words["en"].items():
        chinese = words["zh-CN"][key]
        assert english.strip(), key
        assert chinese.strip(), key
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", chinese)), key


def test_every_word_the_page_asks_for_exists_and_every_word_is_asked_for() -> None:
    html = (STATIC / "index.html").read_text("utf-8")
    scripts = "\n".join(
        path.read_text("utf-8") for path in STATIC.glob("*.js") if path.name not in {"words.js", "login.js"}
    )
    known = set(read_words()["en"])
    asked = set(re.findall(r'data-words="([\w-]+)"', html)) | set(re.findall(r'say\("([\w-]+)"', scripts))
    assert asked <= known
    composed = set(re.findall(r"say\(`([\w-]+-)\$", scripts))
    named = set(re.findall(r'"([a-z-]+)"', scripts))
    unused = {key for key in known - asked - named if not any(key.startswith(prefix) for prefix in composed)}
    assert not unused


def test_the_door_speaks_both_languages() -> None:
    script, page = (STATIC / "login.js").read_text("utf-8"), (STATIC / "login.html").read_text("utf-8")
    english, chinese = (re.findall(r'"([a-z-]+)": "', part) for part in script.partition('"zh-CN": {')[::2])
    assert english == chinese
    assert set(re.findall(r'data-says="([\w-]+)"', page)) <= set(english)
