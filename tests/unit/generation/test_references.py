"""Reference pictures: by name, by data-URL, and never by a path."""

from __future__ import annotations

import base64
import io
import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from tests.fakes.gemini import FakeGemini, read_pictures
from tests.unit.generation.engines import SCRIPT
from tests.unit.generation.house import ANN, ANNS, BOB, BOBS, House, open_house, plain

from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.errors import BadOption, ImageTooLarge, ImageUnreadable, NotThere
from vtonlab.generation import references
from vtonlab.generation.orders import Reference
from vtonlab.tasks.models import Status, Task

pytestmark = pytest.mark.anyio

PREFIX = "references/"


def as_data_url(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64," + base64.b64encode(data).decode()


def photo(width: int = 300, height: int = 200) -> bytes:
    """A JPEG that says where it was taken, and is to be turned."""
    file = io.BytesIO()
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010E] = 6, "at home"
    Pillow.new("RGB", (width, height), (10, 200, 30)).save(file, "JPEG", exif=exif)
    return file.getvalue()


async def test_what_is_brought_along_is_sent_shrunk_and_without_what_it_said(house: House, fake: FakeGemini) -> None:
    shirt = await house.add(plain((200, 30, 40)))
    task = await house.draw(reference_images=(as_data_url(photo(3000, 1000), "jpeg"), shirt.id))
    assert task.status == Status.SUCCEEDED, task.error
    assert task.parameters["reference_images"] == ["upload", shirt.id]
    first, second = read_pictures(fake.requests[0])
    assert Pillow.open(io.BytesIO(first)).size == (683, 2048), "upright, and smaller"
    assert np.asarray(Pillow.open(io.BytesIO(second)))[50, 50].argmax() == 0
    (key,) = await house.keys(PREFIX)
    assert key.startswith(f"{PREFIX}{ANN}/")
    kept = await house.storage.load(key)
    assert b"at home" not in kept
    assert b"at home" not in first
    (image,) = [row for row in await house.rows() if row.category == "generated"]
    assert image.context_info["reference_images"] == ["upload", shirt.id]


async def test_the_same_picture_is_kept_once_and_repeats_are_the_same_request(house: House) -> None:
    picture = as_data_url(plain((1, 2, 3)))
    one = await house.ask(reference_images=(picture,), key="k")
    two = await house.ask(reference_images=(picture,), key="k")
    assert one.task_id == two.task_id
    await house.ask(reference_images=(picture,), who=BOBS)
    keys = sorted(await house.keys(PREFIX))
    assert len(keys) == 2
    assert keys[0].rpartition("/")[2] == keys[1].rpartition("/")[2]


PATHS = (
    *("/etc/passwd", "../../secret.jpg", "..", "C:\\photos\\me.jpg", "file:///etc/passwd", "file:x", "~/me.jpg"),
    *("https://shop.example/shirt.jpg", "images/ann/clothes/shirt.jpg", "a\x00.jpg"),
)


async def test_paths_are_refused_with_a_sentence_of_their_own(house: House) -> None:
    for name in PATHS:
        with pytest.raises(BadOption) as caught:
            await house.ask(reference_images=(name,))
        assert "reads no paths" in caught.value.say()
        assert "路径" in caught.value.say("zh-CN")
    assert await house.rows(Task) == []


async def test_only_ones_own_pictures(house: House) -> None:
    theirs = await house.add(plain((9, 9, 9)), user=BOB)
    for name in (theirs.id, theirs.filename, "nobody.jpg", "没有.jpg", "x" * 500):
        with pytest.raises(NotThere):
            await house.ask(reference_images=(name,))
    trashed = await house.add(plain((8, 8, 8)))
    await house.library.trash(ANN, [trashed.id])
    with pytest.raises(NotThere):
        await house.ask(reference_images=(trashed.id,))


NO_PICTURES: list[tuple[str, type[Exception]]] = [
    ("data:image/png;base64,!!!!", ImageUnreadable),
    ("data:image/png;base64,", ImageUnreadable),
    ("data:image/png", ImageUnreadable),
    ("data:image/svg+xml;base64," + base64.b64encode(b"<svg/>").decode(), ImageUnreadable),
    (as_data_url(photo()[:400], "jpeg"), ImageUnreadable),
    (as_data_url(plain((1, 1, 1), 1500, 1500)), ImageTooLarge),
]


async def test_what_is_no_picture_is_refused(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path, max_pixels=2_000_000) as house:
        for data_url, kind in NO_PICTURES:
            with pytest.raises(kind):
                await house.ask(reference_images=(data_url,))
        assert await house.keys(PREFIX) == set()
        assert await house.rows(Task) == []
        assert list(house.ingest.scratch.folder.iterdir()) == []


async def test_one_that_was_deleted_meanwhile_is_told(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path, runs=False) as house:
        shirt = await house.add(plain((200, 30, 40)))
        task = await house.ask(reference_images=(shirt.id,))
        await house.library.trash(ANN, [shirt.id])
        await house.tasks.start()
        ended = await house.until_ended(task.task_id)
    assert (ended.status, ended.error["code"]) == (Status.FAILED, "not_there")


async def test_old_ones_go_unless_a_task_needs_them(database: Database, tmp_path: Path) -> None:
    async with open_house(database, tmp_path, runs=False) as house:
        needed = await house.ask(reference_images=(as_data_url(plain((1, 1, 1))),))
        gone = await house.ask(reference_images=(as_data_url(plain((2, 2, 2))),))
        await house.ask(reference_images=(as_data_url(plain((3, 3, 3))),))
        await house.tasks.cancel(ANNS, gone.task_id)
        long_ago = (now() - timedelta(days=31)).timestamp()
        for task in (needed, gone):
            path = house.storage.path((await house.task(task.task_id)).parameters["_uploads"][0])
            assert path is not None
            os.utime(path, (long_ago, long_ago))
        assert await house.generation.references.tidy() == 1
        assert len(await house.keys(PREFIX)) == 2
        with pytest.raises(NotThere):
            await house.generation.references.load(ANN, [Reference(key=gone.parameters["_uploads"][0])])
        assert await house.generation.references.tidy() == 0


async def test_of_many_the_oldest_goes_unless_a_task_needs_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "MOST_KEPT", 2)
    async with open_house(database, tmp_path, runs=False) as house:
        tasks = [await house.ask(reference_images=(as_data_url(plain((n, n, n))),)) for n in range(3)]
        assert len(await house.keys(PREFIX)) == 3, "all are needed"
        await house.tasks.cancel(ANNS, tasks[0].task_id)
        await house.ask(reference_images=(as_data_url(plain((9, 9, 9))),))
        keys = await house.keys(PREFIX)
        assert len(keys) == 3
        assert tasks[0].parameters["_uploads"][0] not in keys


async def test_they_go_with_the_account(house: House) -> None:
    SCRIPT.seconds = 0
    for who in (ANNS, BOBS):
        await house.ask(reference_images=(as_data_url(plain((1, 2, 3))),), who=who)
    told = await house.database.write(lambda session: house.generation.hook.delete(session, ANN))
    assert told == {"templates": 0}
    assert {key.split("/")[1] for key in await house.keys(PREFIX)} == {BOB}
