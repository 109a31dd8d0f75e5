"""Real garments' photos, where they lie beside the checkout: kinds are told apart, wearers are noticed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.engines.instant.garment import analyse_garment
from vtonlab.engines.instant.records import Cut

DATA = Path(__file__).parents[3].parent / "shared" / "data"
LOWER = ("trousers", "jeans", "shorts", "skirt")
pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(not (DATA / "manifest.csv").exists(), reason="no photos at ../shared/data"),
]


def photos(*, worn: bool) -> Iterator[tuple[str, Picture]]:
    """(type, RGB) of the garments' photos."""
    with (DATA / "manifest.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["kind"] in {"garment", "pair-garment"}]
    for row in rows:
        if ("worn" in row["garment_type"]) == worn:
            picture = cv2.imread(str(DATA / row["file"]), cv2.IMREAD_COLOR) if (DATA / row["file"]).exists() else None
            if picture is None:
                continue  # the manifest names a photo or two that are held back
            yield row["garment_type"], np.ascontiguousarray(picture[..., ::-1])


def test_kinds_of_flat_garments() -> None:
    right = total = sleeves_right = sleeved = 0
    for name, picture in photos(worn=False):
        garment = analyse_garment(picture)
        known = GarmentKind.LOWER if name.startswith(LOWER) else GarmentKind.UPPER
        if name.endswith("dress"):
            known = GarmentKind.DRESS
        if name.startswith(("coat", "jacket", "swimsuit", "poncho")):
            continue  # long coats may well count as dresses
        total += 1
        right += garment.kind is known
        if name.startswith(("polo", "tank", "cami", "hoodie", "sweater", "long-sleeve")):
            sleeved += 1
            bare = name.startswith(("tank", "cami"))
            sleeves_right += (garment.cut is Cut.SLEEVELESS) == bare
    assert right / total > 0.95
    assert sleeves_right / sleeved > 0.9


def test_wearers_are_noticed() -> None:
    noticed = [analyse_garment(picture).worn for _, picture in photos(worn=True)]
    # Photos cropped to the legs are still taken for flat ones: a third of these.
    assert np.mean(noticed) > 0.6


def test_flat_garments_have_no_wearer() -> None:
    assert not any(analyse_garment(picture).worn for _, picture in photos(worn=False))
