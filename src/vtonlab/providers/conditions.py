"""How the engines are, asked in the background: whatever a request wants to know of it is known already.

    start ──▶ load every engine, the built-in one first ──▶ health() of each, every ``health_seconds``, side by side
    get() ──▶ what the last answers were

A service that hangs holds up nobody but itself: it is told as not answering, and is asked again when it has let go.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from vtonlab.db.base import now
from vtonlab.engines import registry
from vtonlab.engines.contract import Engine, Health, HealthStatus
from vtonlab.errors import EngineError, EngineUnavailable, NotForCommerce, Text, UnknownEngine, VtonError
from vtonlab.providers.cards import Card, make_card
from vtonlab.settings import Settings, for_engine

T = TypeVar("T")

PATIENCE_SECONDS = 20.0
"""How long one question about its health may take before the engine is told as not answering."""
FIRST_RETRY_SECONDS = 2.0
"""After the first answer of an engine that is down, which may only be starting, it is asked again this soon."""

log = logging.getLogger(__name__)


class State(StrEnum):
    """How an engine stands here: the words of its own health, and more."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    NOT_SET_UP = "not_set_up"
    MISSING = "missing"
    """What it needs is not installed, or its package is broken."""
    REFUSED = "refused"
    """Its licence forbids what this installation is used for (``VTONLAB_COMMERCIAL``)."""
    ERROR = "error"
    """It failed when it was asked how it is."""
    UNKNOWN = "unknown"
    """Not asked yet; in the first seconds after the start."""


SERVING = frozenset({State.OK, State.DEGRADED, State.UNKNOWN})
"""In which a request is worth trying."""

NOT_ASKED = Text("It is being asked how it is.", "正在查询状态。")
BROKEN = Text("It cannot be loaded; the log says why.", "无法加载，原因见日志。")
SILENT = Text("It does not say how it is.", "没有返回状态。")
BROKE_DOWN = Text("It failed when it was asked how it is; the log says why.", "查询状态时出错，原因见日志。")
OTHERS = Text("Available: {names}.", "可用的引擎：{names}。")
HEALTH_STATES = {
    HealthStatus.OK: State.OK,
    HealthStatus.DEGRADED: State.DEGRADED,
    HealthStatus.DOWN: State.DOWN,
    HealthStatus.NOT_SET_UP: State.NOT_SET_UP,
}


@dataclass(frozen=True)
class Condition:
    """How one engine is, by its last answer."""

    name: str
    state: State
    detail: Text
    hint: Text | None = None
    engine: Engine | None = None
    """None where it cannot be loaded, or is not loaded yet."""
    card: Card | None = None
    service_url: str = ""
    """Where it works: ``local:name``, or the address of its service without whatever may be secret in it."""
    asked_at: datetime | None = None
    """When it last answered (UTC)."""

    @property
    def can_serve(self) -> bool:
        """Whether a request is worth trying."""
        return self.state in SERVING

    @property
    def can_try_on(self) -> bool:
        """Whether a try-on is worth asking for."""
        return self.can_serve and (self.engine is None or self.engine.capabilities.try_on)


