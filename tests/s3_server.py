"""An S3 server that really runs, in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

KEYS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
BUCKET = "pictures"
SECONDS_TO_START = 60.0


@contextmanager
def run_s3_server(folder: Path) -> Iterator[str]:
    """Its address. It has the bucket ``BUCKET``, and keeps its bytes in ``folder`` where they are many."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    program = "from moto.server import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TMPDIR": str(folder)},
    ) as server:
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while True:
                try:
                    httpx.put(f"{address}/{BUCKET}", trust_env=False).raise_for_status()
                    break
                except httpx.HTTPError:
                    assert time.monotonic() < deadline, "the S3 server does not start"
                    time.sleep(0.1)
            yield address
        finally:
            server.terminate()
            server.wait()
