"""What tests of several kinds share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vtonlab.engines import registry

ROOT = Path(__file__).parent.parent

collect_ignore = ["plugins"]  # packages of their own, one of them broken on purpose


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="keep the pictures of tests/golden as they are now")


@pytest.fixture(scope="session")
def example_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has really installed the third-party engine of tests/plugins."""
    target = tmp_path_factory.mktemp("site-packages")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", target, ROOT / "tests/plugins/example_engine"], check=True)
    return target


@pytest.fixture
def example_engine(example_package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of the third-party engine, installed for the length of one test."""
    monkeypatch.syspath_prepend(str(example_package))
    registry.forget()
    yield "example"
    registry.forget()
