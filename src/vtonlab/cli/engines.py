"""``vtonlab engines``: what can make pictures here, and what each takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from vtonlab.cli.language import here, say
from vtonlab.errors import EngineUnavailable

if TYPE_CHECKING:
    from vtonlab.engines.contract import Engine
    from vtonlab.engines.registry import Installed


def engines(
    as_json: Annotated[bool, typer.Option("--json", help=here("As JSON.", "以 JSON 输出。"))] = False,
) -> None:
    """List the engines and their options."""
    from vtonlab.engines import registry

    found = [_describe(installed) for installed in registry.installed()]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for engine in found:
        print(_in_words(engine))


def _describe(installed: Installed) -> dict[str, object]:
    from vtonlab.engines import registry

    about: dict[str, object] = {"name": installed.name, "package": installed.package, "version": installed.version}
    try:
        engine = registry.get(installed.name)
    except EngineUnavailable as error:
        return about | {"status": "down", "detail": say(error.sentence.with_values(**error.values))}
    health = engine.health()
    capabilities = engine.capabilities
    return about | {
        "title": say(engine.title),
        "status": health.status.value,
        "detail": say(health.detail),
        "hint": None if health.hint is None else say(health.hint),
        "kinds": [kind.value for kind in capabilities.kinds],
        "outfits": capabilities.outfits,
        "remote_host": capabilities.remote_host,
        "code_licence": capabilities.code_licence,
        "weights_licence": capabilities.weights_licence,
        "commercial_use": capabilities.commercial_use,
        "options": _options(engine),
    }


def _options(engine: Engine) -> list[dict[str, object]]:
    schema = engine.Options.model_json_schema()
    return [
        {"name": name, **{key: value for key, value in field.items() if key != "title"}}
        for name, field in schema.get("properties", {}).items()
    ]


def _in_words(engine: dict[str, object]) -> str:
    lines = [f"{engine['name']}  {engine.get('title', '')}  [{engine['status']}]", f"    {engine['detail']}"]
    if engine.get("hint"):
        lines.append(f"    {here('hint', '提示')}: {engine['hint']}")
    if "kinds" in engine:
        host = engine["remote_host"]
        where = (
            here(f"pictures are sent to {host}", f"图片会发送到 {host}")
            if host
            else here("on this machine", "在本机运行")
        )
        kinds = ", ".join(engine["kinds"])  # type: ignore[arg-type]
        lines.append(f"    {kinds} · {where} · {engine['code_licence']}; {engine['weights_licence']}")
        for option in engine["options"]:  # type: ignore[attr-defined]
            about = option.get("description", "")
            lines.append(f"    -O {option['name']}={option.get('default', '…')}  {about}".rstrip())
    return "\n".join(lines)
