"""What of pictures from words crosses the studio interface."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from vtonlab.engines.generating import ImageModel
from vtonlab.generation.built_in import BuiltIn
from vtonlab.generation.choosing import RATIOS
from vtonlab.generation.models import PromptTemplate
from vtonlab.generation.offers import Offer
from vtonlab.generation.orders import MOST_REFERENCES, PROMPT_LETTERS, Order
from vtonlab.generation.templates import NAME_LETTERS, Draft, find_fields
from vtonlab.library.schemas import Body
from vtonlab.providers.conditions import State
from vtonlab.providers.schemas import ToldSetting
from vtonlab.remote.service import Today
from vtonlab.settings import Settings, variables_of_engine

LARGEST_SEED: Final = 2**31 - 1
NAME_SIDE: Final = 96
"""Letters of an image id, a filename, or the name of an engine or model."""
LOW, MEDIUM = 0.05, 0.15
"""US dollars for one picture, up to which it counts as cheap, and as not dear."""

_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _plain(words: str) -> str:
    """Words that can be kept and sent. Raises ``PydanticCustomError``."""
    if _UNSEEN.search(words):
        raise PydanticCustomError("control_characters", "control characters are not allowed")
    return words


def _said(words: str) -> str:
    if not words.strip():
        raise PydanticCustomError("blank", "it must not be blank")
    return _plain(words)


Prompt = Annotated[str, Field(min_length=1, max_length=PROMPT_LETTERS), AfterValidator(_said)]
"""What is to be seen; also of a batch."""
NegativePrompt = Annotated[
    str,
    Field(max_length=PROMPT_LETTERS, description="What shall not be in it; only for models that take it."),
    AfterValidator(_plain),
]
Ratio = Literal["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "6:9"]
Resolution = Literal["1K", "2K", "4K"]
EngineName = Annotated[str, Field(min_length=1, max_length=64, description="By default the usual one of the server.")]
ModelName = Annotated[str, Field(min_length=1, max_length=NAME_SIDE, description="By default the provider's usual.")]

PROMPT: Final = "A linen shirt on a wooden hanger, morning light"


class GenerateBody(Body):
    """One picture from words, and from reference pictures where the model takes them."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"prompt": PROMPT, "aspect_ratio": "3:4", "resolution": "1K"}}
    )

    prompt: Prompt
    reference_images: list[Annotated[str, Field(min_length=1)]] | None = Field(
        default=None,
        max_length=MOST_REFERENCES,
        description="Of each an image id, a filename of one's own library, or a data-URL (at most 25 MB). Paths of "
        "files are refused.",
    )
    aspect_ratio: Ratio = Field(default="1:1", description="Width to height. `6:9` is passed on as `2:3`.")
    resolution: Resolution = Field(default="1K", description="About 1024, 2048 or 4096 pixels on the longer side.")
    provider: EngineName | None = None
    model: ModelName | None = None
    negative_prompt: NegativePrompt | None = None
    seed: int | None = Field(
        default=None,
        ge=0,
        le=LARGEST_SEED,
        description="The same seed draws about the same picture; only for models that take one.",
    )

    def order(self, references: tuple[Any, ...]) -> Order:
        """The picture that is asked for, with ``references`` as they came."""
        return Order(
            prompt=self.prompt,
            reference_images=references,
            aspect_ratio=self.aspect_ratio,
            resolution=self.resolution,
            provider=self.provider,
            model=self.model,
            negative_prompt=(self.negative_prompt or "").strip(),
            seed=self.seed,
        )


CostClass = Literal["free", "low", "medium", "high"]


class ToldModel(BaseModel):
    """What one model takes, and costs."""

    name: str
    title: str
    aspect_ratios: list[str]
    resolutions: list[str]
    references: int = Field(description="Reference pictures in one request, at most.")
    seed: bool
    negative_prompt: bool
    batch: bool
    prices: dict[str, float] = Field(description="US dollars for one picture, by resolution.")
    batch_prices: dict[str, float] = Field(description="The same for one picture of a batch.")
    cost_classes: dict[str, CostClass] = Field(
        description=f"By resolution: `free`, `low` up to {LOW} $, `medium` up to {MEDIUM} $, `high`."
    )

    @classmethod
    def of(cls, model: ImageModel) -> Self:
        """The answer's form of ``model``."""
        prices = {resolution: model.price(resolution) for resolution in model.resolutions}
        return cls(
            name=model.name,
            title=model.title,
            aspect_ratios=[ratio for ratio in RATIOS if ratio in model.aspect_ratios],
            resolutions=list(model.resolutions),
            references=model.references,
            seed=model.seed,
            negative_prompt=model.negative_prompt,
            batch=model.batch,
            prices=prices,
            batch_prices={
                resolution: round(model.price(resolution, in_batch=True), 6) for resolution in model.resolutions
            },
            cost_classes={resolution: classify(price) for resolution, price in prices.items()},
        )


def classify(price: float) -> CostClass:
    """How dear a picture is.

    >>> [classify(price) for price in (0, 0.05, 0.1, 0.2)]
    ['free', 'low', 'medium', 'high']
    """
    if price <= 0:
        return "free"
    if price <= LOW:
        return "low"
    return "medium" if price <= MEDIUM else "high"


