"""Many pictures at once: ``POST /api/v1/library/download``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping
from typing import Annotated, Any, Self

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from vtonlab.library.asking import Reading
from vtonlab.library.models import Category
from vtonlab.library.schemas import EXAMPLE_ID
from vtonlab.library.zips import Zips

MOST_IDS = 10_000
ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The zip.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Wanted(BaseModel):
    """These pictures, or those of a category; with neither, all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"image_ids": [EXAMPLE_ID]}})

    image_ids: (
        Annotated[
            list[Annotated[str, StringConstraints(min_length=1, max_length=96)]],
            Field(min_length=1, max_length=MOST_IDS),
        ]
        | None
    ) = None
    category: Category | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if self.image_ids is not None and self.category is not None:
            raise ValueError("image_ids or category, not both")
        return self


class ZipAnswer(StreamingResponse):
    """Sends a zip; whoever goes away stops the making of it."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], headers: Mapping[str, str]) -> None:
        super().__init__(pieces, media_type="application/zip", headers=headers)
        self._pieces = pieces

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._pieces.aclose()


def make_router(zips: Zips) -> APIRouter:
    """The route over ``zips``."""
    router = APIRouter(tags=["library"])

    @router.post(
        "/api/v1/library/download", summary="Pictures in a zip", response_class=StreamingResponse, responses=ZIP
    )
    async def download(caller: Reading, wanted: Wanted | None = None) -> ZipAnswer:
        """The pictures as they are kept, named by title or original name in folders by category, and `index.csv`
        (UTF-8) with what is known of each; what is no longer there is told in it. What is in the trash stays out."""
        wanted = wanted or Wanted()
        pieces = await zips.begin(caller.owner, image_ids=wanted.image_ids, category=wanted.category)
        name = f"vtonlab-{wanted.category.value}.zip" if wanted.category else "vtonlab-pictures.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return ZipAnswer(pieces, headers)

    return router
