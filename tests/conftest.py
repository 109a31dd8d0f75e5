"""What tests of several kinds share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import vtonlab.accounts.models
import vtonlab.fitting.models
import vtonlab.library.models
import vtonlab.remote.models
import vtonlab.tasks.models  # noqa: F401 - the tables
from vtonlab.db.database import Database
from vtonlab.engines import registry
from vtonlab.settings import PREFIX

ROOT = Path(__file__).parent.parent

pytest_plugins = ["tests.databases"]

collect_ignore = ["plugins"]  # packages of their own, one of them broken on purpose


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="keep the pictures of tests/golden as they are now")


# The same examples at every run, so that a change is judged by itself; `make test-deep` looks for new ones.
settings.register_profile("steady", derandomize=True)
settings.register_profile("searching", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def home_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where programs keep their data when nothing else is said."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, home_of_tests: Path) -> None:
    """Tests see the program's own defaults, whatever VTONLAB_* is set where they run, and no pictures of anybody."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(home_of_tests))


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests (``@pytest.mark.anyio``) run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture
async def database(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Database]:
    """An SQLite database with every table, and nothing in them."""
    shutil.copyfile(sqlite_template, tmp_path / "test.db")
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    yield database
    await database.close()


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
