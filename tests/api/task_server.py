"""The whole application behind its real server, in the loop of the test."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from websockets.asyncio.client import ClientConnection, connect

from vtonlab.settings import Settings
from vtonlab.tasks.models import Task
from vtonlab.tasks.service import Tasks
from vtonlab.web.app import create_app

PASSWORD = "correct horse battery"


@dataclass
class Person:
    """Somebody with an account: their client has a session's cookie, ``token`` is an access token."""

    user_id: str
    client: httpx.AsyncClient
    token: str
    name: str

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())}

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Site:
    """A running server."""

    def __init__(self, app: Any, port: int) -> None:
        self.app = app
        self.address = f"http://127.0.0.1:{port}"
        self.socket = f"ws://127.0.0.1:{port}/api/v1/ws/tasks"
        self._clients: list[httpx.AsyncClient] = []
        self._numbers = itertools.count(1)

    @property
    def tasks(self) -> Tasks:
        tasks: Tasks = self.app.parts.tasks
        return tasks

    def client(self, **more: Any) -> httpx.AsyncClient:
        client = httpx.AsyncClient(base_url=self.address, timeout=20, **more)
        self._clients.append(client)
        return client

    async def person(self) -> Person:
        """A new account, signed in."""
        name = f"person{next(self._numbers)}"
        client = self.client()
        account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        made = await client.post("/api/register", json=account)
        assert made.status_code == 200, made.text
        signed_in = await client.post("/api/login", json={"username": name, "password": PASSWORD})
        assert signed_in.status_code == 200, signed_in.text
        got = await client.post("/api/v1/auth/token", data={"username": name, "password": PASSWORD})
        assert got.status_code == 200, got.text
        return Person(made.json()["user_id"], client, got.json()["access_token"], name)

    def connect(self, *, token: str | None = None, query: str = "", **more: Any) -> connect:
        """A WebSocket; use as a context."""
        query = query or (f"?token={token}" if token is not None else "")
        return connect(self.socket + query, **more)

    async def add(self, user_id: str, kind: str = "still", lane: str = "lane", **more: Any) -> Task:
        """A task in line; nobody runs the kind ``still``."""
        parameters = more.pop("parameters", {})
        return await self.tasks.database.write(
            lambda session: self.tasks.add(
                session, user_id=user_id, kind=kind, lane=lane, parameters=parameters, **more
            )
        )

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@asynccontextmanager
async def serve(data: Path, **settings: Any) -> AsyncIterator[Site]:
    """The application over ``data``, listening."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    app = create_app(Settings(data=data, port=port, open_browser=False, sign_in_rate="10000/minute", **settings))
    server = Server(
        app,
        "127.0.0.1",
        port,
        interface=Interfaces.ASGI,
        websockets=True,
        log_enabled=False,
        log_level=LogLevels.critical,
    )
    serving = asyncio.create_task(server.serve())
    site = Site(app, port)
    try:
        await _wait_for(site, serving)
        yield site
    finally:
        await site.close()
        server.stop()
        await asyncio.wait_for(serving, 30)


async def _wait_for(site: Site, serving: asyncio.Task[None]) -> None:
    async with asyncio.timeout(30), httpx.AsyncClient() as client:
        while True:
            if serving.done():
                serving.result()
                raise AssertionError("the server ended")
            try:
                if (await client.get(site.address + "/healthz")).status_code == 200:
                    return
            except httpx.TransportError:
                logging.getLogger(__name__).debug("not yet")
            await asyncio.sleep(0.02)


__all__ = ["ClientConnection", "Person", "Site", "serve"]
