"""The rows of pictures that come in: from what is said about them and what was made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from vtonlab.db.base import new_id, now
from vtonlab.db.types import JsonValue
from vtonlab.library.companions import Companion
from vtonlab.library.models import Category, Image
from vtonlab.library.pictures import Made, image_key
from vtonlab.library.wording import TITLE_LETTERS, clean

ADDRESS_LETTERS: Final = 2_000
NAME_LETTERS: Final = 255
_NAME_STEMS: Final = {Category.VTON_RESULTS.value: "vton_result"}


@dataclass(frozen=True)
class Incoming:
    """A picture as it comes, with what is known about it. Words are kept as text, cleaned and cut; none is believed."""

    source: bytes | Path
    category: str = Category.CLOTHES.value
    original_name: str = ""
    original_url: str | None = None
    page_url: str | None = None
    page_title: str | None = None
    context: Mapping[str, JsonValue] = field(default_factory=dict)
    as_made: bool = False
    """Of our own making: the file is kept byte for byte, with the marks of its provenance."""
    made: Made | None = None
    """What is known already of a file of our own making, whose bytes ``source`` are: it is not decoded again."""
    beside: Mapping[Companion, bytes] = field(default_factory=dict)
    """Files to be kept with it."""


def describe_new(user_id: str, incoming: Incoming, made: Made, source_hash: str) -> dict[str, Any]:
    """The fields of the row of a new picture."""
    look = dict(zip(("look_a", "look_b", "look_c", "look_d"), made.look.parts, strict=True))
    same = {
        "media_type": made.media_type,
        "file_size": len(made.data),
        "image_width": made.width,
        "image_height": made.height,
        "thumbhash": made.thumbhash,
        "content_hash": made.content_hash,
        "source_hash": source_hash,
        "look": made.look.text,
        "colour": made.colour,
    }
    return same | look | _name(user_id, incoming, made.extension)


_COPIED: Final = (
    *("media_type", "file_size", "image_width", "image_height", "thumbhash", "content_hash", "source_hash"),
    *("look", "look_a", "look_b", "look_c", "look_d", "colour"),
)


def describe_copy(user_id: str, incoming: Incoming, twin: Image) -> dict[str, Any]:
    """The fields of the row of ``twin``'s picture in another category."""
    extension = twin.storage_key.rpartition(".")[2]
    return {name: getattr(twin, name) for name in _COPIED} | _name(user_id, incoming, extension)


def _name(user_id: str, incoming: Incoming, extension: str) -> dict[str, Any]:
    image_id, moment = new_id(), now()
    filename = f"{_stem(incoming.category, moment)}_{image_id[-8:]}.{extension}"
    return {
        "id": image_id,
        "user_id": user_id,
        "filename": filename,
        "storage_key": image_key(user_id, incoming.category, filename),
        "original_name": clean(incoming.original_name, NAME_LETTERS),
        "original_url": _cut(incoming.original_url, ADDRESS_LETTERS),
        "page_url": _cut(incoming.page_url, ADDRESS_LETTERS),
        "page_title": _cut(incoming.page_title, TITLE_LETTERS),
        "context_info": dict(incoming.context) | {"category": incoming.category},
        "category": incoming.category,
        "saved_at": moment,
    }


def _stem(category: str, moment: datetime) -> str:
    return f"{_NAME_STEMS.get(category, category)}_{moment:%Y%m%d_%H%M%S}"


def _cut(text: str | None, letters: int) -> str | None:
    return clean(text, letters) or None if text else None
