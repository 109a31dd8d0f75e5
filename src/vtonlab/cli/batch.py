"""``vtonlab batch``: every person of a folder in every garment of another."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtonlab.cli.entry import STOPPED, say_wrong
from vtonlab.cli.language import here, language
from vtonlab.cli.try_on import ChosenEngine, Kind, Options, parse_options

if TYPE_CHECKING:
    from vtonlab.cli.batch_plan import Entry, Ledger, PairOutcome, Plan
    from vtonlab.cli.batch_work import Crew, Dress
    from vtonlab.cli.progress import Progress
    from vtonlab.errors import VtonError

ALL_FAILED = 3
GARMENTS_AT_ONCE = 6


def batch(
    persons: Annotated[Path, typer.Option(metavar="DIR", help=here("Photos of persons.", "人物照片文件夹。"))],
    garments: Annotated[Path, typer.Option(metavar="DIR", help=here("Photos of garments.", "衣物照片文件夹。"))],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help=here("Where the results go.", "结果文件夹。"))
    ],
    engine: ChosenEngine = None,
    kind: Kind = "auto",
    option: Options = None,
    suffix: Annotated[
        str, typer.Option("--format", metavar="jpg|png|webp", help=here("Of the pictures.", "图片格式。"))
    ] = "jpg",
    jobs: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help=here("Processes; 0 takes one for every core.", "进程数；0 表示每个核心一个。")
        ),
    ] = 0,
    sign: Annotated[
        bool,
        typer.Option(
            "--sign",
            help=here("Sign the pictures with this installation's key.", "用本机安装的密钥为图片签名。"),
        ),
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help=here("Make everything anew.", "全部重新生成，不沿用以前的结果。"))
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help=here("Print the summary as JSON.", "以 JSON 输出摘要。"))
    ] = False,
) -> None:
    """Dress every person of a folder in every garment of another.

    Pairs that an earlier run has finished are skipped while their pictures are unchanged. OUT/index.html shows
    everything on one page, OUT/results.json tells about it. Pairs that fail are reported and do not stop the rest.
    """
    from vtonlab.cli.batch_plan import Ledger, find_pictures
    from vtonlab.cli.choosing import choose_engine
    from vtonlab.cli.contact_sheet import write_sheet
    from vtonlab.cli.signed import open_own_signer

    people, hangers = find_pictures(persons, "person"), find_pictures(garments, "garment")
    if sign:
        open_own_signer()  # so that what is wrong with it is said now
    plan = _make_plan(output, choose_engine(engine), kind, parse_options(option), suffix, signs=sign)
    if fresh:
        _forget(output)
    ledger = Ledger(output)
    outcomes = _already_done(plan, ledger, people, hangers)
    start = time.perf_counter()
    stopped = False
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to end, it ends as with Ctrl+C: nothing is lost
    try:
        _make_all(plan, ledger, people, hangers, outcomes, jobs or _count_cores())
    except KeyboardInterrupt:
        stopped = True
    summary = _summarise(plan, people, hangers, outcomes, time.perf_counter() - start)
    _write_results(plan, summary, outcomes)
    write_sheet(plan, people, hangers, outcomes, language())
    _tell(summary, output, stopped=stopped, as_json=as_json)
    if stopped:
        raise typer.Exit(STOPPED)
    if summary["failed"] and not summary["done"]:
        raise typer.Exit(ALL_FAILED)


def _make_plan(output: Path, engine: str, kind: str, options: dict[str, object], suffix: str, *, signs: bool) -> Plan:
    from vtonlab.cli.batch_plan import Plan
    from vtonlab.engines import registry
    from vtonlab.errors import BadOption, FileProblem, Text
    from vtonlab.session import as_kind

    version = next((found.version for found in registry.installed() if found.name == engine), "")
    if suffix not in {"jpg", "png", "webp"}:
        raise BadOption(option="--format", reason=Text("one of jpg, png, webp is meant", "应为 jpg、png 或 webp"))
    try:
        for folder in (output, output / ".analyses", output / "pictures"):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileProblem(name=output.name, reason=Text("this folder cannot be made", "无法创建文件夹")) from error
    return Plan(output.resolve(), engine, version, as_kind(kind).value, options, f".{suffix}", signs)


def _forget(output: Path) -> None:
    (output / ".finished.jsonl").unlink(missing_ok=True)
    for analysis in (output / ".analyses").glob("*.bin"):
        analysis.unlink(missing_ok=True)


def _already_done(
    plan: Plan, ledger: Ledger, people: list[Entry], hangers: list[Entry]
) -> dict[tuple[str, str], PairOutcome]:
    """The pairs of this batch that an earlier run has finished and whose result is still there."""
    finished = ledger.read()
    return {
        (person.name, garment.name): replace(outcome, person=person.name, garment=garment.name)
        for person in people
        for garment in hangers
        if (outcome := finished.get(plan.key(person, garment))) is not None
        and plan.picture(person.name, garment.name).exists()
    }


def _make_all(
    plan: Plan,
    ledger: Ledger,
    people: list[Entry],
    hangers: list[Entry],
    outcomes: dict[tuple[str, str], PairOutcome],
    workers: int,
) -> None:
    """Make what is not in ``outcomes`` yet, and put it there."""
    from vtonlab.cli.batch_work import Crew
    from vtonlab.cli.choosing import check_cost
    from vtonlab.cli.progress import Progress

    missing = [(p, g) for p in people for g in hangers if (p.name, g.name) not in outcomes]
    if not missing:
        return
    check_cost(plan.engine, len(missing))
    with Progress(here("fittings", "试穿"), len(missing)) as progress, Crew(workers, plan.engine) as crew:
        broken = _look_at_all(plan, crew, progress, list({e.path: e for pair in missing for e in pair}.values()))
        for person, garment in missing:
            error = broken.get(person.path) or broken.get(garment.path)
            if error is not None:
                _note_failure(plan, person, garment, error, outcomes)
                progress.step()
        good = [pair for pair in missing if pair[0].path not in broken and pair[1].path not in broken]
        _dress_all(plan, ledger, crew, progress, good, outcomes)


def _look_at_all(plan: Plan, crew: Crew, progress: Progress, entries: list[Entry]) -> dict[Path, VtonError]:
    """Find out about each picture once, for all the workers to share; those that cannot be used, with why."""
    from vtonlab.cli.batch_work import Look, look

    broken: dict[Path, VtonError] = {}
    progress.say(here(f"looking at {len(entries)} pictures", f"正在分析 {len(entries)} 张图片"))
    for job, error in crew.work(look, [Look(plan, entry) for entry in entries]):
        if error is not None:
            broken[job.entry.path] = error
            progress.say(f"{job.entry.path.name}: {error.say(language())}")
    return broken


def _dress_all(
    plan: Plan,
    ledger: Ledger,
    crew: Crew,
    progress: Progress,
    pairs: list[tuple[Entry, Entry]],
    outcomes: dict[tuple[str, str], PairOutcome],
) -> None:
    from vtonlab.cli.batch_work import dress, one_by_one
    from vtonlab.errors import VtonError

    for job, answer in crew.work(dress, _share_out(plan, pairs), one_by_one):
        if isinstance(answer, VtonError):
            for garment in job.garments:
                _note_failure(plan, job.person, garment, answer, outcomes)
                progress.say(f"{job.person.name} + {garment.name}: {answer.say(language())}")
                progress.step()
            continue
        for garment, (outcome, error) in zip(job.garments, answer, strict=True):
            if error is None:
                outcomes[outcome.person, outcome.garment] = outcome
                ledger.add(outcome)
            else:
                _note_failure(plan, job.person, garment, error, outcomes)
                progress.say(f"{job.person.name} + {garment.name}: {error.say(language())}")
            progress.step()


def _share_out(plan: Plan, pairs: list[tuple[Entry, Entry]]) -> list[Dress]:
    """Jobs of a few garments on the same person."""
    from vtonlab.cli.batch_work import Dress

    hangers: dict[Path, list[Entry]] = {}
    people = {}
    for person, garment in pairs:
        people[person.path] = person
        hangers.setdefault(person.path, []).append(garment)
    return [
        Dress(plan, people[path], tuple(garments[at : at + GARMENTS_AT_ONCE]))
        for path, garments in hangers.items()
        for at in range(0, len(garments), GARMENTS_AT_ONCE)
    ]


def _note_failure(
    plan: Plan, person: Entry, garment: Entry, error: VtonError, outcomes: dict[tuple[str, str], PairOutcome]
) -> None:
    from vtonlab.cli.batch_plan import PairOutcome

    told = {"code": error.code, "sentence": error.say(language()), "hint": error.advise(language())}
    outcomes[person.name, garment.name] = PairOutcome(person.name, garment.name, plan.key(person, garment), error=told)


def _summarise(
    plan: Plan, people: list[Entry], hangers: list[Entry], outcomes: dict[tuple[str, str], PairOutcome], seconds: float
) -> dict[str, object]:
    failed = [outcome for outcome in outcomes.values() if outcome.error]
    reasons: dict[str, int] = {}
    for outcome in failed:
        reasons[outcome.error["code"]] = reasons.get(outcome.error["code"], 0) + 1
    return {
        "engine": plan.engine,
        "kind": plan.kind,
        "persons": len(people),
        "garments": len(hangers),
        "pairs": len(people) * len(hangers),
        "done": len(outcomes) - len(failed),
        "failed": len(failed),
        "failures": reasons,
        "seconds": round(seconds, 1),
    }


def _write_results(plan: Plan, summary: dict[str, object], outcomes: dict[tuple[str, str], PairOutcome]) -> None:
    from vtonlab.imaging.write import write_bytes

    pairs = []
    for outcome in sorted(outcomes.values(), key=lambda o: (o.person, o.garment)):
        told = {key: value for key, value in asdict(outcome).items() if key not in {"key", "error"}}
        where = plan.picture(outcome.person, outcome.garment).relative_to(plan.output)
        told |= {"error": outcome.error} if outcome.error else {"picture": where.as_posix()}
        pairs.append({"status": "failed" if outcome.error else "done", **told})
    text = json.dumps({"summary": summary, "pairs": pairs}, ensure_ascii=False, indent=1)
    write_bytes(plan.output / "results.json", text.encode())


def _tell(summary: dict[str, object], output: Path, *, stopped: bool, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary, ensure_ascii=False, indent=2))
        return
    done, failed, pairs, seconds = (summary[key] for key in ("done", "failed", "pairs", "seconds"))
    print(
        here(
            f"{done} of {pairs} fittings done, {failed} failed, in {seconds} s",
            f"共 {pairs} 次试穿：完成 {done}，失败 {failed}，用时 {seconds} 秒",
        ),
        file=sys.stderr,
    )
    for code, count in summary["failures"].items():  # type: ignore[attr-defined]
        print(f"  {count} × {code}", file=sys.stderr)
    if stopped:
        say_wrong(
            here("Stopped.", "已停止。"),
            here("The same command goes on where it stopped.", "再次运行同一命令即可继续。"),
        )
    print(output / "index.html")


def _count_cores() -> int:
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # macOS
        return os.cpu_count() or 1
