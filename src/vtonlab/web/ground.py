"""What must be in order before a server starts, found out in a process that can still say so and end."""

from __future__ import annotations

from vtonlab.accounts.addresses import read_trusted
from vtonlab.accounts.secret import load_secret
from vtonlab.imaging.signing import open_signer
from vtonlab.settings import Settings
from vtonlab.web import lock
from vtonlab.web.metrics import Metrics
from vtonlab.web.wiring import build


async def make_ready(settings: Settings) -> str | None:
    """Make the data folder, bring the database up to date, and ask the storage whether it answers.

    The path of the link that makes the first administrator, where one is needed. Raises ``FileProblem`` (the folder
    cannot be written, another server is using it), ``DatabaseProblem``, ``BadSetting``, ``StorageUnavailable``,
    ``DatabaseUnavailable``.
    """
    read_trusted(settings.trusted_proxies)
    held = lock.take(settings.data_folder)
    try:
        parts = build(settings, load_secret(settings), open_signer(settings.signing_folder), Metrics(""), "")
        try:
            await parts.prepare()
            await parts.storage.ping()
            return await parts.accounts.setup_link()
        finally:
            await parts.close()
    finally:
        lock.give_back(held)
