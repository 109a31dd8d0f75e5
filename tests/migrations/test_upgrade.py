from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from tests.migrations.later import write_steps

from vtonlab.accounts.models import User
from vtonlab.db import copies, revisions, upgrade
from vtonlab.db.database import Database
from vtonlab.errors import DatabaseProblem, FileProblem
from vtonlab.settings import Settings

pytestmark = pytest.mark.anyio
TODAY = revisions.FOLDER


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path / "data")


@pytest.fixture
def later(tmp_path, monkeypatch):
    """The program of a later release."""
    monkeypatch.setattr(revisions, "FOLDER", write_steps(tmp_path / "later"))


@pytest.fixture
async def opened(settings):
    """Opens a database, by default that of the settings; closed at the end of the test."""
    databases = []

    def open_one(address=None):
        databases.append(Database(address or settings.database_address))
        return databases[-1]

    yield open_one
    for database in databases:
        await database.close()


async def fill(database, settings):
    """Make it as this release does, with a user and what hangs on them."""
    folder, revisions.FOLDER = revisions.FOLDER, TODAY
    try:
        await upgrade.upgrade(database, settings)
    finally:
        revisions.FOLDER = folder

    async def work(session):
        session.add(User(user_id="ada", username="Ada", username_key="ada"))
        await session.flush()
        await session.execute(text("INSERT INTO library_states (user_id, version) VALUES ('ada', 7)"))

    await database.write(work)
    await database.close()


async def columns(database):
    return await database.run(lambda connection: [c["name"] for c in inspect(connection).get_columns("users")])


async def kept_version(database):
    async with database.read() as session:
        return (await session.execute(text("SELECT version FROM library_states"))).scalar_one()


def backups(settings):
    return sorted((settings.data_folder / "backups").glob("*"))


async def test_a_fresh_database_is_made_without_a_copy(settings, opened):
    database = opened()
    await upgrade.prepare(database, settings)
    assert await upgrade.current(database) == revisions.newest()
    assert database.file is not None
    assert database.file.stat().st_mode & 0o077 == 0
    assert not backups(settings)
    await upgrade.prepare(database, settings)
    assert not backups(settings)


async def test_an_older_database_is_copied_and_upgraded(settings, later, monkeypatch, opened):
    await fill(opened(), settings)
    database = opened()
    await upgrade.prepare(database, settings)
    assert {"shoe_size", "speaks"} < set(await columns(database))
    assert await kept_version(database) == 7, "rows that hang on a table which was made anew are still there"
    [copy] = backups(settings)
    assert copy.name.startswith("vtonlab-20")
    assert copy.name.endswith("Z-0001.db")
    assert copy.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT username FROM users").fetchall() == [("Ada",)]
        assert kept.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert kept.execute("PRAGMA journal_mode").fetchall() == [("delete",)]
    async with database.read() as session:  # foreign keys are watched again
        assert (await session.execute(text("PRAGMA foreign_keys"))).scalar_one() == 1


async def test_the_oldest_copies_go(settings, opened):
    database = opened()
    await fill(database, settings)
    other = settings.data_folder / "backups" / "mine.db"
    for _ in range(13):
        copies.keep(database.file, settings.data_folder, "0001")
    other.write_bytes(b"not ours")
    names = [path.name for path in backups(settings)]
    assert len(names) == 11
    assert "mine.db" in names


async def test_a_newer_database_is_left_as_it_is(settings, later, opened, monkeypatch):
    await fill(opened(), settings)
    newer = opened()
    await upgrade.prepare(newer, settings)
    await newer.close()
    [copy] = backups(settings)
    monkeypatch.setattr(revisions, "FOLDER", TODAY)
    before = settings.data_folder.joinpath("vtonlab.db").read_bytes()
    database = opened()
    with pytest.raises(DatabaseProblem, match=r"newer version.*0002"):
        await upgrade.prepare(database, settings)
    await database.close()
    assert settings.data_folder.joinpath("vtonlab.db").read_bytes() == before
    assert backups(settings) == [copy]


async def test_another_programs_database_is_left_alone(empty_database, settings, opened):
    database = opened(empty_database)

    def make(connection):
        with connection.begin():
            connection.execute(text("CREATE TABLE theirs (id INTEGER)"))

    await database.run(make)
    with pytest.raises(DatabaseProblem, match="another program"):
        await upgrade.upgrade(database, settings)
    assert await database.run(lambda connection: inspect(connection).get_table_names()) == ["theirs"]


