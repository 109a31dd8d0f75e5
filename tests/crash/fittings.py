"""A fitting room in the process that is killed: what people ask of it, and what it does when it starts again."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable

from PIL import Image as Pillow
from tests.crash.house import House, caller, recover
from tests.unit.fitting import engines

from vtonlab.equip import equip_engines
from vtonlab.fitting.orders import Layer, Matrix, Order
from vtonlab.fitting.service import Fitting
from vtonlab.imaging.signing import open_signer
from vtonlab.library.incoming import Incoming
from vtonlab.remote.service import Outbound

ADA = caller("ada")
COLOURS = {"char": (220, 180, 160), "clothes": (200, 30, 40)}


def open_room(house: House) -> Fitting:
    """The fitting room of the house, with the engines of the tests; those that compute do so in this process."""
    engines.install()
    chosen = house.settings.model_copy(update={"mode": "local", "engine": "painter"})
    equip_engines(chosen)
    signer = open_signer(house.settings.data_folder / "signing")
    outbound = Outbound(house.database, chosen)
    room = Fitting(
        house.database,
        house.storage,
        chosen,
        house.accounts,
        house.tasks,
        house.library,
        house.ingest,
        outbound,
        signer,
    )
    room.register()
    return room


def plain(colour: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", (120, 160), colour).save(file, "PNG")
    return file.getvalue()


async def fit(house: House) -> None:
    """Ask for a fitting, an outfit in two runs, one from elsewhere and everybody in everything; wait for all."""
    room = open_room(house)
    added = [await house.ingest.add("ada", Incoming(plain(colour), name)) for name, colour in COLOURS.items()]
    person, top = (one.image.id for one in added)
    trousers = (await house.ingest.add("ada", Incoming(plain((30, 40, 200))))).image.id
    await room.ask(ADA, Order(person, (Layer(top),)))
    await room.ask(ADA, Order(person, (Layer(top), Layer(trousers)), engine="single"))
    await room.ask(ADA, Order(person, (Layer(top), Layer(trousers)), engine="far"))
    await room.ask_matrix(ADA, Matrix((person,), (top, trousers)), idempotency_key="matrix")
    await house.tasks.start()
    await house.until_all_ended()


async def open_again(house: House) -> None:
    """What a server does when it starts, and the fittings that were left."""
    open_room(house)
    await recover(house)


FITTING_ACTIONS: dict[str, Callable[..., Awaitable[None]]] = {"fit": fit, "open_again": open_again}
