"""A fitting room with its library and tasks, over any database, without a web server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select
from tests.unit.library.arriving import decode, encode, make_people

from vtonlab.accounts.caller import BUILT_IN_ROLES, Caller, CallerKind, Via
from vtonlab.accounts.service import Accounts
from vtonlab.db.database import Database
from vtonlab.engines import registry
from vtonlab.equip import equip_engines
from vtonlab.fitting.models import VtonHistory
from vtonlab.fitting.orders import Layer, Order
from vtonlab.fitting.service import KIND, Fitting
from vtonlab.imaging.signing import Signer, open_signer
from vtonlab.library.incoming import Incoming
from vtonlab.library.ingest import Ingest
from vtonlab.library.models import Image
from vtonlab.library.service import Library
from vtonlab.library.sweep import Sweep
from vtonlab.remote.service import Outbound
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.storage.local import LocalStorage
from vtonlab.tasks.models import ENDED, Task
from vtonlab.tasks.service import Tasks

ANN, BOB = "ann", "bob"
SKIN, RED, BLUE, GREEN = (220, 180, 160), (200, 30, 40), (30, 40, 200), (20, 160, 60)
Colour = tuple[int, int, int]


def caller(user: str, role: str = "editor") -> Caller:
    return Caller(CallerKind.USER, user, user, role, BUILT_IN_ROLES[role], Via.COOKIE)


ANNS, BOBS = caller(ANN), caller(BOB)


def plain(colour: Colour, height: int = 160, width: int = 120) -> bytes:
    """A PNG file of one colour."""
    return encode(np.full((height, width, 3), colour, np.uint8), "PNG")


@dataclass
class House:
    """All of it."""

    database: Database
    storage: Storage
    settings: Settings
    accounts: Accounts
    tasks: Tasks
    ingest: Ingest
    library: Library
    outbound: Outbound
    fitting: Fitting
    sweep: Sweep

    async def add(self, data: bytes, category: str = "clothes", user: str = ANN, **more: Any) -> Image:
        return (await self.ingest.add(user, Incoming(data, category, **more))).image

    async def wardrobe(self, user: str = ANN) -> tuple[Image, Image, Image]:
        """A person, a red top and blue trousers."""
        return (
            await self.add(plain(SKIN, 200, 150), "char", user),
            await self.add(plain(RED), "clothes", user),
            await self.add(plain(BLUE), "clothes", user),
        )

    async def rows(self, table: type[Any] = VtonHistory) -> list[Any]:
        async with self.database.read() as session:
            return list((await session.execute(select(table))).scalars())

    async def keys(self) -> set[str]:
        return {entry.key async for entry in self.storage.list("images/")}

    async def task(self, task_id: str) -> Task:
        async with self.database.read() as session:
            return (await session.execute(select(Task).where(Task.task_id == task_id))).scalar_one()

    async def until_ended(self, *task_ids: str, seconds: float = 20) -> list[Task]:
        async with asyncio.timeout(seconds):
            while True:
                found = [await self.task(task_id) for task_id in task_ids]
                if all(task.status in ENDED for task in found):
                    return found
                await asyncio.sleep(0.02)

    async def until_all_ended(self, seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while True:
                async with self.database.read() as session:
                    still = select(func.count()).select_from(Task).where(Task.status.not_in(ENDED))
                    if not (await session.execute(still)).scalar_one():
                        return
                await asyncio.sleep(0.02)

    async def picture(self, image_id: str) -> np.ndarray[Any, Any]:
        (image,) = [row for row in await self.rows(Image) if row.id == image_id]
        return decode(await self.storage.load(image.storage_key))


@asynccontextmanager
async def open_house(
    database: Database,
    folder: Path,
    *,
    storage: Storage | None = None,
    signer: Signer | None = None,
    runs: bool = True,
    back_off: float = 0.1,
    **chosen: Any,
) -> AsyncIterator[House]:
    """With two users, Ann and Bob; ``runs``: tasks are worked on. ``back_off``: seconds before a second attempt."""
    defaults: dict[str, Any] = {"data": folder, "mode": "local", "engine": "painter"}
    settings = Settings(**(defaults | chosen))
    kept = storage or LocalStorage(folder)
    accounts = Accounts(database, settings, b"a secret for tests, long enough!", [])
    await make_people(database)
    tasks = Tasks(database, settings, accounts)
    ingest = Ingest(database, kept, settings, accounts, tasks)
    library = Library(database, kept, settings, accounts)
    outbound = Outbound(database, settings)
    signer = signer or open_signer(folder / "signing")
    equip_engines(settings)
    fitting = Fitting(database, kept, settings, accounts, tasks, library, ingest, outbound, signer)
    fitting.register()
    tasks.register(replace(tasks.runner.kinds[KIND], back_off=timedelta(seconds=back_off)))
    house = House(
        database, kept, settings, accounts, tasks, ingest, library, outbound, fitting,
        Sweep(database, kept, library, ingest.scratch),
    )  # fmt: skip
    if runs:
        await tasks.start()
    try:
        yield house
    finally:
        await tasks.stop()
        await ingest.close()
        await kept.close()
        registry.equip(lambda _: {})


def order(person: Image, *garments: Image, **more: Any) -> Order:
    return Order(person.id, tuple(Layer(garment.id) for garment in garments), **more)
