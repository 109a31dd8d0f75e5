# ruff: noqa: ASYNC110 - what is waited for happens in the server
"""The WebSocket of tasks, over the real server, with a real client."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.api.task_server import PASSWORD, Person, Site, serve
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from vtonlab.accounts.models import ApiToken
from vtonlab.db.base import now
from vtonlab.errors import NoPersonFound
from vtonlab.tasks import socket as task_socket
from vtonlab.tasks.contract import Done, Job, JobKind
from vtonlab.tasks.events import ROOM, TaskState
from vtonlab.tasks.models import Status

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all, so that one server serves them."""
    return "asyncio"


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncIterator[Site]:
    async with serve(tmp_path_factory.mktemp("site"), mode="server") as site:
        yield site


@pytest.fixture(scope="module")
async def ann(site: Site) -> Person:
    return await site.person()


@pytest.fixture(scope="module")
async def bob(site: Site) -> Person:
    return await site.person()


async def hear(connection: ClientConnection, seconds: float = 10) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(connection.recv(), seconds))
    return message


async def say(connection: ClientConnection, **message: object) -> None:
    await connection.send(json.dumps(message))


async def is_silent(connection: ClientConnection) -> bool:
    """Whether nothing was on its way before the answer to a heartbeat."""
    await say(connection, type="heartbeat")
    return bool((await hear(connection))["type"] == "heartbeat")


async def closing_code(connection: ClientConnection, seconds: float = 15) -> int | None:
    async with asyncio.timeout(seconds):
        async for _ in connection_until_closed(connection):
            pass
    return connection.close_code


async def connection_until_closed(connection: ClientConnection) -> AsyncIterator[str | bytes]:
    while True:
        try:
            yield await connection.recv()
        except ConnectionClosed:
            return


def register(site: Site, release: asyncio.Event | None = None) -> None:
    async def handle(job: Job) -> Done:
        await job.report(0.5, "half")
        if release is not None:
            await release.wait()
        if job.parameters.get("fail"):
            raise NoPersonFound

        async def save(_: AsyncSession) -> dict[str, Any]:
            return {"images": []}

        return Done(save)

    site.tasks.register(JobKind("job", handle))


async def test_without_a_subscription_each_of_ones_connections_is_told_of_all_of_ones_tasks(
    site: Site, ann: Person, bob: Person
) -> None:
    register(site)
    async with (
        site.connect(token=ann.token) as first,
        site.connect(additional_headers=ann.cookie) as second,
        site.connect(additional_headers=ann.bearer) as third,
        site.connect(token=bob.token) as foreign,
    ):
        made = {(await site.add(ann.user_id, "job")).task_id for _ in range(3)}
        for connection in (first, second, third):
            ended: dict[str, dict[str, Any]] = {}
            while len(ended) < 3:
                message = await hear(connection)
                assert message["type"] == "task_update"
                assert message["kind"] == "job"
                if message["status"] == "succeeded":
                    ended[message["task_id"]] = message
            assert set(ended) == made
            assert all(end["result"] == {"images": []} and end["finished_at"] for end in ended.values())
            assert all(end["progress"] == 1 for end in ended.values())
        assert await is_silent(foreign)


async def test_a_subscription_tells_how_things_stand_at_once_and_of_nothing_else(site: Site, ann: Person) -> None:
    old, other = await site.add(ann.user_id), await site.add(ann.user_id)
    async with site.connect(token=ann.token) as connection:
        await say(connection, type="subscribe", task_id=old.task_id)
        assert await hear(connection) == {
            "type": "task_update",
            "task_id": old.task_id,
            "kind": "still",
            "status": "queued",
            "progress": 0.0,
            "stage": "",
        }
        await site.tasks.orders.cancel(other.task_id)
        assert await is_silent(connection)
        await site.tasks.orders.cancel(old.task_id)
        assert (await hear(connection))["status"] == "cancelled"
        await say(connection, type="subscribe", task_id=other.task_id)
        assert (await hear(connection))["status"] == "cancelled"
        for task in (old, other):
            await say(connection, type="unsubscribe", task_id=task.task_id)
        assert await is_silent(connection)
        third = await site.add(ann.user_id)
        assert (await hear(connection))["task_id"] == third.task_id


async def test_an_error_is_said_in_the_readers_language(site: Site, ann: Person) -> None:
    register(site)
    task = await site.add(ann.user_id, "job", parameters={"fail": True})
    for language, sentence in (("zh-CN,zh;q=0.9", "照片中没有找到人物。"), ("en", "No person was found in the photo.")):
        async with site.connect(token=ann.token, additional_headers={"Accept-Language": language}) as connection:
            await say(connection, type="subscribe", task_id=task.task_id)
            while (message := await hear(connection))["status"] != "failed":
                pass
            assert message["error"]["code"] == "no_person_found"
            assert message["error"]["message"] == sentence
            assert set(message["error"]) == {"code", "message", "hint"}


