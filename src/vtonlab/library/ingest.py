"""How a picture comes into a library, and stays there.

    checks → the same file again? → pixels → file durable → thumbnails → one transaction → answer

In the transaction the user's library is held: two identical uploads at once give one entry. Whatever fails on the way,
what was written is removed; what a crash leaves behind, the start-up sweep removes (``vtonlab.library.sweep``).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab import crash_points
from vtonlab.accounts.caller import Caller
from vtonlab.accounts.models import User
from vtonlab.db.database import Database
from vtonlab.errors import NoRoomLeft, ServiceError, SignInNeeded, VtonError
from vtonlab.imaging.read import Limits
from vtonlab.library import changes, repository
from vtonlab.library import twins as found_twins
from vtonlab.library.companions import companion_key
from vtonlab.library.incoming import Incoming, describe_copy, describe_new
from vtonlab.library.models import UPLOAD_CATEGORIES, Category, Image
from vtonlab.library.pictures import (
    LARGE_PIXELS,
    THUMBNAIL_SIZES,
    Made,
    Seen,
    give_back_memory,
    look_into,
    make_picture,
    thumbnail_key,
)
from vtonlab.library.scratch import Scratch
from vtonlab.library.turns import Turns
from vtonlab.library.wording import clean
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage

if TYPE_CHECKING:
    from vtonlab.accounts.service import Accounts
    from vtonlab.tasks.service import Tasks

P = ParamSpec("P")
T = TypeVar("T")

SCRATCH: Final = "tmp"
"""Folder of the data folder where uploads lie while they come in."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """A picture whose bytes are durable under their keys, and of which no row tells yet."""

    fields: Mapping[str, Any]
    """Of the row to be."""
    keys: tuple[str, ...]
    similar_to: tuple[str, ...] = ()

    @property
    def image_id(self) -> str:
        """The id that its row will have."""
        return str(self.fields["id"])

    @property
    def user_id(self) -> str:
        """Whose it is."""
        return str(self.fields["user_id"])


@dataclass(frozen=True)
class Added:
    """The answer to an upload."""

    image: Image
    task_id: str
    duplicate_of: str | None = None
    """The id of the entry that was there already; it is ``image``."""
    restored: bool = False
    """That entry was in the trash, and is taken out of it."""
    similar_to: tuple[str, ...] = ()
    """Ids of entries that look the same."""


class Ingest:
    """The way in. Used in one event loop; ``close`` at the end."""

    def __init__(
        self, database: Database, storage: Storage, settings: Settings, accounts: Accounts, tasks: Tasks
    ) -> None:
        self.database = database
        self.storage = storage
        self.settings = settings
        self.limits = Limits(size=settings.max_upload_bytes, pixels=settings.max_pixels)
        self.scratch = Scratch(settings.data_folder / SCRATCH)
        self._accounts = accounts
        self._tasks = tasks
        places = max(1, min(8, os.cpu_count() or 1))
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="ingest")
        self._turns = Turns(2 * places)  # while one is written, the next is worked on
        self._large = asyncio.Semaphore(1)

    async def close(self) -> None:
        """Let go of the threads."""
        await asyncio.to_thread(self._threads.shutdown)

    async def add(self, caller: Caller | str, incoming: Incoming) -> Added:
        """Keep one picture. The same file again in the same category is the entry that is there, taken out of the
        trash if it was in it; in another category it is an entry of its own.

        Raises ``ImageUnreadable``, ``ImageTooLarge``, ``NoRoomLeft`` and storage errors.
        """
        user_id = caller if isinstance(caller, str) else caller.owner
        incoming = replace(incoming, category=choose_category(incoming.category))
        seen = await self._look_into(incoming)
        async with self.database.read() as session:
            twins = await found_twins.by_source(session, user_id, seen.source_hash)
        twins = [twin for twin in twins if await self._has_file(twin)]
        if twin := _in_category(twins, incoming.category):
            added = await self._answer_twin(user_id, twin.id, incoming.category)
            if added is not None:
                return added
        prepared = await self._copy(user_id, incoming, twins[0]) if twins else None
        if prepared is None:
            prepared = await self._make(user_id, incoming, seen)
        return await _to_the_end(self._keep_or_discard(prepared))

    async def prepare(self, caller: Caller | str, incoming: Incoming) -> Prepared:
        """Make a picture durable without a row, for makers of pictures, into any category: ``keep`` it in the
        transaction that ends their work, or ``discard`` it. Raises as :meth:`add`."""
        user_id = caller if isinstance(caller, str) else caller.owner
        incoming = replace(incoming, category=Category(incoming.category).value)
        if incoming.made is not None:
            return await self._write_all(user_id, incoming, incoming.made, incoming.made.content_hash)
        return await self._make(user_id, incoming, await self._look_into(incoming))

    async def keep(self, session: AsyncSession, prepared: Prepared) -> Image:
        """The new row of ``prepared``, in the caller's transaction. Raises ``NoRoomLeft``."""
        await changes.hold(session, prepared.user_id)
        await self._check_room(session, prepared.user_id, int(prepared.fields["file_size"]))
        return await changes.add(session, Image(**prepared.fields))

    async def discard(self, prepared: Prepared) -> None:
        """Remove the files of what is not kept after all. Never raises for the storage: the sweep finds the rest."""
        try:
            for key in prepared.keys:
                await self.storage.delete(key)
        except (ServiceError, OSError) as error:
            log.warning("files of a picture that was not kept are left to the sweep: %s", error)

    # ---- pixels and files

    async def _look_into(self, incoming: Incoming) -> Seen:
        return await self._in_thread(look_into, incoming.source, self.limits, clean(incoming.original_name, 80))

    async def _make(self, user_id: str, incoming: Incoming, seen: Seen) -> Prepared:
        async with AsyncExitStack() as held:
            if seen.pixels > LARGE_PIXELS:
                await held.enter_async_context(self._large)
                held.callback(self._threads.submit, give_back_memory)
            # Until the files are written: what was made and waits for its writing is memory, too.
            await held.enter_async_context(self._turns.take(user_id))
            made = await self._in_thread(self._work, incoming)
            return await self._write_all(user_id, incoming, made, seen.source_hash)

    async def _write_all(self, user_id: str, incoming: Incoming, made: Made, source_hash: str) -> Prepared:
        fields = describe_new(user_id, incoming, made, source_hash)
        key = fields["storage_key"]
        files = {key: made.data}
        files |= {thumbnail_key(key, size): data for size, data in made.thumbnails.items()}
        files |= {companion_key(key, kind): data for kind, data in incoming.beside.items()}
        similar = () if incoming.made is not None else await self._find_similar(user_id, made)
        return await _to_the_end(self._write(Prepared(fields, tuple(files), similar), files), self.discard)

    def _work(self, incoming: Incoming) -> Made:
        return make_picture(
            incoming.source,
            limits=self.limits,
            max_side=self.settings.max_side,
            name=clean(incoming.original_name, 80),
            as_made=incoming.as_made,
        )

    async def _find_similar(self, user_id: str, made: Made) -> tuple[str, ...]:
        if made.look.is_plain:
            return ()
        async with self.database.read() as session:
            return await found_twins.by_look(session, user_id, made.look)

    async def _write(self, prepared: Prepared, files: Mapping[str, bytes]) -> Prepared:
        picture, *thumbnails = prepared.keys
        crash_points.reach("ingest.file_begun")
        try:
            await self.storage.put(picture, files[picture])
            crash_points.reach("ingest.file_kept")
            await _all(self.storage.put(key, files[key]) for key in thumbnails)
            crash_points.reach("ingest.thumbnails_kept")
        except BaseException:
            await self.discard(prepared)
            raise
        return prepared

    async def _copy(self, user_id: str, incoming: Incoming, twin: Image) -> Prepared | None:
        """The same bytes under keys of their own, for another category. None where the file is gone."""
        fields = describe_copy(user_id, incoming, twin)
        keys = [fields["storage_key"], *(thumbnail_key(fields["storage_key"], size) for size in THUMBNAIL_SIZES)]
        prepared = Prepared(fields, tuple(keys))
        return await _to_the_end(self._write_copy(prepared, twin.storage_key), self._discard_copy)

    async def _discard_copy(self, prepared: Prepared | None) -> None:
        if prepared is not None:
            await self.discard(prepared)

    async def _write_copy(self, prepared: Prepared, original: str) -> Prepared | None:
        picture = prepared.keys[0]
        crash_points.reach("ingest.file_begun")
        try:
            await self.storage.copy(original, picture)
            crash_points.reach("ingest.file_kept")
            await _all(
                self.storage.copy(thumbnail_key(original, size), thumbnail_key(picture, size))
                for size in THUMBNAIL_SIZES
            )
            crash_points.reach("ingest.thumbnails_kept")
        except FileNotFoundError:
            await self.discard(prepared)
            return None
        except BaseException:
            await self.discard(prepared)
            raise
        return prepared

    # ---- the transaction

    async def _keep_or_discard(self, prepared: Prepared) -> Added:
        async def work(session: AsyncSession) -> Added:
            await changes.hold(session, prepared.user_id)
            twin = await self._find_twin(session, prepared)
            if twin is not None:
                return await self._accept_twin(session, twin)
            image = await self.keep(session, prepared)
            task_id = await self._record(session, image)
            crash_points.reach("ingest.before_commit")
            return Added(image, task_id, similar_to=prepared.similar_to)

        try:
            added = await self.database.write(work)
        except VtonError:
            await self.discard(prepared)
            raise
        except IntegrityError as error:
            await self.discard(prepared)
            if await self._is_gone(prepared.user_id):
                raise SignInNeeded from error
            raise
        except BaseException:
            if not await self._may_be_kept(prepared):
                await self.discard(prepared)
            raise
        crash_points.reach("ingest.after_commit")
        if added.image.id != prepared.image_id:
            await self.discard(prepared)
        return added

    async def _find_twin(self, session: AsyncSession, prepared: Prepared) -> Image | None:
        fields = prepared.fields
        twins = await found_twins.by_source(session, prepared.user_id, fields["source_hash"])
        twin = _in_category(twins, fields["category"])
        if twin is None:
            twins = await found_twins.by_content(session, prepared.user_id, fields["content_hash"], fields["category"])
            twin = twins[0] if twins else None
        return twin

    async def _answer_twin(self, user_id: str, image_id: str, category: str) -> Added | None:
        """The entry that was there, when it still is."""

        async def work(session: AsyncSession) -> Added | None:
            await changes.hold(session, user_id)
            twin = next(iter(await repository.find_images(session, user_id, [image_id])), None)
            if twin is None or twin.category != category:
                return None
            return await self._accept_twin(session, twin)

        return await self.database.write(work)

    async def _accept_twin(self, session: AsyncSession, twin: Image) -> Added:
        restored = twin.in_trash
        if restored:
            await changes.restore(session, [twin])
        task_id = await self._record(session, twin)
        return Added(twin, task_id, duplicate_of=twin.id, restored=restored)

    async def _has_file(self, image: Image) -> bool:
        """Whether its file is there; where it is not, the entry says so from now on and is nobody's twin."""
        try:
            await self.storage.stat(image.storage_key)
        except FileNotFoundError:
            await self.database.write(lambda session: found_twins.mark(session, [image.id], found_twins.MISSING))
            return False
        return True

    async def _record(self, session: AsyncSession, image: Image) -> str:
        result = {"image_id": image.id, "filename": image.filename, "category": image.category}
        return await self._tasks.record_upload(session, user_id=image.user_id, image_id=image.id, result=result)

    async def _check_room(self, session: AsyncSession, user_id: str, more: int) -> None:
        limit = await self._accounts.quota(session, user_id)
        if not limit:
            return
        totals = await repository.read_totals(session, user_id)
        used = sum(size for name, size in totals.bytes.items() if name != changes.FAVORITES)
        if used + more > limit:
            raise NoRoomLeft(used=_megabytes(used), limit=_megabytes(limit))

    async def _is_gone(self, user_id: str) -> bool:
        """Whether the account was deleted while its picture came in."""
        async with self.database.read() as session:
            return await session.get(User, user_id) is None

    async def _may_be_kept(self, prepared: Prepared) -> bool:
        """Whether the row may be there: a connection that breaks during a commit does not say how it ended."""
        try:
            async with self.database.read() as session:
                return bool(await repository.find_images(session, prepared.user_id, [prepared.image_id]))
        except (SQLAlchemyError, ServiceError, OSError):
            log.warning("whether a picture was kept is unknown; its files are left to the sweep")
            return True

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        job = partial(work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, job)


