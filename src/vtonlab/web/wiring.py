"""The composition root: it alone knows every part, puts them together in order, starts and stops them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection

from vtonlab.accounts import admin_routes, auth_routes, user_routes
from vtonlab.accounts import wardrobe as accounts_wardrobe
from vtonlab.accounts.asking import read_credentials
from vtonlab.accounts.caller import Caller
from vtonlab.accounts.hooks import AccountHook
from vtonlab.accounts.service import Accounts
from vtonlab.db import upgrade
from vtonlab.db.database import Database
from vtonlab.equip import equip_engines
from vtonlab.errors import ServiceError, VtonError
from vtonlab.fitting import routes as fitting_routes
from vtonlab.fitting import wardrobe as fitting_wardrobe
from vtonlab.fitting.findings import Findings
from vtonlab.fitting.kinds import GarmentKinds
from vtonlab.fitting.previews import Previews
from vtonlab.fitting.service import Fitting
from vtonlab.generation import batch_routes
from vtonlab.generation import routes as generation_routes
from vtonlab.generation.batch_service import Batches
from vtonlab.generation.service import Generation
from vtonlab.imaging.signing import Signer
from vtonlab.library import file_routes, upload_routes
from vtonlab.library import routes as library_routes
from vtonlab.library import wardrobe as library_wardrobe
from vtonlab.library.door import Door
from vtonlab.library.fetch import Fetcher
from vtonlab.library.files import Files
from vtonlab.library.hooks import LibraryHook
from vtonlab.library.ingest import Ingest
from vtonlab.library.news import LibraryNews
from vtonlab.library.repository import use_of
from vtonlab.library.service import Library
from vtonlab.library.serving import Serving
from vtonlab.library.sweep import Sweep
from vtonlab.providers import routes as provider_routes
from vtonlab.providers.conditions import Conditions
from vtonlab.remote import routes as remote_routes
from vtonlab.remote.service import Outbound
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.storage.open import open_storage
from vtonlab.tasks import routes as task_routes
from vtonlab.tasks import socket as task_socket
from vtonlab.tasks import wardrobe as task_wardrobe
from vtonlab.tasks.service import Tasks
from vtonlab.web import health, lock, routes
from vtonlab.web.metrics import Metrics
from vtonlab.web.pages import Pages

HOUR_SECONDS = 3600.0
HOURS_BETWEEN_SWEEPS = 24
SWEEP_PATIENCE_SECONDS = 10.0
"""How long the start waits for rows and files to be brought in step; very large libraries go on while they serve."""

log = logging.getLogger(__name__)


@dataclass
class Parts:
    """Everything the server is made of. Built without asking anything of anybody; ``start`` does that."""

    settings: Settings
    metrics: Metrics
    version: str
    database: Database
    storage: Storage
    accounts: Accounts
    tasks: Tasks
    ingest: Ingest
    library: Library
    news: LibraryNews
    sweep: Sweep
    files: Files
    serving: Serving
    outbound: Outbound
    conditions: Conditions
    fitting: Fitting
    previews: Previews
    findings: Findings
    kinds: GarmentKinds
    generation: Generation
    batches: Batches
    pages: Pages
    _lock: int | None = None
    _background: list[asyncio.Task[None]] = field(default_factory=list)

    def routers(self) -> list[APIRouter]:
        """The routes of every feature."""
        return [
            routes.make_router(self.settings, self.version),
            self.pages.make_router(),
            health.make_router(
                self.database, self.storage, self.settings, self.metrics, self.version, self._check_runner
            ),
            accounts_wardrobe.make_router(self.accounts),
            auth_routes.make_router(self.accounts),
            user_routes.make_router(self.accounts),
            admin_routes.make_router(self.accounts),
            upload_routes.make_router(self.ingest, Fetcher(self.settings)),
            library_wardrobe.make_router(self.library),
            library_routes.make_router(self.library),
            file_routes.make_router(self.files),
            task_wardrobe.make_router(self.tasks),
            task_routes.make_router(self.tasks),
            task_socket.make_router(self.tasks),
            fitting_wardrobe.make_router(self.fitting, self.conditions),
            fitting_routes.make_router(self.fitting, self.previews, self.findings, self.conditions, self.database),
            batch_routes.make_router(self.batches),
            generation_routes.make_router(self.generation, Door(self.ingest)),
            provider_routes.make_router(self.conditions),
            remote_routes.make_router(self.outbound),
        ]

    async def prepare(self) -> None:
        """Bring the database up to date, and make what must be in it."""
        await upgrade.prepare(self.database, self.settings)
        await self.accounts.prepare()

    async def start(self) -> None:
        """Prepare, and begin to work. Raises ``FileProblem`` where another server has the folder."""
        if self.database.is_sqlite:
            self._lock = lock.take(self.settings.data_folder)
        await self.prepare()
        sweeping = asyncio.create_task(self._sweep_first())
        self._background.append(sweeping)
        await asyncio.wait({sweeping}, timeout=SWEEP_PATIENCE_SECONDS)
        # A database somewhere else may have servers over other folders, whose locks say nothing here.
        await self.tasks.start(alone=self._lock is not None and not self.settings.database_url)
        self._background.append(asyncio.create_task(self._tidy()))
        self.previews.warm_up()
        if self.settings.garment_kinds:
            self.kinds.start()
        self.conditions.start()
        self.generation.start()
        self.batches.stopping.start()

    async def stop(self) -> None:
        """Give back what is being worked on, and let go of everything."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.kinds.stop()
        await self.batches.stopping.stop()
        await self.generation.stop()
        await self.conditions.stop()
        await self.tasks.stop()
        await self.close()
        if self._lock is not None:
            lock.give_back(self._lock)

    async def close(self) -> None:
        """Let go of threads and connections."""
        self.previews.close()
        self.findings.close()
        await self.ingest.close()
        await self.storage.close()
        await self.database.close()

    async def _sweep_first(self) -> None:
        """What the last run left half done. Whoever has the lock of the folder knows to be alone."""
        alone = self._lock is not None and self.storage.name == "local"
        await _try("rows and files", lambda: self.sweep.run(alone=alone))

    async def _tidy(self) -> None:
        """At start and every hour: guests who did not come back, what is long in the trash; once a day the rest."""
        hours = 0
        while True:
            await _try("guests", self.accounts.purge_guests)
            await _try("trash", self.library.purge_old_trash)
            await _try("reference pictures", self.generation.references.tidy)
            if hours and hours % HOURS_BETWEEN_SWEEPS == 0:
                await _try("rows and files", self.sweep.run)
            await asyncio.sleep(HOUR_SECONDS)
            hours += 1

    async def _check_runner(self) -> None:
        if not self.tasks.runner.is_running:
            raise ServiceError


