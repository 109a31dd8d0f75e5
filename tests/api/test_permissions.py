"""Every route, tried by everybody. A route that is not in the table fails the test.

The things asked about are the owner's, for the viewer their own, at home the machine's default user's. A stranger has
no cookie; a guest kept a picture without an account; the program at home sends nothing by which it could be known.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.types import Message
from tests.api.house import ADDRESS, PASSWORD, House, Person, make_photo
from tests.api.whose import NUMBERS, Belongings

from vtonlab.accounts.asking import SESSION_COOKIE
from vtonlab.web.pages import PAGES

pytestmark = pytest.mark.anyio

TABLE = """
stranger guest other viewer owner admin | program home someone

200 200 200 200 200 200 | 200 200 200 | GET /
200 200 200 200 200 200 | 200 200 200 | GET /images
200 200 200 200 200 200 | 200 200 200 | GET /tryon
200 200 200 200 200 200 | 200 200 200 | GET /generate
200 200 200 200 200 200 | 200 200 200 | GET /tutorial
200 200 200 200 200 200 | 200 200 200 | GET /login
200 200 200 200 200 200 | 200 200 200 | GET /settings
200 200 200 200 200 200 | 200 200 200 | GET /admin
404 404 404 404 404 404 | 404 404 404 | GET /assets/{name=none.js}
404 404 404 404 404 404 | 404 404 404 | HEAD /assets/{name=none.js}
200 200 200 200 200 200 | 200 200 200 | GET /health
200 200 200 200 200 200 | 200 200 200 | GET /healthz
200 200 200 200 200 200 | 200 200 200 | GET /readyz
401 401 403 403 403 200 | 200 200 200 | GET /metrics
200 200 200 200 200 200 | 200 200 200 | GET /openapi.json
200 200 200 200 200 200 | 200 200 200 | HEAD /openapi.json
200 200 200 200 200 200 | 200 200 200 | GET /state
200 200 200 200 200 200 | 200 200 200 | GET /sample/{role=person}

200 200 200 200 200 200 | 200 200 200 | GET /api/status
200 200 200 200 200 200 | 200 200 200 | POST /api/register register
200 200 200 200 200 200 | 200 200 200 | POST /api/login login !
401 401 200 200 200 200 | 401 200 200 | POST /api/logout !
200 200 200 200 200 200 | 200 200 200 | GET /api/auth/check
401 401 200 200 200 200 | 401 200 200 | GET /api/user/profile
200 200 200 403 200 200 | 200 200 200 | POST /api/upload-clipboard {"imageData": "<photo>"}
200 200 200 403 200 200 | 200 200 200 | POST /api/upload-file file
401 200 200 403 200 200 | 200 200 200 | POST /api/receive-image {"imageData": "<photo>"}
200 200 200 200 200 200 | 200 200 200 | GET /api/images
401 401 200 200 200 200 | 401 200 200 | GET /api/user/images
401 401 404 200 200 404 | 401 200 404 | GET /api/images/{image_id=<image>}
401 401 404 403 200 404 | 401 200 404 | PATCH /api/images/{image_id=<image>} {"page_title": "x"}
401 401 404 403 200 404 | 401 200 404 | DELETE /api/images/{image_id=<image>}
401 401 400 403 200 400 | 401 200 400 | POST /api/images/batch-delete {"image_ids": ["<image>"]}
401 401 400 403 200 400 | 401 200 400 | POST /api/images/restore {"image_ids": ["<trashed>"]}
401 401 200 200 200 200 | 401 200 200 | GET /api/categories/stats
401 404 404 200 200 404 | 200 200 404 | GET /api/task/{task_id=<upload>}
401 401 200 200 200 200 | 401 200 200 | GET /api/user/paths
401 401 200 200 200 200 | 401 200 200 | GET /api/user/file-paths
403 403 403 200 200 403 | 200 200 403 | GET /api/user/{user_id=<owner>}/file-paths
401 401 404 403 200 404 | 401 200 404 | POST /api/favorites {"image_id": "<image>"}
401 401 404 403 200 404 | 401 200 404 | DELETE /api/favorites {"image_id": "<image>"}
401 401 404 403 200 404 | 401 200 404 | DELETE /api/favorites/{image_id=<image>}
401 401 200 200 200 200 | 401 200 200 | GET /api/favorites
200 200 200 200 200 200 | 200 200 200 | GET /api/vton/check
401 404 404 403 202 404 | 202 202 404 | POST /api/vton/tryon <pair> "wait": false}
200 200 200 200 200 200 | 200 200 200 | GET /api/vton/history

