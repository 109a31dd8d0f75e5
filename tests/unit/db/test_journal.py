from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from vtonlab.accounts.models import Role, User
from vtonlab.db import journal
from vtonlab.db.journal import Change, Entry

pytestmark = pytest.mark.anyio


async def make_users(database, *names):
    async def work(session):
        session.add(Role(name="editor", permissions=[]))
        await session.flush()
        session.add_all(User(user_id=name, username=name, username_key=name) for name in names)

    await database.write(work)


async def test_numbers_have_no_gap_whoever_writes_at_once(any_database):
    await make_users(any_database, "ada", "bo")

    async def add(user, place, *, fails):
        async def work(session):
            entries = [Entry("image", f"{place}-{part}", "create", {"place": place}) for part in range(1 + place % 3)]
            await journal.note(session, user, entries)
            if fails:
                raise LookupError

        try:
            await any_database.write(work)
        except LookupError:
            return 0
        return 1 + place % 3

    jobs = [add(user, place, fails=place % 4 == 3) for place in range(24) for user in ("ada", "bo")]
    kept = sum(await asyncio.gather(*jobs))
    async with any_database.read() as session:
        for user in ("ada", "bo"):
            numbers = [change.number for change in await journal.read(session, user)]
            assert numbers == list(range(1, kept // 2 + 1))
        assert len((await session.execute(select(Change.number))).all()) == kept
