"""Which engine a command uses, and whether it may."""

from __future__ import annotations

import sys

from vtonlab.cli.language import here, say


def choose_engine(name: str | None) -> str:
    """The engine ``name``, or else the one of the settings; equipped by them. Where it sends pictures away, that is
    said on stderr first. Raises ``UnknownEngine``, ``EngineUnavailable``, ``NotForCommerce`` and ``BadSetting``."""
    from vtonlab import settings
    from vtonlab.engines import registry
    from vtonlab.equip import find_engine

    engine = find_engine(name or settings.load().engine or registry.DEFAULT_ENGINE)
    if engine.capabilities.remote_host:
        print(f"{here('note', '说明')}: {engine.name}: {say(engine.capabilities.privacy)}", file=sys.stderr)
    return engine.name
