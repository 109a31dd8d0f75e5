"""From the words typed to a command, and from whatever goes wrong to a sentence, a hint and an exit code."""

from __future__ import annotations

import difflib
import logging
import os
import sys
from collections.abc import Sequence
from typing import Final, cast

from vtonlab.cli.commands import COMMANDS, Command, build_app, find
from vtonlab.cli.language import choose_language, here, say, speak
from vtonlab.cli.logs import is_debugging, prepare_logging
from vtonlab.errors import BadInput, EngineFault, VtonError

DONE: Final = 0
FAILED: Final = 1
WRONG_INPUT: Final = 2
STOPPED: Final = 130

log = logging.getLogger("vtonlab")


def run(arguments: Sequence[str] | None = None) -> int:
    """Do what ``arguments`` (else the process's own) ask for; the exit code. Nothing is raised."""
    language, words = choose_language(sys.argv[1:] if arguments is None else arguments)
    speak(language)
    _prepare_streams()
    debug = is_debugging()
    try:
        if not words or words[0] in {"--help", "-h", "help"}:
            return _show_overview()
        if words[0] == "--version":
            words = ["version"]
        command = find(words[0])
        if command is None:
            return _unknown(words[0])
        prepare_logging(debug=debug)
        return _call(command, words)
    except KeyboardInterrupt:
        print(here("Stopped.", "已停止。"), file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # Whoever read our output has gone (`vtonlab … | head`); stdout must not be flushed again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except VtonError as error:
        if debug:
            log.exception(error.code)
        tell(error)
        return WRONG_INPUT if isinstance(error, BadInput) else FAILED
    except Exception:  # the edge: whatever else happens is told as our fault, in one sentence
        log.exception("unexpected error")
        tell(EngineFault(engine="vtonlab"))
        if not debug:
            print(
                here("Set VTONLAB_DEBUG=1 to see the details.", "设置 VTONLAB_DEBUG=1 可查看详细信息。"),
                file=sys.stderr,
            )
        return FAILED


def tell(error: VtonError) -> None:
    """Say on stderr what happened and what to do."""
    say_wrong(error.say(_reader()), error.advise(_reader()))


def say_wrong(sentence: str, hint: str) -> None:
    """``error: …`` and ``hint: …`` on stderr."""
    print(f"{here('error', '错误')}: {sentence}\n{here('hint', '提示')}: {hint}", file=sys.stderr)


def _call(command: Command, words: Sequence[str]) -> int:
    import typer

    # Typer carries its own click or uses the installed one, by version; the base of its BadParameter is right in both.
    usage_error = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])
    try:
        code = build_app(command)(list(words), prog_name="vtonlab", standalone_mode=False)
    except usage_error as error:
        say_wrong(
            error.format_message().rstrip("."),
            here(
                f"“vtonlab {command.name} --help” says how it is used.",
                f"运行 “vtonlab {command.name} --help” 查看用法。",
            ),
        )
        return WRONG_INPUT
    except typer.Abort:
        return STOPPED
    return code if isinstance(code, int) else DONE


def _show_overview() -> int:
    width = max(len(command.name) for command in COMMANDS)
    print(here("VTON Lab: see any garment on yourself, on your own machine.", "VTON Lab：在自己的电脑上试穿任何衣物。"))
    print("\n" + here("Usage: vtonlab COMMAND [OPTIONS]", "用法：vtonlab 命令 [选项]") + "\n")
    for command in COMMANDS:
        print(f"  {command.name:<{width}}  {say(command.summary)}")
    print()
    print(
        here("“vtonlab COMMAND --help” says how a command is used.", "运行 “vtonlab 命令 --help” 查看每个命令的用法。")
    )
    print(
        here(
            "--lang en|zh chooses the language, --version says the version.",
            "--lang en|zh 选择语言，--version 显示版本。",
        )
    )
    return DONE


def _unknown(word: str) -> int:
    near = difflib.get_close_matches(word, [command.name for command in COMMANDS], n=1)
    hint = here("“vtonlab --help” lists the commands.", "运行 “vtonlab --help” 查看所有命令。")
    if near:
        hint = here(f"Did you mean “vtonlab {near[0]}”?", f"您是不是想运行 “vtonlab {near[0]}”？")
    say_wrong(here(f"There is no command “{word}”.", f"没有命令“{word}”。"), hint)
    return WRONG_INPUT


def _prepare_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows a substitute; that is no reason to fail.
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="replace")


def _reader() -> str:
    from vtonlab.cli.language import language

    return language()
