"""The whole application in process, with the real everything over a folder of its own, and the people who use it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import httpx
from PIL import Image
from pwdlib.hashers.argon2 import Argon2Hasher

from vtonlab.accounts import passwords
from vtonlab.db import upgrade
from vtonlab.db.database import Database
from vtonlab.settings import Settings
from vtonlab.web.app import Application, create_app
from vtonlab.web.wiring import Parts

PASSWORD = "correct horse battery"
ADDRESS = "http://localhost"


@dataclass
class Person:
    """Somebody with an account; ``client`` holds their cookie."""

    name: str
    user_id: str
    client: httpx.AsyncClient


@dataclass
class House:
    """A running application. ``visitor()`` is a browser that was never here."""

    app: Application
    settings: Settings
    _stack: AsyncExitStack
    _admin: Person | None = None
    _people: dict[str, Person] = field(default_factory=dict)

    @property
    def parts(self) -> Parts:
        assert self.app.parts is not None
        return self.app.parts

    @property
    def data(self) -> Path:
        return self.settings.data_folder

    async def visitor(self, **headers: str) -> httpx.AsyncClient:
        """A client with no cookie; ``headers`` go with every request (``_`` stands for ``-``)."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        client = httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=sent)
        return await self._stack.enter_async_context(client)

    async def guest(self) -> httpx.AsyncClient:
        """Somebody who kept a picture without an account."""
        client = await self.visitor()
        assert (await upload(client, make_photo(seed=1))).status_code == 200
        return client

    async def admin(self) -> Person:
        """The administrator: in server mode by the one-time link, in local mode the machine's default user."""
        if self._admin is None:
            self._admin = await (self._at_home() if self.settings.is_local else self._first_admin())
        return self._admin

    def forget_admin(self) -> None:
        """Let the administrator come in anew; their session may have been ended."""
        self._admin = None

    async def person(self, name: str, role: str = "editor") -> Person:
        """Somebody with an account of that role, signed in."""
        if name not in self._people:
            admin = await self.admin()
            wanted = {"username": name, "email": f"{name}@lab.example", "password": PASSWORD, "role": role}
            made = await admin.client.post("/api/v1/admin/users", json=wanted)
            assert made.status_code == 201, made.text
            client = await self.visitor()
            entered = await client.post("/api/login", json={"username": name, "password": PASSWORD})
            assert entered.status_code == 200, entered.text
            self._people[name] = Person(name, made.json()["user_id"], client)
        return self._people[name]

    async def token(self, person: Person, *scopes: str) -> httpx.AsyncClient:
        """A program with an API token of ``person`` that has only ``scopes``."""
        made = await person.client.post("/api/v1/auth/api-tokens", json={"name": "test", "scopes": list(scopes)})
        assert made.status_code == 201, made.text
        return await self.visitor(Authorization=f"Bearer {made.json()['token']}")

    async def program(self, person: Person) -> httpx.AsyncClient:
        """A program with an access token of ``person``."""
        form = {"username": person.name, "password": PASSWORD}
        made = await (await self.visitor()).post("/api/v1/auth/token", data=form)
        assert made.status_code == 200, made.text
        return await self.visitor(Authorization=f"Bearer {made.json()['access_token']}")

    async def _first_admin(self) -> Person:
        link = await self.parts.accounts.setup_link()
        assert link is not None
        client = await self.visitor()
        wanted = {"token": link.partition("setup=")[2], "username": "boss", "password": PASSWORD}
        made = await client.post("/api/v1/auth/setup", json=wanted | {"email": "boss@lab.example"})
        assert made.status_code == 200, made.text
        return Person("boss", made.json()["user"]["user_id"], client)

    async def _at_home(self) -> Person:
        client = await self.visitor()
        entered = await client.post("/api/v1/auth/local", headers={"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"})
        assert entered.status_code == 200, entered.text
        return Person(entered.json()["user"]["username"], entered.json()["user"]["user_id"], client)


@asynccontextmanager
async def open_house(data: Path, **settings: Any) -> AsyncIterator[House]:
    """The application over ``data``. Signing in is not slowed down unless ``settings`` say so; passwords are hashed at
    the least that argon2id can do (what it costs is in tests/unit/accounts)."""
    chosen = Settings(**{"data": data, "sign_in_rate": "1000/minute", "workers": 1, "garment_kinds": False, **settings})
    if not chosen.database_url:
        begin(data, await fresh_database())
    app = create_app(chosen)
    async with AsyncExitStack() as stack:
        with patch.object(passwords, "Argon2Hasher", lambda: Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)):
            await stack.enter_async_context(app.router.lifespan_context(app))
        async with AsyncExitStack() as clients:
            yield House(app, chosen, clients)


_fresh: list[bytes] = []


async def fresh_database() -> bytes:
    """What a first start makes, made once: every table, by the steps of ``vtonlab.db.migrations``."""
    if not _fresh:
        with TemporaryDirectory() as folder:
            chosen = Settings(data=Path(folder))
            database = Database(chosen.database_address)
            await upgrade.prepare(database, chosen)
            await database.close()
            _fresh.append((Path(folder) / "vtonlab.db").read_bytes())
    return _fresh[0]


def begin(data: Path, database: bytes) -> None:
    """Where nothing is yet, a folder with ``database``."""
    if not data.exists():
        data.mkdir(mode=0o700, parents=True)
        (data / "vtonlab.db").write_bytes(database)


def make_photo(seed: int = 0, width: int = 60, height: int = 80, kind: str = "PNG") -> bytes:
    """A small picture; each ``seed`` looks unlike the others."""
    picture = Image.new("RGB", (width, height), (90, 140, 200))
    for place in range(24):
        shade = (seed * 7919 + place * 104_729) * 2_654_435_761 % 2**24
        x, y = (place % 4) * width // 4, (place // 4) * height // 6
        picture.paste((shade & 255, shade >> 8 & 255, shade >> 16), (x, y, x + width // 4, y + height // 6))
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


async def upload(
    client: httpx.AsyncClient, photo: bytes | None = None, category: str = "clothes", name: str = "shirt.png"
) -> httpx.Response:
    """Keep ``photo`` as somebody does with a form."""
    file = {"file": (name, photo or make_photo(), "image/png")}
    return await client.post("/api/upload-file", files=file, data={"category": category})
