"""docs/guides/from-a-script.md does what it says: its own text is run against a real server."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from tests.api.house import PASSWORD
from tests.live import LiveServer, serve

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guides" / "from-a-script.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
NAME = "mei"
SECONDS = 120


def blocks(language: str) -> list[str]:
    return [text for found, text in BLOCK.findall(GUIDE.read_text("utf-8")) if found == language]


def generating() -> str:
    """The one block that writes the client."""
    (block,) = (text for text in blocks("bash") if text.startswith("openapi-python-client"))
    return block


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """With mei's account, and an engine that draws without a service."""
    with serve("--mode", "server", sandbox_on="1", sign_in_rate="1000/minute", log_level="warning") as server:
        with httpx.Client(base_url=server.address, trust_env=False) as client:
            link = {"token": server.setup, "username": "boss", "password": PASSWORD}
            assert client.post("/api/v1/auth/setup", json=link).status_code == 200
            made = client.post("/api/v1/admin/users", json={"username": NAME, "password": PASSWORD})
            assert made.status_code == 201
        yield server


def run(server: LiveServer, folder: Path, *command: str, typed: str = "") -> str:
    """What ``command`` says, run in ``folder`` as somebody would who read the guide."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = {"SERVER": server.address, "NAME": NAME, "PASSWORD": PASSWORD, "PAUSE": "0.1"}
    # What the tests make of warnings is not for a program of somebody else.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VTONLAB_"))}
    done = subprocess.run(
        command,
        cwd=folder,
        env=kept | told | {"PATH": path, "NO_PROXY": "127.0.0.1"},
        input=typed,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        picture.load()
        return picture.size


def names_in(path: Path) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        return sorted(archive.namelist())


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_session_with_curl(server: LiveServer, tmp_path: Path) -> None:
    script = "\n".join(text for text in blocks("bash") if text != generating())
    said = run(server, tmp_path, "bash", "-s", typed=script).split("\n")
    assert said[:4] == [NAME, "3", "stopped", "bad_request"], said
    assert "16:9" in said[4]
    width, height = size_of(tmp_path / "shirt.png")
    assert round(width / height, 2) == 0.75
    assert len(set(size_of(tmp_path / "market.png"))) == 1
    results = json.loads((tmp_path / "results.json").read_text())["results"]
    assert [result["prompt"] for result in results] == ["A red coat", "A blue coat", "A green coat"]
    assert all(result["status"] == "succeeded" and result["image_id"] for result in results)
    assert len(names_in(tmp_path / "coats.zip")) == 4
    assert json.loads((tmp_path / "refused.json").read_text())["status"] == 422


def test_the_generated_client(server: LiveServer, tmp_path: Path) -> None:
    (settings,), (program,) = blocks("yaml"), blocks("python")
    (tmp_path / "client.yaml").write_text(settings)
    (tmp_path / "draw.py").write_text(program)
    said = run(server, tmp_path, "bash", "-euc", generating())
    assert "WARNING" not in said
    assert "Error" not in said
    told = run(server, tmp_path, sys.executable, "draw.py").splitlines()
    assert told[0] == "shirt.png 0.0 $"
    assert [line.split(" ")[0] for line in told[1:3]] == ["0", "1"]
    assert told[3] == "stopped: it was cancelled"
    assert told[4].startswith("refused: bad_request")
    assert round(size_of(tmp_path / "shirt.png")[0] / size_of(tmp_path / "shirt.png")[1], 2) == 0.75
    assert len(names_in(tmp_path / "coats.zip")) == 3


def test_names_of_operations_are_words_and_each_is_of_one() -> None:
    document = json.loads((ROOT / "frontend" / "openapi.json").read_text())
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name) or "api_v" in name] == []
    assert [name for name in document["components"]["schemas"] if not re.fullmatch(r"[A-Za-z]+", name)] == []