async def test_elsewhere_somebody_has_to_ask(empty_database, settings, opened):
    database = opened(empty_database)
    if database.is_sqlite:
        await database.close()
        pytest.skip("SQLite is upgraded by itself")
    with pytest.raises(DatabaseProblem) as caught:
        await upgrade.prepare(database, settings)
    assert "vtonlab db upgrade" in caught.value.advise()
    await upgrade.upgrade(database, settings)
    await upgrade.prepare(database, settings)
    assert not backups(settings)


async def test_several_that_start_at_once_do_not_collide(empty_database, settings, later, opened):
    databases = [opened(empty_database) for _ in range(4)]
    done = await asyncio.gather(*(upgrade.upgrade(database, settings) for database in databases))
    assert {found.after for found in done} == {"0002"}
    assert await upgrade.current(databases[0]) == "0002"
    async with databases[1].read() as session:
        assert len((await session.execute(text("SELECT name FROM roles"))).all()) == 4


async def test_every_step_leads_back_with_what_hangs_on_it(empty_database, settings, later, opened):
    database = opened(empty_database)
    await fill(database, settings)
    for to in ("0001", "0002"):
        take = revisions.downgrade if to == "0001" else revisions.upgrade
        await database.run(lambda connection, to=to, take=take: take(connection, to))
        assert await upgrade.current(database) == to
        assert ("shoe_size" in await columns(database)) is (to == "0002")
        assert await kept_version(database) == 7


async def test_a_step_that_mariadb_left_half_done_is_taken_again(empty_database, settings, opened):
    """Its tables are there, its revision is not."""
    database = opened(empty_database)
    await upgrade.upgrade(database, settings)

    def forget(connection):
        with connection.begin():
            connection.execute(text("DELETE FROM alembic_version"))
            connection.execute(text("DELETE FROM roles"))
            connection.execute(text("DROP TABLE favorites"))

    await database.run(forget)
    assert (await upgrade.upgrade(database, settings)).after == revisions.newest()
    assert "favorites" in await database.run(lambda connection: inspect(connection).get_table_names())


async def test_no_room_for_a_copy_means_no_upgrade(settings, later, monkeypatch, opened):
    await fill(opened(), settings)

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    database = opened()
    with pytest.raises(DatabaseProblem, match="no backup copy"):
        await upgrade.prepare(database, settings)
    assert "shoe_size" not in await columns(database)
    assert not backups(settings)


async def test_where_none_can_be_made(tmp_path, opened):
    (tmp_path / "file").write_text("a file, no folder")
    settings = Settings(data=tmp_path / "file" / "below")
    with pytest.raises(FileProblem):
        await upgrade.prepare(opened(settings.database_address), settings)


async def test_what_is_no_database(settings, opened):
    settings.data_folder.mkdir()
    file = settings.data_folder / "vtonlab.db"
    file.write_text("these are no tables, " * 100)
    with pytest.raises(DatabaseProblem, match="no database"):
        await upgrade.prepare(opened(), settings)
    assert file.read_text().startswith("these are no tables")


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from vtonlab import crash_points
from vtonlab.db import revisions, upgrade
from vtonlab.db.database import Database
from vtonlab.settings import Settings

crash_points.listen(lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == sys.argv[3] else None)
revisions.FOLDER = Path(sys.argv[2])
settings = Settings(data=Path(sys.argv[1]))
database = Database(settings.database_address)
asyncio.run(upgrade.prepare(database, settings))
"""


@pytest.mark.parametrize("point", ["upgrade.copied", "upgrade.in_a_step"])
async def test_killed_in_the_middle_the_old_database_works(settings, tmp_path, point, monkeypatch, opened):
    await fill(opened(), settings)
    folder = write_steps(tmp_path / "later")
    words = [sys.executable, "-c", KILLED, str(settings.data_folder), str(folder), point]
    done = await asyncio.to_thread(subprocess.run, words, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()

    database = opened()
    await upgrade.prepare(database, settings)  # the old program goes on
    assert "shoe_size" not in await columns(database)
    assert await kept_version(database) == 7

    monkeypatch.setattr(revisions, "FOLDER", folder)  # and the new one tries again
    database = opened()
    await upgrade.prepare(database, settings)
    assert "shoe_size" in await columns(database)
    assert await kept_version(database) == 7
    await database.close()
    assert len([path for path in backups(settings) if path.suffix == ".db"]) == 2
