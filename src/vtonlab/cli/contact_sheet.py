"""A page that shows a whole batch: persons down, garments across, every result a click away.

The page stands beside its pictures and refers to them by relative names, so the folder can be moved or zipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote

from vtonlab.cli.batch_plan import Entry, PairOutcome, Plan
from vtonlab.cli.language import CHINESE
from vtonlab.imaging.write import write_bytes

_PAGE: Final = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif }}
body {{ margin: 0; padding: 1rem }}
h1 {{ font-size: 1.1rem; margin: 0 0 .25rem }} p {{ margin: 0 0 1rem; opacity: .75 }}
table {{ border-collapse: collapse }}
td, th {{ padding: 3px; vertical-align: top; text-align: left; font-weight: 400; font-size: 11px }}
thead th {{ position: sticky; top: 0; background: Canvas; z-index: 2 }}
tbody th {{ position: sticky; left: 0; background: Canvas; z-index: 1 }}
img {{ display: block; width: 120px; height: auto; border-radius: 4px; background: #8882 }} thead img {{ width: 90px }}
.failed {{ width: 114px; min-height: 80px; padding: 3px; border-radius: 4px; background: #c0392b22 }}
.name {{ max-width: 120px; overflow-wrap: anywhere; opacity: .75 }}
</style></head><body><h1>{title}</h1><p>{summary}</p>
<table><thead><tr><th></th>{heads}</tr></thead><tbody>
{rows}
</tbody></table></body></html>
"""


def write_sheet(
    plan: Plan,
    people: Sequence[Entry],
    hangers: Sequence[Entry],
    outcomes: Mapping[tuple[str, str], PairOutcome],
    language: str,
) -> None:
    """Write ``index.html`` into the batch's folder, its words in ``language``."""
    chinese = language == CHINESE
    failed = sum(1 for outcome in outcomes.values() if outcome.error)
    done, pairs = len(outcomes) - failed, len(people) * len(hangers)
    page = _PAGE.format(
        lang=language,
        title=f"VTON Lab · {escape(plan.engine)} · {len(people)} × {len(hangers)}",
        summary=f"完成 {done} / {pairs}，失败 {failed}" if chinese else f"{done} of {pairs} done, {failed} failed",
        heads="".join(f"<th>{_input(plan, garment)}</th>" for garment in hangers),
        rows="\n".join(
            f"<tr><th>{_input(plan, person)}</th>"
            + "".join(f"<td>{_result(plan, outcomes.get((person.name, g.name)), chinese)}</td>" for g in hangers)
            + "</tr>"
            for person in people
        ),
    )
    write_bytes(plan.output / "index.html", page.encode())


def _input(plan: Plan, entry: Entry) -> str:
    thumbnail = plan.input_thumbnail(entry)
    picture = f'<img loading="lazy" src="{_link(plan, thumbnail)}" alt="">' if thumbnail.exists() else ""
    return f'{picture}<div class="name">{escape(entry.name)}</div>'


def _result(plan: Plan, outcome: PairOutcome | None, chinese: bool) -> str:
    if outcome is None:
        return ""
    if outcome.error:
        return f'<div class="failed" title="{escape(outcome.error["hint"])}">{escape(outcome.error["sentence"])}</div>'
    told = [f"{outcome.confidence:.2f}", *(note["zh" if chinese else "en"] for note in outcome.notes)]
    label = escape(f"{outcome.person} + {outcome.garment}")
    return (
        f'<a href="{_link(plan, plan.picture(outcome.person, outcome.garment))}" title="{escape(" · ".join(told))}">'
        f'<img loading="lazy" src="{_link(plan, plan.thumbnail(outcome.person, outcome.garment))}" alt="{label}"></a>'
        f'<div class="name">{outcome.confidence:.2f}{" ⚠" if _warned(outcome) else ""}</div>'
    )


def _warned(outcome: PairOutcome) -> bool:
    return any(note["level"] != "info" for note in outcome.notes)


def _link(plan: Plan, path: Path) -> str:
    return quote(path.relative_to(plan.output).as_posix())
