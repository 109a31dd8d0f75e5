"""A picture from the web for a client who names its address: only from the web, never from the network we stand in.

The name is resolved once and every address behind it judged; the connection then goes to the address that was judged,
so a name that answers differently the second time (DNS rebinding) gains nothing. Each redirect is judged the same way.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from vtonlab.errors import AddressRefused, FetchFailed, ImageTooLarge, Text
from vtonlab.imaging.formats import recognise
from vtonlab.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""The IP addresses of a host's name."""

PORTS: Final = frozenset({80, 443, 8080, 8443})
MOST_REDIRECTS: Final = 5
MOST_LETTERS: Final = 8_000
CONNECTIONS_AT_ONCE: Final = 16
PIECE: Final = 64 * 1024
HEAD: Final = 64
"""Bytes that tell what kind of file it is."""
AGENT: Final = "vtonlab"
ACCEPT: Final = "image/avif,image/webp,image/jpeg,image/png,image/*;q=0.8"

_NETWORKS: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/3", "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16"),
        *("fc00::/7", "fe80::/9", "ff00::/8"),
    )
)
"""IANA's special-purpose registries (RFC 6890 and its successors), Teredo among ``2001::/23``; and multicast."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class Fetcher:
    """Fetches pictures under the limits of ``settings``. ``resolve`` looks up names; the system's by default."""

    def __init__(self, settings: Settings, resolve: Resolver | None = None) -> None:
        self._settings = settings
        self._resolve = resolve or _ask_the_system
        self._own = {entry.strip().lower() for entry in settings.fetch_private_hosts.split(",") if entry.strip()}
        self._places = asyncio.Semaphore(CONNECTIONS_AT_ONCE)

    async def fetch(self, url: str, into: Path) -> None:
        """Write the picture at ``url`` to the file ``into``, which is there. Its content was seen to be a picture's,
        whatever the server called it; it was not decoded.

        Raises ``AddressRefused``, ``FetchFailed`` and ``ImageTooLarge``.
        """
        try:
            async with asyncio.timeout(self._settings.fetch_seconds), self._places:
                await self._follow(url, into)
        except TimeoutError as error:
            raise FetchFailed(
                reason=Text(
                    f"no answer within {self._settings.fetch_seconds:g} seconds",
                    f"{self._settings.fetch_seconds:g} 秒内没有完成",
                )
            ) from error

    async def _follow(self, url: str, into: Path) -> None:
        for _ in range(MOST_REDIRECTS + 1):
            async with self._ask(url) as answer:
                if not answer.has_redirect_location:
                    await self._take(answer, into)
                    return
                url = urljoin(url, answer.headers["location"])
        raise FetchFailed(reason=Text("it leads from one address to another", "重定向次数过多"))

    @asynccontextmanager
    async def _ask(self, url: str) -> AsyncIterator[httpx.Response]:
        host, target = await self._judge(url)
        headers = {"Host": _netloc(url), "User-Agent": AGENT, "Accept": ACCEPT, "Accept-Encoding": "identity"}
        request = httpx.Request("GET", target, headers=headers, extensions=self._extensions(host))
        try:
            # One client a request: no cookie, connection or credential of one fetch is ever seen by another.
            async with httpx.AsyncClient(verify=self._tls, trust_env=False, follow_redirects=False) as client:
                answer = await client.send(request, stream=True)
                try:
                    yield answer
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, ValueError) as error:
            raise FetchFailed(reason=_why(error)) from error

    def _extensions(self, host: str) -> dict[str, object]:
        seconds = self._settings.fetch_seconds
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        return {"sni_hostname": host, "timeout": timeouts}

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context(trust_env=False)

    async def _judge(self, url: str) -> tuple[str, httpx.URL]:
        """The host, and the address with the host replaced by an IP address that may be asked."""
        host, port = _read_address(url)
        is_own = f"{host}:{port}" in self._own or host in self._own
        if port not in PORTS and not is_own:
            raise AddressRefused(reason=Text(f"port {port} is not one of the web's", f"不允许访问端口 {port}"))
        try:
            found = [ipaddress.ip_address(text.partition("%")[0]) for text in await self._resolve(host, port)]
        except (OSError, UnicodeError, ValueError) as error:
            raise FetchFailed(reason=Text("its name is not known", "无法解析主机名")) from error
        if not found:
            raise FetchFailed(reason=Text("its name is not known", "无法解析主机名"))
        # One private address among public ones is a trap, or our own network's: neither is fetched from.
        if not is_own and not all(is_public(address) for address in found):
            raise AddressRefused(reason=Text("it lies in a private network", "该地址位于内部网络"))
        chosen = next((address for address in found if address.version == 4), found[0])
        asked = urlsplit(url)
        path = (asked.path or "/") + (f"?{asked.query}" if asked.query else "")
        literal = f"[{chosen}]" if chosen.version == 6 else str(chosen)
        return host, httpx.URL(f"{asked.scheme.lower()}://{literal}:{port}{path}")

    async def _take(self, answer: httpx.Response, into: Path) -> None:
        if answer.status_code != httpx.codes.OK:
            raise FetchFailed(
                reason=Text(f"the server answered {answer.status_code}", f"服务器返回 {answer.status_code}")
            )
        if answer.headers.get("content-encoding", "identity").strip().lower() not in {"identity", ""}:
            raise FetchFailed(reason=Text("it was sent compressed", "服务器返回了压缩内容"))
        length = answer.headers.get("content-length", "0")
        most = self._settings.max_upload_bytes
        if length.isdecimal() and int(length[:20]) > most:
            raise _too_large(most)
        await self._write(answer, into, most)

    async def _write(self, answer: httpx.Response, into: Path, most: int) -> None:
        head, size = b"", 0
        with into.open("wb") as file:
            async for piece in answer.aiter_raw(PIECE):
                size += len(piece)
                if size > most:
                    raise _too_large(most)
                if len(head) < HEAD:
                    head += piece[: HEAD - len(head)]
                    if len(head) >= HEAD:
                        _check_kind(head)
                file.write(piece)
        _check_kind(head)


