"""What an account's export, deletion and merging mean for its templates and reference pictures."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.hooks import ExportedFile
from vtonlab.db.database import Database, after_commit
from vtonlab.generation import repository
from vtonlab.generation.models import PromptTemplate
from vtonlab.generation.references import References


class GenerationHook:
    """The part of single pictures and templates in what happens to accounts; see ``vtonlab.accounts.hooks``. The
    pictures are entries of the library; batches have a hook of their own."""

    name = "generation"

    def __init__(self, database: Database, references: References) -> None:
        self._database = database
        self._references = references

    async def export(self, user_id: str) -> AsyncIterator[ExportedFile]:
        """``templates.json``, the oldest first. What was asked for is told by its task."""
        async with self._database.read() as session:
            found = await repository.templates(session, user_id)
        told = {"templates": [_describe_template(one) for one in found]}
        yield ExportedFile("templates.json", json.dumps(told, ensure_ascii=False, indent=1).encode("utf-8", "replace"))

    async def delete(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """Every template; reference pictures after the commit."""
        after_commit(session, lambda: self._references.forget(user_id))
        return {"templates": await repository.forget_templates(session, user_id)}

    async def merge(self, session: AsyncSession, guest_id: str, user_id: str) -> None:
        """A guest draws nothing; where a role of the house lets guests, what they kept is the user's."""
        await repository.hand_over_templates(session, guest_id, user_id)

    async def usage(self, session: AsyncSession, user_id: str) -> dict[str, int]:
        """How many there are."""
        return {"templates": await repository.count_templates(session, user_id)}


def _describe_template(row: PromptTemplate) -> dict[str, Any]:
    return {
        "name": row.name,
        "text": row.text,
        "negative_prompt": row.negative_prompt,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
    }
