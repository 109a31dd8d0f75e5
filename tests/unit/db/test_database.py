from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext

import anyio
import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from vtonlab.accounts.models import Role, User
from vtonlab.db.database import Database, after_commit, may_succeed_again
from vtonlab.db.journal import ChangeCounter
from vtonlab.errors import BadSetting, DatabaseUnavailable

pytestmark = pytest.mark.anyio


async def make_counters(database, *names, last=0):
    async def work(session):
        await session.execute(insert(Role).values(name="editor", permissions=[], is_built_in=True))
        for name in names:
            session.add(User(user_id=name, username=name, username_key=name))
        await session.flush()
        session.add_all(ChangeCounter(user_id=name, last=last) for name in names)

    await database.write(work)


async def count(database, name="ada"):
    async with database.read() as session:
        return (await session.execute(select(ChangeCounter.last).where(ChangeCounter.user_id == name))).scalar_one()


def locked(database, name):
    """The row, as a change must read it that goes by what it read."""
    return select(ChangeCounter).where(ChangeCounter.user_id == name).with_for_update()


async def test_no_increment_is_lost(any_database):
    await make_counters(any_database, "ada")

    async def add(session):
        counter = (await session.execute(locked(any_database, "ada"))).scalar_one()
        await asyncio.sleep(0)
        counter.last += 1

    await asyncio.gather(*(any_database.write(add) for _ in range(50)))
    assert await count(any_database) == 50


INCREMENTS = """
import asyncio, sys
from sqlalchemy import select
from vtonlab.accounts.models import User
from vtonlab.db.database import Database
from vtonlab.db.journal import ChangeCounter

async def main():
    database = Database(sys.argv[1])
    async def add(session):
        counter = (await session.execute(select(ChangeCounter))).scalar_one()
        counter.last += 1
    for _ in range(25):
        await database.write(add)
    await database.close()

asyncio.run(main())
"""


async def test_no_increment_is_lost_between_processes(database):
    """SQLite begins at once to write: what was read cannot be outdated when it is written back."""
    await make_counters(database, "ada")
    words = [sys.executable, "-c", INCREMENTS, f"sqlite:///{database.url.database}"]
    others = [subprocess.Popen(words, stderr=subprocess.PIPE) for _ in range(2)]  # noqa: ASYNC220
    for other in others:
        _, said = await asyncio.to_thread(other.communicate)
        assert other.returncode == 0, said.decode()
    assert await count(database) == 50


@pytest.mark.parametrize("within_savepoint", [False, True])
async def test_a_deadlock_is_tried_again(any_database, caplog, within_savepoint):
    """Two changes that need the same two rows in opposite orders, each holding one when it asks for the other.

    MariaDB ends the whole transaction then, so going back to a savepoint fails with an error of its own.
    """
    caplog.set_level(logging.INFO, "vtonlab.db.database")
    await make_counters(any_database, "ada", "bo")
    tries = {"ada": 0, "bo": 0}
    holding, both_hold = set(), asyncio.Event()

    async def add(session, first, second):
        tries[first] += 1
        for name in (first, second):
            step = update(ChangeCounter).where(ChangeCounter.user_id == name).values(last=ChangeCounter.last + 1)
            async with session.begin_nested() if within_savepoint and name == second else nullcontext():
                await session.execute(step)
            if name == first and not any_database.is_sqlite:
                holding.add(name)
                if len(holding) == 2:
                    both_hold.set()
                await both_hold.wait()

    changes = [lambda session: add(session, "ada", "bo"), lambda session: add(session, "bo", "ada")]
    await asyncio.gather(*(any_database.write(change) for change in changes))
    assert (await count(any_database, "ada"), await count(any_database, "bo")) == (2, 2)
    if not any_database.is_sqlite:  # where one writer waits for the other there is no deadlock
        assert sum(tries.values()) == 3
        assert "transaction is run again" in caplog.text


async def test_what_fails_for_its_own_reason_is_not_tried_again(any_database):
    await make_counters(any_database, "ada")
    tries = 0

    async def add(session):
        nonlocal tries
        tries += 1
        await session.execute(insert(ChangeCounter).values(user_id="ada", last=7))

    with pytest.raises(DBAPIError) as caught:
        await any_database.write(add)
    assert not may_succeed_again(caught.value)
    assert tries == 1
    assert await count(any_database) == 0


