"""What the fakes of services share: a real HTTP server in threads of its own, on a free port of this machine."""

from __future__ import annotations

import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


class Fake:
    """A service, as a context. Subclasses have ``get`` and ``post``, called with an :class:`Exchange`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.closing = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake.get(Exchange(self))

            def do_POST(self) -> None:
                fake.post(Exchange(self))

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients hang up: that is tested
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def host(self) -> str:
        """``127.0.0.1:port``"""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def address(self) -> str:
        return f"http://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def get(self, exchange: Exchange) -> None:
        raise AssertionError(exchange.path)

    def post(self, exchange: Exchange) -> None:
        raise AssertionError(exchange.path)


class Exchange:
    """One request, read to its end, and its answer."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._handler = handler
        self.full_path = handler.path
        self.path = urlsplit(handler.path).path
        self.headers = handler.headers
        self.body = handler.rfile.read(int(handler.headers.get("content-length") or 0))

    def json(self) -> Any:
        return json.loads(self.body)

    def answer(self, code: int, content: Any, headers: dict[str, str] | None = None) -> None:
        """With JSON."""
        self.send(code, json.dumps(content).encode(), "application/json", headers)

    def send(self, code: int, data: bytes, media_type: str, headers: dict[str, str] | None = None) -> None:
        self._head(code, len(data), media_type, headers)
        self._handler.wfile.write(data)

    def send_half(self, data: bytes, media_type: str) -> None:
        """The head and half of the body; then the line is dead."""
        self._head(200, len(data), media_type, None)
        self._handler.wfile.write(data[: len(data) // 2])
        self._handler.wfile.flush()
        self.drop()

    def drop(self) -> None:
        """The line is dead: reset, no answer."""
        self._handler.close_connection = True
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.connection.close()

    def _head(self, code: int, length: int, media_type: str, headers: dict[str, str] | None) -> None:
        self._handler.send_response(code)
        self._handler.send_header("Content-Type", media_type)
        self._handler.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
