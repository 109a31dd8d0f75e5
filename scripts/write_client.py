"""Writes what the front end knows of the HTTP interface: `make client` (part of `make docs`).

``frontend/openapi.json`` is the server's own description, ``frontend/src/api/schema.d.ts`` the types made of it.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from vtonlab.settings import Settings
from vtonlab.web.app import create_app

ROOT = Path(__file__).resolve().parents[1]
DESCRIPTION = ROOT / "frontend" / "openapi.json"
UNUSED = ("example", "examples")
"""What types are not made of."""


def main() -> None:
    """Write both files."""
    DESCRIPTION.write_text(describe())
    subprocess.run([str(ROOT / "scripts" / "npm"), "run", "--silent", "client"], check=True)


def describe() -> str:
    """The description, as the file holds it."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=folder))
        with TestClient(app, base_url="http://127.0.0.1"):
            content = app.openapi()
    content["info"]["version"] = "0"
    return json.dumps(_without(content), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _without(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            name: _without(value)
            for name, value in part.items()
            # A property may be called so.
            if name not in UNUSED or (isinstance(value, dict) and "type" in value)
        }
    return [_without(item) for item in part] if isinstance(part, list) else part


if __name__ == "__main__":
    main()
