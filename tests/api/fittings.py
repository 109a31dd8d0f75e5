"""People and clothes for tests of fittings over HTTP."""

from __future__ import annotations

import functools
from typing import Any

import httpx
import numpy as np
from tests.api.house import upload

from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.imaging.types import Picture
from vtonlab.imaging.write import encode_picture


@functools.cache
def person() -> bytes:
    """A drawn person that the built-in engine can dress."""
    return encode_picture(draw_person(), ".jpg")


@functools.cache
def shirt(step: int = 0) -> bytes:
    """A drawn shirt; each ``step`` another colour."""
    return encode_picture(dye(draw_shirt(), step), ".jpg")


def dye(picture: Picture, step: int) -> Picture:
    """The picture with its colours changed; unchanged for 0."""
    if step == 0:
        return picture
    mixed = picture.astype(np.int32)
    plain = np.abs(mixed - mixed[0, 0]).max(axis=2, keepdims=True) < 12
    dyed = (mixed * np.array([3 + step % 5, 5 + step % 3, 7 - step % 4]) // 8 + 7 * step) % 200 + 20
    return np.where(plain, mixed, dyed).astype(np.uint8)


async def keep(client: httpx.AsyncClient, photo: bytes, category: str) -> str:
    """The filename of ``photo`` in the library of who asks."""
    answer = await upload(client, photo, category, "photo.jpg")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["filename"])


async def pair(client: httpx.AsyncClient, step: int = 0) -> dict[str, Any]:
    """A person and a shirt in the library, as a request names them."""
    human, garment = await keep(client, person(), "char"), await keep(client, shirt(step), "clothes")
    return {"human_image": human, "garment_image": garment}
