"""Pictures on their way leave nothing behind, also when the process that sent them was killed."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest

from vtonlab.engines.idm_vton.parcels import OLD_SECONDS, PREFIX, open_parcel


def test_what_a_killed_process_left_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, fresh, other = (tmp_path / name for name in (f"{PREFIX}old", f"{PREFIX}new", "somebody-else"))
    long_ago = time.time() - 2 * OLD_SECONDS
    for folder in (old, fresh, other):
        folder.mkdir()
        (folder / "person.jpg").write_bytes(b"a photo")
    for folder in (old, other):
        os.utime(folder, (long_ago, long_ago))
    with open_parcel() as parcel:
        assert parcel.stat().st_mode & 0o077 == 0
        (parcel / "garment.png").write_bytes(b"another")
        assert not old.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([fresh.name, other.name])
