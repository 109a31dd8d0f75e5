"""With what a picture is made: everything that can be refused before a task stands in line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from vtonlab.db.types import JsonValue
from vtonlab.engines.contract import Capabilities, Engine, GarmentKind
from vtonlab.errors import BadOption, Text, WrongKind
from vtonlab.fitting.orders import Layer, Order
from vtonlab.library.models import Category, Image, KindBy

STEPS, SEED = "denoise_steps", "seed"
MOST_STEPS: Final = 50
USUAL_STEPS: Final = 25
ANY_SEED: Final = -1
"""In the history, where no seed was asked for and the engine says none."""
LARGEST_SEED: Final = 2**63 - 1
GENERAL: Final = ("auto_mask", "auto_crop", STEPS, SEED)
"""Options that every client may send, whatever the engine."""
ASKING_SECONDS: Final = 0.5
"""How long a request waits for an engine to say whether it is set up, once."""

NO_SUCH = Text("this engine does not have it", "该引擎没有此选项")
NO_MASK = Text("this engine takes no mask", "该引擎不支持遮罩")
NO_MASK_FOR_TWO = Text(
    "this engine makes an outfit in two steps, for which one mask does not do",
    "该引擎分两步生成套装，无法使用同一个遮罩",
)
NO_TRY_ON = Text("this engine tries nothing on", "该引擎不能试衣")
ONE_OR_TWO = Text("one garment, or an upper and a lower one", "一件衣物，或上衣和下装各一件")
YES_OR_NO = Text("it is true or false", "只能是 true 或 false")
WHOLE = Text("it is a whole number from {least} to {most}", "必须是 {least} 到 {most} 之间的整数")
OUTFIT = Text("outfit", "套装")


def settle_layers(engine: Engine, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """``layers`` with what each dresses, as far as it follows from there being two. Raises ``WrongKind`` for what the
    engine does not dress, ``BadOption`` for more than it can be."""
    if len(layers) == 2:
        defaults = (GarmentKind.UPPER, GarmentKind.LOWER)
        known = ", ".join(kind.value for kind in defaults)
        for layer, kind in zip(layers, defaults, strict=True):
            if layer.kind not in {GarmentKind.AUTO, kind}:
                raise WrongKind(asked=layer.kind.value, known=known)
        layers = tuple(Layer(layer.image, kind) for layer, kind in zip(layers, defaults, strict=True))
    elif len(layers) != 1:
        raise BadOption(option="outfit", reason=ONE_OR_TWO)
    can = engine.capabilities
    known = ", ".join(kind.value for kind in can.kinds)
    for layer in layers:
        if layer.kind is not GarmentKind.AUTO and layer.kind not in can.kinds:
            raise WrongKind(asked=OUTFIT if len(layers) == 2 else layer.kind.value, known=known)
    return layers


def settle_kind(asked: GarmentKind, garment: Image) -> GarmentKind:
    """What ``garment`` is fitted as: as it is asked; where that is left open, as a person said once."""
    is_told = garment.category == Category.CLOTHES and garment.kind_by == KindBy.PERSON and garment.garment_kind
    return GarmentKind(garment.garment_kind) if asked is GarmentKind.AUTO and is_told else asked


def settle_mask(engine: Engine, order: Order) -> str | None:
    """The mask that the engine is given. Raises ``BadOption``."""
    if order.mask_image is None:
        return None
    can = engine.capabilities
    if not can.mask:
        if order.strict:
            raise BadOption(option="mask_image", reason=NO_MASK)
        return None
    if is_in_two_runs(can, len(order.layers)):
        raise BadOption(option="mask_image", reason=NO_MASK_FOR_TWO)
    return order.mask_image


def is_in_two_runs(can: Capabilities, layers: int) -> bool:
    """Whether so many garments take two runs of an engine."""
    return layers == 2 and not can.outfits


def settle_options(engine: Engine, order: Order) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """The options that the engine is given, and what is shown of how it was asked: with numbers in ``denoise_steps``
    and ``seed``, whether the engine has those or not. Raises ``BadOption``."""
    asked = {name: value for name, value in order.options.items() if value is not None}
    _check_general(asked)
    has = engine.Options.model_fields
    own: dict[str, JsonValue] = {}
    for name, value in asked.items():
        if name in has:
            own[name] = value
        elif order.strict:
            raise BadOption(option=name, reason=NO_SUCH)
    try:
        used = engine.Options.model_validate(own).model_dump(mode="json")
    except ValidationError as error:
        raise _bad_option(error) from error
    general = {name: value for name, value in asked.items() if name in GENERAL}
    shown = general | {name: value for name, value in used.items() if value is not None}
    for name, usual in ((STEPS, USUAL_STEPS), (SEED, ANY_SEED)):
        if not isinstance(shown.get(name), int | float):
            shown[name] = usual
    return own, shown


def _check_general(asked: Mapping[str, JsonValue]) -> None:
    for name in ("auto_mask", "auto_crop"):
        if not isinstance(asked.get(name, False), bool):
            raise BadOption(option=name, reason=YES_OR_NO)
    for name, least, most in ((STEPS, 1, MOST_STEPS), (SEED, -LARGEST_SEED, LARGEST_SEED)):
        value = asked.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadOption(option=name, reason=WHOLE.with_values(least=least, most=most))


def _bad_option(error: ValidationError) -> BadOption:
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "options"
    return BadOption(option=name, reason=Text(first["msg"], f"值无效（{first['msg']}）"))
