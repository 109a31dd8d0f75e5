"""The studio interface to what left this machine."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from vtonlab.accounts.asking import Asking
from vtonlab.remote.listings import Wanted
from vtonlab.remote.schemas import DepartureList, describe
from vtonlab.remote.service import Outbound

Sort = Annotated[Literal["newest", "oldest"], Query(description="By when they left.")]
PageNumber = Annotated[int, Query(ge=1, description="From 1; a page beyond the end is empty.")]
PageSize = Annotated[int, Query(ge=1, description="At most 100; more is cut to that.")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before; outweighs `page`.")]


def make_router(outbound: Outbound) -> APIRouter:
    """``/api/v1/users/me/departures``."""
    router = APIRouter()

    @router.get("/api/v1/users/me/departures", tags=["users"], summary="List when one's own pictures left the machine")
    async def list_departures(
        caller: Asking, sort: Sort = "newest", page: PageNumber = 1, page_size: PageSize = 20, cursor: Cursor = None
    ) -> DepartureList:
        """Each time that an engine which works elsewhere was sent pictures: when, to whom, how many bytes."""
        found = await outbound.list(caller, Wanted(sort == "newest", page, page_size, cursor))
        return DepartureList(
            items=[describe(departure) for departure in found.items],
            total=found.total,
            page=found.page,
            page_size=found.page_size,
            next_cursor=found.next_cursor,
        )

    return router
