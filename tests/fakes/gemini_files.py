"""The files of the fake Gemini API: resumable uploads, and downloads of what batches answered."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.gemini_wire import KEY, REFUSALS, WRONG_KEY, not_found
from tests.fakes.serving import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.gemini import FakeGemini


@dataclass
class Upload:
    length: int
    media_type: str
    data: bytes = b""


class Files:
    """``uploaded``: whole files, by name (``files/…``). ``made``: those that can be downloaded, each with what makes
    its bytes. ``downloads``: how many were asked for."""

    def __init__(self, fake: FakeGemini) -> None:
        self._fake = fake
        self._uploads: dict[str, Upload] = {}
        self.uploaded: dict[str, bytes] = {}
        self.made: dict[str, Callable[[], bytes]] = {}
        self.downloads = 0
        self.is_breaking_off = False
        """The next download ends in the middle."""
        self.is_empty = False
        """There is nothing to download any more."""

    def post(self, exchange: Exchange) -> None:
        if exchange.path == "/upload/v1/files":
            self._begin(exchange)
        else:
            self._go_on(exchange, exchange.path.removeprefix("/upload/v1/parts/"))

    def _begin(self, exchange: Exchange) -> None:
        headers = exchange.headers
        if headers.get("x-goog-api-key") != KEY:
            exchange.answer(*WRONG_KEY)
            return
        if headers.get("x-goog-upload-protocol") != "resumable" or headers.get("x-goog-upload-command") != "start":
            exchange.answer(*REFUSALS["bad request"])
            return
        name = uuid.uuid4().hex[:12]
        self._uploads[name] = Upload(
            int(headers["x-goog-upload-header-content-length"]), headers["x-goog-upload-header-content-type"]
        )
        exchange.answer(
            200,
            {},
            {"X-Goog-Upload-URL": f"{self._fake.address}/upload/v1/parts/{name}", "X-Goog-Upload-Status": "active"},
        )

    def _go_on(self, exchange: Exchange, name: str) -> None:
        upload = self._uploads.get(name)
        if upload is None or int(exchange.headers["x-goog-upload-offset"]) != len(upload.data):
            exchange.answer(*REFUSALS["bad request"])
            return
        upload.data += exchange.body
        if "finalize" not in exchange.headers["x-goog-upload-command"]:
            exchange.answer(200, {}, {"X-Goog-Upload-Status": "active"})
            return
        if len(upload.data) != upload.length:
            exchange.answer(*REFUSALS["bad request"])
            return
        self.uploaded[f"files/{name}"] = upload.data
        told = {
            "name": f"files/{name}",
            "mimeType": upload.media_type,
            "sizeBytes": str(upload.length),
            "uri": f"https://generativelanguage.googleapis.com/v1/files/{name}",
            "state": "ACTIVE",
            "source": "UPLOADED",
        }
        exchange.answer(200, {"file": told}, {"X-Goog-Upload-Status": "final"})

    def get(self, exchange: Exchange) -> None:
        name = exchange.path.removeprefix("/v1/").removesuffix(":download")
        make = self.made.get(name)
        if make is None or self.is_empty or not exchange.path.endswith(":download"):
            exchange.answer(*not_found(name))
            return
        with self._fake.lock:
            self.downloads += 1
            broken, self.is_breaking_off = self.is_breaking_off, False
        if broken:
            exchange.send_half(make(), "application/octet-stream")
        else:
            exchange.send(200, make(), "application/octet-stream")
