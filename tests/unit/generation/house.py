"""A studio with its library and tasks, over any database, without a web server: what it draws with is the sandbox, and
Gemini over a fake of its service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from tests.fakes.gemini import KEY, FakeGemini
from tests.unit.generation.engines import SCRIPT, TESTER
from tests.unit.library.arriving import decode, encode, make_people

from vtonlab.accounts.caller import BUILT_IN_ROLES, Caller, CallerKind, Via
from vtonlab.accounts.service import Accounts
from vtonlab.db.database import Database
from vtonlab.engines import registry
from vtonlab.equip import equip_engines
from vtonlab.generation.orders import KIND, Order
from vtonlab.generation.service import Generation
from vtonlab.imaging.signing import Signer, open_signer
from vtonlab.library.incoming import Incoming
from vtonlab.library.ingest import Ingest
from vtonlab.library.models import Image
from vtonlab.library.service import Library
from vtonlab.providers.conditions import Conditions, State
from vtonlab.remote.service import Outbound
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.storage.local import LocalStorage
from vtonlab.tasks.models import ENDED, Task
from vtonlab.tasks.service import Tasks

ANN, BOB = "ann", "bob"
INSTALLED = ("fashn", "gemini", "sandbox")
"""Of the program's own engines: loading the others takes seconds. The first one draws nothing from words."""


def caller(user: str, role: str = "editor") -> Caller:
    return Caller(CallerKind.USER, user, user, role, BUILT_IN_ROLES[role], Via.COOKIE)


ANNS, BOBS = caller(ANN), caller(BOB)
VISITORS = Caller(CallerKind.GUEST, ANN, permissions=frozenset(BUILT_IN_ROLES["editor"]))


def plain(colour: tuple[int, int, int], height: int = 160, width: int = 120) -> bytes:
    """A PNG file of one colour."""
    return encode(np.full((height, width, 3), colour, np.uint8), "PNG")


@contextmanager
def few_engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only ``INSTALLED`` are, and the one of tests, for the length of one test."""

    def find(group: str) -> list[EntryPoint]:
        return [*(one for one in entry_points(group=group) if one.name in INSTALLED), TESTER]

    monkeypatch.setattr(registry, "entry_points", find)
    registry.forget()
    SCRIPT.__init__()  # type: ignore[misc]
    yield
    registry.forget()


@dataclass
class House:
    """All of it. Tasks are rows, whose JSON columns may hold anything."""

    database: Database
    storage: Storage
    settings: Settings
    tasks: Tasks
    ingest: Ingest
    library: Library
    outbound: Outbound
    conditions: Conditions
    generation: Generation
    signer: Signer

    async def add(self, data: bytes, category: str = "clothes", user: str = ANN) -> Image:
        return (await self.ingest.add(user, Incoming(data, category))).image

    async def ask(self, prompt: str = "a red coat", *, who: Caller = ANNS, key: str | None = None, **more: Any) -> Any:
        """A picture's task."""
        return (await self.generation.ask(who, Order(prompt, **more), idempotency_key=key)).task

    async def draw(self, prompt: str = "a red coat", **more: Any) -> Any:
        """The task, once it has ended."""
        return await self.until_ended((await self.ask(prompt, **more)).task_id)

    async def rows(self, table: type[Any] = Image) -> list[Any]:
        async with self.database.read() as session:
            return list((await session.execute(select(table))).scalars())

    async def keys(self, prefix: str = "images/") -> set[str]:
        return {entry.key async for entry in self.storage.list(prefix)}

    async def task(self, task_id: str) -> Any:
        async with self.database.read() as session:
            return (await session.execute(select(Task).where(Task.task_id == task_id))).scalar_one()

    async def until_ended(self, task_id: str, seconds: float = 20) -> Any:
        async with asyncio.timeout(seconds):
            while (found := await self.task(task_id)).status not in ENDED:  # noqa: ASYNC110 - its row
                await asyncio.sleep(0.02)
            return found

    async def picture(self, image_id: str) -> np.ndarray[Any, Any]:
        (image,) = [row for row in await self.rows() if row.id == image_id]
        return decode(await self.storage.load(image.storage_key))

    async def until_known(self) -> None:
        """Until every engine has said how it is, and those that draw with what."""
        await until(lambda: all(one.state is not State.UNKNOWN for one in self.conditions.get()))
        for offer in self.generation.providers.offers.get():
            if offer.condition.can_serve:
                await self.generation.providers.offers.of(offer.engine)


async def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - what other threads do
            await asyncio.sleep(0.01)


@asynccontextmanager
async def open_house(
    database: Database,
    folder: Path,
    fake: FakeGemini | None = None,
    *,
    storage: Storage | None = None,
    runs: bool = True,
    known: bool = True,
    back_off: float = 0.05,
    **chosen: Any,
) -> AsyncIterator[House]:
    """With two users, Ann and Bob. ``fake``: of Gemini's service, which is not set up without; ``runs``: tasks are
    worked on; ``known``: engines are asked how they are before anything else. ``back_off``: seconds before a second
    attempt."""
    service: dict[str, Any] = {}
    if fake is not None:
        service = {"gemini_api_key": KEY, "gemini_url": fake.address, "gemini_seconds": 10.0}
    usual: dict[str, Any] = {"data": folder, "mode": "server", "sandbox_on": True, "remote_budget": 0}
    settings = Settings(**(usual | service | chosen))
    kept = storage or LocalStorage(folder)
    accounts = Accounts(database, settings, b"a secret for tests, long enough!", [])
    await make_people(database)
    tasks = Tasks(database, settings, accounts)
    ingest = Ingest(database, kept, settings, accounts, tasks)
    library = Library(database, kept, settings, accounts)
    outbound, conditions = Outbound(database, settings), Conditions(settings)
    signer = open_signer(folder / "signing")
    equip_engines(settings)
    generation = Generation(
        database, kept, settings, accounts, tasks, library, ingest, outbound, signer, conditions
    )  # fmt: skip
    generation.register()
    tasks.register(replace(tasks.runner.kinds[KIND], back_off=timedelta(seconds=back_off)))
    house = House(
        database, kept, settings, tasks, ingest, library, outbound, conditions, generation, signer
    )  # fmt: skip
    conditions.start()
    if known:
        await house.until_known()
    if runs:
        await tasks.start()
    try:
        yield house
    finally:
        await generation.stop()
        await conditions.stop()
        await tasks.stop()
        await ingest.close()
        await kept.close()
        registry.equip(lambda _: {})
