"""What of fittings crosses the studio interface."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from vtonlab.db.types import JsonValue
from vtonlab.engines.contract import GarmentKind, Note
from vtonlab.errors import BadRequest
from vtonlab.fitting.choosing import ANY_SEED, LARGEST_SEED, MOST_STEPS
from vtonlab.fitting.history import HistoryItem, HistoryPage
from vtonlab.fitting.masks import MOST_LETTERS
from vtonlab.fitting.models import VtonHistory
from vtonlab.fitting.orders import MOST_PAIRS, Layer, Matrix, Order
from vtonlab.fitting.previews import LARGEST_SIDE, SMALLEST_SIDE, USUAL_SIDE
from vtonlab.library.links import picture_link, thumbnail_link
from vtonlab.library.schemas import Body

EXAMPLE_ID: Final = "019ab3c4d5e6f708192a3b4c5d6e7f90"
PERSON: Final = "char_20261122_101500_5d6e7f80.jpg"
SHIRT: Final = "clothes_20261122_101501_5d6e7f81.jpg"
SKIRT: Final = "clothes_20261122_101502_5d6e7f82.jpg"
RESULT: Final = "vton_result_20261122_101510_5d6e7f90.png"

DESCRIPTION_LETTERS: Final = 500

PictureName = Annotated[str, Field(min_length=1, max_length=96, description="Library filename or image id.")]
MaskName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MOST_LETTERS,
        description="What is to be changed, white: library filename or image id, or a PNG of the photo's shape as "
        "data-URL (at most 4 MB), which is kept with the task alone.",
    ),
]
Steps = Annotated[int, Field(ge=1, le=MOST_STEPS)]
Seed = Annotated[int, Field(ge=-LARGEST_SEED, le=LARGEST_SEED, description=f"{ANY_SEED} for any, as without one.")]


class OutfitPart(Body):
    """One garment of an outfit."""

    garment_image: PictureName
    garment_kind: GarmentKind = GarmentKind.AUTO


class TryOnBody(Body):
    """A fitting, in one of three forms: `human_image` and `garment_image`; `human_image` and `outfit` (upper, then
    lower); or everybody in everything by `human_images` and `garment_images`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"human_image": PERSON, "garment_image": SHIRT},
                {
                    "human_image": PERSON,
                    "outfit": [
                        {"garment_image": SHIRT, "garment_kind": "upper"},
                        {"garment_image": SKIRT, "garment_kind": "lower"},
                    ],
                },
                {"human_images": [PERSON], "garment_images": [SHIRT, SKIRT]},
            ]
        }
    )

    human_image: PictureName | None = None
    garment_image: PictureName | None = None
    garment_kind: GarmentKind | None = None
    outfit: Annotated[list[OutfitPart], Field(min_length=1, max_length=2)] | None = None
    human_images: Annotated[list[PictureName], Field(min_length=1, max_length=MOST_PAIRS)] | None = None
    garment_images: Annotated[list[PictureName], Field(min_length=1, max_length=MOST_PAIRS)] | None = None
    engine: Annotated[str, Field(max_length=64, description="By default the one of the settings.")] | None = None
    garment_description: Annotated[str, Field(max_length=DESCRIPTION_LETTERS)] | None = None
    auto_mask: bool | None = None
    auto_crop: bool | None = None
    denoise_steps: Steps | None = None
    seed: Seed | None = None
    mask_image: MaskName | None = None
    options: dict[str, Any] | None = Field(
        default=None, description="The engine's own options (`parameters` of `/api/v1/engines`)."
    )

    @property
    def is_matrix(self) -> bool:
        """Whether it asks for everybody in everything."""
        return self.human_images is not None or self.garment_images is not None

    def order(self) -> Order:
        """The fitting that is asked for. Raises ``BadRequest`` naming what is missing or too much."""
        if self.human_image is None:
            raise BadRequest(part="human_image")
        return Order(
            self.human_image,
            self._layers(),
            engine=self.engine or None,
            options=self._options(),
            description=self.garment_description or "",
            mask_image=self.mask_image,
        )

    def matrix(self) -> Matrix:
        """The fittings that are asked for. Raises ``BadRequest``."""
        for name in ("human_image", "garment_image", "outfit", "mask_image"):
            if getattr(self, name) is not None:
                raise BadRequest(part=name)
        for name in ("human_images", "garment_images"):
            if getattr(self, name) is None:
                raise BadRequest(part=name)
        people, garments = tuple(self.human_images or ()), tuple(self.garment_images or ())
        if len(people) * len(garments) > MOST_PAIRS:
            raise BadRequest(part="garment_images")
        return Matrix(
            people,
            garments,
            kind=self.garment_kind or GarmentKind.AUTO,
            engine=self.engine or None,
            options=self._options(),
            description=self.garment_description or "",
        )

    def _layers(self) -> tuple[Layer, ...]:
        if self.outfit is None:
            if self.garment_image is None:
                raise BadRequest(part="garment_image")
            return (Layer(self.garment_image, self.garment_kind or GarmentKind.AUTO),)
        for name in ("garment_image", "garment_kind"):
            if getattr(self, name) is not None:
                raise BadRequest(part=name)
        return order_outfit([Layer(part.garment_image, part.garment_kind) for part in self.outfit])

    def _options(self) -> dict[str, JsonValue]:
        general = {name: getattr(self, name) for name in ("auto_mask", "auto_crop", "denoise_steps")}
        general["seed"] = None if self.seed == ANY_SEED else self.seed
        given = {name: value for name, value in general.items() if value is not None}
        return {**(self.options or {}), **given}


