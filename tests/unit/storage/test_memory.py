"""A body of 200 MB goes in and out while memory stays where it was: measured in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.peak import READ_PEAK
from tests.s3_server import KEYS

from vtonlab.settings import Settings

PROGRAM = (
    READ_PEAK
    + """
import asyncio, hashlib
from pathlib import Path
from vtonlab.settings import Settings
from vtonlab.storage.open import open_storage

PIECE = bytes(range(256)) * 400
COUNT = 200_000_000 // len(PIECE)

async def pieces():
    for number in range(COUNT):
        yield number.to_bytes(8, "big") + PIECE[8:]

async def main():
    storage = open_storage(Settings())
    await storage.put("warm/up", b"x" * 6_000_000)
    assert len(b"".join([piece async for piece in storage.read("warm/up")])) == 6_000_000
    before = peak_mb()
    written = hashlib.sha256()
    async def counted():
        async for piece in pieces():
            written.update(piece)
            yield piece
    size = await storage.put("images/large", counted())
    between = peak_mb()
    read = hashlib.sha256()
    total = 0
    async for piece in storage.read("images/large"):
        read.update(piece)
        total += len(piece)
    assert size == total == COUNT * len(PIECE), (size, total)
    assert read.digest() == written.digest()
    await storage.delete("images/large")
    await storage.close()
    print(before, between - before, peak_mb() - between)

asyncio.run(main())
"""
)

MOST_MB = 60
"""More than before. Two parts of 5 MB and their copies, and what the allocator keeps; a body held whole has 200."""


@pytest.mark.parametrize("place", ["local", "s3"])
def test_a_large_body_is_never_held(place: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    environment = os.environ | {"VTONLAB_DATA": str(tmp_path / "data")}
    if place == "s3":
        chosen: Settings = request.getfixturevalue("s3_settings")
        environment |= KEYS | {
            "VTONLAB_STORAGE_URL": chosen.storage_url,
            "VTONLAB_STORAGE_ENDPOINT": chosen.storage_endpoint,
        }
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, writing, reading = map(int, done.stdout.split())
    assert before < 400
    assert writing < MOST_MB
    assert reading < MOST_MB
