"""Marks stay right while entries come and go; what is found once a version is found again at the next."""

from __future__ import annotations

from bisect import insort
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.library.rows import BEGIN, add_images, make_image, make_people
from tests.unit.library.test_browse_machine import nobody_hears

from vtonlab.db.database import Database
from vtonlab.library.listeners import Changed, Place, Step
from vtonlab.library.listings import Filter, Listing, Sort
from vtonlab.library.marks import MOST_WAITING, Marks, Places
from vtonlab.library.service import Library
from vtonlab.settings import Settings
from vtonlab.storage.local import LocalStorage

EVERY = 3
BY_SIZE = Listing("u1", Filter(category="clothes"), Sort.LARGEST)
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def place(size: int, number: int, category: str = "clothes") -> Place:
    return Place(
        id=f"{number:02}",
        category=category,
        in_trash=False,
        colour="",
        garment_kind="",
        is_favorited=False,
        saved_at=MOMENT,
        sort_name="",
        file_size=size,
        favorited_at=None,
        deleted_at=None,
    )


Entries = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), unique_by=lambda entry: entry[1])


@given(there=Entries, coming=Entries, data=st.data())
def test_a_mark_says_how_many_lie_below_it(
    there: list[tuple[int, int]], coming: list[tuple[int, int]], data: st.DataObject
) -> None:
    keys = sorted((size, f"{number:02}") for size, number in there)
    marks = Marks(0, [*keys[EVERY::EVERY]], [*range(EVERY, len(keys), EVERY)])
    taken = {number for _, number in there}
    steps = [Step(None, place(size, number)) for size, number in coming if number not in taken]
    steps += [Step(place(size, number), None) for size, number in there if data.draw(st.booleans())]
    steps += [Step(place(0, 98, "char"), None), Step(None, place(5, 99, "char"))]
    batches = [Changed("u1", version, version + 1, [step]) for version, step in enumerate(steps)]
    for changed in data.draw(st.permutations(batches)) if len(batches) < MOST_WAITING else batches:
        assert marks.follow(BY_SIZE, changed)
    for step in steps:
        left, entered = BY_SIZE.key_of(step.before), BY_SIZE.key_of(step.after)
        if left:
            keys.remove((int(str(left[0])), left[1]))
        if entered:
            insort(keys, (int(str(entered[0])), entered[1]))
    assert marks.version == len(batches)
    assert marks.ranks == [sum(key < mark for key in keys) for mark in marks.keys]


def test_marks_that_missed_something_give_up() -> None:
    marks = Marks(0, [], [])
    told = [marks.follow(BY_SIZE, Changed("u1", number + 1, number + 2, [])) for number in range(MOST_WAITING)]
    assert told == [True] * (MOST_WAITING - 1) + [False]
    assert marks.version == 0


@pytest.mark.anyio
async def test_what_was_found_is_found_again_after_any_change(database: Database, tmp_path: Path) -> None:
    await make_people(database, "u1")
    library = Library(database, LocalStorage(tmp_path), Settings(data=tmp_path), places=Places(every=EVERY))
    listings = [
        (Filter(words=("photo",)), Sort.NEWEST),
        (Filter(colour="red"), Sort.NEWEST),
        (Filter(category="clothes", colour="red"), Sort.OLDEST),
        (Filter(), Sort.NEWEST),
    ]
    oldest_first: list[str] = []
    for number in range(24):
        if number % 3:
            oldest_first += await add_images(database, make_image("u1", number, colour="red"))
        else:
            with nobody_hears():  # one older than all: every mark would be off by one
                saved = BEGIN - timedelta(minutes=number)
                added = await add_images(database, make_image("u1", number, colour="red", saved_at=saved))
            oldest_first[:0] = added
        for chosen, sort in listings:
            ids = oldest_first if sort is Sort.OLDEST else oldest_first[::-1]
            middle = number // 4 + 1
            for page in (1, middle, middle + 1, middle, number // 2 + 1):  # marks are made at the second jump
                found = await library.browse("u1", chosen, sort, page=page, size=2)
                assert found.total == number + 1
                assert [entry.id for entry in found.items] == ids[2 * (page - 1) : 2 * page], (chosen, number)


@pytest.mark.anyio
async def test_what_is_kept_is_bounded(database: Database, tmp_path: Path) -> None:
    """Of more users than there is room for, those looked at last are known."""
    people = [f"u{number}" for number in range(6)]
    await make_people(database, *people)
    places = Places(most=25, every=1)
    library = Library(database, LocalStorage(tmp_path), Settings(data=tmp_path), places=places)
    for number, user in enumerate(people):
        await add_images(database, *(make_image(user, 100 * number + each) for each in range(12)))
        for _ in range(3):
            assert len((await library.browse(user, Filter(), page=3, size=2)).items) == 2
        assert (await library.browse(user, Filter(words=("photo",)), page=3, size=2)).total == 12
        assert sum(shelf.size for shelf in places._shelves.values()) <= 25 + 13
        assert user in places._shelves
    assert people[0] not in places._shelves
