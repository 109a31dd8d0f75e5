"""What a page of a large library costs, beside the same page of a small one. ``python -m benchmarks.listing``.

Rows alone (listing reads no file), over HTTP in process: routing, session cookie, permission, SQL, JSON. Large and
small are asked in turns, in random order, so that a busy machine slows down both. The floor of a page in the middle is
the same page with LIMIT and OFFSET. ``--database ADDRESS`` measures an empty PostgreSQL or MariaDB instead.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from benchmarks._library import fill, make_row
from benchmarks._table import Row, Seconds, machine, show, summarise
from fastapi import FastAPI
from sqlalchemy import text

from vtonlab.accounts import models as accounts_models
from vtonlab.accounts.caller import BUILT_IN_ROLES, Caller, CallerKind, Credentials
from vtonlab.db.base import Base
from vtonlab.db.database import Database
from vtonlab.library import changes, wardrobe
from vtonlab.library.listings import Filter, Listing, Sort
from vtonlab.library.marks import Places
from vtonlab.library.models import Image
from vtonlab.library.repository import read_rows
from vtonlab.library.service import Library
from vtonlab.settings import Settings
from vtonlab.storage.local import LocalStorage
from vtonlab.tasks import models as tasks_models

SMALL, LARGE = 1_000, 100_000
PER_PAGE = 20
ROUNDS = 60
TARGET = 1.2
MARIADB_COUNTS = "ANALYZE TABLE images, library_totals, library_states"
TABLES = (accounts_models, tasks_models)


class Known:
    """Stands for accounts: who asks is named in a header. The same for both sizes."""

    async def identify(self, credentials: Credentials) -> Caller:
        """The user whose id is the bearer token."""
        return Caller(CallerKind.USER, credentials.bearer, role="editor", permissions=BUILT_IN_ROLES["editor"])


class Lab:
    """The library's routes over a database, and a client."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.places = Places()
        self.library = Library(database, LocalStorage(folder), Settings(data=folder), places=self.places)
        self.app = FastAPI()
        self.app.state.accounts = Known()
        self.app.include_router(wardrobe.make_router(self.library))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://localhost")
        self.chance = random.Random(7)

    async def ask(self, user: str, **query: Any) -> dict[str, Any]:
        """The answer to a listing."""
        params = {"per_page": PER_PAGE, **query}
        answer = await self.client.get("/api/images", params=params, headers={"Authorization": f"Bearer {user}"})
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def clock(self, user: str, **query: Any) -> tuple[float, float]:
        """Seconds of a listing by the wall clock and of CPU, all threads; the page must be full."""
        start, worked = time.perf_counter(), time.process_time()
        found = await self.ask(user, **query)
        took = time.perf_counter() - start, time.process_time() - worked
        assert len(found["images"]) == PER_PAGE, (user, query)
        return took


Choose = Callable[[int], dict[str, Any]]


