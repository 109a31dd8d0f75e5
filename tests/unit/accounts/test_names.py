"""Which names, e-mail addresses and passwords are taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtonlab.accounts import names
from vtonlab.errors import BadDetail


@pytest.mark.parametrize(
    "name",
    [
        "mei",
        "testuser_12345678901234",
        "testuser_1234567890",
        "王小明",
        "Ана Петрова",
        "علي بن",
        "josé-maría",
        "a.b+c@d",
        "x" * 32,
    ],
)
def test_names_of_every_script_are_taken(name: str) -> None:
    shown, key = names.read_username(name)
    assert shown == name
    assert key == names.fold(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "王明",
        "x" * 33,
        "a\x00bc",
        "a\tbc",
        "a\nbc",
        "mei\u200b",  # zero width space
        "mei\u202e",  # right-to-left override
        "m\u00adei",  # soft hyphen
        "mei\ufeff",
        "mei\u3164",  # Hangul filler, a letter that shows nothing
        "mei\ufe0f",
        "mei\u2800",
        "\ud800abc",
        "a  b",
        "a\u00a0bc",
        "a\u2028bc",
        "abc\ue000",  # private use
        "guest-0123abcd",
        "Default-User-0123abcd",
        "ﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺ",  # 18 letters each, once folded
    ],
)
def test_names_that_cannot_be_told_apart_or_seen_are_not(name: str) -> None:
    with pytest.raises(BadDetail):
        names.read_username(name)


@pytest.mark.parametrize(
    ("one", "other"), [("Mei", "ｍｅｉ"), ("STRASSE", "straße"), ("ﬁona", "FIONA"), ("Ａna", "ana")]
)
def test_names_that_read_the_same_are_the_same(one: str, other: str) -> None:
    assert names.read_username(one)[1] == names.read_username(other)[1]


@given(st.text(max_size=80))
def test_a_name_is_taken_or_refused_and_its_key_is_stable(text: str) -> None:
    try:
        shown, key = names.read_username(text)
    except BadDetail:
        return
    assert 3 <= len(shown) <= 32
    assert len(key) <= 64
    assert names.read_username(shown) == (shown, key)
    assert names.fold(key) == key
    key.encode()


def test_an_email_address_is_optional_and_loosely_checked() -> None:
    assert names.read_email(None) is None
    assert names.read_email("  ") is None
    assert names.read_email(" Mei@Example.org ") == ("Mei@Example.org", "mei@example.org")
    assert names.read_email("用户@例子.公司") == ("用户@例子.公司", "用户@例子.公司")
    for wrong in ("mei", "@example.org", "mei@", "a b@c", "a\x00@b", "x" * 250 + "@b.example"):
        with pytest.raises(BadDetail):
            names.read_email(wrong)


def test_passwords_have_a_least_length_and_a_most() -> None:
    assert names.read_password("secret", 6) == "secret"
    assert names.read_password("ｐａｓｓｗｏｒｄ１２") == "password12"  # every keyboard gives the same
    assert len(names.read_password("王" * 341)) == 341
    for wrong in ("short", "王" * 342, "x" * 1025, "long enough \ud800", ""):
        with pytest.raises(BadDetail):
            names.read_password(wrong)
    with pytest.raises(BadDetail):
        names.read_password("five5", 6)
