"""Talking to the service: order a picture, ask how it stands, fetch it."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from vtonlab.engines.answers import MOST_BYTES
from vtonlab.engines.fashn.setup import Setup
from vtonlab.engines.line import is_loopback, is_safe, unsaid

ORDER_SECONDS: Final = 60.0
"""For two pictures to be sent and the id to come back."""
ASK_SECONDS: Final = 15.0
FETCH_SECONDS: Final = 60.0
MOST_WORDS: Final = 1024 * 1024
"""Bytes of an answer that is no picture."""
LONGEST_ID: Final = 200

MOST_REDIRECTS: Final = 3

ENDED: Final = frozenset({"completed", "failed", "canceled", "cancelled", "time_out"})
"""Every other status is taken for one on the way to these."""


class Refused(Exception):
    """The service answered with an error. ``name``: its word for it; empty where the answer is not of its form, and
    came from somebody on the way. ``wait``: seconds until it wants to be asked again, where it says so."""

    def __init__(self, code: int, name: str, wait: float | None = None) -> None:
        super().__init__(f"{code} {name}")
        self.code = code
        self.name = name
        self.wait = wait


class Gone(Exception):
    """The finished picture is not there any more."""


class Garbled(Exception):
    """The service answered with something that is not of its form."""


@dataclass(frozen=True)
class State:
    """How a job stands. ``failure``: the service's word for what went wrong. ``outputs``: addresses of pictures."""

    status: str
    failure: str = ""
    outputs: tuple[str, ...] = ()


async def order(http: httpx.AsyncClient, setup: Setup, inputs: Mapping[str, Any]) -> str:
    """Order a picture, which costs; the service's id of the job.

    Raises :class:`Refused`, :class:`Garbled`, ``TimeoutError`` and the errors of httpx.
    """
    async with asyncio.timeout(min(ORDER_SECONDS, setup.seconds)):
        wanted = {"model_name": setup.model, "inputs": dict(inputs)}
        answer = await http.post(f"{setup.address}/run", json=wanted, headers=setup.headers, timeout=None)
    said = _read(answer)
    remote_id = said.get("id")
    if isinstance(remote_id, str) and 0 < len(remote_id) <= LONGEST_ID:
        return remote_id
    if said.get("error"):
        raise Refused(answer.status_code, _name_of(said))
    raise Garbled


async def ask(http: httpx.AsyncClient, setup: Setup, remote_id: str) -> State:
    """How the job stands. Raises as :func:`order` does."""
    address = f"{setup.address}/status/{quote(remote_id, safe='')}"
    async with asyncio.timeout(ASK_SECONDS):
        answer = await http.get(address, headers=setup.headers, timeout=None)
    said = _read(answer)
    status, outputs = said.get("status"), said.get("output") or []
    if not isinstance(status, str) or not isinstance(outputs, list):
        raise Garbled
    return State(status.lower(), _name_of(said), tuple(str(output) for output in outputs))


async def fetch(http: httpx.AsyncClient, setup: Setup, address: str) -> bytes:
    """The finished picture. Without our key: it lies with others.

    Raises :class:`Gone`, :class:`Refused`, :class:`Garbled`, ``TimeoutError`` and the errors of httpx.
    """
    if address.startswith("data:"):
        return _read_data(address)
    # Whoever runs the service on this very machine, as tests do, may hand out pictures without encryption.
    allow_loopback = is_loopback(urlsplit(setup.address).hostname or "")
    async with asyncio.timeout(FETCH_SECONDS):
        for _ in range(MOST_REDIRECTS + 1):
            if not is_safe(address, allow_loopback=allow_loopback):
                raise Garbled
            with unsaid(address):
                async with http.stream("GET", address, timeout=None) as answer:
                    if answer.next_request is None:
                        return await _take(answer)
                    address = str(answer.next_request.url)
    raise Garbled


async def _take(answer: httpx.Response) -> bytes:
    """The body, no more of it than a picture may have."""
    if answer.status_code in {403, 404, 410}:
        raise Gone
    if answer.status_code != httpx.codes.OK:
        raise Refused(answer.status_code, "")
    data = bytearray()
    async for piece in answer.aiter_bytes():
        data += piece
        if len(data) > MOST_BYTES:
            raise Garbled
    return bytes(data)


def _read(answer: httpx.Response) -> dict[str, Any]:
    """The JSON of a good answer; :class:`Refused` for others."""
    said: Any = None
    if len(answer.content) <= MOST_WORDS:
        try:
            said = answer.json()
        except ValueError:  # not JSON, or not UTF-8
            said = None
    if answer.status_code != httpx.codes.OK:
        name = _name_of(said) if isinstance(said, dict) else ""
        raise Refused(answer.status_code, name, _wait_told(answer))
    if not isinstance(said, dict):
        raise Garbled
    return said


def _name_of(said: Mapping[str, Any]) -> str:
    """The name of the error in an answer: ``{"error": {"name": …}}`` of a job, ``{"error": "…"}`` of a request."""
    error = said.get("error")
    name = error.get("name") if isinstance(error, dict) else error
    return name if isinstance(name, str) else ""


def _wait_told(answer: httpx.Response) -> float | None:
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isdecimal() else None


def _read_data(address: str) -> bytes:
    kind, _, data = address.partition(",")
    if not kind.endswith(";base64") or len(data) > MOST_BYTES * 4 // 3:
        raise Garbled
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Garbled from error
