"""Batches, from the order to the pictures in the library.

ask → (refused, or) batch, prompts and a task in one transaction → batch_jobs.py → pictures as they come
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller, Permission
from vtonlab.accounts.hooks import AccountHook
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.errors import Conflict, NotThere, Text
from vtonlab.generation import batch_repository as repository
from vtonlab.generation.batch_hooks import BatchHook
from vtonlab.generation.batch_jobs import BatchJobs
from vtonlab.generation.batch_orders import BatchOrder, ToldBatch, choose_name, tell_prompt
from vtonlab.generation.batch_stopping import Stopping
from vtonlab.generation.batch_zip import BatchZips
from vtonlab.generation.choosing import Chosen, Providers
from vtonlab.generation.models import GenerationBatch, GenerationPrompt, PromptStatus
from vtonlab.generation.orders import BATCH_KIND
from vtonlab.generation.pictures import Pictures
from vtonlab.library.service import Library
from vtonlab.providers.admission import check_line
from vtonlab.remote.service import Outbound
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.tasks.contract import JobKind, Seat
from vtonlab.tasks.models import Task
from vtonlab.tasks.service import LONGEST_ID, Tasks

if TYPE_CHECKING:
    from vtonlab.db.types import JsonValue

MOST_FAILURES: Final = 8
"""Attempts that may end in a retryable error, or with the server; waiting for the service is none."""

BATCH: Final = Text("batch", "批次")
NOT_ENDED: Final = Text(
    "the batch has not ended yet; its status tells how far it is", "批次尚未结束，可通过状态查看进度"
)


class Batches:
    """What routes ask of batches. Used in one event loop."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        settings: Settings,
        tasks: Tasks,
        library: Library,
        outbound: Outbound,
        providers: Providers,
        pictures: Pictures,
    ) -> None:
        self.hook: AccountHook = BatchHook(database)
        self.stopping = Stopping(database, tasks, providers.engines)
        self._database = database
        self._settings = settings
        self._tasks = tasks
        self._library = library
        self._providers = providers
        self._jobs = BatchJobs(database, library, outbound, providers, pictures)
        self._zips = BatchZips(database, storage, library)

    def register(self) -> None:
        """Let batches be worked on here."""
        self._tasks.register(JobKind(BATCH_KIND, self._jobs.handle, Seat.WAIT, max_failures=MOST_FAILURES))

    # ---- asking

    async def ask(self, caller: Caller, order: BatchOrder, *, idempotency_key: str | None = None) -> ToldBatch:
        """Put a batch in line; with the ``idempotency_key`` of an earlier one of the caller, that one.

        Raises ``SignInNeeded``, ``NotAllowed``, ``TooManyRequests``, ``UnknownEngine``, ``EngineUnavailable``,
        ``EngineNotSetUp``, ``NotForCommerce``, ``ProviderCannot``, ``Conflict`` for a key that was used for something
        else. What it costs is held against the day's budget when it is handed in.
        """
        user_id = caller.require(Permission.GENERATE_CREATE)
        chosen = await self._providers.settle(
            order.provider,
            order.model,
            order.aspect_ratio,
            order.resolution,
            negative_prompt=order.negative_prompt,
            batch=True,
        )
        name = choose_name(user_id, idempotency_key)

        async def work(session: AsyncSession) -> ToldBatch:
            task = await self._add_task(session, user_id, order, chosen, name, idempotency_key)
            known = await repository.find(session, user_id, name)
            if known is not None:
                return ToldBatch(*known)
            batch = _describe(user_id, task, order, chosen, name)
            session.add(batch)
            await session.flush()
            session.add_all(
                GenerationPrompt(batch_name=name, number=number, prompt=prompt)
                for number, prompt in enumerate(order.prompts)
            )
            await session.flush()
            await check_line(session, self._tasks, self._settings, caller, BATCH_KIND, self._settings.generate_waiting)
            return ToldBatch(batch, task)

        return await self._database.write(work)

    async def _add_task(
        self,
        session: AsyncSession,
        user_id: str,
        order: BatchOrder,
        chosen: Chosen,
        name: str,
        idempotency_key: str | None,
    ) -> Task:
        parameters: dict[str, JsonValue] = {
            "batch_name": name,
            "count": len(order.prompts),
            "prompt": order.prompts[0],
            "provider": chosen.engine.name,
            "model": chosen.model.name,
            "negative_prompt": order.negative_prompt,
            "aspect_ratio": order.aspect_ratio,
            "resolution": order.resolution,
            "_digest": order.digest,
        }
        return await self._tasks.add(
            session,
            user_id=user_id,
            kind=BATCH_KIND,
            lane=chosen.engine.name,
            parameters=parameters,
            idempotency_key=idempotency_key,
        )

    # ---- what came of it

    async def get(self, caller: Caller, batch_name: str) -> ToldBatch:
        """How a batch of the caller's stands, without its prompts. Raises ``NotThere``."""
        user_id = caller.require(Permission.TASKS_READ)
        async with self._database.read() as session:
            return await self._find(session, user_id, batch_name)

    async def look(self, caller: Caller, batch_name: str) -> ToldBatch:
        """The same with every prompt and what came of it. Raises ``NotThere``."""
        user_id = caller.require(Permission.TASKS_READ)
        async with self._database.read() as session:
            found = await self._find(session, user_id, batch_name)
            rows = await repository.prompts(session, batch_name)
            ids = [row.image_id for row in rows if row.image_id is not None]
            pictures = await self._library.read(session, user_id, ids)
        return ToldBatch(found.batch, found.task, [tell_prompt(row, found.task, pictures) for row in rows])

    async def results(self, caller: Caller, batch_name: str) -> ToldBatch:
        """The same once it has ended. Raises ``NotThere``, ``Conflict`` before."""
        found = await self.look(caller, batch_name)
        if not found.has_ended:
            raise Conflict(reason=NOT_ENDED)
        return found

    async def download(self, caller: Caller, batch_name: str) -> AsyncGenerator[bytes, None]:
        """The bytes of a zip of its pictures, with the list of its prompts. Raises ``NotThere`` also where no picture
        came, ``NotAllowed``, ``TooManyRequests``. The generator must be closed by whoever stops early."""
        return self._zips.begin(await self._find_drawn(caller, batch_name))

    async def check_download(self, caller: Caller, batch_name: str) -> None:
        """Raises what ``download`` would."""
        self._zips.check(await self._find_drawn(caller, batch_name))

    async def _find_drawn(self, caller: Caller, batch_name: str) -> ToldBatch:
        caller.require(Permission.IMAGES_READ)
        found = await self.look(caller, batch_name)
        if all(one.status is not PromptStatus.SUCCEEDED for one in found.prompts):
            raise NotThere(thing=BATCH, id=batch_name)
        return found

    async def _find(self, session: AsyncSession, user_id: str, batch_name: str) -> ToldBatch:
        is_name = len(batch_name) <= LONGEST_ID and batch_name.isascii() and batch_name.isprintable()
        found = await repository.find(session, user_id, batch_name) if is_name else None
        if found is None:
            raise NotThere(thing=BATCH, id=batch_name[:LONGEST_ID])
        return ToldBatch(*found)


def _describe(user_id: str, task: Task, order: BatchOrder, chosen: Chosen, name: str) -> GenerationBatch:
    moment = now()
    return GenerationBatch(
        batch_name=name,
        user_id=user_id,
        task_id=task.task_id,
        provider=chosen.engine.name,
        model=chosen.model.name,
        aspect_ratio=order.aspect_ratio,
        resolution=order.resolution,
        negative_prompt=order.negative_prompt,
        total=len(order.prompts),
        succeeded=0,
        failed=0,
        price=round(chosen.price(in_batch=True) * len(order.prompts), 6),
        round=1,
        is_over=False,
        created_at=moment,
        updated_at=moment,
    )
