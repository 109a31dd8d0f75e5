"""Random lives of a library, compared with a plain model: totals, listings in every order, favourites, journal."""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.library.rows import BEGIN, caller_of, make_image, make_people

from vtonlab.db import journal
from vtonlab.db.database import Database
from vtonlab.library import changes, listeners
from vtonlab.library.browsing import Page
from vtonlab.library.listings import Filter, Sort
from vtonlab.library.marks import Places
from vtonlab.library.models import Category, Favorite, Image, KindBy, LibraryState
from vtonlab.library.service import Library
from vtonlab.settings import Settings
from vtonlab.storage.local import LocalStorage

T = TypeVar("T")
USER, OTHER = "u1", "u2"
EVERY = 3
"""Marks are close together, so that few pictures have many of them."""

NAMES = ("a", "b", "B", "é", "衣", "a b", "")
COLOURS = ("red", "blue")
SHOWN = (
    (Filter(), (Sort.NEWEST, Sort.OLDEST, Sort.NAME, Sort.LARGEST)),
    (Filter(category="clothes"), (Sort.NEWEST, Sort.OLDEST, Sort.NAME, Sort.LARGEST)),
    (Filter(favorite=True), (Sort.NEWEST, Sort.LIKED, Sort.NAME)),
    (Filter(colour="red"), (Sort.NEWEST, Sort.LARGEST)),
    (Filter(garment_kind="upper"), (Sort.NEWEST, Sort.NAME)),
    (Filter(category="clothes", garment_kind="lower"), (Sort.OLDEST,)),
    (Filter(words=("é",)), (Sort.NEWEST, Sort.NAME)),
    (Filter(category="char", favorite=True, colour="blue"), (Sort.OLDEST,)),
    (Filter(trash=True), (Sort.DELETED,)),
)
LISTINGS = [(chosen, sort) for chosen, sorts in SHOWN for sort in sorts]


@dataclass(frozen=True)
class Known:
    """A picture as the model has it; the moments are numbers of steps."""

    id: str
    category: str
    title: str
    colour: str
    size: int
    saved: datetime
    kind: str = ""
    by: str = ""
    liked: int = 0
    deleted: int = 0

    @property
    def name(self) -> str:
        return (self.title or "photo").casefold()


def is_shown(known: Known, chosen: Filter) -> bool:
    return (
        bool(known.deleted) == chosen.trash
        and chosen.category in {None, known.category}
        and chosen.colour in {None, known.colour}
        and (not chosen.garment_kind or (known.category, known.kind) == ("clothes", chosen.garment_kind))
        and (bool(known.liked) or not chosen.favorite)
        and all(word in known.name for word in chosen.words)
    )


ORDERS: dict[Sort, Callable[[Known], tuple[Any, str]]] = {
    Sort.NEWEST: lambda known: (known.saved, known.id),
    Sort.OLDEST: lambda known: (known.saved, known.id),
    Sort.NAME: lambda known: (known.name.encode(), known.id),
    Sort.LARGEST: lambda known: (known.size, known.id),
    Sort.LIKED: lambda known: (known.liked, known.id),
    Sort.DELETED: lambda known: (known.deleted, known.id),
}


@contextmanager
def nobody_hears() -> Iterator[None]:
    """What is changed inside is changed by another process, as far as this one knows."""
    kept, listeners._followed = listeners._followed, []
    try:
        yield
    finally:
        listeners._followed = kept


