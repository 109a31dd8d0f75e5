"""Groups: tasks that only stand for their children."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.errors import PartsFailed
from vtonlab.tasks import repository
from vtonlab.tasks.models import ENDED, Status, Task
from vtonlab.tasks.moves import Moves, write_error


async def derive(session: AsyncSession, moves: Moves, group: Task) -> None:
    """Bring what ``group``, locked, says in step with its children."""
    await session.flush()
    children = await repository.sum_up(session, group.task_id)
    known = (group.status, group.progress)
    group.status = _status_of(group, children)
    group.progress = children.progress / children.count if children.count else 0.0
    group.started_at = children.started_at
    ended = group.status in ENDED
    group.finished_at = children.finished_at if ended else None
    failed = children.by_status.get(Status.FAILED, 0)
    group.error = write_error(PartsFailed(failed=failed, total=children.count)) if ended and failed else None
    counts = {status.value: children.by_status.get(status, 0) for status in ENDED}
    group.result = {"counts": {"total": children.count, **counts}} if ended else None
    if (group.status, group.progress) != known:
        moves.change(session, group)


def _status_of(group: Task, children: repository.Children) -> Status:
    """Not over while a child is not; then as bad as the worst of them."""
    by_status = children.by_status
    if not children.count:
        return Status.CANCELLED if group.cancel_requested else Status.QUEUED
    ended = sum(by_status.get(status, 0) for status in ENDED)
    if ended < children.count:
        return Status.RUNNING if ended or by_status.get(Status.RUNNING) else Status.QUEUED
    for worst in (Status.FAILED, Status.CANCELLED):
        if by_status.get(worst):
            return worst
    return Status.SUCCEEDED
