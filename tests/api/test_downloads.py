"""Many pictures in one zip."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.api.pictures import House, draw, open_house
from tests.peak import READ_PEAK

from vtonlab.db.database import Database
from vtonlab.errors import NotThere, TooManyRequests
from vtonlab.library import changes, zip_places, zips
from vtonlab.library.models import Category
from vtonlab.library.zips import Zips

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path / "data") as opened:
        yield opened


@pytest.fixture
async def maker(house: House) -> Zips:
    return Zips(house.database, house.storage)


async def gather(pieces: AsyncIterator[bytes]) -> zipfile.ZipFile:
    data = b"".join([piece async for piece in pieces])
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    return archive


def index_of(archive: zipfile.ZipFile) -> list[dict[str, str]]:
    text = archive.read("index.csv")
    assert text.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))


async def test_everything_but_the_trash_is_in_it(house: House, maker: Zips) -> None:
    first = await house.keep("anna", draw(30, 30, seed=1), page_title="红色连衣裙")
    second = await house.keep("anna", draw(30, 30, seed=2), page_title="红色连衣裙", category="char")
    third = await house.keep("anna", draw(30, 30, seed=3), page_title="红色连衣裙")
    thrown = await house.keep("anna", draw(30, 30, seed=4))
    await house.keep("bert", draw(30, 30, seed=5))
    await house.change(lambda session: changes.trash(session, [thrown]))
    archive = await gather(await maker.begin(house.users["anna"]))
    assert archive.namelist() == [
        "clothes/红色连衣裙.jpg",
        "char/红色连衣裙.jpg",
        "clothes/红色连衣裙 (2).jpg",
        "index.csv",
    ]
    for info, image in zip(archive.infolist(), (first, second, third), strict=False):
        assert info.compress_type == zipfile.ZIP_STORED
        assert archive.read(info) == await house.storage.load(image.storage_key)
    rows = index_of(archive)
    assert [row["id"] for row in rows] == [first.id, second.id, third.id]
    assert {row["status"] for row in rows} == {"ok"}
    assert rows[0]["sha256"] == first.content_hash


async def test_a_category_or_some(house: House, maker: Zips) -> None:
    images = [await house.keep("anna", draw(20, 20, seed=n), category=c) for n, c in enumerate(("clothes", "char"))]
    other = await house.keep("bert", draw(20, 20, seed=7))
    one = await gather(await maker.begin(house.users["anna"], category=Category.CHAR))
    assert [row["id"] for row in index_of(one)] == [images[1].id]
    asked = [images[1].id, images[0].id, images[1].id, other.id, "nothing"]
    some = await gather(await maker.begin(house.users["anna"], image_ids=asked))
    rows = index_of(some)
    assert [(row["id"], row["status"]) for row in rows] == [
        (images[1].id, "ok"),
        (images[0].id, "ok"),
        (other.id, "missing"),
        ("nothing", "missing"),
    ]
    assert len(some.namelist()) == 3
    for none in ([other.id], ["nothing"], []):
        with pytest.raises(NotThere):
            await maker.begin(house.users["anna"], image_ids=none)
    empty = await gather(await maker.begin(house.users["bert"], category=Category.GENERATED))
    assert empty.namelist() == ["index.csv"]


async def test_names_are_good_on_every_system(house: House, maker: Zips) -> None:
    titles = [
        "../../etc/passwd",
        "a/b\\c",
        "con",
        "Jacke",
        "JACKE",
        "  ",
        ".",
        "x" * 400,
        'a"b<c>|?*:d',
        "=1+1",
        "\x00\n",
    ]
    for number, title in enumerate(titles):
        await house.keep("anna", draw(20, 20, seed=number), page_title=title, original_name="")
    archive = await gather(await maker.begin(house.users["anna"]))
    names = archive.namelist()
    assert len({name.casefold() for name in names}) == len(names) == len(titles) + 1
    for name in names[:-1]:
        folder, _, file = name.partition("/")
        assert folder == "clothes"
        assert not set(file) & set('/\\<>:"|?*\0\n')
        assert file.endswith(".jpg")
        assert len(file) < 130
        assert file.partition(".")[0].casefold() not in zips.RESERVED
    assert not [row for row in index_of(archive) if row["title"].startswith(("=", "+", "-", "@"))]


async def test_a_missing_file_loses_no_other(house: House, maker: Zips) -> None:
    images = [await house.keep("anna", draw(20, 20, seed=n)) for n in range(3)]
    await house.storage.delete(images[1].storage_key)
    archive = await gather(await maker.begin(house.users["anna"]))
    assert [row["status"] for row in index_of(archive)] == ["ok", "missing", "ok"]
    assert len(archive.namelist()) == 3


async def test_only_so_many_at_once(house: House, maker: Zips) -> None:
    await house.keep("anna", draw(20, 20))
    running = [await maker.begin(house.users["anna"]) for _ in range(zip_places.MOST_FOR_ONE)]
    for pieces in running:
        await anext(pieces)
    with pytest.raises(TooManyRequests):
        await maker.begin(house.users["anna"])
    await (await maker.begin(house.users["bert"])).aclose()
    await running[0].aclose()
    await gather(await maker.begin(house.users["anna"]))
    await running[1].aclose()
    assert maker._places._running == {}


async def ask(
    house: House, who: str | None, body: Any, *, leave_after: int | None = None
) -> tuple[int, dict[str, str], bytes]:
    sent = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]
    status, headers, data, pieces = 0, {}, b"", 0
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if sent:
            return sent.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal status, headers, data, pieces
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        data += message.get("body", b"")
        pieces += 1
        if leave_after is not None and pieces >= leave_after:
            gone.set()
            await asyncio.sleep(60)

    given = [(b"content-type", b"application/json"), (b"host", b"localhost")]
    if who is not None:
        given.append((b"cookie", house.cookies[who].encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/v1/library/download",
        "raw_path": b"/api/v1/library/download",
        "query_string": b"",
        "root_path": "",
        "headers": given,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    await house.front(scope, receive, send)
    return status, headers, data


async def test_the_route(house: House) -> None:
    image = await house.keep("anna", draw(20, 20))
    for body in ({"image_ids": [image.id]}, {"category": "clothes"}, {}):
        status, headers, data = await ask(house, "anna", body)
        assert status == 200, data
        assert headers["content-type"] == "application/zip"
        assert headers["cache-control"] == "no-store"
        assert headers["content-disposition"].startswith("attachment; ")
        assert len(zipfile.ZipFile(io.BytesIO(data)).namelist()) == 2
    assert (await ask(house, None, {}))[0] == 401
    assert (await ask(house, "bert", {"image_ids": [image.id]}))[0] == 404
    wrongs: list[Any] = [
        {"image_ids": []},
        {"image_ids": ["x"] * 10_001},
        {"image_ids": [image.id], "category": "clothes"},
        {"category": "shoes"},
        {"image_ids": "x"},
        {"ids": [image.id]},
        [1],
    ]
    for wrong in wrongs:
        assert (await ask(house, "anna", wrong))[0] == 422, wrong


async def test_who_goes_away_stops_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        await house.keep("anna", draw(20, 20, seed=number))
    opened: list[str] = []
    real = house.storage.read

    def read(key: str, *span: int) -> AsyncIterator[bytes]:
        opened.append(key)
        return real(key, *span)

    monkeypatch.setattr(house.storage, "read", read)
    status, _, data = await asyncio.wait_for(ask(house, "anna", {}, leave_after=3), 20)
    assert status == 200
    assert data
    assert len(opened) < 5
    assert len((await ask(house, "anna", {}))[2]) > len(data)  # and there is a place for the next


PROGRAM = (
    READ_PEAK
    + """
