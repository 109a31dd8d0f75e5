"""A running VTON Lab for browser tests: started and stopped, stocked, emptied, and asked without a browser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.live import LiveServer, serve
from tests.stock import stock

from vtonlab.db.database import Database

PATIENCE = 60.0
LIBRARY = "/api/v1/library/images"
AT_ONCE = 100
"""Ids in one request."""


@dataclass
class Site:
    """``address`` stays the same over stops and starts; ``data``: the folder of the program's data."""

    data: Path
    options: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    address: str = ""
    server: LiveServer | None = None
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def port(self) -> int:
        """Where it listens; 0 before its first start."""
        return int(self.address.rpartition(":")[2]) if self.address else 0

    @property
    def setup(self) -> str:
        """The token of the link that makes the first administrator (server mode)."""
        assert self.server is not None
        return self.server.setup

    def start(self) -> None:
        """Start it, at the same address as before."""
        settings: dict[str, Any] = {"data": str(self.data), **self.settings}
        running = serve("--port", str(self.port), *self.options, **settings)
        self.server = self._running.enter_context(running)
        self.address = self.server.address

    def stop(self) -> None:
        """Stop it as the system's own manager would, and wait until it is gone."""
        self._running.close()
        self.server = None

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Asks without a browser; at home as the machine's own user, on a server as a stranger."""
        with httpx.Client(
            base_url=self.address, headers={"Origin": self.address}, timeout=PATIENCE, trust_env=False
        ) as client:
            if client.get("/state").json()["mode"] == "local":
                client.post("/api/v1/auth/local").raise_for_status()
            yield client

    def add(self, *paths: Path, category: str = "clothes") -> list[dict[str, Any]]:
        """Pictures put into the library of the machine's own user, as the interface tells of them."""
        with self.client() as client:
            return [add(client, path.name, path.read_bytes(), category) for path in paths]

    def add_bytes(self, name: str, content: bytes, category: str) -> dict[str, Any]:
        """The same, of a picture that is no file."""
        with self.client() as client:
            return add(client, name, content, category)

    def empty(self) -> None:
        """Forget every picture of the machine's own user, those in the trash too. Ended tasks stay."""
        with self.client() as client:
            while items := client.get(LIBRARY, params={"page_size": AT_ONCE}).raise_for_status().json()["items"]:
                ids = [item["id"] for item in items]
                client.post(f"{LIBRARY}/delete", json={"image_ids": ids}).raise_for_status()
            client.delete("/api/v1/library/trash").raise_for_status()

    def seed(self, count: int, pictures: Iterable[Path]) -> None:
        """``count`` rows for the machine's own user, each with a file, a link to one of ``pictures``'."""
        with self.client() as client:
            user = str(client.get("/api/v1/users/me").raise_for_status().json()["user_id"])
        _in_a_thread_of_its_own(self.data, user, count, list(pictures))


@contextmanager
def run_site(data: Path, *options: str, **settings: str) -> Iterator[Site]:
    """A site that runs, with ``settings`` as :func:`tests.live.serve` takes them; stopped at the end."""
    site = Site(data, options, settings)
    site.start()
    try:
        yield site
    finally:
        site.stop()


def add(client: httpx.Client, name: str, content: bytes, category: str) -> dict[str, Any]:
    """A picture put into the library of whoever ``client`` is."""
    answer = client.post(LIBRARY, files={"files": (name, content)}, data={"category": category}).raise_for_status()
    [item] = answer.json()["items"]
    assert item.get("image"), item
    kept: dict[str, Any] = item["image"]
    return kept


def _in_a_thread_of_its_own(data: Path, user: str, count: int, pictures: list[Path]) -> None:
    """Playwright runs an event loop in the thread of the tests."""

    async def work() -> None:
        database = Database(f"sqlite:///{data / 'vtonlab.db'}")
        try:
            await stock(database, data, user, count, pictures)
        finally:
            await database.close()

    failed: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work())
        except BaseException as error:  # noqa: BLE001 - raised on, in the thread that waits
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
