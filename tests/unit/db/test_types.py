from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select

from vtonlab.accounts.models import AuditEntry, Role, User
from vtonlab.tasks.models import Task

pytestmark = pytest.mark.anyio

MOMENTS = [
    datetime(2026, 11, 22, 4, 36, 26, 123456, UTC),
    datetime(2026, 2, 28, 23, 59, 59, 999999, timezone(timedelta(hours=-9, minutes=-30))),
    datetime(2024, 2, 29, 0, 0, 0, 1, timezone(timedelta(hours=8))),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
]


async def add_user(database, user_id="ada", **more):
    async def work(session):
        if await session.get(Role, "editor") is None:
            session.add(Role(name="editor", permissions=[]))
            await session.flush()
        session.add(User(**({"user_id": user_id, "username": user_id, "username_key": user_id} | more)))

    await database.write(work)


async def test_moments_come_back_as_they_were_in_utc(any_database):
    for place, moment in enumerate(MOMENTS):
        await add_user(any_database, f"user-{place}", last_login=moment)
    async with any_database.read() as session:
        found = (await session.execute(select(User.last_login).order_by(User.user_id))).scalars().all()
        by_value = [
            (await session.execute(select(User.user_id).where(User.last_login == moment))).scalar_one()
            for moment in MOMENTS
        ]
        later = (await session.execute(select(User).where(User.last_login > max(MOMENTS)))).all()
        in_order = (await session.execute(select(User.last_login).order_by(User.last_login))).scalars().all()
    assert found == MOMENTS
    assert {moment.tzinfo for moment in found} == {UTC}
    assert by_value == [f"user-{place}" for place in range(len(MOMENTS))]
    assert not later
    assert in_order == sorted(MOMENTS)


async def test_a_moment_without_a_zone_is_refused(any_database):
    with pytest.raises(Exception, match="without a time zone"):
        await add_user(any_database, last_login=datetime(2026, 11, 22))  # noqa: DTZ001 - the point


async def test_ids_and_words_are_told_apart_by_case_and_accent(any_database):
    for name in ("ada", "Ada", "ADA", "adä"):
        await add_user(any_database, name.replace("ä", "ae"), username=name, username_key=name)
    async with any_database.read() as session:
        for name in ("ada", "Ada", "ADA"):
            assert (await session.execute(select(User.username).where(User.user_id == name))).scalar_one() == name
            assert (await session.execute(select(User.user_id).where(User.username == name))).scalar_one() == name
        names = (await session.execute(select(User.username).order_by(User.username))).scalars().all()
    assert names == sorted(["ada", "Ada", "ADA", "adä"], key=lambda name: name.encode())


NAMES = ["👗🧥", "旗袍", "Ünïcödé", "e\u0301", "a'b\"c\\d%e_f;--", "ﷺ", "\U0010ffff", "a\nb\tc"]


async def test_words_of_every_script_come_back(any_database):
    for place, name in enumerate(NAMES):
        await add_user(any_database, f"user-{place}", username=name, username_key=name)
    async with any_database.read() as session:
        for name in NAMES:
            assert (await session.execute(select(User.username).where(User.username == name))).scalar_one() == name


VALUES = [
    {},
    {"a": None, "b": True, "c": 1.5, "d": [1, "two", {"three": [3]}], "e": ""},
    {"👗": "旗袍", "quotes": "\"'\\", "control": "\u0001\n", "big": 2**53, "small": -1e-9},
]


async def test_json_comes_back(any_database):
    async def work(session):
        session.add_all(AuditEntry(action="test", target=str(place), details=VALUES[place]) for place in range(3))

    await any_database.write(work)
    async with any_database.read() as session:
        found = (await session.execute(select(AuditEntry.details).order_by(AuditEntry.target))).scalars().all()
    assert found == VALUES


async def test_no_json_is_null(any_database):
    await add_user(any_database)

    async def work(session):
        session.add(Task(task_id="none", user_id="ada", kind="tryon", parameters={}, result=None))
        session.add(Task(task_id="some", user_id="ada", kind="tryon", parameters={}, result={"image_id": None}))

    await any_database.write(work)
    async with any_database.read() as session:
        without = (await session.execute(select(Task.task_id).where(Task.result.is_(None)))).scalars().all()
        results = (await session.execute(select(Task.result).order_by(Task.task_id))).scalars().all()
    assert without == ["none"]
    assert results == [None, {"image_id": None}]


async def test_numbers_of_the_audit_log_are_the_databases_own(any_database):
    async def work(session):
        entries = [AuditEntry(action="test", details={}) for _ in range(3)]
        session.add_all(entries)
        await session.flush()
        return [entry.number for entry in entries]

    assert await any_database.write(work) == [1, 2, 3]


async def test_a_role_that_is_used_is_not_deleted(any_database):
    """Foreign keys are watched, on SQLite too."""

    async def work(session):
        await session.execute(insert(User).values(user_id="x", username="x", username_key="x", role="nobody"))

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await any_database.write(work)
