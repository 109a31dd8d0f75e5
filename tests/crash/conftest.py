"""One process that imports everything, and children of it that are killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vtonlab.settings import PREFIX

ROOT = Path(__file__).parent.parent.parent
Send = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def driver() -> Iterator[Send]:
    """Gives an order to the driver; how its child ended."""
    words = [sys.executable, "-m", "tests.crash.driver"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=kept
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"ready": True}

        def send(**order: Any) -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({name: str(x) if isinstance(x, Path) else x for name, x in order.items()}))
            process.stdin.write("\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(process.stdout.readline())
            assert not answer["hung"], Path(order["log"]).read_text()
            return answer

        yield send
        process.stdin.close()


@pytest.fixture(scope="session")
def filled(driver: Send, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which three people have pictures; to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    answer = driver(folder=folder / "data", log=folder / "log", action="fill")
    assert answer["status"] == 0, (folder / "log").read_text()
    return folder / "data"


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(filled, tmp_path / "data"))
