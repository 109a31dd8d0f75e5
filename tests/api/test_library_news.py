# ruff: noqa: ASYNC110 - what is waited for happens in the server
"""What open pages hear of changes of their library, over the real server, with a real client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.api.house import make_photo, upload
from tests.api.task_server import Person, Site, serve
from websockets.asyncio.client import ClientConnection

from vtonlab.tasks import topics

pytestmark = pytest.mark.anyio

V1 = "/api/v1/library"
WATCH = {"type": "watch", "topic": "library"}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all, so that one server serves them."""
    return "asyncio"


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Site]:
    async with serve(tmp_path_factory.mktemp("site"), mode="server") as site:
        yield site


async def hear(connection: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(connection.recv(), 10))
    return message


async def say(connection: ClientConnection, **message: object) -> dict[str, Any]:
    """Say it; the answer to it, or to a heartbeat after it."""
    await connection.send(json.dumps(message))
    await connection.send(json.dumps({"type": "heartbeat"}))
    answer = await hear(connection)
    if answer["type"] == "error":
        assert (await hear(connection))["type"] == "heartbeat"
    return answer


async def keep(person: Person, *seeds: int) -> list[str]:
    return [(await upload(person.client, make_photo(seed=seed))).json()["imageId"] for seed in seeds]


async def heard_of(connection: ClientConnection, wanted: set[str]) -> None:
    """Until all of ``wanted`` were told."""
    left = set(wanted)
    while left:
        message = await hear(connection)
        assert set(message) == {"type", "image_ids", "more"}
        assert (message["type"], message["more"]) == ("library_update", False)
        assert set(message["image_ids"]) <= wanted
        left -= set(message["image_ids"])


async def test_every_window_that_watches_hears_of_every_kind_of_change_and_others_of_none(site: Site) -> None:
    ann, bob = await site.person(), await site.person()
    async with (
        site.connect(token=ann.token) as first,
        site.connect(additional_headers=ann.cookie) as second,
        site.connect(token=ann.token) as older,
        site.connect(token=bob.token) as foreign,
    ):
        for connection in (first, second, foreign):
            assert await say(connection, **WATCH) == {"type": "heartbeat"}
        ids = await keep(ann, 1, 2)
        url, both = f"{V1}/images/{ids[0]}", {"image_ids": ids}
        for connection in (first, second):
            await heard_of(connection, set(ids))
        for method, address, body in (
            ("PATCH", url, {"title": "Coat"}),
            ("PUT", url + "/favorite", None),
            ("DELETE", url + "/favorite", None),
            ("POST", V1 + "/images/move", both | {"category": "char"}),
            ("POST", V1 + "/images/delete", both),
            ("POST", V1 + "/images/restore", both),
            ("POST", V1 + "/images/delete", both),
            ("DELETE", V1 + "/trash", None),
        ):
            answer = await ann.client.request(method, address, json=body)
            assert answer.status_code in {200, 204}, answer.text
            for connection in (first, second):
                await heard_of(connection, {ids[0]} if address.startswith(url) else set(ids))
        for connection in (older, foreign):
            assert await say(connection, type="unwatch", topic="library") == {"type": "heartbeat"}


async def test_who_watches_no_longer_hears_no_more(site: Site) -> None:
    ann = await site.person()
    async with site.connect(token=ann.token) as connection:
        await say(connection, **WATCH)
        await heard_of(connection, set(await keep(ann, 1)))
        await say(connection, type="unwatch", topic="library")
        await keep(ann, 2)
        assert await say(connection, type="unwatch", topic="library") == {"type": "heartbeat"}


async def test_much_at_once_is_told_by_a_part_and_that_there_is_more(site: Site, monkeypatch: Any) -> None:
    monkeypatch.setattr(topics, "MOST_IDS", 5)
    ann = await site.person()
    ids = await keep(ann, *range(12))
    async with site.connect(token=ann.token) as connection:
        await say(connection, **WATCH)
        await ann.client.post(V1 + "/images/move", json={"image_ids": ids, "category": "char"})
        message = await hear(connection)
        assert (len(message["image_ids"]), message["more"]) == (5, True)
        assert set(message["image_ids"]) <= set(ids)
        await ann.client.post(V1 + "/images/move", json={"image_ids": ids[:3], "category": "clothes"})
        message = await hear(connection)
        assert (set(message["image_ids"]), message["more"]) == (set(ids[:3]), False)


async def test_for_who_does_not_read_changes_are_merged(site: Site) -> None:
    topic_hub = site.tasks.topics
    ann = await site.person()
    async with site.connect(token=ann.token) as connection:
        await say(connection, **WATCH)
        for number in range(300):  # faster than a message is written
            topic_hub.tell("library", ann.user_id, [f"a{number % 50}"])
        first = await hear(connection)
        assert first == {"type": "library_update", "image_ids": [f"a{n}" for n in range(50)], "more": False}
        topic_hub.tell("library", ann.user_id, ["b"])
        assert (await hear(connection))["image_ids"] == ["b"]


async def test_what_is_no_topic_and_what_one_may_not_see(site: Site) -> None:
    ann = await site.person()
    async with site.connect(token=ann.token) as connection:
        for wrong in ({"topic": "secrets"}, {"topic": None}, {}):
            answer = await say(connection, type="watch", **wrong)
            assert (answer["type"], answer["code"]) == ("error", "bad_request")
    made = await ann.client.post("/api/v1/auth/api-tokens", json={"name": "t", "scopes": ["tasks:read"]})
    async with site.connect(token=made.json()["token"]) as connection:
        answer = await say(connection, **WATCH)
        assert (answer["type"], answer["code"]) == ("error", "not_allowed")
        await keep(ann, 1)
        assert await say(connection, type="heartbeat") == {"type": "heartbeat"}


async def test_connections_that_watched_leave_nothing_behind(site: Site) -> None:
    ann = await site.person()
    for _ in range(5):
        async with site.connect(token=ann.token) as connection:
            await say(connection, **WATCH)
    connection = await site.connect(token=ann.token)
    await say(connection, **WATCH)
    connection.transport.abort()
    async with asyncio.timeout(10):
        while site.tasks.topics._watchers.get(ann.user_id):
            await asyncio.sleep(0.01)