async def compare(lab: Lab, totals: dict[str, int], choose: Choose) -> dict[str, Seconds]:
    """Times by user; ``choose`` gives the query from the number of full pages."""
    taken: dict[str, list[tuple[float, float]]] = {user: [] for user in totals}
    for number in range(ROUNDS + 3):
        for user in lab.chance.sample(list(totals), len(totals)):
            seconds = await lab.clock(user, **choose(totals[user] // PER_PAGE))
            if number >= 3:  # the first find the marks and fill the caches
                taken[user].append(seconds)
    return {user: summarise(each) for user, each in taken.items()}


def row(what: str, seconds: dict[str, Seconds], target: float = TARGET) -> Row:
    """A line: the large library's time beside the small one's."""
    large, small = seconds["large"], seconds["small"]
    ratio = large.middle / small.middle
    beside = f"{ratio:.2f} × small ({1e3 * small.middle:.2f} ms), of CPU {large.cpu / small.cpu:.2f} ×"
    return Row(what, f"{1e3 * large.middle:.2f} ms", f"≤ {target} ×", ratio <= target, beside)


async def measure(lab: Lab) -> list[Row]:
    """Every line."""
    totals = {user: (await lab.ask(user))["total"] for user in ("small", "large")}
    chance = lab.chance

    def middle(pages: int) -> int:
        return chance.randint(pages // 4, 3 * pages // 4)

    rows = []
    for name in (Sort.NEWEST.value, Sort.NAME.value, Sort.LARGEST.value):
        asked = {"sort": name}
        for what, choose in {
            "page 1": lambda _, asked=asked: asked,
            "a random middle page": lambda pages, asked=asked: asked | {"page": middle(pages)},
            "the deepest page": lambda pages, asked=asked: asked | {"page": pages},
        }.items():
            rows.append(row(f"{name}: {what}", await compare(lab, totals, choose)))
    liked = {user: (await lab.ask(user, favorite=True))["total"] for user in totals}
    chosen = {"favorite": True}
    found = await compare(lab, liked, lambda pages: chosen | {"page": max(middle(pages), 1)})
    rows.append(row("favourites: a random middle page", found))
    return [*rows, *await measure_changes(lab, totals["large"]), *await measure_searches(lab)]


async def measure_changes(lab: Lab, total: int) -> list[Row]:
    """What a change costs the next one who jumps into the middle."""

    async def jump() -> float:
        return (await lab.clock("large", page=lab.chance.randint(total // PER_PAGE // 4, 3 * total // PER_PAGE // 4)))[
            0
        ]

    async def add(number: int) -> None:
        made = make_row("large", 10_000_000 + number, lab.chance)
        await lab.database.write(lambda session: changes.add(session, Image(**made)))

    here: list[float] = []
    known: list[float] = []
    first: list[float] = []
    second: list[float] = []
    for number in range(9):
        await add(number)
        here.append(await jump())
        known.append(await jump())
    for _ in range(9):
        lab.places.forget()  # as after a change that another process made
        first.append(await jump())
        second.append(await jump())
    middle = statistics.median(known)

    def line(what: str, seconds: list[float]) -> Row:
        found = statistics.median(seconds)
        return Row(what, f"{1e3 * found:.2f} ms", "", None, f"{found / middle:.1f} × a known middle page")

    return [
        line("a jump after an upload by this process", here),
        line("the first jump after another process's change", first),
        line("the second, which finds the marks anew", second),
        line("the same page by LIMIT and OFFSET, SQL alone", [await offset(lab, total // 2) for _ in range(5)]),
    ]


async def offset(lab: Lab, rank: int) -> float:
    """Seconds of reading a page in the middle as one does without marks."""

    async def work() -> None:
        async with lab.database.read() as session:
            assert (
                len(await read_rows(session, Listing("large", Filter(), Sort.NEWEST), PER_PAGE, skip=rank)) == PER_PAGE
            )

    return await seconds_of(work)


async def measure_searches(lab: Lab) -> list[Row]:
    """Searches look at every picture once a version of the library."""
    rows = []
    for what, words in (("a common word", "coat"), ("two words, rare", "kiku 777"), ("nothing found", "xyzzy")):
        lab.places.forget()
        first = await seconds_of(lambda words=words: lab.ask("large", q=words))  # type: ignore[misc]
        again = statistics.median([await seconds_of(lambda w=words: lab.ask("large", q=w, page=2)) for _ in range(9)])  # type: ignore[misc]
        found = (await lab.ask("large", q=words))["total"]
        note = f"{found} found; its second page {1e3 * again:.1f} ms"
        rows.append(Row(f"search: {what}", f"{1e3 * first:.0f} ms", "", None, note))
    return rows


async def seconds_of(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds of ``work``."""
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


async def analyse(database: Database) -> None:
    """Let the database count what it has, as a server does by itself while a library grows."""
    if not database.is_sqlite:  # which never does
        async with database.engine.connect() as connection:
            await connection.execute(
                text("ANALYZE" if database.engine.dialect.name == "postgresql" else MARIADB_COUNTS)
            )
            await connection.commit()


async def run(address: str | None) -> None:
    """Print the table."""
    assert all(TABLES)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(address or f"sqlite:///{folder}/listing.db")
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        begun = time.perf_counter()
        for user, count in (("small", SMALL), ("large", LARGE)):
            await fill(database, user, count)
        await analyse(database)
        filled = time.perf_counter() - begun
        lab = Lab(database, Path(folder))
        rows = await measure(lab)
        print(machine())
        name = database.engine.dialect.name
        show(f"listing, {name}: {LARGE} pictures beside {SMALL} (filled in {filled:.0f} s), {PER_PAGE} a page", rows)
        await lab.client.aclose()
        await database.close()


def main() -> None:
    """Ask for the database, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="address of an empty database; SQLite by default")
    asyncio.run(run(parser.parse_args().database))


if __name__ == "__main__":
    main()
