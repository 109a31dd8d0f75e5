"""``vtonlab tokens`` and ``vtonlab roles``, as an operator types them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from vtonlab.accounts.caller import BUILT_IN_ROLES, Credentials, Permission
from vtonlab.accounts.people import OPERATOR, NewPerson
from vtonlab.cli.accounts import with_accounts
from vtonlab.cli.entry import run


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Type = Callable[..., Done]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with mei's account."""
    folder = tmp_path_factory.mktemp("made") / "data"
    with_accounts(folder, lambda accounts: accounts.people.create(OPERATOR, NewPerson("mei")))
    return folder


@pytest.fixture
def folder(tmp_path: Path, made: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "data"))


@pytest.fixture
def type_(folder: Path, capsys: pytest.CaptureFixture[str]) -> Type:
    """``vtonlab …`` over ``folder``, in this process."""

    def call(*words: str) -> Done:
        code = run([*words, "--data", str(folder)])
        told = capsys.readouterr()
        return Done(code, told.out, told.err)

    return call


def permissions_of(folder: Path, token: str) -> frozenset[str]:
    """What a program with ``token`` may."""
    caller = with_accounts(folder, lambda accounts: accounts.identify(Credentials(None, token, "192.0.2.1", "test")))
    assert caller.is_signed_in
    return caller.permissions


def test_the_life_of_a_token(type_: Type, folder: Path) -> None:
    scopes = ("--scope", "images:read", "--scope", "generate:create")
    made = type_("tokens", "create", "mei", "--name", "nightly batch", *scopes, "--days", "30")
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    assert made.stdout == f"{token}\n"
    assert permissions_of(folder, token) == {"images:read", "generate:create"}
    (told,) = json.loads(type_("tokens", "list", "mei", "--json").stdout)
    assert (told["name"], told["scopes"], token.startswith(told["prefix"])) == (
        "nightly batch",
        ["generate:create", "images:read"],
        True,
    )
    assert told["id"] in made.stderr
    line = type_("tokens", "list", "mei").stdout
    assert told["id"] in line
    assert "generate:create,images:read" in line
    for secretive in (line, type_("tokens", "list", "mei", "--json").stdout, made.stderr):
        assert token not in secretive
    gone = type_("tokens", "delete", told["id"])
    assert (gone.returncode, "nightly batch" in gone.stderr) == (0, True)
    assert type_("tokens", "list", "mei").stdout == ""
    assert type_("tokens", "delete", told["id"]).returncode == 2
    with sqlite3.connect(folder / "vtonlab.db") as database:
        log = database.execute("SELECT action, details FROM audit_log WHERE action LIKE 'tokens.%'").fetchall()
    database.close()
    assert [action for action, _ in log] == ["tokens.create", "tokens.delete"]
    assert all("user_id" in details for _, details in log)
    assert token not in repr(log)


def test_a_token_may_not_what_its_owner_may_not(type_: Type) -> None:
    refused = type_("tokens", "create", "mei", "--name", "x", "--scope", "users:manage")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "the role editor does not have users:manage" in refused.stderr
    refused = type_("--lang", "zh", "tokens", "create", "mei", "--name", "x", "--scope", "users:manage")
    assert "角色 editor 没有 users:manage 权限" in refused.stderr
    assert type_("tokens", "list", "mei").stdout == ""


def test_a_token_that_ran_out_is_marked(type_: Type, folder: Path) -> None:
    type_("tokens", "create", "mei", "--name", "old", "--scope", "images:read", "--days", "1")
    with sqlite3.connect(folder / "vtonlab.db") as database:
        database.execute("UPDATE api_tokens SET expires_at = '2026-01-01 00:00:00.000000'")
    database.close()
    assert type_("tokens", "list", "mei").stdout.rstrip().endswith("2026-01-01T00:00:00+00:00  [ran out]")


def test_the_life_of_a_role(type_: Type) -> None:
    def listed() -> dict[str, dict[str, object]]:
        return {role["name"]: role for role in json.loads(type_("roles", "list", "--json").stdout)}

    made = type_("roles", "create", "stylist", "--like", "viewer", "--add", "tryon:create")
    assert (made.returncode, made.stdout) == (0, ""), made.stderr
    assert set(listed()["stylist"]["permissions"]) == BUILT_IN_ROLES["viewer"] | {"tryon:create"}  # type: ignore[call-overload]
    words = ("--add", "generate:create", "--add", "images:upload", "--remove", "tryon:create")
    assert type_("roles", "edit", "stylist", *words).returncode == 0
    expected = BUILT_IN_ROLES["viewer"] | {"generate:create", "images:upload"}
    assert set(listed()["stylist"]["permissions"]) == expected  # type: ignore[call-overload]
    assert type_("users", "role", "mei", "stylist").returncode == 0
    assert listed()["stylist"]["users"] == 1
    used = type_("roles", "delete", "stylist")
    assert (used.returncode, "users have this role" in used.stderr) == (2, True)
    assert type_("users", "role", "mei", "viewer").returncode == 0
    assert type_("roles", "delete", "stylist").returncode == 0
    assert set(listed()) == set(BUILT_IN_ROLES)


def test_roles_are_a_table_of_permissions(type_: Type) -> None:
    head, *lines, users = type_("roles", "list").stdout.splitlines()
    assert head.split() == ["admin", "editor", "guest", "viewer"]
    table = {words[0]: words[1:] for words in map(str.split, lines)}
    assert list(table) == [permission.value for permission in Permission]
    assert table["images:read"] == ["x", "x", "x", "x"]
    assert table["users:manage"] == ["x", "-", "-", "-"]
    assert users.split() == ["(users)", "0", "1", "0", "0"]
    assert [line.index("x") for line in lines] == [head.index("admin") + 2] * len(lines)


def test_what_somebody_may_keep_is_set(type_: Type, folder: Path) -> None:
    def quota() -> int | None:
        return with_accounts(folder, lambda accounts: accounts.people.find("mei")).quota_bytes

    for size, expected, told in (
        ("1.5GB", 1_500_000_000, "1,500,000,000 B"),
        ("0", 0, "as much as they like"),
        ("server", None, "what everybody may"),
    ):
        done = type_("users", "quota", "mei", size)
        assert (done.returncode, quota()) == (0, expected), done.stderr
        assert told in done.stderr
    for wrong in ("many", "-5", "1e9", "9999999TB", "1.5.5GB", "", "٣GB"):
        assert type_("users", "quota", "--", "mei", wrong).returncode == 2, wrong
    assert quota() is None


@pytest.mark.parametrize(
    "words",
    [
        ("tokens", "list", "nobody"),
        ("tokens", "create", "nobody", "--name", "x", "--scope", "images:read"),
        ("tokens", "create", "mei", "--name", "x", "--scope", "everything"),
        ("tokens", "create", "mei", "--name", "", "--scope", "images:read"),
        ("tokens", "delete", "none"),
        ("tokens", "delete", "a\udcffb"),
        ("roles", "create", "Stylist"),
        ("roles", "create", "viewer"),
        ("roles", "create", "stylist", "--like", "nothing"),
        ("roles", "create", "stylist", "--add", "everything"),
        ("roles", "edit", "viewer"),
        ("roles", "edit", "admin", "--remove", "images:read"),
        ("roles", "edit", "nothing", "--add", "images:read"),
        ("roles", "delete", "viewer"),
        ("users", "role", "mei", "nothing"),
        ("users", "role", "nobody", "viewer"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(type_: Type, words: tuple[str, ...]) -> None:
    done = type_(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
