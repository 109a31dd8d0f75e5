"""The parts of a server that pictures' bytes need, two people, and their pictures; asked without a network."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from fastapi import FastAPI
from PIL import Image as Pillow
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller, CallerKind
from vtonlab.accounts.passwords import Passwords
from vtonlab.accounts.service import Accounts
from vtonlab.db.base import new_id
from vtonlab.db.database import Database
from vtonlab.imaging.read import Limits
from vtonlab.library import changes
from vtonlab.library.file_routes import make_router, make_serving
from vtonlab.library.files import Files
from vtonlab.library.models import Image
from vtonlab.library.pictures import image_key, make_picture, thumbnail_key
from vtonlab.library.serving import Serving
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.storage.open import open_storage
from vtonlab.web.answers import answer_errors

STRANGER = Caller(CallerKind.STRANGER, None)
PASSWORD = "correct horse battery"


@dataclass
class Told:
    """An answer, whole."""

    status: int
    headers: dict[str, str]
    body: bytes
    path: str | None = None
    """The file that the server was told to send."""
    pieces: int = 0


@dataclass
class House:
    """A server's parts with two people and their pictures."""

    database: Database
    storage: Storage
    accounts: Accounts
    serving: Serving
    routes: FastAPI
    front: Callable[..., Awaitable[None]]
    cookies: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)

    async def enter(self, name: str) -> None:
        """Make ``name`` an account, and sign it in."""
        user = await self.accounts.sign_in.register(STRANGER, name, f"{name}@example.com", PASSWORD)
        entered = await self.accounts.sign_in.with_password(STRANGER, name, PASSWORD, remember=False)
        self.users[name] = user.user_id
        self.cookies[name] = f"vtonlab_session={entered.cookie.value}"

    async def keep(self, name: str, data: bytes, **values: Any) -> Image:
        """Give ``name`` the picture ``data``, with its thumbnails."""
        user_id = self.users[name]
        made = make_picture(data, limits=Limits(), max_side=4096)
        number = new_id()
        filename = f"clothes_20261122_101112_{number[-8:]}.{made.extension}"
        key = image_key(user_id, "clothes", filename)
        await self.storage.put(key, made.data)
        for side, thumbnail in made.thumbnails.items():
            await self.storage.put(thumbnail_key(key, side), thumbnail)
        row = {
            "id": number,
            "user_id": user_id,
            "filename": filename,
            "storage_key": key,
            "media_type": made.media_type,
            "original_name": "我的 Jacke.jpg",
            "context_info": {},
            "category": "clothes",
            "file_size": len(made.data),
            "image_width": made.width,
            "image_height": made.height,
            "thumbhash": made.thumbhash,
            "content_hash": made.content_hash,
            "source_hash": hashlib.sha256(data).hexdigest(),
            "look": "0" * 16,
            **dict.fromkeys(("look_a", "look_b", "look_c", "look_d"), 0),
        }

        async def work(session: AsyncSession) -> Image:
            return await changes.add(session, Image(**(row | values)))

        return await self.database.write(work)

    async def change(self, work: Callable[[AsyncSession], Awaitable[object]]) -> None:
        await self.database.write(work)

    async def ask(
        self,
        address: str,
        who: str | None = None,
        *,
        through: str = "front",
        method: str = "GET",
        pathsend: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Told:
        """Ask for ``address`` (as it stands in a request line)."""
        path, _, query = address.partition("?")
        given = {"host": "localhost:8080", **(headers or {})}
        if who is not None:
            given["cookie"] = self.cookies[who]
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
            "client": ("127.0.0.1", 5000),
            "server": ("127.0.0.1", 8080),
            "state": {},
            "extensions": {"http.response.pathsend": {}} if pathsend else {},
        }
        told = Told(0, {}, b"")

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                told.status = message["status"]
                names = [name for name, _ in message["headers"]]
                assert len(names) == len(set(names)), "a header twice"
                told.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
            elif message["type"] == "http.response.pathsend":
                told.path = message["path"]
                told.body = Path(message["path"]).read_bytes()  # noqa: ASYNC240
            else:
                told.body += message.get("body", b"")
                told.pieces += 1

        app = self.front if through == "front" else self.routes
        await app(scope, receive, send)
        return told

    async def both(self, address: str, who: str | None = None, **asked: Any) -> Told:
        """The answer of both ways, which must be equal; the front is asked twice, the second time it remembers."""
        plain = await self.ask(address, who, through="routes", **asked)
        for _ in range(2):
            front = await self.ask(address, who, **asked)
            assert (front.status, front.body) == (plain.status, plain.body), address
            volatile = {"date"}
            assert {k: v for k, v in front.headers.items() if k not in volatile} == {
                k: v for k, v in plain.headers.items() if k not in volatile
            }, address
        return plain


@asynccontextmanager
async def open_house(database: Database, data: Path, **others: Any) -> AsyncIterator[House]:
    """Server mode, with Anna and Bert. ``others``: settings."""
    settings = Settings(data=data, **others, mode="server", sign_in_rate="1000/minute")
    storage = open_storage(settings)
    accounts = Accounts(
        database, settings, b"s" * 32, [], Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1))
    )
    await accounts.prepare()
    found = Files(database, storage)
    serving = make_serving(found, accounts)
    app = FastAPI()
    app.state.accounts = accounts
    answer_errors(app, "en")
    app.include_router(make_router(found))
    made = House(database, storage, accounts, serving, app, serving.wrap(app))
    for name in ("anna", "bert"):
        await made.enter(name)
    yield made
    await storage.close()


def draw(width: int, height: int, kind: str = "JPEG", seed: int = 0) -> bytes:
    """A picture file that does not compress well."""
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, kind, quality=90)
    return file.getvalue()