async def test_a_reader_sees_one_state(any_database):
    await make_counters(any_database, "ada", "bo")

    async def add(session):
        await session.execute(update(ChangeCounter).values(last=ChangeCounter.last + 1))

    async with any_database.read() as session:
        first = (await session.execute(select(func.sum(ChangeCounter.last)))).scalar_one()
        await any_database.write(add)
        again = (await session.execute(select(func.sum(ChangeCounter.last)))).scalar_one()
    assert first == again == 0
    assert await count(any_database) == 1


async def test_a_reader_changes_nothing(any_database):
    await make_counters(any_database, "ada")
    with pytest.raises(DBAPIError):
        async with any_database.read() as session:
            await session.execute(update(ChangeCounter).values(last=9))
    assert await count(any_database) == 0


async def test_many_readers_that_write_do_not_wait_for_each_other(any_database):
    await make_counters(any_database, "ada")

    async def visit():
        async with any_database.read() as session:
            await session.execute(select(ChangeCounter))
            await any_database.write(add)

    async def add(session):
        await session.execute(update(ChangeCounter).values(last=ChangeCounter.last + 1))

    with anyio.fail_after(25):
        await asyncio.gather(*(visit() for _ in range(20)))
    assert await count(any_database) == 20


@pytest.mark.parametrize("scope", ["task", "anyio"])
async def test_a_change_that_is_cancelled_is_undone(any_database, scope):
    """By asyncio's one-time word and by anyio's, which is repeated until it is obeyed."""
    await make_counters(any_database, "ada")
    inside, followed = asyncio.Event(), []

    async def add(session):
        after_commit(session, lambda: followed.append(1))
        await session.execute(update(ChangeCounter).values(last=ChangeCounter.last + 1))
        inside.set()
        await asyncio.sleep(60)

    if scope == "task":
        task = asyncio.create_task(any_database.write(add))
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        async with anyio.create_task_group() as group:
            group.start_soon(any_database.write, add)
            await inside.wait()
            group.cancel_scope.cancel()
    assert followed == []
    assert await count(any_database) == 0

    async def add_one(session):
        await session.execute(update(ChangeCounter).values(last=ChangeCounter.last + 1))

    with anyio.fail_after(5):  # neither the line of writers nor a row is still held
        await any_database.write(add_one)
    assert await count(any_database) == 1


async def test_a_change_cancelled_at_any_moment_is_whole_or_not_there(any_database):
    """After it holds, its steps follow, and it was either counted twice or not at all."""
    await make_counters(any_database, "ada", "bo")
    followed = []

    async def add(session):
        for name in ("ada", "bo"):
            await session.execute(
                update(ChangeCounter).where(ChangeCounter.user_id == name).values(last=ChangeCounter.last + 1)
            )
        after_commit(session, lambda: followed.append(1))

    for turns in range(60):
        task = asyncio.create_task(any_database.write(add))
        for _ in range(turns):
            await asyncio.sleep(0)
            if task.done():
                break
        task.cancel()
        await asyncio.wait([task])
    assert await count(any_database, "ada") == await count(any_database, "bo") == len(followed)
    await any_database.write(add)
    assert await count(any_database, "ada") == len(followed)


async def test_a_step_that_fails_after_a_commit_is_logged_and_the_rest_follows(any_database, caplog):
    await make_counters(any_database, "ada")
    followed = []

    def fail():
        raise LookupError

    async def later():
        followed.append("later")

    async def work(session):
        after_commit(session, lambda: followed.append("first"))
        after_commit(session, fail)
        after_commit(session, later)
        return "kept"

    assert await any_database.write(work) == "kept"
    assert followed == ["first", "later"]
    assert "a step after a commit failed" in caplog.text


async def test_nothing_follows_what_was_undone(any_database):
    followed = []

    async def work(session):
        after_commit(session, lambda: followed.append(1))
        raise LookupError

    with pytest.raises(LookupError):
        await any_database.write(work)
    assert followed == []


