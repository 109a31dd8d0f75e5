"""How much the server holds, counted by the database."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.models import User
from vtonlab.db.base import now
from vtonlab.library.models import TRASH, Category, LibraryTotal
from vtonlab.remote.models import Spending
from vtonlab.tasks.models import Task
from vtonlab.web.work import Day, Keeper, Lane


class Pictures(BaseModel):
    """Pictures of everybody, those in the trash apart."""

    images: int
    bytes: int
    by_category: dict[str, int]
    bytes_by_category: dict[str, int]
    in_trash: int
    bytes_in_trash: int


class DayOfPaidEngines(BaseModel):
    """What paid engines were taken to cost today, all users together."""

    day: str = Field(description="in UTC")
    pictures: int
    price: float = Field(description="US dollars")
    budget: float | None = Field(description="`VTONLAB_REMOTE_BUDGET`; null where that sets no limit")


class Stats(BaseModel):
    """What ``GET /api/v1/admin/stats`` tells."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": "0.2.0",
                "mode": "server",
                "database": "postgresql",
                "storage": "s3",
                "uptime_seconds": 86400.5,
                "users": {"person": 12, "guest": 3},
                "pictures": {
                    "images": 940,
                    "bytes": 812000000,
                    "by_category": {"clothes": 700, "char": 40, "vton_results": 200},
                    "bytes_by_category": {"clothes": 512000000, "char": 90000000, "vton_results": 210000000},
                    "in_trash": 11,
                    "bytes_in_trash": 4800000,
                },
                "tasks": {"queued": 1, "running": 2, "succeeded": 310},
                "paid_today": {"day": "2026-11-22", "pictures": 12, "price": 0.9, "budget": 5.0},
                "lanes": [
                    {
                        "lane": "instant",
                        "queued": 1,
                        "running": 2,
                        "waiting": 0,
                        "oldest_seconds": 0.4,
                        "done_today": 41,
                        "failed_today": 1,
                        "median_seconds": 0.62,
                    }
                ],
                "days": [
                    {
                        "day": "2026-11-22",
                        "succeeded": 41,
                        "failed": 1,
                        "cancelled": 0,
                        "pictures": 12,
                        "price": 0.9,
                    }
                ],
                "largest": [{"user_id": "019aa5b00000", "username": "mei", "images": 700, "bytes": 610000000}],
            }
        }
    )

    version: str
    mode: str = Field(description="`local` or `server`")
    database: str
    storage: str
    uptime_seconds: float
    users: dict[str, int] = Field(description="by kind: `person`, `guest`, `default`")
    pictures: Pictures
    tasks: dict[str, int] = Field(description="by status")
    paid_today: DayOfPaidEngines
    lanes: list[Lane]
    days: list[Day] = Field(description="the last 14, today last")
    largest: list[Keeper] = Field(description="at most 10, the largest first")


async def count_users(session: AsyncSession) -> dict[str, int]:
    """Users by kind."""
    rows = await session.execute(select(User.kind, func.count()).group_by(User.kind))
    return {str(kind): int(number) for kind, number in rows}


async def count_pictures(session: AsyncSession) -> Pictures:
    """Pictures of everybody, from the totals that every change keeps in step."""
    query = select(LibraryTotal.name, func.sum(LibraryTotal.images), func.sum(LibraryTotal.bytes))
    rows = (await session.execute(query.group_by(LibraryTotal.name))).all()
    found = {name: (int(images or 0), int(size or 0)) for name, images, size in rows}
    categories = {category.value: found[category.value] for category in Category if category.value in found}
    return Pictures(
        images=sum(images for images, _ in categories.values()),
        bytes=sum(size for _, size in categories.values()),
        by_category={name: images for name, (images, _) in categories.items()},
        bytes_by_category={name: size for name, (_, size) in categories.items()},
        in_trash=found.get(TRASH, (0, 0))[0],
        bytes_in_trash=found.get(TRASH, (0, 0))[1],
    )


async def count_tasks(session: AsyncSession) -> dict[tuple[str, str], int]:
    """Tasks by lane and status, those behind upload answers left out."""
    query = select(Task.lane, Task.status, func.count()).where(Task.is_hidden.is_(False))
    rows = await session.execute(query.group_by(Task.lane, Task.status))
    return {(lane, status): count for lane, status, count in rows}


async def count_paid(session: AsyncSession, budget: float) -> DayOfPaidEngines:
    """What paid engines cost today, of a ``budget`` (0: no limit)."""
    day = now().date().isoformat()
    row = await session.get(Spending, day)
    pictures, price = (row.pictures, row.price) if row else (0, 0.0)
    return DayOfPaidEngines(day=day, pictures=pictures, price=price, budget=budget or None)
