"""Pictures from words, from the order to the picture in the library.

ask → (refused, or) a task in the line of its engine → jobs.py → picture
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller, Permission
from vtonlab.accounts.hooks import AccountHook
from vtonlab.db.database import Database
from vtonlab.errors import NotThere
from vtonlab.generation.choosing import Providers
from vtonlab.generation.hooks import GenerationHook
from vtonlab.generation.jobs import GenerationJobs
from vtonlab.generation.offers import Offer
from vtonlab.generation.orders import BATCH_KIND, KIND, Order, Wanted
from vtonlab.generation.pictures import Pictures
from vtonlab.generation.references import References, check_names
from vtonlab.generation.templates import Templates
from vtonlab.imaging.signing import Signer
from vtonlab.library.ingest import Ingest
from vtonlab.library.service import Library
from vtonlab.providers.admission import check_line
from vtonlab.providers.conditions import Conditions
from vtonlab.providers.engines import Engines
from vtonlab.remote.service import Outbound, Today
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.tasks.contract import JobKind
from vtonlab.tasks.listings import Listed, Page, look_closer
from vtonlab.tasks.listings import Wanted as WantedTasks
from vtonlab.tasks.models import Task
from vtonlab.tasks.service import TASK, Tasks

if TYPE_CHECKING:
    from vtonlab.accounts.service import Accounts

KINDS: Final = (KIND, BATCH_KIND)
"""Kinds of tasks that draw from words."""
MOST_FAILURES: Final = 5
"""Attempts that may end in a retryable error: with the pauses between them a service has half a minute to come back."""


class Generation:
    """What routes ask of pictures from words. Used in one event loop."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        settings: Settings,
        accounts: Accounts,  # noqa: ARG002 - as every feature is given it
        tasks: Tasks,
        library: Library,
        ingest: Ingest,
        outbound: Outbound,
        signer: Signer,
        conditions: Conditions,
    ) -> None:
        self.settings = settings
        self.providers = Providers(settings, Engines(settings, conditions), conditions)
        self.pictures = Pictures(ingest, signer)
        self.references = References(database, storage, library, ingest)
        self.templates = Templates(database)
        self.hook: AccountHook = GenerationHook(database, self.references)
        self._database = database
        self._tasks = tasks
        self._outbound = outbound
        self._jobs = GenerationJobs(self.providers, self.references, self.pictures, outbound)

    def register(self) -> None:
        """Let pictures be drawn here."""
        seat = self.providers.engines.seat
        self._tasks.register(JobKind(KIND, self._jobs.handle, seat, max_failures=MOST_FAILURES))

    def start(self) -> None:
        """Begin to ask engines for their models; to be called in a running event loop."""
        self.providers.offers.start()

    async def stop(self) -> None:
        """Ask no more."""
        await self.providers.offers.stop()

    # ---- asking

    async def ask(self, caller: Caller, order: Order, *, idempotency_key: str | None = None) -> Listed:
        """Put a picture in line; with the ``idempotency_key`` of an earlier one of the caller, that one.

        Raises ``SignInNeeded``, ``NotAllowed``, ``TooManyRequests``, what
        :meth:`vtonlab.generation.choosing.Providers.settle` and :meth:`vtonlab.generation.references.References.take`
        do, and ``Conflict`` for a key that was used for something else.
        """
        user_id = caller.require(Permission.GENERATE_CREATE)
        wanted = await self._look_through(user_id, order)

        async def work(session: AsyncSession) -> Task:
            task = await self._tasks.add(
                session,
                user_id=user_id,
                kind=KIND,
                lane=wanted.provider,
                parameters=wanted.write(),
                idempotency_key=idempotency_key,
            )
            await session.flush()  # a request repeated with its key adds nothing
            await check_line(session, self._tasks, self.settings, caller, KIND, self.settings.generate_waiting)
            return task

        task = await self._database.write(work)
        async with self._database.read() as session:
            return (await look_closer(session, [task]))[0]

    async def _look_through(self, user_id: str, order: Order) -> Wanted:
        """Everything that can be refused is, before anything is kept."""
        check_names(order.reference_images)
        chosen = await self.providers.settle(
            order.provider,
            order.model,
            order.aspect_ratio,
            order.resolution,
            len(order.reference_images),
            order.seed,
            order.negative_prompt,
        )
        return Wanted(
            provider=chosen.engine.name,
            model=chosen.model.name,
            prompt=order.prompt,
            negative_prompt=order.negative_prompt,
            references=await self.references.take(user_id, order.reference_images),
            aspect_ratio=order.aspect_ratio,
            resolution=order.resolution,
            seed=order.seed,
            price=chosen.price(),
        )

    # ---- looking

    async def get_task(self, caller: Caller, task_id: str) -> Listed:
        """A task of the caller's that draws from words. Raises ``NotThere``."""
        caller.require(Permission.TASKS_READ)
        found = await self._tasks.get(caller, task_id)
        if found.task.kind not in KINDS:
            raise NotThere(thing=TASK, id=task_id[:64])
        return found

    async def list_tasks(self, caller: Caller, wanted: WantedTasks) -> Page:
        """A page of the caller's tasks that draw from words. Raises ``BadRequest`` for a cursor that is none of
        ours."""
        caller.require(Permission.TASKS_READ)
        return await self._tasks.list(caller, replace(wanted, kinds=KINDS))

    async def offers(self, caller: Caller) -> tuple[list[Offer], str | None, Today]:
        """The engines that draw, the name of the usual one, and what was spent today; asks no engine."""
        caller.require(Permission.TASKS_READ)
        usual = self.providers.find_default()
        return self.providers.offers.get(), usual.condition.name if usual else None, await self._outbound.today()
