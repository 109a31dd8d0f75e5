"""Waiting for a task to end."""

from __future__ import annotations

import asyncio
from typing import Final

from vtonlab.accounts.caller import Caller
from vtonlab.errors import Cancelled, EngineTimeout
from vtonlab.errors.retold import retell
from vtonlab.tasks.events import Subscription
from vtonlab.tasks.models import ENDED, Status, Task
from vtonlab.tasks.service import Tasks

LOOK_SECONDS: Final = 2.0
"""How often the row is looked at: another process may have ended the task, which is not told of here."""


async def wait_for_end(tasks: Tasks, caller: Caller, task_id: str, seconds: float) -> Task:
    """The task of the caller's, once it has succeeded.

    Raises its own error where it failed, ``Cancelled``, ``EngineTimeout`` after ``seconds``, ``NotThere``.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    subscription = tasks.events.subscribe(caller.owner)  # before looking, so that nothing is missed in between
    try:
        subscription.watch(task_id)
        while (task := await tasks.get_any(caller, task_id)).status not in ENDED:
            left = until - loop.time()
            if left <= 0:
                raise EngineTimeout(engine=task.lane, seconds=round(seconds))
            await _until_ended(subscription, min(left, LOOK_SECONDS))
    finally:
        subscription.close()
    if task.status == Status.CANCELLED:
        raise Cancelled
    if task.status == Status.FAILED:
        raise retell(task.error or {})
    return task


async def _until_ended(subscription: Subscription, seconds: float) -> None:
    """Until the end is told of, or ``seconds`` have passed."""
    try:
        async with asyncio.timeout(seconds):
            while (await subscription.next()).status not in ENDED:
                continue
    except TimeoutError:
        return
