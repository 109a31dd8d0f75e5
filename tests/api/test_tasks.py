"""Tasks over HTTP: both interfaces, over the real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.api.task_server import Person, Site, serve

from vtonlab.accounts.models import AuditEntry, User
from vtonlab.errors import NoPersonFound
from vtonlab.tasks.contract import Done, Job, JobKind

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all, so that one server serves them."""
    return "asyncio"


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Site]:
    async def handle(job: Job) -> Done:
        if job.parameters.get("fail"):
            raise NoPersonFound

        async def save(_: AsyncSession) -> dict[str, Any]:
            return {"images": [], "image_id": "img"}

        return Done(save)

    async with serve(tmp_path_factory.mktemp("site"), mode="server") as site:
        site.tasks.register(JobKind("job", handle))
        yield site


@pytest.fixture(scope="module")
async def ann(site: Site) -> Person:
    return await site.person()


@pytest.fixture(scope="module")
async def bob(site: Site) -> Person:
    return await site.person()


@pytest.fixture(scope="module")
async def admin(site: Site) -> Person:
    person = await site.person()

    async def promote(session: AsyncSession) -> None:
        await session.execute(update(User).where(User.user_id == person.user_id).values(role="admin"))

    await site.tasks.database.write(promote)
    await asyncio.sleep(2.5)  # callers are remembered for a moment
    return person


async def ended(client: httpx.AsyncClient, task_id: str) -> dict[str, Any]:
    async with asyncio.timeout(15):
        while True:
            task: dict[str, Any] = (await client.get(f"/api/v1/tasks/{task_id}")).json()
            if task["finished_at"]:
                return task
            await asyncio.sleep(0.02)


async def test_a_task_is_told_as_the_contract_says(site: Site, ann: Person) -> None:
    task = await site.add(ann.user_id, "job", parameters={"human_image": "a"})
    told = await ended(ann.client, task.task_id)
    assert {name: told[name] for name in ("id", "kind", "status", "progress", "result", "error", "attempts")} == {
        "id": task.task_id,
        "kind": "job",
        "status": "succeeded",
        "progress": 1.0,
        "result": {"images": [], "image_id": "img"},
        "error": None,
        "attempts": 1,
    }
    assert told["parameters"] == {"human_image": "a"}
    assert told["created_at"].endswith(("Z", "+00:00"))
    assert set(told) >= {"stage", "queue_position", "started_at"}


async def test_every_way_of_coming_in_sees_the_same_and_strangers_nothing(site: Site, ann: Person, bob: Person) -> None:
    task = await site.add(ann.user_id)
    path = f"/api/v1/tasks/{task.task_id}"
    anonymous = site.client()
    assert (await anonymous.get(path, headers=ann.bearer)).json()["id"] == task.task_id
    assert (await ann.client.get(path)).json()["queue_position"] is not None
    for method, address in (("GET", path), ("POST", path + "/cancel"), ("POST", path + "/retry")):
        stranger = await anonymous.request(method, address)
        assert stranger.status_code == 401
        assert stranger.headers["content-type"] == "application/problem+json"
        other = await bob.client.request(method, address, headers={"Origin": site.address})
        assert (other.status_code, other.json()["code"]) == (404, "not_there")
    assert (await anonymous.get("/api/v1/tasks")).status_code == 401
    assert task.task_id not in (await bob.client.get("/api/v1/tasks?page_size=100")).text


