"""What the pages say of keys and of stages is what there is."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAGES = re.compile(r"""(?:report|tell|rest|time|job\.report)\(\s*(?:[\w.+* -]+,\s*){1,2}f?"([a-z_]+)[" ]""")
"""``report(0.1, "read")``, ``clock.time(0.7, "drape", …)``, ``visit.tell(DONE, "fetching")``."""
PROGRESS = re.compile(r"""(?:return|lambda \w+:) \(?[^"\n]*,\s*(?:_name\(\s*)?f?"([a-z]+_[a-z_]+)[" ]""")
"""``return 0.1, "remote_queue"``, ``lambda _: (0.85, "remote_fetch")``."""
WORKERS = ("engines", "fitting", "generation")


def find_stages() -> set[str]:
    """Names of the stages that people may be told."""
    texts = [path.read_text("utf-8") for name in WORKERS for path in (ROOT / "src/vtonlab" / name).rglob("*.py")]
    return {found for text in texts for pattern in (STAGES, PROGRESS) for found in pattern.findall(text)}


def test_every_stage_that_engines_report_has_words() -> None:
    stages = find_stages()
    assert {"read", "drape", "denoise", "remote_queue", "remote_work", "remote_full", "fetching", "save"} <= stages
    for language in ("en", "zh-CN"):
        words = json.loads((ROOT / "frontend/src/locales" / language / "tasks.json").read_text("utf-8"))["stages"]
        assert not stages - words.keys(), f"{language}/tasks.json has no words for these stages"


def test_the_page_of_keys_is_that_of_the_registry() -> None:
    if not (ROOT / "frontend" / "node_modules").is_dir():
        pytest.skip("no Node packages here (make setup)")
    command = [str(ROOT / "scripts" / "npm"), "run", "--silent", "shortcuts", "--", "--check"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0, "run `make docs`"
