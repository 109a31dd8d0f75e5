"""The pages: one shell for every address of ``PAGES``, and the files that it is made of (``frontend/``, built).

They are read once, when the server starts: what a client asks for is looked up in that table, and never in a folder.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from vtonlab.errors import PageNotFound
from vtonlab.library.conditions import is_known

BUILT: Final = Path(__file__).parent / "built"
"""What ``scripts/frontend.sh`` or the wheel's build hook made."""
PAGES: Final = ("/", "/images", "/tryon", "/generate", "/tutorial", "/login", "/settings", "/admin")
SHELL: Final = "/index.html"
ASSETS: Final = "/assets/"
"""Their names have their contents' hash in them."""

MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""What is served at all."""
ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Made when the pages were built; the better one first."""
FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_EACH_TIME: Final = "no-cache"
NOT_BUILT: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>VTON Lab</title>"
    "<h1>The pages are not built.</h1><p>Run <code>make setup</code>, then start the server again. "
    "The <a href=/openapi.json>HTTP interface</a> works without them.</p>"
    "<h1 lang=zh-CN>页面尚未构建。</h1><p lang=zh-CN>请运行 <code>make setup</code>，然后重新启动服务。"
    "没有页面时，<a href=/openapi.json>HTTP 接口</a>仍可使用。</p>"
)

_REFUSED = re.compile(r"q=0(\.0{0,3})?")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Body:
    data: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class PageFile:
    """A built file, as it is sent."""

    bodies: dict[str, _Body]
    """By encoding; ``""`` for the plain one, which is always there."""

    def answer(self, request: Request, status: int = 200) -> Response:
        """To a GET; 304 for what the client has already."""
        accepted = read_encodings(request.headers.get("accept-encoding", ""))
        body = next(self.bodies[name] for name in (*ENCODINGS, "") if name in self.bodies and name in accepted)
        if status == 200 and is_known(request.headers.get("if-none-match", ""), body.headers["etag"]):
            kept = {name: value for name, value in body.headers.items() if name != "content-encoding"}
            return Response(status_code=304, headers=kept)
        return Response(body.data, status_code=status, headers=body.headers)


class Pages:
    """The table of built files by address. ``folder`` (``BUILT``) may be missing: then every page says so."""

    def __init__(self, folder: Path | None = None) -> None:
        self.files = read_built(folder or BUILT)
        if SHELL not in self.files:
            log.warning("the pages are not built; run `make setup`")

    def shell(self, request: Request, status: int = 200) -> Response:
        """What every page begins with."""
        if SHELL not in self.files:
            return Response(NOT_BUILT, status_code=503, media_type=MEDIA_TYPES[".html"])
        return self.files[SHELL].answer(request, status)

    def make_router(self) -> APIRouter:
        """The addresses of the pages and of what they are made of."""
        router = APIRouter()

        async def page(request: Request) -> Response:
            return self.shell(request)

        async def asset(request: Request) -> Response:
            return self._find(request.url.path).answer(request)

        for address in PAGES:
            router.add_route(address, page, methods=["GET"], include_in_schema=False)
        for address in self.files:
            if not address.startswith(ASSETS):
                router.add_route(address, asset, methods=["GET"], include_in_schema=False)
        router.add_route(ASSETS + "{name}", asset, methods=["GET"], include_in_schema=False)
        return router

    def _find(self, address: str) -> PageFile:
        if address not in self.files:
            raise PageNotFound
        return self.files[address]


def read_built(folder: Path) -> dict[str, PageFile]:
    """Every file of ``folder`` that browsers may have, by its address."""
    found: dict[str, PageFile] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in MEDIA_TYPES and path.is_file():
            address = "/" + path.relative_to(folder).as_posix()
            found[address] = _read(path, FOR_EVER if address.startswith(ASSETS) else ASK_EACH_TIME)
    return found


def _read(path: Path, kept: str) -> PageFile:
    data = path.read_bytes()
    tag = hashlib.sha256(data).hexdigest()[:20]
    same = {"content-type": MEDIA_TYPES[path.suffix], "cache-control": kept, "vary": "Accept-Encoding"}
    bodies = {"": _Body(data, same | {"etag": f'"{tag}"'})}
    for name, suffix in ENCODINGS.items():
        beside = path.with_name(path.name + suffix)
        if beside.is_file():
            told = {"content-encoding": name, "etag": f'"{tag}-{name}"'}
            bodies[name] = _Body(beside.read_bytes(), same | told)
    return PageFile(bodies)


def read_encodings(accept: str) -> frozenset[str]:
    """The encodings that ``accept`` (a header) takes, of those we have; the plain one always.

    >>> sorted(read_encodings("gzip, br;q=0.9")), sorted(read_encodings("br;q=0, GZIP")), sorted(read_encodings(""))
    (['', 'br', 'gzip'], ['', 'gzip'], [''])
    """
    taken = {""}
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name in ENCODINGS and not any(_REFUSED.fullmatch(each.replace(" ", "")) for each in parameters):
            taken.add(name)
    return frozenset(taken)


def wants_page(request: Request) -> bool:
    """Whether somebody went to this address, rather than a program or a picture's ``src``."""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")
