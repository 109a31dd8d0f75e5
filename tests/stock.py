"""A library of very many pictures in no time: rows as ingest would make them, files that are links to a few."""

from __future__ import annotations

import itertools
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._library import AT_ONCE, make_row
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.database import Database
from vtonlab.imaging.read import Limits
from vtonlab.library.ledger import count_up, take_away
from vtonlab.library.models import Favorite, Image, LibraryState
from vtonlab.library.pictures import Made, make_picture, thumbnail_key

MOST_LINKS = 60_000
"""To one file: ext4 allows 65,000."""


async def stock(database: Database, data: Path, user_id: str, count: int, pictures: Sequence[Path]) -> None:
    """Give ``user_id``, who exists, ``count`` more pictures over all categories, each with its file and thumbnails
    in the folder ``data``: one in fifty in the trash, one in ten liked. The server may be running."""
    chance = random.Random(f"stock {user_id} {count}")
    masters = [make_picture(path, limits=Limits(), max_side=sys.maxsize) for path in pictures]
    originals = itertools.cycle(_Master(data / "masters" / str(number), made) for number, made in enumerate(masters))
    rows = [_make(make_row(user_id, place, chance), next(originals), data) for place in range(count)]

    async def work(session: AsyncSession) -> None:
        for start in range(0, count, AT_ONCE):
            some = rows[start : start + AT_ONCE]
            await session.execute(insert(Image.__table__), some)  # type: ignore[arg-type]
            if liked := [{"user_id": user_id, "image_id": row["id"]} for row in some if row["is_favorited"]]:
                await session.execute(insert(Favorite), liked)
        told = [(name, -less, -smaller) for row in rows for name, less, smaller in take_away(Image(**row))]
        await count_up(session, user_id, told)
        state = (await session.execute(select(LibraryState).where(LibraryState.user_id == user_id))).scalar()
        if state is None:
            session.add(LibraryState(user_id=user_id, version=1))
        else:
            state.version += 1

    await database.write(work)


class _Master:
    """The files of one picture, to which others are links."""

    def __init__(self, folder: Path, made: Made) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.made = folder, made
        self._copies = itertools.count()
        self._left = 0

    def link(self, key: str, data: Path) -> None:
        """The picture and its thumbnails where the row with this storage key has them."""
        if not self._left:
            self._current = self.folder / str(next(self._copies))
            self._current.mkdir()
            (self._current / "picture").write_bytes(self.made.data)
            for size, thumbnail in self.made.thumbnails.items():
                (self._current / str(size)).write_bytes(thumbnail)
            self._left = MOST_LINKS
        self._left -= 1
        _link(self._current / "picture", data / key)
        for size in self.made.thumbnails:
            _link(self._current / str(size), data / thumbnail_key(key, size))


def _link(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except FileNotFoundError:
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(file, place)


def _make(row: dict[str, Any], master: _Master, data: Path) -> dict[str, Any]:
    stem = str(row["filename"]).rpartition(".")[0]
    row["filename"] = f"{stem}.{master.made.extension}"
    row["storage_key"] = f"{str(row['storage_key']).rpartition('/')[0]}/{row['filename']}"
    row |= {
        "media_type": master.made.media_type,
        "image_width": master.made.width,
        "image_height": master.made.height,
        "file_size": len(master.made.data),
        "thumbhash": master.made.thumbhash,
    }
    master.link(row["storage_key"], data)
    return row