import asyncio, sys
from pathlib import Path
from sqlalchemy import insert
from vtonlab.accounts.models import Role, User
from vtonlab.db.base import Base, new_id
from vtonlab.db.database import Database
import vtonlab.tasks.models
from vtonlab.library.models import Image
from vtonlab.library.zips import Zips
from vtonlab.storage.local import LocalStorage

COUNT, SIZE = 10_000, 20_000

async def main():
    folder = Path(sys.argv[1])
    database, storage = Database(f"sqlite:///{folder / 'x.db'}"), LocalStorage(folder)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await storage.put("images/u/clothes/one.jpg", bytes(range(200)) * (SIZE // 200))

    async def fill(session):
        await session.execute(insert(Role).values(name="editor", permissions=[]))
        await session.execute(insert(User).values(user_id="u", username="u", username_key="u"))
        rows = []
        for number in range(COUNT):
            key = f"images/u/clothes/{number}.jpg"
            (folder / key).hardlink_to(folder / "images/u/clothes/one.jpg")
            rows.append(dict(
                id=new_id(), user_id="u", filename=f"{number}.jpg", storage_key=key, media_type="image/jpeg",
                page_title="the same title", context_info={}, category="clothes", file_size=SIZE, image_width=1,
                image_height=1, thumbhash="", content_hash="0" * 64, source_hash="0" * 64, look="0" * 16,
                look_a=0, look_b=0, look_c=0, look_d=0,
            ))
        await session.execute(insert(Image), rows)
    await database.write(fill)
    before = peak_mb()
    size = 0
    async for piece in await Zips(database, storage).begin("u"):
        size += len(piece)
    after = peak_mb()
    assert size > COUNT * SIZE
    print(after - before)
    await database.close()
    await storage.close()

asyncio.run(main())
"""
)
MOST_MB = 50
"""For 10,000 pictures of 20 kB, 200 MB in all: the zip's directory, the list, and the names that are taken."""


def test_memory_stays_flat_for_ten_thousand(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < MOST_MB
