"""Which engine and model draw a picture, and whether they can what is asked: settled before a task stands in line, so
that nothing is refused that has cost already."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from vtonlab.engines import registry
from vtonlab.engines.contract import HealthStatus
from vtonlab.engines.generating import GeneratingEngine, ImageModel
from vtonlab.errors import (
    EngineError,
    EngineNotSetUp,
    EngineUnavailable,
    NotForCommerce,
    ProviderCannot,
    Text,
    VtonError,
)
from vtonlab.generation.offers import SHUT, Offer, Offers, draws, takes_batches
from vtonlab.providers.conditions import Conditions, State
from vtonlab.providers.engines import ASKING_SECONDS, Engines
from vtonlab.settings import Settings

RATIOS: Final = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9", "6:9")
"""Width to height, as they can be asked for."""
PASSED_ON: Final = {"6:9": "2:3"}
"""What an engine is asked for instead."""
MOST_NAMED: Final = 4
"""Engines and models that a refusal names at most."""

DRAWING: Final = Text("drawing pictures from words", "文生图")
BATCHES: Final = Text("batches", "批量生成")
NO_MODEL: Final = Text("the model {model}; it has {known}", "模型 {model}（可用：{known}）")
RATIO: Final = Text(
    "the aspect ratio {asked} with the model {model}, which draws {known}",
    "用模型 {model} 生成 {asked} 比例的图片（支持：{known}）",
)
RESOLUTION: Final = Text(
    "the resolution {asked} with the model {model}, which draws {known}",
    "用模型 {model} 生成 {asked} 分辨率的图片（支持：{known}）",
)
REFERENCES: Final = Text(
    "{asked} reference pictures with the model {model}, which takes {known} at most",
    "模型 {model} 使用 {asked} 张参考图（最多 {known} 张）",
)
NO_REFERENCES: Final = Text("reference pictures with the model {model}", "模型 {model} 使用参考图")
SEED: Final = Text("a seed with the model {model}", "模型 {model} 指定随机种子")
NEGATIVE: Final = Text("a negative prompt with the model {model}", "模型 {model} 使用反向提示词")
IN_BATCH: Final = Text("batches with the model {model}", "模型 {model} 批量生成")
WHO_CAN: Final = Text("Who can: {names}.", "支持的有：{names}。")
NOBODY: Final = Text(
    "None of the engines that are set up here can; ask for something else.", "这里已配置的引擎都不支持，请调整要求。"
)
SET_UP: Final = Text("Set {setting} (docs/guides/engines.md).", "请设置 {setting}（见 docs/guides/engines.md）。")


@dataclass(frozen=True)
class Wish:
    """What a model must be able to."""

    aspect_ratio: str
    """As it is passed on to the engine."""
    resolution: str
    references: int = 0
    seed: bool = False
    negative_prompt: bool = False
    batch: bool = False


@dataclass(frozen=True)
class Chosen:
    """Who draws, and what they are asked for."""

    engine: GeneratingEngine
    model: ImageModel
    aspect_ratio: str
    """As it is passed on to the engine: of ``RATIOS`` what engines know."""
    resolution: str

    def price(self, *, in_batch: bool = False) -> float:
        """US dollars for one picture."""
        return self.model.price(self.resolution, in_batch=in_batch)


class Providers:
    """The engines that draw. ``offers`` asks them for their models; whoever makes this starts and stops that. Used in
    one event loop."""

    def __init__(self, settings: Settings, engines: Engines, conditions: Conditions) -> None:
        self.engines = engines
        self.offers = Offers(conditions)
        self._settings = settings
        self._conditions = conditions

    async def settle(
        self,
        provider: str | None,
        model: str | None,
        aspect_ratio: str,
        resolution: str,
        references: int = 0,
        seed: int | None = None,
        negative_prompt: str = "",
        *,
        batch: bool = False,
    ) -> Chosen:
        """Who draws this: ``provider``, where one is named, else the usual one, with ``model``, else its usual one.

        ``references``: how many reference pictures there are. Sends and costs nothing. Raises ``UnknownEngine``,
        ``EngineUnavailable``, ``EngineTimeout``, ``EngineNotSetUp``, ``NotForCommerce``, and ``ProviderCannot`` for
        what the engine or the model cannot, whose hint names who can.
        """
        passed_on = PASSED_ON.get(aspect_ratio, aspect_ratio)
        wish = Wish(passed_on, resolution, references, seed is not None, bool(negative_prompt.strip()), batch)
        engine = await self._find(provider, model, wish)
        models = await self.offers.of(engine)
        chosen = models[0] if model is None else next((one for one in models if one.name == model), None)
        if chosen is None:
            known = ", ".join(one.name for one in models)
            raise self._refusal(engine, NO_MODEL.with_values(model=str(model)[:96], known=known), wish, model)
        fault = find_fault(chosen, wish)
        if fault is not None:
            raise self._refusal(engine, fault, wish)
        return Chosen(engine, chosen, passed_on, resolution)

    async def find(self, provider: str) -> GeneratingEngine:
        """The engine ``provider``, where it may draw here now. Raises as :meth:`settle`."""
        return await self._check_named(provider, Wish("1:1", "1K"))

    def find_default(self) -> Offer | None:
        """The engine that draws when a request names none, by what is known of all; None where none can."""
        offers = self.offers.get()
        if self._settings.generate_engine:
            return next((one for one in offers if one.condition.name == self._settings.generate_engine), None)
        return next((one for one in _paid_first(offers) if one.condition.state not in SHUT), None)

    # ---- which engine

    async def _find(self, provider: str | None, model: str | None, wish: Wish) -> GeneratingEngine:
        if provider is not None:
            return await self._check_named(provider, wish)
        named = self._settings.generate_engine
        usual = await (self._check_named(named, replace(wish, batch=False)) if named else self._find_usual())
        if model is not None and all(one.name != model for one in await self.offers.of(usual)):
            for offer in self._others(usual):
                if any(one.name == model for one in offer.models):
                    return await self._check_named(offer.condition.name, wish)
        if wish.batch and not takes_batches(usual):
            raise self._refusal(usual, BATCHES, wish)
        return usual

    async def _check_named(self, name: str, wish: Wish) -> GeneratingEngine:
        engine = await self.engines.get(name)
        if not draws(engine):
            raise self._refusal(engine, DRAWING, wish)
        if wish.batch and not takes_batches(engine):
            raise self._refusal(engine, BATCHES, wish)
        await self._check(engine)
        return engine

    async def _find_usual(self) -> GeneratingEngine:
        """The first that is set up; those that cost come first, for what is free may be a placeholder."""
        found: list[GeneratingEngine] = []
        for name in registry.names():
            try:
                engine = await self.engines.get(name)
            except EngineError:
                continue  # a package that is broken; the log says so
            if draws(engine):
                found.append(engine)
        why: VtonError | None = None
        for engine in sorted(found, key=lambda one: not one.capabilities.is_paid):
            try:
                await self._check(engine)
            except (EngineNotSetUp, NotForCommerce) as error:
                why = why or error
            else:
                return engine
        raise why or EngineUnavailable(engine="")

    async def _check(self, engine: GeneratingEngine) -> None:
        """Raises ``NotForCommerce`` and ``EngineNotSetUp``, whose hint names no engine that draws nothing."""
        try:
            await self.engines.check(engine)
            if self._conditions.find(engine.name).state is State.UNKNOWN:
                await self._ask_whether_set_up(engine)
        except EngineNotSetUp as error:
            others = [one.condition.name for one in self._others(engine)]
            hint = SET_UP.with_values(setting=error.values.get("setting", ""))
            if others:
                told = WHO_CAN.with_values(names=", ".join(others))
                hint = Text(f"{hint.en} {told.en}", f"{hint.zh}{told.zh}")
            vars(error)["hint"] = hint
            raise

    async def _ask_whether_set_up(self, engine: GeneratingEngine) -> None:
        """In the first seconds of a server, before it is known. Who does not say it at once is set up."""
        asked = asyncio.create_task(asyncio.to_thread(engine.health))
        done, _ = await asyncio.wait({asked}, timeout=ASKING_SECONDS)
        if done and asked.exception() is None and asked.result().status is HealthStatus.NOT_SET_UP:
            hint = asked.result().hint or asked.result().detail
            raise EngineNotSetUp(engine=engine.name, setting=hint.en.removeprefix("Set ").partition(" ")[0])

    # ---- who can, where one cannot

    def _others(self, engine: GeneratingEngine) -> Iterator[Offer]:
        for offer in self.offers.get():
            if offer.condition.name != engine.name and offer.condition.can_serve:
                yield offer

    def _refusal(self, engine: object, what: Text, wish: Wish, model: str | None = None) -> ProviderCannot:
        """That ``engine`` cannot ``what``, naming those that can ``wish`` (with the model ``model``): its own first."""
        name = str(getattr(engine, "name", ""))
        able = [
            (offer.condition.name, one.name)
            for offer in self.offers.get()
            for one in offer.models
            if offer.condition.can_serve
            and (model is None or one.name == model)
            and (not wish.batch or takes_batches(offer.engine))
            and find_fault(one, wish) is None
        ]
        able.sort(key=lambda one: one[0] != name)
        names = ", ".join(f"{provider} ({one})" for provider, one in able[:MOST_NAMED])
        others = WHO_CAN.with_values(names=names) if names else NOBODY
        return ProviderCannot(engine=name, what=what, others=others)


def find_fault(model: ImageModel, wish: Wish) -> Text | None:
    """What of ``wish`` the model cannot; None where it can it all.

    >>> find_fault(ImageModel("m", "M", ("1:1",)), Wish("3:4", "1K")).en
    'the aspect ratio 3:4 with the model m, which draws 1:1'
    """
    asked: tuple[tuple[bool, Text, object, object], ...] = (
        (wish.aspect_ratio not in model.aspect_ratios, RATIO, wish.aspect_ratio, ", ".join(model.aspect_ratios)),
        (wish.resolution not in model.resolutions, RESOLUTION, wish.resolution, ", ".join(model.resolutions)),
        (bool(wish.references) and not model.references, NO_REFERENCES, "", ""),
        (wish.references > model.references, REFERENCES, wish.references, model.references),
        (wish.seed and not model.seed, SEED, "", ""),
        (wish.negative_prompt and not model.negative_prompt, NEGATIVE, "", ""),
        (wish.batch and not model.batch, IN_BATCH, "", ""),
    )
    for is_wrong, what, value, known in asked:
        if is_wrong:
            return what.with_values(asked=value, model=model.name, known=known)
    return None


def _paid_first(offers: list[Offer]) -> list[Offer]:
    return sorted(offers, key=lambda one: not one.engine.capabilities.is_paid)
