"""The real parts of a server over a data folder, and the things people do with them. For a process that is killed.

What is done is written down, a line before it begins and a line when its answer was given, so that whoever looks at
the folder afterwards knows what must be there.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image as Pillow
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import EDITOR, Caller, CallerKind, Via
from vtonlab.accounts.models import AuditEntry, User
from vtonlab.accounts.service import Accounts
from vtonlab.db.database import Database
from vtonlab.db.upgrade import prepare
from vtonlab.errors import ServiceError
from vtonlab.library import changes
from vtonlab.library.ingest import Incoming, Ingest
from vtonlab.library.models import Image
from vtonlab.library.service import Library
from vtonlab.library.sweep import Sweep
from vtonlab.settings import Settings
from vtonlab.storage.local import LocalStorage
from vtonlab.tasks.contract import Done, Job, JobKind, WaitUntil
from vtonlab.tasks.models import ENDED, Task
from vtonlab.tasks.service import Tasks

PEOPLE = ("ada", "bo", "cy")
KINDS = ("plain", "maker", "waits", "stumbles")
EFFECT = "crash.effect"
"""Action of the audit entry that a finished task leaves, once."""

Write = Callable[[dict[str, Any]], None]


class Stumbled(ServiceError):
    """A service that is asked again a moment later."""

    code = "stumbled"


def draw(seed: int) -> bytes:
    """A small picture, another one for every seed, as a JPEG file."""
    chance = random.Random(seed)
    small = Pillow.frombytes("RGB", (8, 6), chance.randbytes(8 * 6 * 3))
    file = io.BytesIO()
    small.resize((96, 72), Pillow.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def source_hash(seed: int) -> str:
    """By which the picture's entry is known."""
    return hashlib.sha256(draw(seed)).hexdigest()


@dataclass
class House:
    """The parts, put together as the server does."""

    database: Database
    storage: LocalStorage
    settings: Settings
    accounts: Accounts
    tasks: Tasks
    ingest: Ingest
    library: Library
    write: Write

    async def add(self, user: str, seed: int, category: str) -> str:
        """Save a picture; its id."""
        return (await self.ingest.add(user, Incoming(draw(seed), category, original_name=f"{seed}.jpg"))).image.id

    async def order(self, user: str, kind: str, number: int) -> None:
        """Put a task in line."""

        async def work(session: AsyncSession) -> Task:
            more: dict[str, Any] = {"user_id": user, "kind": kind, "lane": kind, "parameters": {"number": number}}
            return await self.tasks.add(session, **more)

        await self.database.write(work)

    async def until_all_ended(self) -> None:
        """Wait for every task."""
        while True:
            async with self.database.read() as session:
                open_ones = select(func.count()).select_from(Task).where(Task.status.not_in(ENDED))
                if not (await session.execute(open_ones)).scalar_one():
                    return
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        await self.tasks.stop()
        await self.ingest.close()
        await self.storage.close()
        await self.database.close()


async def open_house(folder: Path, write: Write) -> House:
    """All parts over ``folder``, with three people."""
    settings = Settings(data=folder, mode="server", task_lease_seconds=1.0)
    database = Database(settings.database_address)
    await prepare(database, settings)
    storage = LocalStorage(settings.data_folder)
    accounts = Accounts(database, settings, b"a secret for tests, long enough!", [])
    await accounts.prepare()
    tasks = Tasks(database, settings, accounts)
    ingest = Ingest(database, storage, settings, accounts, tasks)
    library = Library(database, storage, settings, accounts)
    house = House(database, storage, settings, accounts, tasks, ingest, library, write)

    async def admit(session: AsyncSession) -> None:
        known = set((await session.execute(select(User.user_id))).scalars())
        session.add_all(User(user_id=name, username=name, username_key=name) for name in PEOPLE if name not in known)

    await database.write(admit)
    for kind in KINDS:
        tasks.register(JobKind(kind, getattr(Handlers(house), kind)))
    return house


def caller(user: str) -> Caller:
    return Caller(CallerKind.USER, user, user, "editor", EDITOR, Via.COOKIE)


@dataclass(frozen=True)
class Handlers:
    """What tasks do. However often one is begun, it may leave one effect."""

    house: House

    async def plain(self, job: Job) -> Done:
        await job.report(0.5, "half")
        return Done(lambda session: leave_effect(session, job))

    async def waits(self, job: Job) -> Done | WaitUntil:
        if not job.state.get("asked"):
            await job.remember(state={"asked": True}, remote_id=f"remote-{job.task_id}")
            return WaitUntil(0.05)
        return Done(lambda session: leave_effect(session, job))

    async def stumbles(self, job: Job) -> Done:
        if job.attempt == 1:
            raise Stumbled
        return Done(lambda session: leave_effect(session, job))

    async def maker(self, job: Job) -> Done:
        """Makes a picture, as fitting and generation do."""
        ingest = self.house.ingest
        made = Incoming(draw(int(job.parameters["number"])), "vton_results")
        prepared = await ingest.prepare(job.user_id, made)

        async def save(session: AsyncSession) -> dict[str, Any]:
            image = await ingest.keep(session, prepared)
            return {"image_id": image.id} | dict(await leave_effect(session, job))

        return Done(save, lambda: ingest.discard(prepared))


