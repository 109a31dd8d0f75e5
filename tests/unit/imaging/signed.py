"""Pictures, and installations that sign them."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vtonlab.imaging.manifest import Manifest, read_manifest
from vtonlab.imaging.provenance import SourceType
from vtonlab.imaging.read import Source
from vtonlab.imaging.signing import Signer, open_signer
from vtonlab.imaging.types import Picture
from vtonlab.imaging.write import encode_picture

MADE_AT = datetime(2026, 11, 22, 8, 30, 15, tzinfo=UTC)
SUFFIXES = (".png", ".jpg", ".webp")


def draw(height: int = 120, width: int = 90) -> Picture:
    return np.random.default_rng(7).integers(0, 255, (height, width, 3), dtype=np.uint8)


def encode(suffix: str = ".png", *, source_type: SourceType = SourceType.COMPOSITE) -> bytes:
    return encode_picture(draw(), suffix, source_type=source_type)


def sign(signer: Signer, data: bytes, *, source_type: SourceType = SourceType.COMPOSITE) -> bytes:
    return signer.sign(data, source_type=source_type, engine="instant", made_at=MADE_AT)


def read(source: Source, **how: Any) -> Manifest:
    """The manifest of a picture that has one."""
    said = read_manifest(source, **how)
    assert said is not None
    return said


def pixels(data: bytes) -> Picture:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return open_signer(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="session")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return open_signer(tmp_path_factory.mktemp("theirs"))


def chunk_of_png(data: bytes) -> tuple[int, int]:
    """Where the manifest's bytes stand in a PNG."""
    at = data.index(b"caBX")
    return at + 4, at + 4 + int.from_bytes(data[at - 4 : at], "big")


def folder_of(path: Path) -> set[str]:
    return {entry.name for entry in path.iterdir()}