401 403 403 200 200 403 | 200 200 403 | GET /api/user/{user_id=<owner>}/images/{category=clothes}/{filename=<filename>}
401 403 403 200 200 403 | 200 200 403 | HEAD /api/user/{user_id=<owner>}/images/{category=clothes}/{filename=<filename>}
401 403 403 200 200 403 | 200 200 403 | GET /api/user/{user_id=<owner>}/images/{filename=<filename>}
401 403 403 200 200 403 | 200 200 403 | HEAD /api/user/{user_id=<owner>}/images/{filename=<filename>}
401 404 404 200 200 404 | 200 200 404 | GET /api/user/current/images/{category=clothes}/{filename=<filename>}
401 404 404 200 200 404 | 200 200 404 | HEAD /api/user/current/images/{category=clothes}/{filename=<filename>}
401 403 403 200 200 403 | 200 200 403 | GET /api/user/{user_id=<owner>}/thumbnails/{filename=<filename>} ?size=320
401 403 403 200 200 403 | 200 200 403 | HEAD /api/user/{user_id=<owner>}/thumbnails/{filename=<filename>} ?size=320
401 403 403 200 200 403 | 200 200 403 | GET /api/user/{user_id=<owner>}/vton_results/{filename=<filename>}
401 403 403 200 200 403 | 200 200 403 | HEAD /api/user/{user_id=<owner>}/vton_results/{filename=<filename>}

404 404 404 404 404 404 | 403 200 403 | POST /api/v1/auth/local
401 401 401 401 401 401 | 401 401 401 | POST /api/v1/auth/setup {"token": "none", "password": "secret12345"}
200 200 200 200 200 200 | 200 200 200 | POST /api/v1/auth/token token
401 401 401 401 401 401 | 401 401 401 | POST /api/v1/auth/refresh {"refresh_token": "none"}
204 204 204 204 204 204 | 204 204 204 | POST /api/v1/auth/revoke {"refresh_token": "none"}
401 401 200 200 200 200 | 401 409 200 | POST /api/v1/auth/password password !
401 401 200 403 200 200 | 401 200 200 | GET /api/v1/auth/api-tokens
401 401 201 403 201 201 | 401 201 201 | POST /api/v1/auth/api-tokens {"name": "t", "scopes": ["images:read"]}
401 401 404 403 404 404 | 401 404 404 | DELETE /api/v1/auth/api-tokens/{token_id=none}
401 401 200 200 200 200 | 401 200 200 | GET /api/v1/auth/sessions
401 401 200 200 200 200 | 401 200 200 | DELETE /api/v1/auth/sessions !
401 401 404 404 404 404 | 401 404 404 | DELETE /api/v1/auth/sessions/{session_id=none}
401 200 200 200 200 200 | 401 200 200 | GET /api/v1/users/me
401 401 200 200 200 200 | 401 200 200 | PATCH /api/v1/users/me {"language": "en"}
401 422 200 200 200 200 | 401 422 200 | DELETE /api/v1/users/me {"password": "correct horse battery"} !
401 200 200 200 200 200 | 401 200 200 | GET /api/v1/users/me/export
401 200 200 200 200 200 | 200 200 200 | GET /api/v1/users/me/departures

