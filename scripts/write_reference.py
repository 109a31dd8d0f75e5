"""Write the generated pages of docs/reference; with --check, say which of them are out of step (exit code 1)."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from vtonlab import errors
from vtonlab.cli.commands import every_call
from vtonlab.cli.entry import run
from vtonlab.engines import registry
from vtonlab.engines.contract import Engine
from vtonlab.equip import equip_engines
from vtonlab.imaging.signing import Signer
from vtonlab.providers.cards import make_card
from vtonlab.settings import PREFIX, Settings, for_engine
from vtonlab.web.described import describe
from vtonlab.web.metrics import Metrics
from vtonlab.web.wiring import build

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
GENERATED = "<!-- Written by `make docs`; edit the code it names instead. -->\n\n"


def main(arguments: list[str]) -> int:
    """Write or check all pages."""
    os.environ["COLUMNS"] = "100"  # the width that --help is set in
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]  # the pages tell what comes with the program, not what is set here
    pages = {
        "settings.md": write_settings(),
        "errors.md": write_errors(),
        "cli.md": write_cli(),
        "http-api.md": write_http(),
        "engines.md": write_engines(),
    }
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
        value = field.get_default(call_default_factory=True)
        default = str(value).lower() if isinstance(value, bool) else str("" if value is None else value)
        meaning = " ".join((field.description or "").split())
        rows.append(f"| `{PREFIX}{name.upper()}` | {f'`{default}`' if default else '(empty)'} | {meaning} |")
    return "\n".join(rows) + "\n"


def write_errors() -> str:
    """The table of every error a person can meet, from the tree in errors/."""
    rows = ["# Errors", "", GENERATED + "Every error has a code for programs, and a sentence and a hint for people, in"]
    rows[-1] += "\nEnglish and Chinese (`src/vtonlab/errors/`). The command line ends with exit code 2 where the input"
    rows[-1] += "\ncannot be used, else 1. Over HTTP, each [interface](http-api.md) has\nits own form."
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


def write_http() -> str:
    """The table of every address, from the same description as /openapi.json; who may ask is what the tests try."""
    document = describe_application()
    rows = ["# HTTP interface", "", GENERATED + document["info"]["description"].strip(), ""]
    rows += ["The whole description with every field, value and example: `/openapi.json` of a running server.", ""]
    rows += [
        "“Who” is the least that is needed in server mode; for what belongs to somebody else, the answer is 404 (403"
    ]
    rows += [
        "where the address names the user). The tests try every address as everybody: `tests/api/test_permissions.py`."
    ]
    who = read_who()
    for name, title in (("wardrobe", "Wardrobe"), ("studio", "Studio"), ("operation", "Operation"), ("page", "Page")):
        rows += ["", f"## {title}", "", "| | address | who | |", "|---|---|---|---|"]
        for path, item in document["paths"].items():
            for method, operation in item.items():
                if operation["tags"][0] == name:
                    cells = (method.upper(), f"`{path}`", who[method.upper(), path], operation.get("summary", ""))
                    rows.append("| " + " | ".join(cells) + " |")
        if name == "studio":
            rows.append("| WebSocket | `/api/v1/ws/tasks` | guest | How tasks go and the library changes |")
    return "\n".join(rows) + "\n"


def write_engines() -> str:
    """The card of every engine that comes with the program: licences, privacy, costs, abilities, options, settings."""
    rows = [
        "# Engines",
        "",
        GENERATED + "What each engine can do, whose licence it is under, and where pictures go. How",
    ]
    rows[-1] += (
        "\nthey are set up: [Which engine makes the picture](../guides/engines.md). `vtonlab engines` tells the same"
    )
    rows[-1] += "\nof an installation, by its settings, and `GET /api/v1/engines` of a running server."
    equip_engines()
    for installed in registry.installed():
        if installed.package == "vtonlab":
            rows += _write_engine(registry.get(installed.name))
    return "\n".join(rows) + "\n"


def _write_engine(engine: Engine) -> list[str]:
    price = for_engine(Settings(), engine.name).get("price")
    can = engine.capabilities
    told = [
        (what.en, words.en) for what, words in make_card(engine, price if isinstance(price, float) else None).lines()
    ]
    told.append(("Garments", ", ".join(kind.value for kind in can.kinds)))
    told.append(("Outfits", "both garments at once" if can.outfits else "one garment after the other"))
    takes = {"mask": can.mask, "seed": can.seed, "steps": can.steps, "description": can.description}
    told.append(("Takes", ", ".join(name for name, taken in takes.items() if taken) or "the two photos"))
    if can.presets:
        told.append(("Presets", "; ".join(f"{name}: {_options(chosen)}" for name, chosen in can.presets.items())))
    rows = [
        "",
        f"## {engine.name}",
        "",
        "| | |",
        "|---|---|",
        *(f"| {what} | {_cell(words)} |" for what, words in told),
    ]
    fields = engine.Options.model_json_schema().get("properties", {})
    if fields:
        rows += ["", "| option | default | meaning |", "|---|---|---|"]
    for name, field in fields.items():
        default = json.dumps(field.get("default"), ensure_ascii=False).strip('"')
        rows.append(f"| `{name}` | `{default}` | {_cell(field.get('description', ''))} |")
    settings = [name for name in Settings.model_fields if name.startswith(f"{engine.name}_")]
    if settings:
        names = ", ".join(f"`{PREFIX}{name.upper()}`" for name in settings)
        rows += ["", f"[Settings](settings.md): {names}."]
    return rows


def _options(chosen: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}={value}`" for name, value in chosen.items())


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")


def describe_application() -> dict[str, Any]:
    """The OpenAPI document of the application, none of which is started."""
    app = FastAPI(title="VTON Lab", version="0")
    for router in build(Settings(), b"x" * 32, Signer(b"", b""), Metrics(""), "").routers():
        app.include_router(router)
    return describe(app)


def read_who() -> dict[tuple[str, str], str]:
    """Who may call each address, in a word, from the table that the tests go by."""
    sys.path.insert(0, str(REFERENCE.parent.parent))
    from tests.api.test_permissions import ROWS

    told = {}
    for row in ROWS:
        ways = (("stranger", "all"), ("guest", "guest"), ("viewer", "viewer"), ("owner", "editor"), ("admin", "admin"))
        # 404 is told to those who might have had it; where nobody gets through, it is a secret in the body that counts.
        refused = {401} if "{user_id}" in row.template and "/admin/" not in row.template else {401, 403}
        told[row.method, row.template] = next(
            (word for who, word in ways[1:] if row.expected[who] not in refused), "all"
        )
        if row.expected["stranger"] not in {401, 403}:
            told[row.method, row.template] = "all"
    return told


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
