"""Pictures out of what a service answered."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import httpx

from vtonlab.engines.contract import Picture
from vtonlab.engines.idm_vton.failures import explain_status
from vtonlab.engines.idm_vton.wire import Wire
from vtonlab.errors import ImageTooLarge, ImageTooSmall, ImageUnreadable
from vtonlab.imaging.read import Limits, read_picture

MOST_BYTES: Final = 64 * 1024 * 1024
LIMITS: Final = Limits(size=MOST_BYTES, pixels=64_000_000, least_side=32)


def fetch(output: object, client: Any, wire: Wire) -> bytes | None:
    """The bytes of the picture that ``output`` names (a file of the service) or holds (a data-URL); None where it is
    neither, or larger than a picture can be."""
    if isinstance(output, Mapping):
        inner = output.get("image") or output.get("background")
        path = output.get("path")
        if isinstance(path, str) and path:
            return _download(path, client, wire)
        return fetch(inner, client, wire) if isinstance(inner, Mapping) else None
    if isinstance(output, list | tuple):  # a gallery
        return fetch(output[0], client, wire) if output else None
    return _decode(output) if isinstance(output, str) else None


def read(data: bytes | None) -> Picture | None:
    """The picture in ``data``; None where there is none that we can read."""
    if data is None:
        return None
    try:
        return read_picture(data, limits=LIMITS)
    except (ImageUnreadable, ImageTooLarge, ImageTooSmall):
        return None


def _download(path: str, client: Any, wire: Wire) -> bytes | None:
    from gradio_client.utils import encode_file_path  # type: ignore[import-untyped]

    address = f"{client.src_prefixed}file={encode_file_path(path)}"
    found = bytearray()
    with (
        httpx.Client(auth=wire, verify=wire.tls, trust_env=not wire.address.is_here, cookies=client.cookies) as line,
        line.stream("GET", address, headers=client.headers) as response,
    ):
        if response.status_code != 200:
            # The service said that the file is there.
            raise explain_status(500 if response.status_code in {403, 404} else response.status_code)
        for part in response.iter_bytes():
            found += part
            if len(found) > MOST_BYTES:
                return None
    return bytes(found)


def _decode(text: str) -> bytes | None:
    """The bytes in a data-URL, or in plain base64."""
    body = text.partition(",")[2] if text[:5].lower() == "data:" else text
    if len(body) > MOST_BYTES * 4 // 3 + 4:
        return None
    try:
        return base64.b64decode("".join(body.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None
