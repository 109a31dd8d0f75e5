"""Starting and ending the door: a folder of its own for what comes in, gone when it ends."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from vtonlab.gradio_app import Offer
from vtonlab.settings import Settings

SECONDS_TO_FINISH = 2
"""What clients still hear when the server is told to stop has so long."""


def run(settings: Settings, offer: Offer, address: str, port: int, ready: Callable[[], None]) -> None:
    """Serve until told to stop (Ctrl+C, SIGTERM). ``ready`` is called once it answers."""
    if threading.current_thread() is threading.main_thread():
        # The server hands signals on when it has ended, and this one would then end us before the folder is removed.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="vtonlab-gradio-", ignore_cleanup_errors=True) as folder,
    ):
        os.environ["GRADIO_TEMP_DIR"] = os.path.realpath(folder)
        from vtonlab.gradio_app.app import make_app

        config = uvicorn.Config(
            make_app(settings, offer), host=address, port=port, log_config=None, access_log=False,
            server_header=False, timeout_graceful_shutdown=SECONDS_TO_FINISH,
        )  # fmt: skip
        _Server(config, ready).run()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            self._ready()
