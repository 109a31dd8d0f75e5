"""``vtonlab gradio``: what keeps it from starting is told before it starts. How it serves: test_gradio_app.py."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
from typing import Any

import pytest

from vtonlab.cli.entry import run


def test_its_help_says_what_listening_elsewhere_means_and_imports_no_gradio() -> None:
    program = """
import sys
from vtonlab.cli.entry import run
run(["gradio", "--help", "--lang", "en"])
print("imported:", *sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    told, _, modules = done.stdout.partition("imported:")
    assert "without signing in" in " ".join(told.split())
    assert "7860" in told
    assert not {"gradio", "gradio_client", "uvicorn", "numpy"} & set(modules.split())


def test_without_gradio_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec

    def find_all_but_gradio(name: str, package: str | None = None) -> Any:
        return None if name == "gradio" else find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_all_but_gradio)
    assert run(["gradio", "--lang", "en"]) == 1
    told = capsys.readouterr().err
    assert told == (
        "error: Gradio is not installed; it is an extra of vtonlab.\nhint: Install it: pip install 'vtonlab[gradio]'\n"
    )
    assert run(["gradio", "--lang", "zh"]) == 1
    assert "pip install 'vtonlab[gradio]'" in capsys.readouterr().err


def test_a_taken_port_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert run(["gradio", "--port", str(port), "--lang", "en"]) == 2
    assert f"Cannot listen on 127.0.0.1:{port}: another program uses this port." in capsys.readouterr().err


def test_an_engine_that_is_not_set_up_is_told_with_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradio", "--engine", "sandbox", "--lang", "en"]) == 1
    assert "VTONLAB_SANDBOX_ON=1" in capsys.readouterr().err
    assert run(["gradio", "--engine", "tailor", "--lang", "en"]) == 2
    assert "There is no engine “tailor”." in capsys.readouterr().err


def test_options_the_engine_does_not_have_are_told_before_anybody_asks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradio", "-O", "needles=3", "--lang", "en"]) == 2
    assert "“needles”" in capsys.readouterr().err
