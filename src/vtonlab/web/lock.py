"""One server a folder: two over the same SQLite file and pictures would each believe to be the only one.

``vtonlab db restore`` looks at the same lock.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from vtonlab.errors import FileProblem, Text

FILE = "server.lock"


def take(folder: Path) -> int:
    """Hold the lock of ``folder``; give what is returned to :func:`give_back`. It ends with the process, too.

    Raises ``FileProblem`` when another server holds it, or the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = Text("the folder cannot be written", "该文件夹无法写入")
        raise FileProblem(name=str(folder), reason=reason) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        reason = Text("another vtonlab serve is using this folder", "另一个 vtonlab serve 正在使用该文件夹")
        raise FileProblem(name=str(folder), reason=reason) from error
    return descriptor


def give_back(descriptor: int) -> None:
    """Let others have it."""
    os.close(descriptor)