def choose_category(name: str | None) -> str:
    """The upload category ``name``; ``clothes`` where it is none."""
    return name if name in UPLOAD_CATEGORIES else Category.CLOTHES.value


def _in_category(twins: list[Image], category: str) -> Image | None:
    """The twin in ``category``, one outside the trash first."""
    return min((twin for twin in twins if twin.category == category), key=lambda twin: twin.in_trash, default=None)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


async def _all(works: Any) -> None:
    """Do ``works`` at the same time; when one fails, the others are still waited for."""
    for outcome in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


async def _to_the_end(work: Coroutine[Any, Any, T], undo: Callable[[T], Awaitable[None]] | None = None) -> T:
    """What ``work`` returns. Who is cancelled meanwhile still waits for its end, and for what undoes it: half of it
    must not be left."""
    job = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        if undo is not None:
            job = asyncio.ensure_future(_undo(job, undo))  # type: ignore[arg-type]
        while not job.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({job})
        if not job.cancelled() and job.exception() is not None:
            log.info("what was broken off ended with %r", job.exception())
        raise


async def _undo(job: asyncio.Future[T], undo: Callable[[T], Awaitable[None]]) -> None:
    await undo(await job)


__all__ = ["Added", "Incoming", "Ingest", "Prepared", "choose_category"]
