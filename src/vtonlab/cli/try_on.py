"""``vtonlab try-on``: one person, one garment or an outfit, one picture."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtonlab.cli.language import here, say
from vtonlab.errors import BadOption, Text

if TYPE_CHECKING:
    from vtonlab.engines.contract import Mask, Note, Report, TryOnResult

Options = Annotated[
    list[str] | None,
    typer.Option(
        "-O",
        "--option",
        metavar="KEY=VALUE",
        help=here("An option of the engine; may be repeated.", "引擎选项，可多次使用。"),
    ),
]
Engine = Annotated[str, typer.Option(metavar="NAME", help=here("Which engine makes the picture.", "使用的引擎。"))]
ChosenEngine = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=here(
            "Which engine makes the picture.  [default: VTONLAB_ENGINE, else instant]",
            "使用的引擎。  [默认：VTONLAB_ENGINE，否则为 instant]",
        ),
    ),
]
Kind = Annotated[
    str,
    typer.Option(
        metavar="upper|lower|dress|auto",
        help=here("What the garment dresses.", "衣物类型（上装、下装、连衣裙或自动）。"),
    ),
]


def try_on(
    person: Annotated[Path, typer.Argument(metavar="PERSON", help=here("Photo of a person.", "人物照片。"))],
    garment: Annotated[Path, typer.Argument(metavar="GARMENT", help=here("Photo of a garment.", "衣物照片。"))],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help=here("Picture to write: .png, .jpg or .webp.", "输出图片：.png、.jpg 或 .webp。"),
        ),
    ],
    engine: ChosenEngine = None,
    kind: Kind = "auto",
    lower: Annotated[
        Path | None,
        typer.Option(metavar="GARMENT2", help=here("A lower garment to wear with it.", "同时搭配的下装。")),
    ] = None,
    option: Options = None,
    description: Annotated[
        str,
        typer.Option(metavar="WORDS", help=here("What the garment is, for engines that read it.", "衣物的文字描述。")),
    ] = "",
    mask: Annotated[
        Path | None,
        typer.Option(
            metavar="F",
            help=here(
                "Picture of what may be changed, white on black, as large as PERSON.",
                "可修改区域的图片（白色为可修改处），与人物照片同样大小。",
            ),
        ),
    ] = None,
    mask_out: Annotated[
        Path | None,
        typer.Option(
            metavar="F",
            help=here("Write here what was changed, white on black.", "将修改区域写入此文件（白色为修改处）。"),
        ),
    ] = None,
    no_sign: Annotated[
        bool,
        typer.Option(
            "--no-sign",
            help=here("Do not sign the picture with this installation's key.", "不用本机安装的密钥为图片签名。"),
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help=here("Tell about the result as JSON.", "以 JSON 输出结果信息。"))
    ] = False,
) -> None:
    """See a garment on a person."""
    from vtonlab import session
    from vtonlab.cli.choosing import check_cost, choose_engine
    from vtonlab.cli.departures import open_errand
    from vtonlab.cli.signed import open_signer_or_warn, save_result

    options = parse_options(option)
    chosen = choose_engine(engine)
    check_cost(chosen, 1 if lower is None else 2)
    signer = None if no_sign else open_signer_or_warn()
    start = time.perf_counter()
    result = session.Session(person, chosen, keep=0).try_on(
        garment,
        kind=kind,
        lower=lower,
        mask=None if mask is None else read_mask(mask),
        description=description,
        report=_show_stage(),
        errand=open_errand(chosen),
        **options,
    )
    made = time.perf_counter() - start
    save_result(result, output, signer)
    if mask_out is not None:
        result.save_mask(mask_out)
    if as_json:
        told = describe(result, output, mask_out, made) | {"signed": signer is not None}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for note in result.notes:
        print(f"{name_level(note)}: {say(note.text)}", file=sys.stderr)
    print(
        here(
            f"made in {made:.2f} s by {result.engine}, confidence {result.confidence:.2f}",
            f"由 {result.engine} 生成，用时 {made:.2f} 秒，可信度 {result.confidence:.2f}",
        ),
        file=sys.stderr,
    )
    print(output)


def parse_options(pairs: Sequence[str] | None) -> dict[str, Any]:
    """``["steps=30"]`` as ``{"steps": "30"}``; the engine's own options say what the values mean. Raises BadOption."""
    options = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise BadOption(option=pair, reason=Text("it is written KEY=VALUE", "应写成 KEY=VALUE"))
        options[key.strip().replace("-", "_")] = value.strip()
    return options


def read_mask(path: Path) -> Mask:
    """The picture at ``path`` as a mask: white is 255. Raises ``BadInput``."""
    from vtonlab.imaging.read import read_picture

    plane: Mask = read_picture(path).max(axis=2)
    return plane


def describe(result: TryOnResult, output: Path, mask: Path | None, seconds: float) -> dict[str, object]:
    """The result in plain values, for programs; ``text`` of the notes in the reader's language."""
    return {
        "output": str(output),
        "mask": None if mask is None else str(mask),
        "engine": result.engine,
        "width": result.image.shape[1],
        "height": result.image.shape[0],
        "confidence": round(result.confidence, 3),
        "notes": describe_notes(result.notes),
        "seconds": round(seconds, 3),
        "timings": {stage: round(duration, 4) for stage, duration in result.timings.items()},
    }


def describe_notes(notes: Sequence[Note]) -> list[dict[str, str]]:
    """Notes in plain values."""
    return [{"code": note.code, "level": note.level, "text": say(note.text)} for note in notes]


def name_level(note: Note) -> str:
    """``note``, ``warning`` or ``problem`` in the reader's language."""
    names = {"info": ("note", "说明"), "warning": ("warning", "注意"), "problem": ("problem", "问题")}
    return here(*names[note.level])


def _show_stage() -> Report:
    from vtonlab.engines.contract import silent

    if not sys.stderr.isatty():
        return silent

    def show(fraction: float, stage: str) -> None:
        end = "\r\033[K" if fraction >= 1 else ""
        print(f"\r\033[K{fraction:4.0%} {stage}", end=end, file=sys.stderr, flush=True)

    return show
