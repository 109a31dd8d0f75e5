"""Write the generated pages of docs/reference; with --check, say which of them are out of step (exit code 1)."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

from vtonlab import errors
from vtonlab.cli.commands import every_call
from vtonlab.cli.entry import run
from vtonlab.settings import PREFIX, Settings

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
GENERATED = "<!-- Written by `make docs`; edit the code it names instead. -->\n\n"


def main(arguments: list[str]) -> int:
    """Write or check all pages."""
    os.environ["COLUMNS"] = "100"  # the width that --help is set in
    pages = {"settings.md": write_settings(), "errors.md": write_errors(), "cli.md": write_cli()}
    stale = [name for name, text in pages.items() if not _is_written(REFERENCE / name, text)]
    if "--check" in arguments:
        for name in stale:
            print(f"docs/reference/{name} is out of step: run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (REFERENCE / name).write_text(pages[name], "utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


def write_settings() -> str:
    """The table of every VTONLAB_* variable, from the class in settings.py."""
    rows = ["# Settings", "", GENERATED + "Environment variables, all optional (`src/vtonlab/settings.py`).", ""]
    rows += ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        meaning = " ".join((field.description or "").split())
        rows.append(f"| `{PREFIX}{name.upper()}` | {f'`{default}`' if default else '(empty)'} | {meaning} |")
    return "\n".join(rows) + "\n"


def write_errors() -> str:
    """The table of every error a person can meet, from the tree in errors/."""
    rows = ["# Errors", "", GENERATED + "Every error has a code for programs, and a sentence and a hint for people, in"]
    rows[-1] += (
        "\nEnglish and Chinese (`src/vtonlab/errors/`). The command line ends with exit code 2 where the input"
    )
    rows[-1] += "\ncannot be used, else 1. The server answers `{code, message, hint}`."
    rows += ["", "| code | class | HTTP | sentence | what to do |", "|---|---|---|---|---|"]
    for kind in _family(errors.VtonError):
        cells = (f"`{kind.code}`", f"`{kind.__name__}`", str(kind.status), kind.sentence.en, kind.hint.en)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def write_cli() -> str:
    """What every command says of itself when asked for --help."""
    rows = ["# Command line", "", GENERATED + "Data goes to stdout, everything said to a person to stderr."]
    for words in ([], *every_call()):
        rows += ["", f"## {' '.join(['vtonlab', *words])}", "", "```text", _ask_for_help(words), "```"]
    return "\n".join(rows) + "\n"


def _ask_for_help(words: list[str]) -> str:
    told = io.StringIO()
    with redirect_stdout(told):
        run([*words, "--help", "--lang=en"])
    return "\n".join(line.rstrip() for line in told.getvalue().strip().splitlines())


def _family(kind: type[errors.VtonError]) -> list[type[errors.VtonError]]:
    found = [kind]
    for child in kind.__subclasses__():
        if child.__module__.startswith(errors.__name__):
            found += _family(child)
    return found


def _is_written(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
