"""Fetching from the web, with a real server of this machine that is asked through what settings allow."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.unit.library.arriving import photo

from vtonlab.errors import AddressRefused, FetchFailed, ImageTooLarge, VtonError
from vtonlab.library.fetch import Fetcher, is_public
from vtonlab.settings import Settings

pytestmark = pytest.mark.anyio

PICTURE = photo(1)
METADATA = "http://169.254.169.254/latest/meta-data"


class Shop(BaseHTTPRequestHandler):
    """Answers by path; remembers what it was asked."""

    asked: list[tuple[str, dict[str, str]]]
    address: str

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers.items())))
        answer: Callable[[], None] = getattr(self, "answer_" + re.split("[/?]", self.path)[1], self.answer_none)
        try:
            answer()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_picture(self) -> None:
        self.send(200, PICTURE, Content_Type="text/html", Set_Cookie="a=b")

    def answer_page(self) -> None:
        self.send(200, b"<html>" * 100, Content_Type="image/jpeg")

    def answer_none(self) -> None:
        self.send(404, b"nothing")

    def answer_inside(self) -> None:
        self.send(302, Location=METADATA)

    def answer_file(self) -> None:
        self.send(302, Location="file:///etc/passwd")

    def answer_near(self) -> None:
        self.send(307, Location="/picture", Set_Cookie="a=b")

    def answer_port(self) -> None:
        self.send(302, Location="http://127.0.0.1:22/")

    def answer_other(self) -> None:
        self.send(302, Location="http://second.example:8080/picture")

    def answer_round(self) -> None:
        self.send(302, Location="/round/again")

    def answer_gzip(self) -> None:
        self.send(200, PICTURE, Content_Encoding="gzip")

    def answer_large(self) -> None:
        self.send(200, PICTURE, Content_Length="99999999999")

    def answer_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(2_000):
            self.wfile.write(PICTURE * 4)

    def answer_slow(self) -> None:
        self.send(200, PICTURE[:100], Content_Length=str(len(PICTURE)))
        for byte in PICTURE[100:160]:
            time.sleep(0.1)
            self.wfile.write(bytes([byte]))

    def answer_short(self) -> None:
        self.send(200, PICTURE[:500], Content_Length=str(len(PICTURE)))
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


class Quiet(ThreadingHTTPServer):
    """Clients that go away are what is tested."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        return


@pytest.fixture
def shop() -> Iterator[type[Shop]]:
    kind = type("OneShop", (Shop,), {"asked": []})
    with Quiet(("127.0.0.1", 0), kind) as server:
        kind.address = f"127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield kind
        server.shutdown()
        thread.join()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    path = tmp_path / "fetched"
    path.touch()
    return path


def fetcher(shop: type[Shop], **chosen: object) -> Fetcher:
    return Fetcher(Settings(fetch_private_hosts=shop.address, **{"fetch_seconds": 3.0, **chosen}))  # type: ignore[arg-type]


async def test_a_picture_is_fetched_by_its_content(shop: type[Shop], into: Path) -> None:
    fetch = fetcher(shop)
    await fetch.fetch(f"http://{shop.address}/picture?size=2#part", into)
    assert into.read_bytes() == PICTURE  # noqa: ASYNC240
    await fetch.fetch(f"http://{shop.address}/near", into)
    (first, headers), *_, (last, later) = shop.asked
    assert first == "/picture?size=2"
    assert last == "/picture"
    assert headers["Host"] == shop.address
    assert headers["Accept-Encoding"] == "identity"
    assert not {name.lower() for name in {**headers, **later}} & {"cookie", "authorization", "referer"}


@pytest.mark.parametrize(
    ("path", "error", "word"),
    [
        ("inside", AddressRefused, "private"),
        ("file", AddressRefused, "http"),
        ("port", AddressRefused, "port 22"),
        ("round", FetchFailed, "one address to another"),
        ("page", FetchFailed, "not a picture"),
        ("none", FetchFailed, "404"),
        ("gzip", FetchFailed, "compressed"),
        ("large", ImageTooLarge, "limit"),
        ("endless", ImageTooLarge, "limit"),
        ("short", FetchFailed, "broke off"),
    ],
)
async def test_what_servers_may_do(shop: type[Shop], into: Path, path: str, error: type[VtonError], word: str) -> None:
    with pytest.raises(error) as raised:
        await fetcher(shop, max_upload_bytes=1_000_000).fetch(f"http://{shop.address}/{path}", into)
    assert word in raised.value.say("en")
    assert raised.value.say("zh-CN") != raised.value.say("en")
    assert len(shop.asked) <= 6


async def test_a_slow_server_is_not_waited_for(shop: type[Shop], into: Path) -> None:
    # Every byte of it comes in time, the whole would take six seconds.
    with pytest.raises(FetchFailed, match=r"0\.5 seconds"):
        await fetcher(shop, fetch_seconds=0.5).fetch(f"http://{shop.address}/slow", into)


