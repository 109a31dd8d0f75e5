"""Drawn people in drawn clothes, dressed by the engine's own stages, each made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from tests.drawn_clothes import Lower, Upper, draw_lower, draw_upper
from tests.drawn_people import Drawn, Figure, draw_person

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.axes import half_width, spine
from vtonlab.engines.instant.drape import whole_alpha
from vtonlab.engines.instant.outfit import Draped, drape, dress
from vtonlab.engines.instant.records import Body, Garment, Label, Points
from vtonlab.engines.instant.reveal import Undressed, undress
from vtonlab.engines.instant.shade import read_light

POSES = {
    "arms down": Figure(),
    "long sleeves": Figure(sleeves=1.0),
    "akimbo": Figure(arms=((38, -35), (38, -35)), sleeves=0.3),
    "tucked, leaning, bare arms": Figure(tucked=True, sleeves=0.0, lean=5),
    "long hair": Figure(long_hair=True),
    "arms away": Figure(width=512, middle=(256, 130), arms=((55, 50), (65, 75)), sleeves=0.3),
}


@dataclass(frozen=True)
class Fitting:
    """One drawn person in one drawn garment."""

    drawn: Drawn
    garment: Garment
    draped: Draped
    undressed: Undressed
    picture: Picture

    @property
    def cover(self) -> NDArray[np.uint8]:
        """Coverage by the new cloth, layers in front of it not yet taken off."""
        labels = self.drawn.person.labels
        return whole_alpha(self.draped.pieces, (labels.shape[0], labels.shape[1]))


@lru_cache(maxsize=64)
def fit(figure: Figure, pattern: Upper | Lower) -> Fitting:
    """Dress a figure in the garment of a pattern."""
    drawn = draw_person(figure)
    garment = draw_upper(pattern) if isinstance(pattern, Upper) else draw_lower(pattern)
    draped = drape(drawn.person, garment)
    bare = undress(drawn.picture, drawn.person, garment.kind)
    light = read_light(drawn.picture, drawn.person, garment.kind)
    return Fitting(drawn, garment, draped, bare, dress(drawn.picture, drawn.person, bare, light, draped))


def share_of(colour: tuple[int, int, int], picture: Picture, tolerance: float = 22.0) -> NDArray[np.bool_]:
    """Where ``picture`` has a colour, whatever light or shadow lies on it (chroma within ``tolerance``, 8-bit Lab)."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    wanted = cv2.cvtColor(np.array([[colour]], np.uint8), cv2.COLOR_RGB2LAB).astype(np.float32)[0, 0]
    apart = np.hypot(lab[..., 1] - wanted[1], lab[..., 2] - wanted[2])
    return np.asarray(apart < tolerance, np.bool_)


def on_axis(body: Body, t: float) -> tuple[Points, Points]:
    """The place of the body's axis at ``t``, and the direction across there."""
    places, across = spine(body, np.array([t], np.float32))
    return np.asarray(places[0], np.float32), np.asarray(across[0], np.float32)


def half_at(body: Body, t: float) -> float:
    """Half the torso's width at ``t``, px; drawn torsos are symmetric."""
    return float(half_width(body, "left", np.array([t], np.float32))[0])


def labelled(drawn: Drawn, label: Label) -> NDArray[np.bool_]:
    return np.asarray(drawn.person.labels == label, np.bool_)
