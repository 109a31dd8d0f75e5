"""What of the library crosses the studio interface."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from vtonlab.library.browsing import Page
from vtonlab.library.links import THUMBNAIL_SIZES, picture_link, thumbnail_link
from vtonlab.library.models import Category
from vtonlab.library.repository import Entry
from vtonlab.library.service import Outcome, Statistics
from vtonlab.library.wording import TITLE_LETTERS

MOST_IDS = 10_000
"""Pictures named in one request."""

EXAMPLE_ID = "019ab3c4d5e6f708192a3b4c5d6e7f80"

CategoryName = Literal["clothes", "char", "vton_results", "generated"]
KindName = Literal["upper", "lower", "dress"]
SortName = Literal["newest", "oldest", "name", "largest"]
ImageId = Annotated[str, Field(min_length=1, max_length=96)]


class Body(BaseModel):
    """What a client of the studio interface sends: nothing that is not asked for."""

    model_config = ConfigDict(extra="forbid")


class LibraryImage(BaseModel):
    """A picture of the library."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": EXAMPLE_ID,
                "filename": "clothes_20261122_101500_5d6e7f80.jpg",
                "category": "clothes",
                "title": "Linen shirt, white",
                "original_name": "IMG_2041.jpg",
                "original_url": None,
                "page_url": "https://shop.example/linen-shirt",
                "saved_at": "2026-11-22T10:15:00.123456Z",
                "updated_at": "2026-11-22T10:15:00.123456Z",
                "deleted_at": None,
                "media_type": "image/jpeg",
                "file_size": 184320,
                "width": 900,
                "height": 1200,
                "colour": "white",
                "garment_kind": "upper",
                "is_favorite": True,
                "favorited_at": "2026-11-22T10:20:00Z",
                "rating": 0,
                "thumbhash": "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
                "content_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "url": "/api/user/u1/images/clothes/clothes_20261122_101500_5d6e7f80.jpg?v=9f86d081884c",
                "thumbnails": {
                    "320": "/api/user/u1/thumbnails/clothes_20261122_101500_5d6e7f80.jpg?size=320&v=9f86d081884c"
                },
                "context": {"category": "clothes"},
            }
        }
    )

    id: str
    filename: str
    category: str
    title: str | None
    original_name: str
    original_url: str | None
    page_url: str | None
    saved_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = Field(description="When it was put into the trash.")
    media_type: str
    file_size: int = Field(description="Bytes.")
    width: int = Field(description="Pixels.")
    height: int = Field(description="Pixels.")
    colour: str = Field(description="Name of the main colour; empty where there is none.")
    garment_kind: KindName | None = Field(
        description="What it dresses, of clothes; null until it was looked at, and where nothing could be made out."
    )
    is_favorite: bool
    favorited_at: datetime | None
    rating: int
    thumbhash: str = Field(description="Base64; see github.com/evanw/thumbhash.")
    content_hash: str = Field(description="SHA-256 of the file, hexadecimal; its ETag.")
    url: str = Field(description="The picture; may be kept for ever.")
    thumbnails: dict[str, str] = Field(description="Addresses of WebP thumbnails by longest side in pixels.")
    context: dict[str, Any] = Field(description="What the page it was found on said about it.")

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """The answer's form of ``entry``."""
        return cls(
            id=entry.id,
            filename=entry.filename,
            category=entry.category,
            title=entry.page_title,
            original_name=entry.original_name,
            original_url=entry.original_url,
            page_url=entry.page_url,
            saved_at=entry.saved_at,
            updated_at=entry.updated_at,
            deleted_at=entry.deleted_at,
            media_type=entry.media_type,
            file_size=entry.file_size,
            width=entry.image_width,
            height=entry.image_height,
            colour=entry.colour,
            garment_kind=_tell_kind(entry),
            is_favorite=entry.is_favorited,
            favorited_at=entry.favorited_at,
            rating=entry.rating,
            thumbhash=entry.thumbhash,
            content_hash=entry.content_hash,
            url=picture_link(entry),
            thumbnails={str(size): thumbnail_link(entry, size) for size in THUMBNAIL_SIZES},
            context=entry.context_info,
        )


def _tell_kind(entry: Entry) -> KindName | None:
    if entry.category != Category.CLOTHES:
        return None
    match entry.garment_kind:
        case "upper" | "lower" | "dress" as kind:
            return kind
        case _:
            return None


class SimilarImage(BaseModel):
    """A picture that looks like another one."""

    image: LibraryImage
    difference: int = Field(description="Bits, of 64, in which their perceptual hashes differ.")


