"""What would keep the server from starting is said before it starts: a sentence, exit code 2."""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.live import LiveServer, serve

from vtonlab.cli.entry import run
from vtonlab.errors import FileProblem
from vtonlab.web import lock

Start = Callable[..., tuple[int, str]]


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Path]:
    """A folder that a server is using."""
    descriptor = lock.take(tmp_path / "used")
    yield tmp_path / "used"
    lock.give_back(descriptor)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Start]:
    """``vtonlab serve`` in this process, which must not come to serve; its exit code and what it said."""

    def never(*_: object, **__: object) -> None:
        pytest.fail("it starts")

    monkeypatch.setattr("vtonlab.cli.serve._listen", never)

    def start(*words: str | Path, **variables: str) -> tuple[int, str]:
        for name, value in variables.items():
            monkeypatch.setenv(f"VTONLAB_{name.upper()}", value)
        code = run(["serve", "--port", "0", "--no-browser", *map(str, words)])
        return code, capsys.readouterr().err

    yield start
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if type(handler) is not logging.StreamHandler]


def test_a_folder_that_another_server_uses(start: Start, held: Path) -> None:
    code, told = start("--lang", "en", "--data", held)
    assert code == 2
    assert "another vtonlab serve is using this folder" in told
    code, told = start("--lang", "zh", data=str(held))
    assert code == 2
    assert "另一个 vtonlab serve 正在使用该文件夹" in told


def test_a_folder_that_cannot_be_made(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    code, told = start("--data", tmp_path / "file" / "below")
    assert code == 2
    assert "the folder cannot be written" in told


def test_a_newer_database_is_left_as_it_is(start: Start, tmp_path: Path) -> None:
    assert run(["db", "upgrade", "--data", str(tmp_path)]) == 0
    file = tmp_path / "vtonlab.db"
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = file.read_bytes()
    code, told = start("--data", tmp_path)
    assert code == 2
    assert "a newer version of the program made it" in told
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "70000"),
        ("mode", "cloud"),
        ("trusted_proxies", "my-proxy"),
        ("secret_key", "short"),
        ("storage_url", "ftp://pictures"),
        ("sign_in_rate", "often"),
    ],
)
def test_a_setting_that_cannot_be_used(start: Start, tmp_path: Path, name: str, value: str) -> None:
    code, told = start("--data", tmp_path, **{name: value})
    assert code == 2, told
    assert name in told.lower()


def test_a_mode_that_is_none_is_an_error_of_use(start: Start) -> None:
    assert start("--mode", "cloud")[0] == 2


def test_it_ends_when_it_is_told_to_and_lets_the_folder_go(tmp_path: Path) -> None:
    with serve("--mode", "server", alone=True, data=str(tmp_path), log_format="json") as server:
        assert httpx.get(server.address + "/readyz").json()["status"] == "ready"
        assert httpx.get(server.address + "/api/status?token=secret", headers={"X-Request-ID": "looking-01"}).is_success
        with pytest.raises(FileProblem, match="another vtonlab serve"):
            lock.take(tmp_path)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
    lock.give_back(lock.take(tmp_path))
    _look_at_log(server)
    assert not list(tmp_path.glob("*.db-wal"))


def _look_at_log(server: LiveServer) -> None:
    lines = [json.loads(line) for line in server.said if line.startswith("{")]
    told = next(line for line in lines if line.get("request_id") == "looking-01" and line["logger"] == "vtonlab.access")
    assert (told["method"], told["path"], told["status"]) == ("GET", "/api/status", 200)
    assert told["seconds"] >= 0
    assert "secret" not in "".join(server.said)
