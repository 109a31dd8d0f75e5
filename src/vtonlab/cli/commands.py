"""The commands there are. Their modules are imported when they are called, so that ``vtonlab --help`` is instant."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from vtonlab.errors import Text

if TYPE_CHECKING:
    from typer import Typer


@dataclass(frozen=True)
class Command:
    """One command: ``vtonlab NAME``, the function ``function`` of ``vtonlab.cli.<module>``."""

    name: str
    module: str
    function: str
    summary: Text


COMMANDS: Final = (
    Command("try-on", "try_on", "try_on", Text("See a garment on a person.", "把一件衣物穿到人身上。")),
    Command(
        "batch",
        "batch",
        "batch",
        Text(
            "Dress every person of a folder in every garment of another.",
            "让一个文件夹里的每个人试穿另一个文件夹里的每件衣物。",
        ),
    ),
    Command(
        "advise", "advise", "advise", Text("Say what would make photos work better.", "告诉你怎样的照片效果更好。")
    ),
    Command("serve", "serve", "serve", Text("Open the fitting room in the browser.", "在浏览器中打开试衣间。")),
    Command("engines", "engines", "engines", Text("List the engines and their options.", "列出引擎及其选项。")),
    Command(
        "doctor",
        "doctor",
        "doctor",
        Text(
            "Check what works on this machine, and say what to do about the rest.",
            "检查本机能用什么，并说明其余的怎么办。",
        ),
    ),
    Command(
        "gallery",
        "gallery",
        "gallery",
        Text("Draw a contact sheet of many fittings.", "把许多试穿结果画在一张总览图上。"),
    ),
    Command("version", "version", "version", Text("Say which version this is.", "显示版本。")),
)


def find(name: str) -> Command | None:
    """The command of that name."""
    return next((command for command in COMMANDS if command.name == name), None)


def build_app(*wanted: Command) -> Typer:
    """The Typer app with ``wanted`` commands, or with all of them; imports what it holds."""
    import typer

    # Plain help: it reads the same in a pipe, and rich would double the time it takes.
    app = typer.Typer(
        name="vtonlab",
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_group)
    for command in wanted or COMMANDS:
        function = getattr(import_module(f"vtonlab.cli.{command.module}"), command.function)
        app.command(command.name)(function)
    return app


def _group() -> None:
    """VTON Lab: see any garment on yourself, on your own machine."""