async def test_cancel_and_retry(site: Site, ann: Person) -> None:
    task = await site.add(ann.user_id)
    path = f"/api/v1/tasks/{task.task_id}"
    cancelled = await ann.client.post(path + "/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    twice = await ann.client.post(path + "/cancel", headers={"Accept-Language": "zh-CN"})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_ended")
    assert "已取消" in twice.text
    again = await ann.client.post(path + "/retry")
    assert (again.status_code, again.json()["status"], again.json()["finished_at"]) == (200, "queued", None)
    assert (await ann.client.post(path + "/retry")).status_code == 409
    foreign = await ann.client.post(path + "/cancel", headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403


async def test_an_error_is_said_in_the_readers_language(site: Site, ann: Person) -> None:
    task = await site.add(ann.user_id, "job", parameters={"fail": True})
    assert (await ended(ann.client, task.task_id))["error"]["message"] == "No person was found in the photo."
    chinese = await ann.client.get(f"/api/v1/tasks/{task.task_id}", headers={"Accept-Language": "zh"})
    assert chinese.json()["error"]["message"] == "照片中没有找到人物。"
    assert set(chinese.json()["error"]) == {"code", "message", "hint"}


async def test_lists(site: Site, bob: Person) -> None:
    made = [(await site.add(bob.user_id, "other")).task_id for _ in range(5)]
    first = (await bob.client.get("/api/v1/tasks", params={"page_size": 2, "kind": "other"})).json()
    assert ([item["id"] for item in first["items"]], first["total"]) == (made[:2:-1], 5)
    assert (first["page"], first["page_size"]) == (1, 2)
    cursor = first["next_cursor"]
    rest = (await bob.client.get("/api/v1/tasks", params={"page_size": 200, "kind": "other", "cursor": cursor})).json()
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == (made[2::-1], None)
    assert rest["page_size"] == 100
    for status, count in (("queued", 5), ("failed", 0)):
        page = (await bob.client.get("/api/v1/tasks", params={"status": status, "kind": "other"})).json()
        assert page["total"] == count
    for bad in ({"page": 0}, {"page_size": 0}, {"status": "waiting"}, {"cursor": "x"}, {"kind": "' or 1"}, {"sort": 1}):
        assert (await bob.client.get("/api/v1/tasks", params=bad)).status_code == 422
    beyond = await bob.client.get("/api/v1/tasks", params={"page": 10**30})
    assert (beyond.status_code, beyond.json()["items"]) == (200, [])


async def test_a_group_names_its_children(site: Site, ann: Person) -> None:
    async def work(session: AsyncSession) -> tuple[str, list[str]]:
        group = await site.tasks.add_group(session, user_id=ann.user_id, kind="still", parameters={})
        children = [
            await site.tasks.add(
                session, user_id=ann.user_id, kind="still", lane="lane", parameters={}, parent_id=group.task_id
            )
            for _ in range(3)
        ]
        return group.task_id, [child.task_id for child in children]

    group, children = await site.tasks.database.write(work)
    told = (await ann.client.get(f"/api/v1/tasks/{group}")).json()
    assert (told["children"], told["queue_position"]) == (children, None)
    listed = (await ann.client.get("/api/v1/tasks", params={"parent_id": group})).json()
    assert {item["id"] for item in listed["items"]} == set(children)
    assert {item["parent_id"] for item in listed["items"]} == {group}
    cancelled = (await ann.client.post(f"/api/v1/tasks/{group}/cancel")).json()
    assert (cancelled["status"], cancelled["result"]["counts"]["cancelled"]) == ("cancelled", 3)


async def test_administrators_see_how_tasks_go_but_not_what_people_asked_for(
    site: Site, ann: Person, admin: Person
) -> None:
    task = await site.add(ann.user_id, parameters={"prompt": "a private wish"})
    assert (await ann.client.get("/api/v1/admin/tasks")).status_code == 403
    assert (await ann.client.post(f"/api/v1/admin/tasks/{task.task_id}/cancel")).status_code == 403
    assert (await site.client().get("/api/v1/admin/tasks")).status_code == 401
    listed = await admin.client.get("/api/v1/admin/tasks", params={"user_id": ann.user_id, "page_size": 100})
    found = next(item for item in listed.json()["items"] if item["id"] == task.task_id)
    assert (found["user_id"], found["lane"], found["status"]) == (ann.user_id, "lane", "queued")
    assert "private" not in listed.text
    assert not {"parameters", "result"} & set(found)
    stopped = await admin.client.post(f"/api/v1/admin/tasks/{task.task_id}/cancel")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelled")
    again = await admin.client.post(f"/api/v1/admin/tasks/{task.task_id}/retry")
    assert (again.status_code, again.json()["status"]) == (200, "queued")
    async with site.tasks.database.read() as session:
        entries = (await session.execute(select(AuditEntry).where(AuditEntry.target == task.task_id))).scalars().all()
    assert [(entry.action, entry.user_id) for entry in entries] == [
        ("tasks.cancel", admin.user_id),
        ("tasks.retry", admin.user_id),
    ]


async def test_the_wardrobe_has_three_words_for_it(site: Site, ann: Person, bob: Person) -> None:
    upload = await site.tasks.database.write(
        lambda session: site.tasks.record_upload(session, user_id=ann.user_id, image_id="img", result={"x": 1})
    )
    waiting, failing = await site.add(ann.user_id), await site.add(ann.user_id, "job", parameters={"fail": True})
    await ended(ann.client, failing.task_id)
    expected = {
        upload: ("completed", "img"),
        waiting.task_id: ("processing", None),
        failing.task_id: ("failed", None),
    }
    for task_id, (word, image) in expected.items():
        answer = await ann.client.get(f"/api/task/{task_id}")
        assert answer.status_code == 200
        status = answer.json()["status"]
        assert (status["task_id"], status["user_id"], status["status"]) == (task_id, ann.user_id, word)
        assert status["image_id"] == image
        assert set(status) == {"task_id", "user_id", "status", "created_at", "updated_at", "image_id"}
    other = await bob.client.get(f"/api/task/{upload}")
    assert (other.status_code, other.json()["success"]) == (404, False)
    stranger = await site.client().get(f"/api/task/{upload}")
    assert (stranger.status_code, "登录" in stranger.json()["error"]) == (401, True)
    assert (await ann.client.get(f"/api/v1/tasks/{upload}")).status_code == 404
    assert upload not in (await ann.client.get("/api/v1/tasks?page_size=100")).text


async def test_at_home_programs_without_a_cookie_see_what_they_uploaded(tmp_path: Path) -> None:
    async with serve(tmp_path) as home:
        owner = home.app.parts.accounts.default_user_id
        task_id = await home.tasks.database.write(
            lambda session: home.tasks.record_upload(session, user_id=owner, image_id="img", result={"x": 1})
        )
        extension = {"Origin": "chrome-extension://abcdef"}
        answer = await home.client().get(f"/api/task/{task_id}", headers=extension)
        assert answer.json()["status"]["status"] == "completed"
        task = await home.add(owner)
        assert (await home.client().get(f"/api/v1/tasks/{task.task_id}")).json()["status"] == "queued"
        stopped = await home.client().post(f"/api/v1/tasks/{task.task_id}/cancel")  # what they began they may stop
        assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelled")


async def test_a_request_with_a_long_or_strange_id_is_answered(ann: Person) -> None:
    for task_id in ("x" * 65, "%E4%BB%BB", "a%00b", "..", "%2e%2e%2f"):
        for path in (f"/api/v1/tasks/{task_id}", f"/api/task/{task_id}"):
            assert (await ann.client.get(path)).status_code in {400, 404, 422}
