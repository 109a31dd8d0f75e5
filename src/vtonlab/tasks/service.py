"""The long jobs of the house: put in line, told about, stopped, tried again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.db.database import Database
from vtonlab.db.types import JsonValue
from vtonlab.settings import Settings
from vtonlab.tasks.contract import JobKind
from vtonlab.tasks.events import Hub
from vtonlab.tasks.models import Task

if TYPE_CHECKING:
    from vtonlab.accounts.service import Accounts


class Tasks:
    """What features and routes ask of the queue."""

    def __init__(self, database: Database, settings: Settings, accounts: Accounts) -> None:
        self.database = database
        self.settings = settings
        self.accounts = accounts
        self.events = Hub()

    def register(self, kind: JobKind) -> None:
        """Let tasks of this kind be run here."""
        raise NotImplementedError

    async def start(self) -> None:
        """Start the embedded runner and the sweeper."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Stop both; what runs is given back."""
        raise NotImplementedError

    async def add(
        self,
        session: AsyncSession,
        *,
        user_id: str,
        kind: str,
        lane: str,
        parameters: Mapping[str, JsonValue],
        idempotency_key: str | None = None,
        parent_id: str | None = None,
    ) -> Task:
        """Put a task in line, in the caller's transaction; the runner hears of it after the commit.

        With the ``idempotency_key`` of an earlier one of the user, that one. Raises ``Conflict`` where it asked for
        something else.
        """
        raise NotImplementedError

    async def record_upload(
        self, session: AsyncSession, *, user_id: str, image_id: str, result: Mapping[str, JsonValue]
    ) -> str:
        """The id of a new hidden ended row: the ``taskId`` of an upload answer."""
        raise NotImplementedError
