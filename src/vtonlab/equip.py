"""Hands the engines what the settings hold for them."""

from __future__ import annotations

from functools import partial

from vtonlab import settings
from vtonlab.engines import registry


def equip_engines(chosen: settings.Settings | None = None) -> settings.Settings:
    """Equip the engines of this process by ``chosen`` settings, or those of the environment; these settings. Raises
    ``BadSetting``."""
    chosen = chosen or settings.load()
    registry.equip(partial(settings.for_engine, chosen))
    return chosen
