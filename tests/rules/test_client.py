"""What the pages know of the HTTP interface is what the server says of itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from scripts.write_client import DESCRIPTION, describe

ROOT = Path(__file__).parents[2]
TYPES = ROOT / "frontend" / "src" / "api" / "schema.d.ts"
HOW = "run `make docs`"


def test_the_description_that_the_pages_have_is_the_servers_own() -> None:
    assert DESCRIPTION.read_text("utf-8") == describe(), HOW


def test_the_types_are_those_of_the_description(tmp_path: Path) -> None:
    if not (ROOT / "frontend" / "node_modules" / "openapi-typescript").is_dir():
        pytest.skip("no Node packages here (make setup)")
    made = tmp_path / "schema.d.ts"
    usual = json.loads((ROOT / "frontend" / "package.json").read_text("utf-8"))["scripts"]["client"].split()
    usual[usual.index("--output") + 1] = str(made)
    command = [str(ROOT / "scripts" / "npm"), "exec", "--offline", "--", *usual]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert made.read_text("utf-8") == TYPES.read_text("utf-8"), HOW
