"""Starting and ending the door: a folder of its own for what comes in, gone when it ends."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable

import uvicorn

from vtonlab.settings import Settings

SECONDS_TO_FINISH = 3
"""What clients still hear when the server is told to stop has so long."""


def run(
    settings: Settings, engine: str, shape: str, waiting: int, address: str, port: int, ready: Callable[[], None]
) -> None:
    """Serve until told to stop (Ctrl+C, SIGTERM). ``ready`` is called once it answers."""
    with tempfile.TemporaryDirectory(prefix="vtonlab-gradio-", ignore_cleanup_errors=True) as folder:
        os.environ["GRADIO_TEMP_DIR"] = os.path.realpath(folder)
        from vtonlab.gradio_app.app import make_app
        from vtonlab.gradio_app.pages import Shape

        app = make_app(settings, engine, Shape(shape), waiting)
        config = uvicorn.Config(
            app, host=address, port=port, log_config=None, access_log=False, server_header=False,
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
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
