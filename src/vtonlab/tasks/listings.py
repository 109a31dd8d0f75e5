"""Pages of tasks, and where in its line each queued one stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.tasks import repository
from vtonlab.tasks.cursors import read_cursor, write_cursor
from vtonlab.tasks.models import GROUP_LANE, Status, Task

MOST_PER_PAGE = 100
DEEPEST_PAGE = 1_000_000


@dataclass(frozen=True)
class Wanted:
    """Which page of which tasks. A ``cursor`` leads on from a page and outweighs ``page``."""

    status: Status | None = None
    kind: str | None = None
    parent_id: str | None = None
    newest_first: bool = True
    page: int = 1
    page_size: int = 20
    cursor: str | None = None
    kinds: tuple[str, ...] = ()
    """Only tasks of one of these; empty: of any."""
    lane: str | None = None


@dataclass(frozen=True)
class Listed:
    """A task, its place in the line (from 1; None where it stands in none) and, of a group, its children."""

    task: Task
    queue_position: int | None = None
    children: list[str] | None = None


@dataclass(frozen=True)
class Page:
    """A page, and how many tasks there are altogether."""

    items: list[Listed]
    total: int
    page: int
    page_size: int
    next_cursor: str | None


async def read_page(session: AsyncSession, user_id: str | None, wanted: Wanted) -> Page:
    """A page of the tasks of ``user_id``, or of everybody. Raises ``BadRequest`` for a cursor that is none of ours."""
    which = repository.Filter(user_id, wanted.status, wanted.kind, wanted.parent_id, wanted.kinds, wanted.lane)
    size = min(wanted.page_size, MOST_PER_PAGE)
    number, after = read_cursor(wanted.cursor) if wanted.cursor else (wanted.page, None)
    number = min(number, DEEPEST_PAGE)
    total = await repository.count(session, which)
    rows = await repository.page(
        session,
        which,
        newest_first=wanted.newest_first,
        after=after,
        skip=0 if after else (number - 1) * size,
        limit=size + 1,
    )
    has_more, rows = len(rows) > size, rows[:size]
    cursor = write_cursor(number + 1, rows[-1].created_at, rows[-1].task_id) if has_more else None
    return Page(await look_closer(session, rows), total, number, size, cursor)


async def look_closer(session: AsyncSession, tasks: Sequence[Task]) -> list[Listed]:
    """The tasks with what their own rows do not say."""
    children = await repository.children_of(session, [task.task_id for task in tasks if task.lane == GROUP_LANE])
    places = await _find_places(session, tasks)
    return [Listed(task, places.get(task.task_id), children.get(task.task_id)) for task in tasks]


async def _find_places(session: AsyncSession, tasks: Sequence[Task]) -> dict[str, int]:
    """Where each queued task stands: how many begin before it, as turns go now, and 1."""
    queued: dict[tuple[str, str], list[str]] = {}
    for task in tasks:
        if task.status == Status.QUEUED and task.lane != GROUP_LANE:
            queued.setdefault((task.lane, task.user_id), []).append(task.task_id)
    places: dict[str, int] = {}
    lines: dict[str, list[repository.Line]] = {}
    for (lane, user_id), task_ids in queued.items():
        if lane not in lines:
            lines[lane] = await repository.lines(session, lane)
        for task_id, rank in (await repository.ranks(session, user_id, lane, task_ids)).items():
            places[task_id] = count_before(lines[lane], user_id, rank) + 1
    return places


def count_before(lines: Sequence[repository.Line], user_id: str, rank: int) -> int:
    """How many tasks begin before the user's ``rank``-th (from 1), when every user in turn begins one.

    >>> lines = [repository.Line("a", 500), repository.Line("b", 2)]
    >>> [count_before(lines, "b", rank) for rank in (1, 2)], count_before(lines, "a", 3)
    ([1, 3], 4)
    """
    before, mine_came = rank - 1, False
    for line in lines:
        if line.user_id == user_id:
            mine_came = True
        else:
            before += min(line.queued, rank - 1 if mine_came else rank)
    return before
