"""Processes that end with the one that started them, however that ended."""

from __future__ import annotations

import os
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """From now on this process ends when the one that started it does; nothing where ``multiprocessing`` did not.

    A parent that is killed outright tells nobody. What waits here is a pipe that the system closes with it: the same
    on Linux and macOS, and it does not depend on which thread started this process.
    """
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        # At once, and without a word: what it writes to may be read by nobody any more.
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()
