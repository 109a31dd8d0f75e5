"""What left the machine, over HTTP: written by an engine that works elsewhere, read by whose pictures they were."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.house import House, make_photo, open_house, upload
from tests.fakes.fashn import KEY, FakeFashn

from vtonlab.errors import BudgetSpent
from vtonlab.imaging.manifest import State, read_manifest
from vtonlab.imaging.signing import ROOT_FILE

pytestmark = pytest.mark.anyio

PATH = "/api/v1/users/me/departures"


async def depart(house: House, user_id: str, *, price: float = 0.0, task_id: str = "task-1") -> None:
    await house.parts.outbound.depart(user_id, "fashn", "api.fashn.ai", 2, 912_345, price, task_id)


async def listed(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_each_sees_their_own(server_house: House) -> None:
    ann, bob = await server_house.person("ann"), await server_house.person("bob")
    await depart(server_house, ann.user_id, price=0.075)
    found = await listed(ann.client)
    assert (found["total"], found["page"], found["page_size"], found["next_cursor"]) == (1, 1, 20, None)
    (item,) = found["items"]
    assert {key: value for key, value in item.items() if key not in {"id", "at"}} == {
        "engine": "fashn",
        "host": "api.fashn.ai",
        "pictures": 2,
        "bytes": 912_345,
        "price": 0.075,
        "task_id": "task-1",
    }
    assert item["at"].endswith("Z")
    assert (await listed(bob.client))["items"] == []
    assert (await listed((await server_house.admin()).client))["items"] == []


async def test_pages_and_cursors(server_house: House) -> None:
    ann = await server_house.person("ann")
    for number in range(5):
        await depart(server_house, ann.user_id, task_id=f"t{number}")
    seen, cursor = [], None
    for _ in range(3):
        found = await listed(ann.client, page_size=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["task_id"] for item in found["items"]]
        cursor = found["next_cursor"]
    assert (seen, cursor) == (["t4", "t3", "t2", "t1", "t0"], None)
    oldest = await listed(ann.client, sort="oldest", page=2, page_size=3)
    assert [item["task_id"] for item in oldest["items"]] == ["t3", "t4"]
    wrong = await ann.client.get(PATH, params={"cursor": "none of ours"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_request")
    for query in ({"page": 0}, {"page_size": 0}, {"sort": "largest"}):
        assert (await ann.client.get(PATH, params=query)).status_code == 422


async def test_a_program_needs_the_scope(server_house: House) -> None:
    ann = await server_house.person("ann")
    assert (await (await server_house.token(ann, "tasks:read")).get(PATH)).status_code == 200
    assert (await (await server_house.token(ann, "images:read")).get(PATH)).status_code == 403


async def test_a_guest_sees_theirs_and_takes_them_along(server_house: House) -> None:
    client = await server_house.guest()
    guest_id = (await client.get("/api/v1/users/me")).json()["user_id"]
    await depart(server_house, guest_id)
    assert (await listed(client))["total"] == 1
    account = {"username": "newcomer", "email": "new@lab.example", "password": "correct horse battery"}
    assert (await client.post("/api/register", json=account)).status_code == 200
    entered = await client.post("/api/login", json={"username": "newcomer", "password": account["password"]})
    assert entered.status_code == 200
    assert (await listed(client))["total"] == 1


async def test_at_home_they_are_the_machines(local_house: House) -> None:
    admin = await local_house.admin()
    await depart(local_house, admin.user_id)
    assert (await listed(admin.client))["total"] == 1
    assert (await listed(await local_house.visitor()))["total"] == 1  # guests of this machine, see api.md


async def test_the_export_and_the_deletion_of_an_account(server_house: House) -> None:
    ann = await server_house.person("ann")
    await depart(server_house, ann.user_id, price=0.075)
    exported = await ann.client.get("/api/v1/users/me/export")
    with zipfile.ZipFile(io.BytesIO(exported.content)) as files:
        (line,) = json.loads(files.read("departures.json"))
    assert (line["host"], line["price"]) == ("api.fashn.ai", 0.075)
    gone = await ann.client.request("DELETE", "/api/v1/users/me", json={"password": "correct horse battery"})
    assert gone.status_code == 200, gone.text
    assert "departures" in gone.text
    # What was spent today stays spent.
    assert (await server_house.parts.outbound.today()).price == 0.075


async def test_the_budget_is_everybodys_and_administrators_see_what_is_left(tmp_path: Path) -> None:
    async with open_house(tmp_path / "data", mode="server", remote_budget=0.1) as house:
        ann, bob = await house.person("ann"), await house.person("bob")
        await depart(house, ann.user_id, price=0.075)
        with pytest.raises(BudgetSpent):
            await depart(house, bob.user_id, price=0.075)
        await depart(house, bob.user_id)
        assert (await listed(bob.client))["total"] == 1
        told = (await (await house.admin()).client.get("/api/v1/admin/stats")).json()["paid_today"]
        assert told == {"day": told["day"], "pictures": 1, "price": 0.075, "budget": 0.1}


async def test_a_try_on_elsewhere_is_in_the_log_and_one_over_the_budget_is_not(tmp_path: Path) -> None:
    with FakeFashn() as service:
        settings = {"fashn_url": service.url, "fashn_api_key": KEY, "fashn_price": 0.075, "remote_budget": 0.1}
        async with open_house(tmp_path / "data", **settings) as house:
            admin = await house.admin()
            asked = {
                "human_image": (await upload(admin.client, make_photo(1, 300, 400), "char")).json()["imageId"],
                "garment_image": (await upload(admin.client, make_photo(2, 300, 300), "clothes")).json()["imageId"],
                "engine": "fashn",
            }
            worn = await admin.client.post("/api/vton/tryon", json=asked)
            assert worn.status_code == 200, worn.text
            refused = await admin.client.post("/api/vton/tryon", json=asked)
            assert (refused.status_code, refused.json()["code"]) == (429, "budget_spent")
            found = await listed(admin.client)
            root = (house.settings.signing_folder / ROOT_FILE).read_bytes()
    assert found["total"] == 1
    item = found["items"][0]
    assert (item["engine"], item["price"], item["pictures"]) == ("fashn", 0.075, 2)
    assert item["host"] in service.url
    assert item["bytes"] > 1_000
    assert item["task_id"] == worn.json()["result"]["task_id"]
    # The picture says what made it.
    said = read_manifest(base64.b64decode(worn.json()["result"]["result_image"].partition(",")[2]), anchors=root)
    assert said is not None
    assert (said.engine, said.state) == ("fashn", State.VALID)
    assert said.source_type.endswith("/compositeWithTrainedAlgorithmicMedia")
