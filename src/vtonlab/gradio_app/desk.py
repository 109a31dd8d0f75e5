"""Where fittings are done for those who ask over Gradio or plain HTTP: so many at a time, so many waiting."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

from vtonlab.engines import registry
from vtonlab.engines.contract import Engine, HealthStatus, Mask, Picture, Report, TryOnRequest, TryOnResult
from vtonlab.equip import check_commerce
from vtonlab.errors import BudgetSpent, Cancelled, EngineBusy, EngineFault, FileProblem, MaskNeeded, VtonError
from vtonlab.gradio_app import Offer
from vtonlab.imaging.signing import Signer, open_signer
from vtonlab.imaging.write import encode_picture
from vtonlab.settings import Settings

T = TypeVar("T")
IsGone = Callable[[], Awaitable[bool]]
"""Whether nobody waits for the answer any more."""

Show = Callable[["Asked", TryOnResult, bytes], T]
"""What a client is answered: of what it asked, of what the engine made, and of the PNG file of that."""

ASK_SECONDS: Final = 0.5
"""How often it is asked whether somebody still waits."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """One fitting as a client asked for it. ``options``: the general ones, None where the client said nothing."""

    person: Picture
    garment: Picture
    mask: Mask | None
    auto_mask: bool
    description: str
    options: dict[str, Any]


class Desk:
    """Dresses people with one engine. For the event loop; the work is done in threads of its own."""

    def __init__(self, settings: Settings, offer: Offer) -> None:
        self.name = offer.engine
        self.offer = offer
        self.settings = settings
        self.workers = _seats(settings, self.engine)
        self._budget = _Budget(settings.remote_budget)
        self._signer = _open_signer(settings)
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="fitting")
        self._open: set[threading.Event] = set()
        self._inside = 0

    @property
    def engine(self) -> Engine:
        """Raises ``UnknownEngine`` or ``EngineUnavailable``."""
        return registry.get(self.name)

    def warm_up(self) -> None:
        """Let the engine make a picture of drawn clothes in the background, so that the first person does not wait for
        what it loads. One that works elsewhere is sent nothing."""
        self._pool.submit(self._warm_up)

    def close(self) -> None:
        """Stop what is being computed and drop what waits."""
        for stop in tuple(self._open):
            stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def fit(self, ask: Callable[[], Asked], show: Show[T], tell: Report, gone: IsGone) -> T:
        """``show`` of what the engine makes of ``ask``, and of the signed PNG of it; both are called in a thread,
        ``tell`` too.

        Raises the errors of ``vtonlab.errors``: ``EngineBusy`` at once where too many wait, ``Cancelled`` when nobody
        waits any more. Cancelling the caller stops the engine at its next report.
        """
        if self._inside >= self.workers + self.offer.waiting:
            raise EngineBusy(engine=self.name)
        stop = threading.Event()
        self._inside += 1
        self._open.add(stop)
        job = self._pool.submit(copy_context().run, self._work, ask, show, tell, stop)
        try:
            return await self._await(job, stop, gone)
        finally:
            stop.set()
            job.cancel()  # where it still waits; what runs stops at its next report
            self._open.discard(stop)
            self._inside -= 1

    async def _await(self, job: Future[T], stop: threading.Event, gone: IsGone) -> T:
        done = asyncio.wrap_future(job)
        done.add_done_callback(_look)
        while not (await asyncio.wait({done}, timeout=ASK_SECONDS))[0]:
            if not stop.is_set() and await gone():
                stop.set()
                job.cancel()
        if done.cancelled():
            raise Cancelled
        error = done.exception()
        if error is None:
            return done.result()
        if isinstance(error, VtonError):
            raise error
        log.error("the engine %r failed", self.name, exc_info=error)
        raise EngineFault(engine=self.name) from error

    def _work(self, ask: Callable[[], Asked], show: Show[T], tell: Report, stop: threading.Event) -> T:
        def report(fraction: float, stage: str) -> None:
            if stop.is_set():
                raise Cancelled
            tell(fraction, stage)

        engine = self.engine
        capabilities = engine.capabilities
        check_commerce(engine, self.settings)
        report(0.0, "read")
        asked = ask()
        if capabilities.mask and not asked.auto_mask and (asked.mask is None or not asked.mask.any()):
            raise MaskNeeded
        errand = _Errand(self.name, self._budget, stop)
        made = engine.try_on(_make_request(engine, asked, self.offer, errand), report)
        report(1.0, "write")
        return show(asked, made, self._encode(made))

    def _encode(self, made: TryOnResult) -> bytes:
        plain = encode_picture(made.image, ".png", source_type=made.source_type)
        if self._signer is None:
            return plain
        moment = datetime.now(UTC)
        return self._signer.sign(plain, source_type=made.source_type, engine=made.engine, made_at=moment)

    def _warm_up(self) -> None:
        from vtonlab.imaging.mannequin import draw_person, draw_shirt

        engine = self.engine
        away = engine.capabilities.waits or engine.capabilities.remote_host is not None
        if away or engine.health().status is not HealthStatus.OK:
            return
        try:
            engine.try_on(TryOnRequest(draw_person(), draw_shirt()))
        except VtonError as error:
            log.warning("the engine %r could not be warmed up: %s", self.name, error)


def _open_signer(settings: Settings) -> Signer | None:
    """This installation's; None where the folder of its key cannot be used: pictures are made all the same."""
    try:
        return open_signer(settings.signing_folder)
    except FileProblem as error:
        log.warning("pictures are not signed: %s %s", error.say(), error.advise())
        return None


