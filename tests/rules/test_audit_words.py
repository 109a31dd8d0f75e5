"""The page of the audit log says in words what was done: every action that the server records has some."""

from __future__ import annotations

import ast
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "frontend" / "src" / "locales" / "en" / "admin.json"
RECORDERS = {"record", "_record", "erase", "_note_failure", "enter", "_enter"}
"""What takes an action, or hands one on to what does."""


def recorded() -> set[str]:
    """Actions written out in calls of these, and in their parameters' defaults."""
    found: set[str] = set()
    for path in sorted((ROOT / "src" / "vtonlab").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and name_of(node.func) in RECORDERS:
                found |= actions([*node.args, *(keyword.value for keyword in node.keywords)])
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in RECORDERS:
                found |= actions([*node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)])
    return found


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def actions(values: list[ast.expr]) -> set[str]:
    texts = [value.value for value in values if isinstance(value, ast.Constant)]
    return {text for text in texts if isinstance(text, str) and text.count(".") == 1 and " " not in text}


def test_every_recorded_action_and_its_group_has_words() -> None:
    known = json.loads(WORDS.read_text("utf-8"))["audit"]
    found = recorded()
    assert {"auth.sign_in_failed", "users.edit", "roles.edit", "tasks.cancel", "auth.password_refused"} <= found
    assert not sorted(found - {key.replace("_", ".", 1) for key in known["action"]})
    assert not sorted({action.partition(".")[0] for action in found} - known["group"].keys())
