"""Where a request comes from, behind proxies that are trusted and others."""

from __future__ import annotations

from typing import Any

import pytest

from vtonlab.accounts.addresses import client_address, neighbourhood, read_trusted
from vtonlab.errors import BadSetting


def scope(client: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"client": (client, 5000) if client else None, "headers": headers}


@pytest.mark.parametrize(
    ("client", "forwarded", "found"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # nobody we trust wrote it
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),  # the left one is the client's own invention
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1", "10.0.0.2"], "198.51.100.1"),  # two headers are one list
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        (None, ["198.51.100.1"], ""),
    ],
)
def test_only_what_trusted_proxies_wrote_is_believed(client: str | None, forwarded: list[str], found: str) -> None:
    assert client_address(scope(client, *forwarded), read_trusted("10.0.0.0/8")) == found


def test_without_trusted_proxies_the_header_means_nothing() -> None:
    assert client_address(scope("127.0.0.1", "198.51.100.1"), read_trusted("")) == "127.0.0.1"


def test_proxies_that_are_no_addresses_are_told() -> None:
    with pytest.raises(BadSetting):
        read_trusted("10.0.0.1, my-proxy")


def test_one_customer_of_ipv6_is_one_place() -> None:
    assert neighbourhood("2001:db8:0:1::1") == neighbourhood("2001:db8:0:1:ffff::2")
    assert neighbourhood("2001:db8:0:1::1") != neighbourhood("2001:db8:0:2::1")
    assert neighbourhood("192.0.2.1") == "192.0.2.1"
    assert neighbourhood("") == ""
