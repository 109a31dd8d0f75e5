"""``vtonlab version``."""

from __future__ import annotations

from importlib.metadata import version as installed_version


def version() -> None:
    """Say which version this is."""
    print(f"vtonlab {installed_version('vtonlab')}")
