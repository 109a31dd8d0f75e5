"""How pictures come in: over all three databases, with a real storage."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from tests.databases import *  # noqa: F403 - fixtures
from tests.unit.library.arriving import ANN, BOB, House, draw, encode, open_house, photo

from vtonlab import crash_points
from vtonlab.accounts.models import User
from vtonlab.db.database import Database
from vtonlab.errors import ImageTooLarge, ImageUnreadable, NoRoomLeft, SignInNeeded, StorageUnavailable
from vtonlab.library import changes, repository
from vtonlab.library.ingest import Incoming
from vtonlab.library.models import Image
from vtonlab.tasks.models import Task

pytestmark = pytest.mark.anyio


async def add(house: House, data: bytes, category: str = "clothes", user: str = ANN):
    return await house.ingest.add(user, Incoming(data, category, original_name="a.jpg"))


async def test_a_picture_is_kept_with_all_that_belongs_to_it(any_database: Database, tmp_path: Path) -> None:
    async with open_house(any_database, tmp_path) as house:
        incoming = Incoming(
            photo(1, width=900, height=1200),
            original_name="../../etc/\x00pass\nwd.jpg",
            original_url="data:" + "x" * 5000,
            page_url="https://shop.example/shirt",
            page_title="Linen  shirt",
            context={"altText": "white", "product": {"price": "49"}},
        )
        added = await house.ingest.add(ANN, incoming)
        (row,) = await house.rows()
        assert row.id == added.image.id
        assert (row.category, row.image_width, row.image_height, row.media_type) == ("clothes", 900, 1200, "image/jpeg")
        assert row.filename == f"clothes_{row.saved_at:%Y%m%d_%H%M%S}_{row.id[-8:]}.jpg"
        assert row.original_name == "../../etc/ pass wd.jpg"  # text, no path
        assert len(row.original_url or "") == 2000
        assert (row.page_title, row.page_url) == ("Linen shirt", "https://shop.example/shirt")
        assert row.context_info == {"altText": "white", "product": {"price": "49"}, "category": "clothes"}
        assert sorted(await house.keys()) == sorted(changes.files_of(row.storage_key))
        assert row.file_size == (await house.storage.stat(row.storage_key)).size
        task = await read_task(house, added.task_id)
        assert (task.status, task.image_id, task.is_hidden, task.user_id) == ("succeeded", row.id, True, ANN)
        async with house.database.read() as session:
            totals = await repository.read_totals(session, ANN)
        assert totals.images == {"clothes": 1}
        assert totals.bytes == {"clothes": row.file_size}


async def read_task(house: House, task_id: str) -> Task:
    async with house.database.read() as session:
        return (await session.execute(select(Task).where(Task.task_id == task_id))).scalar_one()


async def test_the_same_file_again_is_the_same_entry(any_database: Database, tmp_path: Path) -> None:
    async with open_house(any_database, tmp_path) as house:
        first, again = await add(house, photo(1)), await add(house, photo(1))
        assert again.duplicate_of == again.image.id == first.image.id
        assert first.duplicate_of is None
        assert again.task_id != first.task_id
        assert len(await house.rows()) == 1
        assert len(await house.keys()) == 3
        assert (await add(house, photo(1), user=BOB)).duplicate_of is None  # another person's is theirs


async def test_the_same_pixels_in_another_file_are_the_same_entry(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        plain, told = photo(1), encode(draw(1), "JPEG", quality=90, comment=b"holidays")
        assert plain != told
        first, again = await add(house, plain), await add(house, told)
        assert again.duplicate_of == first.image.id
        assert len(await house.keys()) == 3


async def test_another_category_is_an_entry_of_its_own(any_database: Database, tmp_path: Path) -> None:
    async with open_house(any_database, tmp_path) as house:
        clothes, char = await add(house, photo(1)), await add(house, photo(1), "char")
        assert char.duplicate_of is None
        assert (clothes.image.category, char.image.category) == ("clothes", "char")
        assert char.image.storage_key != clothes.image.storage_key
        assert char.image.filename.startswith("char_")
        one, other = [await house.storage.load(added.image.storage_key) for added in (clothes, char)]
        assert one == other
        assert len(await house.keys()) == 6
        assert (await add(house, photo(1), "char")).duplicate_of == char.image.id
        # Purging one leaves the other whole.
        await house.database.write(lambda session: purge(session, house, clothes.image.id))
        assert await house.storage.load(char.image.storage_key) == other
        assert len(await house.keys()) == 3


async def purge(session, house: House, image_id: str) -> None:
    await changes.purge(session, await repository.find_images(session, ANN, [image_id]), house.storage)


async def test_identical_uploads_at_once_give_one_entry(any_database: Database, tmp_path: Path) -> None:
    async with open_house(any_database, tmp_path) as house:
        answers = await asyncio.gather(*(add(house, photo(1)) for _ in range(8)))
        (row,) = await house.rows()
        assert {answer.image.id for answer in answers} == {row.id}
        assert sum(answer.duplicate_of is None for answer in answers) == 1
        assert sorted(await house.keys()) == sorted(changes.files_of(row.storage_key))
        # The same pixels in different files, and into two categories.
        files = [encode(draw(2), "JPEG", quality=90, comment=bytes([n])) for n in range(6)]
        await asyncio.gather(*(add(house, file, category) for file in files for category in ("clothes", "char")))
        rows = await house.rows()
        assert sorted(row.category for row in rows) == ["char", "clothes", "clothes"]
        assert len(await house.keys()) == 9


async def test_what_is_in_the_trash_comes_back_when_it_is_uploaded_again(
    any_database: Database, tmp_path: Path
) -> None:
    async with open_house(any_database, tmp_path) as house:
        first = await add(house, photo(1))
        await house.library.favour(ANN, first.image.id)
        await house.library.trash(ANN, [first.image.id])
        again = await add(house, photo(1))
        assert (again.image.id, again.restored, again.duplicate_of) == (first.image.id, True, first.image.id)
        entry = await house.library.get(ANN, first.image.id)
        assert (entry.deleted_at, entry.is_favorited) == (None, True)
        assert len(await house.keys()) == 3
        # In the trash of the other category it stays where it is.
        await house.library.trash(ANN, [first.image.id])
        other = await add(house, photo(1), "char")
        assert (other.restored, other.duplicate_of) == (False, None)
        assert [row.in_trash for row in await house.rows()] == [True, False]


async def test_pictures_that_look_the_same_are_named(any_database: Database, tmp_path: Path) -> None:
    async with open_house(any_database, tmp_path) as house:
        first = await add(house, photo(1, width=600, height=800))
        await add(house, photo(2, width=600, height=800))
        smaller = await add(house, encode(draw(1, width=600, height=800)[::2, ::2], "PNG"))
        assert smaller.similar_to == (first.image.id,)
        assert smaller.duplicate_of is None
        plain = await add(house, encode(draw(1)[:1, :1].repeat(50, 0).repeat(50, 1), "PNG"))
        assert plain.similar_to == ()  # a plain surface looks like every other


async def test_an_entry_whose_file_is_gone_is_no_duplicate(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        first = await add(house, photo(1))
        await house.storage.delete(first.image.storage_key)
        again = await add(house, photo(1))
        assert again.duplicate_of is None
        assert [row.status for row in await house.rows()] == ["missing", "ready"]
        assert await house.storage.load(again.image.storage_key)


async def test_the_quota_counts_the_trash_and_is_never_passed(any_database: Database, tmp_path: Path) -> None:
    data = photo(1)
    async with open_house(any_database, tmp_path, quota_bytes=3 * len(data)) as house:
        first = await add(house, data)
        await house.library.favour(ANN, first.image.id)
        await house.library.trash(ANN, [first.image.id])
        outcomes = await asyncio.gather(*(add(house, photo(n)) for n in range(2, 9)), return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, NoRoomLeft)]
        rows = await house.rows()
        assert refused
        assert len(rows) == 8 - len(refused)
        assert sum(row.file_size for row in rows) <= 3 * len(data)
        assert len(await house.keys()) == 3 * len(rows)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", ImageUnreadable),
        (b"hello", ImageUnreadable),
        (photo(1)[:2000], ImageUnreadable),
        (b"x" * 200_001, ImageTooLarge),
        (encode(draw(1, width=400, height=400), "PNG"), ImageTooLarge),
    ],
    ids=["empty", "text", "truncated", "bytes", "pixels"],
)
async def test_what_cannot_be_kept_leaves_nothing(
    database: Database, tmp_path: Path, data: bytes, error: type[Exception]
) -> None:
    async with open_house(database, tmp_path, max_upload_bytes=200_000, max_pixels=100_000) as house:
        with pytest.raises(error):
            await add(house, data)
        assert await house.rows() == []
        assert await house.keys() == []
        assert await house.count(Task) == 0


POINTS = ("file_begun", "file_kept", "thumbnails_kept", "before_commit")


@pytest.mark.parametrize("point", POINTS)
async def test_whatever_fails_on_the_way_leaves_nothing(database: Database, tmp_path: Path, point: str) -> None:
    def fail(name: str) -> None:
        if name == f"ingest.{point}":
            raise StorageUnavailable

    async with open_house(database, tmp_path) as house:
        crash_points.listen(fail)
        try:
            with pytest.raises(StorageUnavailable):
                await add(house, photo(1))
        finally:
            crash_points.listen(None)
        assert await house.rows() == []
        assert await house.keys() == []
        assert house.leftovers() == []
        assert (await add(house, photo(1))).duplicate_of is None


async def test_who_goes_away_leaves_a_whole_picture_or_none(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        for number in range(12):
            job = asyncio.create_task(add(house, photo(number)))
            await asyncio.sleep(0.004 * number)
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)
        rows = await house.rows()
        assert sorted(await house.keys()) == sorted(key for row in rows for key in changes.files_of(row.storage_key))


async def test_makers_of_pictures_keep_them_with_their_marks(any_database: Database, tmp_path: Path) -> None:
    async with open_house(any_database, tmp_path) as house:
        made = encode(draw(3), "PNG", pnginfo=marked())
        incoming = Incoming(made, "vton_results", as_made=True)
        prepared = await house.ingest.prepare(ANN, incoming)
        assert await house.rows() == []
        image = await house.database.write(lambda session: house.ingest.keep(session, prepared))
        assert await house.storage.load(image.storage_key) == made
        assert image.filename == f"vton_result_{image.saved_at:%Y%m%d_%H%M%S}_{image.id[-8:]}.png"
        unwanted = await house.ingest.prepare(ANN, incoming)
        await house.ingest.discard(unwanted)
        assert len(await house.keys()) == 3


def marked():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", "made by us")
    return info


async def test_the_row_can_be_kept_again_after_a_transaction_was_undone(any_database: Database, tmp_path: Path) -> None:
    async with open_house(any_database, tmp_path) as house:
        prepared = await house.ingest.prepare(ANN, Incoming(photo(1)))

        async def fail(session) -> Image:
            await house.ingest.keep(session, prepared)
            raise StorageUnavailable

        with pytest.raises(StorageUnavailable):
            await house.database.write(fail)
        await house.database.write(lambda session: house.ingest.keep(session, prepared))
        assert len(await house.rows()) == 1


async def test_an_account_deleted_meanwhile_keeps_nothing(any_database: Database, tmp_path: Path) -> None:
    async with open_house(any_database, tmp_path) as house:

        async def leave(session) -> None:
            await session.execute(delete(User).where(User.user_id == ANN))

        prepared = await house.ingest.prepare(ANN, Incoming(photo(1)))
        await house.ingest.discard(prepared)
        await house.database.write(leave)
        with pytest.raises(SignInNeeded):
            await add(house, photo(1))
        assert await house.keys() == []
