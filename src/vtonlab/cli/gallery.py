"""``vtonlab gallery``: one picture of many fittings, to look at. Made for those who work on an engine."""

from __future__ import annotations

import csv
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from vtonlab.cli.language import here, language
from vtonlab.cli.try_on import Engine, Kind, Options, parse_options
from vtonlab.errors import FileProblem, Text, VtonError

if TYPE_CHECKING:
    from vtonlab.cli.tiles import Tile
    from vtonlab.imaging.types import Picture
    from vtonlab.session import Session


T = TypeVar("T")


def gallery(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[DIR…]",
            help=here(
                "One folder with persons/ and garments/ in it, or the two of them, or folders of pictures to show.",
                "包含 persons/ 和 garments/ 的文件夹，或这两个文件夹，或要展示的图片文件夹。",
            ),
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="SHEET", help=here("Picture to write.", "输出的总览图。"))
    ] = Path("sheet.png"),
    persons: Annotated[int, typer.Option(min=1, help=here("How many persons.", "人物数量。"))] = 4,
    garments: Annotated[int, typer.Option(min=1, help=here("How many garments.", "衣物数量。"))] = 6,
    pick: Annotated[
        str,
        typer.Option(metavar="A,B,…", help=here("Only names that hold one of these.", "只用名称含有这些文字的图片。")),
    ] = "",
    pairs: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help=here(
                "True pairs (columns pair, person, garment): input, garment, result and truth side by side.",
                "真实配对表（列 pair、person、garment）：并排显示输入、衣物、结果和真实照片。",
            ),
        ),
    ] = None,
    analyses: Annotated[
        bool,
        typer.Option("--analyses", help=here("Show what the engine sees, no results.", "显示引擎的分析结果。")),
    ] = False,
    height: Annotated[
        int, typer.Option(min=64, max=1024, help=here("Of a picture, px.", "每张图的高度（像素）。"))
    ] = 320,
    engine: Engine = "instant",
    kind: Kind = "auto",
    option: Options = None,
) -> None:
    """Draw a contact sheet: rows of persons, columns of garments, or the pictures of a folder."""
    from vtonlab.cli.tiles import draw_sheet
    from vtonlab.imaging.write import write_picture

    wanted = [word for word in pick.split(",") if word]
    fitter = _Fitter(engine, kind, parse_options(option))
    if pairs is not None:
        rows = _pair_rows(pairs, wanted, persons, fitter)
    else:
        people, hangers, others = _sort_out(folders or [])
        people, hangers = _choose(people, wanted, persons), _choose(hangers, wanted, garments)
        if analyses:
            rows = _analysis_rows([*people, *_choose(others, wanted, persons * garments)], hangers, fitter)
        elif people and hangers:
            rows = _matrix_rows(people, hangers, fitter)
        else:
            rows = _picture_rows([*people, *hangers, *_choose(others, wanted, persons * garments)], garments)
    sheet = draw_sheet(_counted(rows), height)
    write_picture(output, sheet)
    print(output)


def _sort_out(folders: list[Path]) -> tuple[list[Path], list[Path], list[Path]]:
    """Pictures of persons, of garments, and others, told apart by the names of their folders."""
    from vtonlab.cli.batch_plan import find_pictures

    if not folders:
        raise FileProblem(name="DIR", reason=Text("a folder of pictures is needed", "需要一个图片文件夹"))
    inner = [folder / name for folder in folders for name in ("persons", "garments") if (folder / name).is_dir()]
    found: tuple[list[Path], list[Path], list[Path]] = [], [], []
    for folder in inner or folders:
        name = folder.resolve().name
        place = 0 if name.startswith("person") else 1 if name.startswith("garment") else 2
        found[place].extend(entry.path for entry in find_pictures(folder, "person"))
    return found


def _choose(paths: list[Path], wanted: list[str], most: int) -> list[Path]:
    """Those whose name holds a wanted word, where any does; ``most`` of them, spread evenly."""
    return _spread([path for path in paths if any(word in path.stem for word in wanted)] or paths, most)


