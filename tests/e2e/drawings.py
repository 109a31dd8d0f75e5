"""Drawn people and clothes as files, for windows into which photos are put."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from tests.drawn import PATTERNS, draw_garment
from tests.drawn_people import Figure
from tests.drawn_people import draw_person as draw_figure

from vtonlab.imaging.mannequin import draw_person, draw_shirt

COLOURS = ((40, 70, 150), (178, 58, 52), (52, 120, 84), (214, 180, 60), (90, 60, 120), (30, 30, 34), (200, 120, 150))


def draw_into(folder: Path) -> dict[str, Path]:
    """``person`` and ``shirt`` (the sample pair), ``another`` (a second person), and one of each cut of ``PATTERNS``,
    each of a colour of its own."""
    pictures = {"person": draw_person(), "shirt": draw_shirt(), "another": draw_figure(Figure(sleeves=1.0)).picture}
    for number, name in enumerate(PATTERNS):
        colour = COLOURS[number % len(COLOURS)]
        pictures[name] = draw_garment(name, colour=colour, stripes=number % 3 == 1).picture
    paths = {}
    for name, picture in pictures.items():
        paths[name] = folder / f"{name}.png"
        Image.fromarray(picture).save(paths[name])
    return paths
