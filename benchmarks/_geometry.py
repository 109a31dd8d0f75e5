"""How true a drape is: distortion of prints and fold-overs, from the maps that the pieces of cloth carry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tests.drawn import PATTERNS, draw_garment

from vtonlab.engines.instant.drape import Cloth
from vtonlab.engines.instant.garment import analyse_garment
from vtonlab.engines.instant.records import Garment, Part
from vtonlab.engines.instant.warp import OUTSIDE, stretch


def chest_anisotropy(pieces: list[Cloth], garment: Garment) -> NDArray[np.float32]:
    """Larger over smaller singular value of the map at every pixel that shows the central chest.

    The central chest, where logos are: the middle half of the width between the armpits, from a little below the
    neckline (a tenth of the garment's length, about 6 cm; nothing is printed nearer) to midway between armpits and hem.
    """
    marks = garment.landmarks
    half = (marks["armpit_right"].x - marks["armpit_left"].x) / 4
    armpit = (marks["armpit_left"].y + marks["armpit_right"].y) / 2
    hem = (marks["hem_left"].y + marks["hem_right"].y) / 2
    neck = (marks["neck_left"].y + marks["neck_right"].y) / 2
    top = (float(garment.neckline[:, 1].max()) if len(garment.neckline) else neck) + (hem - neck) / 10
    found = [np.zeros(0, np.float32)]
    for piece in pieces:
        if piece.part is not Part.BODY or min(piece.alpha.shape) < 3:
            continue
        x, y = piece.map_x[1:-1, 1:-1], piece.map_y[1:-1, 1:-1]
        chest = (np.abs(x - garment.axis_x) < half) & (y > top) & (y < (armpit + hem) / 2)
        large, small, _ = stretch(piece.map_x, piece.map_y)
        shown = chest & (piece.alpha[1:-1, 1:-1] > 0)
        found.append((large / np.maximum(small, 1e-6))[shown].astype(np.float32))
    return np.concatenate(found)


def count_folds(piece: Cloth) -> tuple[int, int]:
    """Pixels of cloth where the map turns over (determinant ≤ 0), and all pixels of cloth with a map around them."""
    if min(piece.alpha.shape) < 3:
        return 0, 0
    known = piece.map_x > OUTSIDE / 2
    around = known[1:-1, 1:-1] & known[1:-1, 2:] & known[1:-1, :-2] & known[2:, 1:-1] & known[:-2, 1:-1]
    shown = around & (piece.alpha[1:-1, 1:-1] > 0)
    _, _, determinant = stretch(piece.map_x, piece.map_y)
    return int((shown & (determinant <= 0)).sum()), int(shown.sum())


def mirrored_landmarks() -> NDArray[np.float64]:
    """How far each landmark lies from the mirrored one of the other side, as shares of the garment's width.

    Over every drawn garment, all of them symmetric, turned by up to 6 degrees: 0 is perfect.
    """
    apart = []
    for name in PATTERNS:
        for turn in (-6.0, 0.0, 6.0):
            garment = analyse_garment(draw_garment(name, turn=turn).picture)
            width = float(np.ptp(np.nonzero((garment.alpha > 127).any(0))[0]))
            for key, left in garment.landmarks.items():
                if key.endswith("_left"):
                    right = garment.landmarks[key.replace("_left", "_right")]
                    apart.append(np.hypot(2 * garment.axis_x - left.x - right.x, left.y - right.y) / width)
    return np.asarray(apart)
