from __future__ import annotations

import os
import random
import sqlite3
import threading
import zipfile
from contextlib import closing

import pytest

from vtonlab.accounts.models import User
from vtonlab.db import backup, copies, upgrade
from vtonlab.db.database import Database
from vtonlab.errors import BackupNotUsable, FileProblem
from vtonlab.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def home(tmp_path):
    """A data folder with a database, in which Ada is, and pictures."""
    folder = tmp_path / "data"
    database = Database(f"sqlite:///{folder / 'vtonlab.db'}")
    await upgrade.prepare(database, Settings(data=folder))
    await add_user(database, "ada")
    await database.close()
    for number in range(5):
        write(folder / f"images/ada/clothes/clothes_{number}.png", number)
        write(folder / f"images/ada/clothes/thumbnails/clothes_{number}_320.webp", 10 + number)
    (folder / ".unfinished").mkdir()
    write(folder / ".unfinished/half", 99)
    return folder


async def add_user(database, name):
    async def work(session):
        session.add(User(user_id=name, username=name, username_key=name))

    await database.write(work)


def write(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(random.Random(seed).randbytes(20_000))


def pictures(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("images/**/*") if path.is_file()}


def users(path):
    with closing(sqlite3.connect(path)) as database:
        return [name for (name,) in database.execute("SELECT user_id FROM users ORDER BY user_id")]


def put_back(path, home):
    return backup.restore(path, home / "vtonlab.db", home)


def make(home, target=None, **options):
    return backup.back_up(home / "vtonlab.db", home, target, **options)


async def change(home):
    database = Database(f"sqlite:///{home / 'vtonlab.db'}")
    await add_user(database, "bo")
    await database.close()


async def test_there_and_back(home, tmp_path):
    made = make(home, tmp_path / "kept.db")
    assert made.revision == "0001"
    assert users(made.path) == ["ada"]
    await change(home)
    done = put_back(made.path, home)
    assert users(home / "vtonlab.db") == ["ada"]
    assert done.database_before is not None
    assert users(done.database_before) == ["ada", "bo"], "what was there is kept"
    assert len(pictures(home)) == 10
    assert done.pictures_before is not None
    (home / "images/ada/clothes/clothes_1.png").unlink()  # as the sweep does with what the older database does not know
    assert (done.pictures_before / "ada/clothes/clothes_1.png").stat().st_size == 20_000
    assert sorted(path.name for path in home.iterdir()) == [
        ".unfinished",
        "backups",
        "images",
        "vtonlab.db",
        "vtonlab.db.lock",
    ]
    assert (home / "vtonlab.db").stat().st_mode & 0o077 == 0
    database = Database(f"sqlite:///{home / 'vtonlab.db'}")
    await upgrade.prepare(database, Settings(data=home))
    await database.close()


async def test_there_and_back_with_pictures(home, tmp_path):
    before = pictures(home)
    made = make(home, tmp_path, with_pictures=True)
    assert made.path.parent == tmp_path
    assert made.pictures == 10
    with zipfile.ZipFile(made.path) as archive:
        assert {"backup.json", "vtonlab.db", *before} == set(archive.namelist())
    await change(home)
    (home / "images/ada/clothes/clothes_1.png").unlink()
    write(home / "images/ada/char/char_7.png", 7)
    changed = pictures(home)
    done = put_back(made.path, home)
    assert done.pictures == 10
    assert pictures(home) == before
    assert users(home / "vtonlab.db") == ["ada"]
    assert done.pictures_before is not None
    done.pictures_before.rename(tmp_path / "images")
    assert pictures(tmp_path) == changed


async def test_into_an_empty_folder(home, tmp_path):
    made = make(home, tmp_path / "kept.zip", with_pictures=True)
    new = tmp_path / "new"
    done = put_back(made.path, new)
    assert (done.database_before, done.pictures_before) == (None, None)
    assert pictures(new) == pictures(home)
    assert users(new / "vtonlab.db") == ["ada"]


async def test_a_backup_is_of_one_moment_while_others_write(home, tmp_path):
    """Whoever writes always writes two rows together."""
    ends = threading.Event()

    def go_on():
        with closing(sqlite3.connect(home / "vtonlab.db", isolation_level=None)) as database:
            number = 0
            while not ends.is_set():
                number += 1
                database.execute("BEGIN IMMEDIATE")
                for half in "ab":
                    row = (f"{number}{half}",) * 2
                    database.execute("INSERT INTO roles (name, permissions, is_built_in) VALUES (?, ?, 0)", row)
                database.execute("COMMIT")

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        for number in range(5):
            made = make(home, tmp_path / f"{number}.db")
            with closing(sqlite3.connect(made.path)) as kept:
                assert kept.execute("SELECT count(*) FROM roles").fetchone()[0] % 2 == 0
    finally:
        ends.set()
        writer.join()


def flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(data)


async def test_what_cannot_be_restored_changes_nothing(home, tmp_path):
    plain, packed = make(home, tmp_path / "a.db").path, make(home, tmp_path / "a.zip", with_pictures=True).path
    before = (home / "vtonlab.db").read_bytes(), pictures(home)
    size = packed.stat().st_size
    bad = {
        "text.db": lambda path: path.write_text("not a database"),
        "empty.db": lambda path: path.write_bytes(b""),
        "cut.db": lambda path: path.write_bytes(plain.read_bytes()[: plain.stat().st_size // 2]),
        "cut.zip": lambda path: path.write_bytes(packed.read_bytes()[: size // 2]),
        "other.db": _make_other,
        "newer.db": lambda path: _change(path, plain, "UPDATE alembic_version SET version_num = '9999'"),
        "unfinished.db": lambda path: _change(path, plain, "DELETE FROM alembic_version"),
        "orphans.db": lambda path: _change(path, plain, "INSERT INTO library_states VALUES ('nobody', 1)"),
        "picture.zip": lambda path: (path.write_bytes(packed.read_bytes()), flip(path, size // 2)),
    }
    for name, spoil in bad.items():
        spoil(tmp_path / name)
        with pytest.raises(BackupNotUsable, match=name.replace(".", r"\.")):
            put_back(tmp_path / name, home)
    with pytest.raises(FileProblem):
        put_back(tmp_path / "nothing.db", home)
    assert ((home / "vtonlab.db").read_bytes(), pictures(home)) == before
    assert sorted(path.name for path in home.iterdir()) == [".unfinished", "images", "vtonlab.db", "vtonlab.db.lock"]


def _make_other(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (id INTEGER)")


def _change(path, plain, statement):
    path.write_bytes(plain.read_bytes())
    with closing(sqlite3.connect(path)) as copied, copied:
        copied.execute(statement)


@pytest.mark.parametrize("name", ["../evil", "images/../../evil", "/evil", "images\\..\\evil", "secret.key", "images/"])
async def test_an_archive_writes_nowhere_else(home, tmp_path, name):
    packed = make(home, tmp_path / "a.zip", with_pictures=True).path
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, "evil")
    if name.endswith("/"):
        put_back(packed, home)
    else:
        with pytest.raises(BackupNotUsable):
            put_back(packed, home)
    assert not [path for path in tmp_path.rglob("*") if "evil" in path.name]


async def test_a_damaged_database_is_moved_away_whole(home, tmp_path):
    made = make(home, tmp_path / "kept.db")
    spoiled = b"SQLite format 3\0" + os.urandom(40_000)
    (home / "vtonlab.db").write_bytes(spoiled)
    (home / "vtonlab.db-wal").write_bytes(b"a journal that no new file may be taken to belong to")
    done = put_back(made.path, home)
    assert users(home / "vtonlab.db") == ["ada"]
    assert done.database_before is not None
    assert done.database_before.read_bytes() == spoiled
    assert not (home / "vtonlab.db-wal").exists()


async def test_what_is_still_in_the_journal_is_in_the_backup_and_not_in_what_is_restored(home, tmp_path):
    """A server that was killed leaves its last changes beside the database."""
    made = make(home, tmp_path / "kept.db")
    with closing(sqlite3.connect(home / "vtonlab.db")) as open_one:
        open_one.execute("PRAGMA wal_autocheckpoint = 0")
        with open_one:
            open_one.execute("INSERT INTO roles VALUES ('late', '[]', 0)")
        for ending in ("", "-wal"):
            (tmp_path / f"killed.db{ending}").write_bytes((home / f"vtonlab.db{ending}").read_bytes())
    for ending in ("", "-wal"):
        (tmp_path / f"killed.db{ending}").replace(home / f"vtonlab.db{ending}")

    def roles(path):
        with closing(sqlite3.connect(path)) as database:
            return {name for (name,) in database.execute("SELECT name FROM roles")}

    done = put_back(made.path, home)
    assert done.database_before is not None
    assert "late" in roles(done.database_before)
    assert "late" not in roles(home / "vtonlab.db")


async def test_a_crash_while_restoring_leaves_one_or_the_other(home, tmp_path, monkeypatch):
    made = make(home, tmp_path / "kept.db")
    await change(home)
    steps = []

    def stop(*arguments):
        steps.append(arguments)
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(copies, "place", stop)
        with pytest.raises(FileProblem):
            put_back(made.path, home)
    assert steps
    assert users(home / "vtonlab.db") == ["ada", "bo"]


async def test_a_backup_writes_over_nothing_and_leaves_no_part(home, tmp_path, monkeypatch):
    (tmp_path / "there.db").write_text("mine")
    with pytest.raises(FileProblem, match="already"):
        make(home, tmp_path / "there.db")
    with pytest.raises(FileProblem, match="no database"):
        backup.back_up(tmp_path / "nothing.db", home)
    monkeypatch.setattr(os, "fsync", lambda _number: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    for with_pictures in (False, True):
        with pytest.raises(FileProblem):
            make(home, tmp_path / "new", with_pictures=with_pictures)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "there.db"]
