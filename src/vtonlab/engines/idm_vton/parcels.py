"""Folders for pictures on their way to a service: gradio_client sends files, not bytes."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PREFIX: Final = "vtonlab-idm-"
OLD_SECONDS: Final = 3600.0
"""No fitting takes as long; what is older was left by a process that was killed."""


@contextmanager
def open_parcel() -> Iterator[Path]:
    """A folder that only we can read, gone in the end; those that killed processes left behind go now."""
    _clear_up(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _clear_up(place: Path) -> None:
    before = time.time() - OLD_SECONDS
    for left in place.glob(f"{PREFIX}*"):
        try:
            is_old = not left.is_symlink() and left.stat().st_mtime < before
        except OSError:  # just gone
            continue
        if is_old:
            shutil.rmtree(left, ignore_errors=True)  # others' cannot be removed, and stay
