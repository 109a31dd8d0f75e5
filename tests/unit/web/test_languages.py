"""The language of an answer. The words of the pages: tests/rules/test_words.py."""

from __future__ import annotations

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
