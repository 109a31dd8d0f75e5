"""The whole application, in process and as a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.api.house import House, open_house
from tests.live import LiveServer, serve


@pytest.fixture
async def local_house(tmp_path: Path) -> AsyncIterator[House]:
    """In local mode: one person on this machine."""
    async with open_house(tmp_path / "data") as house:
        yield house


@pytest.fixture
async def server_house(tmp_path: Path) -> AsyncIterator[House]:
    """In server mode: accounts."""
    async with open_house(tmp_path / "data", mode="server") as house:
        yield house


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """In local mode, really started by ``vtonlab serve``."""
    with serve("--mode", "local") as server:
        yield server
