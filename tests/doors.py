"""``vtonlab gradio`` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SECONDS_TO_STOP = 60


@dataclass
class Door:
    """``vtonlab gradio`` in a process of its own. ``folder``: where it puts temporary files; ``data``: its data."""

    process: subprocess.Popen[str]
    folder: Path
    data: Path
    address: str = ""
    said: list[str] = field(default_factory=list)


@contextmanager
def open_door(*options: str, **variables: str) -> Iterator[Door]:
    with tempfile.TemporaryDirectory(prefix="door-") as place:
        folder, data = Path(place) / "tmp", Path(place) / "data"
        folder.mkdir()
        data.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("VTONLAB_", "GRADIO_"))}
        told = {"VTONLAB_DATA": str(data), "TMPDIR": str(folder), "VTONLAB_LANGUAGE": "en"}
        command = [sys.executable, "-c", "from vtonlab.cli import main; main()", "gradio", "--port", "0", *options]
        with subprocess.Popen(
            command,
            env=kept | told | variables,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            cwd=place,
        ) as process:
            door = Door(process, folder, data)
            try:
                assert process.stderr is not None
                for line in process.stderr:
                    door.said.append(line)
                    if found := re.search(r"POST: (http://[\w.:]+)/api/tryon", line):
                        door.address = found[1]
                        break
                assert door.address, door.said
                yield door
            finally:
                process.send_signal(signal.SIGINT)
                ended = process.wait(SECONDS_TO_STOP)
                door.said += process.stderr or []
            assert ended == 0, door.said
            assert list(folder.iterdir()) == []
            assert not [line for line in door.said if "Traceback" in line]
