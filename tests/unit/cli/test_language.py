from __future__ import annotations

import pytest

from vtonlab.cli.language import choose_language


@pytest.mark.parametrize(
    ("words", "environment", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "de_DE"}, "en"),
        ([], {"LANG": "", "LC_ALL": "zh_TW"}, "zh-CN"),
        ([], {"VTONLAB_LANGUAGE": "auto", "LANG": "zh_CN"}, "zh-CN"),
        ([], {"VTONLAB_LANGUAGE": "zh-CN", "LANG": "en_US"}, "zh-CN"),
        (["--lang", "en"], {"VTONLAB_LANGUAGE": "zh-CN"}, "en"),
        (["--lang=zh-CN"], {"LANG": "en_US"}, "zh-CN"),
    ],
)
def test_choice(words, environment, language):
    assert choose_language([*words, "advise"], environment) == (language, ["advise"])


def test_after_a_double_dash_words_are_names():
    assert choose_language(["advise", "--", "--lang", "zh"], {}) == ("en", ["advise", "--", "--lang", "zh"])