def is_public(address: Address) -> bool:
    """Whether ``address`` is one of the public internet, also by what it stands for (mapped, 6to4, NAT64)."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    if any(address in network for network in _NETWORKS if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast


async def _ask_the_system(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def _read_address(url: str) -> tuple[str, int]:
    """Host (lower case, as DNS writes it) and port. Raises ``AddressRefused``."""
    if len(url) > MOST_LETTERS or any(ord(letter) <= 0x20 or ord(letter) == 0x7F for letter in url):
        raise AddressRefused(reason=Text("it is not an address", "地址格式不正确"))
    try:
        asked = urlsplit(url)
        host, port = asked.hostname, asked.port
        if asked.scheme.lower() not in {"http", "https"}:
            raise AddressRefused(reason=Text("only http and https are fetched", "只支持 http 和 https"))
        if asked.username is not None or asked.password is not None:
            raise AddressRefused(reason=Text("it holds a name or password", "地址中包含用户名或密码"))
        if not host or "\\" in url:
            raise AddressRefused(reason=Text("it is not an address", "地址格式不正确"))
        if not host.isascii():
            host = host.encode("idna").decode()
    except ValueError as error:  # UnicodeError is one
        raise AddressRefused(reason=Text("it is not an address", "地址格式不正确")) from error
    return host.rstrip("."), port or (443 if asked.scheme.lower() == "https" else 80)


def _netloc(url: str) -> str:
    """What the Host header says: the name that was asked for, its port where it is not the scheme's own."""
    asked = urlsplit(url)
    host, port = _read_address(url)
    literal = f"[{host}]" if ":" in host else host
    return literal if port == (443 if asked.scheme.lower() == "https" else 80) else f"{literal}:{port}"


def _check_kind(head: bytes) -> None:
    if recognise(head) is None:
        raise FetchFailed(reason=Text("what is there is not a picture", "该地址的内容不是图片"))


def _too_large(most: int) -> ImageTooLarge:
    limit = f"{most / 2**20:.0f} MB"
    return ImageTooLarge(name="URL", found=f"> {limit}", limit=limit)


def _why(error: Exception) -> Text:
    if isinstance(error, httpx.TimeoutException):
        return Text("the server does not answer", "服务器没有响应")
    if isinstance(error, httpx.ConnectError) and "CERTIFICATE" in str(error).upper():
        return Text("its certificate is not valid", "服务器证书无效")
    if isinstance(error, httpx.ConnectError):
        return Text("nothing answers there", "无法连接服务器")
    return Text("the connection broke off", "连接中断")