async def leave_effect(session: AsyncSession, job: Job) -> dict[str, Any]:
    """The effect of a task, in the transaction that finishes it."""
    session.add(AuditEntry(action=EFFECT, user_id=job.user_id, target=job.task_id, details=dict(job.parameters)))
    return {"number": job.parameters["number"]}


# ---- what people do


async def fill(house: House) -> None:
    """Something to begin with: six pictures for each, two of them in the trash."""
    for place, user in enumerate(PEOPLE):
        ids = [await house.add(user, 100 * place + number, "clothes") for number in range(6)]
        await house.library.trash(user, ids[:2])


async def upload(house: House) -> None:
    """New pictures, one of them again, and one that is there in another category."""
    for seed, category in ((900, "clothes"), (901, "char"), (900, "clothes"), (900, "char"), (902, "clothes")):
        await told(house, "ada", {"do": "add", "seed": seed, "category": category}, house.add("ada", seed, category))


async def throw_away(house: House) -> None:
    await told(house, "ada", {"do": "trash", "seeds": [2, 3]}, house.library.trash("ada", await _ids(house, [2, 3])))
    await told(house, "ada", {"do": "trash", "seeds": [4]}, house.library.trash("ada", await _ids(house, [4])))


async def fetch_back(house: House) -> None:
    await told(house, "ada", {"do": "restore", "seeds": [0]}, house.library.restore("ada", await _ids(house, [0])))
    await told(house, "ada", {"do": "restore", "seeds": [1]}, house.library.restore("ada", await _ids(house, [1])))


async def empty(house: House) -> None:
    await told(house, "ada", {"do": "empty"}, house.library.empty_trash(caller("ada")))
    await told(house, "bo", {"do": "empty"}, house.library.empty_trash(caller("bo")))


async def work(house: House) -> None:
    """Tasks of every kind."""
    await house.tasks.start()
    for number in range(8):
        kind, user = KINDS[number % len(KINDS)], PEOPLE[number % len(PEOPLE)]
        await told(house, user, {"do": "order", "kind": kind, "number": number}, house.order(user, kind, number))
    await house.until_all_ended()


async def live(house: House, seed: int) -> None:
    """Everybody does something, at the same time and without end."""
    await house.tasks.start()
    await asyncio.gather(*(_live(house, user, random.Random(f"{seed} {user}")) for user in PEOPLE))


async def recover(house: House) -> None:
    """What a server does when it starts, and the work that was left."""
    report = await Sweep(house.database, house.storage, house.library, house.ingest.scratch).run(alone=True)
    house.write({"missing": report.missing, "orphans": report.orphans, "left_alone": report.left_alone})
    await house.tasks.start()
    await house.until_all_ended()


async def told(house: House, user: str, deed: dict[str, Any], doing: Awaitable[Any]) -> None:
    """Write down that ``user`` begins ``deed``, do it, and write down that it was answered."""
    house.write({"user": user, "begins": deed})
    await doing
    house.write({"user": user, "done": deed})


async def _live(house: House, user: str, chance: random.Random) -> None:
    first = 100 * PEOPLE.index(user)
    number = 1000 * PEOPLE.index(user)
    while True:
        number += 1
        seeds = sorted(chance.sample(range(first, first + 12), chance.randint(1, 3)))
        doing: Awaitable[Any]
        match chance.choice(("add", "add", "add", "trash", "trash", "restore", "empty", "favour", "order", "order")):
            case "add":
                category = chance.choice(("clothes", "char"))
                deed = {"do": "add", "seed": seeds[0], "category": category}
                doing = house.add(user, seeds[0], category)
            case "trash":
                deed = {"do": "trash", "seeds": seeds}
                doing = house.library.trash(user, await _ids(house, seeds, user))
            case "restore":
                deed = {"do": "restore", "seeds": seeds}
                doing = house.library.restore(user, await _ids(house, seeds, user))
            case "empty":
                deed, doing = {"do": "empty"}, house.library.empty_trash(caller(user))
            case "favour":
                deed = {"do": "favour", "seeds": seeds}
                doing = _favour(house, user, await _ids(house, seeds[:1], user))
                deed["seeds"] = seeds[:1]
            case _:
                kind = chance.choice(KINDS)
                deed = {"do": "order", "kind": kind, "number": number}
                doing = house.order(user, kind, number)
        await told(house, user, deed, doing)


async def _favour(house: House, user: str, ids: list[str]) -> None:
    """All of them in one transaction: what is done in two may stop between them."""

    async def work(session: AsyncSession) -> None:
        for image_id in ids:
            image = await session.get(Image, image_id)
            if image is not None and image.user_id == user:
                await changes.favour(session, image)

    await house.database.write(work)


async def _ids(house: House, seeds: list[int], user: str = "ada") -> list[str]:
    """Ids of the entries of uploads made from these pictures."""
    hashes = [source_hash(seed) for seed in seeds]
    query = select(Image.id).where(Image.user_id == user, Image.source_hash.in_(hashes), Image.category.in_(UPLOADED))
    async with house.database.read() as session:
        return list((await session.execute(query)).scalars())


UPLOADED = ("clothes", "char")
ACTIONS: dict[str, Callable[..., Awaitable[None]]] = {
    "fill": fill,
    "upload": upload,
    "throw_away": throw_away,
    "fetch_back": fetch_back,
    "empty": empty,
    "work": work,
    "live": live,
    "recover": recover,
}
