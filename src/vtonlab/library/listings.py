"""What can be listed, and by what it goes: filters, orders, and the place of a picture in one of them."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any, TypeGuard

from sqlalchemy import ColumnElement, and_, false, or_, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from vtonlab.errors import BadRequest
from vtonlab.library.listeners import Place
from vtonlab.library.models import Category, Image
from vtonlab.library.wording import SORT_LETTERS, clean

Value = datetime | str | int
Key = tuple[Value, str]
"""Where a picture stands in an order: its value, and its id where values are equal."""


class Sort(StrEnum):
    """Orders of a listing. Favourites and the trash have their own newest: when it was liked, when deleted."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    LARGEST = "largest"
    LIKED = "liked"
    DELETED = "deleted"


COLUMNS: dict[Sort, str] = {
    Sort.NEWEST: "saved_at",
    Sort.OLDEST: "saved_at",
    Sort.NAME: "sort_name",
    Sort.LARGEST: "file_size",
    Sort.LIKED: "favorited_at",
    Sort.DELETED: "deleted_at",
}
ASCENDING = frozenset({Sort.OLDEST, Sort.NAME})

INDEXED: dict[str, frozenset[str]] = {
    "": frozenset({"saved_at", "sort_name", "file_size"}),
    "category": frozenset({"saved_at", "sort_name", "file_size"}),
    "colour": frozenset({"saved_at"}),
    "garment_kind": frozenset({"saved_at"}),
    "favorite": frozenset({"saved_at", "favorited_at"}),
    "trash": frozenset({"deleted_at"}),
}
"""By what is narrowed down: the columns for which ``images`` has an index that begins with it."""


@dataclass(frozen=True)
class Filter:
    """Which pictures; those in the trash only where it is asked for."""

    category: str | None = None
    colour: str | None = None
    garment_kind: str | None = None
    """Of clothes; whatever else ``category`` says, nothing else has one."""
    favorite: bool = False
    words: tuple[str, ...] = ()
    """All of them are in its words, each as it stands (see ``vtonlab.library.wording.split_search``)."""
    trash: bool = False

    @property
    def narrowed_by(self) -> str | None:
        """The one thing an index can narrow it down by, empty for nothing; None where that does not suffice."""
        named = [name for name in ("category", "colour", "garment_kind", "favorite", "trash") if getattr(self, name)]
        if named == ["category", "garment_kind"] and self.category == Category.CLOTHES:
            return "garment_kind"
        return None if self.words or len(named) > 1 else "".join(named)


@dataclass(frozen=True)
class Listing:
    """The pictures of ``user_id`` that ``filter`` lets through, in the order ``sort``."""

    user_id: str
    filter: Filter
    sort: Sort

    @property
    def column(self) -> str:
        """Name of the column that it goes by."""
        return COLUMNS[self.sort]

    @property
    def is_ascending(self) -> bool:
        """Whether it goes from the least to the greatest key."""
        return self.sort in ASCENDING

    @property
    def is_indexed(self) -> bool:
        """Whether an index has just these pictures in just this order."""
        narrowed = self.filter.narrowed_by
        return narrowed is not None and self.column in INDEXED[narrowed]

    @property
    def value(self) -> InstrumentedAttribute[Any]:
        """The column that it goes by."""
        found: InstrumentedAttribute[Any] = getattr(Image, self.column)
        return found

    def conditions(self) -> list[ColumnElement[bool]]:
        """What the rows fulfil."""
        chosen = self.filter
        found: list[ColumnElement[bool]] = [Image.user_id == self.user_id]
        found.append(Image.in_trash == (true() if chosen.trash else false()))
        if chosen.category:
            found.append(Image.category == chosen.category)
        if chosen.colour:
            found.append(Image.colour == chosen.colour)
        if chosen.garment_kind:
            found += [Image.category == Category.CLOTHES.value, Image.garment_kind == chosen.garment_kind]
        if chosen.favorite:
            found.append(Image.is_favorited == true())
        found += [Image.search_text.contains(word, autoescape=True) for word in chosen.words]
        return found

    def key_of(self, place: Place | None) -> Key | None:
        """Where a picture at ``place`` stands in it; None where it is not in it. Not for searches."""
        chosen = self.filter
        if (
            place is None
            or place.in_trash != chosen.trash
            or (chosen.category and place.category != chosen.category)
            or (chosen.colour and place.colour != chosen.colour)
            or (chosen.garment_kind and (place.category, place.garment_kind) != (Category.CLOTHES, chosen.garment_kind))
            or (chosen.favorite and not place.is_favorited)
        ):
            return None
        return getattr(place, self.column), place.id


def beyond(listing: Listing, key: Key, *, upwards: bool, inclusive: bool, dialect: str) -> ColumnElement[bool]:
    """The rows above ``key`` (or below it), in a form of which the database makes a range of its index."""
    column, (value, image_id) = listing.value, key
    if dialect in {"mysql", "mariadb"}:  # they read whole ranges for a comparison of pairs, but not for this
        further = column > value if upwards else column < value
        same = {
            (True, True): Image.id >= image_id,
            (True, False): Image.id > image_id,
            (False, True): Image.id <= image_id,
            (False, False): Image.id < image_id,
        }[upwards, inclusive]
        return or_(further, and_(column == value, same))
    pair = tuple_(column, Image.id)
    there = tuple_(value, image_id)
    if upwards:
        return pair >= there if inclusive else pair > there
    return pair <= there if inclusive else pair < there


def write_cursor(listing: Listing, key: Key) -> str:
    """``key``, the last one shown, as an opaque word for clients."""
    value = key[0].isoformat() if isinstance(key[0], datetime) else key[0]
    packed = json.dumps([listing.sort.value, _fingerprint(listing), value, key[1]], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def read_cursor(listing: Listing, cursor: str) -> Key:
    """The key in ``cursor``. Raises ``BadRequest`` for what was not given out for this listing.

    It is checked, not signed: whatever it says, a listing shows only its user's own pictures.
    """
    try:
        packed = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        sort, fingerprint, value, image_id = json.loads(packed)
        if sort != listing.sort or fingerprint != _fingerprint(listing) or not is_id(image_id):
            raise BadRequest(part="cursor")
        return _read_value(listing, value), image_id
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError) as error:
        raise BadRequest(part="cursor") from error


def is_id(text: object) -> TypeGuard[str]:
    """Whether ``text`` could be an id or filename of ours; databases are not asked for anything else."""
    return isinstance(text, str) and bool(_ID.fullmatch(text))


_ID = re.compile(r"[A-Za-z0-9._-]{1,96}")


def _read_value(listing: Listing, value: object) -> Value:
    match listing.column, value:
        case "sort_name", str() if value == clean(value, SORT_LETTERS):
            return value
        case "file_size", int() if 0 <= value < 2**63 and not isinstance(value, bool):
            return value
        case (("saved_at" | "favorited_at" | "deleted_at"), str()):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
    raise BadRequest(part="cursor")


def _fingerprint(listing: Listing) -> str:
    return blake2b(repr((listing.user_id, listing.filter)).encode(), digest_size=6).hexdigest()
