"""Files that other features keep beside a picture, and that go when it goes.

    images/{user}/{category}/{stem}.{ext}              the picture
    images/{user}/{category}/analyses/{stem}.zip       what engines found out about it
    images/{user}/vton_results/masks/{stem}.png        where a result differs from the photo
    images/{user}/vton_results/layers/{stem}.png       the result before its last garment

They are no entries of the library, count for no quota, and may be missing: what can be made again is made again.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from vtonlab.library.models import Category


class Companion(StrEnum):
    """A kind of file beside a picture; its name is that of its folder."""

    ANALYSES = "analyses"
    MASK = "masks"
    LAYER = "layers"


_SUFFIXES: Final = {Companion.ANALYSES: "zip", Companion.MASK: "png", Companion.LAYER: "png"}


def companion_key(storage_key: str, kind: Companion) -> str:
    """Where the storage keeps the companion of the picture ``storage_key``."""
    folder, _, name = storage_key.rpartition("/")
    return f"{folder}/{kind.value}/{name.rpartition('.')[0]}.{_SUFFIXES[kind]}"


def keys_of(storage_key: str) -> list[str]:
    """Keys of all companions that the picture may have, by the folder it was made in."""
    of_result = storage_key.split("/")[-2:-1] == [Category.VTON_RESULTS.value]
    kinds = Companion if of_result else (Companion.ANALYSES,)
    return [companion_key(storage_key, kind) for kind in kinds]
