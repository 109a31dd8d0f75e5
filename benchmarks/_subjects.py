"""The pictures that are measured with: real photos where there are some, else drawn ones."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tests.drawn import draw_garment
from tests.drawn_people import Figure, draw_person

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.imaging.read import read_picture


@dataclass(frozen=True)
class Subjects:
    """Persons and garments, all upright RGB."""

    persons: list[Picture]
    garments: list[tuple[Picture, GarmentKind]]
    real: bool

    def __str__(self) -> str:
        kind = "real photos" if self.real else "drawn pictures (no photos found; pass --data)"
        return f"{len(self.persons)} persons × {len(self.garments)} garments, {kind}"


def find_subjects(data: Path, most: int) -> Subjects:
    """Up to ``most`` persons and as many garments from ``data`` (pairs.csv and the files it names), evenly chosen."""
    table = data / "pairs.csv"
    if not table.is_file():
        return _draw_subjects()
    with table.open(newline="") as file:
        pairs = list(csv.DictReader(file))
    chosen = [pairs[i] for i in np.unique(np.linspace(0, len(pairs) - 1, most).astype(int))]
    persons = [read_picture(data / pair["mask"].replace("_mask.png", "_input.png")) for pair in chosen]
    garments = [(read_picture(data / pair["garment"]), GarmentKind(pair["area"])) for pair in chosen]
    return Subjects(persons, garments, True)


def _draw_subjects() -> Subjects:
    figures = (Figure(), Figure(sleeves=1.0, arms=((30, -20), (30, -20))), Figure(tucked=True, sleeves=0.0))
    garments = [draw_garment(name) for name in ("tee", "long_sleeve", "tank")]
    return Subjects(
        [draw_person(figure).picture for figure in figures],
        [(garment.picture, garment.pattern.kind) for garment in garments],
        False,
    )


def at_size(picture: Picture, width: int, height: int) -> Picture:
    """The picture scaled to fill ``width`` × ``height``, cropped evenly where its shape differs."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, size, interpolation=method)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(scaled[y : y + height, x : x + width])
