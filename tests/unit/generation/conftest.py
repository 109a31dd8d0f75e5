"""What the tests of pictures from words share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.fakes.gemini import FakeGemini
from tests.unit.generation.house import House, few_engines, open_house

from vtonlab.db.database import Database


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only a few are installed."""
    with few_engines(monkeypatch):
        yield


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    """Gemini's service; its pictures are small, so that they are soon drawn and signed."""
    with FakeGemini() as server:
        server.scale = 0.15
        yield server


@pytest.fixture
async def house(database: Database, tmp_path: Path, fake: FakeGemini) -> AsyncIterator[House]:
    """A studio at work: it draws with Gemini where nothing else is asked."""
    async with open_house(database, tmp_path / "data", fake) as house:
        yield house
