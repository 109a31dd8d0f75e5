"""People and pictures as rows, for tests that need no files."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import BUILT_IN_ROLES, Caller, CallerKind
from vtonlab.accounts.models import Role, User
from vtonlab.db.database import Database
from vtonlab.library import changes
from vtonlab.library.models import Image

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


async def make_people(database: Database, *user_ids: str) -> None:
    """Users of these ids."""

    async def work(session: AsyncSession) -> None:
        if not (await session.execute(select(Role).where(Role.name == "editor"))).first():
            session.add(Role(name="editor", permissions=sorted(BUILT_IN_ROLES["editor"]), is_built_in=True))
            await session.flush()
        session.add_all(User(user_id=each, username=each, username_key=each) for each in user_ids)

    await database.write(work)


def make_image(user_id: str, number: int, **fields: Any) -> Image:
    """Picture ``number`` of a user, saved in the minute of its number."""
    image_id = fields.pop("id", f"{number:032x}")
    look = fields.pop("look", int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:8], "big"))
    category = fields.pop("category", "clothes")
    filename = f"{category}_20260101_000000_{image_id[-8:]}.png"
    given: dict[str, Any] = {
        "id": image_id,
        "filename": filename,
        "storage_key": f"images/{user_id}/{category}/{image_id}.png",
        "media_type": "image/png",
        "original_name": f"photo {number}.png",
        "context_info": {"category": category},
        "category": category,
        "saved_at": BEGIN + timedelta(minutes=number),
        "file_size": 1_000 + number,
        "image_width": 30,
        "image_height": 40,
        "thumbhash": "",
        "content_hash": hashlib.sha256(f"content {number}".encode()).hexdigest(),
        "source_hash": hashlib.sha256(f"source {number}".encode()).hexdigest(),
        "look": f"{look:016x}",
        **{f"look_{part}": look >> shift & 0xFFFF for part, shift in zip("abcd", (48, 32, 16, 0), strict=True)},
    }
    return Image(user_id=user_id, **given | fields)


async def add_images(database: Database, *images: Image) -> list[str]:
    """Add them in one transaction; their ids."""

    async def work(session: AsyncSession) -> list[str]:
        return [(await changes.add(session, image)).id for image in images]

    return await database.write(work)


def caller_of(user_id: str | None, role: str = "editor") -> Caller:
    """Somebody signed in; a stranger for None."""
    kind = CallerKind.STRANGER if user_id is None else CallerKind.USER
    return Caller(kind, user_id, username=user_id or "", role=role, permissions=BUILT_IN_ROLES[role])
