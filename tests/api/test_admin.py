"""What administrators are shown over HTTP: people with what they keep, names beside ids, how the work goes."""

from __future__ import annotations

import pytest
from tests.api.house import House, make_photo, upload
from tests.api.whose import Belongings

pytestmark = pytest.mark.anyio

ADMIN = "/api/v1/admin"


async def test_people_are_listed_with_what_they_keep(server_house: House) -> None:
    admin, mei = await server_house.admin(), await server_house.person("mei")
    await server_house.person("viv", "viewer")
    pictures = [(await upload(mei.client, make_photo(seed))).json() for seed in (1, 2, 3)]
    await mei.client.delete(f"/api/images/{pictures[0]['imageId']}")
    await admin.client.patch(f"{ADMIN}/users/{mei.user_id}", json={"quota_bytes": 5_000_000})
    listed = (await admin.client.get(f"{ADMIN}/users", params={"sort": "name"})).json()["items"]
    assert [user["username"] for user in listed] == sorted(user["username"] for user in listed)
    found = {user["username"]: user for user in listed}
    size = sum(picture["fileSize"] for picture in pictures)
    assert (found["mei"]["images"], found["mei"]["bytes"], found["mei"]["quota"]) == (2, size, 5_000_000)
    assert (found["viv"]["images"], found["viv"]["bytes"]) == (0, 0)
    assert found["viv"]["quota"] == server_house.settings.quota_bytes
    assert found["mei"]["last_seen_at"]
    roles = {role["name"]: role["users"] for role in (await admin.client.get(f"{ADMIN}/roles")).json()["items"]}
    assert roles == {"admin": 1, "editor": 1, "guest": 0, "viewer": 1}
    largest = (await admin.client.get(f"{ADMIN}/stats")).json()["largest"]
    assert largest == [{"user_id": mei.user_id, "username": "mei", "images": 2, "bytes": size}]
    assert (await admin.client.get(f"{ADMIN}/users", params={"sort": "size"})).status_code == 422


async def test_tasks_tell_whose_they_are_and_are_found_by_line(server_house: House) -> None:
    admin, mei, ben = await server_house.admin(), await server_house.person("mei"), await server_house.person("ben")
    for person in (mei, mei, ben):
        task = await Belongings(server_house, person.user_id).task()
    listed = (await admin.client.get(f"{ADMIN}/tasks", params={"lane": "nobody"})).json()
    assert sorted(item["username"] for item in listed["items"]) == ["ben", "mei", "mei"]
    assert (await admin.client.get(f"{ADMIN}/tasks", params={"lane": "instant"})).json()["total"] == 0
    chosen = {"lane": "nobody", "user_id": mei.user_id, "status": "queued", "kind": "nobody"}
    assert (await admin.client.get(f"{ADMIN}/tasks", params=chosen)).json()["total"] == 2
    stopped = (await admin.client.post(f"{ADMIN}/tasks/{task}/cancel")).json()
    assert (stopped["username"], stopped["status"]) == ("ben", "cancelled")
    (lane,) = (await admin.client.get(f"{ADMIN}/stats")).json()["lanes"]
    assert (lane["lane"], lane["queued"], lane["done_today"]) == ("nobody", 2, 0)
    today = (await admin.client.get(f"{ADMIN}/stats")).json()["days"][-1]
    assert today["cancelled"] == 1


async def test_the_audit_log_names_people_and_what_it_can_be_narrowed_to(server_house: House) -> None:
    admin, mei = await server_house.admin(), await server_house.person("mei")
    await admin.client.patch(f"{ADMIN}/users/{mei.user_id}", json={"role": "viewer"})
    (entry,) = (await admin.client.get(f"{ADMIN}/audit", params={"action": "users.edit"})).json()["items"]
    assert (entry["username"], entry["target"], entry["target_name"]) == (admin.name, mei.user_id, "mei")
    actions = (await admin.client.get(f"{ADMIN}/audit/actions")).json()["items"]
    assert actions == sorted(actions)
    assert {"auth.setup", "auth.sign_in", "users.create", "users.edit"} <= set(actions)
    for action in actions:
        assert (await admin.client.get(f"{ADMIN}/audit", params={"action": action})).json()["total"] > 0
    await admin.client.delete(f"{ADMIN}/users/{mei.user_id}")
    gone = (await admin.client.get(f"{ADMIN}/audit", params={"action": "users.edit"})).json()["items"][0]
    assert (gone["target"], gone["target_name"]) == (mei.user_id, "")
