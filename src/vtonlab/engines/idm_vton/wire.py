"""The connections of one fitting to one service.

httpx asks an ``Auth`` about every request it makes, also those that gradio_client makes for us: so here is decided
where requests may go, what they carry and how long they may take, and from here they can all be cut, which
gradio_client itself cannot.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import socket
import ssl
import threading
from collections.abc import Generator
from typing import Any, Final

import httpx

from vtonlab.engines.idm_vton.address import NAME, Address
from vtonlab.errors import NotThatService

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
"""For what a service answers at once: its configuration, a sign-in."""
SILENCE_SECONDS: Final = 60.0
"""Between two signs of life while it works. Gradio sends one every 15 s, later where Python itself is kept busy."""
QUICK: Final = ("/config", "/info", "/login", "/cancel", "/reset")


class Wire(httpx.Auth):
    """All connections to ``address``. ``refusal``: status and path of what greeted us with something else than
    success; gradio_client goes on to look elsewhere then, and tells of that."""

    def __init__(self, address: Address, connect: float = CONNECT_SECONDS, answer: float = ANSWER_SECONDS) -> None:
        self.address = address
        self.refusal: tuple[int, str] | None = None
        # httpx would read all authorities' certificates anew for each request, also of an address without TLS.
        self.tls = _trust() if address.url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._own = _place(httpx.URL(address.url))
        self._connect = connect
        self._answer = answer
        self._lock = threading.Lock()
        self._streams: list[Any] = []
        self._is_cut = False

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Called by httpx for each request. Raises ``NotThatService`` for one to another host."""
        if _place(request.url) != self._own:
            # The service chose where its parts are. Photos and keys go to where the settings say, nowhere else.
            raise NotThatService(engine=NAME)
        if self._is_cut:
            raise httpx.ConnectError("hung up", request=request)
        path = request.url.path.rstrip("/")
        silence = self._answer if path.endswith(QUICK) else SILENCE_SECONDS
        times = {"connect": self._connect, "read": silence, "write": SILENCE_SECONDS, "pool": self._connect}
        request.extensions = {**request.extensions, "timeout": times, "trace": self._notice}
        if self.address.proxy_sign_in:
            pair = ":".join(self.address.proxy_sign_in).encode()
            request.headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        elif self.address.token:
            # gradio_client itself sends it as x-hf-authorization only, which nobody but Hugging Face reads.
            request.headers["Authorization"] = f"Bearer {self.address.token}"
        response = yield request
        if path.endswith(QUICK):
            self.refusal = None if response.is_success else (response.status_code, path)

    def cut(self) -> None:
        """End all connections now, and make none any more."""
        with self._lock:
            self._is_cut = True
            streams, self._streams = self._streams, []
        for stream in streams:
            _shut(stream)

    def _notice(self, event: str, info: dict[str, Any]) -> None:
        """Hears what the connections do (httpx's ``trace`` extension)."""
        if event not in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            return
        with self._lock:
            self._streams.append(info["return_value"])
            late = self._is_cut
        if late:
            _shut(info["return_value"])


@functools.cache
def _trust() -> ssl.SSLContext:
    """The certificates that are believed, read once."""
    return httpx.create_ssl_context()


def _place(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _shut(stream: Any) -> None:
    """Wake whoever reads or writes there: closing alone would leave a thread waiting in its read."""
    connection = stream.get_extra_info("socket")
    if isinstance(connection, socket.socket):
        with contextlib.suppress(OSError):  # already closed
            connection.shutdown(socket.SHUT_RDWR)
