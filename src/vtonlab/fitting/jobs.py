"""A fitting as a task: from its row to the picture in the library.

    find the pictures → gather bytes and analyses → dress, in a thread or a process → keep analyses → keep the picture

Whatever is cut off is begun again from the start, by another attempt. What a service elsewhere was asked for is not
asked for again: its name for the job is on the row before the service is asked how the job stands.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging

from vtonlab import crash_points
from vtonlab.db.database import Database
from vtonlab.engines.contract import Engine
from vtonlab.errors import PICTURE, EngineUnavailable, NotThere, ServiceError
from vtonlab.errors.retold import retell
from vtonlab.fitting import repository
from vtonlab.fitting.analyses import Analyses
from vtonlab.fitting.choosing import is_in_two_runs
from vtonlab.fitting.dressing import Dressed, Dressing, Garment, Material, dress, dress_elsewhere
from vtonlab.fitting.kept import Kept
from vtonlab.fitting.legs import Legs
from vtonlab.fitting.orders import Wanted
from vtonlab.fitting.results import Pictures, Results
from vtonlab.imaging.signing import Signer
from vtonlab.library.companions import Companion, companion_key
from vtonlab.library.models import Image
from vtonlab.library.service import Library
from vtonlab.providers.engines import Engines, waits
from vtonlab.remote.service import Outbound
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.tasks.contract import Done, Job
from vtonlab.tasks.moves import write_error

log = logging.getLogger(__name__)


class FittingJobs:
    """The handler of the kind ``tryon``."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        settings: Settings,
        library: Library,
        engines: Engines,
        results: Results,
        outbound: Outbound,
        signer: Signer,
        kept: Kept,
    ) -> None:
        self._database = database
        self._storage = storage
        self._settings = settings
        self._library = library
        self._engines = engines
        self._results = results
        self._outbound = outbound
        self._signer = signer
        self._kept = kept
        self._analyses = Analyses(storage)

    async def handle(self, job: Job) -> Done:
        """One attempt."""
        wanted = Wanted.read(job.parameters)
        engine = await self._engines.choose(wanted.engine)
        pictures = await self._find(job.user_id, wanted)
        layer_key = None
        if is_in_two_runs(engine.capabilities, len(wanted.layers)):
            layer_key = name_first_run(wanted, pictures)
        dressing = await self._gather(job.user_id, wanted, pictures, layer_key)
        dressed = await self._dress(job, engine, dressing)
        crash_points.reach("tryon.engine_done")
        await self._keep_analyses(pictures, dressed)
        await job.report(0.97, "save")
        return await self._results.keep(job.user_id, job.task_id, wanted, pictures, dressed, layer_key)

    async def _find(self, user_id: str, wanted: Wanted) -> Pictures:
        """The pictures' rows as they are now. Raises ``NotThere``."""
        async with self._database.read() as session:
            person = await self._library.find(session, user_id, wanted.human_image)
            garments = [await self._library.find(session, user_id, layer.image) for layer in wanted.layers]
            mask = None
            if wanted.mask_image is not None:
                mask = await self._library.find(session, user_id, wanted.mask_image)
        return Pictures(person, tuple(garments), mask)

    async def _gather(self, user_id: str, wanted: Wanted, pictures: Pictures, layer_key: str | None) -> Dressing:
        rows = [pictures.person, *pictures.garments, *([pictures.mask] if pictures.mask else [])]
        person, *others = await asyncio.gather(*(self._fetch(row) for row in rows))
        garments, masks = others[: len(wanted.layers)], others[len(wanted.layers) :]
        if wanted.drawn_mask is not None:
            masks = [Material("mask", "", 0, wanted.drawn_mask)]
        return Dressing(
            engine=wanted.engine,
            person=person,
            garments=tuple(
                Garment(material, layer.kind) for material, layer in zip(garments, wanted.layers, strict=True)
            ),
            options=wanted.options,
            description=wanted.description,
            mask=masks[0] if masks else None,
            signer=self._signer,
            first=await self._find_first_run(user_id, layer_key),
        )

    async def _fetch(self, image: Image) -> Material:
        """The picture's bytes, or where they are on this machine, and what is kept beside it. Raises ``NotThere``."""
        path = self._storage.path(image.storage_key)
        try:
            source = path if path is not None else await self._storage.load(image.storage_key)
        except FileNotFoundError as error:
            log.warning("the file of picture %s is missing (%s)", image.id, image.storage_key)
            raise NotThere(thing=PICTURE, id=image.filename) from error
        longer = max(image.image_width, image.image_height)
        found = await self._analyses.load(image.storage_key)
        return Material(image.filename, image.content_hash, longer, source, found)

    async def _find_first_run(self, user_id: str, layer_key: str | None) -> bytes | None:
        """The picture of the same first run, where an earlier fitting of the user kept it."""
        if layer_key is None:
            return None
        async with self._database.read() as session:
            for image_id in await repository.find_layers(session, user_id, layer_key):
                try:
                    image = await self._library.find(session, user_id, image_id)
                    return await self._storage.load(companion_key(image.storage_key, Companion.LAYER))
                except (NotThere, FileNotFoundError, ServiceError):
                    continue  # it can be made again
        return None

    async def _dress(self, job: Job, engine: Engine, dressing: Dressing) -> Dressed:
        """In a thread where it waits for others, or nobody else is to be waited for; else in a process."""
        if waits(engine):
            return await self._dress_elsewhere(job, engine, dressing)
        if self._settings.is_local:
            return await job.in_thread(dress, dressing, self._kept, None)
        return await job.in_process(dress_elsewhere, self._settings, dressing)

    async def _dress_elsewhere(self, job: Job, engine: Engine, dressing: Dressing) -> Dressed:
        """By a service. One that dies while it works is waited for, and asked again; of one that is not there to begin
        with, people are told at once."""
        two = is_in_two_runs(engine.capabilities, len(dressing.garments))
        legs = Legs(self._outbound, job, engine.name, two=two)
        try:
            return await job.in_thread(legs.dress, dressing, self._kept)
        except EngineUnavailable as error:
            if job.attempt > 1 or legs.has_begun:
                raise
            raise retell({**write_error(error), "retryable": False}) from error

    async def _keep_analyses(self, pictures: Pictures, dressed: Dressed) -> None:
        rows = {row.content_hash: row for row in (pictures.person, *pictures.garments)}
        for content_hash, found in dressed.analyses.items():
            await self._analyses.add(rows[content_hash].storage_key, found)


def name_first_run(wanted: Wanted, pictures: Pictures) -> str:
    """By what the first run of an outfit is known: the same for the same person, lower garment, engine and options."""
    told = [
        pictures.person.content_hash,
        pictures.garments[-1].content_hash,
        wanted.layers[-1].kind.value,
        wanted.engine,
        dict(wanted.options),
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
