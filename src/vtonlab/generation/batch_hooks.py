"""What an account's export, deletion and merging mean for its batches."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.hooks import ExportedFile
from vtonlab.db.database import Database
from vtonlab.generation import batch_repository as repository
from vtonlab.generation.batch_stopping import add_stops
from vtonlab.generation.models import GenerationBatch, GenerationPrompt

PAGE = 50
TOLD = ("batch_name", "task_id", "provider", "model", "aspect_ratio", "resolution", "negative_prompt", "price")


class BatchHook:
    """The part of batches in what happens to accounts; see ``vtonlab.accounts.hooks``. To be asked before that of
    tasks, which takes the batches along."""

    name = "batches"

    def __init__(self, database: Database) -> None:
        self._database = database

    async def export(self, user_id: str) -> AsyncIterator[ExportedFile]:
        """One file with a JSON object a line, oldest first."""
        yield ExportedFile("batches.jsonl", self._write(user_id))

    async def _write(self, user_id: str) -> AsyncIterator[bytes]:
        last = None
        while True:
            async with self._database.read() as session:
                batches = await repository.page(session, user_id, last, PAGE)
                prompts = [await repository.prompts(session, batch.batch_name) for batch in batches]
            for batch, rows in zip(batches, prompts, strict=True):
                line = json.dumps(_write_down(batch, rows), ensure_ascii=False)
                yield f"{line}\n".encode("utf-8", "replace")
            if len(batches) < PAGE:
                return
            last = batches[-1]

    async def delete(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """Delete them all; services that work on one are told."""
        add_stops(session, await repository.open_of(session, user_id))
        await session.flush()
        return {"batches": await repository.forget(session, user_id)}

    async def merge(self, session: AsyncSession, guest_id: str, user_id: str) -> None:
        """Hand them over."""
        await repository.hand_over(session, guest_id, user_id)

    async def usage(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """How many there are."""
        return {"batches": await repository.count(session, user_id)}


def _write_down(batch: GenerationBatch, prompts: list[GenerationPrompt]) -> dict[str, Any]:
    return {name: getattr(batch, name) for name in TOLD} | {
        "created_at": batch.created_at.isoformat(),
        "prompts": [
            {"prompt": row.prompt, "status": row.status, "image_id": row.image_id, "error": row.error}
            for row in prompts
        ],
    }
