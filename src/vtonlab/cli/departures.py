"""What the commands send away, in the same log as what the server does: the person's own, in the data folder."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from vtonlab.cli.language import here

if TYPE_CHECKING:
    from vtonlab.engines.contract import Errand
    from vtonlab.settings import Settings


def open_errand(engine: str) -> Errand | None:
    """The errand of one run of ``engine``; None where it sends nothing away. Raises ``BadSetting``."""
    from vtonlab import settings
    from vtonlab.engines import registry

    if registry.get(engine).capabilities.remote_host is None:
        return None
    return CommandErrand(settings.load(), engine)


class CommandErrand:
    """The :class:`vtonlab.engines.contract.Errand` of a command. It is done or it fails: nobody takes it up again, so
    nothing is kept for that."""

    remote_id: str | None = None

    def __init__(self, chosen: Settings, engine: str) -> None:
        self._settings = chosen
        self._engine = engine

    def leaving(self, host: str, pictures: int, size: int, price: float = 0.0, bought: int = 1) -> None:
        """See ``Errand``. The line is the machine's own user's, and counts in the day's budget; on a server, whose
        users are others, it is said on stderr alone. Raises also ``FileProblem``, ``DatabaseProblem`` and
        ``DatabaseUnavailable``: what cannot be written does not leave."""
        if self._settings.is_local:
            asyncio.run(self._write(host, pictures, size, price, bought))
            return
        said = here(
            f"{pictures} pictures ({size} bytes) go to {host}", f"{pictures} 张图片（{size} 字节）发送到 {host}"
        )
        print(f"{here('note', '说明')}: {self._engine}: {said}", file=sys.stderr)

    def keep(self, remote_id: str) -> None:
        """See ``Errand``."""

    async def _write(self, host: str, pictures: int, size: int, price: float, bought: int) -> None:
        from vtonlab.accounts.secret import load_secret
        from vtonlab.accounts.service import Accounts
        from vtonlab.db.database import Database
        from vtonlab.db.upgrade import prepare
        from vtonlab.remote.service import Outbound

        database = Database(self._settings.database_address)
        try:
            await prepare(database, self._settings)
            accounts = Accounts(database, self._settings, load_secret(self._settings), [])
            await accounts.prepare()
            outbound = Outbound(database, self._settings)
            await outbound.depart(
                accounts.default_user_id or "", self._engine, host, pictures, size, price, bought=bought
            )
        finally:
            await database.close()
