"""`make migrate` in a copy of the sources whose models were changed: the step it writes goes up, down and up again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MODELS = "src/vtonlab/accounts/models.py"

FIELDS = """\
    nickname: Mapped[str | None] = mapped_column(words(40), unique=True)
    stars: Mapped[int] = mapped_column(Integer, default=3)
    motto: Mapped[str] = mapped_column(words(80), default='it\\'s "fine"')
    boss: Mapped[str | None] = mapped_column(identifier(), ForeignKey("users.user_id"), index=True)
"""
SESSION = """\
    address: Mapped[str] = mapped_column(words(64), default="")
    agent: Mapped[str] = mapped_column(words(200), default="")


class RefreshToken"""
SESSION_AND_TEAM = """\
    address: Mapped[str | None] = mapped_column(words(100))
    agent: Mapped[str] = mapped_column(long_words(), default="")


class Team(Base):

    __tablename__ = "teams"

    name: Mapped[str] = mapped_column(identifier(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(identifier(), _user_key(), index=True)
    told: Mapped[dict[str, JsonValue]] = mapped_column(json())


class RefreshToken"""
CHANGES = (
    ('Index(None, "kind", "last_seen_at")', 'Index(None, "kind", "created_at")'),
    ("    language: Mapped[str | None] = mapped_column(identifier(8))\n", FIELDS),
    (SESSION, SESSION_AND_TEAM),
    ("identifier, json, words", "identifier, json, long_words, words"),
)
"""Of the models of accounts: what is there, and what is put in its place."""
GONE = ("src/vtonlab/library/models.py", "class Erasure(Base)")
"""The last table of that file goes."""

TAKE_STEPS = '''
"""Up to the first step, a person with a session in it; up, down, up: told as it is found."""
import asyncio
import sys

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from scripts.write_migration import gather_tables
from sqlalchemy import Boolean, Column, column, insert, select, table

from vtonlab.db import revisions
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.db.types import UtcDateTime

moments, truths = ("created_at", "last_seen_at", "last_used_at", "expires_at"), ("is_active", "is_remembered")


def add(connection, name, **values):
    values |= dict.fromkeys(moments[:2] if name == "users" else (moments[0], *moments[2:]), now())
    kinds = {one: UtcDateTime() for one in moments} | {one: Boolean() for one in (*truths, "cloud_sync_enabled")}
    made = table(name, *(Column(one, kinds[one]) if one in kinds else Column(one) for one in values))
    connection.execute(insert(made).values(values))


def fill(connection):
    revisions.upgrade(connection, "0001")
    mei = {"user_id": "u1", "kind": "person", "username": "Mei", "username_key": "mei", "role": "editor"}
    add(connection, "users", **mei, language="en", is_active=True, cloud_sync_enabled=False)
    told = {"session_id": "s1", "token_hash": "h", "user_id": "u1", "address": "192.0.2.1", "agent": "a" * 200}
    add(connection, "sessions", **told, is_remembered=True)
    connection.commit()


def show(connection, name, *columns):
    rows = connection.execute(select(*map(column, columns)).select_from(table(name))).all()
    connection.rollback()
    print(name, *rows)


def look(connection):
    show(connection, "users", "username", "nickname", "stars", "motto", "boss")
    show(connection, "sessions", "user_id", "address")
    show(connection, "teams", "name")
    print("left:", compare_metadata(MigrationContext.configure(connection), gather_tables()))
    connection.rollback()


async def main():
    database = Database(sys.argv[1])
    try:
        await database.run(fill)
        await database.run(revisions.upgrade)
        await database.run(look)
        await database.run(lambda connection: revisions.downgrade(connection, "0001"))
        await database.run(lambda connection: show(connection, "users", "username", "language"))
        await database.run(lambda connection: show(connection, "sessions", "user_id", "address"))
        await database.run(lambda connection: show(connection, "erasures", "storage_key"))
        await database.run(revisions.upgrade)
        await database.run(look)
    finally:
        await database.close()


asyncio.run(main())
'''


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources and scripts, to be changed."""
    folder = tmp_path / "copy"
    for name in ("src", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("built", "__pycache__", "data"))
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    return folder


def edit(copy: Path) -> None:
    path = copy / MODELS
    source = path.read_text("utf-8")
    for old, new in CHANGES:
        assert source.count(old) == 1, f"the models have changed: {old}"
        source = source.replace(old, new)
    path.write_text(source, "utf-8")
    path = copy / GONE[0]
    source = path.read_text("utf-8")
    assert "class " not in source.partition(GONE[1])[2]
    path.write_text(source.partition(GONE[1])[0], "utf-8")


def call(copy: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    told = {"PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=copy,
        env=os.environ | told,
        input=typed,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def migrate(copy: Path, message: str) -> subprocess.CompletedProcess[str]:
    return call(copy, "-m", "scripts.make_migration", message)


def check_steps(copy: Path, address: str) -> None:
    edit(copy)
    made = migrate(copy, "users have a nickname.")
    assert made.returncode == 0, made.stderr
    step = copy / "src/vtonlab/db/migrations/versions/0002_users_have_a_nickname.py"
    source = step.read_text("utf-8")
    assert source.startswith('"""Users have a nickname.\n')
    assert "server_default" not in source
    again = migrate(copy, "again")
    assert (again.returncode, "nothing to write" in again.stderr) == (1, True)
    done = call(copy, "-", address, typed=TAKE_STEPS)
    assert done.returncode == 0, done.stderr
    up = [
        "users ('Mei', None, 3, 'it\\'s \"fine\"', None)",
        "sessions ('u1', '192.0.2.1')",
        "teams",
        "left: []",
    ]
    down = ["users ('Mei', None)", "sessions ('u1', '192.0.2.1')", "erasures"]
    assert done.stdout.splitlines() == [*up, *down, *up]


def test_nothing_is_written_where_nothing_changed(copy: Path) -> None:
    before = set((copy / "src/vtonlab/db/migrations/versions").iterdir())
    done = migrate(copy, "nothing at all")
    assert (done.returncode, "nothing to write" in done.stderr) == (1, True)
    nameless = migrate(copy, " ")
    assert (nameless.returncode, "MESSAGE" in nameless.stderr) == (1, True)
    path = copy / MODELS
    path.write_text(path.read_text("utf-8").replace("quota_bytes: Mapped[int | None]", "quota_bytes: Mapped[int]"))
    refused = migrate(copy, "everybody has a quota")
    assert (refused.returncode, "users.quota_bytes may not be empty" in refused.stderr) == (1, True)
    assert {path for path in (copy / "src/vtonlab/db/migrations/versions").iterdir() if path.suffix} == before


def test_a_step_goes_up_and_down(copy: Path, tmp_path: Path) -> None:
    check_steps(copy, f"sqlite:///{tmp_path / 'a.db'}")


@pytest.mark.deep
@pytest.mark.anyio
async def test_a_step_goes_up_and_down_everywhere(copy: Path, empty_database: str) -> None:
    check_steps(copy, empty_database)