def build(settings: Settings, secret: bytes, signer: Signer, metrics: Metrics, version: str) -> Parts:
    """All parts over ``settings``; ``secret`` signs access tokens, ``signer`` pictures. Raises ``BadSetting``."""
    equip_engines(settings)
    database = Database(settings.database_address)
    hooks: list[AccountHook] = []
    storage = open_storage(settings)
    accounts = Accounts(database, settings, secret, hooks)
    accounts.people.know_use(use_of)
    tasks = Tasks(database, settings, accounts)
    ingest = Ingest(database, storage, settings, accounts, tasks)
    library = Library(database, storage, settings, accounts)
    outbound, conditions = Outbound(database, settings), Conditions(settings)
    fitting = Fitting(
        *(database, storage, settings, accounts, tasks, library, ingest, outbound, signer), conditions=conditions
    )
    fitting.register()
    generation = Generation(
        *(database, storage, settings, accounts, tasks, library, ingest, outbound, signer, conditions)
    )
    generation.register()
    batches = Batches(
        *(database, storage, settings, tasks, library, outbound, generation.providers, generation.pictures)
    )
    batches.register()
    previews = Previews(database, storage, settings, library, fitting.kept)
    findings = Findings(database, storage, library, fitting.kept)
    # Batches before tasks, which take them along.
    hooks += [LibraryHook(database, storage), batches.hook, tasks.hook, outbound.hook, fitting.hook, generation.hook]
    files = Files(database, storage)
    return Parts(
        settings=settings,
        metrics=metrics,
        version=version,
        database=database,
        storage=storage,
        accounts=accounts,
        tasks=tasks,
        ingest=ingest,
        library=library,
        news=LibraryNews(tasks.topics),
        sweep=Sweep(database, storage, library, ingest.scratch),
        files=files,
        serving=_serve_pictures(files, accounts, metrics),
        outbound=outbound,
        conditions=conditions,
        fitting=fitting,
        previews=previews,
        findings=findings,
        kinds=GarmentKinds(library, findings, previews.is_in_use),
        generation=generation,
        batches=batches,
        pages=Pages(),
    )


def _serve_pictures(files: Files, accounts: Accounts, metrics: Metrics) -> Serving:
    async def identify(scope: MutableMapping[str, Any]) -> Caller:
        return await accounts.identify(read_credentials(HTTPConnection(scope)))

    serving = Serving(files, identify)
    accounts.on_session_end(serving.forget_caller)
    metrics.watch_pictures(serving.answered)
    return serving


async def _try(name: str, work: Callable[[], Awaitable[object]]) -> None:
    try:
        found = await work()
    except (SQLAlchemyError, OSError, VtonError):
        log.exception("tidying up %s failed; it is tried again in an hour", name)
    else:
        log.info("tidied up %s: %s", name, found)