class _Fitter:
    """Fits and analyses with one engine; a failure becomes words in the picture's place."""

    def __init__(self, engine: str, kind: str, options: dict[str, Any]) -> None:
        self._engine = engine
        self._kind = kind
        self._options = options

    @functools.cached_property
    def _session(self) -> Session:
        from vtonlab.session import Session

        return Session(engine=self._engine, keep=200)

    def dress(self, person: Path, garment: Path, kind: str | None = None) -> Tile:
        """The result of one fitting."""

        def make() -> tuple[Picture, str]:
            result = self._session.try_on(garment, person=person, kind=kind or self._kind, **self._options)
            return result.image, f"{result.confidence:.2f} {person.stem} + {garment.stem}"

        return _tile(make, f"{person.stem} + {garment.stem}")

    def illustrate(self, path: Path, role: str) -> Tile:
        """What the engine sees in one picture."""
        from vtonlab.engines.contract import IllustratingEngine
        from vtonlab.errors import BadOption
        from vtonlab.session import as_garment, as_person

        engine = self._session.engine
        if not isinstance(engine, IllustratingEngine):
            reason = Text(f"the engine “{engine.name}” draws no analyses", f"引擎“{engine.name}”不提供分析图")
            raise BadOption(option="--analyses", reason=reason)

        def make() -> tuple[Picture, str]:
            picture = as_garment(path) if role == "garment" else as_person(path).picture
            return engine.illustrate(picture, role), path.stem

        return _tile(make, path.stem)


def _tile(make: Callable[[], tuple[Picture, str]], label: str) -> Tile:
    from vtonlab.cli.tiles import Tile

    try:
        picture, label = make()
    except VtonError as error:
        return Tile(None, label, error.say(language()))
    return Tile(picture, label)


def _show(path: Path) -> Tile:
    from vtonlab.imaging.read import read_picture

    return _tile(lambda: (read_picture(path, reduce_to=1024), path.stem), path.stem)


def _matrix_rows(people: Sequence[Path], hangers: Sequence[Path], fitter: _Fitter) -> Iterator[list[Tile]]:
    from vtonlab.cli.tiles import Tile

    yield [Tile(None, "", ""), *(_show(garment) for garment in hangers)]
    for person in people:
        yield [_show(person), *(fitter.dress(person, garment) for garment in hangers)]


def _pair_rows(table: Path, wanted: list[str], most: int, fitter: _Fitter) -> Iterator[list[Tile]]:
    """Input, garment, result, truth; two pairs beside each other."""
    try:
        with table.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise FileProblem(name=table.name, reason=Text("it cannot be read", "无法读取")) from error
    if not lines or not {"pair", "person", "garment"} <= set(lines[0]):
        raise FileProblem(
            name=table.name, reason=Text("it has no columns pair, person, garment", "缺少 pair、person、garment 列")
        )
    chosen = [line for line in lines if not wanted or any(word in line["pair"] for word in wanted)]
    row: list[Tile] = []
    for line in _spread(chosen, most):
        truth, garment = table.parent / line["person"], table.parent / line["garment"]
        given = truth.with_name(f"{line['pair']}_input.png")
        given = given if given.exists() else truth
        row += [_show(given), _show(garment), fitter.dress(given, garment, line.get("area") or None), _show(truth)]
        if len(row) == 8:
            yield row
            row = []
    if row:
        yield row


def _analysis_rows(people: Sequence[Path], hangers: Sequence[Path], fitter: _Fitter) -> Iterator[list[Tile]]:
    seen = [(path, "person") for path in people] + [(path, "garment") for path in hangers]
    for at in range(0, len(seen), 6):
        yield [fitter.illustrate(path, role) for path, role in seen[at : at + 6]]


def _picture_rows(pictures: Sequence[Path], across: int) -> Iterator[list[Tile]]:
    for at in range(0, len(pictures), across):
        yield [_show(path) for path in pictures[at : at + across]]


def _spread(things: list[T], most: int) -> list[T]:
    if len(things) <= most:
        return things
    return [things[index * len(things) // most] for index in range(most)]


def _counted(rows: Iterator[list[Tile]]) -> Iterator[list[Tile]]:
    for index, row in enumerate(rows, 1):
        if sys.stderr.isatty():
            print(f"\r{here('row', '第')} {index}", end="", file=sys.stderr, flush=True)
        yield row
    if sys.stderr.isatty():
        print(file=sys.stderr)