class Provider(BaseModel):
    """An engine that draws from words, how it is, and with which models."""

    name: str
    title: str
    status: State
    detail: str
    hint: str | None
    is_default: bool = Field(description="Asked when a request names none.")
    sends_pictures_to: str | None = Field(description="Host; null where words and pictures stay on this machine.")
    privacy: str
    is_paid: bool
    settings: list[ToldSetting] = Field(description="By which it is set up.")
    models: list[ToldModel] = Field(description="The usual one first; empty where it is not set up, or not asked yet.")

    @classmethod
    def of(cls, offer: Offer, language: str, settings: Settings, *, is_default: bool) -> Self:
        """The answer's form of ``offer``."""
        condition, can = offer.condition, offer.engine.capabilities
        return cls(
            name=condition.name,
            title=offer.engine.title.say(language),
            status=condition.state,
            detail=condition.detail.say(language),
            hint=condition.hint.say(language) if condition.hint else None,
            is_default=is_default,
            sends_pictures_to=can.remote_host,
            privacy=can.privacy.say(language),
            is_paid=can.is_paid,
            settings=[
                ToldSetting(variable=one.name, is_secret=one.is_secret, is_set=one.is_set)
                for one in variables_of_engine(settings, condition.name)
            ],
            models=[ToldModel.of(model) for model in offer.models],
        )


class Budget(BaseModel):
    """What paid engines cost today, all users together."""

    day: str = Field(description="UTC.")
    spent: float = Field(description="US dollars.")
    limit: float | None = Field(description="US dollars; null where there is none.")

    @classmethod
    def of(cls, today: Today) -> Self:
        """The answer's form of ``today``."""
        return cls(day=today.day, spent=today.price, limit=today.limit)


class ProviderList(BaseModel):
    """Every engine that draws from words, and today's budget."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"items": [], "budget": {"day": "2026-11-22", "spent": 0.15, "limit": 5.0}},
        }
    )

    items: list[Provider]
    budget: Budget


# ---- templates


def _one_line(name: str) -> str:
    name = " ".join(_said(name).split())
    if len(name) > NAME_LETTERS:
        raise PydanticCustomError("string_too_long", "it is too long", {"max_length": NAME_LETTERS})
    return name


class TemplateBody(Body):
    """A template to be kept. A field stands in its text as `{name}`."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "Autumn street", "text": "{garment} on a street in autumn"}}
    )

    name: Annotated[str, Field(min_length=1, max_length=NAME_LETTERS), AfterValidator(_one_line)]
    text: Prompt
    negative_prompt: NegativePrompt | None = None

    def draft(self) -> Draft:
        """What is to be kept."""
        return Draft(self.name, self.text, (self.negative_prompt or "").strip())


class ToldField(BaseModel):
    """What is to be filled in; it stands in the text as `{name}`."""

    name: str
    label: str
    hint: str
    default: str


TEMPLATE_EXAMPLE: Final[dict[str, Any]] = {
    "id": "019ab3c4d5e6f708192a3b4c5d6e7fa0",
    "name": "Autumn street",
    "text": "{garment} on a street in autumn",
    "negative_prompt": "",
    "fields": [{"name": "garment", "label": "garment", "hint": "", "default": ""}],
    "least_references": 0,
    "most_references": MOST_REFERENCES,
    "is_own": True,
    "updated_at": "2026-11-22T10:15:00Z",
}


class Template(BaseModel):
    """A prompt with fields; filled in by whoever asks for the picture."""

    model_config = ConfigDict(json_schema_extra={"example": TEMPLATE_EXAMPLE})

    id: str
    name: str
    text: str
    negative_prompt: str
    fields: list[ToldField]
    least_references: int = Field(description="Reference pictures that it speaks of.")
    most_references: int
    is_own: bool = Field(description="The caller's own: it can be changed and removed.")
    updated_at: datetime | None = Field(description="Null for those of the program.")

    @classmethod
    def of(cls, row: PromptTemplate) -> Self:
        """The answer's form of somebody's own."""
        return cls(
            id=row.id,
            name=row.name,
            text=row.text,
            negative_prompt=row.negative_prompt,
            fields=[ToldField(name=name, label=name, hint="", default="") for name in find_fields(row.text)],
            least_references=0,
            most_references=MOST_REFERENCES,
            is_own=True,
            updated_at=row.updated_at,
        )

    @classmethod
    def of_program(cls, one: BuiltIn, language: str) -> Self:
        """The answer's form of one that comes with the program."""
        return cls(
            id=one.id,
            name=one.name.say(language),
            text=one.text.say(language),
            negative_prompt=one.negative_prompt.say(language),
            fields=[
                ToldField(
                    name=field.name,
                    label=field.label.say(language),
                    hint=field.hint.say(language),
                    default=field.default.say(language),
                )
                for field in one.fields
            ],
            least_references=one.least_references,
            most_references=one.most_references,
            is_own=False,
            updated_at=None,
        )


class TemplateList(BaseModel):
    """Those of the program first, then the caller's own, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [TEMPLATE_EXAMPLE]}})

    items: list[Template]