async def test_nobody_answers(into: Path) -> None:
    with pytest.raises(FetchFailed, match="nothing answers"):
        await Fetcher(Settings(fetch_private_hosts="127.0.0.1:9")).fetch("http://127.0.0.1:9/", into)


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://0.0.0.0/", "http://0/", "http://127.1/"),
        *("http://2130706433/", "http://0x7f.0.0.1/", "http://017700000001/", "http://[::ffff:127.0.0.1]/"),
        *("http://10.1.2.3/", "http://172.20.0.1/", "http://192.168.1.1/", METADATA, "http://100.64.0.1/"),
        *("http://[fe80::1]/", "http://[fd00::1]/", "http://[2002:7f00:1::]/", "http://[64:ff9b::7f00:1]/"),
        *("http://[64:ff9b::a00:1]/", "http://224.0.0.1/", "http://[ff02::1]/", "http://255.255.255.255/"),
        *("http://[::127.0.0.1]/", "http://[2001:0:1::1]/", "http://[64:ff9b:1::1]/", "http://198.18.0.1/"),
        *("https://1.1.1.1:22/", "http://1.1.1.1:6379/", "ftp://1.1.1.1/", "file:///etc/passwd", "gopher://1.1.1.1/"),
        *("http://ann:secret@1.1.1.1/", "http://ann@1.1.1.1/", "http:///a", "http://", "http://1.1.1.1:99999/"),
        *("http://1.1.1.1 /", "http://1.1.1.1\r\nX: y/", "http://\\\\127.0.0.1/", "http://[::1", "http://1.1.1.1\\@x/"),
        "http://" + "a" * 10_000,
    ],
)
async def test_addresses_that_are_not_asked(url: str, into: Path) -> None:
    with pytest.raises(AddressRefused):
        await Fetcher(Settings()).fetch(url, into)


def test_what_is_public() -> None:
    for text in ("1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"):
        assert is_public(ipaddress.ip_address(text)), text


async def test_a_name_that_changes_its_mind_gains_nothing(shop: type[Shop], into: Path) -> None:
    """DNS rebinding: what is judged is what is asked, and a name is judged anew each time."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])

    async def resolve(_host: str, _port: int) -> list[str]:
        return next(answers)

    rebinding = Fetcher(Settings(), resolve)
    host, target = await rebinding._judge("http://rebind.example:8080/picture?a=1")
    assert (host, str(target)) == ("rebind.example", "http://8.8.8.8:8080/picture?a=1")
    with pytest.raises(AddressRefused):
        await rebinding.fetch("http://rebind.example:8080/picture", into)
    assert shop.asked == []


async def test_one_answer_of_the_resolver_is_one_connection(shop: type[Shop], into: Path) -> None:
    port = shop.address.rpartition(":")[2]
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) <= 2 else ["10.0.0.1"]

    fetch = Fetcher(Settings(fetch_private_hosts=f"first.example:{port}", fetch_seconds=3), resolve)
    await fetch.fetch(f"http://first.example:{port}/picture", into)
    assert asked == ["first.example"]  # looked up once: nobody else asked again on the way to the connection
    with pytest.raises(AddressRefused):  # the redirect leads to a name that nobody allowed
        await fetch.fetch(f"http://first.example:{port}/other?{port}", into)
    assert asked == ["first.example", "first.example", "second.example"]
    assert [path.partition("?")[0] for path, _ in shop.asked] == ["/picture", "/other"]


async def test_a_name_with_a_private_address_among_public_ones_is_refused(into: Path) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["1.1.1.1", "10.0.0.1"]

    with pytest.raises(AddressRefused):
        await Fetcher(Settings(), resolve).fetch("https://shop.example/", into)


async def test_an_unknown_name_is_told(into: Path) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(FetchFailed, match="name is not known"):
        await Fetcher(Settings(), resolve).fetch("https://shop.example/", into)


async def test_names_are_pinned_and_sent_as_asked(shop: type[Shop], into: Path) -> None:
    port = shop.address.rpartition(":")[2]

    async def resolve(host: str, _port: int) -> list[str]:
        assert host in {"shop.example", "xn--fiqs8s.example"}
        return ["127.0.0.1"]

    own = f"shop.example:{port},xn--fiqs8s.example:{port}"
    fetch = Fetcher(Settings(fetch_private_hosts=own), resolve)
    await fetch.fetch(f"http://Shop.Example.:{port}/picture", into)
    await fetch.fetch(f"http://中国.example:{port}/picture", into)
    hosts = [headers["Host"] for _, headers in shop.asked]
    assert hosts == [f"shop.example:{port}", f"xn--fiqs8s.example:{port}"]


async def test_the_certificate_must_be_of_the_name_that_was_asked(tmp_path: Path, into: Path) -> None:
    good, seen = make_certificate(tmp_path, "shop.example"), []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(good)
    context.sni_callback = lambda _socket, name, _context: seen.append(name)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(PICTURE), PICTURE))
        await writer.drain()
        writer.close()

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        fetch = Fetcher(Settings(fetch_private_hosts=f"shop.example:{port},other.example:{port}"), resolve)
        fetch.__dict__["_tls"] = ssl.create_default_context(cafile=str(good))
        await fetch.fetch(f"https://shop.example:{port}/a", into)
        assert into.read_bytes() == PICTURE  # noqa: ASYNC240
        with pytest.raises(FetchFailed, match="certificate"):
            await fetch.fetch(f"https://other.example:{port}/a", into)
        with pytest.raises(FetchFailed, match="certificate"):  # nobody the machine trusts
            await Fetcher(Settings(fetch_private_hosts=f"shop.example:{port}"), resolve).fetch(
                f"https://shop.example:{port}/a", into
            )
    assert seen == ["shop.example", "other.example", "shop.example"]


def make_certificate(folder: Path, name: str) -> Path:
    """Signed by itself, with its key in the same file."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path
