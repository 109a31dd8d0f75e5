"""The fitting room: bounded, stoppable, and never finding out the same thing twice."""

from __future__ import annotations

import asyncio
import io
import threading
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from vtonlab.engines import contract
from vtonlab.engines.contract import (
    Capabilities,
    GarmentKind,
    Health,
    HealthStatus,
    Picture,
    Report,
    TryOnRequest,
    TryOnResult,
)
from vtonlab.errors import Cancelled, EngineBusy, Text
from vtonlab.settings import Settings
from vtonlab.web import fitting
from vtonlab.web.fitting import FittingRoom, Order, Upload


class Patient:
    """An engine that counts what it is asked, and dresses only when it is let to."""

    name = "patient"
    title = Text("Patient", "耐心")
    capabilities = Capabilities(outfits=True, analyses=True)
    Options = contract.Options

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.started = threading.Event()

    def health(self) -> Health:
        return Health(HealthStatus.OK, Text("Waiting.", "等待中。"))

    def analyse_person(self, picture: Picture) -> bytes:
        self.asked["person"] += 1
        return b"p"

    def analyse_garment(self, picture: Picture, kind: GarmentKind = GarmentKind.AUTO) -> bytes:
        self.asked[kind] += 1
        return b"g" + kind.encode()

    def try_on(self, request: TryOnRequest, report: Report = contract.silent) -> TryOnResult:
        self.started.set()
        while not self.may_go_on.wait(0.01):
            report(0.5, "wait")
        self.asked["try_on"] += 1
        self.last = request
        return TryOnResult(request.person, np.zeros(request.person.shape[:2], np.uint8), self.name)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Patient:
    engine = Patient()
    monkeypatch.setattr("vtonlab.engines.registry.get", lambda _: engine)
    return engine


@pytest.fixture
def room(engine: Patient) -> FittingRoom:
    return FittingRoom(Settings(engine="patient", workers=1))


def upload(grey: int) -> Upload:
    file = io.BytesIO()
    Image.new("L", (70, 90), grey).save(file, "PNG")
    return Upload(f"{grey}.png", file.getvalue())


async def here() -> bool:
    return False


async def gone() -> bool:
    return True


def test_what_was_found_out_is_remembered_by_content(engine: Patient, room: FittingRoom) -> None:
    me = upload(50)
    renamed = Upload("other-name.png", me.data)
    for person, garment in ((me, 200), (renamed, 200), (me, 210)):
        asyncio.run(room.dress(Order(person, upload(garment), GarmentKind.UPPER), here))
    assert engine.asked == {"person": 1, "upper": 2, "try_on": 3}


def test_a_garment_of_another_kind_is_looked_at_anew(engine: Patient, room: FittingRoom) -> None:
    for kind in (GarmentKind.UPPER, GarmentKind.DRESS):
        asyncio.run(room.dress(Order(upload(50), upload(200), kind), here))
    assert engine.asked["upper"] == engine.asked["dress"] == 1
    assert engine.last.garment_analysis == b"gdress"


def test_an_outfit_is_an_upper_and_a_lower_garment(engine: Patient, room: FittingRoom) -> None:
    asyncio.run(room.dress(Order(upload(50), upload(200), lower=upload(90)), here))
    assert engine.last.kind is GarmentKind.UPPER
    assert (engine.last.garment_analysis, engine.last.lower_analysis) == (b"gupper", b"glower")


def test_whoever_left_is_not_dressed(engine: Patient, room: FittingRoom) -> None:
    engine.may_go_on.clear()
    with pytest.raises(Cancelled):
        asyncio.run(room.dress(Order(upload(50), upload(200)), gone))
    assert engine.asked["try_on"] == 0


def test_too_many_at_once_are_told_so(engine: Patient, room: FittingRoom) -> None:
    async def crowd() -> list[object]:
        engine.may_go_on.clear()
        waiting = [asyncio.create_task(room.dress(Order(upload(50), upload(200)), here)) for _ in range(9)]
        await asyncio.sleep(0.05)
        with pytest.raises(EngineBusy):
            await room.dress(Order(upload(50), upload(200)), here)
        engine.may_go_on.set()
        return await asyncio.gather(*waiting)

    assert len(asyncio.run(crowd())) == 1 + fitting.WAITING_FOR_EACH
    asyncio.run(room.dress(Order(upload(50), upload(200)), here))  # and once they have gone, there is room again


def test_the_event_loop_stays_free_while_an_engine_works(engine: Patient, room: FittingRoom) -> None:
    async def watch() -> int:
        engine.may_go_on.clear()
        task = asyncio.create_task(room.dress(Order(upload(50), upload(200)), here))
        assert await asyncio.to_thread(engine.started.wait, 5)
        ticks = 0
        for _ in range(20):
            await asyncio.sleep(0.001)
            ticks += 1
        assert not task.done()
        engine.may_go_on.set()
        await task
        return ticks

    assert asyncio.run(watch()) == 20
