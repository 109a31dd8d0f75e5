"""``vtonlab advise``: what would make photos work better, before any fitting."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vtonlab.cli.entry import FAILED, WRONG_INPUT, say_wrong
from vtonlab.cli.language import here, language, say
from vtonlab.cli.try_on import Engine, describe_notes, name_level
from vtonlab.errors import BadInput, VtonError


class Role(StrEnum):
    """What a photo is meant to show."""

    PERSON = "person"
    GARMENT = "garment"
    AUTO = "auto"


def advise(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE…", help=here("Photos.", "照片。"))],
    role: Annotated[Role, typer.Option("--as", help=here("What they show.", "照片内容：人物或衣物。"))] = Role.AUTO,
    engine: Engine = "instant",
    as_json: Annotated[bool, typer.Option("--json", help=here("As JSON.", "以 JSON 输出。"))] = False,
) -> None:
    """Say what would make photos work better."""
    from vtonlab import session

    code = 0
    answers: list[dict[str, object]] = []
    for image in images:
        try:
            notes = session.advise(image, role.value, engine)
        except VtonError as error:
            code = max(code, WRONG_INPUT if isinstance(error, BadInput) else FAILED)
            sentence, hint = error.say(language()), error.advise(language())
            answers.append({"image": str(image), "error": {"code": error.code, "sentence": sentence, "hint": hint}})
            if not as_json:
                say_wrong(sentence, hint)
            continue
        answers.append({"image": str(image), "notes": describe_notes(notes)})
        if not as_json:
            print(f"{image}: " + ("; ".join(f"{name_level(n)}: {say(n.text)}" for n in notes) or here("good", "很好")))
    if as_json:
        json.dump(answers, sys.stdout, ensure_ascii=False, indent=2)
        print()
    if code:
        raise typer.Exit(code)
