"""Fittings, from the order to the picture in the library.

ask → (refused, or) a task in the line of its engine → jobs.py → wait → picture and history entry
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller, Permission
from vtonlab.accounts.hooks import AccountHook
from vtonlab.db.database import Database
from vtonlab.errors import BadOption, NotThere, Text
from vtonlab.fitting import repository
from vtonlab.fitting.choosing import settle_kind, settle_layers, settle_mask, settle_options
from vtonlab.fitting.history import Fitted, HistoryItem, HistoryPage
from vtonlab.fitting.hooks import FittingHook
from vtonlab.fitting.jobs import FittingJobs
from vtonlab.fitting.kept import Kept
from vtonlab.fitting.masks import DRAWN, read_drawn
from vtonlab.fitting.models import VtonHistory
from vtonlab.fitting.orders import MOST_PAIRS, Layer, Matrix, Order, Wanted, name_pictures
from vtonlab.fitting.results import Results
from vtonlab.fitting.waiting import wait_for_end
from vtonlab.imaging.signing import Signer
from vtonlab.library.ingest import Ingest
from vtonlab.library.listings import is_id
from vtonlab.library.service import HISTORY_ENTRY, Library
from vtonlab.providers.admission import check_line, check_payer
from vtonlab.providers.engines import Engines
from vtonlab.remote.service import Outbound
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.tasks.contract import JobKind
from vtonlab.tasks.cursors import read_cursor, write_cursor
from vtonlab.tasks.models import Task
from vtonlab.tasks.service import Tasks

if TYPE_CHECKING:
    from vtonlab.accounts.service import Accounts
    from vtonlab.providers.conditions import Conditions

KIND: Final = "tryon"
MOST_FAILURES: Final = 5
"""Attempts that may end in a retryable error: with the pauses between them a service has half a minute to come back."""
MOST_PER_PAGE: Final = 50
DEEPEST_PAGE: Final = 1_000_000
TOO_MANY = Text(
    f"at least one picture and at most {MOST_PAIRS} pairs at once", f"至少一张图片，一次最多 {MOST_PAIRS} 组"
)
MASK = Text("mask", "遮罩")


class Fitting:
    """What routes ask of fittings. Used in one event loop."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        settings: Settings,
        accounts: Accounts,  # noqa: ARG002 - as every feature is given it
        tasks: Tasks,
        library: Library,
        ingest: Ingest,
        outbound: Outbound,
        signer: Signer,
        *,
        kept: Kept | None = None,
        conditions: Conditions | None = None,
    ) -> None:
        """``kept`` is shared with previews; ``conditions`` knows which engines are not set up."""
        self.kept = kept or Kept(settings.cache_bytes)
        self.hook: AccountHook = FittingHook(database)
        self.engines = Engines(settings, conditions)
        self._database = database
        self._storage = storage
        self._settings = settings
        self._tasks = tasks
        self._library = library
        self._drawing = asyncio.Lock()
        self._jobs = FittingJobs(
            database,
            storage,
            settings,
            library,
            self.engines,
            Results(ingest),
            outbound,
            signer,
            self.kept,
        )

    def register(self) -> None:
        """Let fittings be made here, and the library find the pictures of history entries."""
        self._tasks.register(JobKind(KIND, self._jobs.handle, self.engines.seat, max_failures=MOST_FAILURES))
        self._library.know_history(_find_picture)

    # ---- asking

    async def ask(self, caller: Caller, order: Order, *, idempotency_key: str | None = None) -> Task:
        """Put a fitting in line; with the ``idempotency_key`` of an earlier one of the caller, that one.

        Raises ``SignInNeeded``, ``NotAllowed``, ``TooManyRequests``, ``UnknownEngine``, ``EngineUnavailable``,
        ``EngineNotSetUp``, ``NotForCommerce``, ``WrongKind``, ``BadOption``, ``NotThere`` for a missing picture,
        ``Conflict`` for a key that was used for something else.
        """
        user_id = caller.require(Permission.TRYON_CREATE, signed_in=False)
        try:
            wanted = await self._look_through(caller, order)
        except NotThere:
            names = (order.human_image, *(layer.image for layer in order.layers))
            if (first := await self._find_first(user_id, names, idempotency_key)) is None:
                raise
            return first

        async def work(session: AsyncSession) -> Task:
            task = await self._add(session, user_id, wanted, idempotency_key)
            await self._check_line(session, caller)
            return task

        return await self._database.write(work)

    async def ask_matrix(self, caller: Caller, matrix: Matrix, *, idempotency_key: str | None = None) -> Task:
        """Put everybody in everything in line: a group, and a task for each pair, in one transaction. Raises as
        :meth:`ask`, ``BadOption`` for more than ``MOST_PAIRS``."""
        user_id = caller.require(Permission.TRYON_CREATE, signed_in=False)
        pairs = len(matrix.human_images) * len(matrix.garment_images)
        if not 1 <= pairs <= MOST_PAIRS:
            raise BadOption(option="garment_images", reason=TOO_MANY)
        try:
            all_wanted = await self._look_through_all(caller, matrix)
        except NotThere:
            names = (*matrix.human_images, *matrix.garment_images)
            if (first := await self._find_first(user_id, names, idempotency_key)) is None:
                raise
            return first
        parameters = {
            "engine": all_wanted[0].engine,
            "human_images": list(dict.fromkeys(wanted.human_image for wanted in all_wanted)),
            "garment_images": list(dict.fromkeys(wanted.layers[0].image for wanted in all_wanted)),
            "garment_kind": matrix.kind.value,
            "options": dict(all_wanted[0].options),
        }

        async def work(session: AsyncSession) -> Task:
            group = await self._tasks.add_group(
                session, user_id=user_id, kind=KIND, parameters=parameters, idempotency_key=idempotency_key
            )
            for number, wanted in enumerate(all_wanted):
                key = _child_key(idempotency_key, number)
                await self._add(session, user_id, wanted, key, parent_id=group.task_id)
            await self._check_line(session, caller)
            return group

        return await self._database.write(work)

    async def _find_first(self, user_id: str, names: tuple[str, ...], idempotency_key: str | None) -> Task | None:
        """What was asked for with that key when all the pictures of these names were still there: a request repeated is
        answered the same. A picture that is gone is compared only where it is named by its id."""
        if idempotency_key is None:
            return None
        async with self._database.read() as session:
            first = await self._tasks.find_first(session, user_id, idempotency_key)
            if first is None or first.kind != KIND:
                return None
            known = name_pictures(first.parameters)
            for name in names:
                try:
                    image_id = (await self._library.find(session, user_id, name)).id
                except NotThere:
                    image_id = name
                is_filename = "." in image_id
                if image_id not in known and not is_filename:
                    return None
        return first

    async def _check_line(self, session: AsyncSession, caller: Caller) -> None:
        """After what was asked for was added: a request repeated with its key adds nothing."""
        await session.flush()
        await check_line(session, self._tasks, self._settings, caller, KIND, self._settings.tryon_waiting)

    async def _look_through(self, caller: Caller, order: Order) -> Wanted:
        engine, user_id = await self.engines.choose(order.engine), caller.owner
        check_payer(self._settings, caller, engine)
        layers = settle_layers(engine, order.layers)
        mask, drawn = settle_mask(engine, order), None
        options, shown = settle_options(engine, order)
        if mask is not None and mask.startswith(DRAWN):
            async with self._drawing:  # one at a time: unpacked, it may take 100 MB
                drawn, mask = await asyncio.to_thread(read_drawn, mask), None
        async with self._database.read() as session:
            found = [
                await self._library.find(session, user_id, name)
                for name in (order.human_image, *(layer.image for layer in layers), *([mask] if mask else []))
            ]
        if drawn is not None:
            drawn.check_shape(found[0].image_width, found[0].image_height)
        ids = [image.id for image in found]
        garments = settle_layers(
            engine,
            tuple(
                Layer(image.id, settle_kind(layer.kind, image)) for image, layer in zip(found[1:], layers, strict=False)
            ),
        )
        return Wanted(
            engine=engine.name,
            human_image=ids[0],
            layers=garments,
            options=options,
            shown=shown,
            description=order.description if engine.capabilities.description else "",
            mask_image=ids[-1] if mask else None,
            drawn_mask=drawn.png if drawn else None,
        )

    async def _look_through_all(self, caller: Caller, matrix: Matrix) -> list[Wanted]:
        """Every pair once, as asked; what holds for all of them is looked at in the first one."""
        first, user_id = await self._look_through(caller, matrix.orders()[0]), caller.owner
        async with self._database.read() as session:
            known = {
                name: await self._library.find(session, user_id, name)
                for name in dict.fromkeys((*matrix.human_images, *matrix.garment_images))
            }
        garments = {image.id: Layer(image.id, settle_kind(matrix.kind, image)) for image in known.values()}
        pairs = dict.fromkeys(
            (known[order.human_image].id, known[order.layers[0].image].id) for order in matrix.orders()
        )
        return [replace(first, human_image=human, layers=(garments[garment],)) for human, garment in pairs]

    async def _add(
        self,
        session: AsyncSession,
        user_id: str,
        wanted: Wanted,
        idempotency_key: str | None,
        parent_id: str | None = None,
    ) -> Task:
        return await self._tasks.add(
            session,
            user_id=user_id,
            kind=KIND,
            lane=wanted.engine,
            parameters=wanted.write(),
            idempotency_key=idempotency_key,
            parent_id=parent_id,
        )

    # ---- what came of it

    async def wait(self, caller: Caller, task_id: str) -> Fitted:
        """What the task made, once it has ended. Whoever stops waiting stops nothing.

        Raises the task's own error with its code, status and words, ``Cancelled`` where it was, ``NotThere`` for what
        is no fitting of the caller's, and ``EngineTimeout`` after ``wait_seconds``: the task goes on.
        """
        task = await wait_for_end(self._tasks, caller, task_id, self._settings.wait_seconds)
        item = await self.item(caller, str((task.result or {}).get("vton_id", "")))
        if item.picture is None:
            raise NotThere(thing=HISTORY_ENTRY, id=item.entry.id)
        data = await self._load_picture(caller.owner, item.picture.id)
        return Fitted(task.task_id, item.entry, item.picture, data, item.picture.media_type)

    async def _load_picture(self, user_id: str, image_id: str) -> bytes:
        async with self._database.read() as session:
            image = await self._library.find(session, user_id, image_id)
        return await self._load(image.storage_key, HISTORY_ENTRY, image_id)

    async def _load(self, key: str, thing: Text, name: str) -> bytes:
        try:
            return await self._storage.load(key)
        except FileNotFoundError as error:
            raise NotThere(thing=thing, id=name) from error

    # ---- history

    async def history(
        self, caller: Caller, page: int = 1, per_page: int = 20, cursor: str | None = None
    ) -> HistoryPage:
        """A page of the caller's fittings, the newest first; empty beyond the end, and for strangers. A ``cursor``
        outweighs ``page``; raises ``BadRequest`` for one that is none of ours."""
        per_page, page = max(1, min(per_page, MOST_PER_PAGE)), max(1, min(page, DEEPEST_PAGE))
        if caller.user_id is None:
            return HistoryPage([], 0, page, per_page)
        user_id = caller.require(Permission.IMAGES_READ, signed_in=False)
        page, after = read_cursor(cursor) if cursor else (page, None)
        skip = 0 if after else (page - 1) * per_page
        async with self._database.read() as session:
            total = await repository.count(session, user_id)
            rows = await repository.page(session, user_id, skip, per_page + 1, after)
            has_more, rows = len(rows) > per_page, rows[:per_page]
            pictures = await self._library.read(session, user_id, [row.result_image_id or "" for row in rows])
        items = [HistoryItem(row, pictures.get(row.result_image_id or "")) for row in rows]
        following = write_cursor(page + 1, rows[-1].created_at, rows[-1].id) if has_more else None
        return HistoryPage(items, total, page, per_page, following)

    async def entry(self, caller: Caller, entry_id: str) -> VtonHistory:
        """A fitting of the caller's. Raises ``NotThere``."""
        return (await self.item(caller, entry_id)).entry

    async def item(self, caller: Caller, entry_id: str) -> HistoryItem:
        """A fitting of the caller's with its picture. Raises ``NotThere``."""
        user_id = caller.require(Permission.IMAGES_READ, signed_in=False)
        if is_id(entry_id):
            async with self._database.read() as session:
                row = await repository.find(session, user_id, entry_id)
                if row is not None:
                    pictures = await self._library.read(session, user_id, [row.result_image_id or ""])
                    return HistoryItem(row, pictures.get(row.result_image_id or ""))
        raise NotThere(thing=HISTORY_ENTRY, id=entry_id[:80])

    async def mask(self, caller: Caller, entry_id: str) -> bytes:
        """Where the result differs from the photo, white, as PNG. Raises ``NotThere``."""
        item = await self.item(caller, entry_id)
        if not item.has_mask or item.entry.mask_image is None:
            raise NotThere(thing=MASK, id=entry_id)
        return await self._load(item.entry.mask_image, MASK, entry_id)


async def _find_picture(session: AsyncSession, user_id: str, entry_id: str) -> str | None:
    """For the library: the picture of a history entry."""
    row = await repository.find(session, user_id, entry_id)
    return None if row is None else row.result_image_id


def _child_key(key: str | None, number: int) -> str | None:
    """The key of a group's child; no client's key looks like it by chance."""
    return None if key is None else f"{hashlib.sha256(key.encode()).hexdigest()[:48]}:{number}"
