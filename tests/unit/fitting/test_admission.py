"""On a server for many: who may spend its money, and how much one person may have waiting."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.fitting.engines import Script
from tests.unit.fitting.house import ANN, ANNS, House, caller, open_house, order

from vtonlab.accounts.caller import GUEST, Caller, CallerKind
from vtonlab.db.database import Database
from vtonlab.errors import SignInNeeded, TooManyRequests
from vtonlab.fitting.orders import Matrix

pytestmark = pytest.mark.anyio

GUESTS = Caller(CallerKind.GUEST, ANN, permissions=GUEST)


@pytest.mark.parametrize("mode", ["server", "local"])
async def test_guests_of_a_server_spend_nothing(database: Database, tmp_path: Path, script: Script, mode: str) -> None:
    async with open_house(database, tmp_path, mode=mode, runs=False) as house:
        person, top, _ = await house.wardrobe()
        await house.fitting.ask(GUESTS, order(person, top))
        await house.fitting.ask(ANNS, order(person, top, engine="far"))
        matrix = Matrix((person.id,), (top.id,), engine="far")
        if mode == "local":  # whoever is at this machine is its owner
            await house.fitting.ask(GUESTS, order(person, top, engine="far"))
            return
        with pytest.raises(SignInNeeded):
            await house.fitting.ask(GUESTS, order(person, top, engine="far"))
        with pytest.raises(SignInNeeded):
            await house.fitting.ask_matrix(GUESTS, matrix)


async def test_nobody_fills_the_line(database: Database, tmp_path: Path, script: Script) -> None:
    async with open_house(database, tmp_path, mode="server", runs=False, tryon_waiting=20) as house:
        person, top, trousers = await house.wardrobe()
        several = Matrix((person.id,), (top.id, trousers.id))
        first = await house.fitting.ask_matrix(GUESTS, several, idempotency_key="one")
        with pytest.raises(TooManyRequests):  # a tenth of twenty
            await house.fitting.ask(GUESTS, order(person, top))
        with pytest.raises(TooManyRequests):
            await house.fitting.ask_matrix(GUESTS, several)
        assert (await house.fitting.ask_matrix(GUESTS, several, idempotency_key="one")).task_id == first.task_id
        assert await open_tasks(house) == 2  # nothing of what was refused
        for _ in range(18):
            await house.fitting.ask(ANNS, order(person, top))
        with pytest.raises(TooManyRequests):
            await house.fitting.ask(ANNS, order(person, top))
        await house.tasks.cancel(caller(ANN, "editor"), first.task_id)
        await house.fitting.ask(ANNS, order(person, top))


async def open_tasks(house: House) -> int:
    async with house.database.read() as session:
        return await house.tasks.count_open(session, ANN, "tryon")