class ImagePage(BaseModel):
    """A page of pictures."""

    items: list[LibraryImage]
    total: int
    page: int
    page_size: int
    next_cursor: str | None = Field(description="Give it as `cursor` to get exactly what follows; null at the end.")

    @classmethod
    def of(cls, page: Page) -> Self:
        """The answer's form of ``page``."""
        return cls(
            items=[LibraryImage.of(entry) for entry in page.items],
            total=page.total,
            page=page.number,
            page_size=page.size,
            next_cursor=page.next_cursor,
        )


class ImageIdList(BaseModel):
    """The pictures of a listing, by id."""

    model_config = ConfigDict(json_schema_extra={"example": {"ids": [EXAMPLE_ID]}})

    ids: list[str] = Field(description="In the listing's order.")


class SimilarImages(BaseModel):
    """Pictures that look like another one, the most alike first."""

    items: list[SimilarImage]


class ImageEdit(Body):
    """What is to be different; what is absent or null stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"title": "Linen shirt, white"}})

    category: CategoryName | None = None
    title: str | None = Field(default=None, max_length=TITLE_LETTERS, description="Empty takes the title away.")
    garment_kind: KindName | Literal["auto"] | None = Field(
        default=None, description="What clothes dress; `auto` leaves it to the engine again."
    )


def _each_once(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


ImageIds = Annotated[list[ImageId], Field(min_length=1, max_length=MOST_IDS), AfterValidator(_each_once)]


class Chosen(Body):
    """Several pictures."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"image_ids": [EXAMPLE_ID]}})

    image_ids: ImageIds


class Moving(Chosen):
    """Several pictures, and where they are to go."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"image_ids": [EXAMPLE_ID], "category": "char"}}
    )

    category: CategoryName


class FailedImage(BaseModel):
    """A picture of which it could not be done."""

    id: str
    error: str = Field(description="A sentence for a person.")
    code: str


class Changed(BaseModel):
    """What became of several pictures."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "changed": [EXAMPLE_ID],
                "failed": [{"id": "x1", "error": "There is no picture “x1”.", "code": "not_there"}],
            }
        }
    )

    changed: list[str] = Field(description="Ids of those of which it is done.")
    failed: list[FailedImage]

    @classmethod
    def of(cls, outcome: Outcome, language: str) -> Self:
        """The answer's form of ``outcome``."""
        failed = [FailedImage(id=one.id, error=one.error.say(language), code=one.error.code) for one in outcome.failed]
        return cls(changed=outcome.done, failed=failed)


class Emptied(BaseModel):
    """What became of the trash."""

    model_config = ConfigDict(json_schema_extra={"example": {"purged": 12}})

    purged: int = Field(description="Pictures that are gone for good.")


class Amount(BaseModel):
    """Pictures, and their bytes."""

    images: int
    bytes: int


class Quota(BaseModel):
    """Bytes used, the trash included, and how many may be; null: no limit."""

    used: int
    limit: int | None


class LibraryStatistics(BaseModel):
    """Numbers about a library. A favourite is in its category's number too; the trash is in none but its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total": {"images": 3, "bytes": 540_000},
                "categories": {"clothes": {"images": 2, "bytes": 360_000}, "char": {"images": 1, "bytes": 180_000}},
                "favorites": {"images": 1, "bytes": 180_000},
                "trash": {"images": 0, "bytes": 0},
                "trash_days": 30,
                "colours": {"white": 2, "blue": 1},
                "quota": {"used": 540_000, "limit": None},
            }
        }
    )

    total: Amount
    categories: dict[str, Amount]
    favorites: Amount
    trash: Amount
    trash_days: int = Field(description="Days until the trash forgets a picture for good.")
    colours: dict[str, int]
    quota: Quota

    @classmethod
    def of(cls, statistics: Statistics, names: list[str]) -> Self:
        """The answer's form of ``statistics``; ``names`` are the categories."""
        totals = statistics.totals

        def amount(*of: str) -> Amount:
            return Amount(
                images=sum(totals.images.get(name, 0) for name in of), bytes=sum(totals.bytes.get(n, 0) for n in of)
            )

        return cls(
            total=amount(*names),
            categories={name: amount(name) for name in names},
            favorites=amount("favorites"),
            trash=amount("trash"),
            trash_days=statistics.trash_days,
            colours=statistics.colours,
            quota=Quota(used=amount(*names, "trash").bytes, limit=statistics.limit or None),
        )


def _absent_where_empty(value: object) -> object:
    return None if value == "" else value


Flag = Annotated[bool | None, BeforeValidator(_absent_where_empty)]
"""A yes or no of a query; empty is absent."""
