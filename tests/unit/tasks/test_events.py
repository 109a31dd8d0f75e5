"""Who hears what."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtonlab.errors import EngineBusy
from vtonlab.tasks.events import ROOM, Hub, Subscription, TaskState, tell_error, told_status, update_message
from vtonlab.tasks.models import Status
from vtonlab.tasks.moves import write_error

pytestmark = pytest.mark.anyio


def state(task_id: str, revision: int, user_id: str = "ann") -> TaskState:
    return TaskState(
        task_id, user_id, revision, "job", Status.RUNNING, revision / 1000, "stage", None, None, finished_at=None
    )


async def drain(listener: Subscription) -> list[TaskState]:
    heard = []
    while True:
        try:
            async with asyncio.timeout(0.01):
                heard.append(await listener.next())
        except TimeoutError:
            return heard


async def test_who_keeps_up_hears_every_step_in_order() -> None:
    hub = Hub()
    listener = hub.subscribe("ann")
    for revision in range(ROOM):
        hub.publish(state("a", revision))
    assert [heard.revision for heard in await drain(listener)] == list(range(ROOM))


async def test_who_falls_behind_hears_the_newest_of_each_and_keeps_no_more() -> None:
    hub = Hub()
    listener = hub.subscribe("ann")
    for revision in range(20 * ROOM):
        for task in ("a", "b", "c"):
            hub.publish(state(task, revision))
        assert len(listener._pending) <= ROOM + 3
    heard = await drain(listener)
    newest = {one.task_id: one.revision for one in heard}
    assert newest == dict.fromkeys(("a", "b", "c"), 20 * ROOM - 1)
    assert not listener._newest


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 30), st.booleans()), max_size=200))
def test_whatever_is_told_in_whatever_order_a_listener_ends_with_the_newest(
    told: list[tuple[str, int, bool]],
) -> None:
    heard: dict[str, list[int]] = {}

    async def listen() -> None:
        hub = Hub()
        listener = hub.subscribe("ann")
        for task, revision, reads in [*told, *(("", number, True) for number in range(len(told)))]:
            if task:
                hub.publish(state(task, revision))
            if reads and listener._pending:
                one = await listener.next()
                heard.setdefault(one.task_id, []).append(one.revision)

    with asyncio.Runner() as runner:
        runner.run(listen())
    newest = {task: max(revision for other, revision, _ in told if other == task) for task, *_ in told}
    assert {task: revisions[-1] for task, revisions in heard.items()} == newest
    assert all(revisions == sorted(revisions) for revisions in heard.values())


async def test_only_ones_own_and_what_one_watches_is_heard() -> None:
    hub = Hub()
    ann, bob = hub.subscribe("ann"), hub.subscribe("bob")
    hub.publish(state("a", 1))
    ann.watch("b")
    for task in "abc":
        hub.publish(state(task, 2))
    assert [one.task_id for one in await drain(ann)] == ["b"]
    ann.watch("c")
    hub.publish(state("b", 3))
    hub.publish(state("c", 3))
    ann.unwatch("b")
    assert [one.task_id for one in await drain(ann)] == ["c"]
    ann.unwatch("c")
    hub.publish(state("a", 4))
    assert [one.task_id for one in await drain(ann)] == ["a"]
    assert await drain(bob) == []
    for listener in (ann, bob):
        listener.close()
    assert not hub._listeners


async def test_an_older_state_is_never_told_after_a_newer_one() -> None:
    hub = Hub()
    listener = hub.subscribe("ann")
    hub.publish(state("a", 5))
    assert (await listener.next()).revision == 5
    hub.publish(state("a", 4))
    assert not hub.is_news(state("a", 4))
    assert await drain(listener) == []


def test_the_message_says_what_the_contract_says() -> None:
    error = write_error(EngineBusy(engine="x"))
    ended = TaskState(
        "t", "u", 3, "tryon", Status.FAILED, 1 / 3, "阶段", {"a": 1}, error, datetime(2026, 1, 2, tzinfo=UTC)
    )
    assert json.loads(update_message(ended, "zh-CN")) == {
        "type": "task_update",
        "task_id": "t",
        "kind": "tryon",
        "status": "failed",
        "progress": 0.3333,
        "stage": "阶段",
        "result": {"a": 1},
        "error": {"code": "engine_busy", "message": "引擎“x”正忙。", "hint": "请稍后再试。"},
        "finished_at": "2026-01-02T00:00:00+00:00",
    }
    assert "result" not in json.loads(update_message(state("a", 1), "en"))
    assert told_status("waiting") is Status.QUEUED
    assert tell_error(None, "en") is None