200 200 200 200 200 200 | 200 200 200 | GET /api/v1/library/images
200 200 200 200 200 200 | 200 200 200 | GET /api/v1/library/ids
401 401 200 200 200 200 | 401 200 200 | GET /api/v1/library/ids ?trash=true
200 200 200 403 200 200 | 200 200 200 | POST /api/v1/library/images files
200 200 200 403 200 200 | 200 200 200 | POST /api/v1/library/images/import {"data_url": "<photo>"}
401 404 404 200 200 404 | 200 200 404 | GET /api/v1/library/images/{image_id=<image>}
401 401 404 403 200 404 | 401 200 404 | PATCH /api/v1/library/images/{image_id=<image>} {"title": "x"}
401 401 404 403 204 404 | 401 204 404 | DELETE /api/v1/library/images/{image_id=<image>}
401 401 404 403 204 404 | 401 204 404 | PUT /api/v1/library/images/{image_id=<image>}/favorite
401 401 404 403 204 404 | 401 204 404 | DELETE /api/v1/library/images/{image_id=<image>}/favorite
401 401 404 200 200 404 | 401 200 404 | GET /api/v1/library/images/{image_id=<image>}/similar
401 404 404 200 200 404 | 200 200 404 | GET /api/v1/library/images/{image_id=<image>}/file
401 404 404 200 200 404 | 200 200 404 | HEAD /api/v1/library/images/{image_id=<image>}/file
401 404 404 200 200 404 | 200 200 404 | GET /api/v1/library/images/{image_id=<image>}/thumbnail ?size=640
401 404 404 200 200 404 | 200 200 404 | HEAD /api/v1/library/images/{image_id=<image>}/thumbnail ?size=640
401 401 200 403 200 200 | 401 200 200 | POST /api/v1/library/images/delete {"image_ids": ["<image>"]}
401 401 200 403 200 200 | 401 200 200 | POST /api/v1/library/images/restore {"image_ids": ["<trashed>"]}
401 401 200 403 200 200 | 401 200 200 | POST /api/v1/library/images/move {"image_ids": ["<image>"], "category": "char"}
401 401 200 200 200 200 | 401 200 200 | GET /api/v1/library/trash
401 401 200 403 200 200 | 401 200 200 | DELETE /api/v1/library/trash
401 401 404 403 204 404 | 401 204 404 | DELETE /api/v1/library/trash/{image_id=<trashed>}
401 401 200 200 200 200 | 401 200 200 | GET /api/v1/library/statistics
401 401 404 200 200 404 | 401 200 404 | POST /api/v1/library/download {"image_ids": ["<image>"]}
401 401 404 201 201 404 | 401 201 404 | POST /api/v1/library/downloads {"image_ids": ["<image>"]}
401 401 404 404 404 404 | 401 404 404 | GET /api/v1/library/downloads/{ticket=none}

401 404 404 403 202 404 | 202 202 404 | POST /api/v1/tryon <pair> "engine": "instant"}
401 404 404 403 422 404 | 422 422 404 | POST /api/v1/tryon/preview <pair> "size": 512}
401 404 404 403 200 404 | 200 200 404 | GET /api/v1/tryon/advice ?image=<image>&role=garment
200 200 200 200 200 200 | 200 200 200 | GET /api/v1/tryon/notes
200 200 200 200 200 200 | 200 200 200 | GET /api/v1/tryon/history
401 404 404 200 200 404 | 200 200 404 | GET /api/v1/tryon/{vton_id=<fitting>}
401 404 404 200 200 404 | 200 200 404 | GET /api/v1/tryon/{vton_id=<fitting>}/mask
200 200 200 200 200 200 | 200 200 200 | GET /api/v1/engines

