"""Where the server may listen, and what is said where it may not."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from vtonlab.cli.entry import run
from vtonlab.cli.serve import _may_open_browser, find_address
from vtonlab.errors import AddressTaken
from vtonlab.settings import Settings


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_is_taken_as_it_is_and_zero_means_any() -> None:
    address, port = find_address("127.0.0.1", 0)
    assert address == "127.0.0.1"
    assert find_address("127.0.0.1", port) == (address, port)


def test_a_taken_port_is_told_in_a_sentence(taken_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--port", str(taken_port), "--lang", "en"]) == 2
    told = capsys.readouterr().err
    assert f"Cannot listen on 127.0.0.1:{taken_port}: another program uses this port." in told
    assert "--port 8090" in told
    assert run(["serve", "--port", str(taken_port), "--lang", "zh"]) == 2
    assert "该端口已被其他程序占用" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_ours_is_told(host: str) -> None:
    with pytest.raises(AddressTaken, match=host):
        find_address(host, 0)


def test_the_browser_stays_shut_where_nobody_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    assert _may_open_browser(Settings())
    assert not _may_open_browser(Settings(open_browser=False))
    monkeypatch.setenv("CI", "true")
    assert not _may_open_browser(Settings())
    monkeypatch.delenv("CI")
    monkeypatch.delenv("DISPLAY")
    assert not _may_open_browser(Settings())
