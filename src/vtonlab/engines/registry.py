"""Which engines are installed, found by entry point.

A package adds an engine by naming a class without required arguments under the group ``vtonlab.engines``::

    [project.entry-points."vtonlab.engines"]
    silhouette = "my_package:SilhouetteEngine"

Nothing of an engine is imported until it is asked for by name, so listing names costs milliseconds.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from vtonlab.engines.contract import ConfiguredEngine, Engine
from vtonlab.errors import EngineUnavailable, UnknownEngine

GROUP = "vtonlab.engines"
DEFAULT_ENGINE = "instant"
"""The one that is asked when nobody says which: built in, on this machine, free."""

DEFAULT_GENERATOR = "gemini"
"""The one that draws from words when nobody says which."""

OWN_PACKAGE = "vtonlab"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Installed:
    """An engine that a package offers; whether it works is known only after :func:`get`."""

    name: str
    package: str
    version: str


def names() -> tuple[str, ...]:
    """Names of all installed engines, the default one first, then by alphabet. Imports no engine."""
    return tuple(_entries())


def installed() -> tuple[Installed, ...]:
    """All installed engines with the packages they come from, in the order of :func:`names`. Imports no engine."""
    return tuple(
        Installed(name, entry.dist.name if entry.dist else "", entry.dist.version if entry.dist else "")
        for name, entry in _entries().items()
    )


def get(name: str = DEFAULT_ENGINE) -> Engine:
    """The engine of that name; the same object each time, which may be used from several threads.

    Raises ``UnknownEngine`` when no package offers it, and ``EngineUnavailable`` when its package cannot be loaded or
    what it offers is not an engine (the log says why).
    """
    entry = _entries().get(name)
    if entry is None:
        raise UnknownEngine(name=name, known=", ".join(names()))
    with _loading:
        return _load(entry)


Equipment = Callable[[str], Mapping[str, object]]
"""What the settings hold for the engine of a name (:class:`vtonlab.engines.contract.ConfiguredEngine`)."""


def equip(equipment: Equipment) -> None:
    """Hand engines what they need from now on, those that are loaded already too."""
    global _equipment  # noqa: PLW0603 - one a process, like the engines themselves
    with _loading:
        _equipment = equipment
        for name, engine in _loaded.items():
            if isinstance(engine, ConfiguredEngine):
                engine.equip(equipment(name))


def forget() -> None:
    """Look for installed engines anew at the next call: for tests, and after installing a package."""
    _entries.cache_clear()
    _load.cache_clear()
    _loaded.clear()


_loading = threading.RLock()
_loaded: dict[str, Engine] = {}


def _nothing(_: str) -> Mapping[str, object]:
    return {}


_equipment: Equipment = _nothing


@functools.cache
def _entries() -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        taken = found.get(entry.name)
        if taken is not None and not _is_own(entry):
            if taken.value != entry.value:
                log.warning("engine %r of %s is hidden by the one of %s", entry.name, _package(entry), _package(taken))
            continue
        found[entry.name] = entry
    return dict(sorted(found.items(), key=lambda item: (item[0] != DEFAULT_ENGINE, item[0])))


@functools.cache
def _load(entry: EntryPoint) -> Engine:
    try:
        engine = entry.load()()
    except Exception as error:  # other people's code may fail in any way; one broken engine must not stop the rest
        log.exception("engine %r of package %s cannot be loaded", entry.name, _package(entry))
        raise EngineUnavailable(engine=entry.name) from error
    if not isinstance(engine, Engine) or engine.name != entry.name:
        log.error("what package %s offers as engine %r is not an engine of that name", _package(entry), entry.name)
        raise EngineUnavailable(engine=entry.name)
    if isinstance(engine, ConfiguredEngine):
        engine.equip(_equipment(entry.name))
    _loaded[entry.name] = engine
    return engine


def _is_own(entry: EntryPoint) -> bool:
    return _package(entry) == OWN_PACKAGE


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "?"