class LibraryMachine(RuleBasedStateMachine):
    """One user's library changed in every way, and looked at after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copyfile(TEMPLATE[0], self.folder / "test.db")
        self.database = Database(f"sqlite:///{self.folder / 'test.db'}")
        storage = LocalStorage(self.folder)
        self.library = Library(self.database, storage, Settings(), places=Places(every=EVERY))
        self.numbers = itertools.count(1)
        self.model: dict[str, Known] = {}
        self.journal: list[tuple[str, str]] = []
        self.version = 0
        self.watched: tuple[Filter, Sort, int] | None = None
        self.cursor: tuple[Filter, Sort, str, set[str], list[str]] | None = None
        self.run(make_people(self.database, USER, OTHER))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    def change(self, work: Callable[[AsyncSession], Coroutine[Any, Any, T]], *, elsewhere: bool) -> T:
        self.version += 1
        if not elsewhere:
            return self.run(self.database.write(work))
        with nobody_hears():
            return self.run(self.database.write(work))

    def choose(self, data: st.DataObject, *, trash: bool | None = None) -> list[str]:
        ids = [known.id for known in self.model.values() if trash in {None, bool(known.deleted)}]
        return data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=4, unique=True)) if ids else []

    @initialize(
        count=st.integers(14, 24), seed=st.integers(0, 999), watched=st.sampled_from(LISTINGS), size=st.integers(1, 3)
    )
    def begin(self, count: int, seed: int, watched: tuple[Filter, Sort], size: int) -> None:
        """Small libraries have no marks: none begins empty. One listing is looked at after every step."""
        self.add_many(count, random.Random(seed), elsewhere=False)
        self.watched = (*watched, size)

    @rule(count=st.integers(1, 4), seed=st.integers(0, 999), elsewhere=st.booleans())
    def add(self, count: int, seed: int, elsewhere: bool) -> None:
        self.add_many(count, random.Random(seed), elsewhere=elsewhere)

    def add_many(self, count: int, chance: random.Random, *, elsewhere: bool) -> None:
        added = [
            Known(
                id=f"{next(self.numbers):032x}",
                category=chance.choice(("clothes", "clothes", "char")),
                title=chance.choice(NAMES),
                colour=chance.choice(COLOURS),
                size=chance.randrange(1, 4),
                saved=BEGIN + timedelta(minutes=chance.randrange(8)),  # many at the same moment: ids decide
                liked=next(self.numbers) * chance.randrange(2),
            )
            for _ in range(count)
        ]

        async def work(session: AsyncSession) -> None:
            for known in added:
                image = make_image(USER, int(known.id, 16), category=known.category, colour=known.colour)
                image.page_title, image.original_name = known.title or None, "photo"
                image.saved_at, image.file_size = known.saved, known.size
                await changes.add(session, image)
                if known.liked:
                    await changes.favour(session, image)

        self.change(work, elsewhere=elsewhere)
        for known in added:
            self.model[known.id] = known
            self.journal += [("create", known.id), *([("tag", known.id)] * bool(known.liked))]

    def act(self, ids: list[str], act: Callable[..., Any], elsewhere: bool) -> Any:
        async def work(session: AsyncSession) -> Any:
            images = (await session.execute(select(Image).where(Image.id.in_(ids)))).scalars().all()
            return await act(session, sorted(images, key=lambda image: ids.index(image.id)))

        return self.change(work, elsewhere=elsewhere)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), elsewhere=st.booleans())
    def trash(self, data: st.DataObject, elsewhere: bool) -> None:
        ids, step = self.choose(data), next(self.numbers)
        gone = self.act(ids, changes.trash, elsewhere)
        here = [each for each in ids if not self.model[each].deleted]
        assert [image.id for image in gone] == here
        for each in here:
            self.model[each] = replace(self.model[each], deleted=step)
            self.journal.append(("delete", each))

    @precondition(lambda self: self.model)
    @rule(data=st.data(), elsewhere=st.booleans())
    def restore(self, data: st.DataObject, elsewhere: bool) -> None:
        ids = self.choose(data)
        self.act(ids, changes.restore, elsewhere)
        for each in ids:
            if self.model[each].deleted:
                self.model[each] = replace(self.model[each], deleted=0)
                self.journal.append(("restore", each))

    @precondition(lambda self: any(known.deleted for known in self.model.values()))
    @rule(data=st.data(), elsewhere=st.booleans())
    def purge(self, data: st.DataObject, elsewhere: bool) -> None:
        ids, storage = self.choose(data, trash=True), self.library.storage
        assert self.act(ids, lambda s, images: changes.purge(s, images, storage), elsewhere) == len(ids)
        for each in ids:
            del self.model[each]
            self.journal.append(("purge", each))

    @precondition(lambda self: self.model)
    @rule(data=st.data(), like=st.booleans(), elsewhere=st.booleans())
    def favour(self, data: st.DataObject, like: bool, elsewhere: bool) -> None:
        (each,), step = self.choose(data)[:1], next(self.numbers)
        act = changes.favour if like else changes.unfavour
        done = self.act([each], lambda session, images: act(session, images[0]), elsewhere)
        known = self.model[each]
        assert done == (bool(known.liked) != like and not known.deleted)
        if done:
            self.model[each] = replace(known, liked=step if like else 0)
            self.journal.append(("tag", each))

    @precondition(lambda self: self.model)
    @rule(data=st.data(), category=st.sampled_from(["clothes", "char"]), elsewhere=st.booleans())
    def move(self, data: st.DataObject, category: str, elsewhere: bool) -> None:
        ids = self.choose(data)
        self.act(ids, lambda session, images: changes.move_all(session, images, category), elsewhere)
        for each in ids:
            if self.model[each].category != category:
                self.model[each] = replace(self.model[each], category=category)
                self.journal.append(("set", each))

    @precondition(lambda self: self.model)
    @rule(
        data=st.data(),
        kind=st.sampled_from(["", "upper", "lower"]),
        by=st.sampled_from([KindBy.ENGINE, KindBy.PERSON]),
        elsewhere=st.booleans(),
    )
    def tell_kind(self, data: st.DataObject, kind: str, by: KindBy, elsewhere: bool) -> None:
        (each,) = self.choose(data)[:1]
        known = self.model[each]
        done = self.act([each], lambda session, images: changes.tell_kind(session, images[0], kind, by), elsewhere)
        assert done == ((known.kind, known.by) != (kind, by) and not (known.by == "person" and by == "engine"))
        if done:
            self.model[each] = replace(known, kind=kind, by=by.value)
            self.journal.append(("set", each))

    @precondition(lambda self: self.model)
    @rule(data=st.data(), title=st.sampled_from(NAMES), elsewhere=st.booleans())
    def retitle(self, data: st.DataObject, title: str, elsewhere: bool) -> None:
        (each,) = self.choose(data)[:1]
        self.act([each], lambda session, images: changes.retitle(session, images[0], f" {title}\t"), elsewhere)
        if self.model[each].title != title:
            self.model[each] = replace(self.model[each], title=title)
            self.journal.append(("set", each))

    @rule()
    def undo(self) -> None:
        """A transaction that fails leaves nothing, and tells nobody."""

        async def work(session: AsyncSession) -> None:
            await changes.add(session, make_image(USER, 9_999))
            raise LookupError

        with pytest.raises(LookupError):
            self.run(self.database.write(work))

    @invariant()
    def pages_are_right(self) -> None:
        if self.watched:
            self.look(*self.watched)

    @rule(listing=st.sampled_from(LISTINGS), size=st.integers(2, 5))
    def look_at_another(self, listing: tuple[Filter, Sort], size: int) -> None:
        self.look(*listing, size)

    def look(self, chosen: Filter, sort: Sort, size: int) -> None:
        """Every page by number, in an order of its own, and one beyond the end."""
        expected = self.expect(chosen, sort)
        pages = -(-len(expected) // size)
        for page in sorted(range(1, pages + 2), key=lambda page: page * 3 % 7):
            found = self.browse(chosen, sort, page=page, size=size)
            assert found.total == len(expected)
            assert found.pages == pages
            assert [entry.id for entry in found.items] == expected[(page - 1) * size : page * size]
            assert bool(found.next_cursor) == (len(expected) > page * size)

    @rule(listing=st.sampled_from(LISTINGS[:10]), size=st.integers(1, 4))
    def begin_a_walk(self, listing: tuple[Filter, Sort], size: int) -> None:
        chosen, sort = listing
        found = self.browse(chosen, sort, size=size)
        if found.next_cursor:
            there = set(self.expect(chosen, sort))
            self.cursor = chosen, sort, found.next_cursor, there, [entry.id for entry in found.items]

    @precondition(lambda self: self.cursor)
    @rule(size=st.integers(1, 4), to_the_end=st.booleans())
    def walk_on(self, size: int, to_the_end: bool) -> None:
        """Whatever comes and goes during a walk: nothing is shown twice, and nothing left out that was always there."""
        assert self.cursor
        chosen, sort, cursor, there, seen = self.cursor
        while True:
            found = self.browse(chosen, sort, size=size, cursor=cursor)
            seen += [entry.id for entry in found.items]
            if found.next_cursor is None:
                assert len(seen) == len(set(seen))
                assert there <= set(seen)
                self.cursor = None
                return
            cursor = found.next_cursor
            if not to_the_end:
                self.cursor = chosen, sort, cursor, there, seen
                return

    @invariant()
    def what_was_always_there(self) -> None:
        if self.cursor:  # a picture that is renamed stands elsewhere: names are not walked here
            self.cursor[3].intersection_update(self.expect(self.cursor[0], self.cursor[1]))

    @invariant()
    def books_are_right(self) -> None:
        totals, likes, entries = self.run(self.read())
        assert totals.version == self.version
        expected: dict[str, list[int]] = {name: [0, 0] for name in (*Category, changes.TRASH, changes.FAVORITES)}
        for known in self.model.values():
            names = [changes.TRASH] if known.deleted else [known.category, *([changes.FAVORITES] * bool(known.liked))]
            for name in names:
                expected[name][0] += 1
                expected[name][1] += known.size
        assert {name: [totals.images.get(name, 0), totals.bytes.get(name, 0)] for name in expected} == expected
        assert set(likes) == {known.id for known in self.model.values() if known.liked}
        assert len(likes) == len(set(likes))
        assert entries == self.journal

    async def read(self) -> tuple[Any, list[str], list[tuple[str, str]]]:
        totals = await self.library.totals(USER)
        async with self.database.read() as session:
            likes = (await session.execute(select(Favorite.image_id))).scalars().all()
            entries = await journal.read(session, USER, limit=100_000)
            assert (await session.execute(select(LibraryState.user_id))).scalars().all() in ([], [USER])
        assert not (await self.library.totals(OTHER)).images
        return totals, list(likes), [(entry.action, entry.entity_id) for entry in entries]

    def browse(self, chosen: Filter, sort: Sort, **asked: Any) -> Page:
        return self.run(self.library.browse(caller_of(USER).owner, chosen, sort, **asked))

    def expect(self, chosen: Filter, sort: Sort) -> list[str]:
        found = [known for known in self.model.values() if is_shown(known, chosen)]
        found.sort(key=ORDERS[sort], reverse=sort not in {Sort.OLDEST, Sort.NAME})
        return [known.id for known in found]


TEMPLATE: list[Path] = []
STRICT = settings(deadline=None, suppress_health_check=list(HealthCheck))


def test_a_library_is_what_was_done_to_it(sqlite_template: Path) -> None:
    TEMPLATE[:] = [sqlite_template]
    run_state_machine_as_test(LibraryMachine, settings=settings(STRICT, max_examples=5, stateful_step_count=16))


@pytest.mark.deep
def test_a_library_is_what_was_done_to_it_at_length(sqlite_template: Path) -> None:
    TEMPLATE[:] = [sqlite_template]
    run_state_machine_as_test(LibraryMachine, settings=settings(STRICT, max_examples=50, stateful_step_count=60))