def order_outfit(layers: list[Layer]) -> tuple[Layer, ...]:
    """One garment as it is; of two the upper one first. Raises ``BadRequest`` where they cannot be worn together."""
    if len(layers) == 1:
        return tuple(layers)
    first, second = layers
    if first.kind is GarmentKind.LOWER or (second.kind is GarmentKind.UPPER and first.kind is GarmentKind.AUTO):
        first, second = second, first
    if first.kind not in {GarmentKind.UPPER, GarmentKind.AUTO} or second.kind not in {
        GarmentKind.LOWER,
        GarmentKind.AUTO,
    }:
        raise BadRequest(part="outfit")
    return Layer(first.image, GarmentKind.UPPER), Layer(second.image, GarmentKind.LOWER)


class PreviewBody(Body):
    """A garment, or an outfit by `lower`, on a person: to look at."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"human_image": PERSON, "garment_image": SHIRT, "size": USUAL_SIDE}}
    )

    human_image: PictureName
    garment_image: PictureName
    lower: PictureName | None = None
    garment_kind: GarmentKind | None = None
    size: int | None = Field(
        default=None,
        ge=SMALLEST_SIDE,
        le=LARGEST_SIDE,
        description=f"Longest side in pixels; {USUAL_SIDE} where none is given. Never more than the photo has.",
    )


class ToldNote(BaseModel):
    """Something worth knowing about a picture, in the reader's language."""

    code: str
    level: str
    text: str


class NoteList(BaseModel):
    """What is worth knowing."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [
                    {
                        "code": "turned",
                        "level": "warning",
                        "text": "The body is turned; facing the camera works better.",
                    }
                ]
            }
        }
    )

    items: list[ToldNote]

    @classmethod
    def of(cls, notes: Sequence[Note], language: str) -> Self:
        """The answer's form of ``notes``."""
        items = [ToldNote(code=note.code, level=note.level, text=note.text.say(language)) for note in notes]
        return cls(items=items)


ENTRY_EXAMPLE: Final[dict[str, Any]] = {
    "id": EXAMPLE_ID,
    "task_id": "019ab3c4d5e6f708192a3b4c5d6e7f70",
    "engine": "instant",
    "human_image": PERSON,
    "human_image_id": "019ab3c4d5e6f708192a3b4c5d6e7f80",
    "garment_image": SHIRT,
    "garment_image_id": "019ab3c4d5e6f708192a3b4c5d6e7f81",
    "lower_image": None,
    "lower_image_id": None,
    "result_image": RESULT,
    "result_image_id": EXAMPLE_ID,
    "url": f"/api/user/u1/images/vton_results/{RESULT}?v=9f86d081884c",
    "thumbnail_url": f"/api/user/u1/thumbnails/{RESULT}?size=320&v=9f86d081884c",
    "mask_url": f"/api/v1/tryon/{EXAMPLE_ID}/mask",
    "width": 768,
    "height": 1024,
    "parameters": {"garment_kind": "auto"},
    "processing_time": 0.31,
    "confidence": 0.87,
    "notes": [],
    "page_url": "https://shop.example/linen-shirt",
    "page_title": "Linen shirt, white",
    "is_favorite": False,
    "created_at": "2026-11-22T10:15:10.123456Z",
}


