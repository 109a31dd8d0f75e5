"""What the clothes of a library dress, told by the engine in the background: after an upload, and slowly for what was
there before.

    clothes of which nobody told it (rows) → quiet? → look, one at a time, on a thread that gives way → rows

The rows say what is still to be looked at, so a restart loses nothing. A person's word is never touched.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Final

from vtonlab.db.base import now
from vtonlab.engines.contract import GarmentKind
from vtonlab.errors import NotThere, ServiceError
from vtonlab.fitting.findings import Findings, Role, Source
from vtonlab.library import changes
from vtonlab.library.models import Image
from vtonlab.library.service import Library
from vtonlab.tasks.outcomes import outcome_of

QUIET_SECONDS: Final = 0.6
"""Nothing of any library has changed for so long before the next picture is looked at: uploads go first."""
MOST_PATIENCE_SECONDS: Final = 10.0
"""Uploads and previews are not waited for any longer."""
TICK_SECONDS: Final = 0.2
FRESH: Final = timedelta(minutes=10)
"""Pictures saved since then are told as soon as it is quiet; older ones with a pause after each."""
PAUSE_SECONDS: Final = 1.0
AT_ONCE: Final = 8
"""Older ones told in one transaction: each makes open pages look at their lists again."""
LOOKED_THROUGH: Final = 64
"""Rows among which the next ones are chosen, so that nobody waits for somebody else's thousands."""
TROUBLE_SECONDS: Final = 60.0
"""After the database or the storage did not answer."""
NICE: Final = 10

log = logging.getLogger(__name__)


class GarmentKinds:
    """Tells them while it runs. Used in one event loop: ``start``, and ``stop`` at the end."""

    def __init__(self, library: Library, findings: Findings, is_busy: Callable[[], bool]) -> None:
        """``is_busy``: whether somebody waits for a preview just now."""
        self._library = library
        self._findings = findings
        self._is_busy = is_busy
        self._woken = asyncio.Event()
        self._changed_at = float("-inf")
        self._is_telling = False
        self._pool: ThreadPoolExecutor | None = None
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look at what is there."""
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="kinds", initializer=_give_way)
        changes.on_change(self._hear)
        self._woken.set()
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop at once; what is just being looked at is looked at again some day."""
        if self._running is not None and self._pool is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _hear(self, _user_id: str, _image_ids: Sequence[str]) -> None:
        if self._is_telling:
            return
        self._changed_at = time.monotonic()
        self._woken.set()

    async def _run(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while (some := await outcome_of(self._tell_some())).value:
                pass
            if some.error is not None:
                log.warning("what clothes dress is told later", exc_info=some.error)
                await asyncio.sleep(TROUBLE_SECONDS)
                self._woken.set()

    async def _tell_some(self) -> bool:
        """The next few; whether there were any."""
        await self._wait_for_quiet()
        chosen = choose_next(await self._library.untold(LOOKED_THROUGH))
        told: list[tuple[Image, GarmentKind | None]] = []
        for image in chosen:
            is_fresh = now() - image.saved_at < FRESH
            await self._wait_for_quiet()
            told.append((image, await self._look(image, is_fresh=is_fresh)))
            if is_fresh:
                await self._tell(told)
                told = []
            else:
                await asyncio.sleep(PAUSE_SECONDS)
                if self._woken.is_set():  # something new goes first
                    break
        await self._tell(told)
        return bool(chosen)

    async def _look(self, image: Image, *, is_fresh: bool) -> GarmentKind | None:
        """What it dresses; None where that cannot be told. Raises storage errors, but for a file that is gone."""
        assert self._pool is not None
        looking = self._findings.look(Source.of(image), Role.GARMENT, self._pool, remember=is_fresh)
        found = await outcome_of(looking)
        if isinstance(found.error, ServiceError | OSError):
            raise found.error
        if found.error is not None and not isinstance(found.error, NotThere):
            log.warning("the engine could not look at picture %s", image.id, exc_info=found.error)
        return None if found.value is None else found.value.kind

    async def _tell(self, told: Sequence[tuple[Image, GarmentKind | None]]) -> None:
        for user_id in dict.fromkeys(image.user_id for image, _ in told):
            of_user = [(image, kind) for image, kind in told if image.user_id == user_id]
            kinds = {image.id: "" if kind is None else kind.value for image, kind in of_user}
            self._is_telling = True
            try:
                await self._library.tell_kinds([image for image, _ in of_user], kinds)
            finally:
                self._is_telling = False

    async def _wait_for_quiet(self) -> None:
        for _ in range(round(MOST_PATIENCE_SECONDS / TICK_SECONDS)):
            if not self._is_busy() and time.monotonic() - self._changed_at >= QUIET_SECONDS:
                return
            await asyncio.sleep(TICK_SECONDS)


def choose_next(untold: Sequence[Image]) -> list[Image]:
    """At most ``AT_ONCE`` of ``untold``, each user's in turn, in the order given."""
    of_users: dict[str, list[Image]] = {}
    for image in untold:
        of_users.setdefault(image.user_id, []).append(image)
    rounds = max((len(images) for images in of_users.values()), default=0)
    in_turn = [images[number] for number in range(rounds) for images in of_users.values() if number < len(images)]
    return in_turn[:AT_ONCE]


def _give_way() -> None:
    """Let this thread have what others leave. Linux alone knows priorities of threads."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
