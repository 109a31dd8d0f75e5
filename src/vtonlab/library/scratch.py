"""Where uploads lie while they come in: files in the data folder's own ``tmp``, gone when the request is over."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path


class Scratch:
    """The folder ``folder`` (made when first needed, for the owner alone)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mine: set[str] = set()

    @contextmanager
    def several(self) -> Iterator[Folder]:
        """A maker of empty files; all of them are removed in the end, whatever happens."""
        made = Folder(self)
        try:
            yield made
        finally:
            made.remove()

    def new(self) -> Path:
        """An empty file, for the owner alone."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{time.time_ns():016x}-{secrets.token_hex(8)}"
        self._mine.add(name)
        path = self.folder / name
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        return path

    def remove(self, path: Path) -> None:
        """Forget a file."""
        path.unlink(missing_ok=True)
        self._mine.discard(path.name)

    def sweep(self, older_than: datetime) -> int:
        """Remove what others left here before ``older_than``, never what this process is working with; how many."""
        count = 0
        if not self.folder.is_dir():
            return 0
        for path in self.folder.iterdir():
            if path.name not in self._mine and path.is_file() and path.stat().st_mtime < older_than.timestamp():
                path.unlink(missing_ok=True)
                count += 1
        return count


class Folder:
    """Files of one request."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._files: list[Path] = []

    def new(self) -> Path:
        """One more."""
        path = self._scratch.new()
        self._files.append(path)
        return path

    def remove(self) -> None:
        """Remove all of them."""
        while self._files:
            self._scratch.remove(self._files.pop())