401 401 503 403 503 503 | 401 503 503 | POST /api/v1/images/generate {"prompt": "A shirt"}
401 401 200 200 200 200 | 401 200 200 | GET /api/v1/images
401 401 404 200 200 404 | 401 200 404 | GET /api/v1/images/tasks/{task_id=<drawing>}
401 401 503 403 503 503 | 401 503 503 | POST /api/v1/images/batch-generate {"prompts": ["A shirt"]}
401 401 404 200 200 404 | 401 200 404 | GET /api/v1/images/batch/{batch_name=<batch>}
401 401 404 200 200 404 | 401 200 404 | GET /api/v1/images/batch/{batch_name=<batch>}/status
401 401 404 200 200 404 | 401 200 404 | GET /api/v1/images/batch/{batch_name=<batch>}/results
401 401 404 200 200 404 | 401 200 404 | GET /api/v1/images/batch/{batch_name=<batch>}/download
401 401 404 204 204 404 | 401 204 404 | POST /api/v1/images/batch/{batch_name=<batch>}/download
401 401 200 200 200 200 | 401 200 200 | GET /api/v1/images/providers
401 401 200 200 200 200 | 401 200 200 | GET /api/v1/images/templates
401 401 201 403 201 201 | 401 201 201 | POST /api/v1/images/templates {"name": "t<number>", "text": "{a}"}
401 401 404 403 200 404 | 401 200 404 | PUT /api/v1/images/templates/{template_id=<template>} {"name": "t<number>", "text": "{a}"}
401 401 404 403 204 404 | 401 204 404 | DELETE /api/v1/images/templates/{template_id=<template>}

401 200 200 200 200 200 | 200 200 200 | GET /api/v1/tasks
401 404 404 200 200 404 | 200 200 404 | GET /api/v1/tasks/{task_id=<task>}
401 404 404 403 200 404 | 200 200 404 | POST /api/v1/tasks/{task_id=<task>}/cancel
401 404 404 403 200 404 | 200 200 404 | POST /api/v1/tasks/{task_id=<ended>}/retry
4401 101 101 101 101 101 | 101 101 101 | WS /api/v1/ws/tasks

