"""What of the log of departures crosses the studio interface."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from vtonlab.remote.models import Departure

EXAMPLE: dict[str, Any] = {
    "id": "019aa5b0c0de7f3e9d3a6c1b2e4f5a60",
    "at": "2026-11-22T08:00:01Z",
    "engine": "fashn",
    "host": "api.fashn.ai",
    "pictures": 2,
    "bytes": 912345,
    "price": 0.075,
    "task_id": "019aa5b0bd617f3e9d3a6c1b2e4f5a61",
}


class DepartureAnswer(BaseModel):
    """Pictures of the caller's that were sent to somebody; written down before they went."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: str
    at: datetime
    engine: str = Field(description="for which engine")
    host: str = Field(description="to whom: a host name, with a port where it is not the usual one")
    pictures: int = Field(description="how many")
    bytes: int = Field(description="of all of them together")
    price: float = Field(description="US dollars that this was taken to cost; 0 where it is free")
    task_id: str | None = Field(description="for which task; it may be gone")


class DepartureList(BaseModel):
    """A page of departures; ``next_cursor`` leads to the next one, whatever is added meanwhile."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [EXAMPLE], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}}
    )

    items: list[DepartureAnswer]
    total: int
    page: int
    page_size: int
    next_cursor: str | None = None


def describe(departure: Departure) -> DepartureAnswer:
    """The answer about ``departure``."""
    return DepartureAnswer(
        id=departure.id,
        at=departure.at,
        engine=departure.engine,
        host=departure.host,
        pictures=departure.pictures,
        bytes=departure.bytes,
        price=departure.price,
        task_id=departure.task_id,
    )
