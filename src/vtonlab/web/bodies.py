"""How much a request may bring, and how long it may take to bring it; told before anything of it is read."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from vtonlab.errors import BodyTooLarge, MalformedBody, TooSlow
from vtonlab.fitting.masks import MOST_LETTERS as MASK_LETTERS
from vtonlab.generation.batch_orders import MOST_LETTERS as PROMPT_LETTERS
from vtonlab.generation.batch_orders import MOST_PROMPTS
from vtonlab.generation.orders import MOST_REFERENCES
from vtonlab.library.tickets import MOST_DOWNLOADED
from vtonlab.settings import Settings

ORDINARY = 1_000_000
"""Bytes of a body without pictures."""
FORM_OVERHEAD = 64_000
"""Bytes of multipart boundaries and small fields, or of the JSON around a picture."""

FILES = frozenset({"/api/upload-file", "/api/v1/library/images"})
ENCODED = frozenset({"/api/upload-clipboard", "/api/receive-image", "/api/v1/library/images/import"})
"""A picture as base64 in JSON."""
WITH_MASK = frozenset({"/api/v1/tryon", "/api/vton/tryon"})
"""A drawn mask as data-URL in JSON, perhaps."""
WITH_REFERENCES = frozenset({"/api/v1/images/generate"})
"""Reference pictures as base64 in JSON, perhaps."""
WITH_PROMPTS = frozenset({"/api/v1/images/batch-generate"})
WITH_IDS = frozenset({"/api/v1/library/downloads"})
"""More pictures than are changed at once."""
ESCAPED = 6
"""Bytes of one letter in JSON, at most."""

ID_BYTES = 40
"""Of an id of ours in JSON, with what stands around it."""

SILENCE_SECONDS = 30.0
"""How long nothing of a body may come."""
START_SECONDS = 60.0
SLOWEST_BYTES_A_SECOND = 4_000
"""A body may take ``START_SECONDS``, and longer as long as it comes this fast: GPRS, not a connection kept open."""
DRAIN_SECONDS = 30.0
DRAIN_SILENCE_SECONDS = 1.0
"""How long the rest of a body is read and dropped before an answer that came early is ended, and how long nothing of it
may come: a connection closed while somebody is still sending takes the answer away from them."""


def limit_of(path: str, settings: Settings) -> int:
    """Bytes that a body sent to ``path`` may have."""
    picture = settings.max_upload_bytes
    if path in FILES:
        return settings.max_files * picture + FORM_OVERHEAD * settings.max_files
    if path in WITH_MASK:
        return MASK_LETTERS + ORDINARY
    if path in WITH_REFERENCES:
        return MOST_REFERENCES * picture * 4 // 3 + ORDINARY
    if path in WITH_PROMPTS:
        return MOST_PROMPTS * PROMPT_LETTERS * ESCAPED + ORDINARY
    if path in WITH_IDS:
        return MOST_DOWNLOADED * ID_BYTES + FORM_OVERHEAD
    if path in ENCODED:
        return picture * 4 // 3 + max(FORM_OVERHEAD, ORDINARY)
    return ORDINARY


@dataclass
class Body:
    """The body of one request while it comes. Hand its ``receive`` and ``send`` to the application."""

    scope: Scope
    outer_receive: Receive
    outer_send: Send
    most: int
    received: int = 0
    began: float = 0.0
    is_whole: bool = False
    is_drained: bool = False

    def __post_init__(self) -> None:
        headers = Headers(scope=self.scope)
        self.length = headers.get("content-length")
        # Without either header there is none (RFC 9112 §6.3); HTTP/2 ends its streams itself.
        self.is_whole = self.length in {None, "0"} and "transfer-encoding" not in headers
        self.awaits_word = headers.get("expect", "").lower() == "100-continue"

    def check(self) -> None:
        """Raises ``BodyTooLarge`` or ``MalformedBody`` by what the headers say."""
        if self.length is not None:
            if not (self.length.isascii() and self.length.isdecimal()):
                raise MalformedBody
            if int(self.length[:20]) > self.most:
                raise self._too_large()

    async def receive(self) -> Message:
        """The next message. Raises ``BodyTooLarge`` or ``TooSlow``."""
        if self.is_whole:
            return await self.outer_receive()
        now = time.monotonic()
        self.began = self.began or now
        left = self.began + START_SECONDS + self.received / SLOWEST_BYTES_A_SECOND - now
        try:
            async with asyncio.timeout(max(0.0, min(SILENCE_SECONDS, left))):
                message = await self.outer_receive()
        except TimeoutError as error:
            self.is_drained = True  # whoever sends so slowly is not waited for
            raise TooSlow from error
        if message["type"] != "http.request":
            self.is_whole = True
            return message
        self.received += len(message.get("body", b""))
        self.is_whole = not message.get("more_body", False)
        self.scope["state"]["received"] = self.received
        if self.received > self.most:
            raise self._too_large()
        return message

    async def send(self, message: Message) -> None:
        """Pass on a message of the answer; its last one once the rest of the body was read and dropped."""
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not is_last or self.is_whole or self.is_drained or (self.awaits_word and not self.received):
            await self.outer_send(message)
            return
        self.is_drained = True
        await self._drain()
        await self.outer_send(message)

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self.is_whole:
                    async with asyncio.timeout(DRAIN_SILENCE_SECONDS):
                        message = await self.outer_receive()
                    self.is_whole = message["type"] != "http.request" or not message.get("more_body", False)
        except TimeoutError:
            self.is_whole = True

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(limit=f"{self.most / 1e6:.0f} MB")
