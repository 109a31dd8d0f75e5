"""Many pictures at once: ``POST /api/v1/library/download``; ``POST /api/v1/library/downloads`` gives an address for it.

What a browser fetches by an address goes to disk as it comes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from vtonlab.library.asking import Reading
from vtonlab.library.models import Category
from vtonlab.library.schemas import EXAMPLE_ID
from vtonlab.library.tickets import MOST_DOWNLOADED, Tickets
from vtonlab.library.zips import Zips

MOST_IDS = 10_000
ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The zip.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


ADDRESS = "/api/v1/library/downloads"
EXAMPLE_TICKET = "kq3nX0m9Yb2sVh7cTzR4uWd8eLfJ1aGpKo5iQxNyB6M"
GONE: dict[int | str, dict[str, Any]] = {
    404: {"description": "Fetched already, too old, or another's.", "content": {"application/problem+json": {}}}
}

ImageId = Annotated[str, StringConstraints(min_length=1, max_length=96)]
TicketName = Annotated[str, Path(max_length=64, description="What the address ended with.", examples=[EXAMPLE_TICKET])]


class Wanted(BaseModel):
    """These pictures, or those of a category; with neither, all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"image_ids": [EXAMPLE_ID]}})

    image_ids: Annotated[list[ImageId], Field(min_length=1, max_length=MOST_IDS)] | None = None
    category: Category | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if self.image_ids is not None and self.category is not None:
            raise ValueError("image_ids or category, not both")
        return self


class SelectedImages(BaseModel):
    """These pictures."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"image_ids": [EXAMPLE_ID]}})

    image_ids: Annotated[list[ImageId], Field(min_length=1, max_length=MOST_DOWNLOADED)]


class PreparedDownload(BaseModel):
    """Where the zip is fetched: by GET, once, by who asked for it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"url": f"{ADDRESS}/{EXAMPLE_TICKET}", "expires_at": "2026-11-22T10:16:00Z"}}
    )

    url: str
    expires_at: datetime


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


def make_router(zips: Zips, tickets: Tickets) -> APIRouter:
    """The routes over both."""
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
        return ZipAnswer(pieces, _headers(name))

    @router.post(ADDRESS, status_code=201, summary="Make a zip of pictures ready to be fetched")
    async def prepare(caller: Reading, selected: SelectedImages) -> PreparedDownload:
        """For browsers, which save what they fetch by an address as it comes. What would keep the zip from being made
        is told now; the address is good for a minute, and once."""
        ticket = await tickets.make(caller.owner, selected.image_ids)
        return PreparedDownload(url=f"{ADDRESS}/{ticket.secret}", expires_at=ticket.expires_at)

    @router.get(
        ADDRESS + "/{ticket}",
        summary="Fetch a zip that was made ready",
        response_class=StreamingResponse,
        responses=ZIP | GONE,
    )
    async def fetch(caller: Reading, ticket: TicketName) -> ZipAnswer:
        """The zip of `POST /api/v1/library/download`. What was deleted meanwhile is told in its list."""
        return ZipAnswer(await tickets.redeem(caller.owner, ticket), _headers("vtonlab-pictures.zip"))

    return router


def _headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
