from __future__ import annotations

import fcntl
import os

import pytest


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def test_from_nothing_to_a_backup_and_back(vtonlab, data):
    assert "none yet" in vtonlab("db", "current", "--data", data).stdout
    assert not data.exists(), "asking makes nothing"
    assert vtonlab("db", "upgrade", "--data", data).returncode == 0
    assert vtonlab("db", "current", VTONLAB_DATA=str(data)).stdout == "database: 0001\nprogram: 0001\n"
    made = vtonlab("db", "backup", "--data", data, "--with-pictures")
    assert made.returncode == 0, made.stderr
    file = made.stdout.strip()
    assert file.endswith(".zip")
    back = vtonlab("db", "restore", file, "--data", data)
    assert back.returncode == 0, back.stderr
    assert "before-restore" in back.stderr


def test_a_server_that_runs_keeps_its_database(vtonlab, data):
    vtonlab("db", "upgrade", "--data", data)
    file = vtonlab("db", "backup", "--data", data).stdout.strip()
    held = os.open(data / "server.lock", os.O_RDWR)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        for words in (["restore", file], ["upgrade"]):
            done = vtonlab("db", *words, "--data", data)
            assert done.returncode == 2
            assert "vtonlab serve" in done.stderr
        assert vtonlab("db", "backup", "--data", data).returncode == 0
    finally:
        os.close(held)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["restore", "nothing.db"], "no such file"),
        (["restore", "text.txt"], "no backup of vtonlab"),
        (["restore"], "Missing argument"),
        (["backup"], "no database yet"),
        (["current", "--data", "text.txt/below"], "none yet"),
        (["upgrade", "--data", "text.txt/below"], "cannot be written"),
    ],
)
def test_bad_input_ends_in_a_sentence(vtonlab, tmp_path, words, said):
    (tmp_path / "text.txt").write_text("text")
    done = vtonlab("db", *words, VTONLAB_DATA=str(tmp_path / "data"))
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == (0 if words[0] == "current" else 2)


def test_databases_with_tools_of_their_own(vtonlab, tmp_path):
    done = vtonlab("db", "backup", VTONLAB_DATABASE_URL="postgresql://localhost/x", VTONLAB_DATA=str(tmp_path))
    assert done.returncode == 2
    assert "pg_dump" in done.stderr
    done = vtonlab("--lang", "zh", "db", "restore", "x", VTONLAB_DATABASE_URL="mysql://localhost/x")
    assert done.returncode == 2
    assert "mariadb" in done.stderr
    assert "数据库服务器" in done.stderr
    done = vtonlab("db", "upgrade", VTONLAB_DATABASE_URL="oracle://localhost/x", VTONLAB_DATA=str(tmp_path))
    assert done.returncode == 2
    assert "VTONLAB_DATABASE_URL" in done.stderr
