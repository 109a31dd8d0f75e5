"""The log of what leaves, and the day's budget, on all three databases."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.tasks.house import BEGIN, Clock, Ticking, caller, make_people

from vtonlab.accounts.caller import GUEST, Caller, CallerKind
from vtonlab.accounts.models import User
from vtonlab.db.database import Database
from vtonlab.errors import BadRequest, BudgetSpent, NotAllowed, ServiceError, SignInNeeded
from vtonlab.remote.listings import Wanted
from vtonlab.remote.models import Departure, Spending
from vtonlab.remote.service import Outbound
from vtonlab.settings import Settings

pytestmark = pytest.mark.anyio


def make(database: Database, clock: Clock | None = None, budget: float = 5.0) -> Outbound:
    return Outbound(database, Settings(remote_budget=budget), clock=clock or Ticking())


async def buy(outbound: Outbound, user_id: str = "ann", price: float = 0.05, task_id: str | None = None) -> None:
    await outbound.depart(user_id, "fashn", "api.fashn.ai", 2, 912_345, price, task_id)


async def rows(database: Database) -> list[Departure]:
    async with database.read() as session:
        return list((await session.execute(select(Departure).order_by(Departure.at, Departure.id))).scalars())


async def spent(database: Database) -> dict[str, tuple[int, float]]:
    async with database.read() as session:
        return {row.day: (row.pictures, row.price) for row in (await session.execute(select(Spending))).scalars()}


async def test_what_leaves_is_written_down(any_database: Database) -> None:
    await make_people(any_database, "ann")
    outbound = make(any_database, Clock())
    await buy(outbound, task_id="task-1")
    (row,) = await rows(any_database)
    assert (row.user_id, row.engine, row.host, row.task_id) == ("ann", "fashn", "api.fashn.ai", "task-1")
    assert (row.pictures, row.bytes, row.price, row.at) == (2, 912_345, 0.05, BEGIN)
    assert await spent(any_database) == {"2026-11-22": (1, 0.05)}
    today = await outbound.today()
    assert (today.day, today.pictures, today.price, today.limit) == ("2026-11-22", 1, 0.05, 5.0)


async def test_what_is_free_is_written_down_and_needs_no_budget(any_database: Database) -> None:
    await make_people(any_database, "ann")
    outbound = make(any_database, budget=0.01)
    for _ in range(3):
        await buy(outbound, price=0.0)
    assert len(await rows(any_database)) == 3
    assert await spent(any_database) == {}
    with pytest.raises(BudgetSpent):
        await buy(outbound)


async def test_the_budget_is_spent_to_the_last_cent_and_no_further(any_database: Database) -> None:
    await make_people(any_database, "ann", "bob")
    outbound = make(any_database, budget=0.3)
    for _ in range(3):  # 0.1 three times is more than 0.3 where nobody rounds
        await buy(outbound, price=0.1)
    with pytest.raises(BudgetSpent) as refused:
        await buy(outbound, "bob", price=0.001)
    assert refused.value.values == {"engine": "fashn", "limit": "0.3"}
    assert not refused.value.retryable
    assert await spent(any_database) == {"2026-11-22": (3, 0.3)}
    assert {row.user_id for row in await rows(any_database)} == {"ann"}


async def test_a_smaller_price_may_still_fit(database: Database) -> None:
    await make_people(database, "ann")
    outbound = make(database, budget=1.0)
    await buy(outbound, price=0.9)
    with pytest.raises(BudgetSpent):
        await buy(outbound, price=0.2)
    await buy(outbound, price=0.1)
    assert (await spent(database))["2026-11-22"][1] == 1.0


async def test_the_next_day_has_its_own_budget(database: Database) -> None:
    await make_people(database, "ann")
    clock = Clock()
    clock.moment = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
    outbound = make(database, clock, budget=0.05)
    await buy(outbound)
    with pytest.raises(BudgetSpent):
        await buy(outbound)
    clock.move(1)
    await buy(outbound)
    assert await spent(database) == {"2026-11-22": (1, 0.05), "2026-11-23": (1, 0.05)}


async def test_no_limit(database: Database) -> None:
    await make_people(database, "ann")
    outbound = make(database, budget=0)
    await buy(outbound, price=1_000.0)
    assert (await outbound.today()).limit is None
    assert (await outbound.today()).price == 1_000.0


async def test_two_servers_at_once_never_spend_more_than_there_is(any_database: Database) -> None:
    await make_people(any_database, "ann", "bob")
    other = Database(any_database.url.render_as_string(hide_password=False))
    try:
        doors = [make(any_database, budget=0.5), make(other, budget=0.5)]
        asked = [buy(doors[turn % 2], "ann" if turn % 3 else "bob") for turn in range(24)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
    finally:
        await other.close()
    refused = [answer for answer in answers if answer is not None]
    assert all(isinstance(answer, BudgetSpent) for answer in refused), refused
    assert len(refused) == 14
    assert await spent(any_database) == {"2026-11-22": (10, 0.5)}
    assert len(await rows(any_database)) == 10


async def test_nothing_is_spent_for_somebody_who_is_gone(any_database: Database) -> None:
    outbound = make(any_database)
    with pytest.raises(ServiceError) as failed:
        await buy(outbound, "nobody")
    assert failed.value.retryable  # a guest who just got an account: the task is theirs there
    assert await spent(any_database) == {}


async def test_no_password_of_an_address_is_kept(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    await make_people(database, "ann")
    caplog.set_level("INFO")
    outbound = make(database)
    for host in (
        "https://me:secret@gpu.example:7860/tryon?token=secret",
        "me:secret@gpu.example:7860",
        "gpu.example:7860",
    ):
        await outbound.depart("ann", "idm_vton", host, 2, 100)
    assert {row.host for row in await rows(database)} == {"gpu.example:7860"}
    assert "gpu.example:7860" in caplog.text
    assert "secret" not in caplog.text


# Reading it


async def test_pages(any_database: Database) -> None:
    await make_people(any_database, "ann", "bob")
    outbound = make(any_database)
    for number in range(5):
        await buy(outbound, price=0.0, task_id=f"t{number}")
    await buy(outbound, "bob", price=0.0)
    first = await outbound.list(caller("ann"), Wanted(page_size=2))
    assert ([row.task_id for row in first.items], first.total, first.page) == (["t4", "t3"], 5, 1)
    second = await outbound.list(caller("ann"), Wanted(page_size=2, page=2))
    await buy(outbound, price=0.0, task_id="t5")  # what is added meanwhile moves no page that a cursor leads to
    led = await outbound.list(caller("ann"), Wanted(page_size=2, cursor=first.next_cursor))
    assert [row.task_id for row in led.items] == [row.task_id for row in second.items] == ["t2", "t1"]
    last = await outbound.list(caller("ann"), Wanted(page_size=2, cursor=led.next_cursor))
    assert ([row.task_id for row in last.items], last.next_cursor, last.page) == (["t0"], None, 3)
    oldest = await outbound.list(caller("ann"), Wanted(newest_first=False, page_size=500))
    assert [row.task_id for row in oldest.items] == [f"t{number}" for number in range(6)]
    assert oldest.page_size == 100
    assert (await outbound.list(caller("ann"), Wanted(page=900))).items == []


@pytest.mark.parametrize("cursor", ["x", "é", "W10", "WzEsIngiLCJ5Il0", "bnVsbA", "A" * 400])
async def test_other_peoples_cursors(database: Database, cursor: str) -> None:
    with pytest.raises(BadRequest):
        await make(database).list(caller("ann"), Wanted(cursor=cursor))


async def test_who_may_read_it(database: Database) -> None:
    outbound = make(database)
    guest = Caller(CallerKind.GUEST, "guest", permissions=GUEST)
    assert (await outbound.list(guest, Wanted())).total == 0
    with pytest.raises(SignInNeeded):
        await outbound.list(Caller(CallerKind.STRANGER, None), Wanted())
    with pytest.raises(NotAllowed):
        await outbound.list(Caller(CallerKind.USER, "ann", permissions=frozenset()), Wanted())


# Accounts


@pytest.fixture
async def outbound(any_database: Database) -> Outbound:
    await make_people(any_database, "ann", "bob")
    return make(any_database)


async def export(outbound: Outbound, user_id: str) -> list[dict[str, object]]:
    (file,) = [file async for file in outbound.hook.export(user_id)]
    assert file.name == "departures.json"
    assert not isinstance(file.data, bytes)
    read: list[dict[str, object]] = json.loads(b"".join([piece async for piece in file.data]))
    return read


async def test_the_export_holds_every_line(outbound: Outbound, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await export(outbound, "ann") == []
    for number in range(5):
        await buy(outbound, task_id=f"t{number}")
    await buy(outbound, "bob")
    monkeypatch.setattr("vtonlab.remote.hooks.PAGE", 2)
    told = await export(outbound, "ann")
    assert [line["task_id"] for line in told] == [f"t{number}" for number in range(5)]
    assert {key: told[0][key] for key in ("engine", "host", "pictures", "bytes", "price")} == {
        "engine": "fashn",
        "host": "api.fashn.ai",
        "pictures": 2,
        "bytes": 912_345,
        "price": 0.05,
    }
    monkeypatch.setattr("vtonlab.remote.hooks.PAGE", 5)
    assert len(await export(outbound, "ann")) == 5


async def test_a_guests_lines_go_over(outbound: Outbound, any_database: Database) -> None:
    await buy(outbound, "bob")
    await any_database.write(lambda session: outbound.hook.merge(session, "bob", "ann"))
    assert (await outbound.list(caller("ann"), Wanted())).total == 1
    assert (await outbound.list(caller("bob"), Wanted())).total == 0


async def test_a_deletion_says_how_many_lines_went_with_the_account(outbound: Outbound, any_database: Database) -> None:
    await buy(outbound)
    await buy(outbound, "bob")

    async def work(session: AsyncSession) -> dict[str, int]:
        told = await outbound.hook.delete(session, "ann")
        await session.execute(delete(User).where(User.user_id == "ann"))
        return told

    assert await any_database.write(work) == {"departures": 1}
    async with any_database.read() as session:
        assert (await session.execute(select(func.count()).select_from(Departure))).scalar_one() == 1
        assert await outbound.hook.usage(session, "bob") == {}
    assert await spent(any_database) == {"2026-11-22": (2, 0.1)}  # the day's budget is not won back
