"""Previews: pictures at once, kept nowhere."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select
from tests.api.fittings import keep, pair, person, shirt
from tests.api.house import House, make_photo, open_house

from vtonlab.engines import registry
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
    wanted = await pair(client) | {"human_image": await keep(client, make_photo(1), "char")}
    answer = await client.post(PREVIEW, json=wanted, headers={"Accept-Language": "zh-CN"})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_person_found")
    assert "照片" in answer.json()["detail"]


async def test_other_peoples_pictures_are_not_there(server_house: House) -> None:
    mei, lin = await server_house.person("mei"), await server_house.person("lin")
    wanted = await pair(mei.client)
    assert (await mei.client.post(PREVIEW, json=wanted)).status_code == 200
    assert (await lin.client.post(PREVIEW, json=wanted)).status_code == 404
    viewer = await server_house.person("vicky", role="viewer")
    assert (await viewer.client.post(PREVIEW, json=wanted)).status_code == 403


async def test_a_file_that_is_missing_is_told(local_house: House) -> None:
    client = await local_house.visitor()
    wanted = await pair(client)
    for path in (local_house.data / "images").rglob(f"*/{wanted['garment_image']}"):
        path.unlink()
    assert (await client.post(PREVIEW, json=wanted)).status_code == 404
