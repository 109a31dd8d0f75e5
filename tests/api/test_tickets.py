"""Zips that a browser fetches by an address: once, soon, and only who asked for them."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from tests.api.house import ADDRESS, House, Person, make_photo, upload

from vtonlab.db.database import Database
from vtonlab.library import tickets, zip_places
from vtonlab.library.models import DownloadTicket

pytestmark = pytest.mark.anyio

PATH = "/api/v1/library/downloads"


async def keep(person: Person, count: int) -> list[str]:
    """The ids of as many new pictures."""
    for seed in range(count):
        assert (await upload(person.client, make_photo(seed=seed))).status_code == 200
    found: list[str] = (await person.client.get("/api/v1/library/ids")).json()["ids"]
    return found


async def prepare(person: Person, ids: list[str]) -> str:
    made = await person.client.post(PATH, json={"image_ids": ids})
    assert made.status_code == 201, made.text
    return str(made.json()["url"])


async def count_tickets(database: Database) -> int:
    async with database.read() as session:
        return (await session.execute(select(func.count()).select_from(DownloadTicket))).scalar_one()


async def test_it_is_fetched_once_by_who_asked_for_it(server_house: House) -> None:
    ann, bob = await server_house.person("ann"), await server_house.person("bob")
    ids = await keep(ann, 3)
    address = await prepare(ann, [*ids[:2], ids[0], "nothing"])
    secret = address.removeprefix(f"{PATH}/")
    assert len(secret) >= 43
    assert (await bob.client.get(address)).json()["code"] == "download_gone"
    assert (await (await server_house.visitor()).get(address)).status_code == 401
    fetched = await ann.client.get(address)
    assert fetched.headers["content-type"] == "application/zip"
    assert fetched.headers["content-disposition"] == 'attachment; filename="vtonlab-pictures.zip"'
    assert fetched.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(fetched.content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 3  # two pictures and the list
        assert "nothing" in archive.read("index.csv").decode()
    again = await ann.client.get(address)
    assert (again.status_code, again.json()["code"]) == (404, "download_gone")
    assert "hint" in again.json()


async def test_of_two_with_the_same_ticket_one_gets_the_zip(server_house: House) -> None:
    ann = await server_house.person("ann")
    address = await prepare(ann, await keep(ann, 1))
    answers = await asyncio.gather(*(ann.client.get(address) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 404]


async def test_it_does_not_wait_for_ever(server_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await server_house.person("ann")
    ids = await keep(ann, 1)
    monkeypatch.setattr(tickets, "LASTS", timedelta(0))
    late = await prepare(ann, ids)
    assert (await ann.client.get(late)).status_code == 404
    monkeypatch.undo()
    assert (await ann.client.get(await prepare(ann, ids))).status_code == 200
    assert await count_tickets(server_house.parts.database) == 0  # what ran out went with the next


async def test_what_is_wrong_is_told_before_it_begins(server_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = await server_house.person("ann"), await server_house.person("bob")
    ids = await keep(ann, 1)
    assert (await bob.client.post(PATH, json={"image_ids": ids})).status_code == 404
    wrongs: list[dict[str, object]] = [{}, {"image_ids": []}, {"image_ids": ids, "category": "clothes"}]
    for wrong in wrongs:
        assert (await ann.client.post(PATH, json=wrong)).status_code == 422, wrong
    foreign = await ann.client.post(PATH, json={"image_ids": ids}, headers={"Origin": "https://shop.example"})
    assert foreign.status_code == 403
    address = await prepare(ann, ids)
    monkeypatch.setattr(zip_places, "MOST", 0)
    for refused in (await ann.client.post(PATH, json={"image_ids": ids}), await ann.client.get(address)):
        assert refused.json()["code"] == "too_many_requests"
    monkeypatch.undo()
    assert (await ann.client.get(address)).status_code == 200  # it is still good
    for _ in range(tickets.MOST_OPEN):
        await prepare(ann, ids)
    assert (await ann.client.post(PATH, json={"image_ids": ids})).status_code == 429


@pytest.mark.deep
async def test_as_many_as_may_be_named(server_house: House) -> None:
    ann = await server_house.person("ann")
    [one] = await keep(ann, 1)
    others = [f"{number:032x}" for number in range(tickets.MOST_DOWNLOADED - 1)]
    body = json.dumps({"image_ids": [*others, one]})
    headers = {"Content-Type": "application/json", "Origin": ADDRESS}
    made = await ann.client.post(PATH, content=body, headers=headers)
    assert made.status_code == 201, made.text
    with zipfile.ZipFile(io.BytesIO((await ann.client.get(made.json()["url"])).content)) as archive:
        assert len(archive.namelist()) == 2
        assert archive.read("index.csv").count(b"missing") == len(others)
    assert (await ann.client.post(PATH, json={"image_ids": [*others, one, "x"]})).status_code == 422


async def test_it_goes_with_its_account(server_house: House) -> None:
    ann = await server_house.person("ann")
    await prepare(ann, await keep(ann, 1))
    admin = await server_house.admin()
    assert (await admin.client.delete(f"/api/v1/admin/users/{ann.user_id}")).status_code == 200
    assert await count_tickets(server_house.parts.database) == 0