@dataclass
class Conditions:
    """Asks, and remembers. Used in one event loop."""

    settings: Settings
    patience: float = PATIENCE_SECONDS
    _known: dict[str, Condition] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _threads: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Begin to ask; to be called in a running event loop."""
        if self._tasks:
            return
        names = registry.names()
        self._known = {name: _not_asked(name) for name in names}
        self._threads = ThreadPoolExecutor(max(1, len(names)), thread_name_prefix="conditions")
        self._tasks = [asyncio.create_task(self._watch_all(names))]

    async def stop(self) -> None:
        """Ask no more. What is being asked is let go of, not waited for."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    def get(self) -> list[Condition]:
        """Of every installed engine, in the order of :func:`vtonlab.engines.registry.names`; asks nobody."""
        return [self._known.get(name) or _not_asked(name) for name in registry.names()]

    def find(self, name: str | None = None) -> Condition:
        """Of one engine; of the one that is asked when nobody says which. Raises ``UnknownEngine``."""
        asked = name or self.settings.engine or registry.DEFAULT_ENGINE
        for condition in self.get():
            if condition.name == asked:
                return condition
        raise UnknownEngine(name=asked, known=", ".join(registry.names()))

    def find_default(self) -> Condition:
        """Of the one that is asked when nobody says which; also where the settings name one that nobody offers."""
        try:
            return self.find()
        except UnknownEngine as error:
            name = self.settings.engine
            return Condition(name, State.MISSING, _sentence(error), _advice(error), service_url=f"local:{name}")

    @contextmanager
    def naming_others(self, name: str | None) -> Iterator[None]:
        """Where the engine ``name`` turns out not to be able to serve, the error says which others can."""
        try:
            yield
        except EngineUnavailable as error:
            asked, said = name or self.settings.engine or registry.DEFAULT_ENGINE, error.advise()
            others = [one.name for one in self.get() if one.can_try_on and one.name != asked and one.name not in said]
            if others:
                told = OTHERS.with_values(names=", ".join(others))
                vars(error)["hint"] = Text(f"{error.hint.en} {told.en}", f"{error.hint.zh}{told.zh}")
            raise

    async def _watch_all(self, names: tuple[str, ...]) -> None:
        """Load one after the other, the built-in one first: it must not wait until other packages are imported."""
        watching = []
        for name in names:
            await self._load(name)
            watching.append(asyncio.create_task(self._watch(name)))
            self._tasks.append(watching[-1])
        await asyncio.gather(*watching)

    async def _load(self, name: str) -> None:
        try:
            engine = await self._in_thread(lambda: registry.get(name))
        except (EngineError, UnknownEngine) as error:
            self._note(Condition(name, State.MISSING, BROKEN, _advice(error), service_url=f"local:{name}"))
            return
        values = for_engine(self.settings, name)
        price = values.get("price")
        card = make_card(engine, float(price) if isinstance(price, int | float) else None)
        known = replace(_not_asked(name), engine=engine, card=card, service_url=find_address(engine, values))
        if self.settings.commercial and not engine.capabilities.commercial_use:
            refusal = NotForCommerce(engine=name, licence=card.licence)
            known = replace(known, state=State.REFUSED, detail=_sentence(refusal), hint=_advice(refusal))
        self._note(known)

    async def _watch(self, name: str) -> None:
        first = True
        while (known := self._known[name]).engine is not None and known.state is not State.REFUSED:
            await self._ask(known.engine)
            pause = self.settings.health_seconds
            if first and not self._known[name].can_serve:
                pause = min(pause, FIRST_RETRY_SECONDS)
            await asyncio.sleep(pause)
            first = False

    async def _ask(self, engine: Engine) -> None:
        """Ask ``engine``; who does not answer in time is told so at once, and waited for before it is asked again."""
        answer = asyncio.ensure_future(self._in_thread(engine.health))
        try:
            if not (await asyncio.wait({answer}, timeout=self.patience))[0]:
                self._answered(engine.name, State.DOWN, Health(HealthStatus.DOWN, SILENT))
                await asyncio.wait({answer})
        finally:
            answer.cancel()
        error = answer.exception()
        if error is not None:  # other people's code may fail in any way, whatever the contract says
            log.error("engine %s failed when it was asked how it is", engine.name, exc_info=error)
            self._answered(engine.name, State.ERROR, Health(HealthStatus.DOWN, BROKE_DOWN))
            return
        health = answer.result()
        self._answered(engine.name, HEALTH_STATES[health.status], health)

    def _answered(self, name: str, state: State, health: Health) -> None:
        known = self._known[name]
        self._note(replace(known, state=state, detail=health.detail, hint=health.hint, asked_at=now()))

    def _note(self, condition: Condition) -> None:
        before = self._known.get(condition.name)
        self._known[condition.name] = condition
        if before is not None and before.state is not condition.state:
            level = logging.INFO if condition.can_serve or condition.state is State.NOT_SET_UP else logging.WARNING
            log.log(level, "engine %s is %s: %s", condition.name, condition.state.value, condition.detail.say())

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._threads is None:
            raise asyncio.CancelledError
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def find_address(engine: Engine, values: dict[str, object]) -> str:
    """Where ``engine`` works, by what the settings hold for it: ``local:name``, or scheme, host and port of its
    service. Names and passwords in the address, its path and its query are left out: they may be secret."""
    host = engine.capabilities.remote_host
    try:
        parts = urlsplit(str(values.get("url") or ""))
        name, port = parts.hostname, parts.port
    except ValueError:  # a port that is no number, half a bracket
        name = None
    if name and parts.scheme in {"http", "https"}:
        name = f"[{name}]" if ":" in name else name
        return f"{parts.scheme}://{name}:{port}" if port else f"{parts.scheme}://{name}"
    return f"https://{host}" if host else f"local:{engine.name}"


def _not_asked(name: str) -> Condition:
    return Condition(name, State.UNKNOWN, NOT_ASKED, service_url=f"local:{name}")


def _sentence(error: VtonError) -> Text:
    return error.sentence.with_values(**error.values)


def _advice(error: VtonError) -> Text:
    return error.hint.with_values(**error.values)
