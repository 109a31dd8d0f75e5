from __future__ import annotations

import json
import subprocess

import pytest
from tests.unit.cli.conftest import SCRIPT, paint

from vtonlab.cli.commands import COMMANDS, every_call


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_the_overview_names_every_command(vtonlab, words):
    done = vtonlab(*words)
    assert done.returncode == 0
    assert done.stderr == ""
    for command in COMMANDS:
        assert f"  {command.name}" in done.stdout
        assert command.summary.en in done.stdout


def test_the_overview_in_chinese(vtonlab):
    said = vtonlab("--lang", "zh").stdout
    assert all(command.summary.zh in said for command in COMMANDS)


@pytest.mark.parametrize("words", every_call(), ids=" ".join)
def test_every_command_explains_itself(vtonlab, words):
    done = vtonlab(*words, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert f"vtonlab {' '.join(words)}" in done.stdout


def test_a_group_names_what_is_in_it(vtonlab):
    done = vtonlab("db")
    assert done.returncode == 2
    assert "vtonlab db --help" in done.stderr
    listed = vtonlab("db", "--help").stdout
    assert all(f"  {words[1]} " in listed for words in every_call() if words[0] == "db" and len(words) > 1)
    assert vtonlab("db", "nothing-of-the-kind").returncode == 2


def test_a_group_explains_itself_in_chinese(vtonlab):
    assert "数据库" in vtonlab("--lang", "zh", "db", "--help").stdout


def test_options_are_explained_in_chinese(vtonlab):
    assert "人物照片" in vtonlab("--lang", "zh", "try-on", "--help").stdout


def test_version(vtonlab, vtonlab_script):
    assert vtonlab("--version").stdout == vtonlab("version").stdout == vtonlab_script("version").stdout
    assert vtonlab("version").stdout.startswith("vtonlab ")


def test_the_script_is_what_is_called_elsewhere(vtonlab, vtonlab_script):
    """Other tests begin in the middle, after the imports (tests/forked.py)."""
    for words in ([], ["engines", "--json"], ["tryon"], ["--lang", "zh", "try-on", "--help"]):
        ours, scripts = (call(*words, VTONLAB_DATA="data") for call in (vtonlab, vtonlab_script))
        assert (ours.returncode, ours.stdout, ours.stderr) == (scripts.returncode, scripts.stdout, scripts.stderr)


def test_unknown_commands(vtonlab):
    done = vtonlab("tryon")
    assert done.returncode == 2
    assert "Did you mean “vtonlab try-on”?" in done.stderr
    assert vtonlab("zzz").returncode == 2


def test_engines(vtonlab):
    told = {engine["name"]: engine for engine in json.loads(vtonlab("engines", "--json").stdout)}
    assert told["paint"]["status"] == "ok"
    assert told["paint"]["options"][0]["name"] == "strength"
    assert next(iter(told)) == "instant"
    words = vtonlab("engines").stdout
    assert "-O strength=1.0" in words
    assert "on this machine" in words


def test_advice(vtonlab, tmp_path):
    dark, bright = paint(tmp_path / "dark.png", (20, 20, 20)), paint(tmp_path / "bright.png", (200, 200, 200))
    (tmp_path / "text.png").write_text("text")
    done = vtonlab("advise", dark, bright, "--engine", "paint")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{dark}: warning: Dark.", f"{bright}: good"]

    done = vtonlab("advise", bright, tmp_path / "text.png", "--engine", "paint", "--json")
    assert done.returncode == 2
    told = json.loads(done.stdout)
    assert told[0]["notes"] == []
    assert told[1]["error"]["code"] == "image_unreadable"


def test_advice_by_role(vtonlab, tmp_path):
    black = paint(tmp_path / "black.png", (0, 0, 0))
    said = {
        role: vtonlab("advise", black, "--as", role, "--engine", "paint").stdout
        for role in ("person", "garment", "auto")
    }
    assert "No person." in said["person"]
    assert said["garment"] == said["auto"]
    assert "Dark." in said["auto"]


def test_a_reader_that_leaves_is_no_fault(environment):
    """``vtonlab engines | head -0``"""
    with subprocess.Popen(
        [str(SCRIPT), "engines", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
