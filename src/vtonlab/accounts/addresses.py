"""Where a request comes from, when proxies stand in between."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from vtonlab.errors import BadSetting, Text

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def read_trusted(proxies: str) -> tuple[Network, ...]:
    """The networks of the setting ``trusted_proxies`` (addresses or ``10.0.0.0/8``, commas). Raises ``BadSetting``.

    >>> read_trusted("127.0.0.1, 10.0.0.0/8")
    (IPv4Network('127.0.0.1/32'), IPv4Network('10.0.0.0/8'))
    """
    try:
        return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in proxies.split(",") if part.strip())
    except ValueError as error:
        reason = Text("not an IP address or network", "不是 IP 地址或网段")
        raise BadSetting(setting="trusted_proxies", reason=reason) from error


def client_address(scope: Mapping[str, Any], trusted: Sequence[Network]) -> str:
    """The IP address of the client of an ASGI ``scope``; empty where it has none (a UNIX socket).

    ``X-Forwarded-For`` is read from its right end, where the proxy nearest to us wrote, and only as long as what
    wrote it is ``trusted``: anybody may send the header, and everything left of the last trusted entry is hearsay.
    """
    client = scope.get("client")
    nearest = str(client[0]) if client else ""
    hops = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"x-forwarded-for"]
    for hop in reversed(",".join(hops).split(",")):
        if not _is_trusted(nearest, trusted):
            break
        address = _read(hop)
        if address is None:
            break
        nearest = str(address)
    address = _read(nearest)
    return nearest if address is None else str(address)


def neighbourhood(address: str) -> str:
    """What a rate limit counts as one place: an IPv4 address, the /64 of an IPv6 one, which is one customer's.

    >>> neighbourhood("2001:db8::1:2:3:4")
    '2001:db8::/64'
    """
    known = _read(address)
    if isinstance(known, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((known, 64), strict=False))
    return address


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    known = _read(address)
    return known is not None and any(known in network for network in trusted)


def _read(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):  # [2001:db8::1]:443
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # 192.0.2.1:443
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A socket that listens on both sees IPv4 as ::ffff:192.0.2.1; it is the same place.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
