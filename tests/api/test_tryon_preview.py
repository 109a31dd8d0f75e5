"""Previews: pictures at once, kept nowhere."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select
from tests.api.fittings import keep, pair, person, shirt
from tests.api.house import House, make_photo, open_house
from tests.s3_server import BUCKET, KEYS, run_s3_server

from vtonlab.engines import registry
from vtonlab.engines.contract import (
    Capabilities,
    Health,
    HealthStatus,
    Options,
    Report,
    TryOnRequest,
    TryOnResult,
    silent,
)
from vtonlab.errors import Text
from vtonlab.fitting.models import VtonHistory
from vtonlab.library.models import Image as Row
from vtonlab.tasks.models import Task

pytestmark = pytest.mark.anyio

PREVIEW = "/api/v1/tryon/preview"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def local_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One for all: a preview changes nothing."""
    async with open_house(tmp_path_factory.mktemp("data"), mode="local") as house:
        yield house


def look(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


async def count(house: House) -> tuple[int, ...]:
    """Rows that a kept picture would add to, and files."""
    async with house.parts.database.read() as session:
        rows = [
            (await session.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (Row, Task, VtonHistory)
        ]
    return (*rows, len([path for path in (house.data / "images").rglob("*") if path.is_file()]))


async def test_a_garment_is_seen_on_a_person_and_nothing_is_kept(local_house: House) -> None:
    client = await local_house.visitor()
    wanted = await pair(client)
    before = await count(local_house)
    answer = await client.post(PREVIEW, json=wanted)
    picture = look(answer)
    assert (picture.format, picture.size) == ("JPEG", (384, 512))
    assert b"digitalsourcetype/composite" in answer.content
    photo = np.asarray(Image.open(io.BytesIO(person())).convert("RGB")).astype(int)
    change = np.abs(np.asarray(picture.convert("RGB")).astype(int) - photo).max(axis=2)
    assert (change[200:330, 150:230] > 40).mean() > 0.5, "the shirt is on the chest"
    assert (change[:20] > 25).mean() < 0.01, "the backdrop is as it was"
    assert 0 < float(answer.headers["x-confidence"]) <= 1
    steps = [part.split(";")[0] for part in answer.headers["server-timing"].split(", ")]
    assert steps == ["find", "queue", "pictures", "analyses", "engine", "encode"]
    assert await count(local_house) == before


async def test_what_the_client_has_is_not_made_again(local_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await local_house.visitor()
    wanted = await pair(client)
    first = await client.post(PREVIEW, json=wanted)
    assert first.headers["cache-control"] == "private, no-cache"
    assert "Accept" in first.headers["vary"]

    def nobody(*_: Any) -> Any:
        raise AssertionError("it was made again")

    monkeypatch.setattr(registry, "get", nobody)
    again = await client.post(PREVIEW, json=wanted, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


async def test_the_tag_tells_pictures_apart(local_house: House) -> None:
    client = await local_house.visitor()
    wanted = await pair(client)
    other = await keep(client, shirt(3), "clothes")
    known = (await client.post(PREVIEW, json=wanted)).headers["etag"]
    changes: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({"garment_image": other}, {}),
        ({"garment_kind": "upper"}, {}),
        ({"size": 384}, {}),
        ({}, {"Accept": "image/webp"}),
    ]
    tags = set()
    for change, headers in changes:
        answer = await client.post(PREVIEW, json=wanted | change, headers={"If-None-Match": known} | headers)
        assert answer.status_code == 200
        tags.add(answer.headers["etag"])
    assert len(tags - {known}) == len(changes)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", "JPEG"),
        ("image/webp,*/*;q=0.8", "JPEG"),
        ("image/webp", "WEBP"),
        ("image/jpeg;q=0.1,image/webp", "WEBP"),
    ],
)
async def test_the_client_may_choose_the_form(local_house: House, accept: str, form: str) -> None:
    client = await local_house.visitor()
    answer = await client.post(PREVIEW, json=await pair(client), headers={"Accept": accept})
    assert look(answer).format == form
    assert answer.headers["content-type"] == f"image/{form.lower()}"
    assert b"digitalsourcetype/composite" in answer.content


async def test_an_outfit_and_a_size(local_house: House) -> None:
    client = await local_house.visitor()
    wanted = await pair(client) | {"size": 400}
    assert look(await client.post(PREVIEW, json=wanted)).size == (300, 400)
    lower = await keep(client, shirt(2), "clothes")
    answer = await client.post(PREVIEW, json=wanted | {"lower": lower})
    assert answer.status_code in {200, 422}, answer.text  # a shirt is a poor skirt
    assert (await client.post(PREVIEW, json=wanted | {"lower": "none"})).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"human_image": "none"}, 404, "not_there"),
        ({"garment_image": "none"}, 404, "not_there"),
        ({"garment_kind": "hat"}, 422, "bad_request"),
        ({"size": 100}, 422, "bad_request"),
        ({"size": 5000}, 422, "bad_request"),
        ({"colour": "red"}, 422, "bad_request"),
        ({"human_image": ""}, 422, "bad_request"),
    ],
)
async def test_what_cannot_be_shown_is_told(local_house: House, change: dict[str, Any], status: int, code: str) -> None:
    client = await local_house.visitor()
    answer = await client.post(PREVIEW, json=await pair(client) | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_photo_without_a_person_is_told(local_house: House) -> None:
    client = await local_house.visitor()
    wanted = await pair(client) | {"human_image": await keep(client, make_photo(1, 300, 400), "char")}
    answer = await client.post(PREVIEW, json=wanted, headers={"Accept-Language": "zh-CN"})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_person_found")
    assert "照片" in answer.json()["detail"]


async def test_a_picture_that_is_too_small_is_called_by_its_name(local_house: House) -> None:
    client = await local_house.visitor()
    wanted = await pair(client) | {"human_image": await keep(client, make_photo(2), "char")}
    answer = await client.post(PREVIEW, json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (422, "image_too_small")
    assert wanted["human_image"] in answer.json()["detail"]


async def test_other_peoples_pictures_are_not_there(server_house: House) -> None:
    mei, lin = await server_house.person("mei"), await server_house.person("lin")
    wanted = await pair(mei.client)
    assert (await mei.client.post(PREVIEW, json=wanted)).status_code == 200
    assert (await lin.client.post(PREVIEW, json=wanted)).status_code == 404
    viewer = await server_house.person("vicky", role="viewer")
    assert (await viewer.client.post(PREVIEW, json=wanted)).status_code == 403


async def test_a_file_that_is_missing_is_told(local_house: House) -> None:
    client = await local_house.visitor()
    wanted = await pair(client, step=9)
    for path in (local_house.data / "images").rglob(f"*/{wanted['garment_image']}"):
        path.unlink()
    assert (await client.post(PREVIEW, json=wanted)).status_code == 404


async def test_what_a_try_on_found_out_serves_previews_also_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, mode="local") as house:
        client = await house.visitor()
        wanted = await pair(client)
        assert (await client.post("/api/vton/tryon", json=wanted)).status_code == 200
        engine = registry.get()

        def again(*_: Any, **__: Any) -> Any:
            raise AssertionError("it was analysed again")

        for name in ("analyse_person", "analyse_garment"):
            monkeypatch.setattr(engine, name, again)
        first = await client.post(PREVIEW, json=wanted)
        assert first.status_code == 200
    async with open_house(tmp_path, mode="local") as house:
        client = await house.visitor()
        answer = await client.post(PREVIEW, json=wanted)
        assert (answer.status_code, answer.content) == (200, first.content)
        assert answer.headers["etag"] == first.headers["etag"]


async def test_pictures_that_live_in_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with run_s3_server(tmp_path / "s3") as address:
        place = {"storage_url": f"s3://{BUCKET}/here", "storage_endpoint": address}
        async with open_house(tmp_path / "data", mode="local", **place) as house:
            client = await house.visitor()
            wanted = await pair(client)
            assert look(await client.post(PREVIEW, json=wanted)).size == (384, 512)
            wanted = await pair(client, step=8)
            async for entry in house.parts.storage.list():
                if entry.key.endswith(wanted["garment_image"]):
                    await house.parts.storage.delete(entry.key)
            assert (await client.post(PREVIEW, json=wanted)).status_code == 404


class Slow:
    """The built-in engine's place, taken by one that works until it is let go."""

    name = registry.DEFAULT_ENGINE
    title = Text("Slow", "慢")
    capabilities = Capabilities()
    Options = Options

    def __init__(self) -> None:
        self.begun, self.ended = 0, 0
        self.let_go = threading.Event()

    def health(self) -> Health:
        return Health(HealthStatus.OK, self.title)

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        self.begun += 1
        while not self.let_go.wait(0.01):
            report(0.5, "slow")
        self.ended += 1
        return TryOnResult(request.person, request.person[..., 0], self.name)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    engine = Slow()
    monkeypatch.setattr(registry, "get", lambda name=engine.name: engine)
    yield engine
    engine.let_go.set()


async def ask(client: httpx.AsyncClient, wanted: dict[str, Any]) -> asyncio.Task[httpx.Response]:
    asking = asyncio.create_task(client.post(PREVIEW, json=wanted))
    await asyncio.wait({asking}, timeout=0.1)
    return asking


async def test_nobody_takes_more_than_half_of_the_places(tmp_path: Path, slow: Slow) -> None:
    async with open_house(tmp_path, mode="server") as house:
        mei, lin = await house.person("mei"), await house.person("lin")
        wanted, other = await pair(mei.client), await pair(lin.client)
        asking = [await ask(mei.client, wanted) for _ in range(4)]
        refused = await mei.client.post(PREVIEW, json=wanted)
        assert (refused.status_code, refused.json()["code"]) == (503, "engine_busy")
        assert int(refused.headers["retry-after"]) > 0
        asking += [await ask(lin.client, other) for _ in range(4)]
        slow.let_go.set()
        assert [(await one).status_code for one in asking] == [200] * 8
        assert (await mei.client.post(PREVIEW, json=wanted)).status_code == 200


async def test_when_more_wait_than_the_pool_bears_it_says_so(tmp_path: Path, slow: Slow) -> None:
    async with open_house(tmp_path, mode="server") as house:
        people = [await house.person(f"mei{number}") for number in range(4)]
        asking = [await ask(each.client, await pair(each.client)) for each in people[:3] for _ in range(3)]
        last = people[3].client
        wanted = await pair(last)
        assert (await last.post(PREVIEW, json=wanted)).json()["code"] == "engine_busy"
        slow.let_go.set()
        assert [(await one).status_code for one in asking] == [200] * 9
        assert (await last.post(PREVIEW, json=wanted)).status_code == 200


async def test_who_goes_away_has_nothing_made(tmp_path: Path, slow: Slow) -> None:
    async with open_house(tmp_path, mode="local") as house:
        client = await house.visitor()
        wanted = await pair(client)
        first, second, third = [await ask(client, wanted) for _ in range(3)]
        assert slow.begun == 1
        second.cancel()  # while it waits
        first.cancel()  # while it is made
        async with asyncio.timeout(20):
            while slow.begun < 2:  # noqa: ASYNC110 - what another thread does
                await asyncio.sleep(0.01)
        slow.let_go.set()
        assert (await third).status_code == 200
        assert (slow.begun, slow.ended) == (2, 1)
