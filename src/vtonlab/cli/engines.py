"""``vtonlab engines``: what can make pictures here, what each takes, and what it means for privacy and licences."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from vtonlab.cli.language import here, say
from vtonlab.errors import EngineUnavailable, NotForCommerce, Text

if TYPE_CHECKING:
    from vtonlab.engines.contract import Engine
    from vtonlab.engines.registry import Installed
    from vtonlab.settings import Settings

STATES = {
    "ok": Text("ready", "就绪"),
    "degraded": Text("works, with limits", "可用，但受限"),
    "down": Text("not available", "不可用"),
    "not_set_up": Text("not set up", "未配置"),
    "refused": Text("not allowed", "不允许使用"),
}


def engines(
    as_json: Annotated[bool, typer.Option("--json", help=here("As JSON.", "以 JSON 输出。"))] = False,
) -> None:
    """List the engines: how they are, their licences, where pictures go, their options."""
    from vtonlab.engines import registry
    from vtonlab.equip import equip_engines

    chosen = equip_engines()
    default = chosen.engine or registry.DEFAULT_ENGINE
    found = [
        _describe(installed, chosen) | {"is_default": installed.name == default} for installed in registry.installed()
    ]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    print("\n\n".join(_in_words(engine) for engine in found))


def _describe(installed: Installed, chosen: Settings) -> dict[str, object]:
    from vtonlab import settings
    from vtonlab.engines import registry
    from vtonlab.providers.cards import make_card

    about: dict[str, object] = {"name": installed.name, "package": installed.package, "version": installed.version}
    try:
        engine = registry.get(installed.name)
    except EngineUnavailable as error:
        return about | {"status": "down", "detail": say(error.sentence.with_values(**error.values))}
    price = settings.for_engine(chosen, engine.name).get("price")
    card = make_card(engine, price if isinstance(price, float) else None)
    capabilities = engine.capabilities
    return (
        about
        | {"title": say(engine.title)}
        | _ask(engine, chosen)
        | {
            "kinds": [kind.value for kind in capabilities.kinds],
            "outfits": capabilities.outfits,
            "remote_host": capabilities.remote_host,
            "privacy": say(card.privacy),
            "code_licence": card.code_licence,
            "weights_licence": card.weights_licence,
            "commercial_use": card.commercial_use,
            "is_paid": card.is_paid,
            "card": {say(what): say(words) for what, words in card.lines()},
            "options": _options(engine),
        }
    )


def _ask(engine: Engine, chosen: Settings) -> dict[str, object]:
    """How it is; what may not be used is not asked."""
    from vtonlab.equip import check_commerce

    try:
        check_commerce(engine, chosen)
    except NotForCommerce as error:
        sentence = error.sentence.with_values(**error.values)
        return {"status": "refused", "detail": say(sentence), "hint": say(error.hint)}
    health = engine.health()
    hint = health.hint
    return {"status": health.status.value, "detail": say(health.detail), "hint": None if hint is None else say(hint)}


def _options(engine: Engine) -> list[dict[str, object]]:
    schema = engine.Options.model_json_schema()
    return [
        {"name": name, **{key: value for key, value in field.items() if key != "title"}}
        for name, field in schema.get("properties", {}).items()
    ]


def _in_words(engine: dict[str, object]) -> str:
    default = f" · {here('the default', '默认')}" if engine["is_default"] else ""
    lines = [f"{engine['name']}  {engine.get('title', '')}  [{say(STATES[str(engine['status'])])}{default}]"]
    lines.append(f"    {engine['detail']}")
    if engine.get("hint"):
        lines.append(f"    {here('hint', '提示')}: {engine['hint']}")
    if "card" in engine:
        kinds = ", ".join(engine["kinds"])  # type: ignore[arg-type]
        lines.append(f"    {here('Garments', '衣物类型')}: {kinds}")
        told = list(engine["card"].items())[1:]  # type: ignore[attr-defined]
        lines += [f"    {what}: {words}" for what, words in told]
        for option in engine["options"]:  # type: ignore[attr-defined]
            about = " ".join(str(option.get("description", "")).split())
            lines.append(f"    -O {option['name']}={option.get('default', '…')}  {about}".rstrip())
    return "\n".join(lines)
