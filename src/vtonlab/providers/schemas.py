"""What of engines crosses the studio interface."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from vtonlab.engines import registry
from vtonlab.engines.contract import Capabilities, GarmentKind
from vtonlab.providers.conditions import Condition, State
from vtonlab.settings import Settings, variables_of_engine


class ToldCapabilities(BaseModel):
    """What an engine can do and takes."""

    try_on: bool
    generate: bool
    batch: bool
    kinds: list[GarmentKind]
    outfits: bool = Field(description="Takes an upper and a lower garment at once; others are run twice.")
    analyses: bool
    advice: bool
    mask: bool
    seed: bool
    steps: bool
    description: bool
    presets: dict[str, dict[str, Any]] = Field(
        description="Options by `fast`, `balanced` and `best`, as far as it has those."
    )
    references: int
    aspect_ratios: list[str]
    waits: bool = Field(description="Another program or machine does its work.")

    @classmethod
    def of(cls, can: Capabilities) -> Self:
        """The answer's form of ``can``."""
        return cls.model_validate({name: getattr(can, name) for name in cls.model_fields})


class ToldSetting(BaseModel):
    """A setting by which an engine is set up; its value is told to nobody."""

    variable: str = Field(description="Of the environment: `VTONLAB_FASHN_API_KEY`.")
    is_secret: bool = Field(description="A key or token.")
    is_set: bool = Field(description="Somebody gave it another value than its default.")


class EngineAnswer(BaseModel):
    """An engine, how it is, and its licence and privacy card."""

    name: str
    title: str
    status: State
    detail: str
    hint: str | None
    capabilities: ToldCapabilities | None = Field(description="Null where the engine cannot be loaded.")
    parameters: dict[str, Any] = Field(description="JSON Schema of its own options.")
    licence: str
    code_licence: str
    weights_licence: str
    commercial_use: bool
    sends_pictures_to: str | None = Field(description="Host; null where pictures stay on this machine.")
    privacy: str
    is_paid: bool
    cost: str
    is_default: bool = Field(description="Asked when a request names none.")
    checked_at: datetime | None = Field(description="When it last said how it is.")
    settings: list[ToldSetting] = Field(description="By which it is set up.")

    @classmethod
    def of(cls, condition: Condition, language: str, settings: Settings) -> Self:
        """The answer's form of ``condition``."""
        engine, card = condition.engine, condition.card
        return cls(
            name=condition.name,
            title=engine.title.say(language) if engine else condition.name,
            status=condition.state,
            detail=condition.detail.say(language),
            hint=condition.hint.say(language) if condition.hint else None,
            capabilities=ToldCapabilities.of(engine.capabilities) if engine else None,
            parameters=engine.Options.model_json_schema() if engine else {},
            licence=card.licence if card else "",
            code_licence=card.code_licence if card else "",
            weights_licence=card.weights_licence if card else "",
            commercial_use=card.commercial_use if card else False,
            sends_pictures_to=card.sends_pictures_to if card else None,
            privacy=card.privacy.say(language) if card else "",
            is_paid=card.is_paid if card else False,
            cost=card.cost.say(language) if card else "",
            is_default=condition.name == (settings.engine or registry.DEFAULT_ENGINE),
            checked_at=condition.asked_at,
            settings=[
                ToldSetting(variable=one.name, is_secret=one.is_secret, is_set=one.is_set)
                for one in variables_of_engine(settings, condition.name)
            ],
        )


class EngineList(BaseModel):
    """Every installed engine, the built-in one first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [
                    {
                        "name": "instant",
                        "title": "Instant fitting (this computer)",
                        "status": "ok",
                        "detail": "Ready; runs on this machine.",
                        "hint": None,
                        "capabilities": None,
                        "parameters": {"type": "object", "properties": {}},
                        "licence": "Apache-2.0",
                        "code_licence": "Apache-2.0",
                        "weights_licence": "Apache-2.0",
                        "commercial_use": True,
                        "sends_pictures_to": None,
                        "privacy": "Pictures stay on this machine.",
                        "is_paid": False,
                        "cost": "Pictures cost nothing.",
                        "is_default": True,
                        "checked_at": "2026-11-22T10:15:00Z",
                        "settings": [],
                    }
                ]
            }
        }
    )

    items: list[EngineAnswer]
