"""What makes pictures: the contract, the registry, and the engines that come with the program.

``vtonlab.engines`` is both this package and the library's function ``vtonlab.engines()``. A name can mean only one
thing in Python, so the package itself can be called.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vtonlab.engines.contract import Engine


class _CallablePackage(ModuleType):
    def __call__(self) -> tuple[Engine, ...]:
        """The engines that are installed and load, the built-in one first. See :func:`vtonlab.engines.registry.get`."""
        from vtonlab.engines import registry
        from vtonlab.errors import EngineUnavailable

        found: list[Engine] = []
        for name in registry.names():
            try:
                found.append(registry.get(name))
            except EngineUnavailable:  # the registry has logged why; `vtonlab doctor` shows it
                continue
        return tuple(found)


sys.modules[__name__].__class__ = _CallablePackage