401 401 403 403 403 200 | 401 200 403 | GET /api/v1/admin/users
401 401 403 403 403 201 | 401 201 403 | POST /api/v1/admin/users {"username": "made<number>", "password": "secret12345"}
401 401 403 403 403 200 | 401 200 403 | GET /api/v1/admin/users/{user_id=<user>}
401 401 403 403 403 200 | 401 200 403 | PATCH /api/v1/admin/users/{user_id=<user>} {"quota_bytes": 0}
401 401 403 403 403 200 | 401 200 403 | DELETE /api/v1/admin/users/{user_id=<user>}
401 401 403 403 403 201 | 401 201 403 | POST /api/v1/admin/users/{user_id=<user>}/reset-link
401 401 403 403 403 200 | 401 200 403 | GET /api/v1/admin/roles
401 401 403 403 403 201 | 401 201 403 | POST /api/v1/admin/roles {"name": "role<number>", "permissions": []}
401 401 403 403 403 200 | 401 200 403 | PUT /api/v1/admin/roles/{name=<role>} {"permissions": []}
401 401 403 403 403 204 | 401 204 403 | DELETE /api/v1/admin/roles/{name=<role>}
401 401 403 403 403 200 | 401 200 403 | GET /api/v1/admin/audit
401 401 403 403 403 200 | 401 200 403 | GET /api/v1/admin/audit/actions
401 401 403 403 403 200 | 401 200 403 | GET /api/v1/admin/stats
401 401 403 403 403 200 | 401 200 403 | GET /api/v1/admin/tasks
401 401 403 403 403 200 | 401 200 403 | POST /api/v1/admin/tasks/{task_id=<task>}/cancel
401 401 403 403 403 200 | 401 200 403 | POST /api/v1/admin/tasks/{task_id=<ended>}/retry
"""  # noqa: E501 - one route, one line
"""A line: the status for each of server mode, for each of local mode, and the request: its path with what stands in its
places, and its query, body or the name of a form. ``<words>`` are things made for it (``whose.MAKERS``). A ``!`` at the
end: whoever asks is somebody who was made for it, because the answer ends their session or account."""

SECRET = {"password": "secret12345"}
FORMS: dict[str, Callable[[], dict[str, Any]]] = {
    "file": lambda: {"files": {"file": ("a.png", make_photo(next(NUMBERS)))}},
    "files": lambda: {"files": {"files": ("a.png", make_photo(next(NUMBERS)))}},
    "register": lambda: {"json": {"username": f"new{next(NUMBERS)}", "email": f"n{next(NUMBERS)}@a.example"} | SECRET},
    "login": lambda: {"json": {"username": "owner", "password": PASSWORD}},
    "token": lambda: {"data": {"username": "owner", "password": PASSWORD}},
    "password": lambda: {"json": {"current_password": PASSWORD, "new_password": "another one 1234"}},
}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    path: str
    rest: str
    is_final: bool
    expected: dict[str, int]

    @property
    def template(self) -> str:
        """The path as the route has it."""
        return re.sub(r"\{(\w+)=[^}]*\}", r"{\1}", self.path)

    @property
    def address(self) -> str:
        """The path with its ``<words>``."""
        return re.sub(r"\{\w+=([^}]*)\}", r"\1", self.path)


def read_table() -> list[Row]:
    lines = [line for line in TABLE.splitlines() if line.strip()]
    names = lines[0].replace("|", " ").split()
    rows = []
    for line in lines[1:]:
        *statuses, request = line.split("|")
        expected = dict(zip(names, map(int, " ".join(statuses).split()), strict=True))
        request, is_final = request.strip().removesuffix("!").strip(), request.strip().endswith("!")
        method, path, *rest = request.split(" ", 2)
        rows.append(Row(method, path, rest[0] if rest else "", is_final, expected))
    return rows


ROWS = read_table()


def walk(routes: list[Any]) -> Iterator[tuple[str, str]]:
    """Method and path of every route; the WebSocket's method is ``WS``."""
    for route in routes:
        if hasattr(route, "effective_route_contexts"):
            yield from walk(list(route.effective_route_contexts()))
            continue
        path = getattr(route, "path", "") or route.original_route.path
        methods = getattr(route, "methods", None) or getattr(getattr(route, "original_route", None), "methods", None)
        for method in methods or ["WS"]:
            if (method == "HEAD" and path in PAGES) or ("." in path.rpartition("/")[2] and path != "/openapi.json"):
                continue  # the pages' own files, as they were built
            yield method, path


async def test_every_route_is_in_the_table(local_house: House) -> None:
    routed = set(walk(local_house.app.router.routes))
    listed = {(row.method, row.template) for row in ROWS}
    assert not routed - listed, "routes that the table of permissions does not have"
    assert not listed - routed, "lines of the table that no route answers"


