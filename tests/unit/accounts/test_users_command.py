"""``vtonlab users``, as an operator types it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from vtonlab.cli.entry import run

SCRIPT = Path(sys.executable).with_name("vtonlab")

PASSWORD = "a long password"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Users = Callable[..., Done]


@pytest.fixture
def users(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Users:
    """``vtonlab users …`` over ``folder``, in this process, with ``typed`` on its standard input."""

    def call(*words: str, typed: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = run(["users", *words, "--data", str(folder)])
        told = capsys.readouterr()
        return Done(code, told.out, told.err)

    return call


def listed(users: Users) -> dict[str, dict[str, object]]:
    done = users("list", "--json")
    assert done.returncode == 0, done.stderr
    return {user["username"]: user for user in json.loads(done.stdout)}


def test_the_life_of_an_account(users: Users, folder: Path) -> None:
    made = users("create", "boss", "--role", "admin", typed=PASSWORD + "\n")
    assert (made.returncode, made.stdout) == (0, ""), made.stderr
    assert "Made boss (admin)." in made.stderr
    assert users("create", "王小明", "--email", "wang@lab.example", typed=PASSWORD).returncode == 0
    assert {name: user["role"] for name, user in listed(users).items()} == {"boss": "admin", "王小明": "editor"}
    again = users("create", "BOSS", typed=PASSWORD)
    assert (again.returncode, "taken" in again.stderr) == (2, True)
    assert users("disable", "王小明").returncode == 0
    assert listed(users)["王小明"]["is_active"] is False
    assert users("enable", "王小明").returncode == 0
    assert users("password", "王小明", typed="another long one\n").returncode == 0
    last = users("disable", "boss")
    assert (last.returncode, "last administrator" in last.stderr) == (2, True)
    link = users("setup-link", "王小明")
    assert link.stdout.startswith("http://127.0.0.1:8080/login?reset=")
    assert users("setup-link").returncode == 2  # there is an administrator
    assert users("delete", "王小明", typed="no\n").returncode == 2
    assert "王小明" in listed(users)
    gone = users("delete", "王小明", typed="王小明\n")
    assert gone.returncode == 0
    assert "library: 0 images, 0 bytes" in gone.stdout
    assert set(listed(users)) == {"boss"}
    with sqlite3.connect(folder / "vtonlab.db") as database:
        log = repr(database.execute("SELECT * FROM audit_log").fetchall())
    database.close()
    assert "users.password" in log
    assert PASSWORD not in log
    assert "another long one" not in log


def test_a_new_server_gets_a_link_and_nobody_at_home_is_made(users: Users) -> None:
    first, second = users("setup-link"), users("setup-link")
    assert first.stdout.startswith("http://127.0.0.1:8080/login?setup=")
    assert first.stdout != second.stdout
    assert listed(users) == {}


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (("create", "x", "--role", "admin"), PASSWORD),
        (("create", "boss", "--role", "nothing"), PASSWORD),
        (("create", "boss"), "short"),
        (("create", "boss"), ""),
        (("password", "nobody"), PASSWORD),
        (("delete", "nobody", "--yes"), ""),
        (("enable", "a\udcffb"), ""),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(users: Users, words: tuple[str, ...], typed: str) -> None:
    done = users(*words, typed=typed)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert "trash" not in done.stderr


def test_a_password_is_no_argument(users: Users) -> None:
    assert users("create", "boss", PASSWORD).returncode == 2
    assert users("create", "boss", "--password", PASSWORD).returncode == 2


@pytest.mark.parametrize(("second", "code"), [(PASSWORD, 0), ("a different one", 2)])
def test_at_a_terminal_it_is_asked_for_twice_and_not_shown(folder: Path, second: str, code: int) -> None:
    command = [str(SCRIPT), "users", "create", "boss", "--data", str(folder)]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(command[0], command)
    shown = b""
    for prompt, answer in ((b"Password: ", PASSWORD), (b"Once more: ", second)):
        while prompt not in shown:
            shown += os.read(terminal, 1024)
        os.write(terminal, f"{answer}\n".encode())
    with contextlib.suppress(OSError):  # the other end was closed: how a terminal ends on Linux
        while piece := os.read(terminal, 1024):
            shown += piece
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == code
    assert PASSWORD.encode() not in shown
    assert second.encode() not in shown
