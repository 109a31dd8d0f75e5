"""Which engines draw from words, and with which models: asked in the background, so that no request waits for it.

start ──▶ every engine that draws and is set up ──▶ models() of each, every minute, side by side
of(engine) ──▶ what it said last; where it was never asked, asked now, and waited for a few seconds at most
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeGuard

from vtonlab.engines.contract import Engine
from vtonlab.engines.generating import BatchingEngine, GeneratingEngine, ImageModel
from vtonlab.errors import EngineTimeout, EngineUnavailable
from vtonlab.providers.conditions import Condition, Conditions, State

EVERY_SECONDS: Final = 60.0
"""Between two questions to one engine; the engine itself asks its service less often."""
LOOK_SECONDS: Final = 1.0
"""How often it is looked which engines are there and set up by now."""
PATIENCE_SECONDS: Final = 8.0
"""How long a request waits for the first answer of an engine: engines answer within a few seconds."""
THREADS: Final = 4
SHUT: Final = frozenset({State.NOT_SET_UP, State.REFUSED, State.MISSING})
"""How engines stand that nobody can ask for a picture."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offer:
    """An engine that draws from words, how it is, and with which models; none where it has not said so yet, or is not
    set up."""

    condition: Condition
    engine: GeneratingEngine
    models: tuple[ImageModel, ...]


def draws(engine: Engine | None) -> TypeGuard[GeneratingEngine]:
    """Whether it draws from words."""
    return engine is not None and engine.capabilities.generate and isinstance(engine, GeneratingEngine)


def takes_batches(engine: Engine) -> TypeGuard[BatchingEngine]:
    """Whether it draws many at once for less."""
    return engine.capabilities.batch and isinstance(engine, BatchingEngine)


class Offers:
    """Asks, and remembers. Used in one event loop."""

    def __init__(self, conditions: Conditions, *, every: float = EVERY_SECONDS) -> None:
        """``every``: seconds between two questions to one engine, for tests."""
        self._conditions = conditions
        self._every = every
        self._known: dict[str, tuple[ImageModel, ...]] = {}
        self._asked_at: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._watching: asyncio.Task[None] | None = None
        self._threads: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Begin to ask; to be called in a running event loop."""
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Ask no more. What is being asked is let go of, not waited for."""
        tasks = [*self._asking.values(), *([self._watching] if self._watching else [])]
        self._watching = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    def get(self) -> list[Offer]:
        """Of every engine that draws and is loaded, in the order of the registry; asks nobody."""
        return [
            Offer(condition, condition.engine, self._known.get(condition.name, ()))
            for condition in self._conditions.get()
            if draws(condition.engine)
        ]

    async def of(self, engine: GeneratingEngine) -> tuple[ImageModel, ...]:
        """What ``engine`` draws with, the usual one first. Raises ``EngineTimeout`` where it does not say so in time,
        ``EngineUnavailable`` where it says that it has none."""
        if engine.name not in self._known:
            asked = self._ask(engine)
            if not (await asyncio.wait({asked}, timeout=PATIENCE_SECONDS))[0]:
                raise EngineTimeout(engine=engine.name, seconds=round(PATIENCE_SECONDS))
        models = self._known.get(engine.name, ())
        if not models:
            self._known.pop(engine.name, None)  # it may have been switched on meanwhile
            raise EngineUnavailable(engine=engine.name)
        return models

    async def _watch(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            for condition in self._conditions.get():
                engine = condition.engine
                if not draws(engine) or condition.state in SHUT | {State.UNKNOWN}:
                    continue
                asked_at = self._asked_at.get(engine.name)
                if asked_at is None or clock() - asked_at >= self._every:
                    self._ask(engine)
            await asyncio.sleep(LOOK_SECONDS)

    def _ask(self, engine: GeneratingEngine) -> asyncio.Task[None]:
        """The question to ``engine`` that is on its way, or a new one."""
        asking = self._asking.get(engine.name)
        if asking is None or asking.done():
            self._asked_at[engine.name] = asyncio.get_running_loop().time()
            asking = self._asking[engine.name] = asyncio.create_task(self._listen(engine))
        return asking

    async def _listen(self, engine: GeneratingEngine) -> None:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="offers")
        answer = asyncio.ensure_future(asyncio.get_running_loop().run_in_executor(self._threads, engine.models))
        try:
            await asyncio.wait({answer})
        finally:
            answer.cancel()
        error = answer.exception()
        if error is not None:  # other people's code may fail in any way, whatever the contract says
            log.error("engine %s failed when it was asked for its models", engine.name, exc_info=error)
            return
        self._known[engine.name] = tuple(answer.result())