async def test_a_change_within_a_change_does_not_wait_for_itself(any_database):
    async def inner(session):
        await session.execute(update(ChangeCounter).values(last=ChangeCounter.last + 1))

    async def outer(session):
        await any_database.write(inner)

    with anyio.fail_after(5), pytest.raises(RuntimeError, match="within a change"):
        await any_database.write(outer)

    await make_counters(any_database, "ada")

    async def in_order(session):
        after_commit(session, lambda: any_database.write(inner))

    with anyio.fail_after(5):
        await any_database.write(in_order)
    assert await count(any_database) == 1


async def test_readers_that_are_cancelled_give_their_connections_back(any_database):
    await make_counters(any_database, "ada")
    for turns in range(40):
        with anyio.CancelScope() as scope:
            async with any_database.read() as session:
                if turns % 2:
                    scope.cancel()
                await session.execute(select(ChangeCounter))
                scope.cancel()
                await asyncio.sleep(1)
    await asyncio.gather(*(count(any_database) for _ in range(20)))
    assert any_database._readers.pool.checkedout() == 0


async def test_a_row_that_is_set_to_what_it_was_counts_as_found(any_database):
    """Compare and set goes by the number of rows found; MariaDB alone would count those that changed."""
    await make_counters(any_database, "ada", last=3)

    async def work(session):
        return (await session.execute(update(ChangeCounter).values(last=3))).rowcount

    assert await any_database.write(work) == 1


async def test_what_is_too_long_is_refused_and_not_cut(any_database):
    if any_database.is_sqlite:
        pytest.skip("SQLite knows no lengths")

    async def work(session):
        await session.execute(insert(Role).values(name="x" * 40, permissions=[], is_built_in=False))

    with pytest.raises(DBAPIError):
        await any_database.write(work)


@pytest.mark.parametrize(
    "address",
    [
        "sqlite:////nowhere/at/all.db",
        "postgresql://someone@127.0.0.1:9/x",
        "postgresql://someone@/x?host=/nowhere",
        "mysql://someone@127.0.0.1:9/x",
    ],
)
async def test_a_database_that_does_not_answer(address):
    database = Database(address)
    try:
        for job in (database.ping, lambda: database.write(lambda session: session.execute(text("SELECT 1")))):
            with pytest.raises(DatabaseUnavailable):
                await job()
        with pytest.raises(DatabaseUnavailable):
            async with database.read():
                pass
    finally:
        await database.close()
        # The driver's threads that could not open the file end by themselves; they must not outlive the event loop.
        ending = [thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name]
        for thread in ending:
            await asyncio.to_thread(thread.join, 5)


@pytest.mark.parametrize("address", ["", "no address", "oracle://x/y", "http://somewhere/"])
def test_what_is_no_address_of_a_database(address):
    with pytest.raises(BadSetting, match="VTONLAB_DATABASE_URL"):
        Database(address)


def test_the_driver_is_chosen_by_the_dialect():
    assert Database("postgres://u@h/d?sslmode=require").url.query == {"ssl": "require"}
    assert Database("mysql+pymysql://u@h/d").url.drivername == "mysql+asyncmy"
    assert Database("mariadb://u@h/d").url.query["charset"] == "utf8mb4"


STOPPED = """
import asyncio, os, sys
from sqlalchemy import update
from vtonlab.accounts.models import User
from vtonlab.db.database import Database
from vtonlab.db.journal import ChangeCounter

async def main():
    database = Database(sys.argv[1])
    async def add(session):
        await session.execute(update(ChangeCounter).values(last=ChangeCounter.last + 1))
        print("holds", flush=True)
        await asyncio.sleep(60)
    await database.write(add)

asyncio.run(main())
"""


async def test_a_writer_that_is_killed_holds_nothing_up(database):
    await make_counters(database, "ada")
    words = [sys.executable, "-c", STOPPED, f"sqlite:///{database.url.database}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:  # noqa: ASYNC220
        assert other.stdout is not None
        await asyncio.to_thread(other.stdout.readline)
        os.kill(other.pid, signal.SIGKILL)

    async def add(session):
        await session.execute(update(ChangeCounter).values(last=ChangeCounter.last + 10))

    began = time.monotonic()
    await database.write(add)
    assert await count(database) == 10
    assert time.monotonic() - began < 10  # the lock of the dead is gone, not waited for
