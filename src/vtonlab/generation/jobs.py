"""A picture from words as a task: from its row to the picture in the library.

    find the engine → read the reference pictures → draw, in a thread → sign, keep the file → row, journal and task

Whatever is cut off is begun again from the start, by another attempt. What was bought is not bought again: the engine's
mark is on the row before the service is asked (``vtonlab.remote.errand``), and whoever finds it there is told that the
answer was lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab import crash_points
from vtonlab.db.types import JsonValue
from vtonlab.engines.contract import Report
from vtonlab.engines.generating import GenerateRequest, GenerateResult, GeneratingEngine
from vtonlab.errors import EngineFault
from vtonlab.generation.choosing import PASSED_ON, Providers
from vtonlab.generation.orders import Wanted
from vtonlab.generation.pictures import Pictures, Told, show
from vtonlab.generation.references import References
from vtonlab.library.ingest import Prepared
from vtonlab.remote.errand import TaskErrand
from vtonlab.remote.service import Outbound
from vtonlab.tasks.contract import Done, Job

BEGUN, MADE, SAVING = 0.05, 0.95, 0.97
"""Progress when the engine begins, when it has ended, and when the picture is kept."""

log = logging.getLogger(__name__)


class GenerationJobs:
    """The handler of the kind ``generate``."""

    def __init__(self, providers: Providers, references: References, pictures: Pictures, outbound: Outbound) -> None:
        self._providers = providers
        self._references = references
        self._pictures = pictures
        self._outbound = outbound

    async def handle(self, job: Job) -> Done:
        """One attempt."""
        wanted = Wanted.read(job.parameters)
        await job.report(0.0, "preparing")
        engine = await self._providers.find(wanted.provider)
        errand = TaskErrand(self._outbound, job, engine.name, asyncio.get_running_loop())
        errand.remote_id = errand.remote_id or None
        request = GenerateRequest(
            prompt=wanted.prompt,
            references=await self._references.load(job.user_id, wanted.references),
            negative_prompt=wanted.negative_prompt,
            aspect_ratio=PASSED_ON.get(wanted.aspect_ratio, wanted.aspect_ratio),
            resolution=wanted.resolution,
            model=wanted.model,
            seed=wanted.seed,
            errand=errand,
        )
        result = await job.in_thread(draw, engine, request)
        crash_points.reach("generate.engine_done")
        await job.report(SAVING, "save")
        return await self._keep(job, wanted, result)

    async def _keep(self, job: Job, wanted: Wanted, result: GenerateResult) -> Done:
        """Make the file durable; the rest is done in the transaction that finishes the task. Nothing may be waited for
        between this and that: whoever is stopped there has nobody to undo it."""
        told = Told(
            prompt=wanted.prompt,
            provider=wanted.provider,
            model=wanted.model,
            aspect_ratio=wanted.aspect_ratio,
            resolution=wanted.resolution,
            task_id=job.task_id,
            negative_prompt=wanted.negative_prompt,
            seed=wanted.seed,
            reference_images=wanted.told_references,
        )
        prepared = await self._pictures.prepare(job.user_id, result, told)
        crash_points.reach("generate.files_kept")

        async def save(session: AsyncSession) -> Mapping[str, JsonValue]:
            image = await self._pictures.keep(session, prepared)
            crash_points.reach("generate.before_commit")
            return {
                "images": [show(image)],
                "image_id": image.id,
                "provider": wanted.provider,
                "model": result.model or wanted.model,
                "price": wanted.price,
            }

        return Done(save, _Undo(self._pictures, prepared))


def draw(engine: GeneratingEngine, request: GenerateRequest, report: Report) -> GenerateResult:
    """Have ``engine`` draw, its own progress being a part of the task's. For a thread. Raises what the engine does."""

    def part(fraction: float, stage: str) -> None:
        report(BEGUN + (MADE - BEGUN) * min(1.0, max(0.0, fraction)), stage)

    result = engine.generate(request, part)
    if result.image.dtype != np.uint8 or result.image.ndim != 3 or result.image.shape[2] != 3 or not result.image.size:
        log.error("engine %s drew %s %s", engine.name, result.image.shape, result.image.dtype)
        raise EngineFault(engine=engine.name)
    return result


class _Undo:
    """Removes the file of what is not kept after all."""

    def __init__(self, pictures: Pictures, prepared: Prepared) -> None:
        self._pictures = pictures
        self._prepared = prepared

    async def __call__(self) -> None:
        await self._pictures.discard(self._prepared)
