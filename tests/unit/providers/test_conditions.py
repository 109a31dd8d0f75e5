"""How engines are is known without asking them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from vtonlab.engines import registry
from vtonlab.engines.contract import Capabilities, Health, HealthStatus, Options
from vtonlab.errors import EngineUnavailable, Text, UnknownEngine
from vtonlab.fitting.wardrobe import WORDS
from vtonlab.providers.conditions import Conditions, State, find_address
from vtonlab.settings import Settings

pytestmark = pytest.mark.anyio

WELL = Health(HealthStatus.OK, Text("Well.", "正常。"))
PATIENT = Text("A patient", "病人")
DOWN = Health(HealthStatus.DOWN, Text("Not running.", "未运行。"), Text("Start it.", "请启动它。"))


@dataclass
class Patient:
    """An engine whose health is what the test says."""

    name: str
    answer: Callable[[], Health] = lambda: WELL
    capabilities: Capabilities = field(default_factory=Capabilities)
    title: Text = PATIENT
    Options: type[Options] = Options
    asked: int = 0

    def health(self) -> Health:
        self.asked += 1
        return self.answer()

    def try_on(self, request: Any, report: Any = None) -> Any:
        raise AssertionError("nobody asked for a picture")


Ward = Callable[..., None]


@pytest.fixture
def ward(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ward]:
    """Puts engines in the place of those that are installed."""

    def admit(*patients: Patient) -> None:
        known = {patient.name: patient for patient in patients}

        def get(name: str) -> Patient:
            if known[name].title.en == "Broken":
                raise EngineUnavailable(engine=name)
            return known[name]

        monkeypatch.setattr(registry, "names", lambda: tuple(known))
        monkeypatch.setattr(registry, "get", get)

    return admit  # type: ignore[return-value]


@asynccontextmanager
async def watching(**settings: Any) -> AsyncIterator[Conditions]:
    patience = settings.pop("patience", 5.0)
    conditions = Conditions(Settings(**{"health_seconds": 0.02, **settings}), patience)
    conditions.start()
    try:
        yield conditions
    finally:
        await conditions.stop()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - what another thread does
            await asyncio.sleep(0.005)


async def test_what_is_not_asked_yet_is_said_so_and_worth_trying(ward: Ward) -> None:
    ward(Patient("a"))
    conditions = Conditions(Settings(engine="a"))
    assert conditions.find().state is State.UNKNOWN
    assert conditions.find().can_serve


async def test_engines_are_asked_again_and_again(ward: Ward) -> None:
    answers = [WELL, DOWN, WELL]
    patient = Patient("a", lambda: answers.pop(0) if len(answers) > 1 else answers[0])
    ward(patient)
    async with watching(engine="a") as conditions:
        await until(lambda: conditions.find().state is State.DOWN)
        assert not conditions.find().can_serve
        assert conditions.find().hint == DOWN.hint
        await until(lambda: conditions.find().state is State.OK)
        assert conditions.find().asked_at is not None
    asked = patient.asked
    await asyncio.sleep(0.1)
    assert patient.asked == asked


async def test_an_engine_that_hangs_holds_up_nobody(ward: Ward) -> None:
    let_go = threading.Event()

    def hang() -> Health:
        assert let_go.wait(30)
        return WELL

    hanging, other = Patient("a", hang), Patient("b")
    ward(hanging, other)
    try:
        async with watching(engine="b", patience=0.05) as conditions:
            await until(lambda: conditions.find("a").state is State.DOWN)
            await until(lambda: other.asked > 3)
            assert conditions.find("b").state is State.OK
            assert hanging.asked == 1
            let_go.set()
            await until(lambda: conditions.find("a").state is State.OK)
    finally:
        let_go.set()


async def test_asking_for_conditions_waits_for_nothing(ward: Ward) -> None:
    let_go = threading.Event()
    ward(Patient("a", lambda: WELL if let_go.wait(30) else DOWN))
    async with watching(engine="a") as conditions:
        await asyncio.sleep(0.05)
        assert [one.state for one in conditions.get()] == [State.UNKNOWN]
        let_go.set()


async def test_engines_that_fail_in_any_way_are_told_and_asked_again(
    ward: Ward, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Health:
        raise RuntimeError("the wheels came off")

    failing, broken = Patient("a", fail), Patient("b", title=Text("Broken", "损坏"))
    ward(failing, broken)
    async with watching() as conditions:
        await until(lambda: failing.asked > 0 and conditions.find("b").state is State.MISSING)
        await until(lambda: conditions.find("a").state is State.ERROR)
        assert not conditions.find("a").can_serve
        failing.answer = lambda: WELL
        await until(lambda: conditions.find("a").state is State.OK)
    assert "the wheels came off" in caplog.text
    assert "wheels" not in conditions.find("a").detail.en


async def test_where_business_is_done_engines_that_forbid_it_are_refused_unasked(ward: Ward) -> None:
    private = Patient("a", capabilities=Capabilities(commercial_use=False, weights_licence="CC BY-NC"))
    ward(private, Patient("b"))
    async with watching(commercial=True) as conditions:
        await until(lambda: conditions.find("b").state is State.OK)
        assert conditions.find("a").state is State.REFUSED
        assert "CC BY-NC" in conditions.find("a").detail.zh
        assert private.asked == 0


async def test_every_state_has_its_word_on_the_wardrobe_interface() -> None:
    assert set(WORDS) == set(State)
    assert set(WORDS.values()) == {"available", "available_limited", "unavailable", "dependency_missing", "error"}


async def test_an_engine_that_nobody_offers_is_named(ward: Ward) -> None:
    ward(Patient("a"))
    with pytest.raises(UnknownEngine):
        Conditions(Settings()).find("b")


@pytest.mark.parametrize(
    ("url", "host", "told"),
    [
        ("", None, "local:a"),
        ("", "fit.example", "https://fit.example"),
        ("http://127.0.0.1:7860", None, "http://127.0.0.1:7860"),
        ("https://mei:secret@lab.example/path?key=secret#x", "lab.example", "https://lab.example"),
        ("http://[::1]:7860/", None, "http://[::1]:7860"),
        ("http://lab.example:port", "lab.example", "https://lab.example"),
        ("lab.example:7860", None, "local:a"),
    ],
)
def test_the_address_of_a_service_tells_no_secret(url: str, host: str | None, told: str) -> None:
    engine: Any = Patient("a", capabilities=Capabilities(remote_host=host))
    assert find_address(engine, {"url": url}) == told
