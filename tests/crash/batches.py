"""A studio in the process that is killed: a batch is asked for, and what a server does when it starts again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import google.genai  # noqa: F401 - takes seconds, and children of this process need it
from tests.crash.house import House, caller, recover
from tests.fakes.gemini import KEY

from vtonlab.equip import equip_engines
from vtonlab.generation import batch_jobs
from vtonlab.generation.batch_orders import BatchOrder
from vtonlab.generation.batch_service import Batches
from vtonlab.generation.choosing import Providers
from vtonlab.generation.pictures import Pictures
from vtonlab.imaging.signing import open_signer
from vtonlab.providers.conditions import Conditions
from vtonlab.providers.engines import Engines
from vtonlab.remote.service import Outbound

ADA = caller("ada")
PROMPTS = tuple(f"coat {number // 2}" for number in range(6))
"""Each twice."""


def open_studio(house: House, service: str) -> Batches:
    """The batches of the house, drawn by the service at that address."""
    batch_jobs.SHORTEST_PAUSE = 0.02  # type: ignore[misc]
    chosen = house.settings.model_copy(
        update={"gemini_api_key": type(house.settings.gemini_api_key)(KEY), "gemini_url": service}
    )
    equip_engines(chosen)
    conditions = Conditions(chosen)
    providers = Providers(chosen, Engines(chosen, conditions), conditions)
    pictures = Pictures(house.ingest, open_signer(house.settings.data_folder / "signing"))
    outbound = Outbound(house.database, chosen)
    batches = Batches(house.database, house.storage, chosen, house.tasks, house.library, outbound, providers, pictures)
    batches.register()
    return batches


async def draw_batch(house: House, service: str) -> None:
    """Ask for a batch, and wait for it."""
    batches = open_studio(house, service)
    await house.tasks.start()
    await batches.ask(ADA, BatchOrder(PROMPTS, provider="gemini"))
    await house.until_all_ended()


async def draw_on(house: House, service: str) -> None:
    """What a server does when it starts, and the batch that was left."""
    batches = open_studio(house, service)
    batches.stopping.start()
    await recover(house)
    await batches.stopping.stop()


BATCH_ACTIONS: dict[str, Callable[..., Awaitable[None]]] = {"draw_batch": draw_batch, "draw_on": draw_on}
