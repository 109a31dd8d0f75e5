"""The commands there are. Their modules are imported when they are called, so that ``vtonlab --help`` is instant."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from vtonlab.cli.language import say
from vtonlab.errors import Text

if TYPE_CHECKING:
    from typer import Typer


@dataclass(frozen=True)
class Command:
    """One command: ``vtonlab NAME``, the function ``function`` of ``vtonlab.cli.<module>``.

    A group (``vtonlab NAME COMMAND``) names a Typer app made with :func:`make_group` instead of a function.
    """

    name: str
    module: str
    function: str
    summary: Text
    is_group: bool = False


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
    Command(
        "verify",
        "verify",
        "verify",
        Text(
            "Say how pictures were made, and whether they were changed since.",
            "说明图片是如何制作的，以及此后是否被修改。",
        ),
    ),
    Command("serve", "serve", "serve", Text("Open the fitting room in the browser.", "在浏览器中打开试衣间。")),
    Command(
        "gradio",
        "gradio",
        "gradio",
        Text("Offer an engine to programs written for IDM-VTON.", "让为 IDM-VTON 编写的程序使用这里的引擎。"),
    ),
    Command(
        "db",
        "db",
        "app",
        Text("Upgrade, back up and restore the database.", "升级、备份和恢复数据库。"),
        is_group=True,
    ),
    Command(
        "users",
        "users",
        "app",
        Text("Make accounts, set passwords, let people in and out.", "创建账户、设置密码、启用和停用用户。"),
        is_group=True,
    ),
    Command(
        "roles",
        "roles",
        "app",
        Text("Say what each role may, change it, make others.", "查看和更改角色的权限，或新建角色。"),
        is_group=True,
    ),
    Command(
        "tokens",
        "tokens",
        "app",
        Text("Make tokens for programs, list them, take them back.", "为程序创建、列出和撤销令牌。"),
        is_group=True,
    ),
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
    app = _make_app("vtonlab", "VTON Lab: see any garment on yourself, on your own machine.")
    for command in wanted or COMMANDS:
        if command.is_group:
            app.add_typer(_load(command), name=command.name)
        else:
            app.command(command.name)(_load(command))
    return app


def make_group(name: str) -> Typer:
    """The empty app of the group ``name``, which is among ``COMMANDS``.

    Its module calls it ``app`` and hangs its commands on it: ``@app.command(help=here("…", "…"))``.
    """
    group = find(name)
    assert group is not None
    return _make_app(name, say(group.summary))


def every_call() -> list[list[str]]:
    """The words by which everything can be called: of each command, of each group and of what is in it."""
    calls = []
    for command in COMMANDS:
        calls.append([command.name])
        if command.is_group:
            inner = [entry.name or entry.callback.__name__ for entry in _load(command).registered_commands]
            calls += [[command.name, name] for name in inner]
    return calls


def _make_app(name: str, help_text: str) -> Typer:
    import typer

    # Plain help: it reads the same in a pipe, and rich would double the time it takes.
    app = typer.Typer(
        name=name,
        help=help_text,
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_nothing)
    return app


def _load(command: Command) -> Any:
    return getattr(import_module(f"vtonlab.cli.{command.module}"), command.function)


def _nothing() -> None:
    # A Typer app with one command would otherwise take that command's name for an argument.
    return
