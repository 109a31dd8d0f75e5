"""What clients sent and were given is forgotten after a while."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

SWEEP_SECONDS: Final = 600
"""How often files are looked at."""
KEEP_SECONDS: Final = 3600
"""How old they grow: so long a client has to ask with what it uploaded, and to fetch its picture."""


async def sweep_on_and_on(folder: Path, every: float = SWEEP_SECONDS, age: float = KEEP_SECONDS) -> None:
    """Sweep ``folder`` until cancelled. (Gradio's own sweeping ends when a file arrives while it looks.)"""
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(sweep, folder, time.time() - age)


def sweep(folder: Path, before: float) -> None:
    """Delete the files in ``folder`` that have not changed since ``before``, and folders that are empty as long."""
    for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder comes before it
        with suppress(OSError):  # another has deleted it, or put something into it
            if path.lstat().st_ctime < before:
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
