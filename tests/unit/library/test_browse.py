"""Changes made at the same time, on every database; accounts that end or change hands; what listings promise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.unit.library.rows import add_images, caller_of, make_image, make_people

from vtonlab import crash_points
from vtonlab.db import journal
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.errors import BadRequest, NotThere, UnknownCategory
from vtonlab.library import changes
from vtonlab.library.hooks import LibraryHook
from vtonlab.library.ledger import files_of
from vtonlab.library.listings import Filter, Listing, Sort, read_cursor, write_cursor
from vtonlab.library.marks import Places
from vtonlab.library.models import Favorite, Image
from vtonlab.library.service import Library
from vtonlab.library.wording import clean, fold, split_search
from vtonlab.settings import Settings
from vtonlab.storage.local import LocalStorage

pytestmark = pytest.mark.anyio


def open_library(database: Database, folder: Path, every: int = 3) -> Library:
    return Library(database, LocalStorage(folder), Settings(data=folder), places=Places(every=every))


async def keep_files(library: Library, *images: Image) -> None:
    for image in images:
        for key in files_of(image.storage_key):
            await library.storage.put(key, key.encode())


async def files_of_user(library: Library, user_id: str) -> set[str]:
    return {entry.key async for entry in library.storage.list(f"images/{user_id}/")}


async def test_changes_at_the_same_time_are_all_counted(any_database: Database, tmp_path: Path) -> None:
    """Adding, deleting the same, liking, moving, all at once: what was done twice counts once, on every database."""
    await make_people(any_database, "u1")
    library = open_library(any_database, tmp_path)
    ids = await add_images(any_database, *(make_image("u1", number) for number in range(6)))
    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(add_images(any_database, make_image("u1", 100 + number)))
        gone = [group.create_task(library.trash("u1", ids[:4])) for _ in range(3)]
        liked = [group.create_task(library.favour("u1", ids[5])) for _ in range(4)]
        for _ in range(3):
            group.create_task(library.move("u1", ids[4:], "char"))
    assert sum(len(task.result().done) for task in gone) == 4
    assert sum(task.result() for task in liked) == 1
    totals = await library.totals("u1")
    assert {name: count for name, count in totals.images.items() if count} == {
        "clothes": 8, "char": 2, "trash": 4, "favorites": 1,
    }  # fmt: skip
    async with any_database.read() as session:
        counted = await session.execute(select(func.count(), func.sum(Image.file_size)).where(Image.user_id == "u1"))
        assert counted.one() == (14, sum(totals.bytes[name] for name in ("clothes", "char", "trash")))
        entries = await journal.read(session, "u1")
        assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
        actions = [entry.action for entry in entries]
    assert {action: actions.count(action) for action in set(actions)} == {"create": 14, "delete": 4, "tag": 1, "set": 2}


async def test_two_first_pictures_at_once(any_database: Database, tmp_path: Path) -> None:
    await make_people(any_database, "u1")
    await asyncio.gather(*(add_images(any_database, make_image("u1", number)) for number in range(5)))
    totals = await open_library(any_database, tmp_path).totals("u1")
    assert (totals.version, totals.images) == (5, {"clothes": 5})


async def test_pages_and_cursors_agree(any_database: Database, tmp_path: Path) -> None:
    """Names of every script, equal names, equal sizes: every order is the same by number and by cursor, everywhere."""
    await make_people(any_database, "u1", "u2")
    names = ["b", "B", "a b", "ab", "a", "é", "e", "衣", "Ω", "😀", "a", "z!", "z", "ß", "ss", "1", "10", "2", "", "~"]
    images = [
        make_image("u1", number, page_title=name or None, file_size=number % 3 + 1, colour="red" if number % 2 else "")
        for number, name in enumerate(names * 2)
    ]
    ids = await add_images(any_database, *images)
    await add_images(any_database, *(make_image("u2", 500 + number) for number in range(5)))
    library = open_library(any_database, tmp_path)
    for each in ids[::3]:
        await library.favour("u1", each)
    listings = [(Filter(), sort) for sort in (Sort.NEWEST, Sort.OLDEST, Sort.NAME, Sort.LARGEST)]
    listings += [(Filter(colour="red"), Sort.NEWEST), (Filter(favorite=True), Sort.LIKED)]
    listings += [(Filter(favorite=True), Sort.NAME), (Filter(words=("ss",)), Sort.NAME)]
    for chosen, sort in listings:
        whole = [entry.id for entry in (await library.browse("u1", chosen, sort, size=100)).items]
        numbered, walked, cursor = [], [], None
        for page in range(1, 20):
            found = await library.browse("u1", chosen, sort, page=page, size=3)
            assert found.total == len(whole)
            numbered += [entry.id for entry in found.items]
        while True:
            found = await library.browse("u1", chosen, sort, size=4, cursor=cursor)
            walked += [entry.id for entry in found.items]
            if (cursor := found.next_cursor) is None:
                break
        assert numbered == walked == whole, (chosen, sort)
    rows = {image.id: image for image in images}
    by_name = [entry.id for entry in (await library.browse("u1", Filter(), Sort.NAME, size=100)).items]
    assert by_name == sorted(ids, key=lambda each: (rows[each].sort_name.encode(), each))


async def test_listeners_are_told_after_the_commit_only(database: Database) -> None:
    await make_people(database, "u1")
    heard: list[tuple[str, list[str]]] = []

    class Listener:
        def hear(self, user_id: str, ids: Sequence[str]) -> None:
            heard.append((user_id, list(ids)))

    listener = Listener()
    changes.on_change(listener.hear)

    async def work(session: AsyncSession) -> None:
        image = await changes.add(session, make_image("u1", 1))
        await changes.favour(session, image)
        assert not heard

    await database.write(work)
    assert heard == [("u1", [f"{1:032x}"])]
    del listener
    await add_images(database, make_image("u1", 2))
    assert len(heard) == 1, "one who is gone is not told"


async def test_old_trash_is_forgotten(database: Database, tmp_path: Path) -> None:
    await make_people(database, "u1", "u2")
    library = open_library(database, tmp_path)
    images = [make_image("u1", 1), make_image("u1", 2), make_image("u2", 3), make_image("u2", 4)]
    ids = await add_images(database, *images)
    await keep_files(library, *images)
    await library.trash("u1", ids[:2])
    await library.trash("u2", ids[2:3])
    before = now() - timedelta(days=31)

    async def age(session: AsyncSession) -> None:
        await session.execute(update(Image).where(Image.id.in_([ids[0], ids[2]])).values(deleted_at=before))

    await database.write(age)
    assert await library.purge_old_trash() == 2
    assert await library.purge_old_trash() == 0
    assert len(await files_of_user(library, "u1")) == len(await files_of_user(library, "u2")) == 3
    assert [entry.id for entry in (await library.browse("u1", Filter(trash=True), Sort.DELETED)).items] == [ids[1]]


async def test_a_whole_library_goes_through_the_trash(database: Database, tmp_path: Path) -> None:
    await make_people(database, "u1")
    library = open_library(database, tmp_path)
    ids = await add_images(database, *(make_image("u1", number) for number in range(450)))
    outcome = await library.trash("u1", [*ids, ids[0], "x", "é"])
    assert outcome.done == ids
    assert [failure.id for failure in outcome.failed] == ["x", "é"]
    assert await library.empty_trash(caller_of("u1")) == 450
    assert await library.count("u1") == 0


async def test_similar_pictures(database: Database, tmp_path: Path) -> None:
    await make_people(database, "u1", "u2")
    look = 0x0123456789ABCDEF
    near = [look ^ 1, look ^ 0b111 << 20, look ^ 0x0001000300030003, look ^ 0xFFFF_FFFF]
    images = [make_image("u1", number, look=each) for number, each in enumerate([look, *near])]
    ids = await add_images(database, *images, make_image("u1", 9, look=look))
    await add_images(database, make_image("u2", 50, look=look))
    library = open_library(database, tmp_path)
    await library.trash("u1", ids[5:])
    found = await library.similar("u1", ids[0])
    assert [(entry.id, bits) for entry, bits in found] == [(ids[1], 1), (ids[2], 3), (ids[3], 7)]
    with pytest.raises(NotThere):
        await library.similar("u2", ids[0])


class TestAccounts:
    async def prepare(self, database: Database, folder: Path) -> tuple[Library, LibraryHook, list[Image]]:
        await make_people(database, "guest", "u1", "u2")
        library = open_library(database, folder)
        images = [make_image("guest", number) for number in range(3)]
        images += [make_image("u1", 10, content_hash=images[0].content_hash), make_image("u1", 11)]
        images += [make_image("u2", 20)]
        await add_images(database, *images[:3])
        await add_images(database, *images[3:5])
        await add_images(database, *images[5:])
        await keep_files(library, *images)
        return library, LibraryHook(database, library.storage), images

    async def test_a_guests_pictures_become_the_users(self, any_database: Database, tmp_path: Path) -> None:
        library, hook, images = await self.prepare(any_database, tmp_path)
        await library.trash("guest", [images[2].id])
        await library.browse("u1", Filter(), page=1)
        await any_database.write(lambda session: hook.merge(session, "guest", "u1"))
        listed = await library.browse("u1", Filter(), Sort.OLDEST)
        assert [entry.id for entry in listed.items] == [images[1].id, images[3].id, images[4].id]
        assert (await library.totals("u1")).images == {"clothes": 3, "trash": 1}
        assert not any((await library.totals("guest")).images.values())
        assert await files_of_user(library, "guest") == {
            key for image in images[1:3] for key in files_of(image.storage_key)
        }, "what the user had already is gone, the others keep their keys"
        await any_database.write(lambda session: hook.delete(session, "guest"))
        assert len(await files_of_user(library, "guest")) == 6, "the guest's end does not take the user's pictures"
        told = await any_database.write(lambda session: hook.delete(session, "u1"))
        assert told == {"images": 4, "bytes": sum(images[each].file_size for each in (1, 2, 3, 4))}
        assert not await files_of_user(library, "u1") | await files_of_user(library, "guest")
        assert len(await files_of_user(library, "u2")) == 3

    async def test_usage_and_deletion(self, database: Database, tmp_path: Path) -> None:
        library, hook, images = await self.prepare(database, tmp_path)
        await library.trash("u1", [images[3].id])
        await library.favour("u1", images[4].id)
        size = images[3].file_size + images[4].file_size
        async with database.read() as session:
            assert await hook.usage(session, "u1") == {"images": 1, "trash": 1, "bytes": size}
        reached: list[str] = []
        crash_points.listen(reached.append)
        try:
            await database.write(lambda session: hook.delete(session, "u1"))
        finally:
            crash_points.listen(None)
        assert reached == ["delete.before_commit", "delete.after_commit", "delete.files_gone"]
        assert not await files_of_user(library, "u1")
        async with database.read() as session:
            assert not (await session.execute(select(Favorite))).all()
            assert not (await session.execute(select(Image).where(Image.user_id == "u1"))).all()

    async def test_a_deletion_undone_leaves_every_byte(self, database: Database, tmp_path: Path) -> None:
        library, hook, _ = await self.prepare(database, tmp_path)

        async def work(session: AsyncSession) -> None:
            await hook.delete(session, "u1")
            raise LookupError

        with pytest.raises(LookupError):
            await database.write(work)
        assert len(await files_of_user(library, "u1")) == 6
        assert await library.count("u1") == 2

    async def test_export_has_everything(self, database: Database, tmp_path: Path) -> None:
        library, hook, images = await self.prepare(database, tmp_path)
        await library.edit("guest", images[0].id, title="Hemd 衣")
        await library.favour("guest", images[1].id)
        await library.trash("guest", [images[2].id])
        files = {file.name: await read_all(file.data) async for file in hook.export("guest")}
        told = json.loads(files.pop("library.json"))["images"]
        assert [one["id"] for one in told] == [image.id for image in images[:3]]
        assert (told[0]["title"], bool(told[1]["favorited_at"]), bool(told[2]["deleted_at"])) == ("Hemd 衣", True, True)
        assert {one["file"] for one in told} == set(files)
        assert told[2]["file"].startswith("pictures/trash/")
        assert files[told[0]["file"]] == images[0].storage_key.encode()
        await library.storage.delete(images[1].storage_key)
        assert len([file.name async for file in hook.export("guest") if file.name != "library.json"]) == 2


async def read_all(data: bytes | AsyncIterator[bytes]) -> bytes:
    return data if isinstance(data, bytes) else b"".join([piece async for piece in data])


async def test_what_is_refused(database: Database, tmp_path: Path) -> None:
    await make_people(database, "u1", "u2")
    library = open_library(database, tmp_path)
    one, other = make_image("u1", 1), make_image("u2", 2)
    await add_images(database, one)
    await add_images(database, other)
    with pytest.raises(UnknownCategory):
        await library.move("u1", [one.id], "shoes")
    with pytest.raises(NotThere):
        await library.edit("u1", other.id, title="x")
    with pytest.raises(ValueError, match="several users"):
        await database.write(lambda session: changes.trash(session, [one, other]))
    with pytest.raises(BadRequest):
        await library.browse("u1", Filter(), cursor="nonsense")
    async with database.read() as session:
        assert (await library.find(session, "u1", one.filename)).id == one.id
        for foreign in (other.filename, other.id, "../../etc/passwd", "\x00"):
            with pytest.raises(NotThere):
                await library.find(session, "u1", foreign)


def test_cursors_come_back_as_they_were() -> None:
    for sort, value in ((Sort.NEWEST, now()), (Sort.NAME, "衣 a"), (Sort.LARGEST, 2**40)):
        listing = Listing("u1", Filter(category="char", words=("a",)), sort)
        cursor = write_cursor(listing, (value, "id1"))
        assert read_cursor(listing, cursor) == (value, "id1")
        assert cursor.isascii()
        with pytest.raises(BadRequest):
            read_cursor(Listing("u2", listing.filter, sort), cursor)


def test_words() -> None:
    assert split_search("  Ｈello  STRASSE straße a%_ ") == ("a%_", "hello", "strasse")
    assert clean(" a\x00b\n\ud800c  ", 4) == "a b"
    assert fold("ﬁ Ⅷ ｶﾞ") == "fi viii ガ"