class TryOnEntry(BaseModel):
    """A fitting that was made. It stays readable when its pictures are gone: `url` is null then."""

    model_config = ConfigDict(json_schema_extra={"example": ENTRY_EXAMPLE})

    id: str
    task_id: str | None
    engine: str
    human_image: str = Field(description="Filename; it may be gone.")
    human_image_id: str | None
    garment_image: str = Field(description="Filename; of an outfit, that of the upper garment.")
    garment_image_id: str | None
    lower_image: str | None
    lower_image_id: str | None
    result_image: str
    result_image_id: str | None
    url: str | None = Field(description="The picture; null where it was deleted.")
    thumbnail_url: str | None
    mask_url: str | None = Field(description="Where the picture differs from the photo.")
    width: int | None = Field(description="Pixels.")
    height: int | None = Field(description="Pixels.")
    parameters: dict[str, Any]
    processing_time: float = Field(description="Seconds the engine took.")
    confidence: float = Field(description="0 (a guess) to 1 (as good as this engine gets).")
    notes: list[ToldNote]
    page_url: str | None = Field(description="Of the page the garment was saved from, as it was then.")
    page_title: str | None
    is_favorite: bool
    created_at: datetime

    @classmethod
    def of(cls, item: HistoryItem, language: str) -> Self:
        """The answer's form of ``item``."""
        entry, picture = item.entry, item.picture
        return cls(
            id=entry.id,
            task_id=entry.task_id,
            engine=entry.engine,
            human_image=entry.human_image,
            human_image_id=entry.human_image_id,
            garment_image=entry.garment_image,
            garment_image_id=entry.garment_image_id,
            lower_image=entry.lower_image,
            lower_image_id=entry.lower_image_id,
            result_image=entry.result_image,
            result_image_id=entry.result_image_id,
            url=picture and picture_link(picture),
            thumbnail_url=picture and thumbnail_link(picture),
            mask_url=mask_link(entry.id) if item.has_mask else None,
            width=picture and picture.image_width,
            height=picture and picture.image_height,
            parameters=entry.parameters,
            processing_time=entry.processing_time,
            confidence=entry.confidence,
            notes=tell_notes(entry, language),
            page_url=entry.page_url,
            page_title=entry.page_title,
            is_favorite=item.is_favorited,
            created_at=entry.created_at,
        )


class TryOnList(BaseModel):
    """A page of fittings, the newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"items": [ENTRY_EXAMPLE], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}
        }
    )

    items: list[TryOnEntry]
    total: int
    page: int
    page_size: int
    next_cursor: str | None = Field(description="Give it as `cursor` to get exactly what follows; null at the end.")

    @classmethod
    def of(cls, found: HistoryPage, language: str) -> Self:
        """The answer's form of ``found``."""
        items = [TryOnEntry.of(item, language) for item in found.items]
        return cls(
            items=items,
            total=found.total,
            page=found.page,
            page_size=found.per_page,
            next_cursor=found.next_cursor,
        )


def mask_link(entry_id: str) -> str:
    """The address of a fitting's mask."""
    return f"/api/v1/tryon/{entry_id}/mask"


def tell_notes(entry: VtonHistory, language: str) -> list[ToldNote]:
    """What is worth knowing about the picture of ``entry``, in ``language``."""
    spoken = "zh-CN" if language.lower().startswith("zh") else "en"
    return [
        ToldNote(code=str(note.get("code", "")), level=str(note.get("level", "info")), text=str(note.get(spoken, "")))
        for note in entry.notes or []
        if isinstance(note, dict)
    ]
