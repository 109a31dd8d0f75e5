"""Hands the engines what the settings hold for them."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from vtonlab.engines import registry
from vtonlab.engines.contract import ConfiguredEngine, Engine
from vtonlab.errors import NotForCommerce

if TYPE_CHECKING:
    from vtonlab.settings import Settings

# Settings are imported where they are read: they take a fifth of a second, and the built-in engine needs none.


def equip_engines(chosen: Settings | None = None) -> Settings:
    """Equip the engines of this process by ``chosen`` settings, or those of the environment; these settings. Raises
    ``BadSetting``."""
    global _settings, _seen  # noqa: PLW0603 - one a process, like the engines themselves
    from vtonlab import settings

    _seen = None if chosen else _variables()
    _settings = chosen or settings.load()
    registry.equip(partial(settings.for_engine, _settings))
    return _settings


def find_engine(name: str) -> Engine:
    """The engine ``name`` for programs that call engines themselves: equipped by the environment as it is now, unless
    somebody has equipped them by settings of their own.

    Raises ``UnknownEngine``, ``EngineUnavailable``, ``NotForCommerce`` and ``BadSetting``.
    """
    engine = registry.get(name)
    if isinstance(engine, ConfiguredEngine) or not engine.capabilities.commercial_use:
        check_commerce(engine, _current())
    return engine


def check_commerce(engine: Engine, chosen: Settings) -> None:
    """Raises ``NotForCommerce`` where the engine's licence forbids what ``chosen`` says this installation is for."""
    if chosen.commercial and not engine.capabilities.commercial_use:
        capabilities = engine.capabilities
        raise NotForCommerce(engine=engine.name, licence=capabilities.weights_licence or capabilities.code_licence)


_settings: Settings | None = None
_seen: dict[str, str] | None = None
"""The variables that ``_settings`` were read from; None where somebody chose them."""


def _current() -> Settings:
    if _settings is None or (_seen is not None and _seen != _variables()):
        return equip_engines()
    return _settings


def _variables() -> dict[str, str]:
    from vtonlab.settings import PREFIX

    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
