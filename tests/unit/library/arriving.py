"""A library that takes pictures in, over any database, and drawn pictures for it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.models import Role, User
from vtonlab.accounts.service import Accounts
from vtonlab.db.database import Database
from vtonlab.library.ingest import Ingest
from vtonlab.library.models import Image
from vtonlab.library.service import Library
from vtonlab.library.sweep import Sweep
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.storage.local import LocalStorage
from vtonlab.tasks.service import Tasks

ANN, BOB = "ann", "bob"


@dataclass
class House:
    """Everything a picture passes on its way in."""

    database: Database
    storage: Storage
    settings: Settings
    library: Library
    ingest: Ingest
    sweep: Sweep

    async def keys(self) -> list[str]:
        """Of every file that is kept."""
        return [entry.key async for entry in self.storage.list("images/")]

    async def rows(self, user_id: str = ANN) -> list[Image]:
        async with self.database.read() as session:
            found = await session.execute(select(Image).where(Image.user_id == user_id).order_by(Image.id))
            return list(found.scalars())

    async def count(self, table: type) -> int:
        async with self.database.read() as session:
            return (await session.execute(select(func.count()).select_from(table))).scalar_one()

    def leftovers(self) -> list[str]:
        """Names of files of uploads and unfinished writes."""
        places = [self.settings.data_folder / "tmp", self.settings.data_folder / ".unfinished"]
        return [path.name for place in places if place.is_dir() for path in place.iterdir()]


@asynccontextmanager
async def open_house(
    database: Database, folder: Path, storage: Storage | None = None, **chosen: Any
) -> AsyncIterator[House]:
    """With two users, Ann and Bob."""
    settings = Settings(data=folder, **chosen)
    kept = storage or LocalStorage(folder)
    accounts = Accounts(database, settings, b"a secret for tests, long enough!", [])
    await make_people(database)
    library = Library(database, kept, settings, accounts)
    ingest = Ingest(database, kept, settings, accounts, Tasks(database, settings, accounts))
    try:
        yield House(database, kept, settings, library, ingest, Sweep(database, kept, library, ingest.scratch))
    finally:
        await ingest.close()
        await kept.close()


async def make_people(database: Database) -> None:
    async def work(session: AsyncSession) -> None:
        if await session.get(Role, "editor") is None:
            session.add(Role(name="editor", permissions=[], is_built_in=True))
            await session.flush()
            session.add_all(User(user_id=name, username=name, username_key=name) for name in (ANN, BOB))

    await database.write(work)


def draw(number: int = 0, width: int = 240, height: int = 320) -> NDArray[np.uint8]:
    """A picture of soft shapes; each number another one."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width, y / height
    picture = np.full((height, width, 3), random.integers(150, 256, 3), np.float32)
    for _ in range(7):
        (cx, cy), radius = random.random(2), 0.08 + 0.3 * random.random()
        share = np.clip(8 * (1 - np.hypot(x - cx, y - cy) / radius), 0, 1)[..., None]
        picture = picture * (1 - share) + random.integers(0, 256, 3) * share
    return picture.astype(np.uint8)


def encode(picture: NDArray[np.uint8] | Pillow.Image, kind: str = "JPEG", **options: Any) -> bytes:
    image = picture if isinstance(picture, Pillow.Image) else Pillow.fromarray(picture)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decode(data: bytes) -> NDArray[np.uint8]:
    with Pillow.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


@cache
def photo(number: int = 0, **size: int) -> bytes:
    """A JPEG file; each number another picture."""
    return encode(draw(number, **size), "JPEG", quality=90)
