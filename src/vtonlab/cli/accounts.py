"""What the commands about accounts share: the accounts of a data folder, for whoever may run ``vtonlab`` over it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from vtonlab.cli.data_folder import load_settings

if TYPE_CHECKING:
    from vtonlab.accounts.service import Accounts

T = TypeVar("T")


def with_accounts(data: Path | None, work: Callable[[Accounts], Awaitable[T]]) -> T:
    """What ``work`` returns, given the accounts of the data folder with all that hangs on them.

    As in server mode, whatever this machine's mode is: nothing is made here for somebody at home.
    """
    from vtonlab.accounts.secret import load_secret
    from vtonlab.imaging.signing import open_signer
    from vtonlab.web.metrics import Metrics
    from vtonlab.web.wiring import build

    chosen = load_settings(data).model_copy(update={"mode": "server"})

    async def run() -> T:
        parts = build(chosen, load_secret(chosen), open_signer(chosen.signing_folder), Metrics(""), "")
        try:
            await parts.prepare()
            return await work(parts.accounts)
        finally:
            await parts.close()

    return asyncio.run(run())


def say_aside(sentence: str) -> None:
    """For the person, on standard error: what a program reads is on standard output alone."""
    print(sentence, file=sys.stderr)
