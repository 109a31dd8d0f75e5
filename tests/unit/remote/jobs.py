"""As much of a job as an errand asks for."""

from __future__ import annotations

import asyncio
import threading


class FakeJob:
    """Of nobody. ``wait``: its row never answers; ``error``: it answers so."""

    task_id, user_id, remote_id = "task", "nobody", None

    def __init__(self, wait: bool = False, error: Exception | None = None) -> None:
        self.wait = wait
        self.error = error
        self.asked = threading.Event()

    async def check(self) -> None:
        self.asked.set()
        if self.error is not None:
            raise self.error
        if self.wait:
            await asyncio.sleep(3600)

    async def remember(self, *, remote_id: str) -> None:
        await self.check()
