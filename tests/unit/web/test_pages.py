"""The built pages, as browsers and others ask for them."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from tests.api.house import House, open_house

from vtonlab.web import pages
from vtonlab.web.pages import PAGES, Pages, read_built

pytestmark = pytest.mark.anyio

SCRIPT = b"console.log(1); " * 100
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip, deflate, br, zstd"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build leaves behind, and what lies about."""
    built = tmp_path / "built"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>VTON Lab</title>")
    (built / "sw.js").write_text("self")
    (built / "manifest.webmanifest").write_text("{}")
    (built / "assets" / "index-a1.js").write_bytes(SCRIPT)
    (built / "assets" / "index-a1.js.gz").write_bytes(gzip.compress(SCRIPT))
    (built / "assets" / "index-a1.js.br").write_bytes(b"brotli")
    (built / ".made-of").write_text("secret")
    (built / "assets" / "notes.txt").write_text("secret")
    (tmp_path / "secret.js").write_text("secret")
    return built


@pytest.fixture
async def client(folder: Path) -> httpx.AsyncClient:
    app = FastAPI(redirect_slashes=False)
    app.include_router(Pages(folder).make_router())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_every_page_is_the_shell_which_is_asked_for_each_time(client: httpx.AsyncClient) -> None:
    for address in PAGES:
        answer = await client.get(address)
        assert answer.status_code == 200
        assert answer.text.startswith("<!doctype html>")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        again = await client.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    ("accept", "encoding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", b"brotli"),
        ("br;q=0.1, gzip", "br", b"brotli"),
        ("gzip", "gzip", SCRIPT),
        ("BR;q=0, GZIP", "gzip", SCRIPT),
        ("identity", None, SCRIPT),
        ("", None, SCRIPT),
        ("br; q=0.000, gzip;q=0", None, SCRIPT),
    ],
)
async def test_assets_come_as_they_were_compressed_for_ever(
    folder: Path, accept: str, encoding: str | None, body: bytes
) -> None:
    app = FastAPI()
    app.include_router(Pages(folder).make_router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        async with client.stream("GET", "/assets/index-a1.js", headers={"Accept-Encoding": accept}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        assert answer.headers.get("content-encoding") == encoding
        assert (gzip.decompress(raw) if encoding == "gzip" else raw) == body
        assert int(answer.headers["content-length"]) == len(raw)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"].startswith("text/javascript")
        tags = {"Accept-Encoding": accept, "If-None-Match": answer.headers["etag"]}
        again = await client.get("/assets/index-a1.js", headers=tags)
        assert (again.status_code, again.content) == (304, b"")
        assert "content-encoding" not in again.headers


async def test_each_encoding_has_a_tag_of_its_own(folder: Path) -> None:
    bodies = read_built(folder)["/assets/index-a1.js"].bodies
    assert len({body.headers["etag"] for body in bodies.values()}) == 3


ELSEWHERE = (
    "/assets/notes.txt",
    "/assets/.made-of",
    "/.made-of",
    "/assets/index-a1.js.br",
    "/assets/none.js",
    "/assets/",
    "/assets/../../secret.js",
    "/assets/..%2f..%2fsecret.js",
    "/assets/%2e%2e/%2e%2e/secret.js",
    "/assets//etc/passwd",
    "/assets/index-a1.js/",
    "/assets/index-a1.js%00",
)


async def test_nothing_but_the_table_is_served(folder: Path, house: House) -> None:
    assert set(read_built(folder)) == {"/index.html", "/sw.js", "/manifest.webmanifest", "/assets/index-a1.js"}
    program = await house.visitor()
    for address in ELSEWHERE:
        answer = await program.get(httpx.URL(f"http://localhost{address}"))
        assert answer.status_code in {400, 404, 422}, address
        assert b"secret" not in answer.content


async def test_what_is_removed_or_changed_later_changes_nothing(folder: Path, client: httpx.AsyncClient) -> None:
    before = await client.get("/sw.js")
    (folder / "sw.js").write_text("changed")
    (folder / "assets" / "index-a1.js").unlink()
    assert (await client.get("/sw.js")).content == before.content
    assert (await client.head("/assets/index-a1.js")).status_code == 200


async def test_where_nothing_is_built_pages_say_so_in_both_languages(tmp_path: Path) -> None:
    app = FastAPI()
    app.include_router(Pages(tmp_path / "none").make_router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        answer = await client.get("/")
    assert answer.status_code == 503
    assert "make setup" in answer.text
    assert "页面尚未构建" in answer.text


@pytest.fixture
async def house(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(pages, "BUILT", folder)
    async with open_house(tmp_path / "data") as house:
        yield house


async def test_behind_all_layers(house: House) -> None:
    browser = await house.visitor(**BROWSER)
    for address in ("/", "/tryon"):
        answer = await browser.get(address)
        assert answer.status_code == 200
        rules = answer.headers["content-security-policy"]
        assert "script-src 'self'; style-src 'self'" in rules
        assert "worker-src 'self'" in rules
        assert "media-src 'self' blob:" in rules
        assert "camera=(self)" in answer.headers["permissions-policy"]
    asset = await browser.head("/assets/index-a1.js")
    assert (asset.status_code, asset.content) == (200, b"")
    assert (asset.headers["content-length"], asset.headers["content-encoding"]) == ("6", "br")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await browser.get("/sw.js")).headers["cache-control"] == "no-cache"
    assert (await browser.get("/manifest.webmanifest")).headers["content-type"] == "application/manifest+json"
    assert (await browser.post("/")).status_code == 405


async def test_a_page_that_is_not_there_is_shown_by_the_pages_and_an_interface_never(house: House) -> None:
    browser, program = await house.visitor(**BROWSER), await house.visitor()
    lost = await browser.get("/no/such/page")
    assert lost.status_code == 404
    assert lost.headers["content-type"] == "text/html; charset=utf-8"
    assert lost.text.startswith("<!doctype html>")
    told = await program.get("/no/such/page")
    assert (told.status_code, told.json()["code"]) == (404, "not_found")
    for address in ("/api/none", "/api/v1/none", "/api"):
        answer = await browser.get(address)
        assert answer.status_code == 404
        assert re.match(r"application/(problem\+)?json", answer.headers["content-type"]), address
