"""Prompts with fields: those that come with the program, and those that people keep for themselves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.caller import Caller, Permission
from vtonlab.db.base import now
from vtonlab.db.database import Database
from vtonlab.errors import Conflict, NotThere, Text
from vtonlab.generation import repository
from vtonlab.generation.models import PromptTemplate
from vtonlab.library.listings import is_id

MOST_TEMPLATES: Final = 200
"""That one user may keep."""
NAME_LETTERS: Final = 80
FIELD_LETTERS: Final = 40

TEMPLATE: Final = Text("template", "模板")
TOO_MANY: Final = Text(f"at most {MOST_TEMPLATES} templates can be kept", f"最多保存 {MOST_TEMPLATES} 个模板")
SAME_NAME: Final = Text("you have a template “{name}” already", "已有名为“{name}”的模板")

_FIELD: Final = re.compile(rf"\{{([^{{}}\n]{{1,{FIELD_LETTERS}}})\}}")


@dataclass(frozen=True)
class Draft:
    """What somebody wants to keep. ``name`` on one line, up to ``NAME_LETTERS``."""

    name: str
    text: str
    negative_prompt: str = ""


class Templates:
    """People's own templates. Those of the program are ``vtonlab.generation.built_in.BUILT_IN``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self, caller: Caller) -> Sequence[PromptTemplate]:
        """The caller's own, the oldest first."""
        user_id = caller.require(Permission.TASKS_READ)
        async with self._database.read() as session:
            return await repository.templates(session, user_id)

    async def add(self, caller: Caller, draft: Draft) -> PromptTemplate:
        """Keep a new one. Raises ``Conflict`` for a name that the caller's has already, and for one too many."""
        user_id = caller.require(Permission.GENERATE_CREATE)

        async def work(session: AsyncSession) -> PromptTemplate:
            await repository.hold_user(session, user_id)
            others = await repository.templates(session, user_id)
            if len(others) >= MOST_TEMPLATES:
                raise Conflict(reason=TOO_MANY)
            _check_name(draft.name, others)
            row = PromptTemplate(
                user_id=user_id, name=draft.name, text=draft.text, negative_prompt=draft.negative_prompt
            )
            session.add(row)
            await session.flush()
            return row

        return await self._database.write(work)

    async def change(self, caller: Caller, template_id: str, draft: Draft) -> PromptTemplate:
        """Put ``draft`` in the place of one of the caller's own. Raises ``NotThere``, also for those of the program,
        and ``Conflict`` for a name that another one has."""
        user_id = caller.require(Permission.GENERATE_CREATE)

        async def work(session: AsyncSession) -> PromptTemplate:
            await repository.hold_user(session, user_id)
            row = await _find(session, user_id, template_id)
            others = await repository.templates(session, user_id)
            _check_name(draft.name, [one for one in others if one.id != row.id])
            row.name, row.text, row.negative_prompt = draft.name, draft.text, draft.negative_prompt
            row.updated_at = now()
            await session.flush()
            return row

        return await self._database.write(work)

    async def remove(self, caller: Caller, template_id: str) -> None:
        """Forget one of the caller's own. Raises ``NotThere``, also for those of the program."""
        user_id = caller.require(Permission.GENERATE_CREATE)

        async def work(session: AsyncSession) -> None:
            await session.delete(await _find(session, user_id, template_id))

        await self._database.write(work)


def find_fields(text: str) -> list[str]:
    """The names of the fields of a template's text, each once, in their order.

    >>> find_fields("{model} in {place}; {model} smiles {}")
    ['model', 'place']
    """
    return list(dict.fromkeys(name.strip() for name in _FIELD.findall(text) if name.strip()))


async def _find(session: AsyncSession, user_id: str, template_id: str) -> PromptTemplate:
    row = await repository.find_template(session, user_id, template_id) if is_id(template_id) else None
    if row is None:
        raise NotThere(thing=TEMPLATE, id=template_id[:80])
    return row


def _check_name(name: str, others: Sequence[PromptTemplate]) -> None:
    if any(_fold(one.name) == _fold(name) for one in others):
        raise Conflict(reason=SAME_NAME.with_values(name=name))


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
