"""Libraries of many pictures, made of rows alone: what is listed needs no file."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import BUILT_IN_ROLES
from vtonlab.accounts.models import Role, User
from vtonlab.db.database import Database
from vtonlab.library.ledger import FAVORITES
from vtonlab.library.models import TRASH, Category, Favorite, Image, LibraryState, LibraryTotal
from vtonlab.library.wording import write_words

AT_ONCE = 5_000
BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
COLOURS = ("black", "white", "grey", "red", "blue", "green", "beige", "pink")
KINDS = {
    "linen shirt": "upper",
    "wool coat": "upper",
    "denim jacket": "upper",
    "summer dress": "dress",
    "tee with stripes": "upper",
    "pleated skirt": "lower",
    "trousers": "lower",
}
MAKERS = ("Aurora", "Nordlys", "Kiku", "Bramble", "Solano", "Merle")


async def fill(database: Database, user_id: str, count: int, seed: int = 1) -> None:
    """Give ``user_id``, who is made, ``count`` pictures: of these one in fifty is in the trash, one in ten is liked."""
    chance = random.Random(f"{seed} {user_id}")
    rows = [make_row(user_id, place, chance) for place in range(count)]

    async def work(session: AsyncSession) -> None:
        if not (await session.execute(select(Role).where(Role.name == "editor"))).first():
            session.add(Role(name="editor", permissions=sorted(BUILT_IN_ROLES["editor"]), is_built_in=True))
            await session.flush()
        session.add(User(user_id=user_id, username=user_id, username_key=user_id))
        await session.flush()
        for start in range(0, count, AT_ONCE):
            some = rows[start : start + AT_ONCE]
            await session.execute(insert(Image.__table__), some)  # type: ignore[arg-type]
            liked = [{"user_id": user_id, "image_id": row["id"]} for row in some if row["is_favorited"]]
            await session.execute(insert(Favorite), liked)
        await session.execute(insert(LibraryTotal), count_rows(user_id, rows))
        session.add(LibraryState(user_id=user_id, version=1))

    await database.write(work)


def make_row(user_id: str, place: int, chance: random.Random) -> dict[str, Any]:
    """A row as ingest would make it, of the picture saved as number ``place``."""
    image_id = f"{place:012x}{chance.getrandbits(80):020x}"
    saved = BEGINNING + timedelta(minutes=7 * place, seconds=chance.random() * 300)
    category = chance.choices(list(Category), (60, 10, 25, 5))[0].value
    filename = f"{category}_{saved:%Y%m%d_%H%M%S}_{image_id[-8:]}.jpg"
    gone, liked = chance.random() < 0.02, chance.random() < 0.1
    maker, kind, colour = chance.choice(MAKERS), chance.choice(list(KINDS)), chance.choice(COLOURS)
    look = chance.getrandbits(64)
    image = Image(
        id=image_id,
        user_id=user_id,
        filename=filename,
        storage_key=f"images/{user_id}/{category}/{filename}",
        media_type="image/jpeg",
        original_name=f"IMG_{place:05d}.JPG",
        page_url=f"https://shop.example/{maker.lower()}/{place}",
        page_title=f"{maker} {kind}, {colour}, No. {chance.randrange(10_000)}",
        context_info={"category": category, "imageContext": {"altText": f"{colour} {kind}"}},
        category=category,
        status="ready",
        saved_at=saved,
        updated_at=saved,
        deleted_at=saved + timedelta(days=1) if gone else None,
        in_trash=gone,
        file_size=chance.randrange(20_000, 3_000_000),
        image_width=900,
        image_height=1200,
        thumbhash="3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
        content_hash=f"{chance.getrandbits(256):064x}",
        source_hash=f"{chance.getrandbits(256):064x}",
        look=f"{look:016x}",
        look_a=look >> 48,
        look_b=(look >> 32) & 0xFFFF,
        look_c=(look >> 16) & 0xFFFF,
        look_d=look & 0xFFFF,
        colour=colour,
        garment_kind=KINDS[kind] if category == Category.CLOTHES else "",
        kind_by="engine" if category == Category.CLOTHES else "",
        is_favorited=liked,
        favorited_at=saved + timedelta(hours=1) if liked else None,
        rating=0,
        cloud_synced=False,
    )
    write_words(image)
    return {column.key: getattr(image, column.key) for column in Image.__table__.columns}


def count_rows(user_id: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The totals of ``rows``."""
    totals: dict[str, list[int]] = {}
    for row in rows:
        names = [TRASH] if row["in_trash"] else [row["category"], *([FAVORITES] if row["is_favorited"] else [])]
        for name in names:
            total = totals.setdefault(name, [0, 0])
            total[0] += 1
            total[1] += row["file_size"]
    return [
        {"user_id": user_id, "name": name, "images": images, "bytes": size} for name, (images, size) in totals.items()
    ]
