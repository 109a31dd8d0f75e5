"""Which engine makes a picture: found, loaded and asked whether it is set up, before a task stands in its line."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from typing import TYPE_CHECKING, Final

from vtonlab.engines import registry
from vtonlab.engines.contract import Engine, Health, HealthStatus
from vtonlab.errors import BadOption, EngineError, EngineNotSetUp, NotForCommerce, Text, VtonError
from vtonlab.settings import PREFIX, Settings
from vtonlab.tasks.contract import Seat

if TYPE_CHECKING:
    from vtonlab.providers.conditions import Conditions

ASKING_SECONDS: Final = 0.5
"""How long a request waits for an engine to say whether it is set up, once."""

NO_TRY_ON = Text("this engine tries nothing on", "该引擎不能试衣")

log = logging.getLogger(__name__)


class Engines:
    """The engines as orders need them. Used in one event loop, in which none is imported: that takes seconds."""

    def __init__(self, settings: Settings, conditions: Conditions | None = None) -> None:
        self._settings = settings
        self._conditions = conditions
        self._loaded: dict[str, Engine] = {}
        self._loading: set[str] = set()
        self._set_up: set[str] = set()

    async def get(self, name: str | None = None) -> Engine:
        """The engine ``name``; the one of the settings where none is named. Raises ``UnknownEngine``,
        ``EngineUnavailable``."""
        name = name or self._settings.engine or registry.DEFAULT_ENGINE
        if name not in self._loaded:
            self._loaded[name] = await asyncio.to_thread(registry.get, name)
        return self._loaded[name]

    def seat(self, lane: str) -> Seat:
        """What a place in an engine's lane costs. As long as it is not loaded, the dearer one."""
        engine = self._loaded.get(lane)
        if engine is None:
            self._load_aside(lane)
            return Seat.COMPUTE
        return Seat.WAIT if waits(engine) else Seat.COMPUTE

    async def choose(self, name: str | None) -> Engine:
        """The engine ``name``, where it may try something on here. Raises as :meth:`get`, ``BadOption``,
        ``NotForCommerce`` and ``EngineNotSetUp``."""
        engine = await self.get(name)
        if not engine.capabilities.try_on:
            raise BadOption(option="engine", reason=NO_TRY_ON)
        await self.check(engine)
        return engine

    async def check(self, engine: Engine) -> None:
        """Raises ``NotForCommerce`` and ``EngineNotSetUp`` where it may make no pictures here."""
        can = engine.capabilities
        if self._settings.commercial and not can.commercial_use:
            raise NotForCommerce(engine=engine.name, licence=can.weights_licence or can.code_licence)
        await self._check_set_up(engine)

    async def _check_set_up(self, engine: Engine) -> None:
        """Raises ``EngineNotSetUp``. Waits for no service: who does not say it at once is set up, or says it later."""
        if self._conditions is not None:
            known = self._conditions.find(engine.name)
            if known.state.value == HealthStatus.NOT_SET_UP:
                raise _not_set_up(engine, known.hint or known.detail)
            return
        if engine.name in self._set_up:
            return
        asked = asyncio.create_task(asyncio.to_thread(engine.health))
        done, _ = await asyncio.wait({asked}, timeout=ASKING_SECONDS)
        if done and asked.exception() is None and asked.result().status is HealthStatus.NOT_SET_UP:
            raise _not_set_up(engine, asked.result().hint or asked.result().detail)
        asked.add_done_callback(_let_go)
        self._set_up.add(engine.name)

    def _load_aside(self, name: str) -> None:
        if name not in self._loading:
            self._loading.add(name)
            threading.Thread(target=self._load, args=(name,), name=f"load-{name}", daemon=True).start()

    def _load(self, name: str) -> None:
        try:
            self._loaded[name] = registry.get(name)
        except VtonError as error:
            log.info("tasks wait for an engine that cannot be loaded: %s", error)


def waits(engine: Engine) -> bool:
    """Whether its work is done elsewhere, and a fitting only waits here."""
    return engine.capabilities.waits or engine.capabilities.remote_host is not None


def _not_set_up(engine: Engine, hint: Text) -> EngineNotSetUp:
    settings = re.findall(rf"{PREFIX}\w+", hint.en)
    return EngineNotSetUp(
        engine=engine.name, setting=", ".join(dict.fromkeys(settings)) or f"{PREFIX}{engine.name.upper()}_*"
    )


def _let_go(asked: asyncio.Task[Health]) -> None:
    """Whatever it says now, nobody listens."""
    if (
        not asked.cancelled()
        and isinstance(error := asked.exception(), Exception)
        and not isinstance(error, EngineError)
    ):
        log.warning("an engine failed when it was asked how it is", exc_info=error)
