from __future__ import annotations

import fcntl
import os

import pytest

from vtonlab.cli.entry import run


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


@pytest.fixture
def call(capsys, monkeypatch):
    """The same in this process: ``call("db", "current", VTONLAB_DATA="…")``; the exit code, stdout and stderr."""

    def run_here(*words, **variables):
        for name, value in ({"LANG": "C.UTF-8"} | variables).items():
            monkeypatch.setenv(name, value)
        code = run([*map(str, words)])
        return (code, *capsys.readouterr())

    return run_here


def test_a_server_that_runs_keeps_its_database(call, data):
    call("db", "upgrade", "--data", data)
    file = call("db", "backup", "--data", data)[1].strip()
    held = os.open(data / "server.lock", os.O_RDWR)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        for words in (["restore", file], ["upgrade"]):
            code, _, said = call("db", *words, "--data", data)
            assert code == 2
            assert "vtonlab serve" in said
        assert call("db", "backup", "--data", data)[0] == 0
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
def test_bad_input_ends_in_a_sentence(call, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("text")
    code, told, wrong = call("db", *words, VTONLAB_DATA=str(tmp_path / "data"))
    assert said in told + wrong
    assert "Traceback" not in wrong
    assert code == (0 if words[0] == "current" else 2)


def test_databases_with_tools_of_their_own(call, tmp_path):
    code, _, said = call("db", "backup", VTONLAB_DATABASE_URL="postgresql://localhost/x", VTONLAB_DATA=str(tmp_path))
    assert (code, "pg_dump" in said) == (2, True)
    code, _, said = call("--lang=zh", "db", "restore", "x", VTONLAB_DATABASE_URL="mysql://localhost/x")
    assert (code, "mariadb" in said, "数据库服务器" in said) == (2, True, True)
    code, _, said = call("db", "upgrade", VTONLAB_DATABASE_URL="oracle://localhost/x")
    assert (code, "VTONLAB_DATABASE_URL" in said) == (2, True)
