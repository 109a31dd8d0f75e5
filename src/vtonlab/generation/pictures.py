"""How a picture that was drawn becomes a signed file and an entry of the library; for single pictures and for those of
batches.

    prepare: GenerateResult → PNG with its mark → signature, thumbnails → files durable
    keep, in the transaction that ends the work: the row;  or discard: the files go
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.types import JsonValue
from vtonlab.engines.generating import GenerateResult
from vtonlab.imaging.signing import Signer
from vtonlab.imaging.write import encode_picture
from vtonlab.library.ingest import Incoming, Ingest, Prepared
from vtonlab.library.links import picture_link
from vtonlab.library.models import Category, Image
from vtonlab.library.pictures import Made, describe_pixels, make_known
from vtonlab.library.repository import NAMES, Entry

AT_ONCE: Final = 2
"""Pictures that are encoded and signed side by side: one of 4K takes some 150 MB meanwhile."""


@dataclass(frozen=True)
class Told:
    """How a picture was asked for, as its entry in the library tells it."""

    prompt: str
    provider: str
    model: str
    aspect_ratio: str
    """As it was asked for."""
    resolution: str
    task_id: str
    negative_prompt: str = ""
    seed: int | None = None
    reference_images: tuple[str, ...] = ()
    """Ids of pictures of the library; ``upload`` for one that came with the request."""
    batch_name: str | None = None
    index: int | None = None
    """Its place in the batch, from 0."""

    def context(self, result: GenerateResult) -> dict[str, JsonValue]:
        """The entry's ``context_info``."""
        told: dict[str, JsonValue] = {
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "provider": self.provider,
            "model": result.model or self.model,
            "aspect_ratio": self.aspect_ratio,
            "resolution": self.resolution,
            "seed": self.seed,
            "reference_images": list(self.reference_images),
            "source_type": result.source_type.value,
            "task_id": self.task_id,
        }
        if self.batch_name is not None:
            told |= {"batch_name": self.batch_name, "index": self.index}
        return told


class Pictures:
    """Makes them. Used in one event loop."""

    def __init__(self, ingest: Ingest, signer: Signer) -> None:
        self._ingest = ingest
        self._signer = signer
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def prepare(self, user_id: str, result: GenerateResult, told: Told) -> Prepared:
        """The picture of ``result`` as a signed file that outlives a power cut, and of which no row tells yet:
        :meth:`keep` it in the transaction that ends the work, or :meth:`discard` it. Raises storage errors."""
        async with self._turns:
            made = await asyncio.to_thread(finish, result, self._signer)
        incoming = Incoming(
            made.data,
            Category.GENERATED.value,
            page_title=told.prompt,
            context=told.context(result),
            as_made=True,
            made=made,
        )
        return await self._ingest.prepare(user_id, incoming)

    async def keep(self, session: AsyncSession, prepared: Prepared) -> Image:
        """The new row, in the caller's transaction, with its line in the journal. Raises ``NoRoomLeft``."""
        return await self._ingest.keep(session, prepared)

    async def discard(self, prepared: Prepared) -> None:
        """Remove the files of what is not kept after all. Never raises for the storage."""
        await self._ingest.discard(prepared)


def finish(result: GenerateResult, signer: Signer) -> Made:
    """The file: a PNG that says how it came to be, signed. Blocks."""
    with ThreadPoolExecutor(1, "appearance") as beside:
        appearance = beside.submit(describe_pixels, result.image)
        data = signer.sign(
            encode_picture(result.image, ".png", source_type=result.source_type),
            source_type=result.source_type,
            engine=result.engine,
            made_at=datetime.now(UTC),
        )
        height, width = result.image.shape[:2]
        return make_known(data, width, height, appearance.result())


def show(image: Image) -> Mapping[str, JsonValue]:
    """What a task's ``result`` says of one picture."""
    entry = Entry(**{name: getattr(image, name) for name in NAMES})
    return {
        "image_id": image.id,
        "url": picture_link(entry),
        "width": image.image_width,
        "height": image.image_height,
    }
