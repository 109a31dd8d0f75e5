"""What the tests of fittings share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.unit.fitting.engines import Script, installed
from tests.unit.fitting.house import House, open_house

from vtonlab.db.database import Database


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """What the engines of tests do; they are installed for the length of one test."""
    with installed(monkeypatch) as script:
        yield script


@pytest.fixture
async def house(database: Database, tmp_path: Path, script: Script) -> AsyncIterator[House]:
    """A fitting room of one machine, at work."""
    async with open_house(database, tmp_path / "data") as house:
        yield house