async def test_a_foreign_task_answers_an_error_and_is_not_watched(site: Site, ann: Person, bob: Person) -> None:
    task = await site.add(bob.user_id)
    async with site.connect(token=ann.token) as connection:
        for task_id in (task.task_id, "nothing", "x" * 300, "任务", "\0"):
            await say(connection, type="subscribe", task_id=task_id)
            message = await hear(connection)
            assert (message["type"], message["code"]) == ("error", "not_there")
        await site.tasks.orders.cancel(task.task_id)
        assert await is_silent(connection)
        own = await site.add(ann.user_id)
        assert (await hear(connection))["task_id"] == own.task_id


MALFORMED: tuple[str | bytes, ...] = (
    "",
    "nonsense",
    "[]",
    "7",
    "null",
    "{}",
    '{"type":"unheard"}',
    '{"type":7}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","task_id":null}',
    '{"type":"unsubscribe","task_id":["a"]}',
    "[" * 4000,
    '{"a":' * 700,
    b"\xff\xfe\x00",
    b'{"type":"heartbeat"}',
    '{"type":"heartbeat","x":"' + "y" * 5000 + '"}',
    "9" * 4090,
)


async def test_a_malformed_message_is_answered_and_the_connection_lives(site: Site, ann: Person) -> None:
    async with site.connect(token=ann.token) as connection:
        for message in MALFORMED:
            await connection.send(message)
            answer = await hear(connection)
            assert (answer["type"], bool(answer["message"])) == ("error", True), message
            assert answer["code"] == ("body_too_large" if len(message) > 4096 else "bad_request"), message
            assert await is_silent(connection)


async def test_too_many_messages_are_dropped_and_in_the_end_the_connection(
    site: Site, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_socket, "RATE", 0.01)
    monkeypatch.setattr(task_socket, "BURST", 10.0)
    monkeypatch.setattr(task_socket, "PATIENCE", 20)
    async with site.connect(token=ann.token) as connection:
        for _ in range(31):
            await say(connection, type="nonsense")
        codes = [(await hear(connection)).get("code") for _ in range(11)]
        assert codes == ["bad_request"] * 10 + ["too_many_requests"]
        assert await closing_code(connection) == task_socket.POLICY


async def test_a_bad_token_closes_with_4401(site: Site) -> None:
    for token in ("", "nonsense", "vtl_" + "0" * 40, "eyJhbGciOiJub25lIn0.e30.", "x" * 5000):
        async with site.connect(token=token) as connection:
            assert await closing_code(connection) == 4401


async def test_nobody_in_server_mode_is_turned_away_with_4401(site: Site) -> None:
    async with site.connect() as connection:
        assert await closing_code(connection) == 4401


async def test_a_token_without_the_permission_is_turned_away(site: Site, ann: Person) -> None:
    token = await make_token(ann, ["images:read"])
    async with site.connect(token=token["token"]) as connection:
        assert await closing_code(connection) == 4403


async def make_token(person: Person, scopes: list[str]) -> dict[str, Any]:
    made = await person.client.post("/api/v1/auth/api-tokens", json={"name": "t", "scopes": scopes})
    assert made.status_code == 201, made.text
    token: dict[str, Any] = made.json()
    return token


async def test_a_session_that_ends_closes_with_4401_at_once(site: Site) -> None:
    ann = await site.person()
    other = site.client()
    signed_in = await other.post("/api/login", json={"username": ann.name, "password": PASSWORD})
    assert signed_in.status_code == 200
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in other.cookies.items())}
    async with (
        site.connect(additional_headers=ann.cookie) as ending,
        site.connect(additional_headers=headers) as staying,
        site.connect(token=ann.token) as with_token,
    ):
        assert (await ann.client.post("/api/logout")).status_code == 200
        assert await closing_code(ending, 3) == 4401
        assert await is_silent(staying)
        assert await is_silent(with_token)


async def test_a_token_that_is_revoked_closes_with_4401_at_once(site: Site, ann: Person) -> None:
    token = await make_token(ann, ["tasks:read"])
    async with site.connect(token=token["token"]) as connection:
        assert await is_silent(connection)
        ended = await ann.client.delete(f"/api/v1/auth/api-tokens/{token['id']}")
        assert ended.status_code in {200, 204}, ended.text
        assert await closing_code(connection, 3) == 4401


async def test_a_token_that_runs_out_closes_with_4401_within_seconds(
    site: Site, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_socket, "CHECK_SECONDS", 0.2)
    token = await make_token(ann, ["tasks:read"])
    async with site.connect(token=token["token"]) as connection:
        assert await is_silent(connection)

        async def run_out(session: AsyncSession) -> None:  # as time does: nobody is told
            await session.execute(update(ApiToken).where(ApiToken.id == token["id"]).values(expires_at=now()))

        await site.tasks.database.write(run_out)
        assert await closing_code(connection) == 4401


async def test_an_account_that_is_deleted_closes_with_4401(site: Site) -> None:
    ann = await site.person()
    async with site.connect(token=ann.token) as connection:
        gone = await ann.client.request("DELETE", "/api/v1/users/me", json={"password": PASSWORD})
        assert gone.status_code in {200, 204}, gone.text
        assert await closing_code(connection, 5) == 4401