def _look(job: asyncio.Future[Any]) -> None:
    """Nobody may be left to look at how a job ended."""
    if not job.cancelled():
        job.exception()


def _seats(settings: Settings, engine: Engine) -> int:
    asked = settings.engine_concurrency.get(engine.name)
    if asked:
        return asked
    if engine.capabilities.waits or engine.capabilities.remote_host is not None:
        return settings.remote_workers
    return settings.workers or max(1, (os.cpu_count() or 1) // 2)


def _make_request(engine: Engine, asked: Asked, offer: Offer, errand: _Errand) -> TryOnRequest:
    """What of ``asked`` the engine takes: clients written for another always send all of it."""
    capabilities, known = engine.capabilities, engine.Options.model_fields
    options = {name: value for name, value in asked.options.items() if name in known and value is not None}
    if "auto_mask" in known:
        options["auto_mask"] = asked.auto_mask
    return TryOnRequest(
        asked.person,
        asked.garment,
        mask=asked.mask if capabilities.mask and not asked.auto_mask else None,
        description=asked.description if capabilities.description else "",
        options=options | dict(offer.options),
        errand=errand,
    )


class _Budget:
    """What paid engines may still cost today (UTC), as long as this process lives; 0 sets no limit."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._day: date | None = None
        self._spent = 0.0
        self._lock = threading.Lock()

    def spend(self, price: float, engine: str) -> None:
        """Raises ``BudgetSpent``."""
        with self._lock:
            today = datetime.now(UTC).date()
            if today != self._day:
                self._day, self._spent = today, 0.0
            if price and self._limit and round(self._spent + price, 6) > self._limit:
                raise BudgetSpent(engine=engine, limit=f"{self._limit:g}")
            self._spent += price


class _Errand:
    """What leaves the machine is written to the log, and counted against the day's budget."""

    def __init__(self, engine: str, budget: _Budget, stop: threading.Event) -> None:
        self.remote_id: str | None = None
        self._engine = engine
        self._budget = budget
        self._stop = stop

    def leaving(self, host: str, pictures: int, size: int, price: float = 0.0, bought: int = 1) -> None:  # noqa: ARG002
        """As ``Errand`` says."""
        if self._stop.is_set():
            raise Cancelled
        self._budget.spend(price, self._engine)
        log.info("%d pictures (%d bytes) go to %s for %r, %g $", pictures, size, host, self._engine, price)

    def keep(self, remote_id: str) -> None:
        """As ``Errand`` says; for as long as this request lives."""
        if self._stop.is_set():
            raise Cancelled
        self.remote_id = remote_id