class Cast:
    """Who asks, and about whose things."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.clients: dict[str, httpx.AsyncClient] = {}
        self.owners: dict[str, str] = {}
        self.shared: dict[tuple[str, str], str] = {}

    async def gather(self) -> None:
        if self.house.settings.is_local:
            home = await self.house.admin()
            await self.house.person("owner")
            self.clients["home"] = home.client
            self.clients["someone"] = (await self.house.person("someone")).client
            self.owners = dict.fromkeys(("program", "home", "someone"), home.user_id)
            return
        people = {
            "other": await self.house.person("other"),
            "viewer": await self.house.person("viewer", "viewer"),
            "owner": await self.house.person("owner"),
            "admin": await self.house.admin(),
        }
        self.clients = {name: person.client for name, person in people.items()}
        self.clients["guest"] = await self.house.guest()
        self.owners = dict.fromkeys(("stranger", "guest", *people), people["owner"].user_id)
        self.owners["viewer"] = people["viewer"].user_id

    async def client(self, who: str, row: Row) -> httpx.AsyncClient:
        """The one who asks. A stranger is always a new one."""
        if who in {"stranger", "program"}:
            return await self.house.visitor()
        if not row.is_final:
            return self.clients[who]
        if who == "guest":
            return await self.house.guest()
        if who == "home":
            client = await self.house.visitor()
            await client.post("/api/v1/auth/local", headers={"Origin": ADDRESS})
            return client
        role = who if who in {"viewer", "admin"} else "editor"
        made: Person = await self.house.person(f"{who}{next(NUMBERS)}", role)
        return made.client

    async def ask(self, who: str, row: Row) -> int:
        """The status of the answer."""
        client = await self.client(who, row)
        if row.method == "WS":
            return await knock(self.house, row.address, client)
        text = await self._fill_in(who, row)
        address, _, body = text.partition(" ")
        options: dict[str, Any] = {}
        if body.startswith("?"):
            address += body
        elif body in FORMS:
            options = FORMS[body]()
        elif body:
            options = {"json": json.loads(body)}
        if row.template == "/api/v1/auth/local" and who == "home":
            options = {"headers": {"Origin": ADDRESS}}
        return (await client.request(row.method, address, **options)).status_code

    async def _fill_in(self, who: str, row: Row) -> str:
        # What is only looked at, or refused, may be the same for everybody.
        is_kept = row.method in {"GET", "HEAD"} or row.expected[who] >= 300
        belongings = Belongings(self.house, self.owners[who])
        text = f"{row.address} {row.rest}".replace("<photo>", as_data_url(make_photo(next(NUMBERS))))
        text = text.replace("<pair>", '{"human_image": "<image>", "garment_image": "<image>",')
        if not is_kept:
            return (await belongings.fill_in(text, {})).strip()
        for word in ("image", "filename", "trashed", "task", "ended", "upload", "fitting", "user", "role"):
            key = (self.owners[who], word)
            if f"<{word}>" in text and key not in self.shared:
                self.shared[key] = await belongings.fill_in(f"<{word}>", {})
        known = {word: value for (owner, word), value in self.shared.items() if owner == self.owners[who]}
        return (await belongings.fill_in(text, known)).strip()


def as_data_url(photo: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(photo).decode()


async def knock(house: House, path: str, client: httpx.AsyncClient) -> int:
    """101 where the WebSocket at ``path`` lets the client in, else the code it is closed with."""
    sent: asyncio.Queue[Message] = asyncio.Queue()
    waiting: list[Message] = [{"type": "websocket.connect"}]
    gone = asyncio.Event()

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await gone.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    headers = [(b"host", b"localhost")]
    if cookie := client.cookies.get(SESSION_COOKIE):
        headers.append((b"cookie", f"{SESSION_COOKIE}={cookie}".encode()))
    if token := client.headers.get("authorization"):
        headers.append((b"authorization", token.encode()))
    scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
    scope |= {"scheme": "ws", "client": ("127.0.0.1", 1), "server": ("localhost", 80), "subprotocols": []}
    serving = asyncio.create_task(house.app(scope, receive, sent.put))
    while True:
        message = await asyncio.wait_for(sent.get(), 10)
        if message["type"] == "websocket.close":
            code = int(message.get("code", 1000))
            break
        if message["type"] == "websocket.accept":
            # Some close only once they have accepted, so that the code is seen.
            try:
                message = await asyncio.wait_for(sent.get(), 0.2)
            except TimeoutError:
                code = 101
                break
            code = int(message.get("code", 1000)) if message["type"] == "websocket.close" else 101
            break
    gone.set()
    await serving
    return code


async def try_all(house: House) -> None:
    cast = Cast(house)
    await cast.gather()
    wrong = []
    for row in ROWS:
        for who in cast.owners:
            found = await cast.ask(who, row)
            if row.is_final and who == "home":
                house.forget_admin()
                cast.clients[who] = (await house.admin()).client
            if found != row.expected[who]:
                wrong.append(f"{row.method} {row.template} as {who}: {found}, expected {row.expected[who]}")
    assert not wrong, "\n".join(wrong)


async def test_who_may_do_what_in_server_mode(server_house: House) -> None:
    await try_all(server_house)


async def test_who_may_do_what_in_local_mode(local_house: House) -> None:
    await try_all(local_house)