async def test_foreign_pages_are_refused_where_the_browser_sends_the_cookie_by_itself(site: Site, ann: Person) -> None:
    foreign = {"Origin": "https://evil.example"}
    for headers, query in (
        (ann.cookie | foreign, ""),
        (ann.cookie | foreign, "?xtoken=1"),
        (ann.cookie | {"Origin": "null"}, ""),
        (ann.cookie | {"Sec-Fetch-Site": "cross-site"}, ""),
        (ann.cookie | {"Origin": "chrome-extension://abcdef"}, ""),
    ):
        with pytest.raises(InvalidStatus) as caught:
            async with site.connect(query=query, additional_headers=headers):
                pass
        assert caught.value.response.status_code == 403
    for headers, token in (
        (ann.cookie | {"Origin": site.address}, None),
        (foreign, ann.token),
        ({"Origin": "chrome-extension://abcdef"}, ann.token),
    ):
        async with site.connect(token=token, additional_headers=headers) as connection:
            assert await is_silent(connection)


async def test_at_home_no_sign_in_is_needed_but_foreign_pages_hear_nothing(tmp_path: Path) -> None:
    async with serve(tmp_path) as home:
        owner = home.app.parts.accounts.default_user_id
        for headers in ({}, {"Origin": home.address}, {"Origin": "moz-extension://abc"}):
            async with home.connect(additional_headers=headers) as connection:
                task = await home.add(owner)
                assert (await hear(connection))["task_id"] == task.task_id
        with pytest.raises(InvalidStatus) as caught:
            async with home.connect(additional_headers={"Origin": "https://evil.example"}):
                pass
        assert caught.value.response.status_code == 403


async def test_the_server_beats_by_itself(site: Site, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_socket, "HEARTBEAT_SECONDS", 0.1)
    async with site.connect(token=ann.token) as connection:
        assert [await hear(connection) for _ in range(3)] == [{"type": "heartbeat"}] * 3


async def test_a_reader_that_slept_gets_the_newest_state_of_every_task(site: Site, ann: Person) -> None:
    register(site)
    async with site.connect(token=ann.token, max_queue=1) as slow, site.connect(token=ann.token) as quick:
        made = {
            (await site.add(ann.user_id, "job", parameters={"text": secrets.token_hex(400)})).task_id for _ in range(40)
        }
        for connection in (quick, slow):
            last: dict[str, str] = {}
            while {task_id for task_id, status in last.items() if status == "succeeded"} != made:
                message = await hear(connection)
                assert last.get(message["task_id"]) != "succeeded"
                last[message["task_id"]] = message["status"]


async def test_for_who_does_not_read_nothing_piles_up_beyond_its_bound(site: Site, ann: Person) -> None:
    def state(revision: int) -> TaskState:
        text = {"text": secrets.token_hex(50_000)}
        return TaskState(
            "big", ann.user_id, revision, "job", Status.RUNNING, revision / 1000, "", text, None, finished_at=None
        )

    async with site.connect(token=ann.token, max_queue=1) as connection:
        assert await is_silent(connection)
        (listener,) = site.tasks.events._listeners[ann.user_id]
        last = 4 * ROOM
        for revision in range(last + 1):
            site.tasks.events.publish(state(revision))
            await asyncio.sleep(0)
            if revision % 50 == 0:
                await asyncio.sleep(0.05)  # the server sends, the network fills up
        assert len(listener._pending) == ROOM
        while (message := await hear(connection))["progress"] != last / 1000:
            assert message["task_id"] == "big"


async def test_one_user_has_so_many_connections_and_no_more(
    site: Site, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_socket, "MOST_CONNECTIONS", 2)
    async with site.connect(token=bob.token) as first, site.connect(token=bob.token) as second:
        assert await is_silent(first)
        assert await is_silent(second)
        async with site.connect(token=bob.token) as third:
            assert await closing_code(third) == task_socket.TOO_MANY
        assert await is_silent(first)


async def test_connections_leave_nothing_behind(site: Site, ann: Person) -> None:
    for _ in range(20):
        async with site.connect(token=ann.token) as connection:
            assert await is_silent(connection)
    connection = await site.connect(token=ann.token)
    connection.transport.abort()
    async with asyncio.timeout(10):
        while site.tasks.events._listeners:
            await asyncio.sleep(0.01)
    await site.add(ann.user_id)


async def test_a_server_stops_while_people_are_connected_and_gives_back_what_runs(tmp_path: Path) -> None:
    async with serve(tmp_path, mode="server") as site:
        begun = asyncio.Event()

        async def handle(job: Job) -> Done:
            begun.set()
            while True:
                await job.report(0.5, "on")
                await asyncio.sleep(0.01)

        site.tasks.register(JobKind("job", handle))
        ann = await site.person()
        open_still = await site.connect(token=ann.token)
        task = await site.add(ann.user_id, "job")
        await asyncio.wait_for(begun.wait(), 10)
    open_still.transport.abort()
    async with serve(tmp_path, mode="server") as site:
        async with site.tasks.database.read() as session:
            found = await session.get(type(task), task.task_id)
        assert found is not None
        assert (found.status, found.failures) == (Status.QUEUED, 0)
