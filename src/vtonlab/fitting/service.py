"""Fittings, from the order to the picture in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vtonlab.accounts.caller import Caller
from vtonlab.accounts.hooks import AccountHook
from vtonlab.db.database import Database
from vtonlab.fitting.history import Fitted, HistoryItem, HistoryPage
from vtonlab.fitting.hooks import FittingHook
from vtonlab.fitting.kept import Kept
from vtonlab.fitting.models import VtonHistory
from vtonlab.fitting.orders import Matrix, Order
from vtonlab.imaging.signing import Signer
from vtonlab.library.ingest import Ingest
from vtonlab.library.service import Library
from vtonlab.remote.service import Outbound
from vtonlab.settings import Settings
from vtonlab.storage.contract import Storage
from vtonlab.tasks.models import Task
from vtonlab.tasks.service import Tasks

if TYPE_CHECKING:
    from vtonlab.accounts.service import Accounts
    from vtonlab.fitting.conditions import Conditions


class Fitting:
    """What routes ask of fittings."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        settings: Settings,
        accounts: Accounts,
        tasks: Tasks,
        library: Library,
        ingest: Ingest,
        outbound: Outbound,
        signer: Signer,
        *,
        kept: Kept | None = None,
        conditions: Conditions | None = None,
    ) -> None:
        """``kept`` is shared with previews; ``conditions`` knows which engines are not set up."""
        self.kept = kept or Kept(settings.cache_bytes)
        self.hook: AccountHook = FittingHook(database)

    def register(self) -> None:
        """Let fittings be made here, and the library find the pictures of history entries."""

    async def ask(self, caller: Caller, order: Order, *, idempotency_key: str | None = None) -> Task:
        """Put a fitting in line."""
        raise AssertionError

    async def ask_matrix(self, caller: Caller, matrix: Matrix, *, idempotency_key: str | None = None) -> Task:
        """Put everybody in everything in line: a group, and a task for each pair."""
        raise AssertionError

    async def wait(self, caller: Caller, task_id: str) -> Fitted:
        """What the task made, once it ended."""
        raise AssertionError

    async def history(self, caller: Caller, page: int = 1, per_page: int = 20) -> HistoryPage:
        """A page of the caller's fittings, the newest first."""
        raise AssertionError

    async def entry(self, caller: Caller, entry_id: str) -> VtonHistory:
        """A fitting of the caller's. Raises ``NotThere``."""
        raise AssertionError

    async def item(self, caller: Caller, entry_id: str) -> HistoryItem:
        """A fitting of the caller's with its picture. Raises ``NotThere``."""
        raise AssertionError

    async def mask(self, caller: Caller, entry_id: str) -> bytes:
        """Where the result differs from the photo, white, as PNG. Raises ``NotThere``."""
        raise AssertionError
