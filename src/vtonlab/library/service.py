"""The library as people use it: looking through it, changing it, the trash and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.errors import PICTURE, BadRequest, NotThere, Text, UnknownCategory, VtonError
from vtonlab.library import changes, repository
from vtonlab.library.browsing import Browsing
from vtonlab.library.listings import is_id
from vtonlab.library.marks import Places
from vtonlab.library.models import Category, GarmentKind, Image, KindBy
from vtonlab.library.repository import Entry, Totals
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage

if TYPE_CHECKING:
    from vtonlab.accounts.service import Accounts

HISTORY_ENTRY = Text("try-on result", "试衣记录")

AT_ONCE = 200
"""Pictures changed in one transaction: others wait no longer than that takes."""

ALIKE_BITS = 10
"""Bits in which perceptual hashes of similar pictures differ at most (of 64)."""
MOST_CANDIDATES = 2_000
PART_BITS = 16

HistoryPicture = Callable[[AsyncSession, str, str], Awaitable[str | None]]
"""The id of the picture that a history entry of a user shows; None where they have no such entry."""


@dataclass(frozen=True)
class Failure:
    """A picture that could not be changed, and why."""

    id: str
    error: VtonError


@dataclass(frozen=True)
class Outcome:
    """What became of several pictures; each is named once."""

    done: list[str]
    failed: list[Failure]


@dataclass(frozen=True)
class Statistics:
    """What a user has. ``limit`` in bytes, 0: none; colours by name with the number of pictures; ``trash_days``: until
    the trash forgets."""

    totals: Totals
    colours: dict[str, int]
    limit: int
    trash_days: int


class Library(Browsing):
    """Reading is in :class:`vtonlab.library.browsing.Browsing`. Whatever is not the user's own is not there."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        settings: Settings,
        accounts: Accounts | None = None,
        places: Places | None = None,
    ) -> None:
        super().__init__(database, places)
        self.storage = storage
        self.settings = settings
        self._accounts = accounts
        self._history: HistoryPicture | None = None

    def know_history(self, resolver: HistoryPicture) -> None:
        """For the feature that keeps the history of fittings: how its entries' pictures are found."""
        self._history = resolver

    # ---- one picture

    async def get(self, user_id: str, image_id: str) -> Entry:
        """A picture outside the trash. Raises ``NotThere``."""
        async with self.database.read() as session:
            found = await repository.read_entries(session, user_id, [image_id]) if is_id(image_id) else []
        if not found or found[0].deleted_at:
            raise _missing(image_id)
        return found[0]

    async def find(self, session: AsyncSession, user_id: str, name_or_id: str) -> Image:
        """The picture outside the trash whose filename or id it is. Raises ``NotThere``."""
        found = await repository.find_named(session, user_id, name_or_id) if is_id(name_or_id) else None
        if found is None:
            raise _missing(name_or_id)
        return found

    async def read(self, session: AsyncSession, user_id: str, ids: Sequence[str]) -> dict[str, Entry]:
        """Those of ``ids`` that are pictures of the user outside the trash, by id. For other features."""
        found = await repository.read_entries(session, user_id, [each for each in ids if is_id(each)])
        return {entry.id: entry for entry in found if entry.deleted_at is None}

    async def edit(
        self,
        user_id: str,
        image_id: str,
        *,
        category: str | None = None,
        title: str | None = None,
        kind: str | None = None,
    ) -> Entry:
        """Move and rename a picture, and say what it dresses; None leaves as it is, an empty title takes the title
        away, the kind ``""`` leaves it to the engine. Raises ``BadRequest`` for the kind of what are no clothes."""
        chosen = None if category is None else known_category(category)
        told = None if kind is None else GarmentKind(kind)

        async def work(session: AsyncSession) -> None:
            image = await self._image(session, user_id, image_id)
            if chosen is not None:
                await changes.move(session, image, chosen)
            if title is not None:
                await changes.retitle(session, image, title)
            if told is not None:
                if image.category != Category.CLOTHES:
                    raise BadRequest(part="garment_kind")
                await changes.tell_kind(session, image, told, KindBy.PERSON if told else KindBy.NOBODY)

        await self.database.write(work)
        return await self.get(user_id, image_id)

    async def untold(self, limit: int) -> list[Image]:
        """Clothes of anybody of which nobody told the kind yet, the newest first. For who looks at them."""
        async with self.database.read() as session:
            return await repository.read_untold(session, limit)

    async def tell_kinds(self, images: Sequence[Image], kinds: Mapping[str, str]) -> None:
        """What an engine says that ``images``, all of one user, dress, by id. A person's word is not touched."""

        async def work(session: AsyncSession) -> None:
            for image in images:
                await changes.tell_kind(session, image, kinds[image.id], KindBy.ENGINE)

        await self.database.write(work)

    async def favour(self, user_id: str, image_id: str, favorite_type: str = "image") -> bool:
        """Like a picture; whether that is new. Raises ``NotThere``."""
        return await self.database.write(
            lambda session: self._favour(session, user_id, image_id, favorite_type=favorite_type)
        )

    async def unfavour(self, user_id: str, image_id: str) -> bool:
        """Like a picture no longer; whether one did. Raises ``NotThere``."""

        async def work(session: AsyncSession) -> bool:
            return await changes.unfavour(session, await self._image(session, user_id, image_id))

        return await self.database.write(work)

    async def picture_of_history(self, user_id: str, entry_id: str) -> str:
        """The id of the picture of a history entry. Raises ``NotThere``."""
        found = None
        if self._history is not None and is_id(entry_id):
            async with self.database.read() as session:
                found = await self._history(session, user_id, entry_id)
        if found is None:
            raise NotThere(thing=HISTORY_ENTRY, id=entry_id[:80])
        return found

    async def similar(self, user_id: str, image_id: str, limit: int = 24) -> list[tuple[Entry, int]]:
        """The pictures that look most like this one, and by how many of 64 bits they differ (at most ``ALIKE_BITS``).

        All that differ in 7 bits or less are found: one of their four parts then differs in one bit or none.
        """
        async with self.database.read() as session:
            image = await self._image(session, user_id, image_id)
            parts = [_near(part) for part in (image.look_a, image.look_b, image.look_c, image.look_d)]
            near = await repository.read_looks_like(session, user_id, parts, MOST_CANDIDATES)
            look = int(image.look, 16)
            away = {other: (int(its, 16) ^ look).bit_count() for other, its in near if other != image.id}
            chosen = sorted(
                (other for other in away if away[other] <= ALIKE_BITS), key=lambda other: (away[other], other)
            )
            entries = await repository.read_entries(session, user_id, chosen[:limit])
        return [(entry, away[entry.id]) for entry in entries]

    # ---- several pictures

    async def move(self, user_id: str, ids: Sequence[str], category: str) -> Outcome:
        """Put pictures into ``category``. Raises ``UnknownCategory``."""
        chosen = known_category(category)

        async def step(session: AsyncSession, images: list[Image]) -> list[str]:
            here = [image for image in images if not image.in_trash]
            await changes.move_all(session, here, chosen)
            return [image.id for image in here]

        return await self._change(user_id, ids, step)

    async def trash(self, user_id: str, ids: Sequence[str]) -> Outcome:
        """Put pictures into the trash, where they stay for ``trash_days``."""

        async def step(session: AsyncSession, images: list[Image]) -> list[str]:
            return [image.id for image in await changes.trash(session, images)]

        return await self._change(user_id, ids, step)

    async def restore(self, user_id: str, ids: Sequence[str]) -> Outcome:
        """Take pictures out of the trash, into the categories they were in."""

        async def step(session: AsyncSession, images: list[Image]) -> list[str]:
            return [image.id for image in await changes.restore(session, images)]

        return await self._change(user_id, ids, step)

    async def purge(self, caller: Caller, image_id: str) -> None:
        """Forget a picture of the trash, and its files, for good. Raises ``NotThere``."""
        user_id = caller.owner

        async def work(session: AsyncSession) -> None:
            found = await repository.find_images(session, user_id, [image_id]) if is_id(image_id) else []
            if not await changes.purge(session, [image for image in found if image.in_trash], self.storage):
                raise _missing(image_id)
            await self._record(session, caller, "library.purge", image_id)

        await self.database.write(work)

    async def empty_trash(self, caller: Caller) -> int:
        """Forget everything that is in the caller's trash now; how many pictures."""
        user_id, begun, gone = caller.owner, now(), 0

        async def work(session: AsyncSession) -> int:
            return await changes.purge(
                session, await repository.read_trash(session, user_id, begun, AT_ONCE), self.storage
            )

        while count := await self.database.write(work):
            gone += count
        if gone:
            await self.database.write(
                lambda session: self._record(session, caller, "library.empty_trash", user_id, images=gone)
            )
        return gone

    async def purge_old_trash(self) -> int:
        """Forget what has been in anybody's trash for longer than ``trash_days``; how many pictures. Called daily."""
        before, gone = now() - timedelta(days=self.settings.trash_days), 0

        async def work(session: AsyncSession) -> int:
            old = await repository.read_old_trash(session, before, AT_ONCE)
            of_one = [image for image in old if image.user_id == old[0].user_id]
            return await changes.purge(session, of_one, self.storage)

        while count := await self.database.write(work):
            gone += count
        return gone

    # ---- all of them

    async def statistics(self, user_id: str) -> Statistics:
        """Numbers about everything the user has."""
        async with self.database.read() as session:
            totals = await repository.read_totals(session, user_id)
            colours = await repository.count_colours(session, user_id)
            limit = await self._accounts.quota(session, user_id) if self._accounts else self.settings.quota_bytes
        return Statistics(totals, colours, limit, self.settings.trash_days)

    async def _change(
        self,
        user_id: str,
        ids: Sequence[str],
        step: Callable[[AsyncSession, list[Image]], Awaitable[list[str]]],
    ) -> Outcome:
        asked = list(dict.fromkeys(ids))
        known = [each for each in asked if is_id(each)]
        done: list[str] = []
        for start in range(0, len(known), AT_ONCE):
            some = known[start : start + AT_ONCE]

            async def work(session: AsyncSession, some: list[str] = some) -> list[str]:
                return await step(session, await repository.find_images(session, user_id, some))

            done += await self.database.write(work)
        changed = set(done)
        return Outcome(done, [Failure(each, _missing(each)) for each in asked if each not in changed])

    async def _favour(self, session: AsyncSession, user_id: str, image_id: str, *, favorite_type: str) -> bool:
        return await changes.favour(session, await self._image(session, user_id, image_id), favorite_type)

    async def _image(self, session: AsyncSession, user_id: str, image_id: str) -> Image:
        found = await repository.find_images(session, user_id, [image_id]) if is_id(image_id) else []
        if not found or found[0].in_trash:
            raise _missing(image_id)
        return found[0]

    async def _record(self, session: AsyncSession, caller: Caller, action: str, target: str, **details: int) -> None:
        if self._accounts is not None:
            await self._accounts.record(session, caller, action, target, **details)


def known_category(name: str) -> Category:
    """The category of this name. Raises ``UnknownCategory``."""
    try:
        return Category(name)
    except ValueError:
        raise UnknownCategory(name=name[:80], known=", ".join(Category)) from None


def _missing(image_id: str) -> NotThere:
    return NotThere(thing=PICTURE, id=image_id[:80])


def _near(part: int) -> list[int]:
    """``part`` of a hash, and all that differ from it in one bit."""
    return [part, *(part ^ (1 << bit) for bit in range(PART_BITS))]
