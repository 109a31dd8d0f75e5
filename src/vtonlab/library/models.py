"""The tables of the library."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vtonlab.db.base import Base, new_id, now
from vtonlab.db.types import JsonValue, UtcDateTime, identifier, json, long_words, words


class Category(StrEnum):
    """Where a picture belongs. People upload the first two; the system makes the others."""

    CLOTHES = "clothes"
    CHAR = "char"
    """A person."""
    VTON_RESULTS = "vton_results"
    GENERATED = "generated"


class GarmentKind(StrEnum):
    """What a garment of the library dresses, as far as it was told."""

    UNKNOWN = ""
    UPPER = "upper"
    LOWER = "lower"
    DRESS = "dress"


class KindBy(StrEnum):
    """Who told it. A person's word stands, whatever an engine says later."""

    NOBODY = ""
    """It is still to be looked at."""
    ENGINE = "engine"
    PERSON = "person"


TRASH = "trash"
"""What totals call the pictures in the trash, whatever their category."""

UPLOAD_CATEGORIES = frozenset({Category.CLOTHES, Category.CHAR})


def _user_key() -> ForeignKey:
    return ForeignKey("users.user_id", ondelete="CASCADE")


class Image(Base):
    """A picture as an entry of a person's library. In the trash while ``deleted_at`` is set.

    Listings go by (moment or name or size, id); each has an index that begins with what narrows it down.
    """

    __tablename__ = "images"
    __table_args__ = (
        Index(None, "user_id", "in_trash", "saved_at", "id"),
        Index(None, "user_id", "in_trash", "category", "saved_at", "id"),
        Index(None, "user_id", "in_trash", "sort_name", "id"),
        Index(None, "user_id", "in_trash", "category", "sort_name", "id"),
        Index(None, "user_id", "in_trash", "file_size", "id"),
        Index(None, "user_id", "in_trash", "category", "file_size", "id"),
        Index(None, "user_id", "in_trash", "colour", "saved_at", "id"),
        Index(None, "user_id", "in_trash", "category", "garment_kind", "saved_at", "id"),
        Index(None, "user_id", "in_trash", "is_favorited", "saved_at", "id"),
        Index(None, "user_id", "in_trash", "is_favorited", "favorited_at", "id"),
        Index(None, "user_id", "in_trash", "deleted_at", "id"),
        Index(None, "user_id", "content_hash", "category"),
        Index(None, "in_trash", "deleted_at"),
        Index(None, "category", "kind_by", "in_trash", "saved_at"),
        Index(None, "user_id", "filename"),
        Index(None, "user_id", "look_a"),
        Index(None, "user_id", "look_b"),
        Index(None, "user_id", "look_c"),
        Index(None, "user_id", "look_d"),
    )

    id: Mapped[str] = mapped_column(identifier(), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(identifier(), _user_key())
    filename: Mapped[str] = mapped_column(identifier(96))
    storage_key: Mapped[str] = mapped_column(identifier(255), unique=True)
    media_type: Mapped[str] = mapped_column(identifier(32))
    original_name: Mapped[str] = mapped_column(words(255), default="")
    original_url: Mapped[str | None] = mapped_column(words(2000))
    page_url: Mapped[str | None] = mapped_column(words(2000))
    page_title: Mapped[str | None] = mapped_column(words(500))
    context_info: Mapped[dict[str, JsonValue]] = mapped_column(json())
    """Always an object; ``category`` in it is what it was saved as."""
    category: Mapped[str] = mapped_column(identifier(32))
    status: Mapped[str] = mapped_column(identifier(16), default="ready")
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    in_trash: Mapped[bool] = mapped_column(Boolean, default=False)
    """``deleted_at`` is set; what the indexes begin with."""
    file_size: Mapped[int] = mapped_column(BigInteger)
    image_width: Mapped[int] = mapped_column(Integer)
    image_height: Mapped[int] = mapped_column(Integer)
    thumbhash: Mapped[str] = mapped_column(identifier(64))
    """Base64."""
    content_hash: Mapped[str] = mapped_column(identifier())
    """SHA-256 of the file as it is kept, hexadecimal; the ETag."""
    source_hash: Mapped[str] = mapped_column(identifier(), index=True)
    """SHA-256 of the file as it came: the same file twice is found before it is decoded."""
    look: Mapped[str] = mapped_column(identifier(16))
    """Perceptual hash, 64 bits, hexadecimal."""
    look_a: Mapped[int] = mapped_column(Integer)
    """Its four 16-bit parts: of two hashes that differ in at most 3 bits, one part is equal."""
    look_b: Mapped[int] = mapped_column(Integer)
    look_c: Mapped[int] = mapped_column(Integer)
    look_d: Mapped[int] = mapped_column(Integer)
    colour: Mapped[str] = mapped_column(identifier(16), default="")
    """Name of the main colour (``vtonlab.library.colours``)."""
    garment_kind: Mapped[str] = mapped_column(identifier(8), default=GarmentKind.UNKNOWN.value)
    """Of clothes: a ``GarmentKind``. It stays while the picture is in another category, and is not told there."""
    kind_by: Mapped[str] = mapped_column(identifier(8), default=KindBy.NOBODY.value)
    """A ``KindBy``."""
    sort_name: Mapped[str] = mapped_column(words(255), default="")
    """What a listing by name goes by: title, else original name, else filename; NFKC, case folded."""
    search_text: Mapped[str] = mapped_column(long_words(), default="")
    """Everything a search looks at, NFKC, case folded."""
    is_favorited: Mapped[bool] = mapped_column(Boolean, default=False)
    """Kept in step with ``favorites``, for listings; one may like a picture and then put it into the trash."""
    favorited_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """``created_at`` of its favourite, while there is one."""
    rating: Mapped[int] = mapped_column(SmallInteger, default=0)
    cloud_synced: Mapped[bool] = mapped_column(Boolean, default=False)


class Favorite(Base):
    """A picture someone likes."""

    __tablename__ = "favorites"
    __table_args__ = (
        UniqueConstraint("user_id", "image_id", "favorite_type"),
        Index(None, "user_id", "favorite_type", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(identifier(), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(identifier(), _user_key())
    image_id: Mapped[str] = mapped_column(identifier(), ForeignKey("images.id", ondelete="CASCADE"), index=True)
    favorite_type: Mapped[str] = mapped_column(identifier(16), default="image")
    """``image`` or ``vton_result``."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)


class LibraryTotal(Base):
    """How many pictures and bytes a user has of a category; kept in the transaction that changes them."""

    __tablename__ = "library_totals"

    user_id: Mapped[str] = mapped_column(identifier(), _user_key(), primary_key=True)
    name: Mapped[str] = mapped_column(identifier(32), primary_key=True)
    """A category, ``trash``, or ``favorites`` (which are of some category too)."""
    images: Mapped[int] = mapped_column(Integer, default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)


class LibraryState(Base):
    """Counts what happened to a user's listings, so that remembered places in them are known to be right."""

    __tablename__ = "library_states"

    user_id: Mapped[str] = mapped_column(identifier(), _user_key(), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    """Moves with every change that changes a listing."""


class DownloadTicket(Base):
    """Pictures that a zip is wanted of, until the browser fetches it: once, and soon."""

    __tablename__ = "download_tickets"

    ticket_hash: Mapped[str] = mapped_column(identifier(), primary_key=True)
    user_id: Mapped[str] = mapped_column(identifier(), _user_key(), index=True)
    image_ids: Mapped[list[str]] = mapped_column(json())
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)


class Erasure(Base):
    """A picture whose row is gone for good and whose files have to go: written in the transaction that forgets it, so
    that no crash in between leaves bytes behind. The sweep ends it."""

    __tablename__ = "erasures"

    storage_key: Mapped[str] = mapped_column(identifier(255), primary_key=True)
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
